"""Run an experiment: plan it, measure what is missing here or on a cluster, and verify what is stored."""

import importlib.metadata
import math
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
from tqdm import tqdm

from damcore import _checks, _kernels
from damcore.sweeps.experiment import BUDGET, Experiment
from damcore.sweeps.files import label_of
from damcore.sweeps.store import Store, cells_of

# Shards measured at once: some thousand networks fill a card, and as many as there are cores fill a processor.
GROUP = {"cpu": 1, "cuda": 32}

# Machines that agree in these columns are of one type, and measure the same bits.
LIKE = ("device", "fallback", "version_torch", "version_numpy", "version_numba")
ERRORS, ROUNDING = 4.0, 1e-6  # standard errors of a mean of differences; share of a mean
TOLERANCE = (
    "elsewhere rounding differs, and a chaotic training may end elsewhere; the mean of each metric over the sample "
    f"must agree within {ERRORS:g} standard errors."
)
FALLBACK = "fallback"  # the column of rows that were measured on the CPU without the compiled loops


class PlanError(Exception):
    """An experiment cannot be run here; the message says why and what to do."""

    refused = True  # raised from the public call, see `_checks.door`


@dataclass(frozen=True)
class Plan:
    """Say what an experiment will take.

    Attributes:
        cells: number of cells that are still to be measured.
        memory: peak of memory, in bytes.
        seconds: estimated time.
        unit: what a cell is.
    """

    cells: int
    memory: int
    seconds: float
    unit: str = "cell"

    def __str__(self) -> str:
        return f"{self.cells} {self.unit}s to do, {self.memory / 2**20:.0f} MiB, about {_duration(self.seconds)}"


@_checks.door
def plan(experiment: Experiment, store: Store, *, device: str = "cpu") -> Plan:
    """Estimate what an experiment will still take, by measuring a few cells of each kind.

    Args:
        experiment: the description.
        store: where its results are.
        device: "cpu" or "cuda".

    Returns:
        The plan.

    Raises:
        PlanError: a shard takes more than 2 GiB, or more than is free; or there is no such device.
        StoreError: the store cannot be read, or holds a file that is not sound.
        TypeError: `experiment` or `store` is none.
        ValueError: `device` is neither "cpu" nor "cuda".

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from damcore.sweeps import StablePatterns, Store, plan
        >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     plan(few, Store(Path(folder))).cells
        6
    """
    _has(device)
    shards = experiment.shards()
    missing = [shards[k] for k in store.missing(experiment)]
    memory = _memory(experiment, device) if missing else 0
    kinds: dict[object, list[Any]] = {}
    for shard in missing:
        kinds.setdefault(experiment.together(shard[0]), []).extend(shard)
    seconds = sum(len(cells) * experiment.seconds_per_cell(cells, device=device) for cells in kinds.values())
    return Plan(sum(map(len, missing)), memory, seconds, experiment.unit)


def _has(device: str) -> None:
    """Refuse a device that this machine does not have."""
    _checks.one_of("device", device, tuple(GROUP))
    if device == "cuda" and not torch.cuda.is_available():
        raise PlanError('there is no CUDA device here; use `device` "cpu".')


def _memory(experiment: Experiment, device: str, client=None) -> int:
    """Bytes that the largest group of shards takes; refuses more than is allowed or free."""
    cells = min(GROUP[device] * max(map(len, experiment.shards())), len(experiment))
    memory, limit = experiment.memory(cells), GROUP[device] * BUDGET
    if client is None:
        free = torch.cuda.mem_get_info()[0] if device == "cuda" else psutil.virtual_memory().available
        limit = min(limit, free)
    if memory > limit:
        raise PlanError(
            f"{experiment.name}: {cells} {experiment.unit}s at once take about {memory / 2**30:.1f} GiB, and "
            f"{limit / 2**30:.1f} GiB are allowed. {experiment.remedy}"
        )
    return memory


@_checks.door
def run(
    experiment: Experiment, store: Store, client=None, *, device: str = "cpu", progress: bool = True
) -> pd.DataFrame:
    """Measure every cell that is not stored yet, and store each shard once it is measured.

    An interrupted run loses at most the shard in hand; the same call resumes it, and removes what the other left
    unfinished. Several processes may work on one store: a lock gives each shard to one of them. A file that is not
    sound is set aside, and its cells are measured again. Nothing is written where all is stored already.

    A row that was measured on the CPU without the compiled loops, which differ from plain torch in rounding, says
    "plain torch" in the column `fallback`. All other rows have nothing there.

    Args:
        experiment: the description.
        store: where results go.
        client: a `dask.distributed.Client`, to measure on its workers; the results are the same.
        device: "cpu" or "cuda".
        progress: show a bar with rate and remaining time.

    Returns:
        All stored rows of the experiment. Some are missing only while another process works on them.

    Raises:
        PlanError: a shard takes more than 2 GiB, or more than is free; there is no such device; or the cluster is lost.
        StoreError: the store cannot be read or written.
        TypeError: `experiment` or `store` is none, or `measure` does not give the metrics of each cell.
        ValueError: `device` is neither "cpu" nor "cuda".

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from damcore.sweeps import StablePatterns, Store, run
        >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = run(few, Store(Path(folder)), progress=False)
        >>> rows.groupby("patterns")["stable"].mean().to_dict()
        {2: 1.0, 30: 0.0}
    """
    _has(device)
    store.mend(experiment)
    shards, missing = experiment.shards(), store.missing(experiment)
    if missing:
        _memory(experiment, device, client)
    with tqdm(
        total=len(experiment),
        initial=len(experiment) - sum(len(shards[k]) for k in missing),
        unit=experiment.unit,
        desc=experiment.name,
        disable=not progress,
    ) as bar:
        if client is None:
            _here(experiment, store, missing, device, bar)
        else:
            _there(experiment, store, missing, device, bar, client)
    store.pack(experiment)
    return store.frame(experiment) if store.files(experiment) else pd.DataFrame()


def measured(experiment: Experiment, cells: Sequence[Any], device: str) -> list[dict[str, Any]]:
    """Measure some cells: the row of each holds axes, metrics, and an equal share of the time that all took.

    Args:
        experiment: the description.
        cells: cells of one kind.
        device: "cpu" or "cuda".

    Raises:
        TypeError: `measure` does not give the metrics of each cell.
    """
    started = time.perf_counter()
    found = experiment.measure(cells, device=device)
    seconds = (time.perf_counter() - started) / len(cells)
    if len(found) != len(cells) or any(row.keys() != {*experiment.metrics} for row in found):
        _checks.refuse(
            f"`measure` of {type(experiment).__name__} must give {', '.join(experiment.metrics)} of each of "
            f"{len(cells)} cells, got {len(found)} rows" + (f" with {', '.join(found[0])}." if found else "."),
            TypeError,
        )
    return [{**cell._asdict(), **row, "seconds": seconds} for cell, row in zip(cells, found, strict=True)]


def _here(experiment: Experiment, store: Store, missing: list[int], device: str, bar: tqdm) -> None:
    shards = experiment.shards()
    kinds = [(k, experiment.together(shards[k][0])) for k in missing]
    for group in _groups(kinds, GROUP[device]):
        with ExitStack() as locks:
            held = {k: locks.enter_context(store.hold(experiment, label_of(k))) for k in group}
            mine = [k for k in group if held[k] and not store.has(experiment, k)]
            rows = iter(measured(experiment, [cell for k in mine for cell in shards[k]], device) if mine else [])
            for k in mine:
                store.write(experiment, k, list(islice(rows, len(shards[k]))), provenance(device))
        bar.update(sum(len(shards[k]) for k in group))


def _groups(shards: list[tuple[int, Any]], size: int) -> Iterator[list[int]]:
    """Shards (number, kind) in groups of one kind that are measured together."""
    for _, same in groupby(shards, key=lambda shard: shard[1]):
        while group := [k for k, _ in islice(same, size)]:
            yield group


def _there(experiment: Experiment, store: Store, missing: list[int], device: str, bar: tqdm, client) -> None:
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm.core import CommClosedError

    shards = experiment.shards()
    try:
        futures = {client.submit(_task, experiment, shards[k], device, pure=False, retries=3): k for k in missing}
        for future, result in as_completed(futures, with_results=True):
            if isinstance(result, BaseException):  # of a future that was cancelled
                raise result
            k, (rows, origin) = futures[future], result
            with store.hold(experiment, label_of(k)) as held:
                if held and not store.has(experiment, k):
                    store.write(experiment, k, rows, origin)
            bar.update(len(shards[k]))
    except (CancelledError, KilledWorker, CommClosedError) as error:
        lost = "several workers died with one shard" if isinstance(error, KilledWorker) else "the scheduler is gone"
        raise PlanError(
            f"The cluster was lost: {lost} ({type(error).__name__}). What is stored is whole; the same call, with a "
            f"cluster that works, measures the rest of {experiment.name}."
        ) from error


def _task(experiment: Experiment, cells: tuple[Any, ...], device: str):
    return measured(experiment, cells, device), provenance(device)


@_checks.door
def verify(
    experiment: Experiment, store: Store, *, sample: int = 20, seed: int | None = None, device: str = "cpu"
) -> pd.DataFrame:
    """Measure a random sample of stored cells again, each alone, and compare with the stored rows.

    Like is compared with like. On a machine of the type that measured a row the difference is promised to be 0: the
    same kind of device, the same versions of torch, numpy and numba, and compiled loops in both places or in neither.
    Processors of one kind must have the same vector instructions, too, which a row does not say.
    Such rows are chosen where there are any. On another type of machine rounding differs, and a chaotic training may
    end elsewhere, so no bound holds for one cell. There the mean of each metric over the sample agrees within four
    standard errors of the differences, see `unlike`.

    Args:
        experiment: the description.
        store: where its results are.
        sample: number of cells to measure again, at least 1.
        seed: seed of the choice, at least 0 and below 2**32; a fresh one by default.
        device: "cpu" or "cuda".

    Returns:
        One row per cell and metric: the axes, metric, stored, recomputed, difference, and whether a difference of 0 is
        promised.

    Raises:
        PlanError: `sample` is below 1, or there is no such device.
        StoreError: nothing is stored, or the store cannot be read.
        TypeError: `experiment` or `store` is none.
        ValueError: `sample` or `seed` is no whole number in its range, or `device` is neither "cpu" nor "cuda".

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from damcore.sweeps import StablePatterns, Store, run, verify
        >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = run(few, Store(Path(folder)), progress=False)
        ...     compared = verify(few, Store(Path(folder)), sample=4, seed=0)
        >>> len(compared), float(compared["difference"].max())
        (8, 0.0)
    """
    _has(device)
    _checks.whole("sample", sample, -sys.maxsize)
    if sample < 1:
        raise PlanError(f"`sample` must be at least 1, got {sample}.")
    if seed is not None:
        _checks.whole("seed", seed, 0)
        if seed >= 2**32:
            _checks.refuse(f"`seed` must be below 2**32, got {seed}.")
    stored = store.frame(experiment)
    alike = _alike(stored, provenance(device))
    stored = stored.loc[alike] if alike.any() else stored
    chosen = stored.sample(min(sample, len(stored)), random_state=seed)
    rows = []
    for cell, (_, old) in zip(cells_of(experiment, chosen), chosen.iterrows(), strict=True):
        (new,) = experiment.measure([cell], device=device)
        place = cell._asdict()
        for metric in experiment.metrics:
            was, now = float(old[metric]), float(new[metric])  # pyright: ignore[reportArgumentType]
            same = was == now or (was != was and now != now)
            rows.append(
                {**{axis: place[axis] for axis in experiment.axes}, "metric": metric, "stored": was, "recomputed": now,
                 "difference": 0.0 if same else abs(was - now)}
            )  # fmt: skip
    # Asked once more: the compiled loops may have been given up just now.
    promised = _alike(chosen, provenance(device)).repeat(len(experiment.metrics))
    return pd.DataFrame(rows).assign(promised=promised.to_numpy())


def _alike(stored: pd.DataFrame, here: dict[str, str]) -> pd.Series:
    """Which rows were measured on a machine of the type of this one; what a row does not say is taken to agree."""
    alike = pd.Series(True, index=stored.index)
    for column in LIKE:
        if column in stored:
            alike &= stored[column].astype(object).fillna("") == here.get(column, "")
        elif column == FALLBACK:  # a row without the mark is compiled
            alike &= FALLBACK not in here
    return alike


def unlike(compared: pd.DataFrame) -> list[str]:
    """Name the metrics in which a comparison of `verify` shows other rows than the stored ones.

    Where a difference of 0 is promised, these are all metrics that differ anywhere. Elsewhere they are those whose mean
    difference is above four standard errors, and above a millionth of the stored mean: rounding may err on one side.

    Args:
        compared: what `verify` returned.
    """
    found = []
    for metric, rows in compared.groupby("metric", sort=False):
        differs = bool(np.any(rows["difference"] != 0))
        found += [str(metric)] * (differs if np.all(rows["promised"]) else _means_differ(rows))
    return found


def _means_differ(rows: pd.DataFrame) -> bool:
    was, now = rows["stored"].to_numpy(float), rows["recomputed"].to_numpy(float)
    both = np.isfinite(was) & np.isfinite(now)
    if both.sum() < 2:  # one cell alone says nothing
        return False
    difference = now[both] - was[both]
    allowed = ERRORS * difference.std(ddof=1) / math.sqrt(both.sum())
    return bool(abs(difference.mean()) > max(allowed, ROUNDING * np.abs(was[both]).mean()))


def provenance(device: str) -> dict[str, str]:
    """Say where a result comes from, one column each: commit, versions and device, and the fallback where it served.

    Args:
        device: "cpu" or "cuda".
    """
    versions = {f"version_{name}": _version(name) for name in ("damcore", "torch", "numpy", "numba")}
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    # Asked after measuring: the loops are given up when the first one does not compile.
    way = {FALLBACK: "plain torch"} if device == "cpu" and not _kernels.available() else {}
    found = {"commit": _commit(), "version_python": platform.python_version(), **versions}
    return {**found, "device": f"{device}: {name}", **way}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@cache
def _commit() -> str:
    """The commit of the code that runs; asked once, since the checkout may change during a long run.

    An installed package may lie in somebody else's repository, whose commits do not hold it.
    """
    here = Path(__file__)
    git = ["git", "-C", str(here.parent)]
    try:
        subprocess.run([*git, "ls-files", "--error-unmatch", here.name], capture_output=True, check=True)
        command = [*git, "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
