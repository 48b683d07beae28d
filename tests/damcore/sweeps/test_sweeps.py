"""Sweeps: the description, the training of its cells, the store, and runs that are interrupted."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from cases import refused
from damcompanion.mrs24.experiments.heat_maps import sweeps
from damcompanion.mrs24.experiments.settings_study import study
from damcore import learning
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps import Store, Sweep, executor, experiment, plan, run, training, verify
from damcore.sweeps.store import StoreError
from damcore.sweeps.training import SCALINGS, task, train_cells

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


AXES = list(SMALL.axes)
NAMES = ("polynomial", "rectified", "leaky", "exponential")
RECALLS = {"one": Scaling(1.0), "over-n": Scaling(1.0, divisor=24.0)}


def metrics(frame: pd.DataFrame) -> bytes:
    """The bytes of all metrics, in the order of the axes."""
    ordered = frame.sort_values(AXES)
    return b"".join(np.ascontiguousarray(ordered[name].to_numpy(float)).tobytes() for name in Sweep.metrics)


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of three networks, so that a small sweep has several."""
    monkeypatch.setattr(experiment, "SHARD", 3)


def changed(**settings) -> Sweep:
    return Sweep(**{**SMALL.__dict__, **settings})


# The description


def test_cells_cover_the_grid_and_shards_cut_them_by_vertex():
    cells = list(SMALL.cells())
    assert len(cells) == len(set(cells)) == len(SMALL) == 2 * 2 * 2 * 2
    for size in (1, 3, 100):
        shards = SMALL.shards(size)
        assert [cell for shard in shards for cell in shard] == cells
        assert all(len({cell.n for cell in shard}) == 1 and len(shard) <= size for shard in shards)


def test_shards_of_large_networks_keep_within_the_budget():
    large = changed(n_neurons=1000, n_memories=1000, repeats=40)
    assert 1 < max(map(len, large.shards())) < 128
    assert max(map(len, large.shards())) * large.bytes_per_cell <= 2 << 30


def test_the_digest_stands_for_every_setting_but_the_name():
    assert changed(name="other").digest == SMALL.digest
    others = dict(
        vertices=(2,), inverse_temperatures=(0.5,), learning_rates=(0.05,), repeats=1, seed=1, scaling="original",
        interaction="polynomial", slope=0.1, n_neurons=25, n_memories=13, initial="normal", n_states=6, epochs=16,
        decay=1.0, momentum=0.5, error_exponent=2, floor=None, dtype="float32", order="synchronous", tie="negative",
        recall_scale="learning",
    )  # fmt: skip
    assert set(others) == set(SMALL.__dict__) - {"name"}
    assert len({changed(**{name: value}).digest for name, value in others.items()} | {SMALL.digest}) == len(others) + 1


@pytest.mark.parametrize(
    "name, digest",
    [
        ("original-k256-coarse", "21e4d9694c3b03b0"),
        ("study-original-polynomial", "e38834a661338a2a"),
        ("study-original-rectified", "cab4a827f7bc85ad"),
        ("study-original-leaky", "f90d8cb6d02f4843"),
        ("study-original-exponential", "f608dfe9d1743bfd"),
    ],
)
def test_digests_are_those_that_rows_are_stored_under(name, digest):
    assert {**sweeps("paper"), **study("paper")}[name].digest == digest


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(name="a b"), "`name` must consist of letters"),
        (dict(vertices=()), "`vertices` must hold at least one value"),
        (dict(vertices=(2, 2)), "none twice"),
        (dict(vertices=(0,)), "`vertices` must be at least 1"),
        (dict(learning_rates=(-0.1,)), "`learning_rates` must be greater|positive"),
        (dict(repeats=0), "`repeats` must be at least 1"),
        (dict(scaling="nowhere"), "`scaling` must be one of"),
        (dict(recall_scale="paper"), "`recall_scale` must be one of 'text', 'learning', 'one', 'over-n'"),
        (dict(interaction="cubic"), "`interaction` must be one of"),
        (dict(dtype="int8"), "`dtype` must be one of"),
    ],
)
def test_refuses_bad_settings(change, message):
    with refused(ValueError, message):
        changed(**change)


def test_the_named_sweeps_have_the_size_of_their_profile():
    assert sweeps("paper").keys() == sweeps("smoke").keys()
    paper = sweeps("paper")["modified-coarse"]
    assert len(paper) == 8 * 21 * 21 * 5 and paper.epochs == 500
    with refused(ValueError, "`profile` must be one of 'smoke', 'quick', 'paper', got 'huge'"):
        sweeps("huge")


def test_each_name_is_its_interaction():
    made = [changed(interaction=name, slope=0.3).interaction_of(4) for name in NAMES]
    assert made == [Polynomial(4), RectifiedPolynomial(4), LeakyRectifiedPolynomial(4, 0.3), Exponential()]


# Where N and T enter

N, T, VERTEX = 24, 3.0, 3
FACTORS = {
    "original": (1, T**-VERTEX),
    "modified": (1 / (N * T), 1),
    "outside": (1, 1 / T),
    "outside-n": (1, 1 / (VERTEX * T)),
    "outside-normalised": (1 / N, 1 / T),
    "original-normalised": (1 / N, T**-VERTEX),
    "inside": (1 / T, 1),
}


def factors(scaling) -> tuple[float, float]:
    inner, outer = scaling.factors(torch.ones(1, 1, dtype=torch.float64))
    return inner.item(), outer.item()


@pytest.mark.parametrize("name", SCALINGS)
def test_each_scaling_has_the_factors_of_its_formula(name):
    sweep = changed(scaling=name, n_neurons=N)
    inner, outer = FACTORS[name]
    assert factors(sweep.scaling_of(VERTEX, T)) == pytest.approx((inner, outer), rel=1e-15)
    several = sweep.scaling_of(VERTEX, torch.tensor([T, 2 * T])).factors(torch.ones(1, 1, dtype=torch.float64))
    assert [factor[0].item() for factor in several] == pytest.approx([inner, outer], rel=1e-15)
    exponential = changed(scaling=name, interaction="exponential", n_neurons=N).scaling_of(VERTEX, T)
    assert factors(exponential) == pytest.approx((inner, 1 / T if "original" in name else outer), rel=1e-15)


@pytest.mark.parametrize("name", SCALINGS)
def test_recall_has_the_scale_that_is_asked_for(name):
    inner, _ = FACTORS[name]
    for scale, wanted in dict(text=1 / N if 1 / N in (inner, inner * T) else 1, learning=inner, one=1).items():
        recalls = changed(scaling=name, n_neurons=N, recall_scale=scale).recall_scaling_of(VERTEX, T)
        assert factors(recalls)[0] == pytest.approx(wanted, rel=1e-15)
    over = changed(scaling=name, n_neurons=N, recall_scale="over-n").recall_scaling_of(VERTEX, T)
    assert factors(over)[0] == pytest.approx(1 / N, rel=1e-15)


def rows_of(**settings) -> list[dict]:
    """Metrics of a few networks whose every factor is a power of two, so that scalings move them without rounding."""
    sweep = Sweep(**{**SMALL.__dict__, "n_neurons": 32, "repeats": 1, "vertices": (3,), **settings})
    return [{name: row[name] for name in Sweep.metrics} for row in train_cells(sweep, list(sweep.cells()))]


@pytest.mark.parametrize("interaction", ["polynomial", "rectified"])
@pytest.mark.parametrize(
    "one, other, shift",
    [
        ("original", "inside", 1),  # T^-n F(h) = F(h / T)
        ("original", "modified", 32),  # and N / T of the original is 1/T of the modified
        ("original-normalised", "modified", 1),
        ("outside-normalised", "outside", 32.0**-3),  # F(h / N) = N^-n F(h)
    ],
)
def test_scalings_of_a_homogeneous_function_are_each_other_shifted(interaction, one, other, shift):
    inverse = (2.0**-4, 2.0**-2, 2.0)
    left = rows_of(interaction=interaction, scaling=one, inverse_temperatures=inverse)
    shifted = tuple(shift * value for value in inverse)
    assert left == rows_of(interaction=interaction, scaling=other, inverse_temperatures=shifted)
    assert left != rows_of(interaction=interaction, scaling=other, inverse_temperatures=tuple(2 * v for v in shifted))


def test_the_scale_of_recall_matters_for_a_function_that_is_not_homogeneous():
    settings = dict(inverse_temperatures=(1.0, 4.0), learning_rates=(0.5,), vertices=(10,), epochs=60)
    for interaction, same in (("polynomial", True), ("rectified", True), ("leaky", False), ("exponential", False)):
        text, one = (rows_of(interaction=interaction, recall_scale=scale, **settings) for scale in ("text", "one"))
        assert text == rows_of(interaction=interaction, recall_scale="over-n", **settings)
        assert (text == one) is same, interaction


# Training


@pytest.mark.parametrize(
    "settings",
    [
        {},
        dict(scaling="original", inverse_temperatures=(0.02, 0.06)),
        dict(interaction="polynomial", initial="symmetric", momentum=0.5),
        dict(interaction="rectified", initial="normal", error_exponent=2),
        dict(interaction="exponential", recall_scale="learning", floor=None),
        dict(order="synchronous", tie="negative", dtype="float32"),
        dict(scaling="outside-n", inverse_temperatures=(1e-3, 1e-2), recall_scale="one"),
        dict(scaling="inside", inverse_temperatures=(0.02, 0.06), recall_scale="over-n"),
    ],
)
def test_a_cell_is_the_training_and_recall_of_one_network(settings):
    sweep = changed(**settings)
    cells = sweep.shards()[1]
    rows = train_cells(sweep, cells)
    for cell, row in zip(cells, rows, strict=True):
        memories, patterns = task(sweep, cell.repeat)
        scaling = sweep.scaling_of(cell.n, 1 / cell.inverse_temperature)
        interaction = sweep.interaction_of(cell.n)
        trained = learning.train(
            memories, patterns, interaction, scaling, epochs=sweep.epochs, learning_rate=cell.learning_rate,
            momentum=sweep.momentum, error_exponent=sweep.error_exponent, floor=sweep.floor,
        )  # fmt: skip
        ended = recall(
            trained.memories, patterns, interaction, RECALLS.get(sweep.recall_scale, scaling), order=sweep.order,
            tie=sweep.tie, at_temperature=sweep.recall_scale != "text",
        )  # fmt: skip
        assert row["distance"] == pytest.approx(
            (ended.states - patterns).double().norm(dim=-1).mean().item(), rel=1e-12
        )
        assert row["stable"] == (ended.states == patterns).all(-1).double().mean().item()
        assert row["loss"] == trained.losses[-1].item()
        assert row["sweeps"] == ended.sweeps.double().mean().item()
        assert (row["diverged"], row["overflow"]) == (-1, False)


def test_an_overflowing_network_is_marked_and_the_others_are_not_harmed():
    sweep = changed(scaling="original", interaction="polynomial", dtype="float32", n_neurons=100, vertices=(40,),
                    inverse_temperatures=(1e-3, 0.02), learning_rates=(0.05,), repeats=1)  # fmt: skip
    rows = train_cells(sweep, list(sweep.cells()))
    assert all(row["overflow"] for row in rows)  # recall at 1: 100^40 leaves float32 whatever training did
    mild = changed(dtype="float32")
    assert not any(row["overflow"] for row in train_cells(mild, mild.shards()[0]))


def test_random_numbers_come_from_the_cell_and_not_from_its_place():
    shard = SMALL.shards()[0]
    together = train_cells(SMALL, shard)
    assert train_cells(SMALL, shard[::-1]) == together[::-1]
    assert [train_cells(SMALL, [cell])[0] for cell in shard] == together


@pytest.mark.parametrize("threads, size", [("1", 1), ("2", 5)])
def test_thread_counts_and_shard_sizes_give_the_same_bits(threads, size):
    program = (
        "import sys, torch, tests_path\n"
        "from test_sweeps import SMALL, metrics; from damcore.sweeps.training import train_cells; import pandas\n"
        f"torch.set_num_threads({threads})\n"
        "from damcore.sweeps.executor import measured\n"
        f"rows = [row for shard in SMALL.shards({size}) for row in measured(SMALL, shard, 'cpu')]\n"
        "print(metrics(pandas.DataFrame(rows)).hex())"
    ).replace(", tests_path", f"; sys.path.insert(0, {str(Path(__file__).parent)!r})")
    environment = {**os.environ, "NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    rows = [row for shard in SMALL.shards() for row in executor.measured(SMALL, shard, "cpu")]
    assert done.stdout.strip() == metrics(pd.DataFrame(rows)).hex(), done.stderr


def test_shards_trained_together_are_stored_apart(tmp_path, small_shards, monkeypatch):
    alone = metrics(run(SMALL, Store(tmp_path / "alone"), progress=False))
    monkeypatch.setattr(executor, "GROUP", {"cpu": 2})
    asked = []
    monkeypatch.setattr(training, "train_cells", lambda *a, **k: asked.append(len(a[1])) or train_cells(*a, **k))
    assert metrics(run(SMALL, Store(tmp_path / "together"), progress=False)) == alone
    assert asked == [6, 2, 6, 2], "16 networks, of two vertices, in shards of three"


# The store


def test_what_was_run_is_read_back_as_a_frame_and_as_arrays(tmp_path, small_shards):
    store = Store(tmp_path)
    frame = run(SMALL, store, progress=False)
    assert len(frame) == len(SMALL)
    assert {"scaling", "interaction", "epochs", "seed", "commit", "version_torch", "device", "seconds"} <= set(frame)
    arrays = store.array(SMALL)
    assert arrays["distance"].dims == ("n", "learning_rate", "inverse_temperature", "repeat")
    row = frame.iloc[5]
    assert arrays["distance"].sel({axis: row[axis] for axis in AXES}).item() == row["distance"]
    assert len(store.files(SMALL)) == 1, "a finished sweep is packed into one file"


def test_nothing_is_trained_twice(tmp_path, small_shards, monkeypatch):
    run(SMALL, Store(tmp_path), progress=False)
    monkeypatch.setattr(training, "train_cells", lambda *_, **__: pytest.fail("trained again"))
    assert len(run(SMALL, Store(tmp_path), progress=False)) == len(SMALL)


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def damage_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damage_foreign(path):
    path.write_bytes(b"hello")


@pytest.mark.parametrize("damage", [damage_cut, damage_bit, damage_foreign])
def test_a_damaged_file_is_named_set_aside_and_recomputed(damage, tmp_path, small_shards, capsys):
    store = Store(tmp_path)
    whole = metrics(run(SMALL, store, progress=False))
    (path,) = store.files(SMALL).values()
    damage(path)
    assert store.missing(SMALL) == list(range(len(SMALL.shards())))
    assert f"{path} is damaged" in capsys.readouterr().err
    assert (path.parent / "set-aside" / path.name).exists()
    assert metrics(run(SMALL, store, progress=False)) == whole


def test_a_foreign_file_and_another_sweep_s_file_are_set_aside(tmp_path, capsys):
    store, other = Store(tmp_path), changed(seed=7)
    run(SMALL, store, progress=False)
    run(other, store, progress=False)
    (mine,), (theirs,) = store.files(SMALL).values(), store.files(other).values()
    mine.with_name("notes.txt").write_text("mine")
    mine.with_name(theirs.name).write_bytes(theirs.read_bytes())
    assert list(store.files(SMALL).values()) == [mine]
    said = capsys.readouterr().err
    assert "notes.txt does not belong to the store" in said and "belongs to another sweep" in said


def test_nothing_stored_is_said_plainly(tmp_path):
    with pytest.raises(StoreError, match=r"holds nothing yet; run `python -m damcore.sweeps run small`"):
        Store(tmp_path).frame(SMALL)


def test_a_full_disk_is_an_error_and_harms_nothing(tmp_path, small_shards, monkeypatch):
    store = Store(tmp_path)
    rows = executor.measured(SMALL, SMALL.shards()[0], "cpu")
    store.write(SMALL, 0, rows, {})
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(
        StoreError, match=r"could not be written .No space left on device.*Nothing stored before is harmed"
    ):
        store.write(SMALL, 1, rows, {})
    assert set(store.files(SMALL)) == {"00000"}
    assert not list(store.of(SMALL).glob(".0*"))


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="name another --store"):
        run(SMALL, Store(tmp_path / "file"), progress=False)


# Interruption


def start(store: Path, **options) -> subprocess.Popen:
    """A process of its own that runs SMALL in shards of three."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from damcore.sweeps import Store, Sweep, run; from test_sweeps import SMALL\n"
        "from damcore.sweeps import experiment; experiment.SHARD = 3\n"
        f"run(SMALL, Store({str(store)!r}), progress=False)\n"
    )
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, **options)


def kill_and_resume(tmp_path, kills: int, seed: int) -> int:
    """Kill a run again and again, each time once some shards are there or at a random moment; how many kills hit."""
    draw, hit = random.Random(seed), 0
    for _ in range(kills):
        process = start(tmp_path)
        time.sleep(draw.uniform(1.5, 4.5))
        hit += process.poll() is None
        process.kill()
        process.wait()
        folder = Store(tmp_path).of(SMALL)
        if any(folder.glob("all-*")):  # finished: begin anew with one shard, so that every kill has something to hit
            for path in folder.glob("*.parquet"):
                path.unlink()
    return hit


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_run_resumes_to_the_same_bytes(kills, tmp_path, small_shards):
    never_killed = metrics(run(SMALL, Store(tmp_path / "whole"), progress=False))
    kill_and_resume(tmp_path / "killed", kills, seed=kills)
    resumed = run(SMALL, Store(tmp_path / "killed"), progress=False)
    assert len(resumed) == len(SMALL)
    assert metrics(resumed) == never_killed


def test_two_processes_on_one_store_lose_and_double_nothing(tmp_path, small_shards):
    both = [start(tmp_path / "shared") for _ in range(2)]
    for process in both:
        assert process.wait() == 0, process.stderr.read().decode()
    shared = run(SMALL, Store(tmp_path / "shared"), progress=False)
    assert len(shared) == len(SMALL) and not shared.duplicated(AXES).any()
    assert metrics(shared) == metrics(run(SMALL, Store(tmp_path / "alone"), progress=False))


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


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(tmp_path, small_shards):
    """A scheduler and two workers as processes of their own; one worker is killed with work in hand."""
    distributed = pytest.importorskip("distributed")
    address = f"tcp://127.0.0.1:{random.SystemRandom().randint(20000, 60000)}"
    port = address.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "distributed.cli"]
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                port,
                "--no-dashboard",
            ],
            **quiet,
        )
    ]
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    ]
    processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
    del command
    longer = changed(epochs=3000)
    try:
        with distributed.Client(address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            stop = threading.Timer(1.5, processes[1].send_signal, [signal.SIGKILL])
            stop.start()
            there = run(longer, Store(tmp_path / "cluster"), client, progress=False)
            stop.join()
            assert len(client.scheduler_info()["workers"]) == 1, "the worker should have died"
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert metrics(there) == metrics(run(longer, Store(tmp_path / "here"), progress=False))


# Plan, verify, and the command line


def test_the_plan_counts_what_is_left(tmp_path, small_shards):
    store = Store(tmp_path)
    whole = plan(SMALL, store)
    assert whole.cells == len(SMALL) and whole.seconds > 0
    store.write(SMALL, 0, executor.measured(SMALL, SMALL.shards()[0], "cpu"), {})
    assert plan(SMALL, store).cells == len(SMALL) - 3


def test_a_sweep_that_cannot_fit_is_refused(tmp_path):
    with pytest.raises(executor.PlanError, match=r"take about 5\.6 GiB, and 2\.0 GiB are allowed. Use fewer memories"):
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


def command(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "damcore.sweeps", *arguments], capture_output=True, text=True)


def test_the_command_line_runs_resumes_and_verifies(tmp_path):
    options = ("original-polynomial-coarse", "--profile", "smoke", "--store", str(tmp_path))
    assert "0 of     54 networks" in command("status", *options).stdout
    ran = command("run", *options)
    assert ran.returncode == 0 and "54 of 54 networks stored" in ran.stdout, ran.stderr
    assert "54 of     54 networks" in command("status", *options).stdout
    again = command("run", *options)
    assert "0 networks to do" in again.stdout
    verified = command("verify", *options, "--sample", "3", "--seed", "1")
    assert verified.returncode == 0 and "3 networks measured again, 0 metrics differ" in verified.stdout


def test_the_command_line_refuses_in_one_sentence(tmp_path):
    unknown = command("run", "no-such-sweep", "--store", str(tmp_path))
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("error: there is no experiment 'no-such-sweep'; there are")
    nobody = command(
        "run", "original-coarse", "--profile", "smoke", "--store", str(tmp_path), "--scheduler", "tcp://127.0.0.1:1"
    )
    assert nobody.returncode == 1 and "no Dask scheduler answers" in nobody.stderr.splitlines()[-1]


def test_recall_at_learning_scale_is_another_result():
    """At large 1/T a leaky network recalls at the scale it learned with, and not at the scale of the text."""
    hot = dict(vertices=(20,), inverse_temperatures=(1.6,), learning_rates=(0.3,), repeats=1, n_neurons=100,
               n_memories=100, n_states=20, epochs=200)  # fmt: skip
    (text,) = train_cells(changed(**hot), list(changed(**hot).cells()))
    (learned,) = train_cells(changed(**hot, recall_scale="learning"), list(changed(**hot).cells()))
    assert torch.tensor(text["loss"]) == learned["loss"]
    assert text["distance"] > 10 and learned["distance"] < 1
