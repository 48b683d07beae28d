"""The experiments of KH16: the share of stable patterns against the number of stored ones."""

from damcore import _checks
from damcore.sweeps.capacity import StablePatterns

# profile -> numbers of patterns, as shares of N^(n - 1) / (4 ln N), and draws
PROFILES = {
    "smoke": ((0.5, 2.0), 2),
    "quick": ((0.25, 0.5, 1.0, 2.0, 4.0), 5),
    "paper": ((0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0), 20),
}
NEURONS = 100
SCALE = {2: 5.43, 3: 181.0}  # patterns that all stay where they are, by KH16 Eq. (6) at N = 100 and half as many


@_checks.door
def experiments(profile: str = "quick") -> dict[str, StablePatterns]:
    """Every experiment of this text at one size, name -> experiment.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    shares, draws = PROFILES[profile]
    found = [
        StablePatterns(
            f"stable-{interaction}-{n}",
            loads=tuple(dict.fromkeys(max(1, round(share * scale)) for share in shares)),
            n=n,
            draws=draws,
            interaction=interaction,
            n_neurons=NEURONS,
        )
        for n, scale in SCALE.items()
        for interaction in ("polynomial", "rectified")
    ]
    return {experiment.name: experiment for experiment in found}
