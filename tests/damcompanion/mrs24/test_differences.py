"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

import math

import pytest
import torch

from damcompanion import probes
from damcompanion.kh16 import differences as kh16_differences
from damcompanion.mrs24 import differences
from damcore import datasets, learning
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.scaling import Scaling


@pytest.fixture(scope="module")
def digits():
    images, labels = datasets.mnist(source="bundled")
    return torch.tensor(images).flatten(1), torch.tensor(labels)


def test_self_coupling_holds_neurons_and_vertex_2_has_none():
    few, many = (differences.self_coupling(*probes.stored(60, k, noise=0.5)) for k in (10, 60))
    assert few[1] == many[1] == 0
    assert 0 < few[0] < many[0]


def test_ties_come_where_sums_of_odd_numbers_can_vanish():
    # 4 times a sum of three odd numbers
    assert differences.tie_rule(Polynomial(2), *probes.stored(20, 3)) == (0, 0)
    zero, ends = differences.tie_rule(Polynomial(2), *probes.stored(100, 30))
    assert zero > 0 and ends > 0


def test_update_order_does_not_matter_to_one_memory_and_does_beyond_capacity():
    assert differences.update_order(Polynomial(3), *probes.stored(20, 1)) == (0, 0)
    elsewhere, cycle = differences.update_order(Polynomial(2), *probes.stored(60, 40))
    assert elsewhere > cycle > 0


def test_energy_of_the_sum_is_the_energy_for_one_memory_only():
    assert differences.energy_of_the_sum(Polynomial(3), *probes.stored(20, 1)) == 0
    # A linear F may be taken out of the sum.
    assert differences.energy_of_the_sum(Polynomial(1), *probes.stored(20, 7)) == 0
    assert differences.energy_of_the_sum(Polynomial(3), *probes.stored(20, 7)) > 0.1


@pytest.mark.parametrize("memories", [19, 20, 21, 22])
def test_at_vertex_2_parity_decides_whether_a_draw_has_ties(memories):
    # (N - 1) K odd numbers sum to 0: K is even, and the product of their signs is that of all entries, N being 4 m.
    for seed in range(6):
        network = probes.stored(40, memories, seed=seed)
        possible = memories % 2 == 0 and (int(network[0].sum()) - memories) % 4 == 0
        assert (differences.tie_rule(Polynomial(2), *network)[0] > 0) == possible


def test_ties_round_away_from_zero_unless_the_divisor_is_a_power_of_two():
    tied = next(
        network
        for network in (probes.stored(100, 30, seed=seed) for seed in range(20))
        if differences.tie_rule(Polynomial(2), *network)[0] > 0
    )
    assert differences.rounded_ties(*tied, divisor=100.0) > 0.1
    assert differences.rounded_ties(*tied, divisor=64.0) == 0
    assert differences.rounded_ties(*probes.stored(100, 31), divisor=100.0) == 0


def test_the_sign_of_the_slope_counts_where_powers_vanish():
    network = probes.unlearned(50, 20, 100)
    assert differences.slope_sign(20, 0.0, *network, divisor=50.0) == 0
    assert differences.slope_sign(20, 0.01, *network, divisor=50.0) > 0.95
    assert differences.slope_sign(20, 0.01, *network, divisor=1.0) < 0.05
    assert differences.slope_sign(20, 0.01, *probes.stored(50, 20, noise=0), divisor=50.0) == 0
    # One memory, n = 1, counted with both clamped states written out.
    (memory,), states = probes.unlearned(50, 1, 200)
    rest = (states * memory).sum(1, keepdim=True) - states * memory
    signs = []
    for slope in (0.3, -0.3):
        on, off = (torch.where(h < 0, slope * h, h) for h in (rest + memory, rest - memory))
        signs.append(on >= off)
    expected = (signs[0] != signs[1]).double().mean().item()
    assert differences.slope_sign(1, 0.3, memory[None], states, divisor=1.0) == expected > 0.3


def test_a_factor_changes_updates_of_functions_that_are_not_homogeneous():
    network = probes.unlearned(30, 10, 50)
    scalings = probes.ONE, Scaling(1.0, divisor=30.0)
    assert differences.rescaled(Polynomial(3), *network, scalings) == 0
    assert differences.rescaled(RectifiedPolynomial(4), *network, scalings) == 0
    assert differences.rescaled(LeakyRectifiedPolynomial(9), *network, scalings) > 0.1


def test_the_log_periodic_function_survives_its_period_alone():
    kind = differences.LogPeriodic(10.0, 0.3)
    x = torch.linspace(-7, 7, 41, dtype=torch.float64)
    torch.testing.assert_close(kind(10 * x), 1000 * kind(x))
    assert (kind(2 * x) - 8 * kind(x)).abs().max() > 1
    assert (kind(x).diff() > 0).all()
    at = x.clone().requires_grad_()
    torch.testing.assert_close(torch.autograd.grad(kind(at).sum(), at)[0], kind.derivative(x))


def test_signs_turn_round_where_the_printed_rate_is_negative():
    assert differences.reversed_signs(math.log(0.1), 0.1) == 1
    assert differences.reversed_signs(math.log(10), 10.0) == 0
    assert differences.reversed_signs(0.1, 0.1) == differences.reversed_signs(10.0, 10.0) == 0


def test_dividing_by_a_power_of_two_rounds_nothing():
    network = probes.unlearned(64, 20, 20)
    plain, divided, other = (differences.rounding(9, *network, divisor=by) for by in (1.0, 64.0, 60.0))
    assert plain == divided
    assert 0.5 < other / plain < 2
    assert 2**-26 < plain < 1e-4


def test_patterns_stay_intact_below_capacity():
    lost, whole = differences.intact(100, 14, networks=200)
    _, patterns = kh16_differences.unstable(2, 100, 14, rectified=False, networks=200)
    assert lost == pytest.approx(patterns, abs=0.02)  # the same law through the bracket
    assert (1 - lost) ** 14 < whole + 0.03 < 0.2
    assert differences.intact(50, 1, networks=5) == (0, 1)


def test_an_exponential_network_follows_its_memory_or_the_majority_by_the_factor():
    memory, majority = differences.exponential_followers([1.0, 1e-4], *probes.stored(60, 11, noise=0.1))
    assert memory[0] > 0.99 > 0.8 > majority[0]
    assert majority[1] == 1 and memory[1] < 0.9
    # One memory is safe at any factor.
    assert differences.exponential_followers([0.01], *probes.stored(30, 1, noise=0.1))[0] == 1


def test_gaps_and_gradients_vanish_in_narrow_dtypes_at_large_vertices():
    probed, new = probes.stored(100, 20, noise=0.5), probes.unlearned(100, 20, 20)
    for measure, network in ((differences.vanished_gaps, probed), (differences.vanished_gradients, new)):
        narrow = tuple(part.float() for part in network)
        assert measure(5, *narrow) == 0
        assert measure(100, *network) < 0.01
        assert measure(100, *narrow) > 0.9
    # A state that is its memory has a gap of 1 - (1 - 2/N)^n.
    assert differences.vanished_gaps(100, *(part.float() for part in probes.stored(100, 1, noise=0))) == 0


def test_the_equivalent_temperature_gives_the_same_bracket():
    network = probes.unlearned(20, 5, 10)
    for outer, n in ((7.0**-3, 3), (1 / 7.0, 3), (1 / (7.0 * 4), 4)):
        original = outer * energy_gap(*network, Polynomial(n), probes.ONE)
        modified = Scaling.modified(1 / differences.equivalent(outer, n, 20), 20)
        torch.testing.assert_close(energy_gap(*network, Polynomial(n), modified), original)


def test_trainings_part_unless_the_temperatures_correspond():
    network, original = probes.unlearned(16, 8, 4), Scaling.original(8.0, 3)
    for temperature, same in ((0.5, True), (1.0, False), (0.25, False)):
        scalings = original, Scaling.modified(temperature, 16)
        apart = differences.learned_apart(Polynomial(3), *network, scalings, epochs=20)
        assert (apart == 0) == same


def test_learned_distance_counts_what_recall_loses_and_says_where_a_dtype_ends():
    memories, patterns = probes.unlearned(30, 20, 3)
    setting = dict(epochs=30, learning_rate=0.5)
    modified = Scaling.modified(1.0, 30)
    assert differences.learned_distance(Polynomial(6), memories, patterns, modified, **setting) == 0
    # Without learning, all memories are +1 and n = 1: every neuron ends at +1, 2 sqrt(d) from a pattern with d at -1.
    ones, frozen = torch.ones_like(memories), dict(epochs=1, learning_rate=1e-12)
    expected = (2 * (patterns < 0).sum(1).sqrt()).mean().item()
    assert differences.learned_distance(Polynomial(1), ones, patterns, modified, **frozen) == pytest.approx(expected)
    original = Scaling.original(30.0, 60)
    narrow = (part.float() for part in (memories, patterns))
    assert math.isnan(differences.learned_distance(Polynomial(60), *narrow, original, **setting))


def test_plain_descent_moves_by_the_gradient():
    network, scaling = probes.unlearned(10, 4, 3), Scaling.modified(1.0, 10)
    _, slope = learning.gradient(*network, Polynomial(2), scaling)
    assert differences.plain_descent(Polynomial(2), *network, scaling, epochs=1) == pytest.approx(
        slope.abs().max().item()
    )
    # A large vertex at a high temperature: the same direction, but nothing to see of it.
    assert differences.plain_descent(Polynomial(100), *network, Scaling.original(90.0, 100), epochs=3) < 1e-16


def test_targets_are_readable_from_true_labels_only():
    labels = torch.tensor([3, 1, 9, 9])
    assert differences.readable(labels, held=False) == 1
    assert differences.readable(labels, held=True) == 0.1


def test_label_leak_learns_and_tests_both_ways_of_holding_the_class_neurons(digits):
    pixels, labels = digits[0] / 127.5 - 1, digits[1]
    found = differences.label_leak(pixels, labels, pixels[:1000], labels[:1000], epochs=15)
    assert set(found) == {"-1", "the true label"}
    assert all(0.5 < accuracy < 1 for accuracy in found.values())


def test_scores_are_bounded_by_clamping_alone(digits):
    pixels, labels = digits[0][:2000] / 127.5 - 1, digits[1][:2000]
    clamped, free = (differences.largest_score(pixels, labels, clip=clip, epochs=20) for clip in (True, False))
    assert 0.5 < clamped <= 1 < free
