"""The training experiment: its description, where N and T enter, and the training and recall of its cells."""

import numpy as np
import pandas as pd
import pytest
import torch

from cases import refused
from damcore import learning
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps import Sweep, executor
from damcore.sweeps.training import SCALINGS, task, train_cells
from sweeping import SMALL, changed, metrics, python

NAMES = ("polynomial", "rectified", "leaky", "exponential")
RECALLS = {"one": Scaling(1.0), "over-n": Scaling(1.0, divisor=24.0)}


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
    assert large.memory(max(map(len, large.shards()))) <= 2 << 30


def test_the_digest_stands_for_every_setting_but_the_name():
    assert changed(name="other").digest == SMALL.digest
    others = dict(
        vertices=(2,), inverse_temperatures=(0.5,), learning_rates=(0.05,), repeats=1, seed=1, scaling="original",
        interaction="polynomial", slope=0.1, n_neurons=25, n_memories=13, initial="normal", n_states=6, epochs=16,
        decay=1.0, momentum=0.5, error_exponent=2, floor=None, dtype="float32", order="synchronous", tie="negative",
        recall_scale="learning", form="log",
    )  # fmt: skip
    assert set(others) == set(SMALL.__dict__) - {"name"}
    assert len({changed(**{name: value}).digest for name, value in others.items()} | {SMALL.digest}) == len(others) + 1


def test_equal_settings_have_one_digest_however_they_are_written():
    plain = changed(momentum=0.0, slope=0.0, floor=0.0, decay=1.0, inverse_temperatures=(1.0, 2.0), seed=3)
    written = changed(
        momentum=0, slope=np.int64(0), floor=np.float32(0), decay=1, inverse_temperatures=np.array([1, 2]),
        seed=np.int32(3), vertices=np.array([2, 3]), learning_rates=torch.tensor([0.05, 0.4], dtype=torch.float64),
        epochs=np.uint8(15), repeats=np.int64(2),
    )  # fmt: skip
    assert written == plain and written.digest == plain.digest and written.shards() == plain.shards()
    assert {type(value) for cell in written.cells() for value in cell} == {int, float}


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
    sweep = changed(**{"n_neurons": 32, "repeats": 1, "vertices": (3,), **settings})
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
        "import pandas, torch; from damcore.sweeps.executor import measured; from sweeping import SMALL, metrics\n"
        f"torch.set_num_threads({threads})\n"
        f"rows = [row for shard in SMALL.shards({size}) for row in measured(SMALL, shard, 'cpu')]\n"
        "print(metrics(SMALL, pandas.DataFrame(rows)).hex())"
    )
    done = python("-c", program, NUMBA_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    rows = [row for shard in SMALL.shards() for row in executor.measured(SMALL, shard, "cpu")]
    assert done.stdout.strip() == metrics(SMALL, pd.DataFrame(rows)).hex(), done.stderr


def test_recall_at_learning_scale_is_another_result():
    """At large 1/T a leaky network recalls at the scale it learned with, and not at the scale of the text."""
    hot = dict(vertices=(20,), inverse_temperatures=(1.6,), learning_rates=(0.3,), repeats=1, n_neurons=100,
               n_memories=100, n_states=20, epochs=200)  # fmt: skip
    (text,) = train_cells(changed(**hot), list(changed(**hot).cells()))
    (learned,) = train_cells(changed(**hot, recall_scale="learning"), list(changed(**hot).cells()))
    assert torch.tensor(text["loss"]) == learned["loss"]
    assert text["distance"] > 10 and learned["distance"] < 1
