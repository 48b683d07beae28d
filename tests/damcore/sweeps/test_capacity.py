"""The capacity experiment: stable patterns by the definition, how their share falls, and what it refuses."""

import pytest
import torch

import oracles
from cases import refused
from damcore.datasets import random_patterns
from damcore.sweeps import StablePatterns, Store, capacity, generator, run, verify

SLOPE = 0.01


def small(**settings) -> StablePatterns:
    return StablePatterns(**{"name": "small", "loads": (2, 5, 9), "n": 3, "draws": 4, "n_neurons": 9, **settings})


def patterns_of(experiment, cell):
    draw = generator(experiment.seed, "patterns", experiment.n_neurons, cell.draw)
    return random_patterns(cell.patterns, experiment.n_neurons, generator=draw)


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("kind", ["polynomial", "rectified", "leaky", "exponential"])
def test_a_pattern_is_stable_where_the_sign_of_every_gap_is_its_neuron(kind, n):
    experiment = small(interaction=kind, n=n)
    value, _ = oracles.interaction(kind, n, SLOPE)
    seen = set()
    for cell in experiment.cells():
        patterns = patterns_of(experiment, cell)
        gaps = oracles.energy_gap(patterns, patterns, value, 1.0, 1.0).tolist()
        unchanged = [
            [(1 if gap >= 0 else -1) == xi for gap, xi in zip(*row, strict=True)]
            for row in zip(gaps, patterns.tolist(), strict=True)
        ]
        stable = sum(all(row) for row in unchanged) / len(unchanged)
        neurons = sum(map(sum, unchanged)) / patterns.numel()
        (row,) = experiment.measure([cell])
        assert row == {"stable": stable, "neurons": pytest.approx(neurons, rel=1e-15)}
        seen.add(stable)
    assert len(seen) > 1, "all networks alike would test little"


def test_the_patterns_of_a_longer_list_begin_with_those_of_a_shorter_one(monkeypatch):
    recalled, recall = [], capacity.recall
    monkeypatch.setattr(capacity, "recall", lambda *a, **k: recalled.append(a[0]) or recall(*a, **k))
    experiment = small()
    for draw in range(2):
        for load in experiment.loads:
            experiment.measure([experiment.Cell(load, draw)])
    first, second = recalled[:3], recalled[3:]
    for few, many in ((first[0], first[1]), (first[1], first[2]), (second[0], second[2])):
        assert torch.equal(many[: len(few)], few)
    assert not torch.equal(first[2], second[2])


@pytest.mark.parametrize("interaction", ["polynomial", "rectified"])
def test_the_share_of_stable_patterns_falls_with_their_number(interaction, tmp_path):
    experiment = small(loads=(2, 10, 20, 40), n=2, n_neurons=50, draws=10, interaction=interaction)
    rows = run(experiment, Store(tmp_path), progress=False)
    shares = rows.groupby("patterns")["stable"].mean()
    assert shares.index.tolist() == [2, 10, 20, 40] and shares.is_monotonic_decreasing
    assert shares[2] == 1 and shares[40] < 0.15
    assert (rows.neurons >= rows.stable).all()


def test_rectifying_keeps_more_patterns_stable():
    """Of two equal lists: negative overlaps are noise to the polynomial of even n, and nothing to the rectified one."""
    shares = {}
    for interaction in ("polynomial", "rectified"):
        experiment = small(n=2, n_neurons=50, interaction=interaction)
        rows = experiment.measure([experiment.Cell(12, draw) for draw in range(10)])
        shares[interaction] = sum(row["stable"] for row in rows) / len(rows)
    assert shares["rectified"] > shares["polynomial"] + 0.2


@pytest.mark.parametrize("interaction", ["polynomial", "leaky", "exponential"])
def test_neither_order_nor_company_changes_a_result(interaction):
    experiment = small(interaction=interaction, loads=(9, 15), n=2, n_neurons=7)
    shard = list(experiment.cells())
    together = experiment.measure(shard)
    assert len({row["neurons"] for row in together}) > 3, "networks that are alike would test little"
    assert experiment.measure(shard[::-1]) == together[::-1]
    assert [experiment.measure([cell])[0] for cell in shard] == together


def test_a_device_changes_no_result(device):
    experiment = small(n_neurons=30)
    for shard in experiment.shards():
        assert experiment.measure(shard, device=device.type) == experiment.measure(shard)


def test_a_shard_holds_networks_of_one_load_and_memory_does_not_grow_with_them():
    experiment = small(draws=200)
    assert [{cell.patterns for cell in shard} for shard in experiment.shards()] == [{2}, {2}, {5}, {5}, {9}, {9}]
    assert experiment.memory(128) == experiment.memory(1) > 0
    assert small(loads=(10**6,), n_neurons=1000).memory(1) > 2 << 30


def test_what_is_stored_is_measured_again_to_the_bit(tmp_path):
    experiment, store = small(interaction="leaky"), Store(tmp_path)
    rows = run(experiment, store, progress=False)
    assert list(store.array(experiment)["stable"].dims) == ["patterns", "draw"]
    assert set(rows.interaction) == {"leaky"} and set(rows.n) == {3}
    assert (verify(experiment, store, sample=6).difference == 0).all()


def test_the_digest_stands_for_every_setting_but_the_name():
    others = dict(loads=(2, 5), n=4, draws=5, seed=1, interaction="rectified", n_neurons=10)
    digests = {small(**{name: value}).digest for name, value in others.items()} | {small().digest}
    assert len(digests) == len(others) + 1
    assert small(name="other").digest == small().digest


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(loads=()), "`loads` must hold at least one number and none twice"),
        (dict(loads=(2, 2)), "none twice"),
        (dict(loads=(0,)), "`loads` must be at least 1, got 0"),
        (dict(loads=(2.5,)), "`loads` must hold whole numbers, got 2.5"),
        (dict(n=0), "`n` must be at least 1"),
        (dict(draws=0), "`draws` must be at least 1"),
        (dict(n_neurons=0), "`n_neurons` must be at least 1"),
        (dict(seed=-1), "`seed` must be at least 0"),
        (dict(interaction="cubic"), "`interaction` must be one of"),
        (dict(name="a b"), "`name` must consist of letters"),
    ],
)
def test_refuses_bad_settings(change, message):
    with refused(ValueError, message):
        small(**change)
