"""Which gains and rates work: tables and pictures of the stored rows on the temperature.

A cell works where the mean distance over the repeats is at most 2, one wrong neuron a state. A network that left the
range of its dtype counts as one that recalls nothing.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from damcompanion.components import Panel, canvas
from damcompanion.figures import DISTANCE, SCORE, heat_map, outline, scale
from damcompanion.mrs24.experiments.temperature import DESIGN, EVEN_FRESH, FEW, ON_PLANES, OTHERS, PLANES, SIZES, named
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import Map
from damcompanion.mrs24.temperature import SIZE
from damcompanion.results import NEAR
from damcore import _checks

SHARE = 0.95  # of states, the goal
#: The sweeps of what was chosen, on fresh draws: answer -> sweeps.
TABLES = {
    answer: [named(f"table-{answer}", size) for size in sizes]
    for answer, sizes in {"gain": SIZES, "constant": SIZES, "even": EVEN_FRESH}.items()
}
#: The sweeps that are judged.
LINES = [named("line", size) for size in DESIGN]
#: The sweeps of other functions, networks and initial memories: name -> sweeps.
OF_OTHERS = {
    "leaky": [named("line", size) for size in FEW],
    **{other: [named(f"line-{other}", size) for size in FEW] for other in OTHERS},
}
#: The planes of gain and rate.
PLANE_NAMES = [named(f"plane-{name}", size) for size, _, _ in PLANES for name in ON_PLANES]


@_checks.door
def served(gallery: Gallery) -> pd.DataFrame:
    """How the chosen gain and the chosen 1/T do at every size and vertex, on seeds that chose neither.

    Args:
        gallery: holds the sweeps `table-...`.

    Returns:
        A row an answer ("gain" or "constant"), size and vertex: near, the share of states that come back with one wrong
        neuron at most; distance; serves, whether near is at least 0.95 and distance at most 2.

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import served
        >>> served(Gallery()).groupby("answer").serves.sum().to_dict()  # of 81 each
        {'constant': 56, 'gain': 76}
    """
    return pd.concat([_served(gallery, answer) for answer in ("gain", "constant")], ignore_index=True)


@_checks.door
def served_even(gallery: Gallery) -> pd.DataFrame:
    """How the pair that was chosen for the even polynomials does at every size and vertex, on fresh seeds.

    Args:
        gallery: holds the sweeps `table-even-...`.

    Returns:
        As `served`, for the answer "even".

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import served_even
        >>> len(served_even(Gallery()))
        42
    """
    return _served(gallery, "even")


def _served(gallery: Gallery, answer: str) -> pd.DataFrame:
    rows = of_all(gallery, TABLES[answer])
    means = pd.DataFrame(rows.groupby([*SIZE, "n"], sort=False)[["near", "distance"]].mean()).reset_index()
    return means.assign(answer=answer, serves=(means.near >= SHARE) & (means.distance <= NEAR))


@_checks.door
def needs(gallery: Gallery, size: tuple[int, int, int], n: int) -> tuple[float, float, float]:
    """The gain and the rate that recall best at a size and a vertex, of the pairs that were tried.

    Args:
        gallery: holds the sweep `choose-gain-N-K-A`.
        size: N, K and A.
        n: the vertex.

    Returns:
        The gain, the rate, and the mean distance there.

    Raises:
        KeyError: no pair was chosen at this size.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import needs
        >>> gain, rate, distance = needs(Gallery(), (100, 100, 40), 2)
        >>> distance < 2
        True
    """
    rows = of_all(gallery, [named("choose-gain", size)])
    means = rows[rows.n == n].groupby(["gain", "learning_rate"]).distance.mean()
    gain, rate = means.idxmin()  # pyright: ignore[reportGeneralTypeIssues]
    return float(gain), float(rate), float(means.min())


@_checks.door
def served_panel(table: pd.DataFrame, title: str) -> Panel:
    """The share of states that come back with one wrong neuron at most, over n and size; what serves is outlined.

    Args:
        table: of one answer, from `served` or `served_even`.
        title: above it.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import served_even, served_panel
        >>> served_panel(served_even(Gallery()), "an even power").alt
        'an even power: it serves 39 of 42 sizes and vertices.'
    """
    shares = table.pivot(index=SIZE, columns="n", values="near")
    serves = table.pivot(index=SIZE, columns="n", values="serves")
    picture = canvas(3.3, 0.9 + 0.2 * len(shares))
    axes = picture.subplots()
    heat_map(axes, shares.to_numpy(float), shares.columns.to_numpy(), range(len(shares)), limits=(0, 1), colours=SCORE)
    outline(axes, serves.to_numpy(bool), colour="black")
    axes.set_xticks(range(len(shares.columns)), shares.columns)
    axes.set_yticks(range(len(shares)), [", ".join(map(str, size)) for size in shares.index])
    axes.set(xlabel="n", ylabel="N, K, A")
    alt = f"{title}: it serves {int(table.serves.sum())} of {len(table)} sizes and vertices."
    return Panel(picture, title, alt=alt)


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
        alt = f"{other}: n with a gain that works at all four sizes: {_listed(share.index[always])}."
        panels.append(Panel(picture, TITLES.get(other, other), alt=alt))
    return panels


TITLES = {
    "original": "leaky, original network",
    "symmetric": "leaky, memories from −1 to 1",
    "m2": "leaky, $m = 2$",
    "m4": "leaky, $m = 4$",
}


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values)) or "none"


def _lines(
    values: np.ndarray, gains: np.ndarray, labels: Sequence[str], *, height: float, colours: str = DISTANCE
) -> tuple[Figure, Axes]:
    picture = canvas(3.3, height)
    axes = picture.subplots()
    heat_map(axes, values, gains, range(len(labels)), limits=(0, 1), colours=colours)
    axes.set_yticks(range(len(labels)), labels)
    _decades(axes, gains)
    return picture, axes


def _decades(axes: Axes, gains: np.ndarray) -> None:
    """Every other power of ten along the gain, and a line at 1."""
    logs = np.log10(gains)
    places = (logs - logs[0]) / (logs[-1] - logs[0]) * (len(gains) - 1) if len(gains) > 1 else np.zeros(1)
    powers = [power for power in range(-6, 7, 2) if logs[0] - 1e-6 <= power <= logs[-1] + 1e-6]
    axes.set_xticks(np.interp(powers, logs, places), [f"{10.0**power:g}" for power in powers])
    for colour, width in (("black", 1.6), ("white", 0.7)):
        axes.axvline(np.interp(0, logs, places), color=colour, linewidth=width, linestyle="--")
    axes.set_xlabel("gain G")


@_checks.door
def plane(gallery: Gallery, name: str, n: int) -> Map:
    """The map over gain and rate at one vertex; the inverse temperatures of `Map` are gains here.

    Args:
        gallery: holds the sweep.
        name: of a sweep over gains and rates.
        n: the vertex.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.windows import plane
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
        >>> from damcompanion.mrs24.windows import planes
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
        _decades(axes, shown.inverses)
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
        >>> from damcompanion.mrs24.windows import early_panels
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
        alt = f"After {epochs} epochs some rate works at n = {_listed(means.index[works])}."
        panels.append(Panel(picture, f"{epochs} epoch{'s' * (epochs > 1)}", alt=alt))
    return panels


@_checks.door
def share_scale(label: str, colours: str = SCORE) -> Figure:
    """The scale of colours from 0 to 1.

    Args:
        label: what the colours mean.
        colours: a matplotlib colour map.

    Example:
        >>> from damcompanion.mrs24.windows import share_scale
        >>> [bar] = share_scale("share of states").axes
        >>> bar.get_xlabel()
        'share of states'
    """
    bar = canvas(3.6, 0.62)
    scale(bar, limits=(0, 1), label=label, colours=colours)
    return bar
