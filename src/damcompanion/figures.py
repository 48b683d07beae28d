"""Pictures of arrays: an array in, axes out. Nothing is computed or loaded here."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

# Both are uniform for colour-blind eyes, as in the figures of MRS24.
#: Colours of a distance: dark is good.
DISTANCE = "viridis"
#: Colours of a score: dark is bad.
SCORE = "cividis"
# Nothing where a pixel is least, so that the page shows through in either theme, and blue where it is most.
PIXELS = LinearSegmentedColormap.from_list("pixels", [(0, 0.447, 0.698, 0), (0, 0.447, 0.698, 1)])


def heat_map(
    axes: Axes,
    values: np.ndarray,
    x: Sequence[float] | np.ndarray,
    y: Sequence[float] | np.ndarray,
    *,
    limits: tuple[float, float],
    colours: str = DISTANCE,
    missing: str = "0.6",
    ticks: int = 4,
) -> AxesImage:
    """Draw values (y, x) as cells of equal size, labelled by the coordinates of their centres.

    Args:
        axes: where to draw.
        values: one number a cell; NaN is drawn in the colour `missing`.
        x: coordinates of the columns.
        y: coordinates of the rows, from below.
        limits: values of the two ends of the colour map.
        colours: a matplotlib colour map.
        missing: colour of a cell without a number.
        ticks: about how many cells along an axis have their coordinate written.

    Returns:
        The image, for a colour bar.
    """
    image = axes.imshow(values, origin="lower", aspect="auto", cmap=colours, vmin=limits[0], vmax=limits[1])
    image.set_cmap(image.cmap.with_extremes(bad=missing))
    for axis, centres in ((axes.xaxis, x), (axes.yaxis, y)):
        step = max(1, len(centres) // ticks)
        axis.set_ticks(range(0, len(centres), step), [f"{c:.2g}" for c in centres[::step]])
        axis.set_minor_locator(NullLocator())
    return image


def outline(axes: Axes, region: np.ndarray, *, colour: str = "white") -> None:
    """Draw the border of a region of cells on a heat map.

    Args:
        axes: where the heat map is.
        region: boolean (y, x).
        colour: of the line.
    """
    inside = np.pad(region, 1)
    upright = np.argwhere(inside[1:-1, 1:] != inside[1:-1, :-1])  # (y, x): cells x - 1 and x differ
    level = np.argwhere(inside[1:, 1:-1] != inside[:-1, 1:-1])
    borders = [[(x - 0.5, y - 0.5), (x - 0.5, y + 0.5)] for y, x in upright]
    borders += [[(x - 0.5, y - 0.5), (x + 0.5, y - 0.5)] for y, x in level]
    axes.add_collection(LineCollection(borders, colors=colour, linewidths=1.5, capstyle="projecting"))


def boundary(axes: Axes, edges: Sequence[float], *, dashes: str = "-") -> None:
    """Draw a line across a heat map, at one height for each column, black on white so that it is seen on every colour.

    Args:
        axes: where the heat map is.
        edges: the height in each column, in rows: 1.5 lies between the rows 1 and 2.
        dashes: the style of the line.
    """
    limits = {"xlim": axes.get_xlim(), "ylim": axes.get_ylim()}
    heights = [edges[0], *edges, edges[-1]]  # so that the line covers the outer columns wholly
    for colour, width in (("white", 3.0), ("black", 1.2)):
        axes.step(range(-1, len(edges) + 1), heights, dashes, where="mid", color=colour, linewidth=width)
    axes.set(**limits)


def scale(
    picture: Figure,
    *,
    limits: tuple[float, float],
    label: str,
    colours: str = DISTANCE,
    names: Sequence[str] = (),
) -> None:
    """Draw the scale of a colour map as a bar that lies down.

    Args:
        picture: where to draw.
        limits: values of the two ends of the colour map.
        label: what the colours mean, with the unit.
        colours: a matplotlib colour map.
        names: of the values 0, 1, ..., in place of numbers.
    """
    axes = picture.subplots()
    shades = ScalarMappable(Normalize(*limits), colours)
    bar = picture.colorbar(shades, cax=axes, orientation="horizontal", label=label)
    bar.outline.set_visible(False)
    if names:
        bar.set_ticks(range(len(names)), labels=list(names))


def counts(axes: Axes, values: np.ndarray, *, rows: Sequence[str], columns: Sequence[str], most: int) -> None:
    """Draw a table of counts: the number in each cell, on a colour that deepens with it.

    Args:
        axes: where to draw.
        values: counts (rows, columns); NaN leaves a cell empty.
        rows: labels, from above.
        columns: labels.
        most: the largest that a count can be.

    Example:
        >>> import numpy as np
        >>> from damcompanion.components import canvas
        >>> from damcompanion.figures import counts
        >>> axes, values = canvas(3, 2).subplots(), np.array([[7, np.nan], [3, 0]])
        >>> counts(axes, values, rows=["inside", "outside"], columns=["a", "b"], most=7)
        >>> [text.get_text() for text in axes.texts]
        ['7', '3', '0']
    """
    for y, x in np.argwhere(~np.isnan(values)):
        share = values[y, x] / most
        axes.add_patch(Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color="C0", alpha=0.6 * share, linewidth=0))
        axes.text(x, y, f"{values[y, x]:.0f}", ha="center", va="center")
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def pictures(figure: Figure, rows: dict[str, np.ndarray], *, limits: tuple[float, float] = (-1, 1)) -> None:
    """Draw rows of small pictures under one another, blue on whatever lies behind them.

    Args:
        figure: where to draw.
        rows: label -> pictures (columns, height, width), the same number of columns in each.
        limits: values of an empty and of a full pixel.

    Example:
        >>> import numpy as np
        >>> from damcompanion.components import canvas
        >>> from damcompanion.figures import pictures
        >>> picture, digits = canvas(6, 2), np.ones((5, 28, 28))
        >>> pictures(picture, {"stored": digits, "recalled": digits})
        >>> len(picture.axes), picture.axes[5].get_ylabel()
        (10, 'recalled')
    """
    columns = len(next(iter(rows.values())))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for line, (label, images) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            axes.imshow(image, cmap=PIXELS, vmin=limits[0], vmax=limits[1], interpolation="none")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, alpha=0.3)
        line[0].set_ylabel(label, rotation=0, ha="right", va="center")


def lines(axes: Axes, x: np.ndarray, curves: dict[str, np.ndarray], *, xlabel: str, ylabel: str) -> None:
    """Draw labelled curves over a common x, told apart by dashes as well as by colour.

    Args:
        axes: where to draw.
        x: common coordinate.
        curves: label -> values (x,).
        xlabel: label of the horizontal axis, with its unit.
        ylabel: label of the vertical axis, with its unit.
    """
    dashes = ["-", "--", "-.", ":"]
    for index, (label, values) in enumerate(curves.items()):
        # The first colours of matplotlib's "tab10" that stay apart for colour-blind eyes when dashes differ, too.
        axes.plot(x, values, dashes[index % 4], label=label, color=f"C{index % 10}")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend(frameon=False)
