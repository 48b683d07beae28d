"""An experiment of the user's own, from one file, does all that those of the library do."""

import sys
from pathlib import Path

import pytest

from damcore.sweeps import Store, plan, run, verify
from sweeping import cluster, killed, metrics

sys.path.insert(0, str(Path(__file__).parent))

from own_experiment import Denoising, experiments

SMALL = Denoising("denoising", n_neurons=30, n_memories=40)
LONG = Denoising("denoising", n_neurons=200, n_memories=300)  # some seconds, to be killed in


def test_it_runs_and_says_what_noise_does(tmp_path):
    rows = run(SMALL, Store(tmp_path), progress=False)
    restored = rows.groupby("noise")["restored"].mean()
    assert restored.index.tolist() == [0.1, 0.2, 0.3, 0.4] and restored.is_monotonic_decreasing
    assert restored[0.1] > 0.9 and restored[0.4] < 0.2
    assert Store(tmp_path).array(SMALL)["restored"].sel(noise=0.1, draw=2) == rows.restored[2]


def test_neither_order_nor_company_changes_a_result():
    cells = list(SMALL.cells())
    together = SMALL.measure(cells)
    assert len({row["restored"] for row in together}) > 3, "networks that are alike would test little"
    assert SMALL.measure(cells[::-1]) == together[::-1]
    assert [SMALL.measure([cell])[0] for cell in cells] == together


def test_an_interrupted_run_resumes_to_the_same_bytes(tmp_path, small_shards, monkeypatch):
    whole = metrics(SMALL, run(SMALL, Store(tmp_path / "whole"), progress=False))
    measure, calls, store = Denoising.measure, [], Store(tmp_path / "parts")

    def interrupted(self, cells, **options):
        calls.append(len(cells))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(self, cells, **options)

    monkeypatch.setattr(Denoising, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, store, progress=False)
    assert len(store.frame(SMALL)) == 6
    assert metrics(SMALL, run(SMALL, store, progress=False)) == whole
    assert calls == [3, 3, 3, 3, 3, 3, 3, 2], "one shard was lost, and none measured twice"


def test_a_killed_run_resumes_to_the_same_bytes(tmp_path, small_shards):
    store = Store(tmp_path / "killed")
    assert killed(LONG, "test_own_experiment.LONG", store, after=0.1), "the run ended before it was killed"
    assert 0 < len(store.missing(LONG)) < len(LONG.shards())
    resumed = metrics(LONG, run(LONG, store, progress=False))
    assert resumed == metrics(LONG, run(LONG, Store(tmp_path / "whole"), progress=False))


def test_a_cluster_of_two_processes_gives_the_same_bytes(tmp_path, small_shards):
    here = run(SMALL, Store(tmp_path / "here"), progress=False)
    with cluster(tmp_path) as (client, _):
        there = run(SMALL, Store(tmp_path / "there"), client, progress=False)
        ran = client.run(lambda: "own_experiment" in sys.modules)
    assert len(ran) == 2 and any(ran.values()), "no worker measured anything"
    assert metrics(SMALL, there) == metrics(SMALL, here)


def test_the_plan_counts_what_is_left_and_verify_finds_no_difference(tmp_path, small_shards):
    store = Store(tmp_path)
    assert str(plan(SMALL, store)).startswith("20 networks to do, 0 MiB, about ")
    run(SMALL, store, progress=False)
    assert plan(SMALL, store).cells == 0
    compared = verify(SMALL, store, sample=5, seed=1)
    assert len(compared) == 5 and (compared.difference == 0).all()


def test_each_profile_has_a_size():
    assert [len(experiments(profile)["denoising"]) for profile in ("smoke", "quick", "paper")] == [8, 20, 200]
