"""Training and recall on the CPU in compiled loops: many networks, or blocks of states of one network, at once.

`available` says whether numba can be had, and `works` whether it compiles what a network needs; without it callers use
plain PyTorch, after one warning. Nothing is compiled, nor numba imported, before the first call. How the arrays are
laid out, and why, is in `work`.

The result of a network depends on its own numbers alone, bit for bit: not on the other networks, on its place among
them, or on the number of threads. Where inner and outer are powers of two they enter exactly.
"""

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from damcore._kernels import logs
from damcore._kernels.recalling import gaps, settle
from damcore._kernels.work import EXPONENTIAL, workspace

TESTED = "numba>=0.62,<0.69"  # as in pyproject.toml: the loops use parts of numba that it may rename

Reals = NDArray[np.floating[Any]]  # float32 or float64


_given_up = False


def available() -> bool:
    """Whether the compiled loops can be used: numba is there, works, and has a folder to keep compiled code in.

    The folder is `__pycache__` beside this file, or numba's in the home directory, or what NUMBA_CACHE_DIR names.
    """
    return not _given_up and _importable()


@cache
def _importable() -> bool:
    try:
        from numba import config

        if config.DISABLE_JIT:  # pyright: ignore[reportAttributeAccessIssue]
            return False
        _compiler()
    except Exception as error:  # of a numba we do not know
        _give_up(error)
        return False
    return True


def works(task: str, kind: int, n: int, dtype: np.dtype) -> bool:
    """Whether the loops of a task compile and run here, for an interaction and a dtype; where not, none is used again.

    Asked before any array of the caller's is changed, so that plain torch can do all of the work instead.

    Args:
        task: "train", "classes", "settle" or "gaps", or one of `logs.try_out`.
        kind: of F, as in `train_epochs`.
        n: interaction vertex.
        dtype: float32 or float64.
    """
    return available() and _tried(task, kind, n, dtype)


@cache
def _tried(task: str, kind: int, n: int, dtype: np.dtype) -> bool:
    """Whether one network of one neuron goes through: what is compiled for it, others need too."""
    ones, whole, true = np.ones((1, 1, 1), dtype), np.zeros((1, 1), np.int64), np.ones((1, 1), np.bool_)
    line = ones[0]
    try:
        if task.endswith("in logs"):
            logs.try_out(task, kind, n)
        elif task == "settle":
            settle(ones, ones.copy(), whole, kind, n, 0.0, line[0], 1, 1, whole.copy(), true, true.copy())
        elif task == "gaps":
            gaps(ones, ones, whole[0], kind, n, 0.0, line[0], line[0])
        elif task == "classes":
            from damcore._kernels import clamped

            clamped.train_epochs(
                ones, ones.copy(), ones.copy(), whole, kind, n, 0.0, line, line, line, 0.0, 1, 0.0, true[0], 1,
                line.copy(), whole[0] - 1, targets=ones.copy(), predicted=whole[0],
            )  # fmt: skip
        else:
            train_epochs(
                ones, ones.copy(), ones.copy(), whole, kind, n, 0.0, line, line, line, 0.0, 1, 0.0, true[0], 1,
                line.copy(), whole[0] - 1,
            )  # fmt: skip
    except Exception as error:  # of a numba we do not know
        _give_up(error)
        return False
    return True


def _give_up(error: Exception) -> None:
    global _given_up
    if _given_up:
        return
    _given_up = True
    reason = " ".join(str(error).split())[:300]
    warnings.warn(
        f"numba cannot compile the loops of damcore ({type(error).__name__}: {reason}); training and recall go on in "
        f"plain torch, slower, with the same results up to rounding. Install a tested version: pip install '{TESTED}'; "
        "or, if it is the folder for compiled code that is missing, name one in NUMBA_CACHE_DIR.",
        RuntimeWarning,
        stacklevel=2,
    )


def train_epochs(
    memories: Reals,
    velocity: Reals,
    patterns: Reals,
    order: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Reals,
    outer: Reals,
    rate: Reals,
    momentum: float,
    error_exponent: int,
    floor: float,
    clip: NDArray[np.bool_],
    batch_size: int,
    losses: Reals,
    diverged: NDArray[np.int64],
    *,
    threads: int | None = None,
) -> None:
    """Train R networks for E epochs in place, each by the loss and the step below, from one minibatch to the next.

        L = sum_a sum_i (x_i - C_i)^(2m),   C_i = tanh(outer x_i sum_mu [F(inner h) - F(inner (h - 2 x_i z_i))])
        V <- momentum V - dL/dz
        z <- clip(z + rate V / max(max_j |V_j|, floor))

    A network whose loss, velocity or new memory is not finite keeps its last finite memories and velocity, and the
    others go on. Subnormal numbers count as zero on x86 (see `elementwise.flush_subnormals`).

    Source: MRS24 Eq. (8), (14); KH16 Eq. (12), (13).

    Args:
        memories: z (R, K, N), C-contiguous like all arrays, float32 or float64 like all but three; changed in place.
        velocity: V (R, K, N); changed in place.
        patterns: (P, A, N), bipolar; P = R, or 1 for patterns that all networks share.
        order: (E, A), the order in which each epoch visits the patterns.
        kind: of F: 0 polynomial, 1 rectified, 2 leaky, 3 exponential.
        n: interaction vertex; of no meaning for the exponential.
        slope: of the leaky F below zero; of no meaning for the others.
        inner: (R, E), the factor on the overlap, inside F.
        outer: (R, E), the factor on the sum over the memories.
        rate: (R, E), the learning rate of each epoch.
        momentum: in [0, 1).
        error_exponent: m, at least 1.
        floor: least value of the normalisation; 0.0 for none: a memory whose V is zero then stays as it is.
        clip: (N,), which neurons' entries are kept in [-1, 1].
        batch_size: patterns a step; the last minibatch of an epoch may be smaller.
        losses: (R, E), filled with the loss of each epoch, summed over its minibatches before their steps; NaN from the
            epoch on in which a network diverges.
        diverged: (R,), -1 for a healthy network; filled with the epoch of this call in which it diverges. Others than
            -1 are left out.
        threads: networks trained at once, by default as many as numba would use.
    """
    evaluator, loops = _compiler()
    n_networks, n_memories, n_neurons = memories.shape
    real = memories.dtype.type
    function = evaluator(kind, n, memories.dtype)
    scale, blank = _constants(kind, n, error_exponent, real)
    low, high = np.where(clip, real(-1), real(-np.inf)), np.where(clip, real(1), real(np.inf))

    def run(networks):
        work = workspace(n_memories, n_neurons, min(batch_size, order.shape[1]), memories.dtype)
        for r in networks:
            if diverged[r] >= 0:
                losses[r] = np.nan
                continue
            diverged[r] = loops.train(
                work, function.address, memories[r], velocity[r], patterns[r % len(patterns)], order, inner[r],
                outer[r], real(slope), scale, error_exponent, blank, rate[r], real(momentum), real(floor), low, high,
                batch_size, losses[r],
            )  # fmt: skip

    share_out(run, range(n_networks), threads)


def loss_and_gradient(
    memories: Reals,
    patterns: Reals,
    kind: int,
    n: int,
    slope: float,
    inner: Reals,
    outer: Reals,
    error_exponent: int,
    *,
    threads: int | None = None,
) -> tuple[Reals, Reals]:
    """The loss (R,) of `train_epochs` over all patterns, and its gradient (R, K, N) with respect to the memories.

    Source: MRS24 Eq. (8), (14).

    Args:
        memories: z (R, K, N).
        patterns: (P, A, N), bipolar; P = R or 1.
        kind: of F, as in `train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        outer: (R,).
        error_exponent: m, at least 1.
        threads: networks at once.

    Returns:
        Loss and gradient, of the memories' dtype.
    """
    evaluator, loops = _compiler()
    n_networks, n_memories, n_neurons = memories.shape
    real = memories.dtype.type
    function = evaluator(kind, n, memories.dtype)
    scale, blank = _constants(kind, n, error_exponent, real)
    losses, gradient = np.empty(n_networks, memories.dtype), np.empty_like(memories)

    def run(networks):
        work = workspace(n_memories, n_neurons, patterns.shape[1], memories.dtype)
        for r in networks:
            losses[r] = loops.loss_and_gradient(
                work, function.address, memories[r], patterns[r % len(patterns)], inner[r], outer[r], real(slope),
                scale, error_exponent, blank, gradient[r],
            )  # fmt: skip

    share_out(run, range(n_networks), threads)
    return losses, gradient


def _compiler():
    from damcore._kernels import loops
    from damcore._kernels.evaluate import evaluator

    return evaluator, loops


def _constants(kind, n, error_exponent, real):
    """The whole numbers in dL/dgap and f, and the overlap that a padded memory needs for F = 0."""
    if kind == EXPONENTIAL:
        return real(-2 * error_exponent), real(-np.inf)
    return real(-2 * error_exponent * n), real(0)


def share_out(run: Callable, pieces: Sequence, threads: int | None) -> None:
    """Let each thread take the next piece of work as soon as it is free, so that early divergence leaves none idle.

    Plain threads, because compiled code releases the interpreter; numba's own pool would compile for twice as long and
    abort the process when two threads of a program train at the same time.
    """
    from numba import config

    waiting = iter(pieces)
    threads = min(threads or config.NUMBA_NUM_THREADS, len(pieces))  # pyright: ignore[reportAttributeAccessIssue]
    if threads <= 1:
        return run(waiting)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(run, waiting) for _ in range(threads)]:
            done.result()
