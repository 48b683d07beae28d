"""What is proved of the gain: each statement holds, and fails when an ingredient of it is changed."""

from fractions import Fraction

import pytest
import torch

from cases import bipolar
from damcompanion.claims import Kind
from damcompanion.exact_networks import LAWS, Law
from damcompanion.mrs24 import proofs
from damcore import Scaling
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial
from damcore.network import energy_gap


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
@pytest.mark.parametrize("n", [2, 3, 6])
def test_copies_of_other_patterns_cancel_for_any_function(law, n):
    assert proofs.others_cancel(law, n).holds


def test_they_do_not_where_patterns_are_alike():
    alike = proofs.others_cancel(LAWS["polynomial"], 3, among=lambda pattern: pattern[0] == 1)
    assert not alike.holds and alike.counterexample == {"N": 2, "mean": 1}
    assert proofs.others_cancel(Law("1 / (x + 2)", lambda x, n: 1 / (x + 2), lambda x, n: 1 / (x + 2)), 1).holds


def test_the_mean_gap_of_a_copied_state_is_the_gain(generator):
    patterns, n = bipolar(generator, 400, 12), LeakyRectifiedPolynomial(3)
    scaling = Scaling.modified(0.7, 12)
    gaps = torch.stack([
        patterns[k] * energy_gap(patterns[[k, k, other, other]], patterns[[k]], n, scaling)[0]
        for k, other in zip(range(200), range(200, 400), strict=True)
    ])  # fmt: skip
    gain = scaling.gain(n, 12, 4, 2)
    assert gaps.mean().item() == pytest.approx(gain, abs=4 * gaps.std().item() / gaps.numel() ** 0.5)


def test_the_gain_falls_with_the_temperature_where_x_times_the_slope_rises():
    assert proofs.gain_falls().holds and not proofs.gain_falls(strictly=False).holds
    for interaction in (Polynomial(1), Polynomial(7), Exponential()):
        for network in (Scaling.modified(1.0, 9), Scaling.original(1.0, interaction.vertex)):
            gains = [network.at(temperature).gain(interaction, 9, 4, 2) for temperature in (0.5, 1.0, 2.0, 4.0)]
            assert gains == sorted(gains, reverse=True) and len(set(gains)) == 4


def test_both_networks_have_the_same_gain():
    assert proofs.same_gain().holds
    assert not proofs.same_gain(lambda temperature, n_neurons: temperature).holds
    ours = Scaling.original(9 * 0.8, 5).gain(Polynomial(5), 9, 4, 2)
    assert ours == pytest.approx(Scaling.modified(0.8, 9).gain(Polynomial(5), 9, 4, 2))


def test_the_gain_has_the_bounds_that_give_its_limits():
    assert proofs.gain_between().holds
    assert not proofs.gain_between(lambda n_neurons, n: Fraction(3, n_neurons)).holds
    assert not proofs.gain_between(lambda n_neurons, n: Fraction(n, n_neurons)).holds


def test_the_leak_adds_little():
    assert proofs.leak_adds().holds and proofs.leak_adds().kind == Kind.DECIDED
    assert not proofs.leak_adds(lambda slope: slope).holds
