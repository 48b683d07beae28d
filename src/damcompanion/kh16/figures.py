"""The rows of KH16's appendix B, what is read off them, and their pictures."""

from pathlib import Path

import numpy as np
import pandas as pd

from damcompanion.kh16.experiments import FUNCTIONS, SIZES, experiments
from damcompanion.results import Results
from damcore import _checks
from damcore.capacity import max_memories
from damcore.sweeps import Endings, Experiment, HalfLoad, Retrieval

#: What a probe can end in, in the order of a picture, and its colour.
ENDS = {
    "target": "C0",
    "inverse": "C5",
    "other": "C2",
    "mixture": "C4",
    "spurious": "C1",
    "cycle": "C3",
    "unsettled": "0.85",
}
#: Names of the two functions in a picture.
NAMES = {"polynomial": "power", "rectified": "rectified"}


class Rows(Results[Experiment]):
    """The experiments of KH16 at one size: as stored, or measured now.

    Args:
        profile: "smoke", "quick" or "paper".
        compute: measure everything that is asked for now, instead of reading what is stored.
        folder: where stored results are; those of the repository by default.

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> Rows().experiments["ends-polynomial-4"].load
        2000
    """

    @_checks.door
    def __init__(self, profile: str = "paper", *, compute: bool = False, folder: Path | None = None):
        super().__init__(experiments, profile, compute=compute, folder=folder)

    @classmethod
    def beside(cls, other: Results) -> "Rows":
        """The rows of KH16 in the store, and at the size, of another text."""
        return cls(other.profile, folder=other.store.folder.parent)


@_checks.door
def perfect(rows: Rows, interaction: str, n: int, *, either: bool = False) -> float:
    """The share of random states of Figure 4 that end exactly on a memory.

    Args:
        rows: holds the experiment `ends-F-n`.
        interaction: "polynomial" or "rectified".
        n: the vertex.
        either: on a memory or the inverse of one.

    Raises:
        NotStoredError: it is not stored.

    Example:
        >>> from damcompanion.kh16.figures import Rows, perfect
        >>> perfect(Rows(), "polynomial", 2)
        0.0
    """
    name = f"ends-{interaction}-{n}"
    experiment = rows.experiments[name]
    assert isinstance(experiment, Endings)
    ends = rows.rows(name)["either" if either else "closest"].to_numpy()
    return float((ends == experiment.n_neurons).mean())


@_checks.door
def half(rows: Rows, interaction: str, n_neurons: int, draw: int, *, once: bool = False) -> float:
    """K_1/2 on the grid of Figure 5: where the share of states that end in a memory first falls to one half.

    Between two numbers of memories the share is a straight line.

    Args:
        rows: holds the experiment `starts-F-N`.
        interaction: "polynomial" or "rectified".
        n_neurons: N.
        draw: which set of memories.
        once: with all neurons updated at once.

    Returns:
        K_1/2; NaN where the share does not fall so far, or is below one half from the beginning.

    Raises:
        NotStoredError: it is not stored.

    Example:
        >>> from damcompanion.kh16.figures import Rows, half
        >>> 300 < half(Rows(), "polynomial", 100, 0) < 450
        True
    """
    stored = rows.rows(f"starts{'-once' if once else ''}-{interaction}-{n_neurons}")
    loads, shares, _ = means(where(stored, "draw", draw), "patterns", "memory")
    return crossing(loads, shares)


def crossing(x: np.ndarray, share: np.ndarray) -> float:
    """Where a share first falls to one half, on a straight line between two points; NaN where it does not.

    Example:
        >>> import numpy as np
        >>> from damcompanion.kh16.figures import crossing
        >>> crossing(np.array([50.0, 100.0, 150.0]), np.array([0.9, 0.75, 0.25]))
        125.0
    """
    below = np.flatnonzero(share < 0.5)
    if not len(below) or below[0] == 0:
        return float("nan")
    k = below[0]
    return float(x[k - 1] + (x[k] - x[k - 1]) * (share[k - 1] - 0.5) / (share[k - 1] - share[k]))


@_checks.door
def halves(rows: Rows) -> pd.DataFrame:
    """K_1/2 of Figure 5 for each function, N and set of memories, beside Eq. 6.

    Args:
        rows: holds the experiments `starts-F-N`.

    Returns:
        A row for each: interaction, n_neurons, draw, half and ratio, which is half over Eq. 6.

    Raises:
        NotStoredError: one is not stored.

    Example:
        >>> from damcompanion.kh16.figures import Rows, halves
        >>> len(halves(Rows()))
        56
    """
    found = []
    for interaction in FUNCTIONS:
        for size in SIZES:
            experiment = rows.experiments[f"starts-{interaction}-{size}"]
            assert isinstance(experiment, Retrieval)
            for draw in range(experiment.draws):
                at = half(rows, interaction, size, draw)
                found.append((interaction, size, draw, at, at / max_memories(size, 3)))
    return pd.DataFrame(found, columns=["interaction", "n_neurons", "draw", "half", "ratio"])


@_checks.door
def searched(rows: Rows, interaction: str, n: int) -> pd.DataFrame:
    """K_1/2 as it was searched for, with its interval, beside Eq. 6: a row for each N.

    Args:
        rows: holds the experiment `half-F-n`.
        interaction: "polynomial" or "rectified".
        n: the vertex.

    Raises:
        NotStoredError: it is not stored.

    Example:
        >>> from damcompanion.kh16.figures import Rows, searched
        >>> searched(Rows(), "polynomial", 3).n_neurons.tolist()
        [30, 50, 75, 100, 150, 200, 300, 400, 500]
    """
    name = f"half-{interaction}-{n}"
    assert isinstance(rows.experiments[name], HalfLoad)
    found = pd.DataFrame(rows.rows(name)[["n_neurons", "memories", "low", "high"]]).sort_values(by="n_neurons")
    printed = np.array([max_memories(int(size), n) for size in found["n_neurons"]])
    return found.assign(printed=printed, ratio=found["memories"] / printed)


def column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.kh16.figures import column
        >>> column(pd.DataFrame({"kept": [1, 0]}), "kept").tolist()
        [1.0, 0.0]
    """
    return frame[name].to_numpy(float)


def means(frame: pd.DataFrame, by: str, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The values of one column, and at each of them the mean of another column and the standard error of the mean.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.kh16.figures import means
        >>> frame = pd.DataFrame({"patterns": [2, 2, 5], "target": [1.0, 0.0, 0.5]})
        >>> [values.tolist() for values in means(frame, "patterns", "target")]
        [[2.0, 5.0], [0.5, 0.5], [0.5, 0.0]]
    """
    x, y = column(frame, by), column(frame, name)
    values = np.unique(x)
    groups = [y[x == value] for value in values]
    errors = [float(group.std(ddof=1)) / len(group) ** 0.5 if len(group) > 1 else 0.0 for group in groups]
    return values, np.array([group.mean() for group in groups]), np.array(errors)


def leading(frame: pd.DataFrame) -> pd.DataFrame:
    """The commonest end of probes, a row for each damage and a column for each number of patterns.

    Where two are as common, the one that `ENDS` has first.

    Args:
        frame: rows with the shares of each end, by damage and patterns.

    Example:
        >>> from damcompanion.kh16.figures import Rows, leading
        >>> leading(Rows().rows("basins-polynomial-3")).iloc[0, 0]
        'target'
    """
    shares = pd.DataFrame(frame.groupby(["damage", "patterns"])[list(ENDS)].mean())
    return pd.DataFrame(pd.Series(shares.idxmax(axis=1)).unstack("patterns"))


def where(frame: pd.DataFrame, name: str, value: float | str) -> pd.DataFrame:
    """The rows in which a column has this value.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.kh16.figures import where
        >>> len(where(pd.DataFrame({"damage": [0.1, 0.2]}), "damage", 0.2))
        1
    """
    if isinstance(value, str):
        return pd.DataFrame(frame[frame[name] == value])
    return pd.DataFrame(frame[np.isclose(column(frame, name), value)])
