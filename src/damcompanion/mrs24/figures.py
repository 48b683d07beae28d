"""The figures of MRS24 from stored rows: which panel shows what, their pictures and tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from damcompanion.components import Panel, canvas, figure, marked, scale_bar
from damcompanion.figures import heat_map, outline, scale
from damcompanion.mrs24.experiments import experiments
from damcompanion.mrs24.experiments.heat_maps import LARGE, MODIFIED, ORIGINAL, with_memories
from damcompanion.mrs24.regions import Map, Maps, distances
from damcompanion.results import Results
from damcompanion.shown import Shown
from damcore import _checks
from damcore.sweeps.training import Sweep

HOW_TO_READ = (
    "Across: inverse temperature. Up: learning rate. Dark is good; the white line encloses the optimal region."
)


#: Figures of the appendix that differ in n alone: what a page shows together.
FAMILIES = {
    "original": range(7, 13),
    "modified": range(13, 21),
    "large": range(21, 28),
    "neurons": range(28, 34),
}


@dataclass(frozen=True)
class MapFigure:
    """One figure of heat maps in a text.

    Args:
        number: of the figure in MRS24.
        subject: what it shows.
        panels: (name of the sweep, vertex), in reading order.
    """

    number: int
    subject: str
    panels: tuple[tuple[str, int], ...]

    @property
    def anchor(self) -> str:
        """Its id in the book."""
        return f"mrs24-fig-{self.number}"

    @property
    def label(self) -> str:
        """Its name in a caption."""
        return f"MRS24 Figure {self.number}"


def figures() -> dict[str, MapFigure]:
    """The heat maps of MRS24 on random states, Figures 1-4 and 7-33: anchor -> figure.

    Our copies of the text do not say which vertices the panels of Figures 1-4 have; here they are 2, 5, 10 and 20.

    Example:
        >>> from damcompanion.mrs24.figures import figures
        >>> shown = figures()["mrs24-fig-7"]
        >>> shown.label, shown.subject
        ('MRS24 Figure 7', 'The original network, n = 2')
        >>> shown.panels
        (('original-k256-coarse', 2), ('original-k256-fine', 2))
    """
    found = [
        _selected(1, "The original network, coarse grid", "original", "coarse"),
        _selected(2, "The original network, fine grid", "original", "fine"),
        _selected(3, "The modified network, coarse grid", "modified", "coarse"),
        _selected(4, "The modified network, fine grid", "modified", "fine"),
        *_appendix(7, "The original network", "original", ORIGINAL),
        *_appendix(13, "The modified network", "modified", MODIFIED),
        *(
            MapFigure(21 + k, f"The modified network, n = {n}", ((with_memories("modified-large"), n),))
            for k, n in enumerate(LARGE)
        ),
        *_appendix(28, "The modified network, N = 250", "modified-250", ORIGINAL),
    ]  # fmt: skip
    return {figure.anchor: figure for figure in found}


def _selected(number: int, subject: str, network: str, grid: str) -> MapFigure:
    return MapFigure(number, subject, tuple((with_memories(f"{network}-{grid}"), n) for n in (2, 5, 10, 20)))


def _appendix(first: int, subject: str, network: str, vertices: tuple[int, ...]) -> list[MapFigure]:
    names = [with_memories(f"{network}-{grid}") for grid in ("coarse", "fine")]
    return [
        MapFigure(first + k, f"{subject}, n = {n}", tuple((name, n) for name in names)) for k, n in enumerate(vertices)
    ]


class Gallery(Results[Sweep]):
    """The maps of MRS24 at one size: as stored, or computed now.

    Args:
        profile: "smoke", "quick" or "paper".
        compute: train everything that is asked for now, instead of reading what is stored.
        folder: where stored results are; those of the repository by default.

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> gallery = Gallery()
        >>> gallery.sweeps["study-modified-leaky"].n_memories
        100
        >>> gallery.map("study-modified-leaky", 10).cells  # of the optimal region
        8
    """

    @_checks.door
    def __init__(self, profile: str = "paper", *, compute: bool = False, folder: Path | None = None):
        super().__init__(experiments, profile, compute=compute, folder=folder)
        self.distances = cache(lambda name: distances(self.rows(name)))
        self.maps = cache(lambda name: Maps(self.distances(name)))

    @property
    def sweeps(self) -> dict[str, Sweep]:
        """Name -> sweep."""
        return self.experiments

    @_checks.door
    def map(self, name: str, n: int) -> Map:
        """The heat map of one sweep at one vertex; a network that overflowed counts as one that recalls nothing."""
        return self.maps(name)[n]

    def random_level(self, name: str) -> float:
        """Mean distance of states that have nothing in common, sqrt(2 N)."""
        return (2 * self.sweeps[name].n_neurons) ** 0.5

    @_checks.door
    def show(self, shown: MapFigure) -> Shown:
        """One figure of the text: its heat maps side by side, dark where recall is good, the optimal region outlined.

        Args:
            shown: the figure.
        """
        caption = f"{shown.subject}. {self.settings([name for name, _ in shown.panels])}"
        return self.show_maps(_titled(shown), caption, label=shown.label, id=shown.anchor)

    @_checks.door
    def show_maps(
        self,
        panels: Sequence[tuple[str, str, int]],
        caption: str,
        *,
        label: str = "",
        id: str = "",
        paired: bool = False,
    ) -> Shown:
        """Heat maps side by side: dark where recall is good, the optimal region outlined.

        Args:
            panels: title, sweep and vertex of each, in reading order.
            caption: what to see; how to read a map is added.
            label: "MRS24 Figure 1" for a figure of the text.
            id: an anchor for links.
            paired: two maps a line, for pairs that are compared.
        """
        names = list(dict.fromkeys(name for _, name, _ in panels))
        level = max(self.random_level(name) for name in names)
        drawn = [self._panel(*panel, level) for panel in panels]
        text, bar = f"{caption} {HOW_TO_READ}", distance_scale(level)
        return figure(drawn, text, label=label, id=id, made_from=names, scale=bar, paired=paired)

    @_checks.door
    def show_family(self, anchors: Sequence[str]) -> Shown:
        """Figures of the text that differ in n alone, one below the other, each under its own anchor.

        Args:
            anchors: keys of `figures()`.
        """
        shown = [figures()[anchor] for anchor in anchors]
        names = [name for each in shown for name, _ in each.panels]
        level = max(self.random_level(name) for name in names)
        parts = [
            figure(
                [self._panel(*panel, level, small=True) for panel in _titled(each)],
                f"{each.subject}.",
                label=each.label,
                id=each.anchor,
                made_from=[name for name, _ in each.panels],
            )
            for each in shown
        ]
        key = f"<p>{marked(f'All of them: {self.settings(names)} {HOW_TO_READ}')}</p>"
        body = key + scale_bar(distance_scale(level)) + "".join(part.markup for part in parts)
        markup = f'<div class="dam-family">{body}</div>'
        return Shown("\n".join(part.text for part in parts), markup)

    def _panel(self, title: str, name: str, n: int, level: float, *, small: bool = False) -> Panel:
        shown, picture = self.map(name, n), canvas(2.3, 2.0) if small else canvas(3.1, 2.6)
        axes = picture.subplots()
        heat_map(axes, shown.mean, shown.inverses, shown.rates, limits=(0, level), ticks=2 if small else 4)
        outline(axes, shown.region)
        axes.set(xlabel="1/T", ylabel="rate")
        share = 100 * shown.region.mean()
        alt = f"Heat map of the recall distance, {name}, n = {n}: {share:.0f} % of the cells are optimal."
        return Panel(picture, title, alt=alt)

    def settings(self, names: Sequence[str]) -> str:
        """What sweeps have in common, in a sentence: "N = 100, K = 256, 20 states, 500 epochs, 21 x 21 cells, ..."."""
        found = []
        for sweep in (self.sweeps[name] for name in dict.fromkeys(names)):
            networks = f"{sweep.repeats} networks" if sweep.repeats > 1 else "one network"
            _, up, across, _ = sweep.axes.values()  # the rate, and 1/T or the gain
            cells = f"{len(across)} × {len(up)} cells of {networks}"
            sizes = f"$N = {sweep.n_neurons}$, $K = {sweep.n_memories}$, {sweep.n_states} states"
            found.append(f"{sizes}, {sweep.epochs} epochs, {cells}.")
        return " ".join(dict.fromkeys(found))

    @_checks.door
    def table(self, figure: MapFigure) -> pd.DataFrame:
        """The numbers of one figure, a row per cell: mean, least and largest distance over repeats."""
        parts = []
        for name, n in figure.panels:
            values = self.distances(name).sel(n=n)
            cells = {"mean": values.mean("repeat"), "least": values.min("repeat"), "largest": values.max("repeat")}
            part = xr.Dataset(cells).drop_vars("n").to_dataframe().reset_index()
            part.insert(0, "sweep", name)
            part.insert(1, "n", n)
            parts.append(part)
        return pd.concat(parts, ignore_index=True).round(4)


def _titled(shown: MapFigure) -> list[tuple[str, str, int]]:
    grids = [name.rsplit("-")[-1] for name, _ in shown.panels]
    further = [f", {grid} grid" if len(set(grids)) > 1 else "" for grid in grids]
    return [(f"$n = {n}${more}", name, n) for (name, n), more in zip(shown.panels, further, strict=True)]


@_checks.door
def distance_scale(level: float) -> Figure:
    """The scale of colours of a map, from 0 to the distance of states that have nothing in common.

    Args:
        level: that distance, sqrt(2 N).

    Example:
        >>> from damcompanion.mrs24.figures import distance_scale
        >>> [bar] = distance_scale((2 * 100) ** 0.5).axes  # of N = 100
        >>> bar.get_xlabel(), round(float(bar.get_xlim()[1]), 1)
        ('mean distance of recalled and learned states', 14.1)
    """
    bar = canvas(3.6, 0.62)
    scale(bar, limits=(0, level), label="mean distance of recalled and learned states")
    return bar


@_checks.door
def write_tables(gallery: Gallery, folder: Path) -> list[Path]:
    """One CSV file per figure whose sweeps are all stored, named by its anchor.

    Args:
        gallery: the maps.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for anchor, shown in figures().items():
        if not all(gallery.stored(name) for name, _ in shown.panels):
            continue
        path = folder / f"{anchor}.csv"
        gallery.table(shown).to_csv(path, index=False)
        written.append(path)
    return written
