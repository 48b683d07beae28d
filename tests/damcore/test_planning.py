"""`plan`: what it promises against what a network does, how it chooses, and what it refuses."""

import pytest
import torch

import damcore
from cases import refused
from damcore import DenseAssociativeMemory, planning
from damcore.capacity import clopper_pearson
from damcore.datasets import binarise, flip, mask, mnist, random_patterns
from damcore.interactions import Polynomial, RectifiedPolynomial
from damcore.planning import plan


def came_back(promised, patterns, probes) -> float:
    memory = DenseAssociativeMemory(promised.interaction)
    memory.store(patterns)
    return (memory.retrieve(probes, form=promised.form).states == patterns).all(-1).double().mean().item()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("damage", [0.25, slice(30, 50)])
def test_it_keeps_its_word_on_given_patterns(damage, dtype, generator):
    patterns = random_patterns(300, 50, generator=generator, dtype=dtype)
    promised = plan(50, patterns, damage)
    assert promised.dtype == dtype and promised.n_patterns == 300
    if isinstance(damage, slice):
        measured = came_back(promised, patterns, mask(patterns, damage))
        assert promised.share == (measured, measured, measured)
    else:
        probes = [flip(patterns, damage, generator=generator) for _ in range(5)]
        measured = sum(came_back(promised, patterns, some) for some in probes) / 5
        assert promised.share.low < measured < promised.share.high < promised.share.low + 0.1
    assert 0.2 < measured < 0.99, "a share of 0 or 1 would test little"


def test_it_keeps_its_word_on_a_number_of_patterns(generator):
    promised = plan(40, 60, 0.25)
    shares = []
    for _ in range(30):
        patterns = random_patterns(60, 40, generator=generator)
        shares.append(came_back(promised, patterns, flip(patterns, 0.25, generator=generator)))
    assert promised.share.low < sum(shares) / 30 < promised.share.high


def test_it_counts_the_nearest_on_the_same_probes():
    patterns = binarise(mnist(source="bundled")[0][:40])
    hidden = slice(300, 784)
    promised = plan(784, patterns, hidden)
    overlap = mask(patterns, hidden) @ patterns.mT
    first = (overlap >= overlap.diagonal()[:, None]).sum(-1) == 1
    assert promised.nearest == (first.double().mean().item(),) * 3
    assert promised.nearest.share > promised.share.share
    assert "exactly" in str(promised) and "which is better" in str(promised)


def test_it_takes_the_first_function_that_finds_nearly_as_much(generator):
    patterns = random_patterns(200, 60, generator=generator)
    promised = plan(60, patterns, 0.2)
    before = [kind(n) for n in planning.VERTICES for kind in (Polynomial, RectifiedPolynomial)]
    before = before[: before.index(promised.interaction)]
    assert before, "the first of all would test little"
    assert promised.share.share >= promised.nearest.share - 0.03
    for interaction in before:
        probes = flip(patterns.repeat(3, 1), 0.2, generator=generator)
        memory = DenseAssociativeMemory(interaction)
        memory.store(patterns)
        share = (memory.retrieve(probes).states == patterns.repeat(3, 1)).all(-1).double().mean().item()
        assert share < promised.nearest.share


def test_more_patterns_and_more_damage_ask_for_more_and_find_less():
    few, many, worse = plan(100, 20, 0.3), plan(100, 2000, 0.3), plan(100, 2000, 0.4)
    assert few.interaction.n < many.interaction.n
    assert few.share.share > 0.99 and worse.share.share < many.share.share
    assert worse.nearest.share < many.nearest.share


def test_the_form_is_safe_in_the_dtype():
    digits = binarise(mnist(source="bundled")[0][:200], dtype=torch.float32)
    narrow = plan(784, digits, 0.3)
    assert narrow.interaction.n >= 30 and narrow.form == "log"
    assert plan(784, digits.double(), 0.3).form == "plain"
    assert plan(784, digits, 0.3, torch.float64).dtype == torch.float64


def test_the_temperature_is_one_at_which_the_patterns_are_learned(generator):
    promised = plan(50, 10, 0.1)
    patterns = random_patterns(10, 50, generator=generator)
    memory = DenseAssociativeMemory(promised.interaction, temperature=promised.temperature)
    memory.train(patterns, learning_rate=promised.learning_rate, epochs=300)
    assert (memory.retrieve(patterns).states == patterns).all(-1).double().mean() >= 0.9
    assert memory.memories.shape[0] == 5 * 10
    stores = plan(60, 300, 0.4)
    if isinstance(stores.interaction, RectifiedPolynomial) and stores.interaction.n > 3:
        assert stores.temperature is None and stores.learning_rate is None


def test_a_function_that_only_stores_has_no_temperature():
    assert planning._to_learn(RectifiedPolynomial(4), 50, 10) == (None, None)
    temperature, rate = planning._to_learn(RectifiedPolynomial(2), 50, 10)
    assert temperature and rate == 3.0
    assert planning._to_learn(Polynomial(8), 50, 10)[1] == 0.1
    whole = damcore.capacity.Measured(1.0, 1.0, 1.0)
    text = str(damcore.Plan(RectifiedPolynomial(4), None, None, "plain", whole, whole, 5, 5, torch.float64))
    assert "It stores patterns; it does not learn them." in text


def test_networks_that_differ_widen_the_interval():
    alike = planning._measured([(50, 25)] * 20, exact=False)
    apart = planning._measured([(50, 0), (50, 50)] * 10, exact=False)
    assert alike.share == apart.share == 0.5
    assert (alike.low, alike.high) == clopper_pearson(500, 1000)
    assert apart.high - apart.low > 4 * (alike.high - alike.low)
    assert planning._measured([(50, 50)] * 20, exact=False)[1:] == clopper_pearson(1000, 1000)


def test_the_seed_decides_and_nothing_else():
    one, again, other = plan(40, 60, 0.3, seed=1), plan(40, 60, 0.3, seed=1), plan(40, 60, 0.3, seed=2)
    assert one == again and one.share != other.share


def test_blocks_change_nothing(monkeypatch, generator):
    patterns = random_patterns(30, 40, generator=generator)
    whole = plan(40, patterns, 0.3)
    monkeypatch.setattr(planning, "BLOCK", 100)
    assert plan(40, patterns, 0.3) == whole


@pytest.mark.parametrize(
    "counted, draws",
    [
        ([(100, 40), (100, 60)], 25),  # a variance of 0.02, eight times that of chance
        ([(100, 50), (100, 50)], 200),  # none: all probes count
        ([(100, 20), (100, 80)], 2),  # as few as there are networks, at least
        ([(100, 30)], 100),  # one network says nothing of others
    ],
)
def test_the_interval_is_that_of_as_many_independent_probes(counted, draws):
    share = sum(hits for _, hits in counted) / sum(probes for probes, _ in counted)
    wanted = clopper_pearson(round(share * draws), draws, level=planning.LEVEL)
    assert planning._measured(counted, False) == (share, *wanted)
    assert planning._measured(counted, True) == (share, share, share)


def test_of_two_functions_that_find_as_much_it_takes_the_first(monkeypatch):
    monkeypatch.setattr(planning, "_counted", lambda network, interaction: (100, 10, 90))
    networks = [(torch.ones(1, 2), torch.tensor([0]), torch.ones(1, 2))]
    assert planning._chosen(networks) == Polynomial(planning.VERTICES[0])


def test_refuses_what_does_not_fit(generator):
    patterns = random_patterns(5, 10, generator=generator)
    with refused(ValueError, r"`patterns` must have shape \(K, 12\) as `n_neurons` says, got \(5, 10\)"):
        plan(12, patterns)
    with refused(ValueError, "`n_neurons` must be at least 2, got 1"):
        plan(1, 5)
    with refused(ValueError, "`patterns` must be at least 1, got 0"):
        plan(10, 0)
    with refused(ValueError, "`damage` must be between 0 and 1, got 1.5"):
        plan(10, 5, 1.5)
    with refused(ValueError, r"`neurons` must have shape \(10,\), one boolean per neuron, got \(4,\)"):
        plan(10, 5, torch.tensor([True, False, True, True]))
    with refused(ValueError, "`probes` must be at least 100, got 50"):
        plan(10, 5, probes=50)
    with refused(ValueError, "`patterns` must be bipolar"):
        plan(10, patterns / 2)
    with refused(ValueError, "`seed` must be at least 0, got -1"):
        plan(10, 5, seed=-1)
