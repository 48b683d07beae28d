"""The experiments of KH16: the share of stable patterns, against how many are stored."""

from damcore import _checks
from damcore.capacity import max_memories
from damcore.sweeps.capacity import StablePatterns

# profile -> numbers of patterns, as multiples of KH16 Eq. (6), and networks per number
PROFILES = {
    "smoke": ((0.5, 1.0), 2),
    "quick": ((0.5, 1.0, 1.5, 2.0, 3.0), 5),
    # The polynomial loses its patterns from 1 to 3, the rectified polynomial from 2 to 4 and beyond.
    "paper": ((0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0), 10),
}
NEURONS = 100
VERTICES = (2, 3)


@_checks.door
def experiments(profile: str = "quick") -> dict[str, StablePatterns]:
    """Describe every experiment of this text at one size, name -> experiment.

    Source: KH16 Eq. (6).

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.

    Example:
        >>> experiments("smoke")["stable-rectified-3"].loads
        (181, 362)
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    multiples, draws = PROFILES[profile]
    found = [
        StablePatterns(
            f"stable-{interaction}-{n}",
            loads=tuple(round(multiple * max_memories(NEURONS, n)) for multiple in multiples),
            n=n,
            draws=draws,
            interaction=interaction,
            n_neurons=NEURONS,
        )
        for n in VERTICES
        for interaction in ("polynomial", "rectified")
    ]
    return {experiment.name: experiment for experiment in found}
