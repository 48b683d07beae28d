"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

import itertools
from fractions import Fraction

import pytest
import torch

from damcore import datasets
from damcore.interactions import Polynomial, RectifiedPolynomial
from damcore.proofs import differences


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


def test_the_sign_of_the_slope_counts_where_powers_vanish():
    assert differences.slope_sign(20, 0.0, 50, 20, divisor=50.0) == 0
    assert differences.slope_sign(20, 0.01, 50, 20, divisor=50.0) > 0.95
    assert differences.slope_sign(20, 0.01, 50, 20, divisor=1.0) < 0.05


def test_an_exponential_network_follows_its_memory_or_the_majority_by_the_factor():
    memory, majority = differences.exponential_followers([1.0, 1e-4], *differences.stored(60, 11, noise=0.1))
    assert memory[0] > 0.99 > 0.8 > majority[0]
    assert majority[1] == 1 and memory[1] < 0.9
    # One memory is safe at any factor.
    assert differences.exponential_followers([0.01], *differences.stored(30, 1, noise=0.1))[0] == 1


def test_gaps_vanish_in_narrow_dtypes_at_large_vertices():
    assert differences.vanished_gaps(5, 100, 20, torch.float32) == 0
    assert differences.vanished_gaps(100, 100, 20, torch.float64) < 0.01
    assert differences.vanished_gaps(100, 100, 20, torch.float32) > 0.9


def test_first_order_is_exact_at_vertex_2_without_the_own_term():
    assert differences.first_order(2, 1, 30, 50, own=False) == 0
    assert differences.first_order(2, 1, 30, 50, own=True) > 0.1
    assert differences.first_order(3, 3, 30, 50, own=False) > 0.3  # the wrong power


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
