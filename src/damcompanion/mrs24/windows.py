"""Which gains work: the lines over the gain, of all sizes and of other functions and networks.

A cell works where the mean distance over the repeats is at most 2, one wrong neuron a state. A network that left the
range of its dtype counts as one that recalls nothing.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from damcompanion.components import Panel, canvas
from damcompanion.figures import DISTANCE, SCORE, heat_map, outline
from damcompanion.mrs24.experiments.temperature import DESIGN, FEW, OTHERS, named
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.temperature import SIZE
from damcompanion.results import NEAR
from damcore import _checks

#: The sweeps that are judged.
LINES = [named("line", size) for size in DESIGN]
#: The sweeps of other functions, networks and initial memories: name -> sweeps.
OF_OTHERS = {
    "leaky": [named("line", size) for size in FEW],
    **{other: [named(f"line-{other}", size) for size in FEW] for other in OTHERS},
}


@_checks.door
def of_all(gallery: Gallery, names: Iterable[str]) -> pd.DataFrame:
    """The rows of several sweeps in one table; a network that left the range of its dtype recalls nothing.

    Args:
        gallery: holds the sweeps.
        names: of the sweeps.

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import of_all
        >>> len(of_all(Gallery(), ["line-50-12-12", "line-70-40-8"]))
        1998
    """
    rows = pd.concat([gallery.rows(name) for name in names], ignore_index=True)
    left = rows.overflow.astype(bool) | (rows.diverged >= 0)
    return rows.assign(distance=np.where(left, (2 * rows.n_neurons) ** 0.5, rows.distance), overflow=left)


@_checks.door
def by_size(rows: pd.DataFrame, vertices: Sequence[int]) -> list[Panel]:
    """Which gains work at each size: a picture for each vertex, with a line for each size.

    Args:
        rows: of lines; see `of_all`.
        vertices: n.

    Returns:
        The panels; few copies of each state are below, many above.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import LINES, by_size, of_all
        >>> [panel] = by_size(of_all(Gallery(), LINES[:3]), [20])
        >>> panel.alt
        'n = 20: mean distance over the gain; 3 of 3 sizes have gains that work.'
    """
    sizes = sorted({*zip(*(rows[name] for name in SIZE), strict=True)}, key=lambda size: (size[1] / size[2], size[0]))
    panels = []
    for n in vertices:
        means = rows[rows.n == n].pivot_table(index=SIZE, columns="gain", values="distance").loc[sizes]
        gains, values = means.columns.to_numpy(float), means.to_numpy(float)
        level = np.array([(2 * size[0]) ** 0.5 for size in sizes])[:, None]
        works = values <= NEAR
        picture, axes = _lines(values / level, gains, [", ".join(map(str, size)) for size in sizes], height=3.1)
        outline(axes, works)
        some = int(works.any(1).sum())
        alt = f"n = {n}: mean distance over the gain; {some} of {len(sizes)} sizes have gains that work."
        panels.append(Panel(picture, f"$n = {n}$", alt=alt))
    return panels


@_checks.door
def shares(gallery: Gallery, other: str) -> pd.DataFrame:
    """At which share of the sizes each gain works.

    Args:
        gallery: holds the sweeps of `OF_OTHERS`.
        other: a key of `OF_OTHERS`.

    Returns:
        A row a vertex, a column a gain.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import shares
        >>> shares(Gallery(), "rectified")[1.0].to_dict()
        {2: 1.0, 3: 1.0, 5: 0.0, 10: 0.0, 20: 0.0, 30: 0.0, 50: 0.0, 70: 0.0, 100: 0.0}
    """
    rows = of_all(gallery, OF_OTHERS[other])
    means = rows.pivot_table(index=[*SIZE, "n"], columns="gain", values="distance")
    return pd.DataFrame(pd.DataFrame(means <= NEAR).groupby("n").mean())


@_checks.door
def by_function(gallery: Gallery) -> list[Panel]:
    """A picture for each function, network or way to start: at how many of the four sizes each gain works.

    Args:
        gallery: holds the sweeps of `OF_OTHERS`.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import by_function
        >>> [panel.title for panel in by_function(Gallery())][:3]
        ['leaky', 'polynomial', 'rectified']
    """
    panels = []
    for other in OF_OTHERS:
        share = shares(gallery, other)
        picture, axes = _lines(
            share.to_numpy(float), share.columns.to_numpy(float), [*map(str, share.index)], height=2.4, colours=SCORE
        )
        axes.set_ylabel("n")
        always = (share == 1).any(axis=1).to_numpy(bool)
        alt = f"{other}: n with a gain that works at all four sizes: {listed(share.index[always])}."
        panels.append(Panel(picture, TITLES.get(other, other), alt=alt))
    return panels


TITLES = {
    "original": "leaky, original network",
    "symmetric": "leaky, memories from −1 to 1",
    "m2": "leaky, $m = 2$",
    "m4": "leaky, $m = 4$",
}


def listed(values: Iterable[object]) -> str:
    """Values separated by commas, or the word none."""
    return ", ".join(map(str, values)) or "none"


def _lines(
    values: np.ndarray, gains: np.ndarray, labels: Sequence[str], *, height: float, colours: str = DISTANCE
) -> tuple[Figure, Axes]:
    picture = canvas(3.3, height)
    axes = picture.subplots()
    heat_map(axes, values, gains, range(len(labels)), limits=(0, 1), colours=colours)
    axes.set_yticks(range(len(labels)), labels)
    decades(axes, gains)
    return picture, axes


def decades(axes: Axes, gains: np.ndarray) -> None:
    """Write every other power of ten along the gain, and draw a line at 1."""
    logs = np.log10(gains)
    places = (logs - logs[0]) / (logs[-1] - logs[0]) * (len(gains) - 1) if len(gains) > 1 else np.zeros(1)
    powers = [power for power in range(-6, 7, 2) if logs[0] - 1e-6 <= power <= logs[-1] + 1e-6]
    axes.set_xticks(np.interp(powers, logs, places), [f"{10.0**power:g}" for power in powers])
    for colour, width in (("black", 1.6), ("white", 0.7)):
        axes.axvline(np.interp(0, logs, places), color=colour, linewidth=width, linestyle="--")
    axes.set_xlabel("gain G")
