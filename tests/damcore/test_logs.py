"""The compiled loops of the log domain: equal to torch within the bound, and the same bits whoever asks."""

import numpy as np
import pytest
import torch

from cases import INTERACTIONS, SCALINGS, bipolar, instance, scaling_of
from damcore import _kernels, _settling, _training, learning
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.numerics import bound, gap, gap_error, gradient, log_gradient, overlaps, signed_log_gap
from damcore.recall import recall
from damcore.scaling import Scaling

pytestmark = pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")

KINDS = [
    *(kind for kind, _ in INTERACTIONS),
    Polynomial(101),
    RectifiedPolynomial(1000),
    LeakyRectifiedPolynomial(100, -1e-5),
    LeakyRectifiedPolynomial(300, 1e8),
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def torch_only(monkeypatch):
    """A function that turns the compiled loops of the log domain off."""

    def off():
        for module in (gap, gradient, bound, _settling, _training):
            monkeypatch.setattr(module, "compiled_logs", lambda *_: None)

    return off


@pytest.mark.parametrize("name", SCALINGS)
@kinds
def test_the_gap_is_that_of_torch_within_the_bounds_of_both(kind, name, generator, torch_only):
    memories, states = instance(generator, 2, n_memories=5, n_neurons=9)
    memories[1] = memories[1].sign()  # many terms cancel
    arguments = memories, states, kind, scaling_of(name, kind, 9, torch.tensor([1.5, 2.5]))
    compiled, error = signed_log_gap(*arguments), gap_error(*arguments)
    torch_only()
    wanted, error = signed_log_gap(*arguments), error + gap_error(*arguments)
    sure = error < 1
    assert torch.equal(compiled[0][sure], wanted[0][sure]) and sure.double().mean() > 0.5
    assert ((compiled[1] - wanted[1]).expm1().abs()[sure] <= 2 * error[sure]).all()


@pytest.mark.parametrize("m", [1, 3])
@kinds
def test_the_gradient_is_that_of_torch(kind, m, generator, torch_only):
    memories, patterns = instance(generator, 2, n_memories=5, n_states=7, n_neurons=9)
    targets = 2 * torch.rand(2, 7, 3, generator=generator, dtype=torch.float64) - 1
    targets[0] = targets[0].sign()
    scaling = scaling_of("modified", kind, 9, torch.tensor([0.7, 1.5]))
    clamped = patterns.clone()
    clamped[..., :3] *= 0.4  # grey
    some = dict(neurons=slice(3, 9, 2))
    problems = [
        (patterns, dict(), dict(n_states=4)),
        (clamped, dict(neurons=slice(3, None)), dict()),
        (clamped, some | dict(targets=targets), dict()),
    ]
    compiled = [log_gradient(memories, x, kind, scaling, error_exponent=m, **given) for x, given, _ in problems]
    torch_only()
    for (x, given, _), got in zip(problems, compiled, strict=True):
        wanted = log_gradient(memories, x, kind, scaling, error_exponent=m, **given)
        torch.testing.assert_close(got[0], wanted[0], rtol=1e-9, atol=1e-300)
        torch.testing.assert_close(got[1], wanted[1], rtol=0, atol=1e-8)
        torch.testing.assert_close(got[2], wanted[2], rtol=1e-10, atol=1e-9)
        assert wanted[2].isfinite().double().mean() > 0.5


def test_a_memory_far_from_every_state_keeps_its_direction(generator, torch_only):
    """At n = 1000 its slopes are e^-2000 of those of the others, which no float64 holds."""
    memories, patterns = instance(generator, n_memories=3, n_states=4, n_neurons=9)
    memories[0] *= 0.1
    arguments = memories, patterns, Polynomial(1000), Scaling.modified(1.0, 9)
    _, direction, size = log_gradient(*arguments)
    assert size[0] < size[1] - 1500 and direction[0].abs().max() == 1 and (direction[0] != 0).sum() > 1
    torch_only()
    torch.testing.assert_close(direction, log_gradient(*arguments)[1], rtol=0, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("floor, momentum", [(None, 0.6), (1e-2, 0.0)])
@pytest.mark.parametrize("kind", KINDS[3:], ids=str)
def test_training_is_that_of_torch(kind, floor, momentum, dtype, generator, torch_only):
    memories, patterns = instance(generator, 2, n_memories=5, n_states=7, n_neurons=9, dtype=dtype)
    scaling = scaling_of("modified", kind, 9, torch.tensor([0.7, 1.5], dtype=dtype))
    settings = dict(epochs=4, learning_rate=torch.tensor([0.05, 0.1]), momentum=momentum, floor=floor, form="log")
    settings |= dict(batch_size=3, clip=torch.arange(9) < 7, error_exponent=2)
    ways = [dict(), dict(neurons=slice(-3, None)), dict(neurons=slice(0, 4), targets=-patterns[..., :4])]
    train = lambda way: learning.train(  # noqa: E731
        memories, patterns, kind, scaling, generator=torch.Generator().manual_seed(1), **settings, **way
    )
    compiled = [train(way) for way in ways]
    torch_only()
    for way, got in zip(ways, compiled, strict=True):
        wanted = train(way)
        tolerance = 1e-8 if dtype == torch.float64 else 1e-5
        torch.testing.assert_close(got.memories, wanted.memories, rtol=0, atol=tolerance)
        torch.testing.assert_close(got.losses, wanted.losses, rtol=10 * tolerance, atol=1e-300)
        torch.testing.assert_close(got.size, wanted.size, rtol=tolerance, atol=10 * tolerance)
        torch.testing.assert_close(got.velocity, wanted.velocity, rtol=0, atol=10 * tolerance)
        assert floor or not torch.equal(got.memories, memories)


def test_a_network_that_diverges_stays_where_it_was(generator):
    memories, patterns = instance(generator, 2)
    rate = torch.tensor([0.1, 1e308], dtype=torch.float64)
    settings = dict(epochs=3, learning_rate=rate, form="log", clip=False, on_nonfinite="mark")
    trained = learning.train(memories, patterns, Polynomial(5), Scaling.modified(1.0, 8), momentum=0.9, **settings)
    assert trained.diverged.tolist()[0] == -1 and trained.diverged[1] >= 0
    assert trained.memories.isfinite().all() and trained.losses[1, trained.diverged[1] :].isnan().all()
    assert trained.losses[0].isfinite().all()


@pytest.mark.parametrize("kind", [RectifiedPolynomial(5), Polynomial(5)], ids=str)
def test_a_network_that_diverged_in_the_first_epoch_does_not_go_on_at_a_lower_rate(kind, generator):
    memories, patterns = instance(generator)
    settings = dict(epochs=3, learning_rate=1e308, decay=1e-308, form="log", clip=False, on_nonfinite="mark")
    settings |= dict(batch_size=1)
    trained = learning.train(memories, patterns, kind, Scaling.modified(1.0, 8), momentum=0.9, **settings)
    assert trained.diverged == 0 and trained.losses[1:].isnan().all()
    once = learning.train(memories, patterns, kind, Scaling.modified(1.0, 8), momentum=0.9, **settings | dict(epochs=1))
    assert torch.equal(trained.memories, once.memories) and torch.equal(trained.velocity, once.velocity)


def test_a_temperature_that_is_a_plain_number_is_no_number_of_float32(generator, torch_only):
    memories, patterns = instance(generator)
    torch_only()
    number, tensor = (
        log_gradient(memories, patterns, Polynomial(20), Scaling.modified(temperature, 8))
        for temperature in (0.7, torch.tensor(0.7, dtype=torch.float64))
    )
    for one, other in zip(number, tensor, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("size", [1, 3])
def test_a_gradient_by_torch_is_the_same_in_blocks(size, generator, torch_only, monkeypatch):
    memories, patterns = instance(generator, n_memories=5, n_states=7, n_neurons=9)
    patterns[3:] = memories[:1].sign()  # later blocks weigh more, and less
    arguments = memories, patterns, Polynomial(40), Scaling.modified(1.0, 9)
    torch_only()
    whole = log_gradient(*arguments)
    monkeypatch.setattr(overlaps, "BLOCK", size * 5 * 9)
    for got, wanted in zip(log_gradient(*arguments), whole, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)


def test_a_pattern_that_is_learned_beyond_all_numbers_has_no_gradient(torch_only):
    state = torch.ones(1, 9, dtype=torch.float64)
    arguments = state, state, Polynomial(1000), Scaling.original(1.0, 1000)
    for turn in (lambda: None, torch_only):
        turn()
        loss, direction, size = log_gradient(*arguments)
        assert loss == 0 and not direction.any() and size == -torch.inf


@pytest.mark.parametrize("tie", ["positive", "negative", "keep"])
@kinds
def test_recall_is_that_of_the_plain_form_or_of_torch(kind, tie, generator, torch_only):
    memories, states = instance(generator, 3, n_memories=4, n_states=70, n_neurons=10)
    memories[0] = memories[0].sign()  # ties, which whole numbers decide exactly
    memories[1] = (memories[1] * 4).round() / 4
    arguments = memories, states, kind, Scaling.original(1.0, 1)
    draw = lambda: torch.Generator().manual_seed(3)  # noqa: E731
    plain = kind.degree is not None and kind.degree <= 20
    found = [recall(*arguments, generator=generator, form="log", tie=tie) for generator in (None, draw())]
    torch_only()
    for generator, got in zip((None, draw()), found, strict=True):
        wanted = recall(*arguments, generator=generator, form="plain" if plain else "log", tie=tie)
        if plain:
            for name in ("states", "sweeps", "converged"):
                assert torch.equal(getattr(got, name), getattr(wanted, name))
        else:  # rounded in other places, so that last bits decide near ties otherwise
            assert (got.states == wanted.states).all(-1).double().mean() > 0.8


@pytest.mark.parametrize("dtype", [pytest.param(torch.float16, marks=pytest.mark.slow), torch.float32, torch.float64])
@kinds
def test_a_network_alone_and_in_any_batch_has_the_same_bits(kind, dtype, generator, monkeypatch):
    memories, states = instance(generator, 5, n_memories=7, n_states=9, n_neurons=11, dtype=dtype)
    temperature = torch.linspace(0.5, 2.0, 5)
    scaling = scaling_of("modified", kind, 11, temperature)
    settings = dict(epochs=3, learning_rate=0.1, form="log", momentum=0.5, batch_size=4)

    def everything(memories, states, scaling):
        trained = learning.train(memories, states, kind, scaling, **settings)
        some = learning.train(memories, states, kind, scaling, neurons=slice(-2, None), **settings)
        return (
            *signed_log_gap(memories, states, kind, scaling),
            gap_error(memories, states, kind, scaling),
            *log_gradient(memories, states, kind, scaling),
            *(getattr(one, name) for one in (trained, some) for name in ("memories", "velocity", "size", "losses")),
            recall(memories, states, kind, scaling, form="log", at_temperature=True).states,
        )

    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    batch = everything(memories, states, scaling)
    for r in range(5):
        alone = everything(memories[r], states[r], scaling.at(temperature[r]))
        row = everything(memories[r : r + 1], states[r : r + 1], scaling.at(temperature[r : r + 1]))
        for whole, one, of_row in zip(batch, alone, row, strict=True):
            assert torch.equal(whole[r].nan_to_num(), one.nan_to_num())
            assert torch.equal(whole[r].nan_to_num(), of_row[0].nan_to_num())


@kinds
def test_threads_change_no_bit(kind, generator):
    memories, states = (value.numpy() for value in instance(generator, 3, n_memories=7, n_states=150, n_neurons=11))
    form = kind.compiled
    if form is None:
        pytest.skip("plain torch")
    inner = np.array([0.2, 0.1, 0.05])
    some, every, order = np.arange(11), np.ones(11, np.bool_), np.tile(np.arange(150), (2, 1))

    def everything(threads):
        log = np.log(inner)
        trained, velocity, pace = memories.copy(), np.zeros_like(memories), np.full(memories.shape[:2], -np.inf)
        losses, diverged, recalled = np.zeros((3, 2)), np.full(3, -1), states.copy()
        two = lambda values: np.repeat(values[:, None], 2, 1)  # noqa: E731
        _kernels.logs.train_epochs(
            trained, velocity, pace, states, states, order, *form, two(inner), two(log), two(0 * log), two(0.1 + inner),
            0.5, 1, -np.inf, every, False, 40, some, losses, diverged, threads=threads,
        )  # fmt: skip
        sweeps, settled = np.zeros((3, 150), np.int64), np.zeros((3, 150), np.bool_)
        _kernels.logs.settle(memories, recalled, some[None], *form, inner, log, 1, 9, sweeps, settled, threads=threads)
        return (
            trained, velocity, pace, losses, recalled, sweeps, settled,
            *_kernels.logs.gaps(memories, states, *form, inner, log, some, threads=threads),
            *_kernels.logs.loss_and_gradient(
                memories, states, states, *form, inner, log, 0 * log, 1, some, threads=threads
            ),
        )  # fmt: skip

    for one, two in zip(everything(1), everything(2), strict=True):
        assert np.array_equal(one, two, equal_nan=True)


def test_overlaps_are_exact_sums(generator):
    memories = instance(generator, n_memories=6, n_neurons=200)[0] * 10.0 ** torch.arange(-3, 3)[:, None]
    states = bipolar(generator, 4, 200)
    high, low = overlaps.split(memories)
    assert (memories - high - low).abs().max() <= 2**-105 * 200**2 * memories.abs().max()
    order = torch.randperm(200, generator=generator)
    for part in (high, low):
        sums = states @ part.mT
        assert torch.equal(sums, states[:, order] @ part[:, order].mT)
        assert torch.equal(sums, torch.stack([(part * x).flip(-1).cumsum(-1)[:, -1] for x in states]))
    wanted = [[sum(map(lambda z, s: z * s, row, x)) for row in _fractions(memories)] for x in _fractions(states)]
    got = overlaps.overlaps(memories, states)
    for row, exact_row in zip(got.tolist(), wanted, strict=True):
        assert row == [float(exact) for exact in exact_row]


def _fractions(values):
    from fractions import Fraction

    return [[Fraction(value) for value in row] for row in values.tolist()]
