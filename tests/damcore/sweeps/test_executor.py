"""The executor: interrupted and killed runs, several processes, a cluster, the plan, and the check of stored rows."""

import importlib.metadata
import io
import math
import random

import pandas as pd
import psutil
import pytest
import torch

from cases import refused
from damcore import _kernels
from damcore.sweeps import PlanError, Store, StoreError, Sweep, executor, plan, run, training, verify
from damcore.sweeps.store import cells_of
from damcore.sweeps.training import train_cells
from sweeping import LONG, SMALL, changed, cluster, cut_off, killed, metrics, python, started


def test_the_cells_are_cut_into_shards_once_in_a_whole_run(tmp_path, small_shards, monkeypatch):
    calls, cells = [], Sweep.cells
    monkeypatch.setattr(Sweep, "cells", lambda self: calls.append(self) or cells(self))
    fresh, store = changed(seed=2024), Store(tmp_path)
    assert plan(fresh, store).cells == len(run(fresh, store, progress=False))
    assert calls == [fresh]


def test_shards_trained_together_are_stored_apart(tmp_path, small_shards, monkeypatch):
    alone = metrics(SMALL, run(SMALL, Store(tmp_path / "alone"), progress=False))
    monkeypatch.setattr(executor, "GROUP", {"cpu": 2})
    asked = []
    monkeypatch.setattr(training, "train_cells", lambda *a, **k: asked.append(len(a[1])) or train_cells(*a, **k))
    assert metrics(SMALL, run(SMALL, Store(tmp_path / "together"), progress=False)) == alone
    assert asked == [6, 2, 6, 2], "16 networks, of two vertices, in shards of three"


# Interruption


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_again_and_again_resumes_to_the_same_bytes(kills, tmp_path, small_shards):
    never_killed = metrics(LONG, run(LONG, Store(tmp_path / "whole"), progress=False))
    store, draw, hit = Store(tmp_path / "killed"), random.Random(kills), 0
    for _ in range(kills):
        hit += killed(LONG, "sweeping.LONG", store, after=draw.uniform(0.0, 0.3))
        if not store.missing(LONG):  # begin anew, so that every kill has something to hit
            for path in store.files(LONG).values():
                path.unlink()
    assert hit, "no kill came in time"
    resumed = run(LONG, store, progress=False)
    assert len(resumed) == len(LONG)
    assert metrics(LONG, resumed) == never_killed
    assert left(store, LONG) == ["all"]


def test_two_processes_on_one_store_lose_and_double_nothing(tmp_path, small_shards):
    both = [started("sweeping.SMALL", tmp_path / "shared") for _ in range(2)]
    for process in both:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    shared = run(SMALL, Store(tmp_path / "shared"), progress=False)
    assert len(shared) == len(SMALL) and not shared.duplicated(list(SMALL.axes)).any()
    assert metrics(SMALL, shared) == metrics(SMALL, run(SMALL, Store(tmp_path / "alone"), progress=False))


def test_an_interrupt_leaves_a_store_that_goes_on(tmp_path, small_shards, monkeypatch):
    calls = []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train_cells(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_cells", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(SMALL, Store(tmp_path), progress=False)
    assert len(Store(tmp_path).frame(SMALL)) == 6
    assert len(run(SMALL, Store(tmp_path), progress=False)) == len(SMALL)


class Killed(BaseException):
    """Ends a run of this process as a kill would: nothing after it is done."""


def die():
    raise Killed


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_at_any_operation_of_the_store_loses_nothing(step, tmp_path, small_shards):
    """Before each operation that a run has, and in the middle of each write; the next run ends as one never killed."""
    with cut_off(tmp_path / "whole", math.inf, die) as operations:
        never_killed = metrics(SMALL, run(SMALL, Store(tmp_path / "whole"), progress=False))
    assert {*operations} == {"listdir", "mkdir", "open", "write", "fsync", "replace", "unlink"} and len(operations) > 50
    for k in range(0, len(operations), step):
        store = Store(tmp_path / str(k))
        with cut_off(store.folder, k, die), pytest.raises(Killed):
            run(SMALL, store, progress=False)
        resumes(store, never_killed, f"killed at operation {k}, {operations[k]}")


@pytest.mark.slow
@pytest.mark.parametrize("share", range(10))
def test_a_process_that_ends_at_an_operation_of_the_store_loses_nothing(share, tmp_path, small_shards):
    with cut_off(tmp_path / "whole", math.inf, die) as operations:
        never_killed = metrics(SMALL, run(SMALL, Store(tmp_path / "whole"), progress=False))
    for k in range(share, len(operations), 10):
        store = Store(tmp_path / str(k))
        program = (
            "import os, sweeping\nfrom damcore.sweeps import Store, experiment, run\nexperiment.SHARD = 3\n"
            f"with sweeping.cut_off({str(store.folder)!r}, {k}, lambda: os._exit(9)):\n"
            f"    run(sweeping.SMALL, Store({str(store.folder)!r}), progress=False)\n"
        )
        ended = python("-c", program)
        assert ended.returncode == 9, ended.stderr
        resumes(store, never_killed, f"killed at operation {k}, {operations[k]}")


def resumes(store, never_killed, when):
    """The next run keeps every row that is stored, with the seconds of its first measurement, and leaves one file."""
    before = [path.read_bytes() for path in store.of(SMALL).glob("[!.]*") if path.is_file()]
    rows = run(SMALL, store, progress=False)
    assert metrics(SMALL, rows) == never_killed, when
    seconds = dict(zip(cells_of(SMALL, rows), rows.seconds, strict=True))
    for old in map(pd.read_parquet, map(io.BytesIO, before)):
        assert [seconds[cell] for cell in cells_of(SMALL, old)] == [*old.seconds], when
    assert left(store) == ["all"], when


def left(store, sweep=SMALL):
    """The first words of all names in the folder of a sweep but the locks, which are empty and stay."""
    return sorted(path.name.split("-")[0] for path in store.of(sweep).iterdir() if path.name != ".locks")


# On a cluster


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(tmp_path, small_shards, monkeypatch):
    """One of two workers is killed once the first shard is stored, with another in hand."""
    write = Store.write
    with cluster(tmp_path) as (client, workers):

        def write_and_kill(*arguments):
            workers[0].kill()
            return write(*arguments)

        monkeypatch.setattr(Store, "write", write_and_kill)
        there = run(LONG, Store(tmp_path / "cluster"), client, progress=False)
        assert len(client.scheduler_info()["workers"]) == 1, "the worker should have died"
    monkeypatch.undo()
    assert metrics(LONG, there) == metrics(LONG, run(LONG, Store(tmp_path / "here"), progress=False))


def test_a_cluster_that_is_lost_is_said_in_one_sentence_and_what_is_stored_stays(tmp_path, small_shards, monkeypatch):
    store, write = Store(tmp_path / "cluster"), Store.write
    with cluster(tmp_path) as (client, _):
        ours = psutil.Process().children()
        scheduler = next(each for each in ours if any("dask_scheduler" in word for word in each.cmdline()))
        monkeypatch.setattr(Store, "write", lambda *a: (scheduler.kill(), write(*a))[1])
        with refused(PlanError, "The cluster was lost: the scheduler is gone .*What is stored is whole; the same call"):
            run(LONG, store, client, progress=False)
    assert store.missing(LONG) and store.files(LONG), "what was stored before is whole"


def test_a_shard_that_kills_its_workers_is_said_in_one_sentence(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def killed(futures, with_results):
        raise distributed.KilledWorker("task", None, 3)
        yield

    class Client:
        def submit(self, *_, **__):
            return object()

    monkeypatch.setattr(distributed, "as_completed", killed)
    with refused(PlanError, "The cluster was lost: several workers died with one shard .KilledWorker."):
        run(SMALL, Store(tmp_path), Client(), progress=False)


# Plan and verify


def test_the_plan_counts_what_is_left(tmp_path, small_shards):
    store = Store(tmp_path)
    whole = plan(SMALL, store)
    assert whole.cells == len(SMALL) and whole.seconds > 0
    store.write(SMALL, 0, executor.measured(SMALL, SMALL.shards()[0], "cpu"), {})
    assert plan(SMALL, store).cells == len(SMALL) - 3


def test_a_sweep_that_cannot_fit_is_refused(tmp_path):
    with pytest.raises(PlanError, match=r"take about 5\.6 GiB, and 2\.0 GiB are allowed. Use fewer memories"):
        plan(changed(n_neurons=15000, n_memories=10000, epochs=1), Store(tmp_path))


def test_verify_finds_what_was_tampered_with(tmp_path):
    store = Store(tmp_path)
    run(SMALL, store, progress=False)
    assert (verify(SMALL, store, sample=4).difference == 0).all()
    frame = store.frame(SMALL)
    rows = [{**row, "distance": row["distance"] + 1} for row in frame.to_dict("records")]
    for path in store.files(SMALL).values():
        path.unlink()
    store.write(SMALL, None, rows, {})
    off = verify(SMALL, store, sample=4)
    assert sorted(off[off.difference != 0].metric.unique()) == ["distance"]


def test_verify_needs_a_sample_and_something_stored(tmp_path):
    with refused(PlanError, "`sample` must be at least 1, got 0"):
        verify(SMALL, Store(tmp_path), sample=0)
    with refused(StoreError, "holds nothing yet"):
        verify(SMALL, Store(tmp_path))


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(sample="all"), "`sample` must be a whole number, got 'all'"),
        (dict(seed=-1), "`seed` must be at least 0, got -1"),
        (dict(seed=2**32), r"`seed` must be below 2\*\*32, got 4294967296"),
        (dict(seed=0.5), "`seed` must be a whole number or None, got 0.5"),
    ],
)
def test_verify_refuses_a_sample_and_a_seed_out_of_range(settings, message, tmp_path):
    with refused(ValueError, message):
        verify(SMALL, Store(tmp_path), **settings)


@pytest.mark.parametrize("use", [plan, run, verify])
def test_an_experiment_a_store_and_a_device_are_refused_where_they_are_none(use, tmp_path):
    with refused(TypeError, "`store` must be a damcore.sweeps.store.Store, got 'results'"):
        use(SMALL, "results")
    with refused(TypeError, "`experiment` must be a damcore.sweeps.experiment.Experiment, got 'small'"):
        use("small", Store(tmp_path))
    with refused(ValueError, "`device` must be one of 'cpu', 'cuda', got 'gpu'"):
        use(SMALL, Store(tmp_path), device="gpu")
    if not torch.cuda.is_available():
        with refused(PlanError, 'there is no CUDA device here; use `device` "cpu"'):
            use(SMALL, Store(tmp_path), device="cuda")
    assert not list(tmp_path.iterdir())


# Rows of plain torch, and rows of other machines


def plain(monkeypatch):
    """As if numba were not there."""
    monkeypatch.setattr(_kernels, "available", lambda: False)


def test_only_rows_of_the_fallback_are_marked_and_they_are_packed_with_the_others(tmp_path, small_shards, monkeypatch):
    store = Store(tmp_path)
    compiled = run(SMALL, Store(tmp_path / "compiled"), progress=False)
    assert "fallback" not in compiled
    with monkeypatch.context() as patch:
        plain(patch)
        store.write(SMALL, 0, executor.measured(SMALL, SMALL.shards()[0], "cpu"), executor.provenance("cpu"))
        assert set(store.frame(SMALL).fallback) == {"plain torch"}
    rows = run(SMALL, store, progress=False)
    marked = rows[rows.fallback.notna()]
    assert {*cells_of(SMALL, marked)} == {*SMALL.shards()[0]} and set(marked.fallback) == {"plain torch"}
    assert {*rows.columns} == {*compiled.columns, "fallback"}


def test_without_numba_the_version_says_so(monkeypatch):
    version = importlib.metadata.version

    def absent(name):
        if name == "numba":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert executor.provenance("cpu")["version_numba"] == "not installed"


def test_verify_compares_like_with_like(tmp_path, small_shards, monkeypatch):
    store = Store(tmp_path)
    with monkeypatch.context() as patch:
        plain(patch)
        store.write(SMALL, 0, executor.measured(SMALL, SMALL.shards()[0], "cpu"), executor.provenance("cpu"))
    run(SMALL, store, progress=False)
    by_torch = {*SMALL.shards()[0]}
    for path, count, which in ((None, 13, lambda cell: cell not in by_torch), (plain, 3, by_torch.__contains__)):
        with monkeypatch.context() as patch:
            if path:
                path(patch)
            compared = verify(SMALL, store, sample=16)
            assert len(compared) == count * len(SMALL.metrics) and compared.promised.all()
            assert (compared.difference == 0).all()
            assert all(map(which, cells_of(SMALL, compared.rename(columns={"metric": "_"}))))


@pytest.mark.parametrize("column", executor.LIKE)
def test_verify_promises_bits_on_a_machine_of_the_same_type_only(column, tmp_path):
    store = Store(tmp_path)
    rows = executor.measured(SMALL, list(SMALL.cells()), "cpu")
    store.write(SMALL, None, rows, {**executor.provenance("cpu"), column: "another"})
    compared = verify(SMALL, store, sample=3)
    assert not compared.promised.any() and len(compared) == 3 * len(SMALL.metrics)


def compared(differences, promised):
    """What `verify` says of one metric, stored as 10 everywhere."""
    recomputed = [10 + value for value in differences]
    table = {"metric": "distance", "stored": 10.0, "recomputed": recomputed, "promised": promised}
    return pd.DataFrame({**table, "difference": [abs(value) for value in differences]})


@pytest.mark.parametrize(
    "differences, promised, found",
    [
        ([0, 0, 0], True, []),
        ([0, 0, 1e-12], True, ["distance"]),
        ([1e-6, 1e-6, 1e-6], False, []),  # rounding
        ([5, -4, 0, 1], False, []),  # a training that ends elsewhere
        ([1, 1.1, 0.9, 1], False, ["distance"]),
        ([float("nan"), float("inf"), 0, 0], False, []),
        ([7], False, []),
    ],
)
def test_bits_are_compared_where_they_are_promised_and_means_elsewhere(differences, promised, found):
    assert executor.unlike(compared(differences, promised)) == found


def test_what_is_held_by_another_process_is_left_to_it(tmp_path, small_shards):
    store = Store(tmp_path)
    with store.hold(SMALL, "00001") as held:
        assert held
        assert len(run(SMALL, store, progress=False)) == len(SMALL) - 3
    assert len(run(SMALL, store, progress=False)) == len(SMALL)


def test_what_another_process_stored_in_the_meantime_is_not_measured_again(tmp_path, small_shards, monkeypatch):
    store, hold, asked = Store(tmp_path), Store.hold, []

    def late(self, experiment, label):
        if label == "00001":  # the other process stores it just before this one has the lock
            self.write(SMALL, 1, executor.measured(SMALL, SMALL.shards()[1], "cpu"), {})
            monkeypatch.setattr(training, "train_cells", lambda s, c, **k: asked.extend(c) or train_cells(s, c, **k))
        return hold(self, experiment, label)

    monkeypatch.setattr(Store, "hold", late)
    assert len(run(SMALL, store, progress=False)) == len(SMALL)
    assert asked == [cell for shard in SMALL.shards()[2:] for cell in shard]
