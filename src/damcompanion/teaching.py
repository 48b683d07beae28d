"""Pictures that teach: a few neurons as dots, and the eight states of three neurons as the corners of a cube."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes

#: The states of three neurons.
CORNERS = np.array(list(product((-1, 1), repeat=3)))
DEPTH = np.array([0.62, 0.42])  # where the third axis of a cube points on paper


def dots(axes: Axes, rows: Mapping[str, Sequence[float]], notes: Sequence[str] = ()) -> None:
    """Draw states of a few neurons as rows of dots: full where a neuron is +1, a ring where it is -1.

    Args:
        axes: where to draw.
        rows: label -> state, from above.
        notes: what stands to the right of each row.

    Example:
        >>> from damcompanion.components import canvas
        >>> from damcompanion.teaching import dots
        >>> axes = canvas(3.6, 2.0).subplots()
        >>> rows = {"stored": [1, -1, 1], "probe": [1, 1, 1]}
        >>> dots(axes, rows, ["E = -27", "E = -1"])
        >>> [text.get_text() for text in axes.texts]
        ['stored', 'probe', 'E = -27', 'E = -1']
    """
    count = max(map(len, rows.values()))
    for y, (label, state) in enumerate(rows.items()):
        for x, value in enumerate(state):
            axes.scatter(x, y, s=330, facecolor="C0" if value > 0 else "none", edgecolor="C0", linewidth=1.6)
            shade = "white" if value > 0 else "C0"
            axes.scatter(x, y, s=70, marker="+" if value > 0 else "_", color=shade, linewidth=1.8)
        axes.text(-0.75, y, label, ha="right", va="center")
    for y, note in enumerate(notes):
        axes.text(count - 0.25, y, note, ha="left", va="center")
    axes.set(xlim=(-2.6, count + 1.1), ylim=(len(rows) - 0.4, -0.6), aspect="equal")
    axes.axis("off")


def cube(axes: Axes, energies: Sequence[float], *, path: Sequence[Sequence[int]] = ()) -> None:
    """Draw the states of three neurons as the corners of a cube: an edge changes one neuron.

    Each corner has its state and its energy. The corners of least energy are full.

    Args:
        axes: where to draw.
        energies: of the states (-1, -1, -1), (-1, -1, +1), ... (+1, +1, +1); the last neuron changes first.
        path: states that follow one another, drawn as arrows.

    Example:
        >>> from damcompanion.components import canvas
        >>> from damcompanion.teaching import CORNERS, cube
        >>> axes = canvas().subplots()
        >>> overlaps = CORNERS @ [1, -1, 1]  # of each corner with a pattern
        >>> cube(axes, (-(overlaps**3)).tolist())
        >>> axes.texts[5].get_text().splitlines()
        ['+ - +', 'E = -27']
    """
    places = CORNERS[:, :2] + np.outer(CORNERS[:, 2], DEPTH)
    for a, b in zip(*np.nonzero(np.abs(CORNERS[:, None] - CORNERS).sum(-1) == 2), strict=True):
        if a < b:
            axes.plot(*places[[a, b]].T, color=rcParams["text.color"], linewidth=0.6, alpha=0.5, zorder=1)
    low = np.isclose(energies, np.min(energies)) & (np.ptp(energies) > 0)
    axes.scatter(*places[~low].T, s=90, facecolor="C4", edgecolor="none", zorder=2)
    axes.scatter(*places[low].T, s=190, facecolor="C0", edgecolor="none", zorder=2)
    for state, place, energy in zip(CORNERS, places, energies, strict=True):
        signs = " ".join("+" if value > 0 else "-" for value in state)
        side = 1 if state[0] > 0 else -1
        axes.text(
            place[0] + 0.17 * side, place[1] + 0.02, f"{signs}\nE = {energy:g}",
            ha="left" if side > 0 else "right", va="center", fontsize=9, linespacing=1.15,
        )  # fmt: skip
    stops = [tuple(np.array(state)[:2] + state[2] * DEPTH) for state in path]
    for start, end in pairwise(stops):
        arrow = dict(arrowstyle="-|>,head_width=0.3,head_length=0.6", color="C1", linewidth=2.2, shrinkA=7, shrinkB=9)
        axes.annotate("", end, start, arrowprops=arrow, zorder=3)
    axes.set(xlim=(-3.0, 3.0), ylim=(-1.75, 1.75), aspect="equal")
    axes.axis("off")
