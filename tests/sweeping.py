"""What tests of sweeps share: a small sweep, the bytes of its metrics, processes of their own, and a cluster."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import pandas as pd
import pytest

from damcore.sweeps import Experiment, Store, Sweep, store

TESTS = Path(__file__).parent
SMALL = Sweep(
    name="small",
    vertices=(2, 3),
    inverse_temperatures=(0.5, 1.5),
    learning_rates=(0.05, 0.4),
    repeats=2,
    epochs=15,
    n_neurons=24,
    n_memories=12,
    n_states=5,
)
LONG = replace(SMALL, epochs=3000)  # some seconds, to be interrupted in


def changed(**settings) -> Sweep:
    """The small sweep with other settings."""
    return replace(SMALL, **settings)


def metrics(experiment: Experiment, rows: pd.DataFrame) -> bytes:
    """The bytes of all metrics, in the order of the axes."""
    ordered = rows.sort_values(list(experiment.axes))
    return b"".join(np.ascontiguousarray(ordered[name].to_numpy(float)).tobytes() for name in experiment.metrics)


def environment(*folders: Path, **more: str) -> dict[str, str]:
    """The environment of a process that finds this module, `own_experiment`, and what further folders hold."""
    paths = [*folders, TESTS, TESTS / "damcore" / "sweeps", *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), **more}


def python(
    *arguments: str, folders: tuple[Path, ...] = (), stdout: int | BinaryIO = subprocess.PIPE, **more: str
) -> subprocess.CompletedProcess:
    """Run Python in a process of its own, with further folders to import from and variables of the environment."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment(*folders, **more))


def started(named: str, store: Path) -> subprocess.Popen:
    """A process that runs an experiment, named "module.NAME", in shards of three."""
    program = (
        f"import pathlib, {named.split('.')[0]}\n"
        "from damcore.sweeps import Store, experiment, run\n"
        "experiment.SHARD = 3\n"
        f"run({named}, Store(pathlib.Path({str(store)!r})), progress=False)\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, env=environment())


def killed(experiment: Experiment, named: str, store: Store, *, after: float) -> bool:
    """Kill a run some seconds after it stored another shard; whether that was in time."""
    folder = store.of(experiment)
    before = {path.name for path in folder.glob("*.parquet")}
    process = started(named, Path(store.folder))
    while process.poll() is None and {path.name for path in folder.glob("*.parquet")} <= before:
        time.sleep(0.01)
    time.sleep(after)
    hit = process.poll() is None
    process.kill()
    process.communicate()
    return hit


@contextmanager
def cut_off(folder: Path | str, cut: float, end: Callable[[], NoReturn]) -> Iterator[list[str]]:
    """Call `end` in place of operation number `cut` on what lies in a folder, and of each later one.

    Yields the names of the operations that were done, which grow. A write is done in two halves.
    """
    done: list[str] = []

    def counted(name: str, operation: Callable) -> Any:
        def call(*arguments, **options):
            if name in ("write", "fsync") or str(arguments[0]).startswith(str(folder)):
                if len(done) >= cut:
                    end()
                done.append(name)
            return operation(*arguments, **options)

        return call

    class Opened:
        def __init__(self, file: BinaryIO):
            self.file, self.flush, self.fileno = file, file.flush, file.fileno

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, content: bytes):
            for half in (content[: len(content) // 2], content[len(content) // 2 :]):
                counted("write", self.file.write)(half)
                self.flush()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "open", counted("open", lambda *how: Opened(open(*how))), raising=False)  # noqa: SIM115
        for name in ("mkdir", "fsync", "replace", "unlink", "listdir"):
            patch.setattr(os, name, counted(name, getattr(os, name)))
        yield done


@contextmanager
def cluster(folder: Path) -> Iterator:
    """A Dask client, and the two processes of its workers."""
    distributed = pytest.importorskip("distributed")
    file = folder / "scheduler.json"
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    worker = ["dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    processes = []
    try:
        for module, *options in (scheduler, worker, worker):
            command = [sys.executable, "-m", f"distributed.cli.{module}", "--scheduler-file", str(file), *options]
            quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            processes.append(subprocess.Popen(command, cwd=folder, env=environment(), **quiet))
        with distributed.Client(scheduler_file=str(file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()
