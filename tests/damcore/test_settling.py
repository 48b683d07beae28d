"""The compiled recall and gaps: against plain loops, in other company, with any number of threads, and bit for bit."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from cases import bipolar, instance
from damcore import _kernels
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
)
from damcore.network import energy_gap
from damcore.recall import recall
from damcore.scaling import Scaling

pytestmark = pytest.mark.skipif(not _kernels.available(), reason="numba cannot be imported here")

POLYNOMIAL, RECTIFIED, LEAKY, EXPONENTIAL = range(4)
FUNCTIONS = [
    (POLYNOMIAL, 1, 0.0), (POLYNOMIAL, 2, 0.0), (POLYNOMIAL, 8, 0.0), (RECTIFIED, 3, 0.0), (RECTIFIED, 31, 0.0),
    (LEAKY, 1, -0.3), (LEAKY, 5, 0.01), (EXPONENTIAL, 0, 0.0),
]  # fmt: skip
INTERACTIONS = [Polynomial(3), RectifiedPolynomial(5), LeakyRectifiedPolynomial(4), Exponential()]
DTYPES = [np.float64, np.float32]


@dataclass(frozen=True)
class OwnCube(Interaction):
    """A function that is not compiled."""

    def __call__(self, x):
        return x * x * x


def problem(dtype, name="uniform", n_networks=1, n_memories=37, n_states=70, n_neurons=20, seed=0):
    """Memories, states and inner; many gaps of bipolar memories are zero, or would be without rounding."""
    draw = np.random.default_rng(seed)
    memories = draw.uniform(-1, 1, (n_networks, n_memories, n_neurons))
    if name != "uniform":
        memories = np.sign(memories)
    if name == "opposite":
        memories[:, n_memories // 2 :] = -memories[:, : n_memories - n_memories // 2]
    states = draw.choice([-1.0, 1.0], (n_networks, n_states, n_neurons))
    return memories.astype(dtype), states.astype(dtype), np.full(n_networks, 1 / 7, dtype)


def settle(memories, states, kind, n, slope, inner, tie=1, turns=None, max_sweeps=5, threads=1):
    """`_kernels.settle` on copies: states, sweeps, settled, finite."""
    ended, shape = states.copy(), states.shape[:2]
    sweeps, settled, finite = np.zeros(shape, np.int64), np.zeros(shape, np.bool_), np.ones(shape, np.bool_)
    turns = np.arange(states.shape[-1])[None] if turns is None else turns
    _kernels.settle(
        memories, ended, turns, kind, n, slope, inner, tie, max_sweeps, sweeps, settled, finite, threads=threads
    )
    return ended, sweeps, settled, finite


def assert_equal(one, other):
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def per_state():
    """The baseline of the benchmark."""
    path = Path(__file__).parents[2] / "benchmarks" / "per_state.py"
    spec = importlib.util.spec_from_file_location("per_state", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("tie", ["positive", "negative", "keep"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    "function", [Polynomial(2), Polynomial(3), RectifiedPolynomial(3), LeakyRectifiedPolynomial(2)]
)
def test_recall_equals_the_loop_written_plainly(function, dtype, tie, generator, per_state, path):
    states = bipolar(generator, 25, 16, dtype=dtype)
    scaling = Scaling.modified(1.0, 16)  # a power of two, so that every sum of bipolar memories is exact
    some = bipolar(generator, 6, 16, dtype=dtype)
    tied = torch.cat([some, -some]) if function == Polynomial(3) else torch.cat([some, some.flip(-1)])
    drawn = (torch.rand(30, 16, generator=generator, dtype=torch.float64) * 2 - 1).to(dtype)
    if not isinstance(function, LeakyRectifiedPolynomial):
        assert (energy_gap(tied, states, function, scaling) == 0).any()
    for memories in (tied, drawn):
        got = recall(memories, states, function, scaling, tie=tie, max_sweeps=20)
        wanted, sweeps = per_state.recall(memories, states, function, 1 / 16, tie=tie, max_sweeps=20)
        assert torch.equal(got.states, wanted) and torch.equal(got.sweeps, sweeps)
    assert (sweeps > 0).any()


@pytest.mark.parametrize("tie", [1, -1, 0])
@pytest.mark.parametrize("name", ["uniform", "bipolar", "opposite"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_threads_and_company_change_nothing(function, dtype, name, tie, monkeypatch):
    monkeypatch.setattr("damcore._kernels.recalling.PIECE", 1)  # as many pieces as there are blocks
    memories, states, inner = problem(dtype, name, n_networks=3, n_memories=331, n_states=21)
    turns = np.stack([np.random.default_rng(t).permutation(20) for t in range(3)])
    together = settle(memories, states, *function, inner, tie, turns, threads=2)
    assert_equal(together, settle(memories, states, *function, inner, tie, turns))
    for r in range(3):
        one = slice(r, r + 1)
        alone = settle(memories[one], states[one], *function, inner[one], tie, turns)
        assert_equal(alone, [values[one] for values in together])
    assert (together[0] != states).any()


# SHA-256, of the loops that recalled what is kept in `results`; where a processor joins products to sums in other
# places or not at all, other last bits are right.
KEPT = {
    (POLYNOMIAL, 1, 0.0, "float64"): "97cdba0dbb850a36",
    (POLYNOMIAL, 1, 0.0, "float32"): "52a1845a1e6a6c88",
    (POLYNOMIAL, 2, 0.0, "float64"): "4090c3a92660158e",
    (POLYNOMIAL, 2, 0.0, "float32"): "6d91d69602851c0c",
    (POLYNOMIAL, 8, 0.0, "float64"): "4fd3b39e7cf55a8a",
    (POLYNOMIAL, 8, 0.0, "float32"): "a956ad936c775e9d",
    (RECTIFIED, 3, 0.0, "float64"): "5e503ea09a92efb2",
    (RECTIFIED, 3, 0.0, "float32"): "0199d399c345462b",
    (RECTIFIED, 31, 0.0, "float64"): "fee79e03eb2a6159",
    (RECTIFIED, 31, 0.0, "float32"): "0f4bd8e4aa7d2443",
    (LEAKY, 1, -0.3, "float64"): "34c7f6f22df533ae",
    (LEAKY, 1, -0.3, "float32"): "d983b1cb560aa60d",
    (LEAKY, 5, 0.01, "float64"): "e378458d7f3d4e1d",
    (LEAKY, 5, 0.01, "float32"): "d0b9d2d593d1fc79",
    (EXPONENTIAL, 0, 0.0, "float64"): "88fecb6a683df4c1",
    (EXPONENTIAL, 0, 0.0, "float32"): "711aa3becbdf7459",
}


def kept(function, dtype) -> str:
    """The hash of some recalls; rounding decides about so many small networks that another order shows."""
    found = hashlib.sha256()
    sizes = [("uniform", 203, 20), ("opposite", 203, 20), *(("bipolar", n_memories, 9) for n_memories in range(16, 40))]
    for name, n_memories, n_neurons in sizes:
        memories, states, inner = problem(dtype, name, 2, n_memories, 33, n_neurons)
        for tie in (1, 0):
            for values in settle(memories, states, *function, inner, tie):
                found.update(values.tobytes())
    return found.hexdigest()[:16]


@pytest.fixture
def wide_vectors():
    from llvmlite.binding import get_host_cpu_features

    if not get_host_cpu_features().get("avx512f"):
        pytest.skip("these bits are those of x86-64 with AVX-512")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_recall_gives_the_bits_that_results_were_kept_with(function, dtype, wide_vectors):
    assert kept(function, dtype) == KEPT[*function, np.dtype(dtype).name]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [POLYNOMIAL, RECTIFIED, LEAKY])
@pytest.mark.parametrize(
    "vertices", [(1, 2, 3, 4, 5, 7, 10, 15, 23, 32, 40), pytest.param(range(1, 41), marks=pytest.mark.slow)]
)
def test_f_is_to_the_last_bit_what_the_evaluator_of_training_gives(vertices, kind, dtype, wide_vectors):
    from numba import njit

    from damcore._kernels.brackets import values
    from damcore._kernels.evaluate import call_evaluator, evaluator
    from damcore._kernels.work import workspace

    @njit
    def call(address, x, zeta, h, f, total, inner, slope):
        call_evaluator(
            address, 1, len(zeta), np.intp(x.ctypes.data), np.intp(zeta.ctypes.data), np.intp(h.ctypes.data),
            np.intp(f.ctypes.data), np.intp(total.ctypes.data), inner, slope,
        )  # fmt: skip

    work, draw = workspace(1000, 1, 8, np.dtype(dtype)), np.random.default_rng(0)
    work.x[0], inner, slope = -1, dtype(0.3), dtype(0.013)
    work.h[:], work.zeta[:] = draw.uniform(-2, 2, work.h.shape), draw.uniform(-1, 1, work.zeta.shape)
    u = work.h[0] - (inner + inner) * work.x[0, 0] * work.zeta[0]
    for n in vertices:
        call(evaluator(kind, n, u.dtype).address, work.x[0], work.zeta[0], work.h[0], work.f[0], work.C, inner, slope)
        call(values(kind, n, u.dtype), work.x[0], work.zeta[0], work.h[0], work.f[1], work.C, inner, slope)
        wanted = work.f[0] * u
        if kind == LEAKY:
            wanted = np.where(u < 0, wanted * dtype(n), wanted)
        np.testing.assert_array_equal(work.f[1], wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_sign_of_the_gap_is_what_recall_does(function, dtype):
    for name in ("uniform", "bipolar", "opposite"):
        memories, states, inner = problem(dtype, name, n_memories=203)
        gaps = _kernels.gaps(memories, states, np.arange(20), *function, inner, np.ones_like(inner))
        for i in range(20):
            ended, *_ = settle(memories, states, *function, inner, 0, np.array([[i]]), max_sweeps=1)
            keeping = np.where(gaps[..., i] == 0, states[..., i], np.sign(gaps[..., i]))
            np.testing.assert_array_equal(ended[..., i], keeping)


def test_a_doubtful_estimate_is_summed_in_order():
    """One memory is so large that the estimate's bound on errors exceeds the gap of the others."""
    memories, states = np.zeros((1, 3, 64)), np.ones((1, 1, 64))
    memories[0, 0, 1:], memories[0, 1, 1:] = 1.0, -1.0
    memories[0, 0, 0], memories[0, 1, 0] = 2.0**-40, -(2.0**-40)  # both say on
    memories[0, 2, 0], memories[0, 2, 1:5] = -(2.0**-12), 2.0**-4  # and this one off, a little more loudly
    gap = _kernels.gaps(memories, states, np.arange(1), POLYNOMIAL, 2, 0.0, np.ones(1), np.ones(1))[0, 0, 0]
    exact = 2 * 4 * 63 * 2.0**-40 - 4 * 2.0**-14
    assert gap == exact < 0
    assert settle(memories, states, POLYNOMIAL, 2, 0.0, np.ones(1), max_sweeps=1)[0][0, 0, 0] == -1


@pytest.mark.parametrize("dtype, inner, n", [(np.float64, 8e18, 15), (np.float32, 2.0, 20)])
def test_only_states_whose_gap_overflows_are_marked(dtype, inner, n):
    memories, states, _ = problem(dtype, "bipolar", n_memories=40, n_states=11, n_neurons=60)
    states[0, ::4] = memories[0, 0]  # the only ones whose largest overlap, 60, is out of range
    turns = np.arange(4)[None]  # with more of them other states would come near a memory, too
    ended, _, _, finite = settle(
        memories, states, RECTIFIED, n, 0.0, np.full(1, inner, dtype), turns=turns, max_sweeps=1
    )
    assert finite[0].tolist() == [s % 4 != 0 for s in range(11)]
    np.testing.assert_array_equal(ended[0, ::4], states[0, ::4])
    assert (ended != states).any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("function", INTERACTIONS)
def test_compiled_and_plain_gaps_agree(function, dtype, generator, monkeypatch):
    memories, states = instance(generator, 3, n_memories=20, n_states=9, n_neurons=12, dtype=dtype)
    states[..., 1] = 0.25  # a clamped neuron
    scaling = Scaling.modified(torch.tensor([0.5, 1.0, 2.0]), 12)
    settings = dict(neurons=slice(-3, None), form="plain")
    compiled = energy_gap(memories, states, function, scaling, **settings)
    monkeypatch.setattr(_kernels, "available", lambda: False)
    plain = energy_gap(memories, states, function, scaling, **settings)
    torch.testing.assert_close(compiled, plain, rtol=1e-4 if dtype == torch.float32 else 1e-11, atol=1e-6)
    assert compiled.abs().max() > 0.01


@pytest.mark.parametrize("form", ["plain", "log"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("function", [*INTERACTIONS, OwnCube()])
def test_gaps_of_a_network_alone_are_those_in_a_batch(function, dtype, form, generator):
    memories, states = instance(generator, 5, n_memories=67, n_states=41, n_neurons=33, dtype=dtype)
    temperature = torch.rand(5, generator=generator, dtype=torch.float64) + 0.5
    scaling = Scaling.modified(temperature, 33)
    together = energy_gap(memories, states, function, scaling, form=form)
    shared = energy_gap(memories[0], states[0], function, scaling, form=form)
    for r in range(5):
        alone = scaling.at(temperature[r].item())
        assert torch.equal(energy_gap(memories[r], states[r], function, alone, form=form), together[r])
        assert torch.equal(energy_gap(memories[0], states[0], function, alone, form=form), shared[r])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_threads_do_not_change_the_gaps(function, dtype, monkeypatch):
    monkeypatch.setattr("damcore._kernels.recalling.PIECE", 1)
    memories, states, inner = problem(dtype, n_networks=2, n_memories=330, n_states=21)
    given = (memories, states, np.arange(20)[3::2], *function, inner, 2 * inner)
    np.testing.assert_array_equal(_kernels.gaps(*given, threads=1), _kernels.gaps(*given, threads=2))


def test_networks_of_both_forms_in_one_batch(generator):
    memories, states = instance(generator, n_neurons=100)
    temperature = torch.tensor([1.0, 1e-6, 2.0], dtype=torch.float64)  # the second leaves the range of float64
    scaling = Scaling.modified(temperature, 100)
    gaps = energy_gap(memories, states, Polynomial(60), scaling)
    for r in range(3):
        assert torch.equal(gaps[r], energy_gap(memories, states, Polynomial(60), scaling.at(temperature[r].item())))


def test_a_gap_whose_gradient_is_wanted_is_computed_in_torch(generator):
    memories, states = instance(generator, 2)
    temperature = torch.tensor([0.5, 0.7], dtype=torch.float64, requires_grad=True)
    scaling = Scaling.modified(temperature, 8)
    memories.requires_grad_()
    gaps = energy_gap(memories, states, Polynomial(3), scaling)
    gaps.sum().backward()
    assert memories.grad.abs().min() > 0 and temperature.grad.abs().min() > 0
    with torch.no_grad():
        torch.testing.assert_close(energy_gap(memories, states, Polynomial(3), scaling), gaps.detach())
