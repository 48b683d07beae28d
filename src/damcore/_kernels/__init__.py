"""Training and recall on the CPU in compiled loops: many networks, or blocks of states of one network, at once.

`available` says whether numba can be had, and `works` whether it compiles what a network needs; without it callers use
plain PyTorch, after one warning. Nothing is compiled, nor numba imported, before the first call. How the arrays are
laid out, and why, is in `work`.

Where there are more threads than networks, two or four of them train each large network together. The result of a
network depends on its own numbers alone, bit for bit: not on the other networks, on its place among them, or on the
number of threads. Where inner and outer are powers of two they enter exactly.
"""

import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from damcore._kernels import logs
from damcore._kernels.recalling import gaps, settle
from damcore._kernels.threads import at_once, by_the_faster, share_out, team_size, train_together
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
        task: "train", "together", "classes", "settle" or "gaps", or one of `logs.try_out`.
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
        elif task == "classes":
            from damcore._kernels import clamped

            clamped.train_epochs(
                ones, ones.copy(), ones.copy(), whole, kind, n, 0.0, line, line, line, 0.0, 1, 0.0, true[0], 1,
                line.copy(), whole[0] - 1, targets=ones.copy(), predicted=whole[0],
            )  # fmt: skip
        elif task == "gaps":
            gaps(ones, ones, whole[0], kind, n, 0.0, line[0], line[0])
        elif task == "train":
            train_epochs(
                ones, ones.copy(), ones.copy(), whole, kind, n, 0.0, line, line, line, 0.0, 1, 0.0, true[0], 1,
                line.copy(), whole[0] - 1,
            )  # fmt: skip
        else:
            return _teams_agree(kind, n, dtype)
    except Exception as error:  # of a numba we do not know
        _give_up(error)
        return False
    return True


def _teams_agree(kind: int, n: int, dtype: np.dtype) -> bool:
    """Whether teams train a small network to the same bits as one thread.

    Sums are in an order that the compiler chose for `loops`, which another version of it may not choose.
    """

    def trained(team):
        memories = np.sin(np.arange(40 * 9, dtype=dtype)).reshape(1, 40, 9)
        patterns = np.where(np.cos(np.arange(23 * 9, dtype=dtype)) > 0, dtype.type(1), dtype.type(-1)).reshape(1, 23, 9)
        column, losses = np.full((1, 3), 0.2, dtype), np.zeros((1, 3), dtype)
        train_epochs(
            memories, np.zeros_like(memories), patterns, np.tile(np.arange(23), (3, 1)), kind, n, 0.3, column, column,
            column, 0.5, 2, 0.0, np.ones(9, np.bool_), 13, losses, np.full(1, -1), threads=1, team=team,
        )  # fmt: skip
        return memories.tobytes() + losses.tobytes()

    alone = trained(1)
    return all(trained(size) == alone for size in (2, 4))


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
    team: int | None = None,
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
        threads: threads at once, by default as many as numba would use.
        team: threads a network, 1, 2 or 4; by default 1, or more where that is faster. It changes no bit.
    """
    evaluator, loops = _compiler()
    n_networks, n_memories, n_neurons = memories.shape
    real = memories.dtype.type
    function = evaluator(kind, n, memories.dtype)
    scale, blank = _constants(kind, n, error_exponent, real)
    low, high = np.where(clip, real(-1), real(-np.inf)), np.where(clip, real(1), real(np.inf))

    (n_epochs, n_patterns), threads = order.shape, at_once(threads)
    n_states, size, few = min(batch_size, n_patterns), team, 0
    if size is None:
        one = n_memories * n_neurons
        size, few = team_size(threads, n_networks, n_epochs, one * n_patterns, one * n_states)
        size = size if size == 1 or works("together", kind, n, memories.dtype) else 1

    def run(networks):
        work = workspace(n_memories, n_neurons, n_states, memories.dtype)
        for r in networks:
            if diverged[r] >= 0:
                losses[r] = np.nan
                continue

            def train(first, last, size, r=r):
                task = (
                    function.address, memories[r], velocity[r], patterns[r % len(patterns)], order[first:last],
                    inner[r, first:last], outer[r, first:last], real(slope), scale, error_exponent, blank,
                    rate[r, first:last], real(momentum), real(floor), low, high, batch_size, losses[r, first:last],
                )  # fmt: skip
                found = train_together(size, *task) if size > 1 else None
                found = loops.train(work, *task) if found is None else found
                if found < 0:
                    return -1
                losses[r, last:] = np.nan
                return first + found

            timed = few > 0 and size > 1
            diverged[r] = by_the_faster(train, n_epochs, size, few) if timed else train(0, n_epochs, size)

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
    flush: bool = True,
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
        flush: whether subnormal numbers count as zero, as they do in training; they take much longer where they do not.
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
                scale, error_exponent, blank, gradient[r], flush,
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
