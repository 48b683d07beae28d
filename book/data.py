"""The numbers behind the maps, as files the pages load: a table a figure, and all maps as one plain script.

A browser refuses to fetch a file from file://, but it runs a script: `maps.js` assigns everything to one global.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.colors import to_hex

from damcompanion import figures as plotting
from damcompanion.mrs24.experiments.heat_maps import sweeps
from damcompanion.mrs24.experiments.temperature import CHOSEN_EVEN, CHOSEN_GAIN
from damcompanion.mrs24.figures import Gallery, write_tables
from damcompanion.mrs24.planes import PLANE_NAMES, plane
from damcompanion.mrs24.regions import AXES, NEAR, distances
from damcore.sweeps.training import Sweep

MAPS, GAINS = "window.DAMCORE_MAPS", "window.DAMCORE_GAINS"
COLOURS = 64  # a step is a quarter of a unit of distance
DIGITS = 3
SHOWN = (*sweeps(), "original-250-coarse", "original-polynomial-coarse", "modified-polynomial-coarse")


def write(folder: Path, gallery: Gallery) -> None:
    """Fill a folder with the tables of the figures and the maps of the explorer, and with nothing else.

    Args:
        folder: emptied first.
        gallery: the maps; sweeps that are not stored as a whole are named as missing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    write_tables(gallery, folder)
    for name, variable, values in (("maps", MAPS, maps(gallery)), ("gains", GAINS, gains(gallery))):
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
        (folder / f"{name}.js").write_text(f"{variable} = {text};\n", "utf8")


def maps(gallery: Gallery) -> dict[str, object]:
    """What the explorer shows: the maps that are stored as a whole, the others by name, and the colours."""
    missing = {name for name in SHOWN if gallery.store.missing(gallery.sweeps[name])}
    return {
        "near": NEAR,
        "colours": _colours(),
        "sweeps": [_stored(gallery, name) for name in SHOWN if name not in missing],
        "missing": [
            {**_described(gallery.sweeps[name]), "command": gallery.command(name)} for name in SHOWN if name in missing
        ],
    }


def gains(gallery: Gallery) -> dict[str, object]:
    """What the calculator shows: the pairs that were chosen, and the planes of gain and rate that are stored."""
    return {
        "near": NEAR,
        "colours": _colours(),
        "choices": {
            name: {"gain": gain, "rate": rate}
            for name, (gain, rate) in {"leaky": CHOSEN_GAIN, "polynomial": CHOSEN_EVEN}.items()
        },
        "planes": [_plane(gallery, name) for name in PLANE_NAMES if gallery.stored(name)],
    }


def _plane(gallery: Gallery, name: str) -> dict[str, object]:
    sweep = gallery.sweeps[name]
    shown = {n: plane(gallery, name, n) for n in sweep.vertices}
    first = shown[sweep.vertices[0]]
    return {
        "interaction": sweep.interaction,
        "N": sweep.n_neurons,
        "K": sweep.n_memories,
        "A": sweep.n_states,
        "random_level": round(gallery.random_level(name), DIGITS),
        "gains": first.inverses.tolist(),
        "rates": first.rates.tolist(),
        "maps": {str(n): _rounded(xr.DataArray(each.mean)).to_numpy().ravel().tolist() for n, each in shown.items()},
    }


def _colours() -> list[str]:
    return [to_hex(colour) for colour in colormaps[plotting.DISTANCE](np.linspace(0, 1, COLOURS))]


def _rounded(mean: xr.DataArray) -> xr.DataArray:
    """Means to few digits; rounding must not bring a cell into the region, where no figure has it."""
    return mean.round(DIGITS).where(mean <= NEAR, np.maximum(mean.round(DIGITS), NEAR + 10.0**-DIGITS))


def _described(sweep: Sweep) -> dict[str, object]:
    return {
        "name": sweep.name,
        "network": sweep.scaling,
        "interaction": sweep.interaction,
        "grid": sweep.name.rsplit("-", 1)[1],
        "N": sweep.n_neurons,
        "K": sweep.n_memories,
    }


def _stored(gallery: Gallery, name: str) -> dict[str, object]:
    sweep, rows = gallery.sweeps[name], gallery.rows(name)
    values = distances(rows).transpose("n", "learning_rate", "inverse_temperature", "repeat")
    return {
        **_described(sweep),
        "states": sweep.n_states,
        "repeats": sweep.repeats,
        "epochs": sweep.epochs,
        "commit": ", ".join(sorted(set(rows["commit"]))),
        "random_level": round(values.random_level, DIGITS),
        "inverse": values["inverse_temperature"].to_numpy().tolist(),
        "rates": values["learning_rate"].to_numpy().tolist(),
        "vertices": values["n"].to_numpy().tolist(),
        "maps": {str(n): _cells(values.sel(n=n), part) for n, part in rows.groupby("n")},
    }


def _cells(values: xr.DataArray, rows: pd.DataFrame) -> dict[str, list[float]]:
    """One map, cell by cell: along 1/T first, then along the rate; both from the least."""
    mean = values.mean("repeat")
    rows = rows.sort_values(AXES)
    # As in `distances`: training or recall left the range of the dtype.
    left = np.asarray(rows["overflow"]).astype(bool) | (np.asarray(rows["diverged"]) >= 0)
    return {
        "mean": _rounded(mean).to_numpy().ravel().tolist(),
        "least": values.min("repeat").round(DIGITS).to_numpy().ravel().tolist(),
        "largest": values.max("repeat").round(DIGITS).to_numpy().ravel().tolist(),
        "diverged": left.reshape(mean.size, -1).sum(-1).tolist(),
    }
