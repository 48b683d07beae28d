"""Energies along recall, cycles and forms: against the equation as loops, and with controls that must fail."""

import pytest
import torch

from damcompanion.kh16.dynamics import cycles, descent, ways_apart
from damcore.datasets import random_patterns
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial

FUNCTIONS = [Polynomial(2), Polynomial(5), RectifiedPolynomial(3), LeakyRectifiedPolynomial(2, -0.5), Exponential()]


@pytest.mark.parametrize("interaction", FUNCTIONS, ids=repr)
def test_the_energy_never_rises_and_with_the_other_sign_always_does(interaction):
    found = descent(interaction, 20, 30, states=100)
    assert found.rises == 0 and found.largest <= 1 and found.changes > 100
    assert found.steps % 2000 == 0 and found.changes < found.steps
    other = descent(interaction, 20, 30, states=100, wrong=True)
    assert other[:2] == found[:2] and other.rises > 0.9 * other.changes


def test_the_changes_are_those_of_the_equation():
    generator = torch.Generator().manual_seed(3)
    patterns = random_patterns(6, 9, generator=generator)
    states = random_patterns(20, 9, generator=generator).clone()
    changes = sweeps = 0
    while True:
        sweeps, before = sweeps + 1, states.clone()
        for i in range(9):
            rest = states @ patterns.mT - states[:, i, None] * patterns[:, i]
            gap = ((rest + patterns[:, i]) ** 3 - (rest - patterns[:, i]) ** 3).sum(-1)
            new = torch.where(gap >= 0, 1.0, -1.0).double()
            changes += int((new != states[:, i]).sum())
            states[:, i] = new
        if torch.equal(before, states):
            break
    found = descent(Polynomial(3), 9, 6, states=20, seed=3)
    assert (found.steps, found.changes) == (20 * 9 * sweeps, changes)


def test_all_neurons_at_once_may_end_in_a_cycle_of_two():
    shares = cycles(Polynomial(2), 30, 20, states=300)
    assert sum(shares.values()) == pytest.approx(1) and 0.2 < shares[2] < 0.8
    assert cycles(RectifiedPolynomial(4), 60, 5, states=100)[1] > 0.9


def test_all_forms_recall_alike_and_another_function_does_not():
    for n in (2, 3, 10):
        assert set(ways_apart(n, 32, 31, states=200).values()) == {0.0}
    assert min(ways_apart(3, 32, 31, states=200, other=4).values()) > 0.2
