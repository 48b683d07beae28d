"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

import itertools
import math
from fractions import Fraction

import pytest
import torch

from damcore import datasets, learning
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.proofs import differences
from damcore.scaling import Scaling


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_noise_variance_is_the_mean_over_all_patterns(n, rectified):
    kind = RectifiedPolynomial(n) if rectified else Polynomial(n)
    sums = torch.tensor([sum(signs) for signs in itertools.product((-1, 1), repeat=5)]).double()
    mean = (kind(sums + 1) - kind(sums - 1)).square().mean()
    assert float(differences.noise_variance(6, n, rectified=rectified)) == mean


def test_rectifying_halves_the_noise_exactly_for_an_even_number_of_neurons():
    for n_neurons, n in ((6, 2), (100, 3), (100, 20)):
        ratio = differences.noise_variance(n_neurons, n, rectified=True) / differences.noise_variance(
            n_neurons, n, rectified=False
        )
        assert ratio == Fraction(1, 2)


def test_capacity_without_errors_is_what_kh16_quotes():
    assert [round(differences.no_errors(100, n), 1) for n in (2, 3, 4)] == [10.9, 361.9, 7238.2]


def test_unstable_neurons_follow_the_noise_variance():
    """Gauss: the signal N^n - (N - 2)^n against K - 1 terms of that variance; exact would need the finite-N law."""
    measured, patterns = differences.unstable(2, 100, 20, rectified=False, networks=100)
    signal = 100**2 - 98**2
    deviation = (19 * float(differences.noise_variance(100, 2, rectified=False))) ** 0.5
    expected = 0.5 * torch.erfc(torch.tensor(signal / deviation / 2**0.5)).item()
    assert measured == pytest.approx(expected, rel=0.15)
    assert measured < patterns < 100 * measured
    assert differences.unstable(2, 20, 1, rectified=True, networks=3) == (0, 0)  # one pattern alone is stable
    # N = 2, n = 1: the bracket is twice the sum of the two entries; where they differ it is 0, which goes to +1.
    neurons, _ = differences.unstable(1, 2, 2, rectified=False, networks=200)
    assert neurons == pytest.approx(1 / 4, abs=0.05)


def test_error_law_is_what_random_patterns_do():
    for n, memories, rectified in ((2, 20, False), (3, 60, True)):
        exact = differences.error_law(n, 30, memories, rectified=rectified)
        counted, _ = differences.unstable(n, 30, memories, rectified=rectified, networks=60)
        assert exact == pytest.approx(counted, rel=0.15)


def test_error_law_of_two_patterns_by_hand():
    """N = 2, n = 1: the bracket is 2 (xi + zeta), 0 where they differ; sign(0) = +1 is wrong half of the time."""
    assert differences.error_law(1, 2, 2, rectified=False) == pytest.approx(1 / 4)
    # Two others: both against it, with probability 1/4; three others: all three, or two and a tie.
    assert differences.error_law(1, 2, 3, rectified=False) == pytest.approx(1 / 4)
    assert differences.error_law(1, 2, 4, rectified=False) == pytest.approx(1 / 8 + 3 / 8 / 2)


def test_the_rectified_polynomial_takes_twice_the_memories_at_the_same_error():
    power = differences.error_law(3, 100, 500, rectified=False)
    assert differences.error_law(3, 100, 999, rectified=True) == pytest.approx(power, rel=0.02)
    assert differences.error_law(3, 100, 500, rectified=True) < power / 10


def test_random_states_end_in_the_only_memory_or_its_inverse():
    signed, either = differences.converged(2, 20, 1, rectified=False, states=50, networks=3)
    assert either.tolist() == [1, 1, 1] and 0.3 < signed.mean() < 0.7
    signed, either = differences.converged(3, 20, 1, rectified=False, states=50)
    assert signed == either == 1  # odd n: (-1)^3 x^3, and the memory alone is stable


def test_half_converge_lies_where_half_converge():
    half = differences.half_converge(3, 30, rectified=False, networks=40)
    shares = [
        differences.converged(3, 30, round(half) + more, rectified=False, states=50, networks=40, seed=1)[0]
        .mean()
        .item()
        for more in (-15, 15)
    ]
    assert shares[0] > 0.5 > shares[1]


def test_bracket_over_dual_is_2n_where_the_overlap_is_large():
    assert differences.bracket_over_dual(2, 7, 0) == 4
    assert differences.bracket_over_dual(3, 10, 0) == 6 + Fraction(2, 100)
    assert float(differences.bracket_over_dual(20, 10**6, 0)) == pytest.approx(40, rel=1e-9)
    assert differences.bracket_over_dual(2, 6, 6) == 8


def test_self_coupling_holds_neurons_and_vertex_2_has_none():
    few, many = (differences.self_coupling(*differences.stored(60, k, noise=0.5)) for k in (10, 60))
    assert few[1] == many[1] == 0
    assert 0 < few[0] < many[0]


def test_ties_come_where_sums_of_odd_numbers_can_vanish():
    # 4 times a sum of three odd numbers
    assert differences.tie_rule(Polynomial(2), *differences.stored(20, 3)) == (0, 0)
    zero, ends = differences.tie_rule(Polynomial(2), *differences.stored(100, 30))
    assert zero > 0 and ends > 0


def test_update_order_does_not_matter_to_one_memory_and_does_beyond_capacity():
    assert differences.update_order(Polynomial(3), *differences.stored(20, 1)) == (0, 0)
    elsewhere, cycle = differences.update_order(Polynomial(2), *differences.stored(60, 40))
    assert elsewhere > cycle > 0


def test_energy_of_the_sum_is_the_energy_for_one_memory_only():
    assert differences.energy_of_the_sum(Polynomial(3), *differences.stored(20, 1)) == 0
    # A linear F may be taken out of the sum.
    assert differences.energy_of_the_sum(Polynomial(1), *differences.stored(20, 7)) == 0
    assert differences.energy_of_the_sum(Polynomial(3), *differences.stored(20, 7)) > 0.1


@pytest.mark.parametrize("memories", [19, 20, 21, 22])
def test_at_vertex_2_parity_decides_whether_a_draw_has_ties(memories):
    # (N - 1) K odd numbers sum to 0: K is even, and the product of their signs is that of all entries, N being 4 m.
    for seed in range(6):
        network = differences.stored(40, memories, seed=seed)
        possible = memories % 2 == 0 and (int(network[0].sum()) - memories) % 4 == 0
        assert (differences.tie_rule(Polynomial(2), *network)[0] > 0) == possible


def test_ties_round_away_from_zero_unless_the_divisor_is_a_power_of_two():
    tied = next(
        network
        for network in (differences.stored(100, 30, seed=seed) for seed in range(20))
        if differences.tie_rule(Polynomial(2), *network)[0] > 0
    )
    assert differences.rounded_ties(*tied, divisor=100.0) > 0.1
    assert differences.rounded_ties(*tied, divisor=64.0) == 0
    assert differences.rounded_ties(*differences.stored(100, 31), divisor=100.0) == 0


def test_the_sign_of_the_slope_counts_where_powers_vanish():
    network = differences.unlearned(50, 20, 100)
    assert differences.slope_sign(20, 0.0, *network, divisor=50.0) == 0
    assert differences.slope_sign(20, 0.01, *network, divisor=50.0) > 0.95
    assert differences.slope_sign(20, 0.01, *network, divisor=1.0) < 0.05
    assert differences.slope_sign(20, 0.01, *differences.stored(50, 20, noise=0), divisor=50.0) == 0
    # One memory, n = 1, counted with both clamped states written out.
    (memory,), states = differences.unlearned(50, 1, 200)
    rest = (states * memory).sum(1, keepdim=True) - states * memory
    signs = []
    for slope in (0.3, -0.3):
        on, off = (torch.where(h < 0, slope * h, h) for h in (rest + memory, rest - memory))
        signs.append(on >= off)
    expected = (signs[0] != signs[1]).double().mean().item()
    assert differences.slope_sign(1, 0.3, memory[None], states, divisor=1.0) == expected > 0.3


def test_a_factor_changes_updates_of_functions_that_are_not_homogeneous():
    network = differences.unlearned(30, 10, 50)
    scalings = differences.ONE, Scaling(1.0, divisor=30.0)
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
    network = differences.unlearned(64, 20, 20)
    plain, divided, other = (differences.rounding(9, *network, divisor=by) for by in (1.0, 64.0, 60.0))
    assert plain == divided
    assert 0.5 < other / plain < 2
    assert 2**-26 < plain < 1e-4


def test_patterns_stay_intact_below_capacity():
    lost, whole = differences.intact(100, 14, networks=200)
    _, patterns = differences.unstable(2, 100, 14, rectified=False, networks=200)
    assert lost == pytest.approx(patterns, abs=0.02)  # the same law through the bracket
    assert (1 - lost) ** 14 < whole + 0.03 < 0.2
    assert differences.intact(50, 1, networks=5) == (0, 1)


def test_an_exponential_network_follows_its_memory_or_the_majority_by_the_factor():
    memory, majority = differences.exponential_followers([1.0, 1e-4], *differences.stored(60, 11, noise=0.1))
    assert memory[0] > 0.99 > 0.8 > majority[0]
    assert majority[1] == 1 and memory[1] < 0.9
    # One memory is safe at any factor.
    assert differences.exponential_followers([0.01], *differences.stored(30, 1, noise=0.1))[0] == 1


def test_gaps_and_gradients_vanish_in_narrow_dtypes_at_large_vertices():
    probes, new = differences.stored(100, 20, noise=0.5), differences.unlearned(100, 20, 20)
    for measure, network in ((differences.vanished_gaps, probes), (differences.vanished_gradients, new)):
        narrow = tuple(part.float() for part in network)
        assert measure(5, *narrow) == 0
        assert measure(100, *network) < 0.01
        assert measure(100, *narrow) > 0.9
    # A state that is its memory has a gap of 1 - (1 - 2/N)^n.
    assert differences.vanished_gaps(100, *(part.float() for part in differences.stored(100, 1, noise=0))) == 0


def test_the_equivalent_temperature_gives_the_same_bracket():
    network = differences.unlearned(20, 5, 10)
    for outer, n in ((7.0**-3, 3), (1 / 7.0, 3), (1 / (7.0 * 4), 4)):
        original = outer * energy_gap(*network, Polynomial(n), differences.ONE)
        modified = Scaling.modified(1 / differences.equivalent(outer, n, 20), 20)
        torch.testing.assert_close(energy_gap(*network, Polynomial(n), modified), original)


def test_trainings_part_unless_the_temperatures_correspond():
    network, original = differences.unlearned(16, 8, 4), Scaling.original(8.0, 3)
    for temperature, same in ((0.5, True), (1.0, False), (0.25, False)):
        scalings = original, Scaling.modified(temperature, 16)
        apart = differences.learned_apart(Polynomial(3), *network, scalings, epochs=20)
        assert (apart == 0) == same


def test_learned_distance_counts_what_recall_loses_and_says_where_a_dtype_ends():
    memories, patterns = differences.unlearned(30, 20, 3)
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
    network, scaling = differences.unlearned(10, 4, 3), Scaling.modified(1.0, 10)
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


def test_first_order_is_exact_at_vertex_2_without_the_own_term():
    assert differences.first_order(2, 1, 30, 50, own=False) == 0
    assert differences.first_order(2, 1, 30, 50, own=True) > 0.1
    assert differences.first_order(3, 3, 30, 50, own=False) > 0.3  # the wrong power
    # Unrelated states are as good as random ones.
    random, unrelated = (differences.first_order(3, 2, 100, 1000, own=True, noise=noise) for noise in (None, 0.5))
    assert random == pytest.approx(unrelated, abs=0.02)


@pytest.fixture(scope="module")
def digits():
    images, labels = datasets.mnist(source="bundled")
    return torch.tensor(images).flatten(1), torch.tensor(labels)


def test_signs_of_similarities_decide_what_is_retrieved(digits):
    grey = digits[0][:50].double() / 255
    direction = differences.softmax_direction(grey, beta=100)
    assert direction["e^(beta s)"] > 0.7 and direction["e^(-beta s)"] == 0
    assert differences.softmax_direction(grey, beta=1e-9)["largest weight times K"] == pytest.approx(1)
    assert differences.jensen_shannon_as_coded(grey) == {"as coded": 0, "its reciprocal": 1}


def test_noise_is_cut_to_the_range_of_pixels(digits):
    grey = digits[0][:20].double() / 255
    assert differences.noise_size(grey, 0.0) == 0
    assert 0.5 * 0.6 < differences.noise_size(grey, 0.5) < 0.5
    assert differences.noise_size(grey, 0.5) < differences.noise_size(grey, 0.7) < 0.7


def test_label_leak_learns_and_tests_both_ways_of_holding_the_class_neurons(digits):
    pixels, labels = digits[0] / 127.5 - 1, digits[1]
    found = differences.label_leak(pixels, labels, pixels[:1000], labels[:1000], epochs=15)
    assert set(found) == {"-1", "the true label"}
    assert all(0.5 < accuracy < 1 for accuracy in found.values())


def test_scores_are_bounded_by_clamping_alone(digits):
    pixels, labels = digits[0][:2000] / 127.5 - 1, digits[1][:2000]
    clamped, free = (differences.largest_score(pixels, labels, clip=clip, epochs=20) for clip in (True, False))
    assert 0.5 < clamped <= 1 < free


def test_capacity_exponents_are_those_of_the_leading_power():
    for n in (1, 2, 3, 4):
        assert differences.capacity_exponent(n, 1000, energy=False) == pytest.approx(n, abs=0.01)
        assert differences.capacity_exponent(n, 1000, energy=True) == pytest.approx(n - 1, abs=0.01)


def test_hamming_identities_by_hand():
    # One bit: (0, 0) and (1, 1) have distance 0 and products 0 and 1; (0, 1) and (1, 0) have distance 1, product 0.
    assert differences.hamming_identities(1) == {"mod 2": 1 / 4, "bipolar": 1}


def test_sparse_distributed_memory_returns_the_only_address():
    memories, probes = differences.stored(40, 1, noise=0.1)
    found = differences.sparse_distributed_memory(memories, probes, 4)
    assert found == {"fewest": 1, "most": 1, "near": 1, "far": 0}
    assert differences.sparse_distributed_memory(memories, probes, 3) == {"fewest": 0, "most": 0, "near": 0, "far": 1}


def test_tail_slope_by_hand():
    assert differences.tail_slope(2, 1) == pytest.approx(torch.tensor(3.0).log().item())  # 1 + 2 over 1
    assert differences.tail_slope(2, 2) == pytest.approx(torch.tensor(4 / 3).log().item())


def test_the_update_never_raises_the_usual_energies():
    patterns, states = differences.stored(30, 8, noise=0.5)
    assert differences.hopfield_energy_rises(patterns, states, sign=-1) == 0
    assert differences.hopfield_energy_rises(patterns, states, sign=1) == 1
    drawn = torch.randn(2, 9, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert differences.continuous_energy_rises(drawn[0], drawn[1], printed=False) == 0


def test_the_mended_dynamics_are_a_gradient_flow():
    flow = differences.gradient_flow(4, draws=20)
    assert flow["mended"] < 1e-12 and flow["falls"] == 1
    assert flow["printed"] > 0.1


def test_derivatives_of_scores_and_separations():
    weights = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.float64)
    assert differences.mixed_slope(lambda q: weights @ q**3, 2) == 0
    assert differences.mixed_slope(lambda q: q[:1] * q[1:] * 7, 2) == pytest.approx(7)
    assert differences.without_lagrangian(lambda x: torch.stack([x[1], -x[0]]), 2) == 2
    assert differences.without_lagrangian(lambda x: x.softmax(0), 4) < 1e-15
    assert differences.smallest_slope(lambda x: x * torch.tensor([1.0, 4.0]), weights[0]) == pytest.approx(1 / 4)
    assert differences.smallest_slope(torch.zeros_like, weights[0]) == 0


def test_the_linear_network_grows_by_its_largest_eigenvalue():
    one, _ = differences.stored(10, 1)
    assert differences.hopfield_runs_away(one, steps=3) == pytest.approx([10, 100, 1000])


def test_a_step_of_the_dynamics_is_the_projection_for_the_dot_product_only():
    memories = differences.digits(5)
    dot = differences.step_of_the_dynamics(memories, memories, lambda q: q @ memories.mT, 1.0)
    assert dot[0] == pytest.approx(dot[1])
    # One memory: d(-|m - q|^2)/dq = 2 (m - q), of which the error is |m - 2 q|^2, here |m|^2 with q = m.
    alone = memories[:1]
    step, direct = differences.step_of_the_dynamics(
        alone, alone.clone(), lambda q: -(q[:, None] - alone).square().sum(-1), 1.0
    )
    assert (step, direct) == pytest.approx((alone.square().sum().item(), 0))


def test_the_dynamics_end_at_the_memory_for_the_manhattan_and_at_two_thirds_for_the_euclidean_distance():
    memory, query = differences.digits(1), torch.full((1, 784), 0.5, dtype=torch.float64)
    size = memory.square().sum().item()
    ends = [
        differences.end_of_the_dynamics(memory, query, similarity, 1.0)
        for similarity in (
            lambda q: q @ memory.mT,
            lambda q: -(q[:, None] - memory).square().sum(-1),
            lambda q: -(q[:, None] - memory).abs().sum(-1),
        )
    ]
    assert ends[0] < 1e-3 * size and ends[2] < 1e-3 * size
    assert ends[1] == pytest.approx(size / 9, rel=1e-3)


def test_one_memory_is_reached_in_one_step():
    memories = differences.digits(3)
    assert differences.second_step(memories[:1], memories, 1.0) == 0


def test_halves_and_noise_of_pictures():
    pictures = differences.digits(4) * 0.8 + 0.1
    upper, lower = differences.half_masked(pictures), differences.half_masked(pictures, lower=True)
    assert torch.equal(upper + lower, pictures) and (upper[:, :392] == 0).all()
    assert torch.equal(differences.noisy(pictures, 0.0), pictures)
    assert differences.noise_size(pictures, 0.5) != differences.noise_size(pictures, 0.5, absolute=False)


def test_scores_sum_to_one_and_rank_as_distances_do():
    memories, asked = differences.digits(30), differences.half_masked(differences.digits(30))
    for name in ("dot", "manhattan", "euclidean", "root"):
        found = differences.scores(memories, asked, name)
        assert torch.allclose(found.sum(1), torch.ones(30, dtype=torch.float64))
    loop = torch.stack([(memories - q).abs().sum(1) for q in asked])
    assert torch.equal(differences.scores(memories, asked, "manhattan").argmax(1), loop.argmin(1))
    by_hand = 1 / (memories - asked[3]).square().sum(1)
    assert torch.allclose(differences.scores(memories, asked, "euclidean")[3], by_hand / by_hand.sum())
    assert differences.own_first(-loop) == differences.own_first(loop, smallest=True)


def test_clean_digits_come_back_with_max_and_their_mean_with_equal_weights():
    memories = differences.digits(20)
    # Clean but for the last digit of a pixel: a distance of 0 has no reciprocal.
    hottest = differences.retrieved(
        memories,
        memories + 1e-9,
        lambda x: (x == x.amax(1, keepdim=True)).double(),
        similarity="manhattan",
        threshold=0.1,
    )
    assert hottest == 1
    equal = differences.retrieved(memories, memories, torch.ones_like)
    assert equal == differences.share((memories - memories.mean(0)).square().sum(1) < 50)
    assert differences.accepted(memories, 50.0)[0] == equal
    assert differences.accepted(memories, 0.0) == (0, 0) and differences.accepted(memories, 1e6) == (1, 1)


def test_only_the_length_keeps_every_picture_to_itself():
    pictures = torch.tensor([[0.6, 0.4], [1.0, 0.0]], dtype=torch.float64)
    assert differences.lost_by_the_dot_product(pictures, norm="sum") == 0.5
    assert differences.lost_by_the_dot_product(pictures, norm="length") == 0


def test_divergences_against_torch():
    p, q = torch.rand(2, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    found = differences.divergences(p, q)
    p, q = differences.distributions(p), differences.distributions(q)
    divergence = torch.nn.functional.kl_div
    for b in range(3):
        for k in range(3):
            forward = divergence(p[k].log(), q[b], reduction="sum")  # sum q ln(q / p)
            back = divergence(q[b].log(), p[k], reduction="sum")
            assert found["KL"][b, k] == pytest.approx(-forward)
            assert found["reverse KL"][b, k] == pytest.approx(back)
            assert found["as printed"][b, k] == pytest.approx((forward + back) / 2)
    apart = torch.eye(2, dtype=torch.float64)
    assert differences.divergences(apart, apart)["Jensen-Shannon"][0, 1] == pytest.approx(
        torch.tensor(2.0).log().item()
    )


def test_a_part_of_the_memory_comes_out_as_that_part():
    memories = differences.digits(10)
    whole, part = differences.heteroassociation(memories, memories[:, 300:], memories)
    assert torch.allclose(whole[:, 300:], part)
