"""How a setting of the study is judged: does its map show what MRS24 says of Figures 1-2, and of Figures 3-4?

Written before any row of the study was computed. Each feature is one statement of section 5, as a number, a threshold
and a score of 0 or 1. Figures 1-2 (the original network) and Figures 3-4 (the modified one) are judged apart, each by
the share of its features that a setting shows. The optimal region, its centroid and its extent are those of `maps`.

Measured numbers are rounded to two decimals before they meet a threshold, both ends of which count: the study's grids
are given to four digits, and no score should hang on the fourth. A feature whose vertices were not computed is not
shown.

What the study's grids resolve: the modified network's has quarter decades. A region one cell wide can move by whole
steps of 0.25, one that gains or loses a column by half a step, 0.125. M4 (at most 0.15) thus tells a region that stays
in its column, or beside it, from one that moves by a column. The grid's points nearest 0.9 are 0.533, 0.949 and 1.69:
M5 (at most 0.15) is shown by a region on 0.949 alone or on it and one neighbour, not by one on a neighbour alone.
Whether the optimum is nearer 0.9 than that is for a finer grid. The original network's grid has half decades: O2 (at
most 0.5) accepts the column of 1e-2 and those beside it, and O4 (at least 0.3) is a shift by more than half a column.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from damcore import _checks
from damcore.sweeps.grid import SCALINGS, Sweep
from damcore.sweeps.maps import distances, measures
from damcore.sweeps.store import Store

LARGE = (10, 20, 30)
SIDES = {name: "modified" if name in ("modified", "inside") else "original" for name in SCALINGS}


class Maps:
    """The maps of one setting: their measures, and the mean distance of each cell."""

    def __init__(self, rows: pd.DataFrame):
        self.measures: dict[int, dict] = {row["n"]: row for row in measures(rows).to_dict("records")}
        self.mean: xr.DataArray = distances(rows).mean("repeat")

    def value(self, column: str, n: int) -> float:
        """A measure at one vertex, NaN where it was not computed."""
        return float(self.measures[n][column]) if n in self.measures else np.nan

    def values(self, column: str, vertices: Iterable[int]) -> np.ndarray:
        return np.array([self.value(column, n) for n in vertices])

    def with_region(self, vertices: Iterable[int]) -> list[int]:
        return [n for n in vertices if self.value("region", n) > 0]

    def cost_of_rate(self, n: int) -> float:
        """Distance at the largest rate less the least over rates, at the inverse temperature of the best cell."""
        column = self.mean.sel(n=n, inverse_temperature=self.value("best_inverse_temperature", n))
        return float(column[-1] - column.min())

    def worse_than_around(self, n: int) -> float:
        """Mean distance where the region last was, widened by a cell, less the median of the other cells; NaN where
        there was none, or is one at n."""
        found = self.with_region(self.measures)
        if not found or found[-1] >= n or n not in self.measures:
            return np.nan
        inside = np.ones((), dtype=bool)
        for axis in ("learning_rate", "inverse_temperature"):
            points = self.mean[axis]
            ends = [
                points.to_numpy().tolist().index(self.value(f"{end}_{axis}", found[-1])) for end in ("least", "largest")
            ]
            place = xr.DataArray(np.arange(len(points)), {axis: points}, axis)
            inside = inside & (place >= ends[0] - 1) & (place <= ends[1] + 1)
        then = self.mean.sel(n=n)
        return float(then.where(inside).mean() - then.where(~inside).median())


class Feature(NamedTuple):
    """One statement of the text and how it is measured; shown where least <= measured <= most."""

    figures: str
    statement: str
    quantity: str
    least: float
    most: float
    measure: Callable[[Maps], float]


def _offset(maps: Maps, axis: str, target: float) -> float:
    """Mean distance of the centroid from a target, in decades, over those of n = 2 and 5 that have a region."""
    found = maps.values(f"log_{axis}", maps.with_region((2, 5)))
    return float(np.abs(found - np.log10(target)).mean()) if len(found) else np.nan


def _shift_to_last(maps: Maps) -> float:
    found = maps.with_region(maps.measures)
    if found[:1] != [2]:
        return np.nan
    return abs(maps.value("log_inverse_temperature", found[-1]) - maps.value("log_inverse_temperature", 2))


def _cost_of_rate(maps: Maps) -> float:
    costs = [maps.cost_of_rate(n) for n in maps.with_region((2, 5))]
    return float(np.mean(costs)) if costs else np.nan


def _range(maps: Maps) -> float:
    found = maps.values("log_inverse_temperature", LARGE)
    return float(found.max() - found.min())


def _from_near_one(maps: Maps) -> float:
    return float(np.abs(maps.values("log_inverse_temperature", (20, 30)) - np.log10(0.9)).max())


def _size_kept(maps: Maps) -> float:
    before = maps.value("area", 5)
    return float(maps.values("area", LARGE).min() / before) if before > 0 else np.nan


FEATURES = {
    # Figures 1-2: MRS24 section 5.1, and 5 for O1.
    "O1": Feature(
        "1-2", "The task can be learned at n = 2 (5).", "cells of the region at n = 2", 1, np.inf,
        lambda maps: maps.value("region", 2),
    ),
    "O2": Feature(
        "1-2", "The optimum lies near 1/T = 0.01 (5.1).", "decades from it, mean of n = 2, 5", 0, 0.5,
        lambda maps: _offset(maps, "inverse_temperature", 1e-2),
    ),
    "O3": Feature(
        "1-2", "The optimum lies near a rate of 0.5 (5.1).", "decades from it, mean of n = 2, 5", 0, 0.5,
        lambda maps: _offset(maps, "learning_rate", 0.5),
    ),
    "O4": Feature(
        "1-2", "The region moves considerably with n (5.1).", "decades of 1/T from n = 2 to the last region", 0.3,
        np.inf, _shift_to_last,
    ),
    "O5": Feature(
        "1-2", "Higher rates are worse (5.1).", "distance at the largest rate less the least, mean of n = 2, 5", 1,
        np.inf, _cost_of_rate,
    ),
    "O6": Feature(
        "1-2", "At larger vertices no region is left on the grid (5.1).", "of n = 20, 30 those with a region", 0, 0,
        lambda maps: float((maps.values("region", (20, 30)) > 0).sum()) if _computed(maps, 20, 30) else np.nan,
    ),
    "O7": Feature(
        "1-2", "Where the region was, distances then exceed those around (5.1).", "by how much, n = 20", 0.5, np.inf,
        lambda maps: maps.worse_than_around(20),
    ),
    # Figures 3-4: MRS24 section 5.2, and 5 for M1.
    "M1": Feature(
        "3-4", "The task can be learned at n = 2 (5).", "cells of the region at n = 2", 1, np.inf,
        lambda maps: maps.value("region", 2),
    ),
    "M2": Feature(
        "3-4", "The region moves slightly up to n = 5 (5.2).", "decades of 1/T from n = 2 to 5", 0.06, 1,
        lambda maps: abs(maps.value("log_inverse_temperature", 5) - maps.value("log_inverse_temperature", 2)),
    ),
    "M3": Feature(
        "3-4", "There is a region at large vertices (5.2).", "of n = 10, 20, 30 those with a region", 3, 3,
        lambda maps: float(len(maps.with_region(LARGE))),
    ),
    "M4": Feature(
        "3-4", "Its position is stable (5.2).", "range in decades of 1/T, n = 10, 20, 30", 0, 0.15, _range,
    ),
    "M5": Feature(
        "3-4", "It settles near 1/T = 0.9 (5.2).", "largest offset in decades, n = 20, 30", 0, 0.15, _from_near_one,
    ),
    "M6": Feature(
        "3-4", "It stays large (5.2).", "least area of n = 10, 20, 30 over that of n = 5", 0.5, np.inf, _size_kept,
    ),
    "M7": Feature(
        "3-4", "It reaches large rates (5.2).", "largest rate of the region, n = 20", 1, np.inf,
        lambda maps: maps.value("largest_learning_rate", 20),
    ),
}  # fmt: skip


def _computed(maps: Maps, *vertices: int) -> bool:
    return set(vertices) <= set(maps.measures)


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
    """
    return pd.DataFrame(_judged(rows))


def _judged(rows: pd.DataFrame) -> list[dict]:
    maps = Maps(rows)
    table = []
    for name, feature in FEATURES.items():
        measured = round(float(feature.measure(maps)), 2)
        shown = int(feature.least <= measured <= feature.most)
        table.append({"feature": name, **feature._asdict(), "measured": measured, "score": shown})
    return [{key: value for key, value in row.items() if key != "measure"} for row in table]


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


def finished(store: Store, sweeps: Mapping[str, Sweep]) -> dict[str, pd.DataFrame]:
    """Rows of those sweeps that a store holds completely, name -> rows; a part of a map is not judged.

    Args:
        store: `Store("results/paper")`.
        sweeps: name -> sweep, such as `study("paper")`.
    """
    return {name: store.frame(sweep) for name, sweep in sweeps.items() if not store.missing(sweep)}
