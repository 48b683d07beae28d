"""What MRS24 says of its maps, sentence by sentence, against the stored maps: a number and whether it shows it.

Reads rows, trains nothing. All numbers are those of the settings in `heat_maps`, the leaky rectified polynomial.
"""

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
    return [*_original(gallery, tables), *_modified(tables)]


def _original(gallery: Gallery, tables: dict[str, pd.DataFrame]) -> list[Verdict]:
    coarse, fine, modified = (tables[name] for name in ("original-coarse", "original-fine", "modified-coarse"))
    best = coarse.best_distance[2], modified.best_distance[2]
    centres = 10 ** coarse.log_inverse_temperature[list(SMALL)].to_numpy()  # numpy: a region that is missing is NaN
    rates = 10 ** coarse.log_learning_rate[list(SMALL)].to_numpy()
    shift = float(np.log10(centres.max() / centres.min()))
    maps = Maps(gallery.rows("original-coarse"))
    costs = [maps.cost_of_rate(n) for n in (2, 5, 10)]
    left = [*coarse.region[[20, 30]].tolist(), *fine.region[[20, 30]].tolist()]
    excess = [maps.worse_than_around(n) for n in (20, 30)]
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
        Verdict("5.1", "original: it shifts considerably with n", f"{shift:.2f} decades of 1/T, n = 2 to 10",
                shift > 0.3),
        Verdict("5.1", "original: higher rates are worse",
                f"distance grows by {', '.join(f'{cost:.1f}' for cost in costs)} at n = 2, 5, 10", min(costs) > 1),
        Verdict("5.1", "original: no region at modest n, nor on a finer grid",
                f"cells of it at n = 20, 30: {left[0]}, {left[1]}; on the fine grid {left[2]}, {left[3]}",
                not any(left)),
        Verdict("5.1", "original: there it is worse than around",
                f"by {excess[0]:.2f} at n = 20, {excess[1]:.2f} at n = 30", min(excess) > 0.5),
        Verdict("5.1", "original: not because of overflow", f"{overflown} networks left the range of float64",
                overflown == 0),
    ]  # fmt: skip


def _modified(tables: dict[str, pd.DataFrame]) -> list[Verdict]:
    original, coarse, fine, large = (tables[name] for name in NAMES if name != "original-fine")
    early = float(fine.log_inverse_temperature[2] - fine.log_inverse_temperature[5])
    later = fine.log_inverse_temperature[list(STABLE)].to_numpy()
    spread = float(later.max() - later.min())
    offset = float(np.abs(later - np.log10(0.9)).max())
    sizes = ", ".join(f"{100 * fine.area[n]:.0f} %" for n in (5, 10, 20, 30))
    rates = coarse.largest_learning_rate[10], original.largest_learning_rate[10]
    return [
        Verdict("5.2", "modified: the region shifts slightly up to n = 5", f"{early:.2f} decades of 1/T, n = 2 to 5",
                0.05 < early < 1),
        Verdict("5.2", "modified: then its place is stable", f"{spread:.2f} decades over n = 10 to 30", spread < 0.15),
        Verdict("5.2", "modified: near 1/T = 0.9", f"centroids {10 ** later.min():.2f} to {10 ** later.max():.2f}",
                offset < 0.15),
        Verdict("5.2", "modified: its size remains large", f"{sizes} of the fine grid at n = 5, 10, 20, 30",
                bool(fine.area[30] > 0.5 * fine.area[5])),
        Verdict("5.2", "modified: it reaches larger rates than the original's",
                f"largest rate {rates[0]:.2g} against {rates[1]:.2g} at n = 10", bool(rates[0] > 2 * rates[1])),
        Verdict("5, A.3", "modified: it works up to n = 100",
                f"cells of the region at n = 40, 50, ... 100: {', '.join(map(str, large.region))}",
                bool(large.region.min() > 0)),
    ]  # fmt: skip
