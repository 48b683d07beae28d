"""Which temperature? The rules that judge the answers. They were fixed before the rows that they judge.

Two answers are tried. The law: learn where the gain is 1 (`damcore.Scaling.gain`). The constant: one 1/T for every
vertex, which is what MRS24 promises. Both are treated alike.

The pairs. One of each kind, a gain or a 1/T with a rate, is chosen on seeds of its own (`best_pair`), and then tried
on others.

The lines. On a design that neither has seen, a line of gains is trained for each size and vertex (`Lines`). A cell
works where the mean distance is at most 2, one wrong neuron a state, and nothing left the range of a double. An answer
hits where the cell nearest to it works. Its error is the distance, in log G = n log(1/T) + const, to the nearest cell
that works: 0 for a hit. At a large n all answers in 1/T look alike; in this unit they do not. Whatever is fitted is
fitted on one half of the sizes and judged on the other, both ways, by the mean error.

The verdict. The law is called a law where at each vertex, on at least `ENOUGH` lines with a cell that works, its mean
error is below the constant's by more than the 95 % t-interval of their paired difference, and it hits no less often,
and at least half of them. Where a vertex has too few such lines, nothing is decided.
"""

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from damcompanion.claims import Verdict
from damcompanion.mrs24.experiments.temperature import GAIN, HALVES
from damcompanion.results import NEAR
from damcore import _checks

ENOUGH = 12  # lines of 16
# The 97.5 % quantile of Student's t with 1 to 15 degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
COMPARED = ["lines", "difference", "low", "high", "hits", "rival_hits"]
#: The columns of N, K and A.
SIZE = ["n_neurons", "n_memories", "n_states"]
#: What is fitted: name -> n log(1/T) of a table of lines, from two numbers that are scanned, of which some ignore one.
FITTED: dict[str, Callable[[pd.DataFrame, float, float], np.ndarray]] = {
    "a constant": lambda lines, a, _: lines.n.to_numpy(float) * a,
    "a gain": lambda lines, a, _: lines.at_one.to_numpy(float) + 10 * a,
    "c n^b": lambda lines, a, b: lines.n.to_numpy(float) * (a + b * np.log(lines.n.to_numpy(float))),
    "c e^(b/n)": lambda lines, a, b: lines.n.to_numpy(float) * a + b,
}
# What is scanned of both numbers: 1/T = e^a is 0.61 to 1.65, and a fitted gain e^(10 a) 0.007 to 150.
SCANNED = np.linspace(-0.5, 0.5, 501), {"c n^b": np.linspace(-0.3, 0.3, 61), "c e^(b/n)": np.linspace(-6, 6, 61)}
FINE = np.arange(-60.0, 60.0, 0.04)  # log gains at which fits know the errors


@_checks.door
def best_pair(rows: pd.DataFrame, axis: str) -> tuple[float, float]:
    """The pair that serves most combinations of size and vertex; of several, the one with the least mean distance.

    Args:
        rows: of all sizes of one kind of pairs, with `axis`, learning_rate, n, N, K and A, and distance.
        axis: "gain" or "inverse_temperature".

    Returns:
        The value on that axis, and the learning rate.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.mrs24.temperature import best_pair
        >>> sizes = dict(n_neurons=100, n_memories=256, n_states=20, n=2)
        >>> rows = [dict(gain=gain, learning_rate=2.5, distance=4 * (gain - 1) ** 2, **sizes) for gain in (0.1, 0.9)]
        >>> best_pair(pd.DataFrame(rows), "gain")
        (0.9, 2.5)
    """
    places = rows.groupby([axis, "learning_rate", "n", *SIZE]).distance.mean()
    pairs = places.groupby(level=[axis, "learning_rate"])
    score = pd.DataFrame({"missed": pairs.apply(lambda found: (found > NEAR).sum()), "distance": pairs.mean()})
    value, rate = score.sort_values(["missed", "distance"]).index[0]
    return float(value), float(rate)


class Lines:
    """Lines of gains, one for each size and vertex: which cells work, and how far an answer is from one that does.

    Args:
        rows: of all lines, at one rate: N, K, A, n, gain, inverse_temperature, distance, overflow. F is a power for
            positive x, so that G goes with T^-n.
        works: which cells work, by their means over the repeats; by default distance <= 2. A cell in which a network
            left the range of a double never works.

    Attributes:
        table: a row a line: N, K, A, n; at_one, n log(1/T) where the gain is 1; some, whether a cell works; low and
            high, the outermost log gains that do; open_low and open_high, whether the line ends there, so that the
            region may go on.

    Example:
        >>> import numpy as np, pandas as pd
        >>> from damcompanion.mrs24.temperature import Lines
        >>> size = dict(n_neurons=100, n_memories=256, n_states=20, n=2, overflow=False)
        >>> cells = [dict(gain=g, inverse_temperature=g**0.5, distance=9 * (g != 1), **size) for g in (0.1, 1, 10)]
        >>> lines = Lines(pd.DataFrame(cells))
        >>> lines.errors(np.array([np.log(3.5)])).round(2).tolist()  # half a cell is 1.15
        [0.1]
    """

    def __init__(
        self, rows: pd.DataFrame, works: Callable[[pd.DataFrame], pd.Series] = lambda cells: cells.distance <= NEAR
    ):
        cells = rows.assign(
            log_gain=np.log(rows.gain), at_one=rows.n * np.log(rows.inverse_temperature) - np.log(rows.gain)
        )
        numbers = cells.select_dtypes("number").columns.difference([*SIZE, "n", "log_gain"])
        means = pd.DataFrame(cells.groupby([*SIZE, "n", "log_gain"])[[*numbers, "overflow"]].mean())
        does = pd.DataFrame((works(means) & (means.overflow == 0)).unstack("log_gain"))
        self.logs = does.columns.to_numpy(float)
        self.half = (self.logs[-1] - self.logs[0]) / (len(self.logs) - 1) / 2
        self.works = does.to_numpy(bool)
        ends = [np.where(row)[0][[0, -1]] if row.any() else (0, 0) for row in self.works]
        table = means.at_one.groupby(level=[*SIZE, "n"]).mean().reset_index()
        table["some"] = self.works.any(1)
        table["low"], table["high"] = (
            np.where(table.some, self.logs[[end[side] for end in ends]], np.nan) for side in (0, 1)
        )
        self.table = table.assign(open_low=self.works[:, 0], open_high=self.works[:, -1])

    def errors(self, gains: np.ndarray) -> np.ndarray:
        """How far log gains, one a line, are from the nearest cell that works, beyond half a cell; NaN where none does.

        Beyond an end of the line that works nothing is known, and the error there is 0; `unknown` counts it.
        """
        away = np.where(self.works, np.abs(self.logs - gains[:, None]), np.inf).min(1) - self.half * (1 + 1e-6)
        found = np.where(self.unknown(gains), 0.0, np.maximum(away, 0.0))
        return np.where(self.works.any(1), found, np.nan)

    @cached_property
    def _known(self) -> np.ndarray:
        return np.stack([self.errors(np.full(len(self.works), gain)) for gain in FINE], -1)

    def read_off(self, gains: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """The errors of many log gains (trials, kept lines), to `FINE`."""
        cells = np.clip(np.rint((gains - FINE[0]) / (FINE[1] - FINE[0])).astype(int), 0, len(FINE) - 1)
        return self._known[np.flatnonzero(kept), cells]

    def unknown(self, gains: np.ndarray) -> np.ndarray:
        """Whether each log gain lies beyond an end of its line that works."""
        edge = self.half * (1 + 1e-6)
        return (self.works[:, 0] & (gains < self.logs[0] - edge)) | (self.works[:, -1] & (gains > self.logs[-1] + edge))


def _fit(lines: Lines, chosen: np.ndarray, name: str) -> tuple[float, float]:
    """The two numbers of an answer that give the chosen lines the least mean error; NaN where nothing works on any."""
    kept = chosen & lines.table.some.to_numpy(bool)
    if not kept.any():
        return np.nan, np.nan
    rule, first, second = FITTED[name], SCANNED[0], SCANNED[1].get(name, np.zeros(1))
    at_one = lines.table.at_one.to_numpy(float)
    best = (np.inf, 0.0, 0.0)
    for b in second:
        gains = np.stack([rule(lines.table, a, b) - at_one for a in first])[:, kept]
        means = lines.read_off(gains, kept).mean(1)
        # Of equal ones the middle: the error is flat where all are hit.
        equal = np.flatnonzero(means <= means.min() + 1e-12)
        middle = equal[len(equal) // 2]
        if means[middle] < best[0] - 1e-12:
            best = (float(means[middle]), float(first[middle]), float(b))
    return best[1], best[2]


@_checks.door
def judged(rows: pd.DataFrame, given: dict[str, float] | None = None, **how: Callable) -> pd.DataFrame:
    """How far law and rivals are from what works, and how often they hit it.

    Args:
        rows: of the lines of the whole design; see `Lines`.
        given: further constants that were chosen before: name -> 1/T.
        **how: as `works` of `Lines`.

    Returns:
        A row a line and answer: N, K, A, n; answer; error, see `Lines.errors`; hits; unknown. The answers are the law,
        what is given, `FITTED`, a constant for each vertex, and a constant that was fitted on all lines, those that
        judge it included.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.temperature import judged
        >>> from damcompanion.mrs24.windows import LINES, of_all
        >>> found = judged(of_all(Gallery(), LINES))
        >>> found[found.answer == "the law"].error.max().round(2)  # half a cell
        np.float64(0.19)
    """
    lines = Lines(rows, **how)
    table = lines.table
    at_one, n = table.at_one.to_numpy(float), table.n.to_numpy(float)
    sizes = [*zip(*(table[name] for name in SIZE), strict=True)]
    halves = [np.array([size in half for size in sizes]) for half in HALVES]
    answers = {"the law": np.full(len(table), np.log(GAIN))}
    answers |= {name: n * np.log(inverse) - at_one for name, inverse in (given or {}).items()}
    for name, rule in FITTED.items():
        answers[name] = np.full(len(table), np.nan)
        for fitted, others in (halves, halves[::-1]):
            answers[name][others] = (rule(table, *_fit(lines, fitted, name)) - at_one)[others]
    answers["a constant a vertex"] = np.full(len(table), np.nan)
    for vertex in np.unique(n):
        for fitted, others in (halves, halves[::-1]):
            own, its = fitted & (n == vertex), others & (n == vertex)
            inverse, _ = _fit(lines, own, "a constant")
            answers["a constant a vertex"][its] = (n * inverse - at_one)[its]
    everywhere = np.ones(len(table), bool)
    answers["a constant, fitted on all"] = n * _fit(lines, everywhere, "a constant")[0] - at_one
    found = []
    for answer, gains in answers.items():
        errors, unknown = lines.errors(gains), lines.unknown(gains)
        found.append(
            table[[*SIZE, "n"]].assign(answer=answer, error=errors, hits=(errors == 0) & ~unknown, unknown=unknown)
        )
    return pd.concat(found, ignore_index=True)


@_checks.door
def compared(errors: pd.DataFrame, answer: str = "the law", rival: str = "a constant") -> pd.DataFrame:
    """The difference of two answers' errors at each vertex, with its 95 % t-interval over the sizes.

    Args:
        errors: what `judged` returns.
        answer: whose errors come first.
        rival: whose errors are taken off.

    Returns:
        By n: lines on which a cell works; difference, the mean; low and high; hits and rival_hits, shares of these
        lines. The answer is better by more than the interval where high is below 0.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.mrs24.temperature import compared
        >>> errors = {"the law": 0.1, "a constant": 1.0}
        >>> rows = [(50 + k, 9, 9, 2, answer, error + k / 100) for k in range(8) for answer, error in errors.items()]
        >>> table = pd.DataFrame(rows, columns=["n_neurons", "n_memories", "n_states", "n", "answer", "error"])
        >>> compared(table.assign(hits=False)).round(2).values.tolist()
        [[8.0, -0.9, -0.9, -0.9, 0.0, 0.0]]
    """
    known = errors.dropna(subset=["error"]).set_index(["n", *SIZE])
    ours, theirs = (known.loc[known.answer == name, ["error", "hits"]] for name in (answer, rival))
    both = ours.join(theirs.add_suffix("_rival"), how="inner")
    found = {}
    for n, some in both.groupby(level="n"):
        differences = some.error.to_numpy(float) - some.error_rival.to_numpy(float)
        mean, count = differences.mean(), len(differences)
        wide = STUDENT[count - 2] * differences.std(ddof=1) / count**0.5 if count > 1 else np.inf
        hits = some.hits.mean(), some.hits_rival.mean()
        found[n] = dict(zip(COMPARED, (count, mean, mean - wide, mean + wide, *map(float, hits)), strict=True))
    return pd.DataFrame.from_dict(found, orient="index", columns=COMPARED)


@_checks.door
def is_law(errors: pd.DataFrame, vertices: Iterable[int], rivals: Iterable[str] = ("a constant",)) -> Verdict:
    """Whether the law beats each of these constants at every vertex.

    Its error is smaller by more than the interval, it hits no less often, and it hits at least half of the lines.

    Args:
        errors: what `judged` returns.
        vertices: that must all be there.
        rivals: answers of `judged`.

    Returns:
        Reproduced, not, or undecided where a vertex has fewer than `ENOUGH` lines on which anything works.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.mrs24.temperature import is_law
        >>> answers = {"the law": (0.0, True), "a constant": (1.0, False)}
        >>> rows = [(50 + k, 9, 9, 2, answer, *found) for k in range(12) for answer, found in answers.items()]
        >>> columns = ["n_neurons", "n_memories", "n_states", "n", "answer", "error", "hits"]
        >>> print(is_law(pd.DataFrame(rows, columns=columns), vertices=[2]))
        reproduced
    """
    tables = [compared(errors, rival=rival).reindex([*vertices]) for rival in rivals]
    if any(not (table.lines >= ENOUGH).all() for table in tables):
        return Verdict.UNDECIDED
    better = all(((table.high < 0) & (table.hits >= np.maximum(0.5, table.rival_hits))).all() for table in tables)
    return Verdict.REPRODUCED if better else Verdict.NOT
