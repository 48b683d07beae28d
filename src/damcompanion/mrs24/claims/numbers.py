"""The numbers that sections 1 and 5 to 5.2 and appendix A of MRS24 are judged by: functions of a look and a view.

Positions are log10 of 1/T or of the learning rate. A network is an argument wherever a sentence could be put to either.
"""

from collections.abc import Callable, Iterable

import numpy as np

from damcompanion.mrs24.claims.looks import Look
from damcompanion.mrs24.experiments.heat_maps import LARGE
from damcompanion.mrs24.regions import Maps, step

Number = Callable[[Look, str], float]

NETWORKS = ("original", "modified")
NEURONS, STATES = (50, 100, 200), (10, 20, 40)
USUAL = "size-100-20"


def centres(maps: Maps, vertices: Iterable[int], *, axis: int = 0, inner: bool = False) -> np.ndarray:
    """Centroids of the regions along 1/T (axis 0) or the rate (1), of those vertices that the maps have; NaN for an
    empty region."""
    return np.array([maps[n].place(inner=inner)[axis] for n in vertices if n in maps])


# On the maps of one network, or of one setting of the study.


def cells_at(n: int) -> Callable[[Maps], float]:
    """Cells of the region at one vertex."""
    return lambda maps: maps[n].cells if n in maps else np.nan


def mean_offset(axis: int, target: float) -> Callable[[Maps], float]:
    """Mean distance of the centroid from a target, over those of n = 2 and 5 that have a region."""

    def single(maps: Maps) -> float:
        found = [abs(maps[n].place()[axis] - np.log10(target)) for n in maps.with_region((2, 5))]
        return float(np.mean(found)) if found else np.nan

    return single


def shift_to_last(maps: Maps) -> float:
    """From the centroid at n = 2 to that of the largest vertex with a region."""
    found = maps.with_region()
    return abs(maps[found[-1]].place()[0] - maps[2].place()[0]) if found[:1] == [2] else np.nan


def shift_to_5(maps: Maps) -> float:
    """From the centroid at n = 2 to that at n = 5."""
    return abs(maps[5].place()[0] - maps[2].place()[0]) if 2 in maps and 5 in maps else np.nan


def mean_cost_of_rate(maps: Maps) -> float:
    """Cost of a high rate, mean over those of n = 2 and 5 that have a region."""
    costs = [maps[n].cost_of_rate for n in maps.with_region((2, 5))]
    return float(np.mean(costs)) if costs else np.nan


def with_region(vertices: tuple[int, ...]) -> Callable[[Maps], float]:
    """How many of these vertices have a region; NaN where one of them was not computed."""
    return lambda maps: len(maps.with_region(vertices)) if all(n in maps for n in vertices) else np.nan


def farthest_of(vertices: tuple[int, ...], target: float) -> Callable[[Maps], float]:
    """Largest distance of a centroid from a target, NaN where a vertex has none."""

    def single(maps: Maps) -> float:
        if not all(n in maps for n in vertices):
            return np.nan
        return float(np.max(np.abs(centres(maps, vertices) - np.log10(target))))

    return single


def range_of(vertices: tuple[int, ...]) -> Callable[[Maps], float]:
    """Range of the centroids, NaN where a vertex has none."""
    return lambda maps: float(np.ptp(centres(maps, vertices))) if all(n in maps for n in vertices) else np.nan


def size_kept(maps: Maps) -> float:
    """Least area at n = 10, 20, 30 over that at n = 5."""
    if not maps.with_region((5,)):
        return np.nan
    return float(np.min([maps[n].area if n in maps else np.nan for n in (10, 20, 30)]) / maps[5].area)


def largest_rate_at_20(maps: Maps) -> float:
    """Largest learning rate of the region at n = 20."""
    return maps[20].extent[3] if 20 in maps else np.nan


def on(network: str, single: Callable[[Maps], float]) -> Number:
    """A number of one network's maps."""
    return lambda look, view: single(look.maps(network, view))


def worse_of(single: Callable[[Maps], float]) -> Number:
    """The lesser of both networks' numbers: what is said of both."""
    return lambda look, view: min(single(look.maps(network, view)) for network in NETWORKS)


# On maps of several sweeps.


def offset(network: str, vertices: Iterable[int], target: float, axis: int = 0) -> Number:
    """Largest distance of a centroid from a target."""

    def number(look: Look, view: str) -> float:
        found = np.abs(centres(look.maps(network, view), vertices, axis=axis) - np.log10(target))
        return float(found.max()) if found.size else np.nan

    return number


def shift(network: str, vertices: Iterable[int]) -> Number:
    """Range of the centroids of the cells that do not lie at the edge of the grid: a region goes on beyond it."""

    def number(look: Look, view: str) -> float:
        found = centres(look.maps(network, view), vertices, inner=True)
        return float(np.ptp(found)) if found.size else np.nan

    return number


def in_common(network: str, vertices: Iterable[int]) -> Number:
    """How many cells lie in the region of each of these vertices."""
    return lambda look, view: look.maps(network, view).common(n for n in vertices if n in look.maps(network, view))


def best_at_2(look: Look, view: str) -> float:
    """The larger of the networks' least distances at n = 2."""
    return max(look.maps(network, view)[2].best for network in NETWORKS)


def cost_of_rate(network: str) -> Number:
    """Least cost of a high rate over n = 2, 5, 10."""
    return lambda look, view: float(np.min([look.maps(network, view)[n].cost_of_rate for n in (2, 5, 10)]))


def cells_left(network: str, vertices: Iterable[int]) -> Number:
    """Cells of the region at these vertices."""
    return lambda look, view: sum(look.maps(network, view)[n].cells for n in vertices)


def worse_than_around(network: str, vertices: Iterable[int]) -> Number:
    """By how much distances where the region was exceed those around, the least of these vertices."""
    return lambda look, view: float(np.min([look.maps(network, view).worse_than_around(n) for n in vertices]))


def overflown(network: str) -> Number:
    """Networks that left the range of their dtype."""

    def number(look: Look, view: str) -> float:
        look.maps(network, view)
        rows = look.gallery.rows(look.name(look.other.get(network, network), view))
        return float(rows["overflow"].to_numpy().sum())

    return number


def rate_ratio(look: Look, view: str) -> float:
    """Largest rate of the modified region over the original's, at the largest vertex at which both have one."""
    of = {network: look.maps(network, view) for network in NETWORKS}
    both = [n for n in of["original"].with_region() if n in of["modified"].with_region()]
    return of["modified"][both[-1]].extent[3] / of["original"][both[-1]].extent[3] if both else np.nan


def area_at_100(look: Look, view: str) -> float:
    """Area in decades at n = 100 over that at n = 5."""
    before = look.maps("modified", view)[5].area_decades
    return look.maps("modified", "large")[100].area_decades / before if before else np.nan


def least_cells(network: str, vertices: Iterable[int]) -> Number:
    """Least number of cells of the region over these vertices."""

    def number(look: Look, view: str) -> float:
        maps = look.maps(network, "large" if view == "near 1" else view)
        return min(maps[n].cells for n in vertices if n in maps)

    return number


def width_in_columns(look: Look, view: str) -> float:
    """Widest region of the large vertices, in columns of the coarse grid."""
    ends = np.array([look.maps("modified", "large")[n].extent[:2] for n in LARGE])
    return float(np.log10(ends[:, 1] / ends[:, 0]).max() / step(look.maps("modified", "coarse")[2].inverses))


def _vertex(view: str) -> int:
    return int(view.removeprefix("n = "))


def range_over_neurons(network: str) -> Number:
    """Range of the centroids of 1/T over N = 50, 100, 200 at 20 states."""

    def number(look: Look, view: str) -> float:
        return float(np.ptp([centres(look.maps(network, f"size-{n}-20"), [_vertex(view)])[0] for n in NEURONS]))

    return number


def farthest_from_1(network: str) -> Number:
    """Farthest centroid from 1 over nine sizes."""

    def number(look: Look, view: str) -> float:
        names = [f"size-{n}-{a}" for n in NEURONS for a in STATES]
        return float(np.max([abs(centres(look.maps(network, name), [_vertex(view)])[0]) for name in names]))

    return number


def moved_by(others: Iterable[tuple[str, int]]) -> Number:
    """Largest move of either network's centroid, on the common axis N/T and 1/T_m, from the usual size and settings.

    Args:
        others: names of sweeps to compare with, each with its N.
    """
    others = tuple(others)

    def number(look: Look, view: str) -> float:
        found = []
        for network in NETWORKS:
            for name, neurons in others:
                unit = np.log10([100, neurons]) if network == "original" else (0.0, 0.0)
                places = [
                    centres(look.maps(network, of), [_vertex(view)])[0] + shifted
                    for of, shifted in zip((USUAL, name), unit, strict=True)
                ]
                if not np.isnan(places).all():  # neither has a region: they agree
                    found.append(abs(places[0] - places[1]))
        return float(np.max(found)) if found else np.nan

    return number


def rings(network: str) -> Number:
    """Least rise of the mean distance from one ring of cells around the region at n = 20 to the next, over three."""

    def number(look: Look, view: str) -> float:
        found = look.maps(network, "island-longer")[20]
        if not found.cells:
            return np.nan
        inside, means = found.region, []
        for _ in range(4):
            wider = inside.copy()
            wider[1:] |= inside[:-1]
            wider[:-1] |= inside[1:]
            wider[:, 1:] |= inside[:, :-1]
            wider[:, :-1] |= inside[:, 1:]
            means.append(found.mean[wider & ~inside].mean())
            inside = wider
        return float(np.diff(means).min())

    return number
