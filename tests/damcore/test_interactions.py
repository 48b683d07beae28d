import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import INTERACTIONS, refused
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial, whole_power

POINTS = torch.tensor([-2.5, -1.0, -0.3, 0.0, 0.4, 1.0, 1.7], dtype=torch.float64)
ids = [str(kind) for kind, _ in INTERACTIONS]


@pytest.mark.parametrize("kind, oracle", INTERACTIONS, ids=ids)
def test_equals_the_oracle(kind, oracle, device):
    value, derivative = oracle
    points = POINTS.to(device)
    torch.testing.assert_close(kind(points).cpu(), torch.tensor([value(x) for x in POINTS.tolist()]).double())
    torch.testing.assert_close(
        kind.derivative(points).cpu(), torch.tensor([derivative(x) for x in POINTS.tolist()]).double()
    )


@pytest.mark.parametrize("kind, oracle", INTERACTIONS, ids=ids)
def test_derivative_equals_autograd_away_from_the_kink(kind, oracle):
    x = POINTS[POINTS != 0].clone().requires_grad_()
    (slope,) = torch.autograd.grad(kind(x).sum(), x)
    torch.testing.assert_close(kind.derivative(x.detach()), slope)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([Polynomial, RectifiedPolynomial]),
    st.integers(1, 30),
    st.floats(-3, 3),
    st.floats(0.05, 20),
)
def test_degree_is_the_degree_of_homogeneity(kind, n, x, factor):
    interaction = kind(n)
    x = torch.tensor(x, dtype=torch.float64)
    assert interaction.degree == n
    torch.testing.assert_close(interaction(factor * x), factor**n * interaction(x), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("kind", [LeakyRectifiedPolynomial(3), LeakyRectifiedPolynomial(2, -0.01), Exponential()])
def test_no_degree_fits_a_function_that_is_not_homogeneous(kind):
    assert kind.degree is None
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    ratio = kind(2 * x) / kind(x)  # equal for every x if F(2 x) = 2^k F(x)
    assert abs(ratio[0] - ratio[1]) > 0.5


def test_powers_of_two_scale_without_rounding(generator):
    x = torch.rand(1000, generator=generator, dtype=torch.float64)
    for n in (1, 2, 3, 7, 20, 30):
        assert torch.equal(whole_power(x / 4, n) * 4.0**n, whole_power(x, n))


def test_leaky_slope_has_the_sign_it_is_given():
    below = torch.tensor([-2.0])
    assert LeakyRectifiedPolynomial(3)(below) == pytest.approx(-0.02)
    assert LeakyRectifiedPolynomial(3, -0.01)(below) == pytest.approx(0.02)  # MRS24 Eq. 7 as printed


def test_nan_is_not_rectified_away():
    nan = torch.tensor([torch.nan])
    for kind in (RectifiedPolynomial(3), LeakyRectifiedPolynomial(3), Polynomial(3), Exponential()):
        assert torch.isnan(kind(nan)).all()


@pytest.mark.parametrize("kind", [Polynomial, RectifiedPolynomial, LeakyRectifiedPolynomial])
@pytest.mark.parametrize(
    "n, message", [(0, "at least 1, got 0"), (-2, "at least 1"), (2.5, "whole number, got 2.5"), (True, "whole number")]
)
def test_refuses_a_vertex_that_is_not_a_positive_whole_number(kind, n, message):
    with refused(ValueError, f"`n` must be .*{message}"):
        kind(n)


def test_refuses_a_slope_that_is_not_finite():
    with refused(ValueError, "`slope` must be finite, got nan"):
        LeakyRectifiedPolynomial(3, float("nan"))
