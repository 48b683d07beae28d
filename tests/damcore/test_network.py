import pytest
import torch

import oracles
from cases import INTERACTIONS, SCALINGS, instance, refused, scaling_of
from damcore import _kernels, network
from damcore.interactions import Polynomial, RectifiedPolynomial
from damcore.learning import gradient
from damcore.network import Scaling, energy, energy_gap

ids = [str(kind) for kind, _ in INTERACTIONS]


@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind, oracle", INTERACTIONS, ids=ids)
def test_energy_and_gap_equal_the_loop_oracle(kind, oracle, name, generator, device):
    memories, states = instance(generator)
    scaling = scaling_of(name, kind, 8)
    inner, outer = (factor.item() for factor in scaling.factors(memories))
    on_device = memories.to(device), states.to(device)
    torch.testing.assert_close(
        energy(*on_device, kind, scaling).cpu(),
        oracles.energy(memories, states, oracle[0], inner, outer),
        rtol=1e-11,
        atol=1e-13,
    )
    torch.testing.assert_close(
        energy_gap(*on_device, kind, scaling).cpu(),
        oracles.energy_gap(memories, states, oracle[0], inner, outer),
        rtol=1e-11,
        atol=1e-12,
    )


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-4), (torch.bfloat16, 0.3)])
def test_narrower_dtypes_follow_within_their_precision(dtype, tolerance, generator, device):
    memories, states = instance(generator, device=device)
    kind, scaling = RectifiedPolynomial(3), Scaling.modified(1.0, 8)
    exact = energy_gap(memories.to(dtype).double(), states, kind, scaling)
    close = energy_gap(memories.to(dtype), states.to(dtype), kind, scaling)
    assert close.dtype == dtype
    torch.testing.assert_close(close.double(), exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SCALINGS)
def test_batch_equals_one_by_one(name, generator, device):
    memories, states = instance(generator, 2, 3, device=device)
    kind = RectifiedPolynomial(3)
    temperature = torch.rand(2, 3, generator=generator, dtype=torch.float64) + 0.5
    scaling = scaling_of(name, kind, 8, temperature)
    energies, gaps = energy(memories, states, kind, scaling), energy_gap(memories, states, kind, scaling)
    for a in range(2):
        for b in range(3):
            one = scaling.at(temperature[a, b].item())
            for s in range(states.shape[-2]):
                state = states[a, b, s : s + 1]
                torch.testing.assert_close(energies[a, b, s : s + 1], energy(memories[a, b], state, kind, one))
                torch.testing.assert_close(gaps[a, b, s : s + 1], energy_gap(memories[a, b], state, kind, one))


def test_blocks_of_states_do_not_change_the_gap(generator, monkeypatch):
    memories, states = instance(generator, n_states=7)
    monkeypatch.setattr(_kernels, "available", lambda: False)
    whole = energy_gap(memories, states, Polynomial(3), Scaling.modified(1.0, 8))
    monkeypatch.setattr(network, "BLOCK", 2 * 4 * 8)
    torch.testing.assert_close(energy_gap(memories, states, Polynomial(3), Scaling.modified(1.0, 8)), whole)


def test_chosen_neurons_are_columns_of_the_whole(generator):
    memories, states = instance(generator)
    arguments = (memories, states, Polynomial(3), Scaling.original(2.0, 3))
    assert torch.equal(energy_gap(*arguments, neurons=slice(-3, None)), energy_gap(*arguments)[..., -3:])


def test_the_gap_is_the_energy_off_less_the_energy_on(generator):
    memories, states = instance(generator)
    kind, scaling = Polynomial(4), Scaling.modified(0.7, 8)
    gaps = energy_gap(memories, states, kind, scaling)
    for i in range(8):
        on, off = states.clone(), states.clone()
        on[:, i], off[:, i] = 1, -1
        difference = energy(memories, off, kind, scaling) - energy(memories, on, kind, scaling)
        torch.testing.assert_close(gaps[:, i], difference)


def test_energy_is_the_sum_of_f_and_not_f_of_the_sum():
    memories = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    state = torch.tensor([[1.0, 1.0]])
    assert energy(memories, state, Polynomial(2), Scaling.original(1.0, 2)) == -8.0  # F of the sum would be 0


@pytest.mark.parametrize("n", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("kind", [Polynomial, RectifiedPolynomial])
def test_homogeneous_original_and_modified_are_one_network(kind, n, generator):
    memories, states = instance(generator, n_neurons=8)
    original, modified = Scaling.original(4.0, n), Scaling.modified(4.0 / 8, 8)
    for function in (energy, energy_gap):
        assert torch.equal(function(memories, states, kind(n), original), function(memories, states, kind(n), modified))


GOOD = dict(memories=torch.ones(2, 4), states=torch.ones(3, 4))


@pytest.mark.parametrize("function", [energy, energy_gap])
@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(states=torch.full((3, 4), 0.5)), ValueError, "`states` must be bipolar .* got 0.5"),
        (dict(states=torch.zeros(3, 4)), ValueError, "map 0/1 to -1/\\+1"),
        (dict(states=torch.ones(3, 5)), ValueError, "same number of neurons, got 4 and 5"),
        (dict(states=torch.ones(4)), ValueError, "must have shape"),
        (dict(states=torch.ones(0, 4)), ValueError, "`states` is empty"),
        (dict(memories=torch.ones(0, 4)), ValueError, "`memories` is empty"),
        (dict(memories=torch.full((2, 4), torch.nan)), ValueError, "`memories` must be finite, but it contains NaN"),
        (dict(memories=torch.full((2, 4), torch.inf)), ValueError, "but it contains an infinite value"),
        (dict(states=torch.ones(3, 4).double()), TypeError, "share one dtype, got torch.float32 and torch.float64"),
        (dict(states=torch.ones(3, 4).int()), TypeError, "must have a floating dtype, got torch.int32"),
        (dict(memories=torch.ones(5, 2, 4), states=torch.ones(3, 3, 4)), ValueError, "leading axes"),
    ],
)
def test_refuses_bad_input(function, change, error, message):
    arguments = {**GOOD, **change}
    with refused(error, message):
        function(arguments["memories"], arguments["states"], Polynomial(2), Scaling.original(1.0, 2))


def test_a_gap_and_a_gradient_keep_subnormal_numbers():
    """In float32 u^24 of u = 0.02 and below is subnormal: plain arithmetic keeps the few bits it has."""
    memories, states = torch.full((3, 12), 0.02), torch.ones(2, 12)
    network = RectifiedPolynomial(24), Scaling.modified(1.0, 12)
    gaps = energy_gap(memories, states, *network, form="plain")
    wanted = energy_gap(memories.double(), states.double(), *network)
    tiny = torch.finfo(torch.float32).tiny
    assert 0 < wanted.max() < tiny
    torch.testing.assert_close(gaps.double(), wanted, rtol=0, atol=1e-43)
    assert (gaps > 0).all() and (gradient(memories, states, *network)[1] != 0).all()


@pytest.mark.parametrize("runs", [(), (3,), (2, 3)])
def test_the_gaps_of_many_networks_at_once_are_those_of_each(runs, generator):
    """So a GPU computes them; on a CPU each network comes alone."""
    memories, states = instance(generator, *runs, n_memories=4, n_states=5, n_neurons=8)
    arguments = Polynomial(3), Scaling.modified(0.7, 8)
    at_once = network._torch_gap(memories, states, *arguments, slice(2, 7))
    torch.testing.assert_close(at_once, energy_gap(memories, states, *arguments, neurons=slice(2, 7)))
