"""XOR: the exact gaps against the library's, and every statement against a table that breaks it."""

import itertools
from fractions import Fraction

import pytest
import torch

from damcompanion.exact_networks import LAWS
from damcompanion.kh16.xor import (
    conjunction,
    difference,
    gaps,
    is_a_difference,
    outcome,
    parities,
    parity,
    rectified_pattern,
    solves,
    table_of,
)
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import energy, energy_gap
from damcore.recall import recall
from damcore.scaling import Scaling

LIBRARY = {"polynomial": Polynomial, "rectified": RectifiedPolynomial, "leaky, public code": LeakyRectifiedPolynomial}


@pytest.mark.parametrize("n_inputs, n", [*itertools.product((1, 2, 3, 4), (1, 2, 3, 5))])
@pytest.mark.parametrize("name", LIBRARY)
def test_the_gap_is_that_of_the_library(name, n, n_inputs):
    rows = table_of(parity, n_inputs)
    patterns = torch.tensor(rows, dtype=torch.float64)
    interaction = LIBRARY[name](n)
    exact = torch.tensor([float(gap) for gap in gaps(LAWS[name], n, rows)], dtype=torch.float64)
    wrong = patterns.clone()
    wrong[:, -1] *= -1
    energies = energy(patterns, wrong, interaction, Scaling(1.0)) - energy(
        patterns, patterns, interaction, Scaling(1.0)
    )
    torch.testing.assert_close(energies, exact, rtol=1e-12, atol=1e-9)
    bracket = energy_gap(patterns, patterns, interaction, Scaling(1.0), neurons=slice(-1, None))[:, 0]
    torch.testing.assert_close(bracket * patterns[:, -1], exact, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("n", range(1, 9))
@pytest.mark.parametrize("name", LIBRARY)
def test_recall_gives_the_right_output_exactly_where_the_gap_says_so(name, n):
    rows = torch.tensor(table_of(parity), dtype=torch.float64)
    starts = torch.cat([rows, rows])
    starts[:, -1] = torch.tensor([-1.0] * 4 + [1.0] * 4)
    settings = dict(order="synchronous", max_sweeps=1)
    found = recall(rows, starts, LIBRARY[name](n), Scaling(1.0), **settings).states[:, -1]
    right = bool((found == torch.cat([rows, rows])[:, -1]).all())
    assert right == (outcome(gaps(LAWS[name], n, table_of(parity))) == "right")


def test_the_exponential_solves_it_at_every_temperature():
    rows = torch.tensor(table_of(parity), dtype=torch.float64)
    for temperature in (0.05, 1.0, 30.0):
        gap = energy_gap(rows, rows, Exponential(), Scaling(temperature, inner_power=1), neurons=slice(-1, None))[:, 0]
        wanted = 8 * torch.sinh(torch.tensor(1 / temperature, dtype=torch.float64)) ** 3
        torch.testing.assert_close(gap * rows[:, -1], wanted.expand(4), rtol=1e-6, atol=0)


def test_the_difference_by_hand():
    assert difference(LAWS["polynomial"], 4, 4) == 4**4 * 2 - 4 * 2 * 2**4  # F(4) - 4 F(2) + 6 F(0) - 4 F(-2) + F(-4)
    assert difference(LAWS["rectified"], 2, 4) == 16 - 4 * 4
    assert is_a_difference().holds
    broken = is_a_difference(output=conjunction)
    assert not broken.holds and broken.counterexample["N"] == 3


def test_a_power_needs_the_parity_and_the_size():
    found = parities(LAWS["polynomial"], range(1, 14), range(2, 9))
    for size, by_vertex in found.items():
        for n, word in by_vertex.items():
            assert word == ("right" if n >= size and (n - size) % 2 == 0 else "tie")


def test_the_pattern_of_the_rectified_function():
    assert rectified_pattern(8, 12).holds
    broken = rectified_pattern(8, 12, below=("right", "tie", "wrong"))
    assert broken.counterexample == {"inputs": 4, "n": 1, "outcome": "tie"}


def test_the_exponential_solves_every_parity():
    for n_inputs in (1, 2, 3, 6):
        rows = torch.tensor(table_of(parity, n_inputs), dtype=torch.float64)
        for temperature in (0.5, 2.0):
            scaling = Scaling(temperature, inner_power=1)
            gap = energy_gap(rows, rows, Exponential(), scaling, neurons=slice(-1, None))[:, 0] * rows[:, -1]
            wanted = (2 * torch.sinh(torch.tensor(1 / temperature, dtype=torch.float64))) ** (n_inputs + 1)
            torch.testing.assert_close(gap, wanted.expand(len(rows)), rtol=1e-9, atol=0)


def test_no_power_solves_the_table_of_and():
    for n in range(1, 20):
        assert outcome(gaps(LAWS["polynomial"], n, table_of(conjunction))) == ("wrong" if n % 2 else "tie")
        assert (outcome(gaps(LAWS["rectified"], n, table_of(conjunction))) == "right") == (n >= 2)


def test_outcomes():
    assert outcome([Fraction(0), Fraction(-1)]) == "wrong"
    assert outcome([Fraction(1), Fraction(-1), Fraction(0)]) == "wrong"
    assert outcome([Fraction(1), Fraction(0)]) == "tie"
    assert outcome([Fraction(1)]) == "right"


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("polynomial", lambda n: n >= 3 and n % 2 == 1),
        ("rectified", lambda n: n >= 2),
        ("leaky, public code", lambda n: n >= 2),
        ("leaky, as printed", lambda n: n >= 2),
    ],
)
def test_which_vertices_solve_xor(name, wanted):
    assert solves(LAWS[name], range(1, 31), wanted=wanted).holds
    assert not solves(LAWS[name], range(1, 31), wanted=lambda n: n == 1 or wanted(n)).holds
    assert not solves(LAWS[name], range(1, 31), wanted=lambda n: n != 3 and wanted(n)).holds
