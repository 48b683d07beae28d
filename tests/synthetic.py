"""Rows of a sweep that was never trained: maps drawn by hand."""

import itertools
from collections.abc import Callable
from typing import Any

import pandas as pd

from damcore.sweeps.experiment import logarithmic
from damcore.sweeps.store import Store
from damcore.sweeps.training import Cell, Sweep

RATES = logarithmic(0.05, 5.0, 7)
INVERSE = logarithmic(1e-5, 10.0, 13)
FAR = 12.0


def rows(near: dict[int, list[tuple[int, int]]], *, inverse=INVERSE, repeats=2, near_distance=0.0, far=FAR,
         distances=None, scaling="original") -> pd.DataFrame:  # fmt: skip
    """n -> cells (index of the rate, index of 1/T) of the region; `distances` gives other cells, by (n, rate, 1/T)."""
    table = []
    for n, (i, rate), (j, value), repeat in itertools.product(
        near, enumerate(RATES), enumerate(inverse), range(repeats)
    ):
        distance = (distances or {}).get((n, i, j), near_distance if (i, j) in near[n] else far)
        table.append(
            {"name": "synthetic", "n": n, "learning_rate": rate, "inverse_temperature": value, "repeat": repeat,
             "distance": distance, "stable": float(distance == 0), "loss": 0.0, "sweeps": 1.0, "converged": 1.0,
             "diverged": -1, "overflow": False, "n_neurons": 100, "scaling": scaling}
        )  # fmt: skip
    return pd.DataFrame(table)


def store_sweep(
    store: Store,
    sweep: Sweep,
    distance: Callable[[Cell], float],
    *,
    diverged: tuple[Cell, ...] = (),
    commit: str = "abc1234",
    shard: int | None = None,
    further: dict[str, Callable[[Any], float]] | None = None,
):
    """Write a sweep, or one shard of it, as if it had been trained: distance by cell, and which left the range.

    `further` has metrics of the sweep's own. A sweep over gains has its inverse temperatures.
    """
    measured = {"stable": 0.0, "loss": 0.0, "sweeps": 1.0, "converged": 1.0, "overflow": False, "seconds": 0.1}
    own = dict(further or {})
    if "inverse_temperature" in sweep.metrics:
        own["inverse_temperature"] = sweep.inverse_temperature
    written = [
        {**cell._asdict(), **measured, "distance": distance(cell), "diverged": 3 if cell in diverged else -1}
        | {name: of(cell) for name, of in own.items() if name in sweep.metrics}
        for cell in (sweep.cells() if shard is None else sweep.shards()[shard])
    ]
    return store.write(sweep, shard, written, {"commit": commit})
