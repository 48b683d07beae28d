"""The claims of KH16's appendix B about its Figures 4 and 5, with rules that were fixed before the rows existed.

We could not see the published figures, and judge their descriptions. Small measurements of the same things stood in the
errata before.
"""

from collections.abc import Callable

import numpy as np

from damcompanion.claims import Between, Claim, Control, Evidence, Holds, Kind
from damcompanion.kh16.experiments import FIGURE_4, FUNCTIONS, SIZES
from damcompanion.kh16.figures import NAMES, Rows, halves, perfect
from damcore.capacity import clopper_pearson, error_probability, max_memories
from damcore.sweeps.store import NotStoredError

FIXED = "17d1779"  # the commit at which these rules were fixed, before the rows existed

#: "unable to reconstruct": the share of states that still end exactly on a memory.
UNABLE = Between(most=0.05, word="unable", commit=FIXED)
#: "sharply peaks at perfect recovery": the share of states there.
PEAKS = Between(least=0.5, word="sharply peaks", commit=FIXED)
#: "consistent with": the geometric mean of K_1/2 over Eq. 6, over the sizes of the figure.
CONSISTENT = Between(least=0.8, most=1.25, word="consistent", commit=FIXED)
#: "a little bit above": the same mean.
LITTLE = Between(least=1.0, most=1.5, word="a little bit above", commit=FIXED)
#: "similar non-linear behavior": the exponent of N in K_1/2, less that of Eq. 6 on the same sizes.
SIMILAR = Between(least=-0.25, most=0.25, word="similar", commit=FIXED)
#: "without errors": neurons that a stored pattern loses in one update of each, on average, at Eq. 6.
WITHOUT = Between(most=1.0, word="no errors", commit=FIXED)
#: "Qualitatively": how much the shares of both functions may differ, where the inverse of a memory counts.
ALIKE = 0.1
#: What the rows suggested: an even power has the inverse of each memory, too, and "all" may miss one in a thousand.
LATER = "e01b43f"
PEAKS_EITHER = Between(least=0.5, word="sharply peaks", commit=LATER)
NEARLY_ALL = Holds("all but one in a thousand, where the inverse of a memory counts", commit=LATER)


def _measured(quantity: str, number: Callable[[Rows], dict[str, tuple[float, float, float]]], names: tuple[str, ...]):
    """A measure that reads rows: view -> number and the ends of its interval."""

    def measure(rows: Rows) -> Evidence:
        try:
            found = number(rows)
        except NotStoredError:
            return Evidence(Kind.MISSING, quantity=quantity)
        return Evidence(
            Kind.MEASURED,
            {view: value for view, (value, _, _) in found.items()},
            interval={view: (low, high) for view, (_, low, high) in found.items()},
            quantity=quantity,
            experiments=names,
            command="; ".join(rows.command(name) for name in names),
        )

    return measure


def _shares(vertices: tuple[int, ...], either: bool = False):
    def number(rows: Rows) -> dict[str, tuple[float, float, float]]:
        found = {}
        for interaction in FUNCTIONS:
            for n in vertices:
                share, states = perfect(rows, interaction, n, either=either), len(rows.rows(f"ends-{interaction}-{n}"))
                view = f"{NAMES[interaction]}, n = {n}"
                found[view] = (share, *clopper_pearson(round(share * states), states, level=0.95))
        return found

    names = tuple(f"ends-{interaction}-{n}" for interaction in FUNCTIONS for n in vertices)
    quantity = "share of states that end exactly on a memory" + " or the inverse of one" * either
    return _measured(quantity, number, names)


def _all_converge(vertices: tuple[int, ...], either: bool = False, least: float = 1.0):
    shares = _shares(vertices, either)

    def measure(rows: Rows) -> Evidence:
        found = shares(rows)
        parts = {view: share >= least for view, share in found.measured.items()}
        failing = {view: f"{share:.2%}" for view, share in found.measured.items() if share < least}
        words = "; ".join(f"{view}: {share:.2%}" for view, share in found.measured.items())
        return Evidence(
            found.kind,
            parts=parts,
            quantity=words or found.quantity,
            scope=f"K = {FIGURE_4}, N = 100",
            counterexample=failing or None,
            experiments=found.experiments,
            command=found.command,
        )

    return measure


def _alike(vertices: tuple[int, ...], either: bool = True):
    shares = _shares(vertices, either)

    def measure(rows: Rows) -> Evidence:
        found = shares(rows)
        if found.kind == Kind.MISSING:
            return found
        power, rectified = (
            [found.measured[f"{NAMES[interaction]}, n = {n}"] for n in vertices] for interaction in FUNCTIONS
        )
        apart = {f"n = {n}": abs(one - other) for n, one, other in zip(vertices, power, rectified, strict=True)}
        return Evidence(
            Kind.MEASURED,
            parts={view: gap <= ALIKE for view, gap in apart.items()},
            quantity="shares differ by " + ", ".join(f"{gap:.2g} ({view})" for view, gap in apart.items()),
            experiments=found.experiments,
            command=found.command,
        )

    return measure


def _ratio(interaction: str, factor: float = 1.0):
    """The geometric mean of K_1/2 over Eq. 6, over N; its interval from the spread of the sets of memories."""

    def number(rows: Rows) -> dict[str, tuple[float, float, float]]:
        table = halves(rows)
        of = table[table["interaction"] == interaction]
        logs = np.log(of.pivot(index="draw", columns="n_neurons", values="ratio").to_numpy() * factor)
        return {f"{NAMES[interaction]}, N = {SIZES[0]} to {SIZES[-1]}": _geometric(np.nanmean(logs, 1))}

    return _measured(
        "K_1/2 over Eq. 6, geometric mean", number, tuple(f"starts-{interaction}-{size}" for size in SIZES)
    )


def _exponent(factor: float = 0.0):
    """The exponent of K_1/2 in N, less that of Eq. 6."""

    def number(rows: Rows) -> dict[str, tuple[float, float, float]]:
        table, found = halves(rows), {}
        x = np.log(SIZES)
        for interaction in FUNCTIONS:
            of = table[table["interaction"] == interaction]
            logs = np.log(of.pivot(index="draw", columns="n_neurons", values="ratio").to_numpy()) + factor * x
            found[NAMES[interaction]] = _mean(np.array([_slope(x, row) for row in logs]))
        return found

    names = tuple(f"starts-{interaction}-{size}" for interaction in FUNCTIONS for size in SIZES)
    return _measured("exponent of N in K_1/2, less that of Eq. 6", number, names)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of the straight line through the points that there are: a K_1/2 beyond the grid is left out."""
    there = np.isfinite(y)
    return float(np.polyfit(x[there], y[there], 1)[0])


def _mean(values: np.ndarray) -> tuple[float, float, float]:
    """The mean and its interval of 95 %, by Student's t at the few sets there are."""
    t = {1: 0.0, 2: 12.706, 3: 4.303, 4: 3.182}[min(4, len(values))]
    middle, reach = float(values.mean()), t * float(values.std(ddof=1 if len(values) > 1 else 0)) / len(values) ** 0.5
    return middle, middle - reach, middle + reach


def _geometric(logs: np.ndarray) -> tuple[float, float, float]:
    middle, low, high = np.exp(_mean(logs))
    return float(middle), float(low), float(high)


def _lost(multiple: float = 1.0):
    """Neurons that a stored pattern loses at a multiple of Eq. 6, by the exact law."""

    def measure(rows: Rows) -> Evidence:
        found = {}
        for n in (2, 3, 4):
            load = max(1, round(multiple * max_memories(100, n)))
            found[f"n = {n}"] = 100 * error_probability(100, n, load)
        return Evidence(Kind.COMPUTED, found, quantity="neurons lost of 100, exact law", scope="N = 100")

    return measure


#: In the order of the text.
CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="kh16-b-no-errors",
        text="KH16",
        where="Eq. 6",
        statement="as many patterns as Eq. 6 gives are stored without errors",
        rule=WITHOUT,
        measure=_lost(),
        control=Control("at three times as many", _lost(3.0)),
    ),
    Claim(
        id="kh16-b-unable",
        text="KH16",
        where="B, Fig. 4",
        statement="n = 2, 3: 2000 memories are above the capacity, and the model is unable to reconstruct them",
        rule=UNABLE,
        measure=_shares((2, 3)),
        control=Control("n = 4, 5, which are below it", _shares((4, 5))),
    ),
    Claim(
        id="kh16-b-peaks",
        text="KH16",
        where="B, Fig. 4",
        statement="n = 4: the overlaps with the closest memory sharply peak at perfect recovery",
        rule=PEAKS,
        measure=_shares((4,)),
        control=Control("n = 2", _shares((2,))),
        later=(PEAKS_EITHER, _shares((4,), either=True)),
    ),
    Claim(
        id="kh16-b-all",
        text="KH16",
        where="B, Fig. 4",
        statement="n of 5 or more: all 10000 samples converge to one of the memories",
        rule=Holds("every state, with each function and n = 5, 6", commit=FIXED),
        measure=_all_converge((5, 6)),
        control=Control("n = 2, 3", _all_converge((2, 3))),
        later=(NEARLY_ALL, _all_converge((5, 6), either=True, least=0.999)),
    ),
    Claim(
        id="kh16-b-both",
        text="KH16",
        where="B, Fig. 4",
        statement="power and rectified models behave alike",
        rule=Holds(f"shares within {ALIKE:g} at n = 2 to 6, where the inverse of a memory counts, too", commit=FIXED),
        measure=_alike((2, 3, 4, 5, 6)),
        control=Control("where the inverse does not count", _alike((4, 6), either=False)),
    ),
    Claim(
        id="kh16-b-consistent",
        text="KH16",
        where="B, Fig. 5",
        statement="power model, n = 3: K_1/2 is consistent with Eq. 6",
        rule=CONSISTENT,
        measure=_ratio("polynomial"),
        control=Control("twice Eq. 6, the theory of the rectified model", _ratio("polynomial", 0.5)),
    ),
    Claim(
        id="kh16-b-little",
        text="KH16",
        where="B, Fig. 5",
        statement="rectified model, n = 3: K_1/2 is a little bit above the curve of Eq. 6",
        rule=LITTLE,
        measure=_ratio("rectified"),
        control=Control("twice Eq. 6, the theory of the rectified model", _ratio("rectified", 0.5)),
    ),
    Claim(
        id="kh16-b-similar",
        text="KH16",
        where="B, Fig. 5",
        statement="K_1/2 of both models shows similar non-linear behaviour as Eq. 6: our rule compares exponents of N",
        rule=SIMILAR,
        measure=_exponent(),
        control=Control("N to a power one half higher", _exponent(0.5)),
    ),
)
