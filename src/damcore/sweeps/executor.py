"""Run a sweep to the end: in this process, or on a Dask cluster; plan it before, verify it afterwards."""

import importlib.metadata
import platform
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, islice
from pathlib import Path

import pandas as pd
import psutil
import torch
from tqdm import tqdm

from damcore import _checks
from damcore.sweeps.grid import BUDGET, Cell, Sweep
from damcore.sweeps.store import AXES, Store, cells_of
from damcore.sweeps.train import METRICS, train_cells

# Shards trained at once: a card is filled by some thousand networks, a processor by as many as it has cores.
GROUP = {"cpu": 1, "cuda": 32}


class PlanError(Exception):
    """A sweep that cannot be run here; the sentence says why and what to do."""

    refused = True  # raised from the public call, see `_checks.door`


@dataclass(frozen=True)
class Plan:
    """What a sweep will take: networks still to train, floating-point operations, peak memory in bytes, seconds."""

    networks: int
    operations: float
    memory: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.networks} networks to train, {self.operations:.2g} floating-point operations, "
            f"{self.memory / 2**20:.0f} MiB, about {_duration(self.seconds)}"
        )


@_checks.door
def plan(sweep: Sweep, store: Store, *, device: str = "cpu") -> Plan:
    """Estimate what is still to do, calibrated by training a few networks for a few epochs at each vertex.

    Args:
        sweep: the description.
        store: what is done already.
        device: where it would run.

    Returns:
        The plan.

    Raises:
        PlanError: a shard takes more than 2 GiB, or than the machine has free.
    """
    shards = sweep.shards()
    missing = [shards[k] for k in store.missing(sweep)]
    memory = _memory(sweep, device) if missing else 0
    seconds = 0.0
    for n in {shard[0].n for shard in missing}:
        waiting = sum(len(shard) for shard in missing if shard[0].n == n)
        seconds += waiting * _probe(sweep, n, device)
    networks = sum(map(len, missing))
    # One F, one f and the sums over them: a power by squaring, and about ten more operations an element.
    element = 10 + 2 * max(sweep.vertices).bit_length()
    operations = float(networks) * sweep.epochs * sweep.n_states * sweep.n_neurons * sweep.n_memories * element
    return Plan(networks, operations, memory, seconds)


def _memory(sweep: Sweep, device: str, client=None) -> int:
    """Bytes that training the largest shards together takes, refused where they are not to be had."""
    networks = min(GROUP[device] * max(map(len, sweep.shards())), len(sweep))
    memory, limit = networks * sweep.bytes_a_network, GROUP[device] * BUDGET
    if client is None:
        free = torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available
        limit = min(limit, free)
    if memory > limit:
        raise PlanError(
            f"Training {networks} networks of {sweep.name} at once takes about {memory / 2**30:.1f} GiB, and "
            f"{limit / 2**30:.1f} GiB are allowed. Use fewer memories or neurons, or dtype float32."
        )
    return memory


def _probe(sweep: Sweep, n: int, device: str) -> float:
    """Seconds for one network of vertex n, from a few networks spread over the axes and a few of the epochs."""
    cells = [cell for cell in sweep.cells() if cell.n == n]
    few = random.Random(0).sample(cells, min(16, len(cells)))

    def seconds(epochs: int) -> float:
        started = time.perf_counter()
        train_cells(replace(sweep, epochs=epochs), few, device=device)
        return (time.perf_counter() - started) / len(few)

    seconds(1)  # compiles
    longer = min(31, sweep.epochs + 1)
    # What is paid once, recall most of all, and what is paid each epoch.
    once = seconds(1)
    return once + max(0.0, seconds(longer) - once) / (longer - 1) * sweep.epochs


@_checks.door
def run(sweep: Sweep, store: Store, client=None, *, device: str = "cpu", progress: bool = True) -> pd.DataFrame:
    """Train every network that is not stored yet, shard by shard, and store each as it is done.

    Interrupting it loses the shard in hand at most, and the same call goes on from there. Several processes may work on
    one store; each shard is trained by one of them.

    Args:
        sweep: the description.
        store: where results go.
        client: a `dask.distributed.Client`, to train on its workers; the results are the same.
        device: "cpu" or "cuda".
        progress: show a bar with rate and time left.

    Returns:
        All rows of the sweep that are stored: all of it, unless another process still works on some.

    Raises:
        PlanError: a shard takes more than 2 GiB, or than the machine has free.
        StoreError: the store cannot be written.
    """
    missing = store.missing(sweep)
    shards = sweep.shards()
    if missing:
        _memory(sweep, device, client)
    with tqdm(
        total=len(sweep),
        initial=len(sweep) - sum(len(shards[k]) for k in missing),
        unit="network",
        desc=sweep.name,
        disable=not progress,
    ) as bar:
        if client is None:
            _here(sweep, store, missing, device, bar)
        else:
            _there(sweep, store, missing, device, bar, client)
    store.pack(sweep)
    return store.frame(sweep) if store.files(sweep) else pd.DataFrame()


def _here(sweep: Sweep, store: Store, missing: list[int], device: str, bar: tqdm) -> None:
    shards = sweep.shards()
    for group in _groups([(k, shards[k][0].n) for k in missing], GROUP[device]):
        with ExitStack() as locks:
            held = {k: locks.enter_context(store.hold(sweep, f"{k:05d}")) for k in group}
            mine = [k for k in group if held[k] and not store.has(sweep, k)]
            rows = iter(train_cells(sweep, [cell for k in mine for cell in shards[k]], device=device) if mine else [])
            for k in mine:
                store.write(sweep, k, list(islice(rows, len(shards[k]))), provenance(device))
        bar.update(sum(len(shards[k]) for k in group))


def _groups(shards: list[tuple[int, int]], size: int) -> Iterator[list[int]]:
    """Shards (number, vertex) in groups of one vertex that are trained together."""
    for _, same in groupby(shards, key=lambda shard: shard[1]):
        while group := [k for k, _ in islice(same, size)]:
            yield group


def _there(sweep: Sweep, store: Store, missing: list[int], device: str, bar: tqdm, client) -> None:
    from distributed import as_completed

    shards = sweep.shards()
    futures = {client.submit(_task, sweep, shards[k], device, pure=False, retries=3): k for k in missing}
    for future, (rows, origin) in as_completed(futures, with_results=True):
        k = futures[future]
        with store.hold(sweep, f"{k:05d}") as held:
            if held and not store.has(sweep, k):
                store.write(sweep, k, rows, origin)
        bar.update(len(shards[k]))


def _task(sweep: Sweep, cells: tuple[Cell, ...], device: str):
    return train_cells(sweep, cells, device=device), provenance(device)


@_checks.door
def verify(
    sweep: Sweep, store: Store, *, sample: int = 20, seed: int | None = None, device: str = "cpu"
) -> pd.DataFrame:
    """Train a random sample of stored cells again, each alone, and compare with what is stored.

    Args:
        sweep: the description.
        store: its results.
        sample: cells to train again.
        seed: of the choice; a fresh one by default.
        device: "cpu" or "cuda".

    Returns:
        A row a cell and metric: the axes, metric, stored, recomputed, difference; 0 on a machine of the same type, on
        another one a chaotic training may end elsewhere.

    Raises:
        StoreError: nothing is stored.
    """
    if sample < 1:
        raise PlanError(f"`sample` must be at least 1, got {sample}.")
    stored = store.frame(sweep)
    chosen = stored.sample(min(sample, len(stored)), random_state=seed)
    rows = []
    for cell, (_, old) in zip(cells_of(chosen), chosen.iterrows(), strict=True):
        (new,) = train_cells(sweep, [cell], device=device)
        for metric in METRICS:
            was, now = float(old[metric]), float(new[metric])  # pyright: ignore[reportArgumentType]
            same = was == now or (was != was and now != now)
            rows.append(
                {**{axis: new[axis] for axis in AXES}, "metric": metric, "stored": was, "recomputed": now,
                 "difference": 0.0 if same else abs(was - now)}
            )  # fmt: skip
    return pd.DataFrame(rows)


def provenance(device: str) -> dict[str, str]:
    """Where a result comes from: commit, versions and machine, a column each."""
    versions = {f"version_{name}": importlib.metadata.version(name) for name in ("damcore", "torch", "numpy", "numba")}
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    return {"commit": _commit(), "version_python": platform.python_version(), **versions, "device": f"{device}: {name}"}


@cache
def _commit() -> str:
    """The commit of the code that runs: asked once, since the checkout may move on while a long sweep does not."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
