"""The dual network: its gap and gradient against autograd, its first order against the associative form."""

import pytest
import torch

from cases import refused
from damcore.classifier import dual_gap, dual_gradient, train_dual
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import train
from damcore.network import energy_gap
from damcore.scaling import Scaling

K, P, C, B = 7, 12, 4, 9
FUNCTIONS = [Polynomial(2), Polynomial(3), RectifiedPolynomial(2), RectifiedPolynomial(3), RectifiedPolynomial(20)]


@pytest.fixture
def problem(generator):
    memories = 2 * torch.rand(K, P + C, generator=generator, dtype=torch.float64) - 1
    pixels = 2 * torch.rand(B, P, generator=generator, dtype=torch.float64) - 1
    labels = torch.randint(0, C, (B,), generator=generator)
    return memories, pixels, 2 * torch.nn.functional.one_hot(labels, C).double() - 1


@pytest.mark.parametrize("scaling", [Scaling.original(5.0, 3).inside(Polynomial(3)), Scaling.modified(0.4, P + C)])
@pytest.mark.parametrize("interaction", FUNCTIONS, ids=str)
def test_the_gap_is_the_derivative_in_the_class_neurons(interaction, scaling, problem):
    memories, pixels, _ = problem
    inner, outer = (factor.item() for factor in scaling.factors(memories))
    wanted = torch.zeros(B, C, dtype=torch.float64)
    for b in range(B):
        for alpha in range(C):
            shift = torch.zeros((), dtype=torch.float64, requires_grad=True)
            u = memories[:, :P] @ pixels[b] + shift * memories[:, P + alpha]
            (slope,) = torch.autograd.grad(outer * interaction(inner * u).sum(), shift)
            wanted[b, alpha] = 2 * slope
    torch.testing.assert_close(dual_gap(memories, pixels, interaction, scaling), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("interaction", FUNCTIONS, ids=str)
def test_the_gradient_is_that_of_autograd(interaction, m, problem):
    memories, pixels, targets = problem
    scaling = Scaling.modified(0.4, P + C)
    free = memories.clone().requires_grad_()
    loss = (targets - torch.tanh(dual_gap(free, pixels, interaction, scaling))).pow(2 * m).sum()
    (wanted,) = torch.autograd.grad(loss, free)
    found, gradient = dual_gradient(memories, pixels, targets, interaction, scaling, error_exponent=m)
    torch.testing.assert_close(found, loss.detach(), rtol=1e-10, atol=0)
    torch.testing.assert_close(gradient, wanted, rtol=1e-8, atol=1e-12)


def apart(memories, pixels, interaction, scaling, dual) -> float:
    """How far the gap of the associative form is from that of a dual, relative to its size."""
    states = torch.cat([pixels, -torch.ones(len(pixels), C, dtype=torch.float64)], 1)
    exact = energy_gap(memories, states, interaction, scaling, neurons=slice(-C, None))
    found = dual_gap(memories, pixels, dual, scaling)
    return ((found - exact).norm() / exact.norm()).item()


@pytest.mark.parametrize("n", [3, 5])
def test_the_error_is_of_second_order_in_the_class_entries(n, problem):
    memories, pixels, _ = problem
    small = [memories.clone() for _ in range(3)]
    for k, changed in enumerate(small):
        changed[:, P:] *= 0.1**k
    scaling = Scaling.modified(1.0, P + C)
    errors = [apart(changed, pixels, Polynomial(n), scaling, Polynomial(n)) for changed in small]
    assert errors[1] < 0.2 * errors[0] and errors[2] < 0.2 * errors[1]
    # The power of the dual is n - 1: with an energy of another vertex at the same temperature it is no dual.
    assert apart(small[2], pixels, Polynomial(n), scaling, Polynomial(n + 1)) > 0.3


def test_it_trains_as_the_associative_form_where_class_entries_are_small(problem):
    memories, pixels, targets = problem
    memories[:, P:] *= 1e-4
    scaling, interaction = Scaling.modified(1.0, P + C), Polynomial(3)
    states = torch.cat([pixels, -torch.ones(B, C, dtype=torch.float64)], 1)
    settings = dict(epochs=1, learning_rate=1e-5, momentum=0.5, batch_size=3)
    found = train_dual(memories, pixels, targets, interaction, scaling, **settings)
    associative = train(memories, states, interaction, scaling, targets=targets, neurons=slice(-C, None), **settings)
    moved, wanted = found - memories, associative.memories - memories
    assert ((moved - wanted).norm() / wanted.norm()).item() < 1e-2
    assert moved.norm() > 1e-6


def test_minibatches_are_drawn_as_in_training(problem):
    memories, pixels, targets = problem
    network = RectifiedPolynomial(3), Scaling.modified(1.0, P + C)
    settings = dict(epochs=3, learning_rate=0.1, batch_size=4)
    looks = []
    one = train_dual(
        memories, pixels, targets, *network, **settings, generator=torch.Generator().manual_seed(0),
        watch=lambda epoch, now: looks.append((epoch, now)),
    )  # fmt: skip
    assert [epoch for epoch, _ in looks] == [1, 2, 3] and torch.equal(looks[-1][1], one)
    again = train_dual(memories, pixels, targets, *network, **settings, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one, again)
    assert not torch.equal(one, train_dual(memories, pixels, targets, *network, **settings))
    assert one.abs().max() <= 1


def test_refusals(problem):
    memories, pixels, targets = problem
    scaling = Scaling.modified(1.0, P + C)
    for interaction in (Exponential(), LeakyRectifiedPolynomial(3), Polynomial(1)):
        with refused(ValueError, "`interaction` must be x\\^n or its rectified form, with n of at least 2"):
            dual_gradient(memories, pixels, targets, interaction, scaling)
    with refused(ValueError, "`memories` must have class entries beyond the 12 pixels"):
        dual_gap(memories[:, :P], pixels, Polynomial(2), scaling)
    with refused(ValueError, r"`targets` must have shape \(9, 4\), got \(9, 3\)"):
        dual_gradient(memories, pixels, targets[:, :3], Polynomial(2), scaling)
    with refused(ValueError, "`epochs` must be at least 1, got 0"):
        train_dual(memories, pixels, targets, Polynomial(2), scaling, epochs=0, learning_rate=0.1)
