"""The executor: interrupted and killed runs, several processes, a cluster, the plan, and the check of stored rows."""

import random

import pytest

from cases import refused
from damcore.sweeps import PlanError, Store, StoreError, Sweep, executor, plan, run, training, verify
from damcore.sweeps.training import train_cells
from sweeping import LONG, SMALL, changed, cluster, killed, metrics, started


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


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
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
