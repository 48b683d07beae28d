"""Gap, gradient, training and recall in the log domain on the CPU, in compiled loops and in float64.

No vertex, temperature or dtype drives them out of range. Every power is taken of a number between -1 and 1: overlaps
are divided by the largest of their state before the sum over the memories, and by the largest of their state and
memory before the sum over the states. What is divided out enters as a logarithm.

Each network's result depends on its own numbers alone, bit for bit: overlaps are exact sums (`blocks.split`), all other
sums have one fixed order, and work is shared out in pieces that do not depend on the number of threads. Subnormal
numbers count as zero on x86.
"""

import numpy as np
from numpy.typing import NDArray

from damcore._kernels.logs.work import log_workspace
from damcore._kernels.threads import share_out
from damcore._kernels.work import EXPONENTIAL, LEAKY, RECTIFIED

Float64 = NDArray[np.float64]
BLOCK = 64  # states a piece of work has where many states of one network are shared out


def gaps(
    memories: Float64,
    states: Float64,
    kind: int,
    n: int,
    slope: float,
    inner: Float64,
    log_inner: Float64,
    neurons: NDArray[np.int64],
    *,
    threads: int | None = None,
) -> tuple[Float64, Float64]:
    """Return the sign and the logarithm of the gap without its outer factor, each (R, B, M).

        xi_i sum_mu [F(inner h) - F(inner (h - 2 xi_i zeta_i))]

    Source: MRS24 Eq. (4), (13).

    Args:
        memories: zeta (P, K, N), C-contiguous like all arrays; P = R, or 1 where all networks share them.
        states: xi (P, B, N), bipolar in the chosen neurons.
        kind: of F, as in `_kernels.train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        log_inner: its logarithm.
        neurons: (M,), the chosen neurons.
        threads: how many, by default as many as numba would use.
    """
    from damcore._kernels.logs.settling import gaps as gaps_of_some
    from damcore._kernels.logs.settling import take_network
    from damcore._kernels.logs.terms import gap_terms

    kind = _without_slope(kind, slope)
    n_networks, n_states, n_chosen = len(inner), states.shape[1], len(neurons)
    sign, size = np.empty((2, n_networks, n_states, n_chosen))
    terms, blank = gap_terms(kind, n), _blank(kind)

    def run(pieces):
        work = log_workspace(memories.shape[1], memories.shape[2], n_chosen, min(n_states, BLOCK))
        block, inside = len(work.rows), -1
        for r, start in pieces:
            if r % len(memories) != inside:  # once in a thread, not once a piece
                inside = r % len(memories)
                take_network(work, memories[inside])
            for first in range(start, min(start + BLOCK, n_states), block):
                some = np.arange(first, min(first + block, start + BLOCK, n_states))
                gaps_of_some(
                    work, terms.address, kind, n, slope, memories.shape[1], states[r % len(states)], some,
                    neurons, inner[r], log_inner[r], blank, sign[r], size[r],
                )  # fmt: skip

    share_out(run, [(r, start) for r in range(n_networks) for start in range(0, n_states, BLOCK)], threads)
    return sign, size


def loss_and_gradient(
    memories: Float64,
    patterns: Float64,
    targets: Float64,
    kind: int,
    n: int,
    slope: float,
    inner: Float64,
    log_inner: Float64,
    log_outer: Float64,
    error_exponent: int,
    neurons: NDArray[np.int64],
    *,
    threads: int | None = None,
) -> tuple[Float64, Float64, Float64]:
    """Return the loss (R,), and the gradient as directions (R, K, N) and logarithms of sizes (R, K).

    Source: MRS24 Eq. (8), (14).

    Args:
        memories: zeta (P, K, N); P = R, or 1 where all networks share them.
        patterns: xi (P, B, N), bipolar in the chosen neurons.
        targets: t (P, B, M), in [-1, 1].
        kind: of F, as in `_kernels.train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        log_inner: its logarithm.
        log_outer: the logarithm of the factor outside F, (R,).
        error_exponent: m, at least 1.
        neurons: (M,), the predicted neurons.
        threads: how many.
    """
    from damcore._kernels.logs.terms import gap_terms, slope_terms
    from damcore._kernels.logs.training import loss_and_gradient as of_one

    kind = _without_slope(kind, slope)
    n_networks, (n_memories, n_neurons) = len(inner), memories.shape[1:]
    losses, size = np.empty(n_networks), np.empty((n_networks, n_memories))
    direction = np.empty((n_networks, n_memories, n_neurons))
    terms, slopes, blank = gap_terms(kind, n), slope_terms(kind, n), _blank(kind)

    def run(networks):
        work = log_workspace(n_memories, n_neurons, len(neurons), patterns.shape[1])
        for r in networks:
            losses[r] = of_one(
                work, terms.address, slopes.address, kind, n, slope, memories[r % len(memories)],
                patterns[r % len(patterns)], targets[r % len(targets)], neurons, inner[r], log_inner[r], log_outer[r],
                error_exponent, blank, direction[r], size[r],
            )  # fmt: skip

    share_out(run, range(n_networks), threads)
    return losses, direction, size


def train_epochs(
    memories: Float64,
    velocity: Float64,
    pace: Float64,
    patterns: Float64,
    targets: Float64,
    order: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Float64,
    log_inner: Float64,
    log_outer: Float64,
    rate: Float64,
    momentum: float,
    error_exponent: int,
    log_floor: float,
    clip: NDArray[np.bool_],
    narrow: bool,
    batch_size: int,
    neurons: NDArray[np.int64],
    losses: Float64,
    diverged: NDArray[np.int64],
    *,
    threads: int | None = None,
) -> None:
    """Train R networks for E epochs in place, as `_kernels.train_epochs` does.

    Source: MRS24 Eq. (8), (14); KH16 Eq. (12), (13).

    Args:
        memories: zeta (R, K, N); changed in place.
        velocity: V in units of e^pace, (R, K, N); changed in place.
        pace: (R, K); changed in place.
        patterns: xi (P, A, N), bipolar in the predicted neurons; P = R or 1.
        targets: t (P, A, M).
        order: (E, A), the order in which each epoch visits the patterns.
        kind: of F, as in `_kernels.train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R, E).
        log_inner: its logarithm.
        log_outer: the logarithm of the factor outside F, (R, E).
        rate: (R, E).
        momentum: in [0, 1).
        error_exponent: m, at least 1.
        log_floor: the logarithm of the least value of the normalisation; -inf for none.
        clip: (N,), which neurons' entries are kept in [-1, 1].
        narrow: whether memories are rounded to float32 after each step.
        batch_size: patterns per step.
        neurons: (M,), the predicted neurons.
        losses: (R, E), filled.
        diverged: (R,), as in `_kernels.train_epochs`.
        threads: networks trained at once.
    """
    from damcore._kernels.logs.terms import gap_terms, slope_terms
    from damcore._kernels.logs.training import train

    kind = _without_slope(kind, slope)
    n_networks, n_memories, n_neurons = memories.shape
    terms, slopes, blank = gap_terms(kind, n), slope_terms(kind, n), _blank(kind)

    def run(networks):
        work = log_workspace(n_memories, n_neurons, len(neurons), min(batch_size, order.shape[1]))
        for r in networks:
            if diverged[r] >= 0:
                losses[r] = np.nan
                continue
            diverged[r] = train(
                work, terms.address, slopes.address, kind, n, slope, memories[r], velocity[r], pace[r],
                patterns[r % len(patterns)], targets[r % len(targets)], order, neurons, inner[r], log_inner[r],
                log_outer[r], error_exponent, blank, rate[r], momentum, max(log_floor, LOWEST), clip, narrow,
                batch_size, losses[r],
            )  # fmt: skip

    share_out(run, range(n_networks), threads)


def settle(
    memories: Float64,
    states: Float64,
    turns: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Float64,
    log_inner: Float64,
    tie: int,
    max_sweeps: int,
    sweeps: NDArray[np.int64],
    settled: NDArray[np.bool_],
    *,
    threads: int | None = None,
) -> None:
    """Recall R networks asynchronously in place, as `_kernels.settle` does; every gap has a sign here.

    Source: MRS24 Eq. (4), (13).

    Args:
        memories: zeta (P, K, N); P = R or 1.
        states: x (R, B, N), bipolar; changed in place.
        turns: (S, N), the order in which sweep t visits the neurons, row t modulo S.
        kind: of F, as in `_kernels.train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        log_inner: its logarithm.
        tie: what a gap of zero does, 1, -1, or 0 for nothing.
        max_sweeps: sweeps before giving up.
        sweeps: (R, B), zeros; filled with the last sweep that changed something.
        settled: (R, B), False; filled with True where a sweep changed nothing.
        threads: how many.
    """
    from damcore._kernels.logs.settling import settle as settle_one
    from damcore._kernels.logs.settling import take_network
    from damcore._kernels.logs.terms import gap_terms

    kind = _without_slope(kind, slope)
    n_networks, n_states, n_neurons = states.shape
    terms, blank = gap_terms(kind, n), _blank(kind)

    def run(pieces):
        work, inside = log_workspace(memories.shape[1], n_neurons, 1, min(n_states, BLOCK)), -1
        for r, start in pieces:
            if r % len(memories) != inside:
                inside = r % len(memories)
                take_network(work, memories[inside])
            some = slice(start, start + BLOCK)
            settle_one(
                work, terms.address, kind, n, slope, memories.shape[1], states[r, some], turns, inner[r],
                log_inner[r], blank, float(tie), max_sweeps, sweeps[r, some], settled[r, some],
            )  # fmt: skip

    share_out(run, [(r, start) for r in range(n_networks) for start in range(0, n_states, BLOCK)], threads)


def try_out(task: str, kind: int, n: int) -> None:
    """Do a task for one network of one neuron; whatever numba raises goes through.

    Args:
        task: "gap in logs", "gradient in logs", "train in logs" or "settle in logs".
        kind: of F.
        n: interaction vertex.
    """
    ones, zeros, whole, line = np.ones((1, 1, 1)), np.zeros((1, 1)), np.zeros((1, 1), np.int64), np.zeros(1, np.int64)
    of_one = (kind, n, 0.5, ones[0, 0], zeros[0])
    if task == "gap in logs":
        gaps(ones, ones, *of_one, line)
    elif task == "gradient in logs":
        loss_and_gradient(ones, ones, ones, *of_one, zeros[0], 1, line)
    elif task == "settle in logs":
        settle(ones, ones.copy(), whole, *of_one, 1, 1, whole.copy(), np.zeros((1, 1), np.bool_))
    else:
        train_epochs(
            ones.copy(), 0 * ones, zeros.copy(), ones, ones, whole, kind, n, 0.5, ones[0], zeros, zeros, ones[0], 0.0,
            1, LOWEST, np.ones(1, np.bool_), False, 1, line, zeros.copy(), line - 1,
        )  # fmt: skip


LOWEST = float(-np.finfo(np.float64).max)


def _without_slope(kind: int, slope: float) -> int:
    """A leaky F without a slope is the rectified one; a subnormal slope counts as none."""
    return RECTIFIED if kind == LEAKY and abs(slope) < np.finfo(np.float64).tiny else kind


def _blank(kind: int) -> float:
    """The overlap that a padded memory needs for F = 0."""
    return -np.inf if kind == EXPONENTIAL else 0.0
