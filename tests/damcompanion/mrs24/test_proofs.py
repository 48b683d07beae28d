"""Each statement of MRS24 is checked, and each check must say no when its statement is broken on purpose."""

import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import bipolar, instance, refused
from damcompanion.checks import Check
from damcompanion.claims import Kind
from damcompanion.exact_networks import (
    LAWS,
    Law,
    between_powers,
    bracket,
    enclosed_exponential_sum,
    enclosed_power_of_e,
    exponential_bracket,
    leaky,
    networks,
    overlaps,
    rationals,
    sign,
    sign_of_exponential_sum,
    smallest,
)
from damcompanion.mrs24 import proofs
from damcompanion.mrs24.proofs.exponential import larger_maximum, larger_sum, majorised, pairwise
from damcompanion.mrs24.proofs.learning import RIVALS
from damcompanion.mrs24.proofs.update import BIPOLAR, HALVES, balanced_networks, inverse_size
from damcompanion.provers import certain_sign, enclosed, impossible, increases, intervals, reals, unknown_function
from damcore.datasets import random_patterns
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.scaling import Scaling

HOMOGENEOUS = ["polynomial", "rectified"]
LEAKY = ["leaky, public code", "leaky, as printed"]
NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
ONE, HALF = Fraction(1), Fraction(1, 2)

homogeneous = pytest.mark.parametrize("name", HOMOGENEOUS)
not_homogeneous = pytest.mark.parametrize("name", LEAKY)


def both(name: str, branch) -> Law:
    """A law with one formula on both sides of 0."""
    return Law(name, branch, branch)


SHIFTED = both("x^n + 1", lambda x, n: x**n + 1)
UNEVEN = Law("x^n above 0, 3/7 x^n below", lambda x, n: x**n, lambda x, n: Fraction(3, 7) * x**n)
FLAT = both("max(x, 1)", lambda x, n: max(x, ONE))  # it does not decrease, and does not increase strictly
NEARLY = [  # homogeneous but for a small term or a far place, from vertex 2 on
    both("x^n + x/1000", lambda x, n: x**n + x / 1000),
    both("x^n + x/10^30", lambda x, n: x**n + x / 10**30),
    both("x^n + x^(n+1)/1000", lambda x, n: x**n + x ** (n + 1) / 1000),
    both("x^n up to 100, then constant", lambda x, n: min(x, Fraction(100)) ** n),
    leaky(Fraction(1, 10**6)),
    between_powers(2),
    FLAT,
]


def says_no(check: Check, **counterexample):
    """The check is false, with this counterexample."""
    assert not check.holds
    assert {name: check.counterexample[name] for name in counterexample} == counterexample
    assert "counterexample" in str(check)


# What the checks stand on.


@pytest.mark.parametrize(
    "law, interaction",
    [
        (LAWS["polynomial"], Polynomial),
        (LAWS["rectified"], RectifiedPolynomial),
        (leaky(HALF), lambda n: LeakyRectifiedPolynomial(n, 0.5)),
        (leaky(-HALF), lambda n: LeakyRectifiedPolynomial(n, -0.5)),
    ],
)
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_exact_laws_are_the_interactions_of_the_package(law, interaction, n):
    points = [Fraction(k, 4) for k in range(-9, 10)]  # exact in float64, and so are their powers
    assert [law(x, n) for x in points] == interaction(n)(torch.tensor([float(x) for x in points]).double()).tolist()


def test_exact_brackets_are_the_energy_gaps_of_the_package(generator):
    memories = torch.randint(-2, 3, (3, 4), generator=generator).double() / 2
    rows = tuple(tuple(Fraction(entry) for entry in row) for row in memories.tolist())
    gap = energy_gap(memories, torch.ones(1, 4).double(), Polynomial(3), Scaling.original(1.0, 3))
    assert bracket(LAWS["polynomial"], 3, overlaps(rows), ONE) == gap[0, 0].item()


def test_the_enumerated_networks_show_every_bracket_of_every_network_state_and_neuron():
    """Renumbering neurons and turning states into (+1, ..., +1) loses nothing: all are tried here, without that."""
    seen = {
        tuple(sorted(pairs)) for pairs in map(overlaps, networks(2, 2, (ONE, Fraction(0), -ONE)))
    }  # a bracket does not know the order of the memories
    entries = (-1, 0, 1)
    rows = [(a, b) for a in entries for b in entries]
    for state in [(1, 1), (1, -1), (-1, 1), (-1, -1)]:
        for neuron in (0, 1):
            other = 1 - neuron
            for first in rows:
                for second in rows:
                    pairs = [
                        (row[other] * state[other] + row[neuron], row[other] * state[other] - row[neuron])
                        for row in (first, second)
                    ]
                    assert tuple(sorted(pairs)) in seen


@settings(max_examples=100, deadline=None)
@given(st.fractions(0, 12, max_denominator=50), st.integers(1, 8))
def test_powers_of_e_lie_in_their_enclosures(q, degree):
    low, high = enclosed_power_of_e(q, degree)
    with mpmath.workdps(60):
        true = mpmath.exp(mpmath.mpf(q.numerator) / q.denominator)
        slack = mpmath.mpf(10) ** -50  # rounding of the reference
        assert mpmath.mpf(low.numerator) / low.denominator <= true + slack
        assert mpmath.mpf(high.numerator) / high.denominator >= true - slack


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.fractions(-3, 3, max_denominator=6), st.integers(-4, 4), max_size=5))
def test_sign_of_a_sum_of_exponentials(terms):
    with mpmath.workdps(80):
        true = mpmath.fsum(c * mpmath.exp(mpmath.mpf(q.numerator) / q.denominator) for q, c in terms.items())
        assert sign_of_exponential_sum(terms) == (int(mpmath.sign(true)) if any(terms.values()) else 0)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.fractions(-9, 9, max_denominator=6), st.integers(-4, 4), max_size=5))
def test_sums_of_exponentials_lie_in_their_enclosures(terms):
    low, high = enclosed_exponential_sum(terms, 24)
    with mpmath.workdps(60):
        true = mpmath.fsum(c * mpmath.exp(mpmath.mpf(q.numerator) / q.denominator) for q, c in terms.items())
        slack = mpmath.mpf(10) ** -50  # rounding of the reference
        assert mpmath.mpf(low.numerator) / low.denominator <= true + slack
        assert mpmath.mpf(high.numerator) / high.denominator >= true - slack
    assert high - low <= Fraction(sum(map(abs, terms.values())), 10**5)


@settings(max_examples=60, deadline=None)
@given(st.fractions(Fraction(1, 9), 9, max_denominator=9))
def test_intervals_hold_exp_log_and_sin(x):
    iv = intervals()
    for name in ("exp", "log", "sin"):
        found = getattr(iv, name)(enclosed(x))
        with mpmath.workdps(60):
            true = getattr(mpmath, name)(mpmath.mpf(x.numerator) / x.denominator)
            assert mpmath.mpf(found.a) <= true <= mpmath.mpf(found.b) < mpmath.mpf(found.a) + 1e-8


def test_only_an_interval_on_one_side_of_zero_has_a_certain_sign():
    iv = intervals()
    assert [certain_sign(iv.mpf(ends)) for ends in ([1, 2], [-2, -1], [0, 0])] == [1, -1, 0]
    assert [certain_sign(iv.mpf(ends)) for ends in ([-1, 2], [0, 1], [-1, 0])] == [None] * 3


def test_z3_is_told_that_an_unknown_function_increases_and_nothing_more():
    function, (x, y) = unknown_function("F"), reals("x y")
    assert impossible(x < y, *increases(function, x, y), function(x) >= function(y))
    assert impossible(x < y, *increases(function, x, y, strictly=False), function(x) > function(y))
    assert not impossible(x < y, *increases(function, x, y, strictly=False), function(x) == function(y))
    assert not impossible(x < y, *increases(function, x, y), function(y) - function(x) > y - x)


def test_sign_of_a_sum_of_exponentials_that_floats_cannot_tell():
    # e^2 is between these two fractions, which round to the same float.
    with mpmath.workdps(60):
        below = Fraction(int(mpmath.floor(mpmath.exp(2) * 10**40)), 10**40)
    above = below + Fraction(1, 10**40)
    assert float(below) == float(above)
    assert sign_of_exponential_sum({Fraction(2): 1, Fraction(0): -below}) == 1
    assert sign_of_exponential_sum({Fraction(2): 1, Fraction(0): -above}) == -1


def test_the_sign_of_zero_is_its_own():
    assert [sign(x) for x in (Fraction(-1, 3), Fraction(0), 2)] == [-1, 0, 1]


def test_rationals_come_simplest_first_and_the_smallest_counterexample_is_found():
    assert rationals(2) == [0, 1, -1, HALF, 2, -HALF, -2]
    assert smallest(lambda a, x: a * x == 6, positive=(0,), arguments=2) == (2, 3)
    assert smallest(lambda x: x * x == 2, arguments=1) is None


def test_a_check_cannot_fail_without_a_counterexample_or_hold_with_one():
    for holds, found in ((False, None), (True, {"x": 1})):
        with pytest.raises(AssertionError):
            Check("statement", Kind.EXACT, "scope", holds, found)


def test_z3_that_cannot_tell_is_not_taken_for_a_yes(monkeypatch):
    import z3

    monkeypatch.setattr(z3.Solver, "check", lambda self: z3.unknown)
    monkeypatch.setattr(z3.Solver, "reason_unknown", lambda self: "tired")
    with pytest.raises(RuntimeError, match=r"cannot decide this \(tired\)"):
        impossible(reals("x")[0] > 0)


def test_importing_the_package_brings_no_prover():
    listing = "import sys, damcompanion.mrs24.proofs; print(sorted({'z3', 'hypothesis'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


# Lemmas 4.1.1 and 4.1.2.


@homogeneous
def test_lemmas_hold(name):
    assert proofs.homogeneous_for_every_vertex(LAWS[name]).holds
    assert proofs.homogeneous_for_all_reals(LAWS[name], vertices=range(1, 9)).holds
    assert proofs.homogeneous_in_examples(LAWS[name], examples=50).holds


@homogeneous
def test_lemmas_fail_for_another_exponent(name):
    says_no(proofs.homogeneous_for_every_vertex(LAWS[name], lambda n: n + 1), n=1, a=HALF, x=1)
    says_no(proofs.homogeneous_for_every_vertex(LAWS[name], lambda n: n - 1), n=1, a=HALF, x=1)
    says_no(proofs.homogeneous_for_all_reals(LAWS[name], lambda n: 2 * n, vertices=[3]), n=3, a=HALF, x=1)
    assert not proofs.homogeneous_in_examples(LAWS[name], lambda n: n + 1, examples=50, largest_vertex=9).holds


def test_the_rectified_lemma_needs_a_positive_factor():
    assert proofs.homogeneous_for_all_reals(LAWS["polynomial"], vertices=[3, 4], factor_above=None).holds
    negative = proofs.homogeneous_for_all_reals(LAWS["rectified"], vertices=[3, 4], factor_above=None)
    says_no(negative, n=3, a=-1, x=1)


@not_homogeneous
def test_lemmas_fail_for_the_leaky_function(name):
    says_no(proofs.homogeneous_for_every_vertex(LAWS[name]), n=2, a=HALF, x=-1)
    says_no(proofs.homogeneous_for_all_reals(LAWS[name], vertices=range(1, 9)), n=2, a=HALF, x=-1)
    assert not proofs.homogeneous_in_examples(LAWS[name], examples=50, largest_vertex=9).holds


@pytest.mark.parametrize("slope", [Fraction(1, 100), Fraction(-1, 100), Fraction(-3), Fraction(7)])
def test_no_degree_fits_the_leaky_function_beyond_n_1(slope):
    for n in (2, 3, 10):
        says_no(proofs.only_degree(slope, n), **{"F(2) / F(1)": 2**n, "F(-2) / F(-1)": 2})
    assert proofs.only_degree(slope, 1).holds


def test_a_slope_of_zero_is_the_rectified_polynomial_again():
    assert proofs.only_degree(Fraction(0), 5).holds


# The identity before Eq. 9.


@homogeneous
def test_the_identity_before_eq_9_means_signs(name):
    says_no(proofs.difference_identity(LAWS[name], 3, signs_only=False), a=HALF, x=0, y=1)
    assert proofs.difference_identity(LAWS[name], 3, signs_only=True).holds


def test_as_printed_the_identity_holds_for_a_function_of_the_sign():
    step = Law("sign", lambda x, n: Fraction(x > 0), lambda x, n: -ONE)
    assert proofs.difference_identity(step, 1, signs_only=False).holds


def test_signs_of_differences_survive_for_an_increasing_leaky_function_only():
    assert proofs.difference_identity(LAWS["leaky, public code"], 3, signs_only=True).holds
    says_no(proofs.difference_identity(LAWS["leaky, as printed"], 3, signs_only=True), a=HALF)


def test_signs_of_differences_need_a_strictly_increasing_function():
    check = proofs.difference_identity(FLAT, 3, signs_only=True)
    says_no(check)
    a, x, y = (check.counterexample[name] for name in "axy")
    assert sign(FLAT(x, 3) - FLAT(y, 3)) != sign(FLAT(a * x, 3) - FLAT(a * y, 3))


@pytest.mark.parametrize("n_memories", [1, 2, 3])
def test_ordered_overlaps_fix_the_sign_for_every_strictly_increasing_function(n_memories):
    check = proofs.ordered_for_increasing(n_memories)
    assert check.holds and check.kind == Kind.FACTS and "all that z3 knows" in check.scope


@pytest.mark.parametrize("n_memories", [1, 2])
def test_ordered_overlaps_do_not_for_a_function_that_only_does_not_decrease(n_memories):
    check = proofs.ordered_for_increasing(n_memories, strictly=False)
    says_no(check, F="max(x, 1)", a=HALF)
    pairs = tuple(zip(check.counterexample["on"], check.counterexample["off"], strict=True))
    assert bracket(FLAT, 1, pairs, ONE) > 0 >= bracket(FLAT, 1, pairs, HALF)


# Theorem 4.2.1.


@homogeneous
def test_theorem_4_2_1_holds(name):
    assert proofs.update_unchanged(LAWS[name], vertices=[1, 2, 3, 5]).holds
    assert proofs.update_unchanged_for_all_reals(LAWS[name], vertices=[1, 2, 3, 4], n_memories=1).holds
    assert proofs.update_unchanged_for_all_reals(LAWS[name], vertices=[2, 3], n_memories=2, n_neurons=3).holds
    assert proofs.update_unchanged_in_examples(LAWS[name], examples=30).holds


@pytest.mark.parametrize("law", [SHIFTED, UNEVEN], ids=lambda law: law.name)
def test_theorem_4_2_1_holds_for_other_constants_too(law):
    assert proofs.update_unchanged(law).holds
    assert proofs.update_unchanged_in_examples(law, examples=50).holds


@pytest.mark.parametrize("law", NEARLY, ids=lambda law: law.name)
@pytest.mark.parametrize("n", [2, 3, 5])
def test_theorem_4_2_1_fails_for_a_function_that_is_nearly_homogeneous(law, n):
    """With the vertices one by one, as a higher one hides a small term better."""
    check = proofs.update_unchanged(law, vertices=[n])
    says_no(check, n=n)
    found = check.counterexample
    pairs = overlaps(found["memories"])
    counts = found.get("copies", (1,) * len(pairs))
    plain, scaled = (
        sum(count * bracket(law, n, (pair,), c) for count, pair in zip(counts, pairs, strict=True))
        for c in (ONE, found["a"])
    )
    assert (plain, scaled) == (found["bracket"], found["scaled bracket"]) and sign(plain) != sign(scaled)


@pytest.mark.parametrize("law", [NEARLY[0], NEARLY[1], NEARLY[4]], ids=lambda law: law.name)
def test_examples_find_a_function_that_is_nearly_homogeneous(law):
    assert not proofs.update_unchanged_in_examples(law, examples=30).holds


@pytest.mark.parametrize("n", [2, 3])
def test_z3_finds_a_small_term(n):
    assert not proofs.update_unchanged_for_all_reals(NEARLY[0], vertices=[n], n_memories=2, n_neurons=2).holds


@pytest.mark.parametrize("law", [LAWS["polynomial"], LAWS["leaky, public code"]], ids=lambda law: law.name)
def test_balanced_networks_have_a_bracket_of_zero(law):
    """Each written out, copy by copy."""
    count = 0
    for memories, (first, second) in balanced_networks(law, 2, 2, (ONE, HALF, -HALF, -ONE)):
        if first + second < 1000:
            count += 1
            assert bracket(law, 2, overlaps((memories[0],) * first + (memories[1],) * second), ONE) == 0
    assert count > 10


def test_a_function_that_is_homogeneous_at_one_factor_keeps_its_updates_there_and_nowhere_else():
    law = between_powers(2)
    assert [law(Fraction(x), 3) for x in (0, 1, -2, 4)] == [0, 1, -8, 64] and law(Fraction(3), 3) == 36
    assert proofs.update_unchanged(law, factors=lambda _: [HALF, Fraction(4)]).holds
    says_no(proofs.update_unchanged(law, factors=lambda _: [Fraction(1, 3)]), a=Fraction(1, 3))


def test_theorem_4_2_1_needs_a_positive_factor():
    odd = proofs.update_unchanged_for_all_reals(LAWS["polynomial"], vertices=[3], n_memories=1, factor_above=None)
    says_no(odd, n=3, a=-1, memories=((1,),), bracket=2)
    says_no(proofs.update_unchanged(LAWS["polynomial"], factors=lambda _: [Fraction(0)]), n=1, a=0)
    # For even n the sign survives a = -1, and a = 0 is what is left to fail.
    assert proofs.update_unchanged(LAWS["polynomial"], vertices=[2, 4], factors=lambda _: [-ONE]).holds


def test_theorem_4_2_1_fails_for_the_leaky_function_of_the_public_code():
    law = LAWS["leaky, public code"]
    check = proofs.update_unchanged(law, factors=inverse_size)
    says_no(check, n=4, a=HALF, memories=((1, -1), (-HALF, 0)))
    found = check.counterexample
    assert bracket(law, 4, overlaps(found["memories"]), ONE) == found["bracket"] < 0
    assert bracket(law, 4, overlaps(found["memories"]), HALF) == found["scaled bracket"] > 0
    assert proofs.update_unchanged_for_all_reals(law, vertices=[2, 3, 4], n_memories=1).holds  # it increases
    assert not proofs.update_unchanged_for_all_reals(law, vertices=[3], n_memories=2).holds


def test_theorem_4_2_1_fails_for_the_leaky_function_as_printed_with_one_memory():
    law = LAWS["leaky, as printed"]
    says_no(proofs.update_unchanged(law, sizes=[(1, 1)], factors=lambda _: [HALF]), n=5, memories=((HALF,),))
    assert not proofs.update_unchanged_for_all_reals(law, vertices=[3], n_memories=1).holds


def test_examples_find_the_leaky_function():
    assert not proofs.update_unchanged_in_examples(LAWS["leaky, as printed"], examples=100).holds


def test_the_counterexample_of_the_leaky_function_is_one_in_float64_too():
    found = proofs.update_unchanged(LAWS["leaky, public code"], factors=inverse_size).counterexample
    memories = torch.tensor([[float(entry) for entry in row] for row in found["memories"]]).double()
    signs = [
        energy_gap(memories, torch.ones(1, 2).double(), LeakyRectifiedPolynomial(4), scaling.for_recall())[0, 0].sign()
        for scaling in (Scaling.original(1.0, 4), Scaling.modified(1.0, 2))
    ]
    assert signs == [-1, 1]


def test_the_weaker_condition_is_enough_for_one_memory_only():
    law = LAWS["leaky, public code"]
    assert proofs.pair_sign_kept(law, 3, n_memories=1).holds
    assert not proofs.pair_sign_kept(law, 3, n_memories=2).holds
    assert proofs.pair_sign_kept(LAWS["polynomial"], 3, n_memories=2).holds


def test_a_constant_added_to_a_homogeneous_function_changes_no_update():
    assert not proofs.homogeneous_for_all_reals(SHIFTED, vertices=[3]).holds
    assert proofs.update_unchanged(SHIFTED, vertices=[3]).holds
    assert proofs.update_unchanged_for_all_reals(SHIFTED, vertices=[3], n_memories=2).holds


# Whether homogeneity is needed.

EXAMPLES = [*LAWS.values(), SHIFTED, UNEVEN, NEARLY[0], between_powers(2)]


def test_only_homogeneous_functions_keep_every_update():
    check = proofs.only_homogeneous(EXAMPLES)
    assert check.holds and check.kind == Kind.BY_HAND
    assert "8 functions at n = 2, 3: 8 of 16" in check.scope


def test_one_memory_or_one_factor_does_not_ask_for_homogeneity():
    def one_memory(law, n):
        return proofs.update_unchanged_for_all_reals(law, vertices=[n], n_memories=1).holds

    says_no(proofs.only_homogeneous(EXAMPLES[:4], unchanged=one_memory), F=LAWS["leaky, public code"].name)

    def one_half(law, n):
        return proofs.update_unchanged(law, vertices=[n], factors=lambda _: [HALF]).holds

    says_no(proofs.only_homogeneous(EXAMPLES, unchanged=one_half), F=between_powers(2).name, homogeneous=False)


def test_a_homogeneous_function_that_would_lose_its_updates_is_a_counterexample_too():
    says_no(proofs.only_homogeneous([SHIFTED], unchanged=lambda law, n: False), homogeneous=True)


def periodic(x: float, base: int) -> float:
    """x^3 (1 + sin(2 pi ln|x| / ln N) / 20)."""
    return x**3 * (1 + math.sin(2 * math.pi * math.log(abs(x)) / math.log(base)) / 20) if x else 0.0


@pytest.mark.parametrize("base", [4, 9, 10, 100])
def test_for_one_factor_homogeneity_is_not_needed(base):
    for power in (1, 2):
        check = proofs.one_factor(Fraction(1, base**power), base=base)
        assert check.holds and check.kind == Kind.ENCLOSED


@pytest.mark.parametrize("factor", [HALF, Fraction(1, 3), Fraction(1, 20)])
def test_a_factor_that_is_no_power_of_n_turns_a_sign_of_that_function(factor):
    check = proofs.one_factor(factor)
    says_no(check, a=factor)
    signs = []
    for a in (1.0, float(factor)):  # the same network in floating point
        pairs = overlaps(check.counterexample["memories"])
        gap = sum(periodic(a * float(on), 10) - periodic(a * float(off), 10) for on, off in pairs)
        assert abs(gap) > 1e-6 * a**3
        signs.append(math.copysign(1, gap))
    assert signs == [check.counterexample["sign"], check.counterexample["sign with a"]] and sum(signs) == 0


def test_a_homogeneous_function_is_no_example_of_what_is_not_needed():
    says_no(proofs.one_factor(Fraction(1, 10), wobble=Fraction(0)), **{"F(2 x)": "8 F(x)"})


def test_that_function_keeps_random_updates_under_1_over_n_in_floating_point_too(generator):
    memories = (2 * torch.rand(3, 10, generator=generator).double() - 1).tolist()
    kept = turned = 0
    for _ in range(300):
        state = (torch.randint(0, 2, (10,), generator=generator) * 2 - 1).tolist()
        for neuron in range(10):
            rests = [
                sum(z * x for z, x in zip(row, state, strict=True)) - row[neuron] * state[neuron] for row in memories
            ]
            gaps = [
                sum(
                    periodic(a * (rest + row[neuron]), 10) - periodic(a * (rest - row[neuron]), 10)
                    for rest, row in zip(rests, memories, strict=True)
                )
                for a in (1.0, 0.1, 0.3)
            ]
            assert gaps[1] == pytest.approx(gaps[0] / 1000, abs=1e-12)
            kept, turned = kept + (gaps[0] * gaps[1] > 0), turned + (gaps[0] * gaps[2] < 0)
    assert kept == 3000 and turned > 0


# The exponential argument.


def test_the_printed_identity_of_the_exponential_is_false():
    printed = proofs.exponent_identity(lambda exp, a, x: exp(a) * exp(x), printed_as="e^a e^x")
    says_no(printed, a=1, x=0)
    assert printed.kind == Kind.ENCLOSED
    true = proofs.exponent_identity(lambda exp, a, x: exp(x) ** a, printed_as="(e^x)^a")
    assert true.holds and true.kind == Kind.SYMBOLIC


@pytest.mark.parametrize(
    "right",
    [
        lambda exp, a, x: exp(x),
        lambda exp, a, x: a * exp(x),
        lambda exp, a, x: exp(x) ** (a + 1),
        lambda exp, a, x: exp(a * x) * (1 + x / 1000000),
        lambda exp, a, x: 1 + a * x,
    ],
)
def test_other_identities_of_the_exponential_are_false(right):
    says_no(proofs.exponent_identity(right, printed_as="something else"))


def test_where_neither_algebra_nor_intervals_can_tell_an_identity_is_not_taken_for_one():
    with pytest.raises(RuntimeError, match="sympy cannot decide"):
        proofs.exponent_identity(lambda exp, a, x: exp(a * x) * (1 + x / 10**20), printed_as="nearly e^(a x)")


LOG_A = {"rate": lambda log, a: log(a), "written": "log a"}


def test_the_printed_sign_step_reverses_below_1_and_holds_above():
    below = proofs.printed_sign_step(**LOG_A, factors=lambda a: a < 1, range_of_factors="0 < a < 1")
    says_no(below, a=HALF, x=0, y=1)
    assert below.kind == Kind.ENCLOSED
    says_no(proofs.printed_sign_step(**LOG_A, range_of_factors="a > 0"), a=1)
    above = proofs.printed_sign_step(**LOG_A, factors=lambda a: a > 1, range_of_factors="a > 1")
    assert above.holds and above.kind == Kind.FACTS and "all that z3 knows" in above.scope
    assert proofs.printed_sign_step(lambda log, a: a, written="a", range_of_factors="a > 0").holds
    turned = dict(rate=lambda log, a: -log(a), written="-log a")  # needs log 1 = 0 from its other side
    assert proofs.printed_sign_step(**turned, factors=lambda a: a < 1, range_of_factors="0 < a < 1").holds


@pytest.mark.parametrize(
    "rate", [lambda log, a: -log(a), lambda log, a: -a, lambda log, a: log(a) - 1, lambda log, a: 0]
)
def test_other_sign_steps_are_false_above_1(rate):
    says_no(proofs.printed_sign_step(rate, written="r", factors=lambda a: a > 1, range_of_factors="a > 1"))


def test_the_counterexample_of_the_sign_step_is_one_in_high_precision():
    found = proofs.printed_sign_step(**LOG_A, factors=lambda a: a < 1, range_of_factors="0 < a < 1").counterexample
    with mpmath.workdps(50):
        a, x, y = (mpmath.mpf(found[name].numerator) / found[name].denominator for name in "axy")
        left, right = a * (mpmath.exp(x) - mpmath.exp(y)), mpmath.exp(mpmath.log(a) * x) - mpmath.exp(mpmath.log(a) * y)
        assert mpmath.sign(left) == -mpmath.sign(right) != 0


def test_the_sign_step_stands_on_the_facts_that_its_scope_names(monkeypatch):
    monkeypatch.setattr("damcompanion.mrs24.proofs.exponential.increases", lambda *_: [])
    with pytest.raises(RuntimeError, match="cannot derive"):
        proofs.printed_sign_step(**LOG_A, factors=lambda a: a > 1, range_of_factors="a > 1")


def test_one_exponential_memory_is_safe_and_several_are_not():
    assert proofs.exponential_sum_sign(sizes=[(1, 1), (2, 1), (3, 1)], entries=HALVES).holds
    two = proofs.exponential_sum_sign(sizes=[(1, 2), (2, 2)], entries=HALVES)
    says_no(two, N=2, K=2, a=HALF, memories=((1, -1), (-HALF, 0)))
    three = proofs.exponential_sum_sign(sizes=[(2, 2), (3, 2), (2, 3), (3, 3)], entries=BIPOLAR)
    says_no(three, N=3, K=3, a=Fraction(1, 3))


def test_the_exponential_counterexample_is_one_in_the_package_too():
    found = proofs.exponential_sum_sign(sizes=[(3, 3)], entries=BIPOLAR).counterexample
    memories = torch.tensor([[float(entry) for entry in row] for row in found["memories"]]).double()
    signs = [
        energy_gap(memories, torch.ones(1, 3).double(), Exponential(), scaling.for_recall())[0, 0].sign().item()
        for scaling in (Scaling.original(1.0, 1), Scaling.modified(1.0, 3))
    ]
    assert signs == [found["sign"], found["sign with a"]]
    assert math.copysign(1, math.exp(3) - math.exp(1) - 2 * (math.exp(1) - math.exp(-1))) == found["sign"]


@pytest.mark.parametrize("condition", [pairwise, majorised])
def test_ordered_overlaps_fix_the_sign(condition):
    assert proofs.ordering_condition(condition, sizes=[(2, 2)]).holds
    assert proofs.ordering_condition(condition, sizes=[(3, 3)], entries=BIPOLAR).holds


@pytest.mark.parametrize("condition, factor", [(larger_sum, 1), (larger_maximum, Fraction(1, 10))])
def test_a_larger_sum_or_maximum_alone_does_not(condition, factor):
    says_no(proofs.ordering_condition(condition, sizes=[(2, 2)]), a=factor)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.fractions(-4, 4, max_denominator=4)] * 2), min_size=1, max_size=5).map(tuple),
    st.fractions(Fraction(1, 50), 10, max_denominator=50),
)
def test_majorised_overlaps_fix_the_sign_whatever_they_are(pairs, factor):
    said = majorised(pairs)
    assert said == 0 or sign_of_exponential_sum(exponential_bracket(pairs, factor)) == said
    assert pairwise(pairs) in (0, said)  # the stronger condition speaks less often, and says the same


def test_with_a_small_factor_the_state_no_longer_counts():
    assert proofs.majority_limit(sizes=[(2, 2)], factor=Fraction(1, 100)).holds
    assert not proofs.majority_limit(sizes=[(2, 2)], factor=ONE).holds


def test_the_factor_is_another_temperature_for_the_exponential():
    assert proofs.exponential_temperature().holds


@pytest.mark.parametrize(
    "wrong",
    [
        lambda t, n: t / n,
        lambda t, n: t,
        lambda t, n: t * (n + 1),
        lambda t, n: t * n**2,
        lambda t, n: t * n * (1 + Fraction(1, 10**9)),
    ],
)
def test_another_temperature_than_n_t_is_seen(wrong):
    check = proofs.exponential_temperature(wrong)
    says_no(check, T=Fraction(1, 4))
    assert check.counterexample["brackets that differ"] > 0


@pytest.mark.parametrize(
    "broken",
    [
        lambda t, n: Scaling.original(t, 1),
        lambda t, n: Scaling(t, divisor=float(n)),
        lambda t, n: Scaling(t, inner_power=1),
        lambda t, n: Scaling(t, divisor=float(n), inner_power=1, outer_power=1),
        lambda t, n: Scaling(t, divisor=n**0.5, inner_power=1),
    ],
)
def test_a_modified_network_that_scales_otherwise_is_seen(monkeypatch, broken):
    monkeypatch.setattr(Scaling, "modified", broken)
    assert not proofs.exponential_temperature().holds


# Theorem 4.3.1.


@homogeneous
def test_theorem_4_3_1_holds(name):
    assert proofs.same_bracket(LAWS[name]).holds


@homogeneous
@pytest.mark.parametrize("relation", [lambda t, n: t, lambda t, n: t * n, lambda t, n: 1 / t, lambda t, n: t / n**2])
def test_theorem_4_3_1_fails_for_another_temperature(name, relation):
    assert not proofs.same_bracket(LAWS[name], relation).holds


@homogeneous
def test_theorem_4_3_1_fails_for_another_factor_outside(name):
    says_no(proofs.same_bracket(LAWS[name], outer=lambda t, n: 1 / t), n=2)
    says_no(proofs.same_bracket(LAWS[name], outer=lambda t, n: 1 / (t * n)), n=2)


@not_homogeneous
def test_theorem_4_3_1_fails_for_the_leaky_function(name):
    says_no(proofs.same_bracket(LAWS[name]), n=2, h=-1)
    assert not proofs.same_bracket(LAWS[name], derivative=False).holds


def test_equal_brackets_leave_no_other_temperature():
    assert proofs.temperature_is_forced(vertices=range(1, 13)).holds
    for relation in RIVALS.values():
        says_no(proofs.temperature_is_forced(relation, vertices=[2]), n=2)
    anything = proofs.temperature_is_forced(vertices=[2], bracket_not_zero=False)
    says_no(anything, S="0")


@pytest.fixture
def problem(generator):
    """Memories (8, 16) in [-1, 1] and 4 states, powers of two throughout."""
    return instance(generator, n_memories=8, n_states=4, n_neurons=16)


@pytest.mark.parametrize("interaction", [Polynomial(3), Polynomial(6), RectifiedPolynomial(3)])
@pytest.mark.parametrize("temperature", [4.0, 8.0])
def test_whole_trainings_are_equal_bit_by_bit(problem, interaction, temperature):
    check = proofs.trainings_agree(
        interaction, *problem, temperature, n=interaction.n, epochs=20, tolerance=0.0, learning_rate=0.25
    )
    assert check.holds, check


def test_whole_trainings_agree_to_rounding_where_nothing_is_a_power_of_two(generator):
    memories, patterns = torch.rand(9, 15, generator=generator).double(), bipolar(generator, 4, 15)
    settings_ = dict(n=3, epochs=20)
    assert proofs.trainings_agree(Polynomial(3), memories, patterns, 13.0, tolerance=1e-9, **settings_).holds
    assert not proofs.trainings_agree(Polynomial(3), memories, patterns, 13.0, tolerance=0.0, **settings_).holds


@pytest.fixture
def notebook_problem():
    """Memories, patterns and T of the trainings that the notebook compares bit by bit: N = 64, T = 4."""
    draw = torch.Generator().manual_seed(0)
    patterns = random_patterns(10, 64, generator=draw)
    return torch.rand(32, 64, generator=draw, dtype=torch.float64), patterns, 4.0


@pytest.mark.parametrize("interaction", [Polynomial(3), Polynomial(20), RectifiedPolynomial(5)])
def test_wrong_laws_fail_at_the_values_of_the_notebook(notebook_problem, interaction):
    common = dict(n=interaction.n, epochs=5, tolerance=1e-3)
    assert proofs.trainings_agree(interaction, *notebook_problem, **common).holds
    assert len({relation(4.0, 64) for relation in RIVALS.values()} | {4.0 / 64}) == 5
    for relation in RIVALS.values():
        says_no(proofs.trainings_agree(interaction, *notebook_problem, relation, **common), epoch=1)


def test_the_notebook_compares_trainings_at_those_values():
    cells = json.loads((NOTEBOOKS / "proofs.ipynb").read_text())["cells"]
    calls = [line for cell in cells for line in cell["source"] if "proofs.trainings_agree(" in line]
    assert calls and all("*problem(64, 32, 10), 4.0," in line for line in calls)


@pytest.mark.parametrize(
    "interaction, temperature",
    [(Polynomial(3), 64.0), (Polynomial(20), 64.0), (RectifiedPolynomial(5), 64.0), (Polynomial(20), 32.0)],
)
def test_an_example_that_a_wrong_law_would_pass_is_refused(notebook_problem, interaction, temperature):
    """At T = N wrong laws give the same T_m; at n = 20 and T = 32 tanh is straight, and the step free of T_m."""
    memories, patterns, _ = notebook_problem
    with refused(ValueError, "the wrong law 1/T_m = .* learns the same memories"):
        proofs.trainings_agree(interaction, memories, patterns, temperature, n=interaction.n, epochs=5, tolerance=0.0)


@pytest.mark.parametrize("relation", [lambda t, n: t, lambda t, n: 2 * t / n, lambda t, n: n / t])
def test_whole_trainings_part_for_another_temperature(problem, relation):
    check = proofs.trainings_agree(Polynomial(3), *problem, 8.0, relation, n=3, epochs=5, tolerance=1e-3)
    says_no(check, epoch=1)


@pytest.mark.parametrize(
    "interaction, n",
    [(LeakyRectifiedPolynomial(3, 0.01), 3), (LeakyRectifiedPolynomial(3, -0.01), 3), (Exponential(), 1)],
)
def test_whole_trainings_part_in_the_first_epoch_for_other_functions(problem, interaction, n):
    check = proofs.trainings_agree(interaction, *problem, 8.0, n=n, epochs=5, tolerance=1e-6)
    says_no(check, epoch=1)


def test_trainings_epoch_by_epoch_are_the_training_in_one_go(problem):
    from damcore.learning import train

    scalings = (Scaling.original(16.0, 3), Scaling.modified(4.0, 16))
    run = proofs.trainings(*problem, Polynomial(3), scalings, epochs=6, learning_rate=0.1)
    ends = [
        train(*problem, Polynomial(3), scaling, epochs=6, learning_rate=0.1, floor=None).memories
        for scaling in scalings
    ]
    assert run.difference[-1] == (ends[0] - ends[1]).abs().max()
    assert run.moved[-1] == (ends[0] - problem[0]).abs().max()
    assert run.difference.shape == run.loss_difference.shape == (6,)


def test_a_counterexample_that_no_small_fraction_gives_is_z3_s_own():
    check = proofs.update_unchanged_for_all_reals(LAWS["leaky, as printed"], vertices=[2], n_memories=1)
    assert not check.holds and {"n", "a", "z0", "r0"} <= set(check.counterexample)
    x, y, a = (Fraction(check.counterexample[name].replace("?", "")) for name in ("r0", "z0", "a"))
    law = LAWS["leaky, as printed"]
    plain, scaled = (law(c * (x + y), 2) - law(c * (x - y), 2) for c in (1, a))
    assert (plain > 0) != (scaled > 0) and a > 0 and abs(y) <= 1


@pytest.mark.parametrize("check", [proofs.homogeneous_for_all_reals, proofs.update_unchanged_for_all_reals])
def test_counterexamples_keep_to_the_factors_that_were_asked_for(check):
    settings = {} if check is proofs.homogeneous_for_all_reals else {"n_memories": 2}
    found = check(LAWS["leaky, public code"], vertices=[2], factor_above=1, **settings)
    assert not found.holds and Fraction(str(found.counterexample["a"]).replace("?", "")) > 1


def test_networks_that_do_not_move_are_not_compared():
    memories = torch.ones(1, 4, dtype=torch.float64)
    with refused(ValueError, "Neither network moved"):
        proofs.trainings_agree(
            Polynomial(2), memories, memories, temperature=0.01, n=2, epochs=1, tolerance=0.0, learning_rate=0.1
        )
