"""Measures of a map: where a network learns, how large that region is, and how it moves with the vertex.

A map is the mean distance between learned and relaxed states over inverse temperature and learning rate, at one vertex,
averaged over repeats. Positions and sizes are taken in decades, since both axes are spaced evenly in their logarithm.
"""

import numpy as np
import pandas as pd
import xarray as xr

from damcompanion.components import table
from damcompanion.mrs24.regions import NEAR, Map, distances
from damcompanion.shown import Shown
from damcore import _checks

UNTRAINED = 0.9  # of the random level: nothing is recalled
RESAMPLES = 2000


@_checks.door
def measures(rows: pd.DataFrame, *, near: float = NEAR, generator: np.random.Generator | None = None) -> pd.DataFrame:
    """Measure the maps of one sweep, one row per vertex.

    - cells, region: how many cells the map has, and how many of them the optimal region, mean distance at most `near`;
    - area, area_decades: the region's share of the cells, and its size in decades of 1/T times decades of the rate,
      which compares grids of different width (NaN for an axis with one point);
    - touches_edge: whether the region reaches the edge of the grid, so that its area is a lower bound;
    - log_inverse_temperature, log_learning_rate: the region's centroid, the mean of log10 over its cells;
    - least_ and largest_inverse_temperature, least_ and largest_learning_rate: its extent;
    - best_inverse_temperature, best_learning_rate, best_distance: the cell of least mean distance, of several the one
      whose 3 x 3 cells have the least mean;
    - best_low, best_high: 95 % percentile bootstrap of that cell's mean over repeats. The cell is not chosen anew for
      each resample, so the interval does not know that the best of many cells is a lucky one;
    - diverged, overflow: share of networks whose training, and whose training or recall, left the range of the dtype;
    - untrained: share of cells with a mean distance of at least 0.9 times the random level;
    - random_level: sqrt(2 N), the distance of states that have nothing in common, 2 sqrt(k) with k = N / 2.

    Centroid and extent are NaN where the region is empty.

    Args:
        rows: stored rows of one sweep, `Store.frame(sweep)`.
        near: the largest mean distance of the optimal region.
        generator: of the bootstrap; a fresh one of seed 0 by default.

    Returns:
        The table, ordered by n.

    Raises:
        ValueError: a column is missing, there is no row, or rows of several sweeps are mixed.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.measures import measures
        >>> found = measures(Gallery().rows("study-modified-leaky"))
        >>> found.set_index("n").area.round(2).to_dict()
        {2: 0.31, 5: 0.23, 10: 0.09, 20: 0.04, 30: 0.02}
    """
    _checks.number("near", near, least=0.0)
    generator = generator or np.random.default_rng(0)
    values = distances(rows)
    table = []
    for n in values["n"].to_numpy():
        one, networks = values.sel(n=n), rows[rows["n"] == n]
        mean = one.mean("repeat")
        table.append(
            {
                "n": int(n),
                **_region(mean, near),
                **_best(one, mean, generator),
                "diverged": float(np.mean(networks["diverged"] >= 0)),
                "overflow": float(np.mean(networks["overflow"])),
                "untrained": float((mean >= UNTRAINED * values.random_level).mean()),
                "random_level": values.random_level,
            }
        )
    return pd.DataFrame(table)


@_checks.door
def measures_table(measured: pd.DataFrame) -> Shown:
    """The measures that a page shows, a row a vertex.

    Area of the optimal region as a share of the grid, at least so much where it touches the edge; its centroid in 1/T
    and rate, and the largest rate in it; the least mean distance of a cell with its bootstrap interval; the share of
    cells that recall nothing.

    Args:
        measured: what `measures` returns.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.measures import measures, measures_table
        >>> measured = measures(Gallery().rows("study-modified-leaky"))
        >>> measures_table(measured).text.splitlines()[2]
        '| 2 | ≥ 31 % | 5.67 | 0.31 (to 5) | 0.00 [0.00, 0.00] | 40 % |'
    """
    rows = [
        (
            row["n"],
            f"{'≥ ' if row['touches_edge'] else ''}{100 * row['area']:.0f} %",
            10 ** row["log_inverse_temperature"],
            f"{10 ** row['log_learning_rate']:.2g} (to {row['largest_learning_rate']:.2g})" if row["area"] else "–",
            f"{row['best_distance']:.2f} [{row['best_low']:.2f}, {row['best_high']:.2f}]",
            f"{100 * row['untrained']:.0f} %",
        )
        for row in measured.to_dict("records")
    ]
    return table(["$n$", "area", "centre, $1/T$", "centre, rate", "best distance [95 %]", "recalls nothing"], rows)


@_checks.door
def drift(measured: pd.DataFrame) -> pd.DataFrame:
    """How far the optimal region moves from each vertex to the next.

    Args:
        measured: what `measures` returns.

    Returns:
        A row a pair of consecutive vertices: n, next_n and the shift of the centroid in decades of 1/T and of the rate;
        NaN where either region is empty.
    """
    here, there = measured.iloc[:-1].reset_index(drop=True), measured.iloc[1:].reset_index(drop=True)
    shifts = {name: there[f"log_{name}"] - here[f"log_{name}"] for name in ("inverse_temperature", "learning_rate")}
    return pd.DataFrame({"n": here["n"], "next_n": there["n"], **{f"shift_{name}": s for name, s in shifts.items()}})


def _region(mean: xr.DataArray, near: float) -> dict[str, object]:
    mean = mean.transpose("learning_rate", "inverse_temperature")
    axes = ("inverse_temperature", "learning_rate")
    found = Map(mean.to_numpy(), mean["learning_rate"].to_numpy(), mean["inverse_temperature"].to_numpy(), near)
    table: dict[str, object] = {
        "cells": found.region.size,
        "region": found.cells,
        "area": found.area,
        "area_decades": found.area_decades,
        "touches_edge": bool((found.region & found.edge).any()),
    }
    ends = [f"{end}_{axis}" for axis in axes for end in ("least", "largest")]
    table |= zip((f"log_{axis}" for axis in axes), found.place(), strict=True)
    return table | dict(zip(ends, found.extent, strict=True))


def _best(one: xr.DataArray, mean: xr.DataArray, generator: np.random.Generator) -> dict[str, object]:
    values = np.where(np.isnan(mean), np.inf, mean)
    padded = np.pad(mean.to_numpy(), 1, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    known = ~np.isnan(around)
    neighbourhood = np.where(known, around, 0).sum((-2, -1)) / np.maximum(known.sum((-2, -1)), 1)
    row, column = np.unravel_index(np.lexsort((neighbourhood.ravel(), values.ravel()))[0], values.shape)
    repeats = one.transpose("learning_rate", "inverse_temperature", "repeat").to_numpy()[row, column]
    repeats = repeats[~np.isnan(repeats)]
    drawn = repeats[generator.integers(len(repeats), size=(RESAMPLES, len(repeats)))].mean(-1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {
        "best_inverse_temperature": float(mean["inverse_temperature"][column]),
        "best_learning_rate": float(mean["learning_rate"][row]),
        "best_distance": float(values[row, column]),
        "best_low": float(low),
        "best_high": float(high),
    }
