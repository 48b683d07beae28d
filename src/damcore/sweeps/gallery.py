"""The figures of a text from stored rows: their panels, their tables, where they come from, and an audit of them."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from damcore import _checks, plotting
from damcore.sweeps.executor import run, verify
from damcore.sweeps.extensions import further
from damcore.sweeps.grid import Sweep
from damcore.sweeps.heat_maps import MapFigure, figures, sweeps
from damcore.sweeps.maps import distances
from damcore.sweeps.region import NEAR
from damcore.sweeps.settings_study import study
from damcore.sweeps.store import Store, StoreError


@dataclass(frozen=True)
class Panel:
    """One heat map.

    Attributes:
        sweep: the sweep it is part of.
        n: its vertex.
        mean: mean distance over repeats (learning_rate, inverse_temperature).
        region: which cells are optimal, a mean distance of at most 2: one wrong neuron a state.
    """

    sweep: Sweep
    n: int
    mean: xr.DataArray
    region: np.ndarray

    @property
    def level(self) -> float:
        """Mean distance of states that have nothing in common, sqrt(2 N)."""
        return (2 * self.sweep.n_neurons) ** 0.5

    def drawn(self, title: str) -> tuple[str, np.ndarray, list[float], list[float], np.ndarray]:
        """What `plotting.maps` takes."""
        axes = (self.mean[axis].to_numpy().tolist() for axis in ("inverse_temperature", "learning_rate"))
        return title, self.mean.to_numpy(), *axes, self.region


@_checks.door
def results() -> Path:
    """The folder of committed results: `results` here or in a folder above, or of the source checkout.

    Raises:
        StoreError: there is none.
    """
    places = [*(folder / "results" for folder in (Path.cwd(), *Path.cwd().parents))]
    places.append(Path(__file__).resolve().parents[3] / "results")
    for place in places:
        if (place / "README.md").is_file():
            return place
    raise StoreError("There is no folder `results` here or above; work in a checkout of the repository.")


class Gallery:
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
        self.profile = profile
        self.sweeps = {**sweeps(profile), **further(profile), **study(profile)}
        self.computed = compute
        # Kept until the object is gone: what is computed here is nobody else's.
        self._passing = tempfile.TemporaryDirectory() if compute else None
        self.store = Store(Path(self._passing.name) if self._passing else (folder or results()) / profile)
        self._rows = cache(self._load)
        self.distances = cache(lambda name: distances(self._rows(name)))

    @_checks.door
    def rows(self, name: str) -> pd.DataFrame:
        """All rows of a sweep.

        Args:
            name: of the sweep.

        Raises:
            KeyError: no such sweep.
            StoreError: it is not stored, or not all of it: no map is drawn from a part of its cells.
        """
        return self._rows(name)

    def _load(self, name: str) -> pd.DataFrame:
        sweep = self.sweeps[name]
        if self.computed:
            return run(sweep, self.store, progress=False)
        if missing := self.store.missing(sweep):
            raise StoreError(
                f"{len(missing)} of {len(sweep.shards())} shards of {name} are not computed; "
                f"{command(sweep, self.profile)} computes them."
            )
        return self.store.frame(sweep)

    @_checks.door
    def panel(self, name: str, n: int) -> Panel:
        """The heat map of one sweep at one vertex; a network that overflowed counts as one that recalls nothing."""
        mean = self.distances(name).sel(n=n).mean("repeat").transpose("learning_rate", "inverse_temperature")
        return Panel(self.sweeps[name], n, mean, (mean <= NEAR).to_numpy())

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
        shown = [(title, self.panel(name, n)) for title, name, n in panels]
        side = 4.5 if columns == 2 else 10 / columns
        picture.set_size_inches(side * columns if len(shown) > 1 else 6, 0.87 * side * -(-len(shown) // columns))
        plotting.maps(
            picture,
            [panel.drawn(title) for title, panel in shown],
            limits=(0, max(panel.level for _, panel in shown)),
            label="mean distance of recalled and learned states",
            columns=columns,
        )

    @_checks.door
    def table(self, figure: MapFigure) -> pd.DataFrame:
        """The numbers of one figure, a row a cell: mean, least and largest distance over repeats."""
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
        """One sentence a sweep: how much was computed, with what, how long, and the command that does it again."""
        return "\n".join(self._origin(name) for name in dict.fromkeys(name for name, _ in figure.panels))

    def _origin(self, name: str) -> str:
        sweep, rows = self.sweeps[name], self.rows(name)
        shape = f"{len(sweep.inverse_temperatures)} x {len(sweep.learning_rates)} cells, {sweep.repeats} repeats"
        commits = ", ".join(sorted(set(rows["commit"])))
        minutes = rows["seconds"].sum() / len(sweep.vertices) / 60
        sizes = f"N = {sweep.n_neurons}, K = {sweep.n_memories}, {sweep.n_states} states"
        cost = f"{minutes:.1f} minutes a map, commit {commits}"
        again = command(sweep, self.profile)
        return f"{name}: {shape}, {sweep.epochs} epochs,\n    {sizes}; {cost}\n    {again}"

    @_checks.door
    def audit(self, names: list[str], *, sample: int = 20, seed: int | None = None) -> pd.DataFrame:
        """Train randomly chosen stored networks again, and compare.

        Args:
            names: sweeps, which share the sample.
            sample: networks in all.
            seed: of the choice; a fresh one by default.

        Returns:
            A row a network: sweep, axes, stored and recomputed distance, equal (every metric, bit for bit) and near:
            the new distance lies among those of the cell's repeats, or within one neuron a state (2) of them.
        """
        table = []
        for k, name in enumerate(names):
            share = sample // len(names) + (k < sample % len(names))
            if not share:
                continue
            rows = self.rows(name)
            compared = verify(self.sweeps[name], self.store, sample=share, seed=seed)
            for cell, metrics in compared.groupby(["n", "learning_rate", "inverse_temperature", "repeat"], sort=False):
                n, rate, inverse, repeat = cell  # pyright: ignore[reportGeneralTypeIssues]
                here = rows[(rows.n == n) & (rows.learning_rate == rate) & (rows.inverse_temperature == inverse)]
                distance = metrics.set_index("metric").loc["distance"]
                low, high = here["distance"].min() - NEAR, here["distance"].max() + NEAR
                table.append(
                    {"sweep": name, "n": n, "learning_rate": rate, "inverse_temperature": inverse, "repeat": repeat,
                     "stored": distance["stored"], "recomputed": distance["recomputed"],
                     "equal": bool((metrics["difference"] == 0).all()),
                     "near": bool(low <= distance["recomputed"] <= high)}
                )  # fmt: skip
        return pd.DataFrame(table)


def command(sweep: Sweep, profile: str) -> str:
    """The command that computes what the store of a profile lacks of a sweep."""
    return f"python -m damcore.sweeps run {sweep.name} --profile {profile}"


@_checks.door
def write_tables(gallery: Gallery, folder: Path) -> list[Path]:
    """One CSV file a figure whose sweeps are all stored, named by its anchor.

    Args:
        gallery: the maps.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for anchor, figure in figures().items():
        if any(gallery.store.missing(gallery.sweeps[name]) for name, _ in figure.panels):
            continue
        path = folder / f"{anchor}.csv"
        gallery.table(figure).to_csv(path, index=False)
        written.append(path)
    return written
