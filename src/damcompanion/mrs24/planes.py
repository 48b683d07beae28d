"""Maps over the gain and the rate, and what they show after few epochs."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from damcompanion.components import Panel, canvas
from damcompanion.figures import heat_map, outline
from damcompanion.mrs24.experiments.temperature import DESIGN, GAIN, LARGEST, ON_PLANES, PLANES, RATE, named
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import Map
from damcompanion.mrs24.temperature import SIZE
from damcompanion.mrs24.windows import decades, listed, of_all
from damcompanion.results import NEAR
from damcore import _checks

#: The planes of gain and rate.
PLANE_NAMES = [named(f"plane-{name}", size) for size, _, _ in PLANES for name in ON_PLANES]
#: The maps of the design that neither answer had seen.
MAP_NAMES = [named("map", size) for size in DESIGN if math.prod(size) <= LARGEST]


@_checks.door
def regions(gallery: Gallery, names: Sequence[str], inverse: float) -> pd.DataFrame:
    """The region that works on each map over gain and rate, and whether it holds what law and constant predict.

    The law predicts a gain of 1, and the constant one 1/T, both at the rate at which they are judged. The nearest cell
    counts.

    Args:
        gallery: holds the sweeps.
        names: of sweeps over gains and rates.
        inverse: the constant 1/T.

    Returns:
        A row a map: N, K, A, n; area, the share of cells that work; law and constant, whether their cell works; gains,
        the number of gains that work at that rate.

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.planes import regions
        >>> found = regions(Gallery(), ["map-100-160-8"], 0.97)
        >>> bool(found.law.all()), len(found)
        (True, 9)
    """
    found = []
    for name in names:
        rows = of_all(gallery, [name])
        size = tuple(int(rows[column].iloc[0]) for column in SIZE)
        for n in sorted(set(rows.n)):
            shown = plane(gallery, name, n)
            at_one = float(np.mean(np.log(rows.inverse_temperature[rows.n == n]) * n - np.log(rows.gain[rows.n == n])))
            logs, rate = np.log(shown.inverses), int(np.abs(np.log(shown.rates / RATE)).argmin())
            cells = [int(np.abs(logs - wanted).argmin()) for wanted in (np.log(GAIN), n * np.log(inverse) - at_one)]
            works = [bool(shown.region[rate, cell]) for cell in cells]
            found.append((*size, n, shown.area, *works, int(shown.region[rate].sum())))
    return pd.DataFrame(found, columns=[*SIZE, "n", "area", "law", "constant", "gains"])


@_checks.door
def plane(gallery: Gallery, name: str, n: int) -> Map:
    """The map over gain and rate at one vertex; the inverse temperatures of `Map` are gains here.

    Args:
        gallery: holds the sweep.
        name: of a sweep over gains and rates.
        n: the vertex.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.planes import plane
        >>> shown = plane(Gallery(), "table-gain-100-256-20", 20)
        >>> shown.inverses.tolist(), shown.rates.tolist()  # gains and rates
        ([0.9], [3.0])
    """
    rows = of_all(gallery, [name])
    means = rows[rows.n == n].pivot_table(index="learning_rate", columns="gain", values="distance")
    return Map(means.to_numpy(float), means.index.to_numpy(float), means.columns.to_numpy(float))


@_checks.door
def planes(gallery: Gallery, name: str, vertices: Sequence[int]) -> list[Panel]:
    """Maps over gain and rate, one a vertex: dark where recall is good, the region that works outlined.

    Args:
        gallery: holds the sweep.
        name: of a sweep over gains and rates.
        vertices: n.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.planes import planes
        >>> [panel] = planes(Gallery(), "table-gain-100-256-20", [20])
        >>> panel.alt
        'Map of the recall distance over gain and rate, n = 20: 100 % of the cells work.'
    """
    panels = []
    for n in vertices:
        shown, picture = plane(gallery, name, n), canvas(3.1, 2.6)
        axes = picture.subplots()
        heat_map(axes, shown.mean, shown.inverses, shown.rates, limits=(0, gallery.random_level(name)))
        outline(axes, shown.region)
        decades(axes, shown.inverses)
        axes.set_ylabel("rate")
        alt = f"Map of the recall distance over gain and rate, n = {n}: {100 * shown.area:.0f} % of the cells work."
        panels.append(Panel(picture, f"$n = {n}$", alt=alt))
    return panels


@_checks.door
def early_panels(gallery: Gallery, names: Sequence[str]) -> list[Panel]:
    """Maps over rate and vertex at a gain of 1, one for each sweep: what networks recall after ever more epochs.

    Args:
        gallery: holds the sweeps.
        names: of sweeps over gains and rates that differ in their epochs.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.planes import early_panels
        >>> [panel] = early_panels(Gallery(), ["epochs-10-100-256-20"])
        >>> panel.alt
        'After 10 epochs some rate works at n = 2, 3, 5, 10, 20, 30, 50, 70, 100.'
    """
    panels = []
    for name in names:
        rows, epochs = of_all(gallery, [name]), gallery.sweeps[name].epochs
        rows = rows[np.isclose(rows.gain, 1)]
        means = rows.pivot_table(index="n", columns="learning_rate", values="distance")
        picture = canvas(3.1, 2.4)
        axes = picture.subplots()
        rates = means.columns.to_numpy(float)
        heat_map(axes, means.to_numpy(float), rates, range(len(means)), limits=(0, gallery.random_level(name)))
        outline(axes, means.to_numpy(float) <= NEAR)
        axes.set_yticks(range(len(means)), [*map(str, means.index)])
        axes.set(xlabel="rate", ylabel="n")
        works = (means <= NEAR).any(axis=1)
        alt = f"After {epochs} epochs some rate works at n = {listed(means.index[works])}."
        panels.append(Panel(picture, f"{epochs} epoch{'s' * (epochs > 1)}", alt=alt))
    return panels
