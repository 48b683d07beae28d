"""What starts end in: against recall as loops, what must hold of the shares, and what is refused."""

import pytest
import torch

import oracles
from cases import refused
from damcore.capacity import error_probability
from damcore.datasets import random_patterns
from damcore.recall import Outcome
from damcore.sweeps import Endings, HalfLoad, OneUpdate, Retrieval, Store, generator, retrieval, run, stored, verify


def few(**settings) -> Retrieval:
    given = {"name": "few", "loads": (3, 8), "damages": (0.0, 0.3), "n": 3, "n_neurons": 11, "draws": 2, "probes": 12}
    return Retrieval(**{**given, **settings})


def ends(**settings) -> Endings:
    return Endings(**{"name": "ends", "load": 20, "starts": 30, "n": 4, "n_neurons": 15, **settings})


def half(**settings) -> HalfLoad:
    given = {"name": "half", "sizes": (12, 16), "guesses": (8, 12), "n": 3, "starts": 30, "networks": 9}
    return HalfLoad(**{**given, **settings})


def updates(**settings) -> OneUpdate:
    return OneUpdate(
        **{"name": "updates", "loads": (4, 9), "n": 2, "networks": 50, "blocks": 2, "n_neurons": 9, **settings}
    )


def settled(patterns: list, state: list, n: int, kind: str, order: str) -> tuple[list, bool]:
    """What a state ends in, by the equation, neuron by neuron; and whether it came to rest."""
    value, _ = oracles.interaction(kind, n, 0.01)
    state = list(state)
    for _ in range(100):
        before = list(state)
        for i in range(len(state)):
            seen = before if order == "synchronous" else state
            rest = [sum(z * s for j, (z, s) in enumerate(zip(row, seen, strict=True)) if j != i) for row in patterns]
            gap = sum(value(r + row[i]) - value(r - row[i]) for r, row in zip(rest, patterns, strict=True))
            state[i] = 1.0 if gap >= 0 else -1.0
        if state == before:
            return state, True
    return state, False


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
@pytest.mark.parametrize("kind, n", [("polynomial", 2), ("polynomial", 3), ("rectified", 3)])
@pytest.mark.parametrize("start", ["damaged", "random"])
def test_the_shares_are_those_of_recall_as_loops(order, kind, n, start):
    damages = (0.3,) if start == "random" else (0.0, 0.3)
    experiment = few(order=order, interaction=kind, n=n, start=start, damages=damages)
    for cell in experiment.cells():
        draw = generator(0, "patterns", 11, cell.draw)
        patterns = random_patterns(8, 11, generator=draw)[: cell.patterns].tolist()
        draw = generator(0, "starts", 11, cell.patterns, cell.damage, cell.draw)
        if start == "random":
            starts = random_patterns(12, 11, generator=draw).tolist()
        else:
            begun = torch.tensor(patterns).double()[torch.arange(12) % cell.patterns]
            order_of = torch.rand(12, 11, generator=draw, dtype=torch.float64).argsort(-1)[:, : round(cell.damage * 11)]
            starts = begun.scatter(-1, order_of, -begun.gather(-1, order_of)).tolist()
        dot = lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))  # noqa: E731
        found = {"memory": 0, "either": 0, "closest": 0.0, "target": 0, "inverse": 0, "nearest": 0, "resting": 0}
        for number, state in enumerate(starts):
            overlaps = [dot(row, state) for row in patterns]
            target = overlaps.index(max(overlaps)) if start == "random" else number % cell.patterns
            end, resting = settled(patterns, state, n, kind, order)
            at_end = [dot(row, end) for row in patterns]
            found["memory"] += max(at_end) == 11
            found["either"] += max(map(abs, at_end)) == 11
            found["closest"] += max(at_end) / 11
            found["target"] += resting and at_end[target] == 11
            found["inverse"] += resting and at_end[target] == -11
            found["nearest"] += sum(overlap >= overlaps[target] for overlap in overlaps) == 1
            found["resting"] += resting
        (row,) = experiment.measure([cell])
        assert row["cycle"] + row["unsettled"] == pytest.approx(1 - found["resting"] / 12)
        for name in ("memory", "either", "target", "inverse", "nearest"):
            assert row[name] == pytest.approx(found[name] / 12), name
        if found["resting"] == 12:
            assert row["closest"] == pytest.approx(found["closest"] / 12)


def test_the_kinds_are_all_and_add_up():
    assert {kind.name.lower() for kind in Outcome} == {*retrieval.KINDS}
    rows = few(loads=(30,), n=2, probes=100, draws=3).measure([few().Cell(30, 0.3, draw) for draw in range(3)])
    for row in rows:
        assert sum(row[kind] for kind in retrieval.KINDS) == pytest.approx(1)
        assert row["target"] + row["other"] >= row["memory"] - 1e-12 and row["either"] >= row["memory"]
    assert any(row["spurious"] + row["mixture"] > 0.3 for row in rows)


def test_synchronous_recall_finds_cycles_that_one_neuron_at_a_time_does_not():
    shares = {}
    for order in ("asynchronous", "synchronous"):
        rows = few(order=order, loads=(20,), n=2, n_neurons=20, start="random", damages=(0.5,), probes=200, draws=2)
        shares[order] = [row["cycle"] for row in rows.measure(list(rows.cells()))]
    assert max(shares["asynchronous"]) == 0 and min(shares["synchronous"]) > 0.1


@pytest.mark.parametrize("make", [few, ends, half, updates])
def test_neither_order_nor_company_nor_blocks_change_a_result(make, monkeypatch):
    experiment = make()
    kind = next(iter(experiment.cells()))
    shard = [cell for cell in experiment.cells() if experiment.together(cell) == experiment.together(kind)]
    together = experiment.measure(shard)
    assert experiment.measure(shard[::-1]) == together[::-1]
    assert [experiment.measure([cell])[0] for cell in shard] == together
    monkeypatch.setattr(retrieval, "BLOCK", 1)
    again = experiment.measure(shard)
    for one, other in zip(again, together, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


@pytest.mark.parametrize("make", [few, ends, half, updates])
def test_what_is_stored_is_measured_again_to_the_bit(make, tmp_path):
    experiment, store = make(), Store(tmp_path)
    rows = run(experiment, store, progress=False)
    assert len(rows) == len(experiment)
    assert (verify(experiment, store, sample=4).difference == 0).all()


def test_patterns_of_all_kinds():
    biased = few(n_neurons=400, bias=-0.5, loads=(200,), damages=(0.0,))
    assert biased._stored(200, 0).mean().item() == pytest.approx(-0.5, abs=0.01)
    assert not torch.equal(biased._stored(200, 0), biased._stored(200, 1))
    digits = few(n_neurons=784, patterns="digits", loads=(20,), damages=(0.1,), n=40)
    assert digits._stored(20, 0).shape == (20, 784) and digits._stored(20, 0).mean() < -0.6
    (row,) = digits.measure([digits.Cell(20, 0.1, 0)])
    assert row["target"] == 1
    with refused(ValueError, "`loads` must not ask for more than the 5000 bundled digits, got 5001"):
        few(n_neurons=784, patterns="digits", loads=(5001,))


def test_an_even_power_ends_at_minus_a_memory_half_of_the_time():
    rows = ends(load=3, starts=200, n=4, n_neurons=30).measure([ends().Cell(0, start) for start in range(200)])
    assert all(row["either"] == 30 for row in rows)
    assert 0.35 < sum(row["closest"] == 30 for row in rows) / 200 < 0.65
    rectified = ends(load=3, n=4, n_neurons=30, interaction="rectified")
    assert all(row["closest"] == 30 for row in rectified.measure([ends().Cell(0, start) for start in range(50)]))


def test_the_search_finds_where_half_succeed():
    experiment = half(sizes=(30,), guesses=(20,), starts=50, networks=30)
    (row,) = experiment.measure(list(experiment.cells()))
    assert row["low"] < row["memories"] < row["high"] < 1.5 * row["low"]
    shares = {}
    for factor in (0.6, 1.6):
        around = few(loads=(round(factor * row["memories"]),), damages=(0.5,), start="random", n_neurons=30, draws=20)
        rows = around.measure(list(around.cells()))
        shares[factor] = sum(each["memory"] for each in rows) / 20
    assert shares[0.6] > 0.55 and shares[1.6] < 0.45
    found = {
        name: half(sizes=(30,), guesses=(20,), n=4, **settings).measure([half().Cell(30, 0)])[0]["memories"]
        for name, settings in {"one sign": {}, "either": {"either": True}, "damaged": {"damage": 0.4}}.items()
    }
    assert found["one sign"] < found["either"] / 2 and found["damaged"] < found["either"]


def test_one_update_is_the_error_of_the_exact_law():
    experiment = updates(loads=(6,), networks=3000, blocks=4, n_neurons=20)
    turned = sum(row["turned"] for row in experiment.measure(list(experiment.cells())))
    expected = 12000 * error_probability(20, 2, 6)
    assert abs(turned - expected) < 4 * expected**0.5
    assert abs(turned - 12000 * error_probability(20, 2, 9)) > 4 * expected**0.5


def test_each_setting_is_in_the_digest():
    for make, changes in (
        (few, dict(loads=(4,), damages=(0.1,), n=4, n_neurons=12, draws=3, probes=9, order="synchronous", bias=0.1)),
        (ends, dict(load=5, starts=4, n=3, n_neurons=12, order="synchronous", interaction="rectified", seed=2)),
        (half, dict(n=4, starts=9, networks=8, damage=0.1, either=True, guesses=(9, 9))),
        (updates, dict(loads=(5,), n=3, networks=9, blocks=1, n_neurons=12, interaction="leaky", seed=1)),
    ):
        digests = {make(**{name: value}).digest for name, value in changes.items()} | {make().digest}
        assert len(digests) == len(changes) + 1


def test_memory_grows_with_the_load():
    for make, large in (
        (few, dict(loads=(10**7,))),
        (ends, dict(load=10**7)),
        (half, dict(guesses=(10**7, 10**7))),
        (updates, dict(loads=(10**7,))),
    ):
        assert make(**large, **({} if make is half else {"n_neurons": 100})).memory(1) > make().memory(1)


@pytest.mark.parametrize(
    "make, change, message",
    [
        (few, dict(loads=()), "`loads` must hold at least one number and none twice"),
        (few, dict(damages=(0.1, 0.1)), "`damages` must hold at least one number and none twice"),
        (few, dict(loads=(0,)), "`loads` must be at least 1"),
        (few, dict(damages=(1.5,)), "`damages` must be"),
        (few, dict(probes=0), "`probes` must be at least 1"),
        (few, dict(start="anywhere"), "`start` must be one of"),
        (few, dict(patterns="letters"), "`patterns` must be one of"),
        (few, dict(start="random"), "`damages` must hold one number where starts are random"),
        (few, dict(patterns="digits"), "`n_neurons` must be 784 where patterns are digits, got 11"),
        (few, dict(bias=1.0), "`bias` must be below 1, got 1.0"),
        (few, dict(bias=-1.0), "`bias` must be"),
        (few, dict(order="by chance"), "`order` must be one of"),
        (few, dict(interaction="cubic"), "`interaction` must be one of"),
        (ends, dict(load=0), "`load` must be at least 1"),
        (ends, dict(starts=0), "`starts` must be at least 1"),
        (ends, dict(seed=-1), "`seed` must be at least 0"),
        (half, dict(sizes=()), "`sizes` must hold at least one number and none twice"),
        (half, dict(guesses=(8,)), "`guesses` must hold a number for each of the 2 sizes"),
        (half, dict(guesses=(8, 0)), "`guesses` must be at least 1"),
        (half, dict(networks=3), "`networks` must be at least 6"),
        (half, dict(damage=2.0), "`damage` must be"),
        (updates, dict(loads=(2, 2)), "none twice"),
        (updates, dict(networks=0), "`networks` must be at least 1"),
    ],
)
def test_refuses_bad_settings(make, change, message):
    with refused(ValueError, message):
        make(**change)


def test_a_device_changes_no_result(device):
    for make in (few, ends):
        experiment = make()
        shard = experiment.shards()[0]
        assert experiment.measure(shard, device=device.type) == experiment.measure(shard)


def test_the_block_of_end_states_is_that_of_the_search():
    assert stored.BLOCK == retrieval.BLOCK
