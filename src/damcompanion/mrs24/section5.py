"""What MRS24 says of its maps in sections 1 and 5 to 5.2 and in appendix A, sentence by sentence, with one rule each.

The same rule is put to both networks wherever the text compares them, and on the same grids. "Considerably" is a shift
of at least 0.3 decades of 1/T, a factor of two; "slightly" is one of at most 0.3 and at least 0.05, which a grid can
tell from none. A position that the text gives to a digit is met within 0.15 decades, a factor of 1.4, and so is
"similar"; one that it gives as a power of ten within half a decade. "Large" is at least half.
"""

from collections.abc import Iterable

import numpy as np

from damcompanion.mrs24.experiments.heat_maps import LARGE, MEMORIES, MODIFIED, ORIGINAL
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import Maps, step
from damcompanion.mrs24.statements import Look, Statement, Verdict, judge
from damcore import _checks

SLIGHT, CONSIDERABLE = 0.05, 0.3  # decades of 1/T
SIMILAR = 0.15
SMALL = (2, 3, 5, 10)  # vertices at which the original network has a region
LOST = (20, 30)
STABLE = (10, 15, 20, 25, 30)
NEURONS, STATES = (50, 100, 200), (10, 20, 40)


@_checks.door
def verdicts(gallery: Gallery, memories: int = MEMORIES) -> list[Verdict]:
    """Every statement of sections 1 and 5 to 5.2 and of appendix A that the stored maps can answer.

    Source: MRS24 Eq. (13), (14).

    Args:
        gallery: the maps.
        memories: K of the maps, 256 or 100.

    Raises:
        ValueError: there are no maps with so many memories.
    """
    if memories not in (MEMORIES, 100):
        _checks.refuse(f"`memories` must be {MEMORIES} or 100, got {memories}.")
    return judge(STATEMENTS, gallery, memories)


# What is measured: functions of a look and a view.


def _centres(maps: Maps, vertices: Iterable[int], *, axis: int = 0, inner: bool = False) -> np.ndarray:
    return np.array([maps[n].place(inner=inner)[axis] if n in maps else np.nan for n in vertices])


def _offset(network: str, vertices: Iterable[int], target: float, axis: int = 0):
    def measure(look: Look, view: str) -> float:
        return float(np.abs(_centres(look.maps(network, view), vertices, axis=axis) - np.log10(target)).max())

    return measure


def _shift(network: str, vertices: Iterable[int]):
    """Range of the centroids, of the cells that do not lie at the edge of the grid: a region goes on beyond it."""

    def measure(look: Look, view: str) -> float:
        return float(np.ptp(_centres(look.maps(network, view), vertices, inner=True)))

    return measure


def _in_common(network: str, vertices: Iterable[int]):
    return lambda look, view: look.maps(network, view).common(vertices)


def _best_at_2(look: Look, view: str) -> float:
    return max(look.maps(network, view)[2].best for network in ("original", "modified"))


def _cost_of_rate(look: Look, view: str) -> float:
    return float(np.min([look.maps("original", view)[n].cost_of_rate for n in (2, 5, 10)]))


def _cells_left(look: Look, view: str) -> float:
    return sum(look.maps("original", view)[n].cells for n in LOST)


def _worse_than_around(look: Look, view: str) -> float:
    return float(np.min([look.maps("original", view).worse_than_around(n) for n in LOST]))


def _overflown(look: Look, view: str) -> float:
    return look.gallery.rows(look.name("original", view))["overflow"].tolist().count(True)


def _rate_ratio(look: Look, view: str) -> float:
    """Largest rate of the modified region over the original's, at the largest vertex at which both have one."""
    of = {network: look.maps(network, view) for network in ("original", "modified")}
    both = [n for n in of["original"].with_region() if n in of["modified"].with_region()]
    return of["modified"][both[-1]].extent[3] / of["original"][both[-1]].extent[3] if both else np.nan


def _least_area(look: Look, view: str) -> float:
    maps = look.maps("modified", view)
    return min(maps[n].area for n in (10, 20, 30)) / maps[5].area if maps[5].cells else np.nan


def _area_at_100(look: Look, view: str) -> float:
    before = look.maps("modified", view)[5].area_decades
    return look.maps("modified", "large")[100].area_decades / before if before else np.nan


def _least_cells(vertices: Iterable[int]):
    def measure(look: Look, view: str) -> float:
        return min(look.maps("modified", "large" if view == "near 1" else view)[n].cells for n in vertices)

    return measure


def _width_in_columns(look: Look, view: str) -> float:
    """Widest region of the large vertices, in columns of the coarse grid."""
    ends = np.array([look.maps("modified", "large")[n].extent[:2] for n in LARGE])
    return float(np.log10(ends[:, 1] / ends[:, 0]).max() / step(look.maps("modified", "coarse")[2].inverses))


def _vertex(view: str) -> int:
    return int(view.removeprefix("n = "))


def _range_over_neurons(network: str):
    def measure(look: Look, view: str) -> float:
        found = [_centres(look.maps(network, f"size-{n}-20"), [_vertex(view)])[0] for n in NEURONS]
        return float(np.ptp(found))

    return measure


def _farthest_from_1(look: Look, view: str) -> float:
    names = [f"size-{n}-{a}" for n in NEURONS for a in STATES]
    return float(np.max([abs(_centres(look.maps("modified", name), [_vertex(view)])[0]) for name in names]))


def _moved_by(setting: str):
    """How far the centroid lies from that of decay 0.999 without momentum, in both networks where they have one."""

    def measure(look: Look, view: str) -> float:
        moved = []
        for network in ("original", "modified"):
            names = ("size-100-20", f"learning-{setting}")
            places = [_centres(look.maps(network, name), [_vertex(view)])[0] for name in names]
            if not np.isnan(places).all():  # neither has a region: the settings agree
                moved.append(abs(places[0] - places[1]))
        return float(np.max(moved)) if moved else np.nan

    return measure


def _rings(look: Look, view: str) -> float:
    """Least rise of the mean distance from one ring of cells around the region to the next, over three rings."""
    found = look.maps("original", "island-longer")[20]
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


# What the numbers are called.
FARTHEST = "farthest centroid, n = 2 to 10, in decades from it"
RANGE = "centroids of 1/T at n = {}, without the cells at the grid's edge: range in decades"
COMMON = "cells that lie in the region of every n"
OVER_N = "centroids of 1/T at N = 50, 100, 200: range in decades"
MOVED = "larger move of the two centroids, in decades"
NEAR_1 = ("near 1",)
SIZES = ("n = 5", "n = 20")

STATEMENTS = (
    Statement("perfect-2", "5", "n = 2 is “perfectly learnable”",
              "larger of the networks' least distances", _best_at_2, most=0),
    Statement("original-place", "5.1", "original: the optimum lies around 1/T = 0.01",
              FARTHEST, _offset("original", SMALL, 1e-2), most=0.5),
    Statement("original-rate", "5.1", "original: and around a rate of 0.5",
              FARTHEST, _offset("original", SMALL, 0.5, axis=1), most=0.5),
    Statement("original-shifts", "5.1", "original: it “shifts considerably” with n",
              RANGE.format("2, 3, 5, 10"), _shift("original", SMALL), least=CONSIDERABLE),
    Statement("original-cost", "5.1", "original: higher learning rates are worse",
              "distance at the largest rate less the least, mean over the region's columns, least of n = 2, 5, 10",
              _cost_of_rate, least=1),
    Statement("original-lost", "5.1", "original: at larger n no region is left on the grid",
              "cells of the region at n = 20 and 30", _cells_left, most=0),
    Statement("original-worse", "5.1", "original: where it was, distances exceed those around",
              "by how much, the lesser of n = 20, 30", _worse_than_around, least=0.5),
    Statement("original-rings", "5.1",
              "original: a very small region would be surrounded by an “increasingly suboptimal region”",
              "least rise from one ring of cells around it to the next, n = 20, four times the epochs",
              _rings, least=0, views=("close up",)),
    Statement("original-range", "5.1", "original: not because of overflow",
              "networks that left the range of float64", _overflown, most=0),
    Statement("original-none", "5", "original: no choice of hyperparameters serves every n from 2 to 30",
              COMMON, _in_common("original", ORIGINAL), most=0),
    Statement("modified-early", "5.2", "modified: the region “shifts slightly” up to n = 5",
              RANGE.format("2, 3, 5"), _shift("modified", (2, 3, 5)), least=SLIGHT, most=CONSIDERABLE),
    Statement("original-early", "5.2", "original: it does the same, “as in Figure 1”",
              RANGE.format("2, 3, 5"), _shift("original", (2, 3, 5)), least=SLIGHT, most=CONSIDERABLE),
    Statement("modified-stable", "5.2", "modified: then its position “remains stable”",
              RANGE.format("10 to 30"), _shift("modified", STABLE), most=SIMILAR),
    Statement("modified-place", "5.2", "modified: around 1/T = 0.9",
              "farthest centroid, n = 10 to 30, in decades from it", _offset("modified", STABLE, 0.9), most=SIMILAR),
    Statement("modified-size", "5.2", "modified: its “size remains large”",
              "least area of n = 10, 20, 30 over that of n = 5", _least_area, least=0.5),
    Statement("modified-substantial", "5.2, A.3", "modified: it “remains substantial” for large n",
              "area in decades at n = 100 over that of n = 5", _area_at_100, least=0.1),
    Statement("modified-rates", "5.2", "modified: it extends to much larger rates than the original's",
              "largest rate over the original's, at the largest n at which both have a region", _rate_ratio, least=2),
    Statement("modified-one", "5", "modified: one choice of hyperparameters serves every n from 2 to 30",
              COMMON, _in_common("modified", MODIFIED), least=1),
    Statement("modified-one-5", "5", "modified: one choice serves every n from 5 to 30",
              COMMON, _in_common("modified", MODIFIED[2:]), least=1),
    Statement("modified-one-large", "5, A.3", "modified: one choice serves every n from 40 to 100",
              COMMON, lambda look, view: look.maps("modified", "large").common(LARGE), least=1, views=NEAR_1),
    Statement("modified-100", "5, A.3", "modified: it works up to n = 100",
              "least number of cells of the region, n = 40 to 100", _least_cells(LARGE), least=1, views=NEAR_1),
    Statement("modified-coarse", "A.3", "modified: there the coarse grid does not capture the region well",
              "widest region, n = 40 to 100, in columns of the coarse grid", _width_in_columns, most=1, views=NEAR_1),
    Statement("modified-250", "5, A.4", "modified, N = 250, 30 states: its position remains stable, too",
              RANGE.format("10, 20, 30"), _shift("modified-250", (10, 20, 30)), most=SIMILAR),
    Statement("modified-neurons", "1",
              "modified: the optimum is “no longer heavily dependent on the size of the data vectors”",
              OVER_N, _range_over_neurons("modified"), most=CONSIDERABLE, views=SIZES),
    Statement("original-neurons", "1", "original: the optimum is heavily dependent on it",
              OVER_N, _range_over_neurons("original"), least=CONSIDERABLE, views=SIZES[:1]),
    Statement("modified-near-1", "5.2", "modified: it stabilizes “near 1” across dimensions and task sizes",
              "farthest centroid of nine sizes, in decades from 1", _farthest_from_1, most=SIMILAR, views=SIZES[1:]),
    Statement("decay", "5", "a decay of 1.0 gives similar results",
              MOVED, _moved_by("decay-1"), most=SIMILAR, views=SIZES),
    Statement("momentum", "5", "a higher momentum (0.6) gives similar results",
              MOVED, _moved_by("momentum-06"), most=SIMILAR, views=SIZES),
    Statement("exponent", "5", "modified: the error exponent m need not be raised for large n",
              "least number of cells of the region with m = 1, n = 10 to 30", _least_cells(STABLE), least=1),
)  # fmt: skip
