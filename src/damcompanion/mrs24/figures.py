"""The figures of MRS24 from stored rows: which panel shows what, their pictures, tables and provenance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from damcompanion.figures import maps
from damcompanion.mrs24.experiments import experiments
from damcompanion.mrs24.experiments.heat_maps import LARGE, MODIFIED, ORIGINAL, with_memories
from damcompanion.mrs24.regions import Map, Maps, distances
from damcompanion.results import Results
from damcore import _checks
from damcore.sweeps.training import Sweep


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


def figures() -> dict[str, MapFigure]:
    """The heat maps of MRS24 on random states, Figures 1-4 and 7-33: anchor -> figure.

    Our copies of the text do not say which vertices the panels of Figures 1-4 have; here they are 2, 5, 10 and 20.
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
    def draw(self, picture: Figure, figure: MapFigure) -> None:
        """Draw the heat maps of one figure: dark where recall is good, the optimal region outlined.

        Args:
            picture: where to draw; its size is set.
            figure: whose maps.
        """
        grids = [f", {name.rsplit('-')[-1]} grid" if len(figure.panels) > 1 else "" for name, _ in figure.panels]
        titled = [(f"n = {n}{grid}", name, n) for (name, n), grid in zip(figure.panels, grids, strict=True)]
        self.draw_maps(picture, titled)

    @_checks.door
    def draw_maps(self, picture: Figure, panels: Sequence[tuple[str, str, int]], *, columns: int = 2) -> None:
        """Draw heat maps side by side: dark where recall is good, the optimal region outlined.

        Args:
            picture: where to draw; its size is set.
            panels: title, sweep and vertex of each, in reading order.
            columns: panels in a row.
        """
        shown = [(title, self.map(name, n)) for title, name, n in panels]
        side = 4.5 if columns == 2 else 10 / columns
        picture.set_size_inches(side * columns if len(shown) > 1 else 6, 0.87 * side * -(-len(shown) // columns))
        maps(
            picture,
            [(title, drawn.mean, drawn.inverses, drawn.rates, drawn.region) for title, drawn in shown],
            limits=(0, max(self.random_level(name) for _, name, _ in panels)),
            label="mean distance of recalled and learned states",
            columns=columns,
        )

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

    @_checks.door
    def origin(self, figure: MapFigure) -> str:
        """One sentence per sweep: how much was computed, with what, how long, and the command that does it again."""
        return "\n".join(self._origin(name) for name in dict.fromkeys(name for name, _ in figure.panels))

    def _origin(self, name: str) -> str:
        sweep, rows = self.sweeps[name], self.rows(name)
        shape = f"{len(sweep.inverse_temperatures)} x {len(sweep.learning_rates)} cells, {sweep.repeats} repeats"
        commits = ", ".join(sorted(set(rows["commit"])))
        minutes = rows["seconds"].sum() / len(sweep.vertices) / 60
        sizes = f"N = {sweep.n_neurons}, K = {sweep.n_memories}, {sweep.n_states} states"
        cost = f"{minutes:.1f} minutes a map, commit {commits}"
        again = self.command(name)
        return f"{name}: {shape}, {sweep.epochs} epochs,\n    {sizes}; {cost}\n    {again}"


@_checks.door
def write_tables(gallery: Gallery, folder: Path) -> list[Path]:
    """One CSV file per figure whose sweeps are all stored, named by its anchor.

    Args:
        gallery: the maps.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for anchor, figure in figures().items():
        if not all(gallery.stored(name) for name, _ in figure.panels):
            continue
        path = folder / f"{anchor}.csv"
        gallery.table(figure).to_csv(path, index=False)
        written.append(path)
    return written
