"""The laws of capacity: against recall of all patterns, fractions, closed forms, one another, and drawn networks."""

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch

import oracles
from cases import refused
from damcore.capacity import (
    _sums,
    clopper_pearson,
    error_probability,
    max_memories,
    max_perfect_memories,
    measured_error,
    nearest_probability,
    noise_variance,
    perfect_probability,
)
from damcore.capacity._noise import Noise
from damcore.capacity.errors import of_memories
from damcore.capacity.loads import largest
from damcore.datasets import random_patterns
from damcore.interactions import Exponential, Interaction, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.recall import recall
from damcore.scaling import Scaling

POWERS = [Polynomial(2), Polynomial(3), Polynomial(4)]
RECTIFIED = [RectifiedPolynomial(2), RectifiedPolynomial(3), RectifiedPolynomial(4)]
OTHERS = [LeakyRectifiedPolynomial(3, 0.5), LeakyRectifiedPolynomial(2, -0.25), LeakyRectifiedPolynomial(2, 0.01)]
ALL = [Polynomial(1), *POWERS, *RECTIFIED, *OTHERS, Polynomial(20), Exponential()]


def all_networks(n_neurons: int, n_memories: int) -> torch.Tensor:
    """Every network of so many patterns, (2^(N K), K, N)."""
    bits = torch.arange(2 ** (n_neurons * n_memories))[:, None] >> torch.arange(n_neurons * n_memories) & 1
    return (2.0 * bits - 1).double().unflatten(1, (n_memories, n_neurons))


def recalled(memories: torch.Tensor, interaction: Interaction, tie: str = "positive") -> torch.Tensor:
    """Which neurons of the first pattern turn over when each is updated from the pattern, (R, N)."""
    first = memories[:, :1]
    after = recall(memories, first, interaction, Scaling(1.0), order="synchronous", tie=tie, max_sweeps=1).states
    return (after != first)[:, 0]


def enumerated(interaction: Interaction, n_neurons: int, n_memories: int) -> Fraction:
    """P from the law of the noise term by term, in fractions."""
    slope = getattr(interaction, "slope", 0.0)
    value, _ = oracles.interaction(interaction.name, getattr(interaction, "n", 1), slope)
    one: dict[Fraction, int] = {}
    for signs in itertools.product((-1, 1), repeat=n_neurons):
        rest, sign = sum(signs[1:]), signs[0]
        term = sign * (Fraction(value(rest + 1)) - Fraction(value(rest - 1)))
        one[term] = one.get(term, 0) + 1
    signal = Fraction(value(n_neurons)) - Fraction(value(n_neurons - 2))
    law = {Fraction(0): 1}
    for _ in range(n_memories - 1):
        law, before = {}, law
        for total, ways in before.items():
            for term, choices in one.items():
                law[total + term] = law.get(total + term, 0) + ways * choices
    doubled = sum(ways * ((total < -signal) + (total <= -signal)) for total, ways in law.items())
    return Fraction(doubled, 2 * sum(law.values()))


@pytest.mark.parametrize(
    "interaction, n_neurons, n_memories",
    [(one, 4, 2) for one in (*POWERS, *RECTIFIED[:2], OTHERS[0])]
    + [(one, 3, 3) for one in (Polynomial(2), Polynomial(3), RectifiedPolynomial(3))],
    ids=str,
)
def test_the_exact_law_is_the_share_of_all_networks_whose_neuron_recall_turns_over(interaction, n_neurons, n_memories):
    networks = all_networks(n_neurons, n_memories)
    law = error_probability(n_neurons, interaction, n_memories)
    turned = recalled(networks, interaction).double().mean(0)
    torch.testing.assert_close(turned, torch.full_like(turned, law), rtol=1e-12, atol=0)


@pytest.mark.parametrize("interaction", [Polynomial(2), RectifiedPolynomial(3), Exponential()], ids=repr)
def test_another_rule_for_a_tie_is_another_law(interaction):
    networks = all_networks(4, 2)  # a tie where the other pattern differs in this neuron alone
    positive = networks[:, 0, 0] > 0
    law = error_probability(4, interaction, 2)
    turned, other, kept = (recalled(networks, interaction, tie)[:, 0] for tie in ("positive", "negative", "keep"))
    assert math.isclose(other.double().mean(), law, rel_tol=1e-12)
    assert not (turned & ~kept & positive).any()  # a tie turns over neurons at -1 only
    assert kept.double().mean() < 0.9 * law and turned[~positive].double().mean() > 1.1 * law


@pytest.mark.parametrize("interaction", ALL, ids=repr)
@pytest.mark.parametrize("n_neurons, n_memories", [(2, 7), (5, 5), (6, 4), (7, 4), (12, 3)])
def test_the_exact_law_is_the_enumeration_in_fractions(interaction, n_neurons, n_memories, monkeypatch):
    monkeypatch.setattr(_sums, "PLACES", 1 << 16)  # enough for so few terms
    wanted = float(enumerated(interaction, n_neurons, n_memories))
    assert math.isclose(error_probability(n_neurons, interaction, n_memories), wanted, rel_tol=1e-11)


def test_at_a_huge_power_only_copies_and_negatives_add_anything():
    p = 2.0**-9  # of a memory that takes what the pattern's own gives
    assert math.isclose(error_probability(10, Polynomial(10**6), 3), p - p**2, rel_tol=1e-10)
    assert math.isclose(error_probability(10, RectifiedPolynomial(10**6), 2), p / 4, rel_tol=1e-10)


@pytest.mark.parametrize("rectified, memories", [(False, 500), (True, 500), (True, 1000)])
def test_the_exact_law_is_that_of_an_independent_convolution(rectified, memories):
    interaction = RectifiedPolynomial(3) if rectified else Polynomial(3)
    wanted = oracles.error_law(3, 100, memories, rectified=rectified)
    assert math.isclose(error_probability(100, interaction, memories), wanted, rel_tol=1e-8)


def test_a_small_probability_keeps_its_digits():
    for interaction, n_neurons, n_memories in [(Polynomial(4), 12, 2), (Polynomial(2), 14, 4), (Polynomial(3), 13, 3)]:
        wanted = float(enumerated(interaction, n_neurons, n_memories))
        assert math.isclose(error_probability(n_neurons, interaction, n_memories), wanted, rel_tol=1e-11)
    tiny = error_probability(400, Polynomial(2), 2)  # where a plain Fourier transform has noise only
    assert math.isclose(
        tiny, 2.0**-400, rel_tol=1e-10
    )  # differs in the neuron alone, or negates the rest alone; half of 2 / 2^400
    assert error_probability(400, Polynomial(2), 1) == error_probability(400, Polynomial(2), 1, law="bound") == 0


@pytest.mark.parametrize("interaction, n_memories", [(Polynomial(4), 2000), (RectifiedPolynomial(4), 4000)], ids=str)
def test_a_grid_is_as_good_as_the_lattice(interaction, n_memories, monkeypatch):
    lattice = error_probability(60, interaction, n_memories)
    errors = []
    for places in (1 << 16, 1 << 18):
        monkeypatch.setattr(_sums, "PLACES", places)
        errors.append(abs(error_probability(60, interaction, n_memories) / lattice - 1))
    assert 0 < errors[1] < errors[0] / 4 and errors[0] < 1e-3


def test_a_law_that_no_grid_holds_is_refused(monkeypatch):
    monkeypatch.setattr(_sums, "PLACES", 1 << 12)
    says = '`law` "exact" needs more than 4096 places for the sum over 9000 memories; take "gaussian" or "bound", or'
    with refused(ValueError, says):
        error_probability(100, Polynomial(4), 9000)


@pytest.mark.parametrize("interaction", [*POWERS, *RECTIFIED, Exponential(), OTHERS[0]], ids=repr)
@pytest.mark.parametrize("n_neurons", [2, 5, 8])
def test_the_variance_is_the_mean_over_all_signs(interaction, n_neurons):
    value, _ = oracles.interaction(interaction.name, getattr(interaction, "n", 1), getattr(interaction, "slope", 0.0))
    rests = [sum(signs) for signs in itertools.product((-1, 1), repeat=n_neurons - 1)]
    wanted = sum((value(rest + 1) - value(rest - 1)) ** 2 for rest in rests) / len(rests)
    assert math.isclose(noise_variance(n_neurons, interaction), wanted, rel_tol=1e-13)


def test_the_variance_has_its_closed_forms_and_its_limit():
    for n_neurons in (3, 10, 101):
        m = n_neurons - 1
        assert noise_variance(n_neurons, Polynomial(2)) == 16 * m
        assert noise_variance(n_neurons, Polynomial(3)) == 108 * m**2 - 48 * m + 4
    for n, odd in ((2, 1), (3, 3), (4, 15), (5, 105)):
        for n_neurons in (50, 100):
            rectified = noise_variance(n_neurons, RectifiedPolynomial(n))
            assert rectified == noise_variance(n_neurons, Polynomial(n)) / 2  # r is odd, and never 0
        assert noise_variance(51, RectifiedPolynomial(n)) != noise_variance(51, Polynomial(n)) / 2 or n == 1
        distance = [
            abs(noise_variance(size, Polynomial(n)) / (4 * n**2 * odd * size ** (n - 1)) - 1) for size in (500, 1000)
        ]
        assert distance[0] < 0.02 and 1.9 < distance[0] / distance[1] < 2.1
    assert noise_variance(100, Polynomial(1000)) == math.inf


def test_the_gaussian_law_has_the_exact_signal_and_variance():
    for interaction in (Polynomial(3), RectifiedPolynomial(4), LeakyRectifiedPolynomial(3)):
        signal = 100**interaction.n - 98**interaction.n
        for memories in (2, 300, 10**6):
            ratio = signal / math.sqrt((memories - 1) * noise_variance(100, interaction))
            wanted = (0.5 * torch.special.erfc(torch.tensor(ratio / math.sqrt(2), dtype=torch.float64))).item()
            assert math.isclose(error_probability(100, interaction, memories, law="gaussian"), wanted, rel_tol=1e-11)


@pytest.mark.parametrize("make", [Polynomial, RectifiedPolynomial])
@pytest.mark.parametrize("n, most", [(2, 0.07), (3, 0.02), (4, 0.005)])
def test_the_gaussian_law_approaches_the_exact_one(make, n, most):
    memories = [int(max_memories(size, make(n), 0.01, law="gaussian")) for size in (20, 80)]
    ratios = [
        error_probability(size, make(n), k) / error_probability(size, make(n), k, law="gaussian")
        for size, k in zip((20, 80), memories, strict=True)
    ]
    assert abs(ratios[1] - 1) < most and abs(ratios[1] - 1) < abs(ratios[0] - 1)
    wrong = error_probability(80, make(n), 2 * memories[1], law="gaussian")  # a variance that is out by a factor of 2
    assert wrong > 4 * error_probability(80, make(n), memories[1])


@pytest.mark.parametrize("law", ["limit", "gaussian"])
def test_the_laws_at_large_n_are_the_same(law):
    for make in (Polynomial, RectifiedPolynomial):
        found = error_probability(4000, make(3), 10**6, law=law)
        assert math.isclose(found, error_probability(4000, make(3), 10**6, law="limit"), rel_tol=5e-3)


def test_the_printed_law_is_the_first_term_of_the_tail():
    ratios = [
        error_probability(100, Polynomial(4), memories, law="printed")
        / error_probability(100, Polynomial(4), memories, law="limit")
        for memories in (10**3, 10**4)
    ]
    for memories, ratio in zip((10**3, 10**4), ratios, strict=True):
        a = 15 * memories / 100**3
        assert 1 + a - 3 * a**2 < ratio < 1 + a  # erfc's next terms
    a = 15 * 10**4 / 100**3
    printed = math.sqrt(a / (2 * math.pi)) * math.exp(-1 / (2 * a))
    assert math.isclose(error_probability(100, Polynomial(4), 10**4, law="printed"), printed, rel_tol=1e-12)


@pytest.mark.parametrize(
    "law, alphas", [("limit", (0.1507, 0.0502, 0.01005, 0.00144)), ("printed", (0.1463, 0.0488, 0.00975, 0.00139))]
)
def test_the_load_at_half_a_percent_is_alpha(law, alphas):
    # Origin: the equation before KH16 Eq. 5, solved by hand for P = 0.005.
    for n, alpha in zip((2, 3, 4, 5), alphas, strict=True):
        for make, factor in ((Polynomial, 1), (RectifiedPolynomial, 2)):
            found = max_memories(10**6, make(n), 0.005, law=law) / 10 ** (6 * n - 6)
            assert abs(found / factor - alpha) < (5.1e-6 if n > 3 else 5.1e-5)


@pytest.mark.parametrize("n, n_neurons, n_memories", [(2, 100, 19), (3, 100, 600), (4, 40, 600)])
def test_the_rectified_form_has_the_error_of_half_the_memories(n, n_neurons, n_memories):
    one = error_probability(n_neurons, Polynomial(n), n_memories)
    doubled = error_probability(n_neurons, RectifiedPolynomial(n), 2 * n_memories - 1)
    assert abs(doubled / one - 1) < (0.06 if n == 2 else 0.02)
    assert error_probability(n_neurons, RectifiedPolynomial(n), n_memories) < one / 5


@pytest.mark.parametrize("interaction", [*POWERS, *RECTIFIED, Exponential()], ids=repr)
def test_the_bound_is_above_the_exact_law_but_not_far(interaction, monkeypatch):
    monkeypatch.setattr(_sums, "PLACES", 1 << 18)
    for n_memories in (2, 300):
        exact, bound = (error_probability(12, interaction, n_memories, law=law) for law in ("exact", "bound"))
        assert 0 < exact <= bound <= 0.5 and bound < 60 * exact
    assert error_probability(12, Polynomial(2), 10**9, law="bound") == 0.5


def test_the_exponential_stores_exponentially_many():
    most = [max_memories(size, Exponential(), 1e-3, law="bound") for size in (40, 50, 60)]
    rates = [math.log(later / earlier) / 10 for earlier, later in itertools.pairwise(most)]
    squares = math.log(math.e**2 / math.cosh(2))  # of the signal e^2N over the variance of a term, about cosh(2)^N
    assert all(0.97 * squares < rate < 1.03 * squares for rate in rates)
    assert error_probability(1000, Exponential(), 10**6, law="bound") < 1e-10  # e^1000 leaves the range of a double


@pytest.mark.parametrize("law", ["exact", "gaussian", "limit", "printed", "bound"])
@pytest.mark.parametrize("interaction", [Polynomial(2), RectifiedPolynomial(3)], ids=repr)
def test_one_memory_more_than_the_most_has_a_larger_error(interaction, law):
    for error in (0.001, 0.05):
        found = max_memories(30, interaction, error, law=law)
        most = int(found)
        at, more = (error_probability(30, interaction, k, law=law) for k in (max(most, 1), most + 1))
        assert (at <= error or most == 0) and more > error
        if law in ("limit", "printed") and most > 1:  # which hold between whole numbers, too
            assert math.isclose(of_memories(interaction, 30, law)(found), error, rel_tol=5e-3)


@pytest.mark.parametrize("interaction", [Polynomial(1), *POWERS, *RECTIFIED], ids=repr)
@pytest.mark.parametrize("n_neurons", [5, 12])
def test_the_exact_error_rises_with_the_memories(interaction, n_neurons):
    errors = [error_probability(n_neurons, interaction, k) for k in range(1, 11)]
    assert all(later >= earlier * (1 - 1e-10) for earlier, later in itertools.pairwise(errors))


@pytest.mark.parametrize("start", [0, 1, 5, 40, 1000])
def test_the_largest_is_found_from_any_start(start):
    for most in (0, 1, 2, 39, 40, 41, 977):
        assert largest(lambda number, most=most: number <= most, start) == most


@pytest.mark.parametrize("interaction", [Polynomial(2), Polynomial(3), RectifiedPolynomial(2)], ids=repr)
def test_whole_patterns_against_all_networks(interaction):
    whole = 1 - recalled(all_networks(4, 3), interaction).any(-1).double().mean().item()
    independent, bound = (perfect_probability(4, interaction, 3, law=law) for law in ("exact", "bound"))
    error = error_probability(4, interaction, 3)
    assert math.isclose(independent, (1 - error) ** 4, rel_tol=1e-12)
    assert bound < 1 - 4 * error <= whole * (1 + 1e-12)
    assert independent != pytest.approx(whole, rel=1e-3)  # neurons are not independent
    for law in ("printed", "bound"):
        assert perfect_probability(4, interaction, 10**6, law=law) == 0
    assert error_probability(4, Polynomial(2), 40, law="printed") > 1
    assert perfect_probability(4, Polynomial(2), 40, law="printed") == 0


@pytest.mark.parametrize("law", ["exact", "gaussian", "bound"])
def test_the_most_memories_of_whole_patterns(law):
    most = int(max_perfect_memories(50, Polynomial(3), 0.5, law=law))
    at, more = (perfect_probability(50, Polynomial(3), k, law=law) for k in (most, most + 1))
    assert at >= 0.5 > more
    assert max_perfect_memories(50, Polynomial(3), 0.9, law=law) < most


def test_the_number_without_errors_is_the_printed_one():
    for n in (2, 3, 4, 7):
        printed = 100 ** (n - 1) / (2 * math.prod(range(2 * n - 3, 1, -2)) * math.log(100))
        assert math.isclose(max_memories(100, n), printed, rel_tol=1e-12)
        assert math.isclose(max_memories(100, n, rectified=True), 2 * printed, rel_tol=1e-12)
    assert [round(max_memories(100, n), 1) for n in (2, 3, 4)] == [10.9, 361.9, 7238.2]  # Origin: KH16 Eq. 6 by hand.
    lost = error_probability(100, Polynomial(3), 362, law="printed") * 100
    assert math.isclose(lost, 1 / math.sqrt(4 * math.pi * math.log(100)), rel_tol=0.01)


@pytest.mark.parametrize(
    "interaction, n_neurons, n_memories",
    [(Polynomial(2), 40, 8), (Polynomial(3), 20, 30), (Polynomial(4), 12, 30),
     (RectifiedPolynomial(2), 40, 15), (RectifiedPolynomial(3), 20, 60), (RectifiedPolynomial(4), 12, 60)],
    ids=str,
)  # fmt: skip
def test_drawn_networks_agree_with_the_exact_law_alone(interaction, n_neurons, n_memories, generator):
    found = measured_error(n_neurons, interaction, n_memories, draws=6000, generator=generator)
    assert found.low < error_probability(n_neurons, interaction, n_memories) < found.high
    assert not found.low < error_probability(n_neurons, interaction, 2 * n_memories) < found.high
    assert not found.low < error_probability(n_neurons, interaction, -(-n_memories // 2)) < found.high


@pytest.mark.parametrize("interaction", [Polynomial(2), RectifiedPolynomial(3)], ids=repr)
def test_the_measured_share_is_that_of_the_equation_as_printed(interaction, generator):
    value, _ = oracles.interaction(interaction.name, interaction.n, 0.0)
    found = measured_error(3, interaction, 4, draws=60, generator=torch.Generator().manual_seed(20240729))
    patterns = random_patterns(240, 3, generator=generator).unflatten(0, (60, 4))
    gaps = [oracles.energy_gap(memories, memories[:1], value, 1.0, 1.0)[0, 0].item() for memories in patterns]
    turned = [(gap >= 0) != (memories[0, 0] > 0).item() for gap, memories in zip(gaps, patterns, strict=True)]
    assert 0 in gaps and 0 < sum(turned) < 60
    assert found == (sum(turned) / 60, *clopper_pearson(sum(turned), 60))


@pytest.mark.parametrize(
    "hits, draws, low, high",
    [(0, 10, 0.0, 0.308497), (1, 10, 0.002529, 0.445016), (5, 10, 0.187086, 0.812914), (10, 10, 0.691503, 1.0)],
)
def test_the_interval_has_its_published_values(hits, draws, low, high):
    assert clopper_pearson(hits, draws, level=0.95) == pytest.approx((low, high), abs=1e-6)


def test_the_interval_has_its_closed_form_without_hits():
    assert math.isclose(clopper_pearson(0, 10**6)[1], -math.expm1(math.log(0.005) / 10**6), rel_tol=1e-8)


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_the_interval_holds_the_truth_as_often_as_it_says(level):
    intervals = [clopper_pearson(hits, 25, level=level) for hits in range(26)]
    for p in (0.003, 0.1, 0.37, 0.5, 0.8):
        inside = [low <= p <= high for low, high in intervals]
        held = sum(math.comb(25, k) * p**k * (1 - p) ** (25 - k) for k in range(26) if inside[k])
        assert held >= level
        first, last = inside.index(True), 25 - inside[::-1].index(True)
        tails = [sum(math.comb(25, k) * p**k * (1 - p) ** (25 - k) for k in range(a, b))
                 for a, b in ((0, first + 1), (last, 26))]  # fmt: skip
        assert min(tails) > (1 - level) / 2  # one case fewer would be too few


@pytest.mark.parametrize("interaction", [*POWERS, RectifiedPolynomial(3), Exponential()], ids=repr)
@pytest.mark.parametrize("flipped", [1, 2, 3, 4])
def test_with_damage_it_is_the_share_of_all_networks_and_all_damage(interaction, flipped):
    networks = all_networks(4, 2)
    wrong = []
    for chosen in itertools.combinations(range(4), flipped):
        probe = networks[:, :1].clone()
        probe[..., list(chosen)] *= -1
        after = recall(networks, probe, interaction, Scaling(1.0), order="synchronous", max_sweeps=1).states
        wrong.append((after != networks[:, :1]).double().mean().item())
    law = error_probability(4, interaction, 2, damage=flipped / 4)
    assert math.isclose(sum(wrong) / len(wrong), law, rel_tol=1e-11)


def test_with_damage_all_laws_are_about_the_same_thing():
    for rectified in (False, True):
        exact, gaussian, bound = (
            error_probability(100, 3, 300, rectified, damage=0.1, law=law) for law in ("exact", "gaussian", "bound")
        )
        assert abs(gaussian / exact - 1) < 0.2 and exact < bound
        assert error_probability(100, 3, 300, rectified, damage=0.004) == error_probability(100, 3, 300, rectified)
    assert error_probability(100, 2, 30, damage=0.5) == 0.5 and error_probability(100, 2, 30, damage=0.9) > 0.9
    with refused(ValueError, '`law` must be "exact", "gaussian" or "bound" where there is damage, got \'limit\'.'):
        error_probability(100, 2, 30, damage=0.5, law="limit")
    with refused(ValueError, "`damage` must be between 0 and 1, got 1.5"):
        error_probability(100, 2, 30, damage=1.5)


@pytest.mark.parametrize("flipped", [0, 1, 2, 4])
def test_the_nearest_pattern_is_counted_over_all_networks(flipped):
    networks = all_networks(4, 3)
    probe = networks[:, 0].clone()
    probe[:, :flipped] *= -1
    overlap = (networks @ probe[..., None])[..., 0]
    share = (overlap[:, :1] > overlap[:, 1:]).all(-1).double().mean().item()
    assert math.isclose(nearest_probability(4, 3, flipped / 4), share, rel_tol=1e-12)
    assert nearest_probability(4, 1, 0.25) == nearest_probability(4, 1, 1.0) == 1
    assert 0 < nearest_probability(500, 2, 0.9) < 1e-80


def test_two_neurons_by_hand():
    """N = 2, n = 1: the gap is 2 (xi + zeta), 0 where they differ; sign(0) = +1 is wrong half of the time."""
    assert math.isclose(error_probability(2, 1, 2), 1 / 4)
    # Two others: both against it, with probability 1/4; three others: all three, or two and a tie.
    assert math.isclose(error_probability(2, 1, 3), 1 / 4)
    assert math.isclose(error_probability(2, 1, 4), 1 / 8 + 3 / 8 / 2)


def test_a_power_stands_for_its_polynomial(generator):
    for rectified, make in ((False, Polynomial), (True, RectifiedPolynomial)):
        assert error_probability(20, 3, 30, rectified) == error_probability(20, make(3), 30)
        assert noise_variance(20, 3, rectified) == noise_variance(20, make(3))
        assert perfect_probability(20, 3, 30, rectified) == perfect_probability(20, make(3), 30)
        assert max_memories(20, 3, 0.01, rectified) == max_memories(20, make(3), 0.01)
        assert max_memories(20, 3, rectified=rectified) == max_memories(20, make(3), "no errors")
        assert max_perfect_memories(20, 3, 0.5, rectified) == max_perfect_memories(20, make(3), 0.5)
        one, other = (
            measured_error(20, *how, draws=300, generator=torch.Generator().manual_seed(1))
            for how in ((3, 30, rectified), (make(3), 30))
        )
        assert one == other


@dataclass(frozen=True)
class Level(Interaction):
    def __call__(self, x):
        return 0 * x


@dataclass(frozen=True)
class Endless(Interaction):
    def __call__(self, x):
        return x.exp().exp()


def test_the_level_is_that_of_the_interval():
    def drawn(level):
        return measured_error(20, 2, 5, draws=500, generator=torch.Generator().manual_seed(0), level=level)

    for level in (0.5, 0.99):
        measured = drawn(level)
        ends = clopper_pearson(round(500 * measured.share), 500, level=level)
        assert (measured.low, measured.high) == ends
    assert drawn(0.5).high < drawn(0.99).high


def test_a_share_beyond_the_doubles_keeps_its_logarithm():
    # Of 2^N choices one gives the largest value, at N = 2000 less than the smallest double.
    noise = Noise.of(Polynomial(3), 2000)
    assert min(noise.term.logs) == pytest.approx(-2000 * math.log(2) + math.log(min(noise.weights)), rel=1e-12)
    assert torch.isfinite(noise.term.logs).all()


def test_refuses_what_is_out_of_range(generator):
    with refused(ValueError, "`level` must be below 1, got 1.5"):
        measured_error(10, 2, 5, draws=10, generator=generator, level=1.5)
    with refused(ValueError, "`n_neurons` must be at least 1, got 0"):
        nearest_probability(0, 5, 0.1)
    with refused(ValueError, "`n` must be at least 1, got 0"):
        noise_variance(10, 0)
    with refused(ValueError, "`n_neurons` must be at least 2, got 1"):
        error_probability(1, Polynomial(2), 5)
    with refused(ValueError, "`n_neurons` must be at most 8192, got 8193"):
        noise_variance(8193, Polynomial(2))
    with refused(ValueError, "`n_memories` must be at least 1, got 0"):
        error_probability(10, Polynomial(2), 0)
    with refused(ValueError, "`n` must be at least 1, got 0"):
        error_probability(10, 0, 5)
    with refused(ValueError, r"`rectified` must be False where `n` is a function itself, got Polynomial\(n=2\)"):
        error_probability(10, Polynomial(2), 5, True)
    with refused(ValueError, "`criterion` must be \"no errors\" or a probability, got 'none'"):
        max_memories(10, 2, "none")
    with refused(ValueError, "`law` must be one of 'exact', 'gaussian', 'limit', 'printed', 'bound', got 'normal'"):
        error_probability(10, Polynomial(2), 5, law="normal")
    for law in ("limit", "printed"):
        with refused(ValueError, r"`n` must be a number, or x\^n or its rectified form, got Exponential\(\)"):
            max_memories(10, Exponential(), 0.1, law=law)
    with refused(ValueError, r"`n` must be a number, or x\^n or its rectified form, got Exponential\(\)"):
        max_memories(10, Exponential())
    with refused(ValueError, r"`n` must be a function that rises from the overlap N - 2 to N, and Level\(\) does not"):
        perfect_probability(10, Level(), 5)
    with refused(ValueError, r"`n` must be a function that is finite up to the overlap 10, and Endless\(\) is not"):
        noise_variance(10, Endless())
    with refused(ValueError, "`n_neurons` must be at least 2, got 0"):
        max_perfect_memories(0, Polynomial(2), 0.5)
    with refused(ValueError, "`probability` must be positive, got 0"):
        max_perfect_memories(10, Polynomial(2), 0)
    with refused(ValueError, "`law` must be one of"):
        max_perfect_memories(10, Polynomial(2), 0.5, law="none")
    with refused(ValueError, "`n_memories` must be at least 1, got 0"):
        measured_error(10, Polynomial(2), 0, draws=10, generator=generator)
    with refused(ValueError, "`n_memories` and `n_neurons` must not ask for more than 2.40 numbers"):
        measured_error(2**20, Polynomial(2), 2**21, draws=1, generator=generator)
    with refused(ValueError, "`level` must be positive, got 0"):
        clopper_pearson(1, 10, level=0)
    with refused(ValueError, "`draws` must be at least 1, got 0"):
        clopper_pearson(0, 0)
    with refused(ValueError, "`criterion` must be positive, got 0"):
        max_memories(10, Polynomial(2), 0)
    with refused(ValueError, "`criterion` must be below 1/2, which no number of memories exceeds, got 0.5"):
        max_memories(10, Polynomial(2), 0.5)
    with refused(ValueError, "`probability` must be below 1, got 1"):
        max_perfect_memories(10, Polynomial(2), 1)
    with refused(ValueError, "`probability` must be above 2.-N, which any number of memories has, got 0.0001"):
        max_perfect_memories(10, Polynomial(2), 1e-4)
    with refused(ValueError, "`level` must be below 1, got 1.0"):
        measured_error(10, Polynomial(2), 5, draws=10, generator=generator, level=1.0)
    with refused(ValueError, "`hits` must be at most 10, got 11"):
        clopper_pearson(11, 10)
    with refused(ValueError, "`draws` must be at least 1, got 0"):
        measured_error(10, Polynomial(2), 5, draws=0, generator=generator)
    with refused(TypeError, "`generator` must be a torch.Generator, got None"):
        measured_error(10, Polynomial(2), 5, draws=10, generator=None)
