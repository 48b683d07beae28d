"""Energies in the log domain: equal to the plain form and to fractions, and differences where energies cancel."""

import math
from fractions import Fraction

import pytest
import torch

from cases import INTERACTIONS, SCALINGS, instance, refused, scaling_of
from damcore.interactions import Interaction, Polynomial, RectifiedPolynomial
from damcore.network import energy
from damcore.numerics import signed_log_energy, signed_log_energy_difference
from damcore.scaling import Scaling

kinds = pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=str)


@pytest.mark.parametrize("name", SCALINGS)
@kinds
def test_the_signed_log_energy_is_the_plain_energy(kind, name, generator, device):
    memories, states = instance(generator, 2, device=device)
    scaling = scaling_of(name, kind, 8, torch.tensor([1.5, 2.5]))
    plain = energy(memories, states, kind, scaling, form="plain")
    sign, log = signed_log_energy(memories, states, kind, scaling)
    torch.testing.assert_close(sign * log.exp(), plain, rtol=1e-11, atol=1e-13)
    torch.testing.assert_close(energy(memories, states, kind, scaling, form="log"), plain, rtol=1e-11, atol=1e-13)
    others = states.flip(-2)
    sign, log = signed_log_energy_difference(memories, states, others, kind, scaling)
    wanted = plain - energy(memories, others, kind, scaling, form="plain")
    torch.testing.assert_close(sign * log.exp(), wanted, rtol=1e-10, atol=1e-13)
    assert (sign[:, 2] == 0).all() and log[:, 2].isneginf().all()  # a state and itself


@pytest.mark.parametrize("n", [3, 100, 1001])
def test_differences_keep_their_sign_where_energies_agree_in_all_digits(n, generator):
    """Neuron 0 does not enter the memory that has all the overlap."""
    memories, states = instance(generator, n_memories=3, n_neurons=20)
    memories *= 0.05
    memories[0] = states[0]
    memories[0, 0] = 0.0
    others = states[:1].clone()
    others[0, 0] *= -1
    network = Polynomial(n), Scaling.original(1.0, n)
    sign, log = signed_log_energy_difference(memories, states[:1], others, *network)
    exact = [
        sum(sum(Fraction(z) * int(x) for z, x in zip(row, state, strict=True)) ** n for row in memories.tolist())
        for state in (others[0].tolist(), states[0].tolist())
    ]
    difference = exact[0] - exact[1]  # E[state] - E[other], as E = -sum
    assert sign.item() == (1 if difference > 0 else -1)
    size = abs(difference)
    bits = size.numerator.bit_length() - size.denominator.bit_length()
    assert abs(log.item() / math.log(2) - bits) < 1.5
    if n == 100:
        plain = [energy(memories, x, *network, form="plain").item() for x in (states[:1], others)]
        assert plain[0] == plain[1] and log.item() > -700


@kinds
def test_a_network_alone_and_in_a_batch_has_the_same_bits(kind, generator):
    memories, states = instance(generator, 4, n_memories=33, n_states=9, n_neurons=21)
    temperature = torch.linspace(0.5, 2.0, 4)
    scaling = scaling_of("modified", kind, 21, temperature)

    def everything(memories, states, scaling):
        return (
            energy(memories, states, kind, scaling),
            energy(memories, states, kind, scaling, form="log"),
            *signed_log_energy(memories, states, kind, scaling),
            *signed_log_energy_difference(memories, states, states.flip(-2), kind, scaling),
        )

    batch = everything(memories, states, scaling)
    for r in range(4):
        alone = everything(memories[r], states[r], scaling.at(temperature[r]))
        assert all(torch.equal(whole[r], one) for whole, one in zip(batch, alone, strict=True))


def test_auto_takes_the_form_that_stays_in_range(generator):
    memories, states = instance(generator, n_neurons=100, dtype=torch.float32)
    temperature = torch.tensor([1.0, 50.0])
    network = RectifiedPolynomial(20), Scaling.original(temperature, 20)
    both = energy(memories, states, *network)
    exact = energy(memories.double(), states.double(), RectifiedPolynomial(20), Scaling.original(temperature, 20))
    torch.testing.assert_close(both.double(), exact, rtol=1e-4, atol=0)
    assert energy(memories.requires_grad_(), states, Polynomial(3), Scaling(1.0)).requires_grad


def test_where_a_gradient_is_wanted_the_plain_energy_is_taken(generator):
    """Both forms have one here, but not the same bits: at T = 1 the powers of float32 overflow with other states."""
    memories, states = instance(generator, n_neurons=100, dtype=torch.float32)
    network = RectifiedPolynomial(20), Scaling.original(1.0, 20)
    plain, log = (energy(memories, states, *network, form=form) for form in ("plain", "log"))
    assert torch.equal(energy(memories, states, *network), log) and not torch.equal(plain, log)
    wanted = memories.clone().requires_grad_()
    assert torch.equal(energy(wanted, states, *network), plain)
    assert energy(wanted, states, *network).requires_grad
    assert torch.equal(energy(wanted, states, *network, form="log"), log)


def test_an_energy_out_of_range_is_refused(generator):
    memories, states = instance(generator, n_neurons=100, dtype=torch.float32)
    network = Polynomial(31), Scaling.original(0.01, 31)
    for form in ("auto", "plain", "log"):
        with refused(FloatingPointError, "An energy leaves the range of torch.float32; `numerics.signed_log_energy`"):
            energy(memories, states, *network, form=form)
    sign, log = signed_log_energy(memories, states, *network)
    assert log.isfinite().all() and (sign.abs() == 1).all()


class Steep(Interaction):
    """x^3000 without logarithms."""

    def __call__(self, x):
        return x**3000


def test_refuses_what_does_not_fit(generator):
    memories, states = instance(generator)
    with refused(ValueError, "`others` must hold one state for each of `states`, got 4 for 5"):
        signed_log_energy_difference(memories, states, states[1:], Polynomial(2), Scaling(1.0))
    with refused(ValueError, "`states` must be bipolar"):
        signed_log_energy(memories, 0.5 * states, Polynomial(2), Scaling(1.0))
    with refused(ValueError, "`states` must be bipolar"):
        signed_log_energy_difference(memories, 0.5 * states, states, Polynomial(2), Scaling(1.0))
    with refused(ValueError, "`others` must be bipolar"):
        signed_log_energy_difference(memories, states, 0.5 * states, Polynomial(2), Scaling(1.0))
    with refused(ValueError, "`form` must be one of"):
        energy(memories, states, Polynomial(2), Scaling(1.0), form="logs")
    with refused(FloatingPointError, "Steep defines no logarithms of its own"):
        signed_log_energy(10 * memories, states, Steep(), Scaling(1.0))
