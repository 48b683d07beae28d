"""The optimal region of a map, and maps of all vertices of one sweep at a threshold and a choice of repeats.

A map is the mean distance between learned and relaxed states over learning rate (rows) and inverse temperature
(columns), at one vertex. Positions are log10, since both axes are spaced evenly in their logarithm.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np
import pandas as pd
import xarray as xr

from damcompanion.results import NEAR
from damcore import _checks

AXES = ["n", "learning_rate", "inverse_temperature", "repeat"]


@_checks.door
def distances(rows: pd.DataFrame) -> xr.DataArray:
    """Distances of one sweep as an array (n, learning_rate, inverse_temperature, repeat), NaN where there is no row.

    A network that left the range of its dtype counts as one that recalls nothing, sqrt(2 N): a neuron whose gap is not
    finite keeps its value, and what is stored would read as perfect recall.

    Args:
        rows: stored rows of one sweep, `Store.frame(sweep)`.

    Returns:
        The array, with the random level sqrt(2 N) in its attributes.

    Raises:
        ValueError: a column is missing, there is no row, or rows of several sweeps are mixed.
    """
    needed = [*AXES, "name", "distance", "diverged", "overflow", "n_neurons"]
    if absent := [name for name in needed if name not in rows]:
        _checks.refuse(f"`rows` must have the columns of a store; {', '.join(absent)} is missing.")
    if rows.empty or any(rows.duplicated(AXES)) or len(set(rows["name"])) > 1:
        _checks.refuse("`rows` must be those of one sweep, each cell and repeat once; use `Store.frame(sweep)`.")
    level = float(np.sqrt(2 * rows["n_neurons"].iloc[0]))
    left = rows["overflow"].astype(bool) | (rows["diverged"] >= 0)
    values = pd.Series(
        np.where(left, level, rows["distance"]),
        index=pd.MultiIndex.from_arrays([rows[axis] for axis in AXES], names=AXES),
    )
    return xr.DataArray.from_series(values).assign_attrs(random_level=level)


@dataclass(frozen=True)
class Map:
    """One heat map and its optimal region, the cells with a mean distance of at most `near`.

    Attributes:
        mean: mean distances (rates, inverse temperatures).
        rates: learning rates, ascending.
        inverses: inverse temperatures 1/T, ascending.
        near: the largest mean distance of the region.
    """

    mean: np.ndarray
    rates: np.ndarray
    inverses: np.ndarray
    near: float = NEAR

    @cached_property
    def region(self) -> np.ndarray:
        """Which cells belong to it."""
        return self.mean <= self.near

    @property
    def cells(self) -> int:
        """How many cells belong to it."""
        return int(self.region.sum())

    @property
    def area(self) -> float:
        """Its share of the cells."""
        return float(self.region.mean())

    @property
    def area_decades(self) -> float:
        """Its size in decades of 1/T times decades of the rate; NaN for an axis with one point."""
        return self.cells * step(self.rates) * step(self.inverses)

    @property
    def edge(self) -> np.ndarray:
        """Which cells of the grid are its outermost."""
        found = np.ones_like(self.region)
        found[1:-1, 1:-1] = False
        return found

    @property
    def best(self) -> float:
        """The least mean distance of a cell."""
        return float(np.nanmin(self.mean))

    def place(self, *, inner: bool = False) -> tuple[float, float]:
        """Centroid: means of log10 of 1/T and of the rate over the region, NaN where it is empty.

        Args:
            inner: leave out the outermost cells of the grid, beyond which the region may go on.
        """
        row, column = np.nonzero(self.region & ~self.edge if inner else self.region)
        if not len(row):
            return np.nan, np.nan
        return float(np.log10(self.inverses[column]).mean()), float(np.log10(self.rates[row]).mean())

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Least and largest 1/T, least and largest rate in the region, NaN where it is empty."""
        row, column = np.nonzero(self.region)
        if not len(row):
            return np.nan, np.nan, np.nan, np.nan
        inverses, rates = self.inverses[column], self.rates[row]
        return float(inverses.min()), float(inverses.max()), float(rates.min()), float(rates.max())

    @property
    def cost_of_rate(self) -> float:
        """Distance at the largest rate less the least over rates, averaged over the columns that have a cell of the
        region; NaN where there is none."""
        columns = self.mean[:, self.region.any(0)]
        return float((columns[-1] - columns.min(0)).mean()) if columns.size else np.nan

    def around(self, earlier: "Map") -> np.ndarray:
        """The cells where the region of another map of this grid lies, widened by a cell on each side."""
        row, column = np.nonzero(earlier.region)
        inside = np.zeros_like(self.region)
        inside[max(row.min() - 1, 0) : row.max() + 2, max(column.min() - 1, 0) : column.max() + 2] = True
        return inside

    def above(self, least: float) -> "Map":
        """The same map on a grid that starts at another inverse temperature."""
        kept = self.inverses >= least
        return Map(self.mean[:, kept], self.rates, self.inverses[kept], self.near)


class Maps:
    """The maps of one sweep, vertex by vertex.

    Args:
        values: `distances` of the sweep.
        near: the largest mean distance of the region.
        counts: how often each repeat enters the mean; once by default.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.regions import Maps
        >>> maps = Maps(Gallery().distances("study-modified-leaky"))
        >>> {n: maps[n].cells for n in maps}  # of the optimal region
        {2: 28, 5: 21, 10: 8, 20: 4, 30: 2}
    """

    def __init__(self, values: xr.DataArray, *, near: float = NEAR, counts: Iterable[int] | None = None):
        values = values.transpose("n", "learning_rate", "inverse_temperature", "repeat")
        weights = np.ones(values.sizes["repeat"]) if counts is None else np.array([*counts], float)
        taken = values.to_numpy()[..., weights > 0]
        means = (taken * weights[weights > 0]).sum(-1) / weights.sum()
        axes = (values[axis].to_numpy() for axis in ("learning_rate", "inverse_temperature"))
        rates, inverses = axes
        self._maps = {int(n): Map(mean, rates, inverses, near) for n, mean in zip(values["n"], means, strict=True)}

    def __getitem__(self, n: int) -> Map:
        return self._maps[n]

    def __contains__(self, n: object) -> bool:
        return n in self._maps

    def __iter__(self) -> Iterator[int]:
        return iter(self._maps)

    def with_region(self, vertices: Iterable[int] | None = None) -> list[int]:
        """Those of the vertices, of all by default, whose map has a region."""
        return [n for n in (self if vertices is None else vertices) if n in self and self[n].cells]

    def common(self, vertices: Iterable[int]) -> int:
        """How many cells lie in the region of every one of these vertices."""
        return int(np.logical_and.reduce([self[n].region for n in vertices]).sum())

    def worse_than_around(self, n: int) -> float:
        """Mean distance where the region last was, widened by a cell, less the median of the other cells; NaN where
        there was none, or is one at n."""
        found = self.with_region()
        if not found or found[-1] >= n or n not in self:
            return np.nan
        inside = self[n].around(self[found[-1]])
        if inside.all():
            return np.nan
        return float(self[n].mean[inside].mean() - np.median(self[n].mean[~inside]))


def step(axis: np.ndarray) -> float:
    """The size of a cell along an axis, in decades."""
    return float(np.log10(axis[-1] / axis[0]) / (len(axis) - 1)) if len(axis) > 1 else np.nan


def resamples(repeats: int) -> list[tuple[tuple[int, ...], float]]:
    """Every way to draw as many repeats with replacement: how often each is drawn, and the probability.

    Args:
        repeats: how many there are; 5 give 126 ways.
    """
    found = []
    for drawn in combinations_with_replacement(range(repeats), repeats):
        counts = tuple(drawn.count(k) for k in range(repeats))
        ways = factorial(repeats) / prod(map(factorial, counts))
        found.append((counts, ways / repeats**repeats))
    return found
