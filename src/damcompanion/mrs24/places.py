"""Where the optimal region lies, as the vertex and the size of the network change. Reads rows, trains nothing."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from damcompanion.components import INK, Panel, canvas
from damcompanion.mrs24.experiments.beyond import NEURONS, STATES
from damcompanion.mrs24.experiments.heat_maps import MEMORIES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.measures import measures
from damcore import _checks

VERTICES = (2, 3, 5, 10, 20, 30, 50, 100)  # that an axis names
TEXT = 0.9  # 1/T_m around which the region "stabilises", MRS24 section 5.2
COLOURS = {"original": "C1", "modified": "C0"}
DASHES = ("-", "--", ":")


@_checks.door
def places(gallery: Gallery, name: str) -> pd.DataFrame:
    """Where the optimal region of a sweep lies at each vertex, on the axis that both networks share.

    That axis is 1/T of the modified network, and N/T of the original one: for a homogeneous F the two are one network
    there.

    Args:
        gallery: the maps.
        name: of the sweep.

    Returns:
        A row a vertex: n, centre (of the region), least and largest (its ends), rate (its centre), largest_rate, and
        area in decades of 1/T times decades of the rate. All but n and area are NaN where there is no region.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.places import places
        >>> found = places(Gallery(), "study-modified-leaky").set_index("n")
        >>> found.centre.round(2).to_dict()
        {2: 5.67, 5: 1.18, 10: 1.18, 20: 0.95, 30: 0.95}
    """
    sweep, found = gallery.sweeps[name], measures(gallery.rows(name))
    unit = sweep.n_neurons if sweep.scaling == "original" else 1
    return pd.DataFrame({
        "n": found["n"],
        "centre": unit * 10 ** found["log_inverse_temperature"],
        "least": unit * found["least_inverse_temperature"],
        "largest": unit * found["largest_inverse_temperature"],
        "rate": 10 ** found["log_learning_rate"],
        "largest_rate": found["largest_learning_rate"],
        "area": found["area_decades"],
    })  # fmt: skip


@_checks.door
def drift_panels(original: pd.DataFrame, modified: pd.DataFrame, closer: pd.DataFrame) -> list[Panel]:
    """The drift of both networks with the vertex: where the region lies, and how large it is.

    A vertex without a region has no mark, no line leads there, and the picture says so in words.

    Args:
        original: what `places` returns for the original network.
        modified: the same for the modified one.
        closer: the same on a narrower grid, for larger vertices; its marks are hollow.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.places import drift_panels, places
        >>> gallery = Gallery()
        >>> original = places(gallery, "study-original-leaky")
        >>> modified = places(gallery, "study-modified-leaky")
        >>> place, area = drift_panels(original, modified, modified.query("n > 10"))
        >>> place.title, area.title
        ('Where the region lies', 'How large it is')
        >>> "none at n = 20" in place.alt
        True
    """
    tables = {"original": original, "modified": modified, "modified, closer": closer}
    place, axes = _over_vertices("inverse temperature, N/T or 1/T")
    axes.axhline(TEXT, color=INK, linewidth=0.8, linestyle=":")
    axes.text(1.9, TEXT, f"{TEXT}", va="top", fontsize=9)
    for label, table in tables.items():
        colour = COLOURS[label.partition(",")[0]]
        axes.vlines(_beside(label, table), table["least"], table["largest"], color=colour, alpha=0.35, linewidth=5)
    area, further = _over_vertices("area, square decades")
    for each, column in ((axes, "centre"), (further, "area")):
        for label, table in tables.items():
            _line(each, label, table, column)
    axes.set(ylim=(0.08, 40), yticks=[0.1, 1, 10], yticklabels=["0.1", "1", "10"])
    further.set(ylim=(0.008, 6), yticks=[0.01, 0.1, 1], yticklabels=["0.01", "0.1", "1"])
    for each in (axes, further):
        each.minorticks_off()
    return [
        Panel(place, "Where the region lies", alt=f"Centre of the optimal region by vertex. {_read(tables, 'centre')}"),
        Panel(area, "How large it is", alt=f"Area of the optimal region by vertex. {_read(tables, 'area')}"),
    ]


@_checks.door
def size_panels(gallery: Gallery, vertices: Iterable[int]) -> list[Panel]:
    """The centre of the region against the number of neurons, a line for each number of states, a panel a vertex.

    Args:
        gallery: holds the sweeps `original-k256-size-N-A` and `modified-k256-size-N-A`.
        vertices: of these sweeps.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.places import size_panels
        >>> [panel] = size_panels(Gallery(), [5])
        >>> panel.alt
        'Centre of the optimal region against the number of neurons, n = 5.'
    """
    return [_size_panel(gallery, n) for n in vertices]


def _size_panel(gallery: Gallery, n: int) -> Panel:
    picture = canvas(4.0, 3.0)
    axes = picture.subplots()
    for network, colour in COLOURS.items():
        names = [[f"{network}-k{MEMORIES}-size-{size}-{states}" for states in STATES] for size in NEURONS]
        centres = np.array([[places(gallery, name).set_index("n")["centre"][n] for name in line] for line in names])
        for dash, of_states in zip(DASHES, centres.T, strict=True):
            axes.plot(NEURONS, of_states, f"o{dash}", color=colour, markersize=4)
        there = np.flatnonzero(np.isfinite(centres).any(1))
        if there.size:
            last, above = there[-1], network == "original"
            axes.annotate(
                network,
                (NEURONS[last], np.nanmax(centres[last]) if above else np.nanmin(centres[last])),
                (0, 8 if above else -8),
                textcoords="offset points",
                color=INK,
                ha="right" if last == len(NEURONS) - 1 else "left",
                va="bottom" if above else "top",
            )
    axes.set(xscale="log", yscale="log", ylim=(0.1, 30), xlabel="neurons N", ylabel="centre, N/T or 1/T")
    axes.set_xticks(NEURONS, [str(size) for size in NEURONS])
    axes.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.minorticks_off()
    axes.grid(visible=True, axis="y")
    return Panel(picture, f"$n = {n}$", alt=f"Centre of the optimal region against the number of neurons, n = {n}.")


def _over_vertices(ylabel: str) -> tuple[Figure, Axes]:
    picture = canvas(4.0, 3.4)
    axes = picture.subplots()
    axes.set(xscale="log", yscale="log", xlim=(1.8, 115), xlabel="interaction vertex n", ylabel=ylabel)
    axes.set_xticks(VERTICES, [str(n) for n in VERTICES])
    axes.grid(visible=True, axis="y")
    return picture, axes


def _beside(label: str, table: pd.DataFrame) -> np.ndarray:
    """Vertices, moved a little, so that the bars of two networks do not hide one another."""
    return table["n"].to_numpy() * {"original": 0.97, "modified": 1.03}.get(label, 1.0)


def _line(axes: Axes, label: str, table: pd.DataFrame, column: str) -> None:
    network, closer, _ = label.partition(",")
    there, colour = table["area"].to_numpy() > 0, COLOURS[network]
    n, values = _beside(label, table), np.where(there, table[column], np.nan)
    style = {"color": colour, "markersize": 5, "markerfacecolor": "none" if closer else colour}
    axes.plot(n, values, "o--" if closer else "o-", **style)
    if closer or not there.any():
        return
    last = np.flatnonzero(there)[-1]
    lost = table["n"].to_numpy()[~there]
    words = f"{network}\nnone at n = {', '.join(map(str, lost))}" if lost.size else network
    shift = (8, 0) if network == "original" else (4, 10)
    axes.annotate(
        words,
        (n[last], values[last]),
        shift,
        textcoords="offset points",
        color=INK,
        va="top" if lost.size else "bottom",
        fontsize=9,
    )


def _read(tables: dict[str, pd.DataFrame], column: str) -> str:
    """What a picture shows, in words."""
    found = []
    for label, table in tables.items():
        there = table["area"] > 0
        values = [
            f"{value:.2g} at n = {n}" if known else f"none at n = {n}"
            for n, value, known in zip(table["n"], table[column], there, strict=True)
        ]
        found.append(f"{label}: {', '.join(values)}.")
    return " ".join(found)
