"""All experiments of all texts, by name."""

from damcompanion.kh16.experiments import experiments as of_kh16
from damcompanion.kh16.training import trainings
from damcompanion.mrs24.experiments import experiments as of_mrs24
from damcompanion.mrs24.experiments.classification import classifications
from damcore import _checks
from damcore.sweeps import Experiment


@_checks.door
def experiments(profile: str = "quick") -> dict[str, Experiment]:
    """Every experiment of the companion at one size, name -> experiment.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.
    """
    return {**of_mrs24(profile), **classifications(profile), **of_kh16(profile), **trainings(profile)}
