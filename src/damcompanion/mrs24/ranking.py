"""How a setting of the study is judged: does its map show what MRS24 says of Figures 1-2, and of Figures 3-4?

The rules were fixed before any row of the study was computed. Each feature is one claim about section 5, asked of the
maps of one setting: a number, a threshold and a score of 0 or 1. Figures 1-2 (the original network) and Figures 3-4
(the modified one) are judged apart, each by the share of its features that a setting shows. The optimal region, its
centroid and its extent are those of `regions`.

Two details were changed after the rows were there, because they decided scores by accident: numbers are no longer
rounded before they meet a threshold, and the cost of a high rate (O5) is an average over the columns of the region
instead of the column of one best cell among equals. Both ends of a threshold count, and positions in decades may miss
it by 0.0002, since the grids are given to four digits. A feature whose vertices were not computed is not shown.

What the study's grids resolve: the modified network's has quarter decades. A region one cell wide can move by whole
steps of 0.25, one that gains or loses a column by half a step, 0.125. M4 (at most 0.15) thus tells a region that stays
in its column, or beside it, from one that moves by a column. The grid's points nearest 0.9 are 0.533, 0.949 and 1.69:
M5 (at most 0.15) is shown by a region on 0.949 alone or on it and one neighbour, not by one on a neighbour alone.
Whether the optimum is nearer 0.9 than that is for a finer grid. The original network's grid has half decades: O2 (at
most 0.5) accepts the column of 1e-2 and those beside it, and O4 (at least 0.3) is a shift by more than half a column.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from damcompanion.claims import Between, Claim
from damcompanion.mrs24.claims import CLAIMS, OnMaps
from damcompanion.mrs24.experiments.settings_study import FUNCTIONS, MODIFIED, ORIGINAL
from damcompanion.mrs24.measures import distances
from damcompanion.mrs24.regions import Maps, resamples
from damcore import _checks
from damcore.sweeps.store import Store
from damcore.sweeps.training import SCALINGS, Sweep

SIDES = {name: "modified" if name in ("modified", "inside") else "original" for name in SCALINGS}


class Feature(NamedTuple):
    """One claim about the maps, asked of the maps of a setting: shown where its first rule holds."""

    figures: str
    claim: Claim

    @property
    def rule(self) -> Between:
        """The first rule."""
        assert isinstance(self.claim.rule, Between)
        return self.claim.rule

    def measured(self, maps: Maps) -> float:
        """The number of these maps; NaN where there is none."""
        measure = self.claim.measure
        assert isinstance(measure, OnMaps) and measure.single
        return float(measure.single(maps))

    def shown(self, number: float) -> bool:
        """Whether the rule holds."""
        return self.rule.holds(number)


_BY_CLAUSE = {claim.clause: claim for claim in CLAIMS}
#: Key of a statement on Figures 1-4 -> its rule, which every setting of the study is judged by.
FEATURES = {
    name: Feature("1-2" if name[0] == "O" else "3-4", _BY_CLAUSE[clause])
    for name, clause in {
        "O1": "5-n-2", "O2": "5.1-place", "O3": "5.1-rate", "O4": "5.1-shifts", "O5": "5.1-cost", "O6": "5.1-lost",
        "O7": "5.1-worse", "M1": "5-n-2", "M2": "5.2-early", "M3": "5.2-substantial", "M4": "5.2-stable",
        "M5": "5.2-place", "M6": "5.2-size", "M7": "5.2-rates",
    }.items()
}  # fmt: skip


@_checks.door
def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Which statements of MRS24 section 5 the maps of one setting show.

    Args:
        rows: stored rows of one sweep, `Store.frame(sweep)`.

    Returns:
        A row a feature: feature (O1-O7, M1-M7), figures ("1-2" or "3-4"), statement, quantity, least and most (the
        threshold), measured (NaN where it has no value), score (0 or 1).

    Raises:
        ValueError: a column is missing, there is no row, or rows of several sweeps are mixed.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.ranking import features
        >>> found = features(Gallery().rows("study-modified-leaky"))
        >>> found.query("figures == '3-4' and score == 1").feature.tolist()
        ['M1', 'M2', 'M3', 'M4', 'M5', 'M7']
    """
    return pd.DataFrame(_judged(rows))


def _judged(rows: pd.DataFrame) -> list[dict]:
    scored = _scores(Maps(distances(rows)))
    return [
        {"feature": name, "figures": feature.figures, "statement": feature.claim.statement,
         "quantity": feature.claim.measure.quantity, "least": feature.rule.least,
         "most": feature.rule.most, "measured": scored[name][0], "score": int(scored[name][1])}
        for name, feature in FEATURES.items()
    ]  # fmt: skip


def _scores(maps: Maps) -> dict[str, tuple[float, bool]]:
    """Each feature's number, and whether it is shown."""
    numbers = {name: feature.measured(maps) for name, feature in FEATURES.items()}
    return {name: (number, FEATURES[name].shown(number)) for name, number in numbers.items()}


@_checks.door
def chances(rows: pd.DataFrame) -> pd.DataFrame:
    """How often a setting shows each number of statements when its repeats are drawn again with replacement.

    Every way to draw them counts with its probability, so nothing here is random.

    Args:
        rows: stored rows of one sweep, with several repeats.

    Returns:
        A row a number of statements, 0 to 7: shown, figures_1_2 and figures_3_4, each the probability to show exactly
        so many. Columns sum to 1.

    Raises:
        ValueError: a column is missing, there is no row, or rows of several sweeps are mixed.
    """
    values = distances(rows)
    found = {part: np.zeros(1 + sum(f.figures == part for f in FEATURES.values())) for part in ("1-2", "3-4")}
    for counts, probability in resamples(values.sizes["repeat"]):
        scored = _scores(Maps(values, counts=counts))
        for part, chance in found.items():
            chance[sum(scored[name][1] for name, f in FEATURES.items() if f.figures == part)] += probability
    table = pd.DataFrame({f"figures_{part.replace('-', '_')}": chance for part, chance in found.items()})
    return table.rename_axis("shown").reset_index()


@_checks.door
def rivals(rows: Mapping[str, pd.DataFrame], figures: str = "1-2") -> pd.DataFrame:
    """Which settings can be told apart from the one that shows most, when all repeats are drawn again.

    Args:
        rows: name of a setting -> stored rows of its sweep, with several repeats.
        figures: "1-2" or "3-4", whose statements are counted.

    Returns:
        A row a setting, the best first: setting, shown (with the repeats as they are), expected (mean over draws) and
        keeps_up, the probability that it shows at least as many statements as the first, each drawn for itself. Below
        0.05 the two can be told apart.

    Raises:
        ValueError: there is no setting, or its rows are not those of one sweep.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.ranking import rivals
        >>> names = ["confirm-original-leaky", "confirm-modified-leaky"]
        >>> gallery = Gallery()
        >>> found = rivals({name: gallery.rows(name) for name in names}, "3-4")
        >>> found[["setting", "shown", "keeps_up"]].round(2).values.tolist()
        [['confirm-modified-leaky', 6, 1.0], ['confirm-original-leaky', 2, 0.0]]
    """
    _checks.one_of("figures", figures, ("1-2", "3-4"))
    if not rows:
        _checks.refuse("`rows` holds no setting; run `python -m damcore.sweeps run 'confirm-*'` first.")
    column = f"figures_{figures.replace('-', '_')}"
    chance = {name: chances(stored)[column].to_numpy() for name, stored in rows.items()}
    table = []
    for name, stored in rows.items():
        shown = sum(row["score"] for row in _judged(stored) if row["figures"] == figures)
        expected = float(chance[name] @ np.arange(len(chance[name])))
        table.append({"setting": name, "shown": shown, "expected": expected})
    table.sort(key=lambda row: (-row["expected"], row["setting"]))
    first = chance[table[0]["setting"]]
    for row in table:
        row["keeps_up"] = float(chance[row["setting"]] @ np.cumsum(first))
    return pd.DataFrame(table)


@_checks.door
def ranking(rows: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """All settings, the best first: those of the original network's side by Figures 1-2, then the others by 3-4.

    Args:
        rows: name of a setting -> stored rows of its sweep, such as `finished` returns.

    Returns:
        A row a setting: setting, side ("original" or "modified", by where N and T enter), figures_1_2 and figures_3_4
        (the share of features shown), and a score a feature. Equals are in the order of their other total, then name.

    Raises:
        ValueError: there is no setting, or its rows are not those of one sweep.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.ranking import ranking
        >>> names = ["study-modified-leaky", "study-original-leaky"]
        >>> gallery = Gallery()
        >>> found = ranking({name: gallery.rows(name) for name in names})
        >>> found.set_index("setting").figures_1_2.round(2).to_dict()
        {'study-original-leaky': 0.71, 'study-modified-leaky': 0.57}
    """
    if not rows:
        _checks.refuse("`rows` holds no setting; run `python -m damcore.sweeps run 'study-*'` first.")
    table = []
    for name, stored in rows.items():
        judged = _judged(stored)
        total = {part: float(np.mean([f["score"] for f in judged if f["figures"] == part])) for part in ("1-2", "3-4")}
        side = SIDES[str(stored["scaling"].iloc[0])]
        own, other = ("1-2", "3-4") if side == "original" else ("3-4", "1-2")
        table.append(
            {
                "setting": name,
                "side": side,
                "figures_1_2": total["1-2"],
                "figures_3_4": total["3-4"],
                **{row["feature"]: row["score"] for row in judged},
                "order": (side != "original", -total[own], -total[other], name),
            }
        )
    return pd.DataFrame(sorted(table, key=lambda row: row["order"])).drop(columns="order")


@_checks.door
def by_place(table: pd.DataFrame, figures: str) -> pd.DataFrame:
    """How many statements each function shows in each place of T and N, all other settings being the base's.

    Args:
        table: what `ranking` returns.
        figures: "1-2" or "3-4", whose statements are counted.

    Returns:
        Counts, a row a place and a column a function; NaN where the setting is not in the table.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.ranking import by_place, ranking
        >>> name = "study-modified-leaky"
        >>> table = ranking({name: Gallery().rows(name)})
        >>> int(by_place(table, "3-4").loc["modified", "leaky"])  # of 7
        6
    """
    _checks.one_of("figures", figures, ("1-2", "3-4"))
    scored = [name for name, feature in FEATURES.items() if feature.figures == figures]
    shown = table.set_index("setting")[scored].sum(axis=1)
    found = {
        name: [shown.get(f"study-{place}-{name}", np.nan) for place in (*ORIGINAL, *MODIFIED)] for name in FUNCTIONS
    }
    return pd.DataFrame(found, index=pd.Index([*ORIGINAL, *MODIFIED]))


def finished(store: Store, sweeps: Mapping[str, Sweep]) -> dict[str, pd.DataFrame]:
    """Rows of those sweeps that a store holds completely, name -> rows; a part of a map is not judged.

    Args:
        store: `Store("results/paper")`.
        sweeps: name -> sweep, such as `study("paper")`.

    Example:
        >>> from damcompanion.mrs24.experiments.settings_study import study
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.ranking import finished
        >>> store, name = Gallery().store, "study-modified-leaky"
        >>> len(finished(store, {name: study("paper")[name]})[name])
        455
        >>> finished(store, study("smoke"))  # of another size, so not stored there
        {}
    """
    return {name: store.frame(sweep) for name, sweep in sweeps.items() if not store.missing(sweep)}
