"""What MRS24 says of its maps, sentence by sentence, against the stored maps: a number and whether it shows it.

Reads rows, trains nothing. All numbers are those of the settings in `heat_maps`, the leaky rectified polynomial.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from damcore import _checks
from damcore.sweeps.gallery import Gallery
from damcore.sweeps.maps import measures
from damcore.sweeps.scoring import Maps

SMALL = (2, 3, 5, 10)  # vertices at which the original network has a region
STABLE = (10, 15, 20, 25, 30)
NAMES = ("original-coarse", "original-fine", "modified-coarse", "modified-fine", "modified-large")
HALF_DECADE = 10**0.5


@dataclass(frozen=True)
class Verdict:
    """One statement of the text.

    Attributes:
        where: its section.
        statement: in our words.
        measured: the numbers, in words.
        shown: whether they meet the threshold, which stands in the code beside the statement.
    """

    where: str
    statement: str
    measured: str
    shown: bool


@_checks.door
def verdicts(gallery: Gallery) -> list[Verdict]:
    """Every statement of sections 5 to 5.2 that the stored maps can answer.

    Source: MRS24 Eq. (13), (14).

    Args:
        gallery: the maps; the five sweeps of Figures 1-4 and 7-27 must be stored.

    Raises:
        StoreError: one of them is not.
    """
    tables = {name: measures(gallery.rows(name)).set_index("n") for name in NAMES}
    return [*_original(gallery, tables), *_modified(gallery, tables)]


def _original(gallery: Gallery, tables: dict[str, pd.DataFrame]) -> list[Verdict]:
    coarse, fine, modified = (tables[name] for name in ("original-coarse", "original-fine", "modified-coarse"))
    best = coarse.best_distance[2], modified.best_distance[2]
    centres = 10 ** coarse.log_inverse_temperature[list(SMALL)].to_numpy()  # numpy: a region that is missing is NaN
    rates = 10 ** coarse.log_learning_rate[list(SMALL)].to_numpy()
    shift, of_modified = _shift(coarse, SMALL), _shift(modified, SMALL)
    maps = {name: Maps(gallery.rows(name)) for name in ("original-coarse", "original-fine", "modified-coarse")}
    costs, as_much = (
        [maps[name].cost_of_rate(n) for n in (2, 5, 10)] for name in ("original-coarse", "modified-coarse")
    )
    left = [*coarse.region[[20, 30]].tolist(), *fine.region[[20, 30]].tolist()]
    excess = {name: [maps[f"original-{name}"].worse_than_around(n) for n in (20, 30)] for name in ("coarse", "fine")}
    overflown = sum(
        gallery.rows(name)["overflow"].tolist().count(True) for name in ("original-coarse", "original-fine")
    )
    near = bool(centres.min() > 0.01 / HALF_DECADE and centres.max() < 0.01 * HALF_DECADE)
    half = bool(rates.min() > 0.5 / HALF_DECADE and rates.max() < 0.5 * HALF_DECADE)
    return [
        Verdict("5", "n = 2 can be learned perfectly", f"best distance {best[0]:.2f} original, {best[1]:.2f} modified",
                bool(max(best) == 0)),
        Verdict("5.1", "original: the optimum lies near 1/T = 0.01",
                f"centroids {centres.min():.2g} to {centres.max():.2g}, n = 2 to 10", near),
        Verdict("5.1", "original: and near a rate of 0.5", f"centroids {rates.min():.2g} to {rates.max():.2g}",
                half),
        Verdict("5.1", "original: it shifts considerably with n",
                f"{shift:.2f} decades of 1/T, n = 2 to 10 (modified: {of_modified:.2f})", shift > 0.3),
        Verdict("5.1", "original: higher rates are worse",
                f"distance grows by {_listed(costs)} at n = 2, 5, 10 (modified: {_listed(as_much)})", min(costs) > 1),
        Verdict("5.1", "original: no region at larger n, nor on a finer grid",
                f"cells of it at n = 20, 30: {left[0]}, {left[1]}; on the fine grid {left[2]}, {left[3]}",
                not any(left)),
        *(
            Verdict("5.1", f"original: there it is worse than around, on the {name} grid",
                    f"by {of[0]:.2f} at n = 20, {of[1]:.2f} at n = 30", min(of) > 0.5)
            for name, of in excess.items()
        ),
        Verdict("5.1", "original: not because of overflow", f"{overflown} networks left the range of float64",
                overflown == 0),
    ]  # fmt: skip


def _modified(gallery: Gallery, tables: dict[str, pd.DataFrame]) -> list[Verdict]:
    original, coarse, fine, large = (tables[name] for name in NAMES if name != "original-fine")
    early, on_coarse, of_original = (_shift(table, (2, 5)) for table in (fine, coarse, original))
    later = fine.log_inverse_temperature[list(STABLE)].to_numpy()
    spread = _shift(fine, STABLE)
    offset = float(np.abs(later - np.log10(0.9)).max())
    sizes = ", ".join(f"{100 * fine.area[n]:.0f} %" for n in (5, 10, 20, 30))
    rates = [table.largest_learning_rate[list(SMALL)].to_numpy() for table in (coarse, original)]
    return [
        Verdict("5.2", "modified: the region shifts slightly up to n = 5",
                f"{early:.2f} decades of 1/T, n = 2 to 5; coarse grid {on_coarse:.2f} (original: {of_original:.2f})",
                0.05 < early < 1),
        Verdict("5.2", "modified: then its place is stable", f"{spread:.2f} decades over n = 10 to 30", spread < 0.15),
        Verdict("5.2", "modified: near 1/T = 0.9", f"centroids {10 ** later.min():.2f} to {10 ** later.max():.2f}",
                offset < 0.15),
        Verdict("5.2", "modified: its size remains large", f"{sizes} of the fine grid at n = 5, 10, 20, 30",
                bool(fine.area[30] > 0.5 * fine.area[5])),
        Verdict("5.2", "modified: it reaches larger rates than the original's",
                f"largest rates {_listed(rates[0])} against {_listed(rates[1])} at n = 2, 3, 5, 10",
                bool((rates[0] >= rates[1]).all() and rates[0][-1] > 2 * rates[1][-1])),
        *_reuse(gallery),
        Verdict("5, A.3", "modified: it works up to n = 100",
                f"cells of the region at n = 40, 50, ... 100: {', '.join(map(str, large.region))}",
                bool(large.region.min() > 0)),
    ]  # fmt: skip


def _reuse(gallery: Gallery) -> list[Verdict]:
    """Cells that lie in the optimal region of every vertex, on the fine grid: one choice for all of them."""
    every, later = ([n for n in gallery.sweeps["modified-fine"].vertices if n >= least] for least in (2, 5))
    small = {name: common(gallery, f"{name}-fine", SMALL) for name in ("original", "modified")}
    return [
        Verdict("5", f"modified: one choice of hyperparameters serves every n from {of[0]} to {of[-1]}",
                f"{common(gallery, 'modified-fine', of)} cells of the fine grid (n = 2 to 10: {small['modified']}, "
                f"original {small['original']})", common(gallery, "modified-fine", of) > 0)
        for of in (every, later)
    ]  # fmt: skip


@_checks.door
def common(gallery: Gallery, name: str, vertices: Iterable[int]) -> int:
    """How many cells of a sweep's grid lie in the optimal region of all these vertices.

    Args:
        gallery: the maps.
        name: of the sweep.
        vertices: n.
    """
    return int(np.logical_and.reduce([gallery.panel(name, n).region for n in vertices]).sum())


def _shift(table: pd.DataFrame, vertices: Iterable[int]) -> float:
    """Range of the centroids in decades of 1/T; NaN where a region is missing."""
    found = table.log_inverse_temperature[list(vertices)].to_numpy()
    return float(found.max() - found.min())


def _listed(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.2g}" for value in values)
