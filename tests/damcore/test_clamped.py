"""Training with targets or chosen neurons: against autograd, plain torch and KH16's algorithm, and bit for bit."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from cases import bipolar
from damcore import _kernels
from damcore._kernels import clamped
from damcore.interactions import Exponential, Interaction, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import train
from damcore.scaling import Scaling

pytestmark = pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")

INTERACTIONS = [
    Polynomial(2),
    Polynomial(3),
    RectifiedPolynomial(5),
    RectifiedPolynomial(20),
    LeakyRectifiedPolynomial(3, -0.3),
    Exponential(),
]


def problem(*runs, n_memories=6, n_states=7, n_neurons=12, neurons=slice(None), dtype=torch.float64, seed=0):
    """Memories (*runs, K, N), states (A, N) that are grey but for the chosen neurons, and targets (A, M)."""
    draw = torch.Generator().manual_seed(seed)

    def uniform(*shape):
        return (2 * torch.rand(*shape, generator=draw, dtype=torch.float64) - 1).to(dtype)

    memories, states = uniform(*runs, n_memories, n_neurons), uniform(n_states, n_neurons)
    n_predicted = len(range(n_neurons)[neurons])
    states[:, neurons] = bipolar(draw, n_states, n_predicted, dtype=dtype)
    return memories, states, uniform(n_states, n_predicted)


def in_plain_torch(monkeypatch, *arguments, **settings):
    with monkeypatch.context() as patch:
        patch.setattr(_kernels, "available", lambda: False)
        return train(*arguments, **settings)


def written_out(z, states, targets, function, scaling, epochs, rate, decay, momentum, m, floor, clip, batch_size, own):
    """The training by autograd from both clamped copies of each state, entry by entry: memories, velocity, losses."""
    inner, outer = scaling.factors(z)
    z, velocity, losses = z.clone(), torch.zeros_like(z), torch.zeros(epochs, dtype=z.dtype)
    for epoch in range(epochs):
        for x, t in zip(states.split(batch_size), targets.split(batch_size), strict=True):
            z.requires_grad_()
            loss = torch.zeros((), dtype=z.dtype)
            for column, i in enumerate(own):
                on, off = x.clone(), x.clone()
                on[:, i], off[:, i] = 1, -1
                gap = outer * (function(inner * on @ z.T) - function(inner * off @ z.T)).sum(-1)
                loss = loss + ((t[:, column] - torch.tanh(gap)) ** (2 * m)).sum()
            (gradient,) = torch.autograd.grad(loss, z)
            z, losses[epoch] = z.detach(), losses[epoch] + loss.item()
            velocity = momentum * velocity - gradient
            for mu, row in enumerate(velocity):
                largest = max(row.abs().max().item(), floor or 0.0)
                moved = z[mu] + (rate * decay**epoch * row / largest if largest else 0.0)
                z[mu] = torch.where(clip, moved.clamp(-1, 1), moved)
    return z, velocity, losses


@pytest.mark.parametrize("batch_size", [7, 3])
@pytest.mark.parametrize("momentum, m, floor", [(0.0, 1, 1e-30), (0.6, 30, None), (0.6, 2, 1e-2)])
@pytest.mark.parametrize("neurons", [slice(-3, None), slice(2, 9, 3), slice(None)])
@pytest.mark.parametrize("interaction", INTERACTIONS, ids=repr)
def test_training_equals_the_steps_written_out(interaction, neurons, momentum, m, floor, batch_size):
    memories, states, targets = problem(neurons=neurons)
    clip = torch.arange(12) < 9
    scaling = Scaling.modified(0.7, 12)
    settings = dict(epochs=3, decay=0.9, momentum=momentum, floor=floor, batch_size=batch_size, clip=clip)
    got = train(
        memories, states, interaction, scaling, learning_rate=0.1, error_exponent=m, targets=targets, neurons=neurons,
        **settings,
    )  # fmt: skip
    own = range(12)[neurons]
    wanted = written_out(memories, states, targets, interaction, scaling, rate=0.1, m=m, own=own, **settings)
    for ours, theirs in zip((got.memories, got.velocity, got.losses), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-9 * theirs.abs().max().item())
    assert got.velocity.abs().max() > 0 and (got.memories != memories).any()


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-11), (torch.float32, 1e-3)])
@pytest.mark.parametrize("given", ["targets", "neurons", "both"])
def test_training_equals_plain_torch(given, dtype, tolerance, monkeypatch):
    neurons = slice(None) if given == "targets" else slice(20, 25)
    memories, states, targets = problem(3, n_memories=21, n_states=330, n_neurons=30, neurons=neurons, dtype=dtype)
    chosen = {"targets": dict(targets=targets), "neurons": dict(neurons=neurons)}
    settings = chosen.get(given) or dict(targets=targets, neurons=neurons)
    settings |= dict(
        epochs=5, batch_size=200, momentum=0.6, error_exponent=3, learning_rate=torch.tensor([0.1, 0.2, 0.05])
    )
    settings |= dict(temperature_schedule=lambda epoch: torch.tensor([0.5, 0.7, 0.9]) + 0.1 * epoch)
    arguments = (memories, states, RectifiedPolynomial(4), Scaling.modified(0.5, 30))
    got = train(*arguments, generator=torch.Generator().manual_seed(3), **settings)
    plain = in_plain_torch(monkeypatch, *arguments, generator=torch.Generator().manual_seed(3), **settings)
    torch.testing.assert_close(got.memories, plain.memories, rtol=0, atol=tolerance)
    torch.testing.assert_close(got.losses, plain.losses, rtol=tolerance, atol=0)
    assert not torch.equal(got.memories, plain.memories)  # two ways indeed


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    "n_memories, n_states, n_neurons, n_predicted", [(7, 30, 20, 3), (120, 700, 333, 10), (9, 3, 5, 5)]
)
@pytest.mark.parametrize("interaction", [RectifiedPolynomial(5), Exponential()], ids=repr)
def test_a_network_alone_and_in_any_batch_gives_equal_bits(
    interaction, n_memories, n_states, n_neurons, n_predicted, dtype
):
    neurons = slice(n_neurons - n_predicted, None)
    memories, states, targets = problem(
        4, n_memories=n_memories, n_states=n_states, n_neurons=n_neurons, neurons=neurons, dtype=dtype
    )
    temperatures = torch.tensor([0.5, 0.6, 0.7, 0.8], dtype=dtype)
    settings = dict(
        epochs=6, learning_rate=0.3, momentum=0.6, batch_size=max(2, n_states // 3), error_exponent=2, neurons=neurons
    )

    def trained(chosen, states, targets):
        return train(
            memories[chosen], states, interaction, Scaling.modified(temperatures[chosen], n_neurons), targets=targets,
            generator=torch.Generator().manual_seed(1), **settings,
        )  # fmt: skip

    together = trained([0, 1, 2, 3], states, targets)
    for chosen, own in (([2], False), ([3, 1], False), ([1, 1, 0], True)):
        # Patterns and targets of each network's own lie elsewhere in memory than those that all share.
        company = [values.expand(len(chosen), -1, -1).clone() if own else values for values in (states, targets)]
        some = trained(chosen, *company)
        for name in ("memories", "velocity", "losses"):
            assert torch.equal(getattr(some, name), getattr(together, name)[chosen]), name
    assert not torch.equal(together.memories, memories) and (together.diverged < 0).all()


def arrays(
    dtype=np.float64, n_networks=1, n_memories=150, n_states=400, n_neurons=500, epochs=3, neurons=slice(-10, None)
):
    """What `clamped.train_epochs` takes."""
    memories, states, targets = problem(
        n_networks, n_memories=n_memories, n_states=n_states, n_neurons=n_neurons, neurons=neurons
    )
    ones = np.ones((n_networks, epochs), dtype)
    return dict(
        memories=memories.numpy().astype(dtype),
        velocity=np.zeros(memories.shape, dtype),
        patterns=states.numpy().astype(dtype)[None],
        order=np.stack([np.random.default_rng(epoch).permutation(n_states) for epoch in range(epochs)]),
        kind=1,
        n=5,
        slope=0.0,
        inner=2 * ones / n_neurons,
        outer=1e3 * ones,
        rate=0.1 * ones,
        momentum=0.5,
        error_exponent=2,
        floor=1e-30,
        clip=np.ones(n_neurons, bool),
        batch_size=300,
        losses=0 * ones,
        diverged=np.full(n_networks, -1),
        targets=targets.numpy().astype(dtype)[None],
        predicted=np.arange(n_neurons)[neurons],
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("neurons", [slice(-10, None), slice(None, 300)])
def test_the_number_of_threads_changes_no_bit(dtype, neurons):
    results = []
    for threads in (1, 2, 3, 7):
        given = arrays(dtype, neurons=neurons)
        clamped.train_epochs(**given, threads=threads)
        results.append([given[name] for name in ("memories", "velocity", "losses")])
    assert np.isfinite(results[0][2]).all() and np.ptp(results[0][2]) > 0
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["memories", "velocity", "rate"])
def test_nan_and_infinity_are_never_clipped_or_rectified_away(name, poison):
    given = arrays(n_memories=20, n_states=9, n_neurons=35)
    given[name][(0, 17, 33) if name != "rate" else (0, 1)] = poison
    before = given["memories"].copy()
    clamped.train_epochs(**given)
    epoch = 1 if name == "rate" else 0
    assert given["diverged"] == [epoch]
    assert np.isnan(given["losses"][0, epoch:]).all() and np.isfinite(given["losses"][0, :epoch]).all()
    assert epoch or np.array_equal(given["memories"], before, equal_nan=True)


def test_a_network_that_diverges_keeps_its_last_finite_memories_and_leaves_the_others_alone(monkeypatch):
    given, healthy, short = (arrays(n_networks=3, n_memories=20, n_states=9, n_neurons=35, epochs=e) for e in (6, 6, 4))
    given["inner"][1, 4:] = 1e300
    for one in (given, healthy, short):
        clamped.train_epochs(**one)
    assert given["diverged"].tolist() == [-1, 4, -1]
    for name in ("memories", "velocity", "losses"):
        np.testing.assert_array_equal(given[name][[0, 2]], healthy[name][[0, 2]])
    for name in ("memories", "velocity"):
        np.testing.assert_array_equal(given[name][1], short[name][1])
    np.testing.assert_array_equal(given["losses"][1], [*short["losses"][1], np.nan, np.nan])
    memories = given["memories"].copy()
    clamped.train_epochs(**given)  # the sick one is left out
    np.testing.assert_array_equal(given["memories"][1], memories[1])
    assert np.isnan(given["losses"][1]).all() and (given["memories"][0] != memories[0]).any()


def test_divergence_is_what_it_is_in_plain_torch(monkeypatch):
    memories, states, targets = problem(3, neurons=slice(-3, None), dtype=torch.float32)
    memories[1] *= 1e20
    arguments = (memories, states, Polynomial(4), Scaling.modified(0.7, 12))
    settings = dict(epochs=3, targets=targets, neurons=slice(-3, None), clip=False, on_nonfinite="mark", batch_size=4)
    settings |= dict(learning_rate=torch.tensor([1e20, 0.1, 0.1]))
    got, plain = train(*arguments, **settings), in_plain_torch(monkeypatch, *arguments, **settings)
    assert got.diverged.tolist() == plain.diverged.tolist() == [0, 0, -1]
    torch.testing.assert_close(got.memories, plain.memories, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(got.losses, plain.losses, rtol=1e-4, atol=0, equal_nan=True)


class Own(Interaction):
    """The rectified cube, as a user would write it."""

    def __call__(self, x):
        return torch.relu(x) ** 3

    def derivative(self, x):
        return 3 * torch.relu(x) ** 2


def test_an_interaction_of_ones_own_and_other_dtypes_stay_in_plain_torch(monkeypatch):
    memories, states, targets = problem(neurons=slice(-3, None))
    settings = dict(epochs=4, learning_rate=0.1, targets=targets, neurons=slice(-3, None))
    scaling = Scaling.modified(0.5, 12)
    compiled = train(memories, states, RectifiedPolynomial(3), scaling, **settings)
    monkeypatch.setattr(clamped, "train_epochs", None)
    got = train(memories, states, Own(), scaling, **settings)
    torch.testing.assert_close(got.memories, compiled.memories, rtol=0, atol=1e-12)
    half = settings | dict(targets=targets.bfloat16())
    states[:, :-3] = states[:, :-3].sign()
    assert (
        train(memories.bfloat16(), states.bfloat16(), RectifiedPolynomial(3), scaling, **half).losses.isfinite().all()
    )


def test_the_published_algorithm_trains_the_same_network():
    """The baseline of the benchmark, in float64, up to rounding."""
    path = Path(__file__).parents[2] / "benchmarks" / "classifier.py"
    spec = importlib.util.spec_from_file_location("classifier_benchmark", path)
    assert spec and spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    states, targets = benchmark.digits(55, 40, 4, torch.float64)
    memories = benchmark.first_memories(9, 44, torch.float64)
    z, velocity = memories.numpy(), np.zeros((9, 44))
    n, m, temperature = 4, 3, 20.0
    got = train(
        memories, states, RectifiedPolynomial(n), Scaling.original(temperature, n).inside(RectifiedPolynomial(n)),
        epochs=5, learning_rate=0.04, decay=1.0, momentum=0.6, error_exponent=m, batch_size=20, targets=targets,
        neurons=slice(-4, None),
    )  # fmt: skip
    losses = []
    for _ in range(5):
        z, velocity, loss = benchmark.tiled_epoch(
            z, velocity, states.numpy(), targets.numpy(), n, m, 1 / temperature, 0.04, 0.6, 20
        )
        losses.append(loss)
    np.testing.assert_allclose(got.memories.numpy(), z, rtol=0, atol=1e-11)
    np.testing.assert_allclose(got.losses.numpy(), losses, rtol=1e-11)
    assert losses[-1] < 0.9 * losses[0]
