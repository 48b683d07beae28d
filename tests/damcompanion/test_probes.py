"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

import itertools
from fractions import Fraction

import pytest
import torch

from damcompanion import probes
from damcore.interactions import Polynomial, RectifiedPolynomial


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_noise_variance_is_the_mean_over_all_patterns(n, rectified):
    kind = RectifiedPolynomial(n) if rectified else Polynomial(n)
    sums = torch.tensor([sum(signs) for signs in itertools.product((-1, 1), repeat=5)]).double()
    mean = (kind(sums + 1) - kind(sums - 1)).square().mean()
    assert float(probes.noise_variance(6, n, rectified=rectified)) == mean


def test_rectifying_halves_the_noise_exactly_for_an_even_number_of_neurons():
    for n_neurons, n in ((6, 2), (100, 3), (100, 20)):
        ratio = probes.noise_variance(n_neurons, n, rectified=True) / probes.noise_variance(
            n_neurons, n, rectified=False
        )
        assert ratio == Fraction(1, 2)


def test_capacity_without_errors_is_what_kh16_quotes():
    assert [round(probes.no_errors(100, n), 1) for n in (2, 3, 4)] == [10.9, 361.9, 7238.2]
