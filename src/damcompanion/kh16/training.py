"""The trainings of KH16's appendix A and of its public notebook: the error of a classifier of digits by epochs."""

from typing import Any

from damcore import _checks
from damcore.sweeps import ErrorCurve

NEURONS = 794  # pixels and class neurons
#: What KH16's public notebook sets.
NOTEBOOK: dict[str, Any] = dict(
    n=20, n_memories=100, temperature=540.0, error_exponent=30, learning_rate=0.04, decay=0.998, momentum=0.6
)
SEEDS = 5
#: Settings at K = 2000, by vertex; each lies in the middle of a range of the text where it has one.
LARGE: dict[int, dict[str, Any]] = {
    2: dict(first_temperature=325.0, temperature=65.0, error_exponent=3, learning_rate=0.02),
    3: dict(first_temperature=325.0, temperature=65.0, error_exponent=3, learning_rate=0.02),
    20: dict(temperature=600.0, error_exponent=30, learning_rate=0.02),
    30: dict(temperature=600.0, error_exponent=30, learning_rate=0.02),
}
LARGE_MEMORIES, LARGE_EPOCHS = 2000, 3000


@_checks.door
def looks(last: int) -> tuple[int, ...]:
    """The epochs after which the error is measured: often at first, then ever less.

    Args:
        last: the last of them.

    Example:
        >>> from damcompanion.kh16.training import looks
        >>> looks(30)
        (1, 2, 3, 5, 7, 10, 15, 20, 25, 30)
    """
    steps = [(1, (1, 2, 3, 5, 7)), (10, range(10, 50, 5)), (50, range(50, 400, 10)), (400, range(400, 1000, 50))]
    found = {epoch for _, epochs in steps for epoch in epochs} | set(range(1000, last + 1, 100))
    return tuple(sorted(epoch for epoch in found | {last} if epoch <= last))


@_checks.door
def trainings(profile: str = "quick") -> dict[str, ErrorCurve]:
    """Every training of this text, name -> experiment.

    - errors-notebook, errors-notebook-modified: the public notebook's settings, K = 100, five seeds, in both scalings;
    - errors-large-n: K = 2000 as in appendix A, with balanced minibatches.

    Smaller profiles need only the bundled digits.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.kh16.training import trainings
        >>> trainings("paper")["errors-large-3"].epochs[-1]
        3000
    """
    _checks.one_of("profile", profile, ("smoke", "quick", "paper"))
    paper = profile == "paper"
    notebook: dict[str, Any] = dict(
        NOTEBOOK,
        digits="full" if paper else "bundled",
        epochs=looks({"smoke": 3, "quick": 60, "paper": 300}[profile]),
        repeats=SEEDS if paper else 1,
    )
    modified: dict[str, Any] = dict(scaling="modified", temperature=NOTEBOOK["temperature"] / NEURONS)
    found = [
        ErrorCurve(name="errors-notebook", **notebook),
        ErrorCurve(name="errors-notebook-modified", **notebook | modified),
    ]
    found += [
        ErrorCurve(
            name=f"errors-large-{n}",
            n=n,
            digits="full" if paper else "bundled",
            epochs=looks({"smoke": 2, "quick": 10, "paper": LARGE_EPOCHS}[profile]),
            n_memories=LARGE_MEMORIES if paper else 200,
            balanced=True,
            **settings,
        )
        for n, settings in LARGE.items()
    ]
    return {experiment.name: experiment for experiment in found}
