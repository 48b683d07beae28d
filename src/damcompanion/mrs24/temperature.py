"""Which temperature? The rules that judge the answers. They were fixed before the rows that they judge.

Two answers are tried. The law: learn where the gain is 1 (`damcore.Scaling.gain`). The constant: one 1/T for every
vertex, which is what MRS24 promises. Each is a temperature with a learning rate, and both are treated alike:

1. A pair of each kind is chosen on seeds of its own (`best_pair`), and then tried on others.
2. On a design that neither has seen, a line of gains is trained at one rate for each vertex. What works is the cells
   whose mean distance is at most 2, one wrong neuron a state; their place is the mean of the log of their gains. Half
   of the design's sizes fit the rivals, the other half judges all (`judged`). The error is that of n log(1/T), which is
   the error of the log of the gain: near a large vertex, all answers in 1/T look alike.
3. The law is called a law where its error is less than the constant's at each vertex, by more than the interval of
   their difference; otherwise it is not.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from damcompanion.mrs24.experiments.temperature import DESIGN, GAIN
from damcompanion.results import NEAR
from damcore import _checks

#: The sizes that fit the rivals, and those that judge: every second one, so that both halves span the design.
FITTED, JUDGED = DESIGN[0::2], DESIGN[1::2]
DRAWS = 10_000  # of the bootstrap
SIZE = ["n_neurons", "n_memories", "n_states"]


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


@_checks.door
def regions(rows: pd.DataFrame) -> pd.DataFrame:
    """What works on each line of gains, in logs of the gain.

    Args:
        rows: of lines at one rate, several sizes, vertices and repeats.

    Returns:
        A row a line: N, K, A and n; best, the least mean distance; low and high, the outermost log gains that work;
        centre, the mean of all that do; at_one, n log(1/T) where the gain is 1. NaN where nothing works.
    """
    # G goes with T^-n, so n log(1/T) - log G is the same in all cells of a line.
    cells = rows.assign(
        log_gain=np.log(rows.gain), at_one=rows.n * np.log(rows.inverse_temperature) - np.log(rows.gain)
    )
    means = pd.DataFrame(cells.groupby([*SIZE, "n", "log_gain"])[["distance", "at_one"]].mean()).reset_index()
    lines, works = (table.groupby([*SIZE, "n"]) for table in (means, means[means.distance <= NEAR]))
    ends = works.log_gain.agg(["min", "max", "mean"])
    found = {"best": lines.distance.min(), "low": ends["min"], "high": ends["max"], "centre": ends["mean"]}
    return pd.DataFrame({**found, "at_one": lines.at_one.mean()}).reset_index()


#: The rivals of the law: name -> the terms of n log(1/T), whose factors are fitted.
RIVALS: dict[str, tuple[Callable[[pd.DataFrame], pd.Series], ...]] = {
    "a constant": (lambda table: table.n,),
    "c n^b": (lambda table: table.n, lambda table: table.n * np.log(table.n)),
    "c e^(b/n)": (lambda table: table.n, lambda table: table.n**0),
    "c n^b N^d (K/A)^e": (
        lambda table: table.n,
        lambda table: table.n * np.log(table.n),
        lambda table: table.n * np.log(table.n_neurons),
        lambda table: table.n * np.log(table.n_memories / table.n_states),
    ),
}


@_checks.door
def predicted(fitted: pd.DataFrame, judged: pd.DataFrame) -> dict[str, np.ndarray]:
    """What each answer predicts, as the log of the gain on each line that judges.

    Args:
        fitted: the regions that fit the rivals.
        judged: those to predict.

    Returns:
        "the law" and each of `RIVALS` -> log gains; the law's are 0.

    Example:
        >>> import numpy as np, pandas as pd
        >>> from damcompanion.mrs24.temperature import predicted
        >>> lines = pd.DataFrame({"n": [2, 10], "n_neurons": 100, "n_memories": 100, "n_states": 20})
        >>> lines = lines.assign(at_one=np.array([2, 10]) * np.log(0.9), centre=0.0)  # a constant 1/T of 0.9 is best
        >>> {name: gains.round(6).tolist() for name, gains in predicted(lines, lines).items()}["a constant"]
        [0.0, 0.0]
    """
    known = fitted.dropna(subset=["centre"])
    found = {"the law": np.full(len(judged), np.log(GAIN))}
    for name, terms in RIVALS.items():
        factors = np.linalg.lstsq(_design(terms, known), (known.at_one + known.centre).to_numpy(float), rcond=None)[0]
        found[name] = _design(terms, judged) @ factors - judged.at_one.to_numpy(float)
    return found


def _design(terms: Iterable[Callable[[pd.DataFrame], pd.Series]], table: pd.DataFrame) -> np.ndarray:
    return np.stack([term(table).to_numpy(float) for term in terms], -1)


@_checks.door
def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """How far law and rivals are from what works, and how often they hit it, on the half of the design that judges.

    Args:
        rows: of the lines of the whole design.

    Returns:
        A row a line and answer: N, K, A, n; answer; error, |log G predicted - log G of the centre|, NaN where nothing
        works; hits, whether the cell nearest to the prediction works, never beyond the ends of the line.
    """
    table = regions(rows)
    sizes = [*zip(*(table[name] for name in SIZE), strict=True)]
    fitted, others = (table.loc[[size in half for size in sizes]] for half in (FITTED, JUDGED))
    grid = np.sort(rows.gain.unique())
    cells, logs = rows.groupby([*SIZE, "n", "gain"]).distance.mean(), np.log(grid)
    within = (logs[-1] - logs[0]) / (len(logs) - 1) / 2 * (1 + 1e-9)  # half a cell
    answers = []
    for answer, gains in predicted(fitted, others).items():
        found = others[[*SIZE, "n"]].assign(answer=answer, error=np.abs(gains - others.centre.to_numpy(float)))
        nearest = np.abs(logs - gains[:, None]).argmin(1)
        works = [
            cells.loc[(*place, grid[cell])] <= NEAR
            for place, cell in zip(found[[*SIZE, "n"]].itertuples(index=False), nearest, strict=True)
        ]
        answers.append(found.assign(hits=np.array(works) & (np.abs(logs[nearest] - gains) <= within)))
    return pd.concat(answers, ignore_index=True)


@_checks.door
def compared(errors: pd.DataFrame, answer: str = "the law", rival: str = "a constant") -> pd.DataFrame:
    """The difference of two answers' errors at each vertex, with its interval over the sizes.

    Args:
        errors: what `judged` returns.
        answer: whose errors come first.
        rival: whose errors are taken off.

    Returns:
        By n: lines on which something works; difference, the mean; low and high, its 95 % interval (bootstrap over
        sizes). The answer is better by more than the interval where high is below 0.

    Example:
        >>> import pandas as pd
        >>> from damcompanion.mrs24.temperature import compared
        >>> errors = {"the law": 0.1, "a constant": 1.0}
        >>> rows = [(50 + k, 9, 9, 2, answer, error) for k in range(8) for answer, error in errors.items()]
        >>> table = pd.DataFrame(rows, columns=["n_neurons", "n_memories", "n_states", "n", "answer", "error"])
        >>> compared(table).round(2).values.tolist()
        [[8.0, -0.9, -0.9, -0.9]]
    """
    table = errors.pivot(index=["n", *SIZE], columns="answer", values="error")
    differences = (table[answer] - table[rival]).dropna()
    found = {}
    for n, some in differences.groupby(level="n"):
        draws = np.random.default_rng(0).integers(len(some), size=(DRAWS, len(some)))
        low, high = np.percentile(some.to_numpy()[draws].mean(1), [2.5, 97.5])
        found[n] = {"lines": len(some), "difference": some.mean(), "low": low, "high": high}
    return pd.DataFrame.from_dict(found, orient="index")


@_checks.door
def is_law(errors: pd.DataFrame) -> bool:
    """Whether the law beats the constant at each vertex by more than the interval of the difference.

    Args:
        errors: what `judged` returns.
    """
    return bool((compared(errors).high < 0).all())
