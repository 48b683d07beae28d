"""The compiled loops against autograd, against themselves in other company, and at the edge of the dtype's range."""

import importlib.util
import math
import os
import subprocess
import sys
import tomllib
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import oracles
from damcore import _kernels, learning
from damcore.interactions import Polynomial, RectifiedPolynomial
from damcore.recall import recall
from damcore.scaling import Scaling

pytestmark = pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")

POLYNOMIAL, RECTIFIED, LEAKY, EXPONENTIAL = range(4)
FUNCTIONS = [
    *((kind, n, 0.0) for kind in (POLYNOMIAL, RECTIFIED) for n in (1, 2, 3, 5, 20)),
    *((LEAKY, n, slope) for n, slope in ((1, -0.3), (2, 0.01), (3, -0.3), (5, 0.01), (20, 0.2))),
    (EXPONENTIAL, 0, 0.0),
]


def interaction(kind, n, slope, x):
    """F in differentiable torch."""
    if kind == EXPONENTIAL:
        return x.exp()
    below = {POLYNOMIAL: x**n, RECTIFIED: 0 * x, LEAKY: slope * x}[kind]
    return torch.where(x >= 0, x**n, below)


def reference(memories, patterns, kind, n, slope, inner, outer, m):
    """Loss and gradient of one network by autograd, from both clamped copies of every state."""
    z = torch.from_numpy(memories.astype(np.float64)).requires_grad_()
    states = torch.from_numpy(patterns.astype(np.float64))
    loss = oracles.loss(z, states, partial(interaction, kind, n, slope), float(inner), float(outer), m)
    (gradient,) = torch.autograd.grad(loss, z)
    return loss.item(), gradient.numpy()


def instance(n_networks=1, n_memories=6, n_states=7, n_neurons=12, seed=0, dtype=np.float64, shared=True):
    draw = np.random.default_rng(seed)
    memories = draw.uniform(-1, 1, (n_networks, n_memories, n_neurons)).astype(dtype)
    patterns = draw.choice([-1.0, 1.0], (1 if shared else n_networks, n_states, n_neurons)).astype(dtype)
    return memories, patterns


def factors(name, kind, n, n_neurons, n_networks=1, dtype=np.float64):
    """Inner and outer (R,) of an original or a modified network whose gaps are neither tiny nor saturated."""
    temperature = n_neurons / np.linspace(1.5, 2.5, n_networks)
    inner, outer = {
        "original": (np.ones(n_networks), temperature ** -max(n, 1.0)),
        "modified": (1 / temperature, np.ones(n_networks)),
    }[name]
    if kind == EXPONENTIAL:
        inner, outer = inner / n_neurons, np.full(n_networks, 0.3)
    return inner.astype(dtype), outer.astype(dtype)


def train(
    memories, patterns, kind=RECTIFIED, n=3, slope=0.0, *, inner, outer, epochs=5, rate=0.1, decay=0.99, momentum=0.0,
    m=1, floor=1e-30, clip=True, batch_size=None, order=None, threads=2, diverged=None, velocity=None,
):  # fmt: skip
    """`train_epochs` on copies: memories, velocity, losses, diverged."""
    n_networks, _, n_neurons = memories.shape
    dtype, n_states = memories.dtype, patterns.shape[1]
    columns = [np.repeat(value[:, None], epochs, 1).astype(dtype) for value in (inner, outer)]
    rates = np.tile(rate * decay ** np.arange(epochs), (n_networks, 1)).astype(dtype)
    order = np.tile(np.arange(n_states), (epochs, 1)) if order is None else order
    memories = memories.copy()
    velocity = np.zeros_like(memories) if velocity is None else velocity.copy()
    losses = np.zeros((n_networks, epochs), dtype)
    diverged = np.full(n_networks, -1) if diverged is None else diverged.copy()
    clip = np.full(n_neurons, clip) if isinstance(clip, bool) else clip
    _kernels.train_epochs(
        memories, velocity, patterns, order, kind, n, slope, *columns, rates, momentum, m, floor, clip,
        batch_size or n_states, losses, diverged, threads=threads,
    )  # fmt: skip
    return memories, velocity, losses, diverged


def written_out(
    memories, patterns, function, inner, outer, epochs, rate, decay, momentum, m, floor, clip, batch_size, order
):
    """The same training of one network by autograd in float64, entry by entry: memories, velocity, losses."""
    z, velocity, losses = memories.copy(), np.zeros_like(memories), np.zeros(epochs)
    for epoch in range(epochs):
        for start in range(0, len(patterns), batch_size):
            chosen = patterns[order[epoch, start : start + batch_size]]
            loss, gradient = reference(z, chosen, *function, inner, outer, m)
            losses[epoch] += loss
            for mu, row in enumerate(gradient):
                velocity[mu] = momentum * velocity[mu] - row
                largest = max(max(abs(v) for v in velocity[mu]), floor)
                for j, v in enumerate(velocity[mu]):
                    z[mu, j] += rate * decay**epoch * v / largest if largest else 0.0
                    if clip[j]:
                        z[mu, j] = min(1.0, max(-1.0, z[mu, j]))
    return z, velocity, losses


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("name", ["original", "modified"])
@pytest.mark.parametrize("kind, n, slope", FUNCTIONS)
def test_gradient_equals_autograd(kind, n, slope, name, m):
    memories, patterns = instance(3, shared=False)
    inner, outer = factors(name, kind, n, 12, 3)
    losses, gradients = _kernels.loss_and_gradient(memories, patterns, kind, n, slope, inner, outer, m)
    for r in range(3):
        loss, gradient = reference(memories[r], patterns[r], kind, n, slope, inner[r], outer[r], m)
        np.testing.assert_allclose(losses[r], loss, rtol=1e-12)
        np.testing.assert_allclose(gradients[r], gradient, rtol=1e-10, atol=1e-10)
        assert np.abs(gradient).max() > 1e-6  # the comparison is of something


@pytest.mark.parametrize(
    "n_memories, n_states, n_neurons", [(1, 1, 1), (1, 3, 2), (3, 9, 5), (20, 70, 9), (33, 41, 13)]
)
def test_gradient_equals_autograd_whatever_the_sizes(n_memories, n_states, n_neurons):
    memories, patterns = instance(1, n_memories, n_states, n_neurons)
    for kind, n, slope in [(POLYNOMIAL, 3, 0.0), (LEAKY, 1, -0.3), (EXPONENTIAL, 0, 0.0)]:
        inner, outer = factors("modified", kind, n, n_neurons)
        losses, gradients = _kernels.loss_and_gradient(memories, patterns, kind, n, slope, inner, outer, 1)
        loss, gradient = reference(memories[0], patterns[0], kind, n, slope, inner[0], outer[0], 1)
        np.testing.assert_allclose(losses[0], loss, rtol=1e-12)
        np.testing.assert_allclose(gradients[0], gradient, rtol=1e-10, atol=1e-10)


def test_exponential_of_very_negative_overlaps_keeps_its_relative_precision():
    memories, patterns = instance(1, 3, 4, 12)
    patterns[:] = patterns[:, :1]
    memories = -0.8 * np.abs(memories) * patterns[0, 0]  # so that sum F is about e^-24, and the gaps are of order 1
    inner, outer = np.array([5.0]), np.array([math.exp(24.0)])
    losses, gradients = _kernels.loss_and_gradient(memories, patterns, EXPONENTIAL, 0, 0.0, inner, outer, 1)
    loss, gradient = reference(memories[0], patterns[0], EXPONENTIAL, 0, 0.0, inner[0], outer[0], 1)
    np.testing.assert_allclose(losses[0], loss, rtol=1e-12)
    np.testing.assert_allclose(gradients[0], gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())
    assert abs(loss - 48) > 1  # a network without gaps has 4 * 12


@pytest.mark.parametrize("batch_size", [7, 3, 1])
@pytest.mark.parametrize("momentum, floor", [(0.0, 1e-30), (0.6, 0.0), (0.6, 3.0)])
@pytest.mark.parametrize("kind, n, slope, m", [(RECTIFIED, 3, 0.0, 1), (LEAKY, 5, 0.01, 2), (EXPONENTIAL, 0, 0.0, 1)])
def test_training_equals_the_steps_written_out(kind, n, slope, m, momentum, floor, batch_size):
    memories, patterns = instance()
    clip = np.arange(12) < 9
    memories[..., ~clip] *= 3
    inner, outer = factors("modified", kind, n, 12)
    order = np.stack([np.random.default_rng(e).permutation(7) for e in range(6)])
    settings = dict(epochs=6, rate=0.3, decay=0.9, momentum=momentum, m=m, floor=floor, batch_size=batch_size)
    got = train(memories, patterns, kind, n, slope, inner=inner, outer=outer, clip=clip, order=order, **settings)
    function = (kind, n, slope)
    wanted = written_out(memories[0], patterns[0], function, inner[0], outer[0], clip=clip, order=order, **settings)
    for ours, theirs in zip(got[:3], wanted, strict=True):
        np.testing.assert_allclose(ours[0], theirs, rtol=1e-9, atol=1e-10)
    assert got[3][0] == -1
    assert np.abs(got[0][..., clip]).max() <= 1 < np.abs(got[0][..., ~clip]).max()


def test_batch_equals_one_by_one_whatever_the_threads_order_and_company():
    memories, patterns = instance(5, 20, 30, 16, shared=False)
    inner, outer = factors("modified", LEAKY, 5, 16, 5)
    settings = dict(kind=LEAKY, n=5, slope=0.01, epochs=20, rate=0.5, momentum=0.5)
    together = train(memories, patterns, inner=inner, outer=outer, threads=2, **settings)
    for chosen in ([4, 2, 0, 3, 1], [1], [3, 3]):
        alone = train(
            memories[chosen], patterns[chosen], inner=inner[chosen], outer=outer[chosen], threads=1, **settings
        )
        for ours, theirs in zip(alone, together, strict=True):
            np.testing.assert_array_equal(ours, theirs[chosen])


def test_the_same_network_ends_the_same_wherever_its_arrays_lie_in_memory():
    memories, patterns = instance(1, 12, 10, 16)
    draw, kept = np.random.default_rng(0), []
    settings = dict(kind=POLYNOMIAL, n=2, epochs=50, momentum=0.5, inner=np.ones(1) / 8, outer=np.ones(1))
    first = train(memories, patterns, **settings)
    for _ in range(400):
        kept.append(np.empty(draw.integers(16, 30000), np.uint8))
        if len(kept) > 50:
            kept.pop(draw.integers(50))
        again = train(memories, patterns, **settings)
        np.testing.assert_array_equal(again[0], first[0])
        np.testing.assert_array_equal(again[2], first[2])


def test_training_in_two_calls_equals_training_in_one():
    memories, patterns = instance(2)
    inner, outer = factors("modified", RECTIFIED, 3, 12, 2)
    settings = dict(inner=inner, outer=outer, momentum=0.6, decay=1.0)
    whole = train(memories, patterns, epochs=9, **settings)
    first = train(memories, patterns, epochs=4, **settings)
    second = train(first[0], patterns, epochs=5, velocity=first[1], **settings)
    np.testing.assert_array_equal(whole[0], second[0])
    np.testing.assert_array_equal(whole[2], np.concatenate([first[2], second[2]], 1))


@pytest.mark.parametrize("dtype, n", [(np.float64, 2), (np.float64, 5), (np.float64, 20), (np.float32, 3)])
@pytest.mark.parametrize("kind", [POLYNOMIAL, RECTIFIED])
def test_original_and_modified_agree_bit_for_bit_at_powers_of_two(kind, n, dtype):
    memories, patterns = instance(1, 12, 10, 16, dtype=dtype)
    temperature = 8.0
    settings = dict(kind=kind, n=n, epochs=50, floor=0.0, momentum=0.5)
    original = train(memories, patterns, inner=np.ones(1), outer=np.array([temperature**-n]), **settings)
    modified = train(memories, patterns, inner=np.array([1 / temperature]), outer=np.ones(1), **settings)
    for one, other in zip(original[:1] + original[2:], modified[:1] + modified[2:], strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.abs(original[0] - memories).max() > 0.5 and original[3] == -1


def test_float32_is_within_its_rounding_of_float64():
    for kind, n, slope in [(POLYNOMIAL, 3, 0.0), (RECTIFIED, 20, 0.0), (LEAKY, 5, 0.01), (EXPONENTIAL, 0, 0.0)]:
        memories, patterns = instance(1, 20, 11, 16, dtype=np.float32)
        inner, outer = factors("modified", kind, n, 16, dtype=np.float32)
        loss, gradient = reference(memories[0], patterns[0], kind, n, slope, inner[0], outer[0], 1)
        losses, gradients = _kernels.loss_and_gradient(memories, patterns, kind, n, slope, inner, outer, 1)
        assert losses.dtype == gradients.dtype == np.float32
        np.testing.assert_allclose(losses[0], loss, rtol=1e-5)
        np.testing.assert_allclose(gradients[0], gradient, rtol=1e-3, atol=2e-5 * np.abs(gradient).max())


def test_a_network_that_diverges_keeps_its_last_memories_and_leaves_the_others_alone():
    memories, patterns = instance(3)
    inner, outer = np.ones(3) / 8, np.ones(3)
    healthy = train(memories, patterns, kind=POLYNOMIAL, inner=inner, outer=outer, epochs=8)
    order = np.tile(np.arange(7), (8, 1))
    inner_columns = np.full((3, 8), 1 / 8)
    inner_columns[1, 5:] = 1e200  # cubed it leaves float64
    got, velocity, losses, diverged = memories.copy(), np.zeros_like(memories), np.zeros((3, 8)), np.full(3, -1)
    rates = np.tile(0.1 * 0.99 ** np.arange(8), (3, 1))
    _kernels.train_epochs(
        got, velocity, patterns, order, POLYNOMIAL, 3, 0.0, inner_columns, np.ones((3, 8)), rates, 0.0, 1, 1e-30,
        np.ones(12, bool), 7, losses, diverged, threads=1,
    )  # fmt: skip
    five = train(memories, patterns, kind=POLYNOMIAL, inner=inner, outer=outer, epochs=5)
    assert diverged.tolist() == [-1, 5, -1]
    for r in (0, 2):
        np.testing.assert_array_equal(got[r], healthy[0][r])
        np.testing.assert_array_equal(losses[r], healthy[2][r])
    np.testing.assert_array_equal(got[1], five[0][1])
    np.testing.assert_array_equal(velocity[1], five[1][1])
    np.testing.assert_array_equal(losses[1, :5], five[2][1])
    assert np.isnan(losses[1, 5:]).all()


def test_a_diverged_network_is_left_out_of_later_calls():
    memories, patterns = instance(2)
    inner, outer = factors("modified", RECTIFIED, 3, 12, 2)
    got = train(memories, patterns, inner=inner, outer=outer, diverged=np.array([4, -1]))
    np.testing.assert_array_equal(got[0][0], memories[0])
    assert np.isnan(got[2][0]).all() and np.isfinite(got[2][1]).all()
    assert got[3].tolist() == [4, -1]


@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["memories", "velocity", "rate"])
@pytest.mark.parametrize("kind, n", [(POLYNOMIAL, 2), (RECTIFIED, 3), (LEAKY, 1), (EXPONENTIAL, 0)])
def test_nan_and_infinity_are_never_clipped_or_rectified_away(kind, n, where, poison):
    memories, patterns = instance(1, 40, 5, 12)
    velocity = np.zeros_like(memories)
    {"memories": memories, "velocity": velocity}.get(where, np.zeros((1, 40, 12)))[0, 37, 7] = poison
    got = train(
        memories, patterns, kind, n, 0.01, inner=np.full(1, 1 / 8), outer=np.ones(1), velocity=velocity, momentum=0.5,
        rate=poison if where == "rate" else 0.1,
    )  # fmt: skip
    assert got[3][0] == 0 and np.isnan(got[2]).all()
    np.testing.assert_array_equal(got[0], memories)


def test_overflow_of_the_original_network_in_float32_is_detected():
    memories, patterns = instance(1, 5, 4, 794, dtype=np.float32)
    memories[0, 0] = patterns[0, 0]
    for n, expected in ((10, -1), (20, 0)):  # 794^13 is the last power in float32
        got = train(memories, patterns, n=n, inner=np.ones(1), outer=np.array([540.0**-n]))
        assert got[3][0] == expected


def test_without_a_floor_a_memory_without_gradient_stays():
    memories, patterns = instance(1, 3, 2, 12)
    memories[0, 1] = 0  # at n = 3 its overlaps and their powers are zero, and so is its gradient
    got = train(memories, patterns, n=3, floor=0.0, inner=np.full(1, 1 / 8), outer=np.ones(1))
    np.testing.assert_array_equal(got[0][0, 1], 0)
    assert (got[0][0, 0] != memories[0, 0]).any() and got[3][0] == -1


def test_without_a_floor_the_step_has_no_scale():
    memories, patterns = instance(1, 6, 5, 12)
    settings = dict(floor=0.0, epochs=1, rate=2.0**20, clip=False)
    for outer in (2.0**-300, 2.0**-1015):
        got = train(memories, patterns, inner=np.ones(1), outer=np.array([outer]), **settings)
        np.testing.assert_allclose(np.abs(got[0] - memories).max(-1), 2.0**20, rtol=1e-12)


def test_subnormal_powers_count_as_zero_and_the_callers_arithmetic_is_left_as_it_was():
    from damcore._kernels.elementwise import IS_X86

    if not IS_X86:
        pytest.skip("only x86 is told to flush subnormal numbers")
    memories, patterns = instance(1, 3, 2, 12, dtype=np.float32)
    memories[:] = np.float32(0.02)
    patterns[:] = 1
    inner, outer = np.full(1, 1 / 12, np.float32), np.ones(1, np.float32)
    # 30 * 0.02^29 = 1.6e-48 is below float32; 20 * 0.02^23 = 1.7e-38 is normal; 0.0133^22 to 0.02^23 is subnormal.
    for n, zero in ((30, True), (24, True), (10, False)):
        _, gradient = _kernels.loss_and_gradient(memories, patterns, RECTIFIED, n, 0.0, inner, outer, 1, threads=1)
        assert (gradient == 0).all() == zero
    assert np.float32(2.0**-130) * np.float32(0.5) > 0


def test_tanh_and_exp_are_accurate_to_a_few_units_in_the_last_place():
    from numba import njit

    from damcore._kernels import elementwise

    draw = np.random.default_rng(0)
    x = draw.normal(size=20000) * 10.0 ** draw.integers(-12, 2, 20000)
    x = np.concatenate([x, [np.inf, -np.inf, 1e300, -1e300, 710.0, -800.0, 1e-300]])
    for ours, theirs in (
        (elementwise.tanh, math.tanh),
        (elementwise.exp, lambda v: math.exp(v) if v < 709.78 else np.inf),
    ):

        @njit(error_model="numpy")
        def each(x, out, function=ours):
            for i in range(len(x)):
                out[i] = function(x[i])

        got, wanted = np.empty_like(x), np.array([theirs(v) for v in x])
        each(x, got)
        sizable = np.isfinite(wanted) & (np.abs(wanted) > 1e-307)
        assert (np.abs(got[sizable] - wanted[sizable]) <= 3 * np.spacing(np.abs(wanted[sizable]))).all()
        np.testing.assert_array_equal(got[np.isinf(wanted)], wanted[np.isinf(wanted)])
        each(np.array([np.nan]), got)
        assert np.isnan(got[0])


def test_importing_the_package_does_not_import_numba():
    code = "import sys, damcore._kernels; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("momentum, m", [(0.0, 1), (0.6, 2)])
@pytest.mark.parametrize("kind, n, slope", [(RECTIFIED, 5, 0.0), (LEAKY, 3, 0.01), (POLYNOMIAL, 2, 0.0)])
def test_the_published_algorithm_written_plainly_trains_the_same_network(kind, n, slope, momentum, m, tiled):
    memories, patterns = instance(1, 10, 8, 16)
    inner, outer = factors("modified", kind, n, 16)
    got = train(memories, patterns, kind, n, slope, inner=inner, outer=outer, epochs=8, momentum=momentum, m=m)
    wanted, losses = tiled.train(
        torch.from_numpy(memories[0]), torch.from_numpy(patterns[0]), partial(interaction, kind, n, slope), inner[0],
        outer[0], epochs=8, learning_rate=0.1, decay=0.99, momentum=momentum, error_exponent=m,
    )  # fmt: skip
    np.testing.assert_allclose(got[0][0], wanted.numpy(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(got[2][0], losses.numpy(), rtol=1e-10)


def renamed(*_arguments, **_settings):
    raise AttributeError("module 'numba.core' has no attribute 'moved'")


def missing(*_arguments, **_settings):
    raise ImportError("cannot import name 'intrinsic'")


@pytest.fixture(params=["import", "compile", "run"])
def unknown_numba(request, monkeypatch):
    """A numba that fails where the compiled loops are imported, where they are compiled, or when they first run."""
    from damcore._kernels import brackets, loops, relax

    monkeypatch.setattr(_kernels, "_given_up", False)
    for cached in (_kernels._importable, _kernels._tried):
        cached.cache_clear()
    if request.param == "import":
        monkeypatch.setattr(_kernels, "_compiler", missing)
    elif request.param == "compile":
        monkeypatch.setattr(_kernels, "_compiler", lambda: (renamed, loops))
        monkeypatch.setattr(brackets, "values", renamed)
    else:
        monkeypatch.setattr(loops, "train", renamed)
        monkeypatch.setattr(relax, "settle", renamed)
    yield "ImportError: cannot import" if request.param == "import" else "AttributeError: module 'numba.core' has no"
    for cached in (_kernels._importable, _kernels._tried):
        cached.cache_clear()


def everything():
    """A training, a recall and a gradient through the public calls."""
    memories, patterns = map(torch.from_numpy, instance(2))
    problem = (memories, patterns, RectifiedPolynomial(3), Scaling.modified(0.5, 12))
    training = learning.train(*problem, epochs=4, learning_rate=0.1)
    recalled = recall(*problem)
    return [training.memories, training.losses, recalled.states, *learning.gradient(*problem)]


def test_an_unknown_numba_is_given_up_with_one_warning(unknown_numba):
    with pytest.warns(RuntimeWarning) as warned:
        first = everything()
    assert len(warned) == 1 and not _kernels.available()
    message = str(warned[0].message)
    assert unknown_numba in message and "pip install 'numba>=0.62,<0.69'" in message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        everything()
    _kernels._importable.cache_clear()  # what a numba that works gives
    _kernels._given_up = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_kernels, "available", lambda: False)
        for got, wanted in zip(first, everything(), strict=True):
            assert torch.equal(got, wanted)


def test_a_failure_leaves_what_it_was_given_as_it_was(unknown_numba):
    memories, patterns = map(torch.from_numpy, instance(2))
    before = memories.clone(), patterns.clone()
    with pytest.warns(RuntimeWarning, match="numba cannot compile the loops of damcore"):
        recall(memories, patterns, Polynomial(3), Scaling.modified(1.0, 12))
    assert torch.equal(memories, before[0]) and torch.equal(patterns, before[1])


def test_plain_torch_gives_what_the_compiled_loops_give(monkeypatch):
    compiled = everything()
    monkeypatch.setattr(_kernels, "available", lambda: False)
    for got, wanted in zip(everything(), compiled, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-9)


def test_compiling_is_tried_once_and_only_for_what_is_asked(monkeypatch):
    _kernels._tried.cache_clear()
    asked = []
    whole = _kernels.settle
    monkeypatch.setattr(_kernels, "settle", lambda *a, **k: (asked.append(a[3:5]), whole(*a, **k)))
    assert all(_kernels.works("settle", RECTIFIED, 4, np.dtype("float64")) for _ in range(3))
    assert asked == [(RECTIFIED, 4)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(_kernels.works("train", *f[:2], np.dtype("float32")) for f in FUNCTIONS)


def test_numba_switched_off_by_its_own_variable_is_no_failure():
    code = "import damcore._kernels as k, sys; sys.exit(k.available())"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONWARNINGS": "error::RuntimeWarning"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_versions_that_are_named_are_those_of_the_project():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert _kernels.TESTED in project["project"]["dependencies"]


@pytest.fixture(scope="module")
def tiled():
    """The baseline of the benchmarks."""
    path = Path(__file__).parents[2] / "benchmarks" / "tiled.py"
    spec = importlib.util.spec_from_file_location("tiled", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
