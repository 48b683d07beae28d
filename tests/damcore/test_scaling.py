import math
from dataclasses import dataclass

import pytest
import torch

from cases import refused
from damcore.datasets import random_patterns
from damcore.interactions import Exponential, Interaction, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import Scaling, energy_gap

MEMORIES = torch.ones(2, 8, dtype=torch.float64)


def test_original_puts_the_temperature_outside_and_modified_inside():
    inner, outer = Scaling.original(2.0, 3).factors(MEMORIES)
    assert (inner.item(), outer.item()) == (1.0, 2.0**-3)
    inner, outer = Scaling.modified(2.0, 8).factors(MEMORIES)
    assert (inner.item(), outer.item()) == (1 / 16, 1.0)


def test_recall_has_no_temperature():
    assert [f.item() for f in Scaling.original(7.0, 20).for_recall().factors(MEMORIES)] == [1.0, 1.0]
    assert [f.item() for f in Scaling.modified(7.0, 8).for_recall().factors(MEMORIES)] == [1 / 8, 1.0]


def test_a_temperature_a_run_gives_factors_a_run():
    inner, outer = Scaling.original(torch.tensor([1.0, 2.0, 4.0]), 2).factors(MEMORIES)
    assert inner.expand(3).tolist() == [1.0, 1.0, 1.0]
    assert outer.tolist() == [1.0, 0.25, 0.0625]


def test_factors_take_the_dtype_of_the_memories():
    inner, outer = Scaling.modified(3.0, 8).factors(MEMORIES.float())
    assert inner.dtype == outer.dtype == torch.float32


def test_the_temperature_is_kept_as_given_where_its_power_would_vanish():
    scaling = Scaling.original(540.0, 20)
    assert scaling.temperature == 540.0
    assert scaling.factors(MEMORIES.float())[1] == 0.0  # KH16's own n = 20, T = 540 leaves float32
    assert scaling.at(1.0) == Scaling.original(1.0, 20)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan"), torch.tensor([1.0, 0.0])])
@pytest.mark.parametrize("make", [lambda t: Scaling.original(t, 2), lambda t: Scaling.modified(t, 8)])
def test_refuses_a_temperature_that_is_not_positive(make, temperature):
    with refused(ValueError, "`temperature` must be (positive|finite)"):
        make(temperature)


def test_refuses_bad_sizes():
    with refused(ValueError, "`n` must be at least 1, got 0"):
        Scaling.original(1.0, 0)
    with refused(ValueError, "`n_neurons` must be a whole number, got 2.5"):
        Scaling.modified(1.0, 2.5)  # pyright: ignore[reportArgumentType]


def test_equal_scalings_are_equal_and_hash_equally():
    def pair(values, dtype=torch.float64):
        return Scaling.modified(torch.tensor(values, dtype=dtype), 8)

    assert pair([0.5, 2.0]) == pair([0.5, 2.0]) and hash(pair([0.5, 2.0])) == hash(pair([0.5, 2.0]))
    others = [
        pair([0.5, 3.0]),
        pair([[0.5, 2.0]]),
        pair([0.5, 2.0], torch.float32),
        Scaling.modified(0.5, 8),
        "scaling",
    ]
    assert all(pair([0.5, 2.0]) != other for other in others)
    assert Scaling(2) == Scaling(2.0) and hash(Scaling(2)) == hash(Scaling(2.0))
    assert len({pair([0.5, 2.0]), pair([0.5, 2.0]), Scaling(1.0), Scaling(1.0)}) == 2


def test_the_power_inside_is_0_or_1():
    with refused(ValueError, "`inner_power` must be at most 1, got 2"):
        Scaling(1.0, inner_power=2)


FUNCTIONS = [Polynomial(2), Polynomial(7), RectifiedPolynomial(5), LeakyRectifiedPolynomial(20), Exponential()]


@pytest.mark.parametrize("interaction", FUNCTIONS, ids=repr)
@pytest.mark.parametrize("original", [False, True])
def test_the_gain_is_the_gap_of_a_state_that_its_copies_hold(interaction, original):
    pattern = random_patterns(1, 30, generator=torch.Generator().manual_seed(0))
    scaling = Scaling.calibrated(interaction, 30, 12, 1, gain=0.7, original=original)
    gaps = energy_gap(pattern.expand(12, 30), pattern, interaction, scaling) * pattern
    torch.testing.assert_close(gaps, torch.full_like(gaps, 0.7), rtol=1e-9, atol=0)
    assert math.isclose(scaling.gain(interaction, 30, 12, 1), 0.7, rel_tol=1e-11)
    assert math.isclose(scaling.gain(interaction, 30, 24, 1), 1.4, rel_tol=1e-11)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 100, 1000])
def test_the_calibrated_temperature_of_a_power_is_the_closed_one_in_both_networks(n):
    closed = (20 / (256 * (1 - (1 - 2 / 100) ** n))) ** (1 / n)
    modified, original = (Scaling.calibrated(n, 100, 256, 20, original=original) for original in (False, True))
    assert math.isclose(1 / modified.temperature, closed, rel_tol=1e-12)
    assert math.isclose(100 / original.temperature, closed, rel_tol=1e-12)  # MRS24: 1/T_m = N/T
    assert modified == Scaling.modified(modified.temperature, 100)
    assert original == Scaling.original(original.temperature, n)


def test_a_colder_network_has_more_gain():
    gains = [Scaling.modified(t, 100).gain(Polynomial(3), 100, 50, 5) for t in (2.0, 1.0, 0.5)]
    assert gains == sorted(gains) and math.isclose(gains[2] / gains[0], 4**3)
    assert Scaling.modified(1e-9, 100).gain(Polynomial(100), 100, 50, 5) == math.inf


@dataclass(frozen=True)
class Flat(Interaction):
    def __call__(self, x):
        return 0 * x


def test_no_temperature_is_invented_where_none_has_the_gain():
    assert Scaling(1.0).gain(Flat(), 10, 5, 5) == 0
    with refused(ValueError, r"`gain` must be one that Flat\(\) has at some temperature, got 1.0"):
        Scaling.calibrated(Flat(), 10, 5, 5)
    with refused(ValueError, "`gain` must be positive, got 0"):
        Scaling.calibrated(2, 10, 5, 5, gain=0)
    with refused(ValueError, "`n_neurons` must be at least 2, got 1"):
        Scaling.calibrated(2, 1, 5, 5)
    with refused(ValueError, "`n_patterns` must be at least 1, got 0"):
        Scaling.calibrated(2, 10, 5, 0)
    with refused(TypeError, "`interaction` must be .* or a whole number, got 2.5"):
        Scaling.calibrated(2.5, 10, 5, 5)  # pyright: ignore[reportArgumentType]
    with refused(TypeError, "`temperature` must be a number"):
        Scaling.modified(torch.tensor([1.0, 2.0]), 10).gain(Polynomial(2), 10, 5, 5)
