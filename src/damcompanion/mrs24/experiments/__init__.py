"""The sweeps of MRS24: those of its figures, those beyond them, of the settings study, and of the temperature."""

from functools import cache

from damcompanion.mrs24.experiments.beyond import further
from damcompanion.mrs24.experiments.heat_maps import PROFILES, sweeps
from damcompanion.mrs24.experiments.settings_study import study
from damcompanion.mrs24.experiments.temperature import temperatures
from damcore import _checks
from damcore.sweeps.training import Sweep


@_checks.door
def experiments(profile: str = "quick") -> dict[str, Sweep]:
    """Every sweep of this text at one size, name -> sweep.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.
    """
    return dict(_experiments(profile, PROFILES.get(profile)))


@cache  # there are hundreds, each with its checks
def _experiments(profile: str, size: tuple | None) -> dict[str, Sweep]:
    return {**sweeps(profile), **further(profile), **study(profile), **temperatures(profile)}
