"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

from fractions import Fraction

import pytest
import torch

from damcompanion.kh16 import differences
from damcore.capacity import noise_variance


def test_unstable_neurons_follow_the_noise_variance():
    """Gauss: the signal N^n - (N - 2)^n against K - 1 terms of that variance; exact would need the finite-N law."""
    measured, patterns = differences.unstable(2, 100, 20, rectified=False, networks=100)
    signal = 100**2 - 98**2
    deviation = (19 * noise_variance(100, 2)) ** 0.5
    expected = 0.5 * torch.erfc(torch.tensor(signal / deviation / 2**0.5)).item()
    assert measured == pytest.approx(expected, rel=0.15)
    assert measured < patterns < 100 * measured
    assert differences.unstable(2, 20, 1, rectified=True, networks=3) == (0, 0)  # one pattern alone is stable
    # N = 2, n = 1: the bracket is twice the sum of the two entries; where they differ it is 0, which goes to +1.
    neurons, _ = differences.unstable(1, 2, 2, rectified=False, networks=200)
    assert neurons == pytest.approx(1 / 4, abs=0.05)


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
