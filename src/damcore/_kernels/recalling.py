"""Recall and energy gaps on the CPU in compiled loops: blocks of states of all networks, shared out over threads.

Blocks depend on the problem alone, and a state's numbers on its network and its block alone. So a network gives the
same bits in any batch and with any number of threads.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from damcore._kernels.work import EXPONENTIAL, sizes, workspace

Reals = NDArray[np.floating[Any]]  # float32 or float64
PIECE = 1 << 20  # elements (state, neuron, memory) of a piece of work: 0.3 ms a sweep, and handing it out takes 0.01


def settle(
    memories: Reals,
    states: Reals,
    turns: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Reals,
    tie: int,
    max_sweeps: int,
    sweeps: NDArray[np.int64],
    settled: NDArray[np.bool_],
    finite: NDArray[np.bool_],
    *,
    threads: int | None = None,
) -> None:
    """Asynchronous recall of R networks in place, x_i <- sign(x_i sum_mu [F(inner h) - F(inner (h - 2 x_i z_i))]).

    Source: MRS24 Eq. (4), (13).

    Args:
        memories: z (P, K, N); P = R, or 1 where all networks share them.
        states: x (R, B, N), bipolar; changed in place.
        turns: (S, N), the order in which sweep t visits the neurons, row t modulo S.
        kind: of F, as in `train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        tie: what a gap of zero does, 1, -1, or 0 for nothing.
        max_sweeps: sweeps before giving up.
        sweeps: (R, B), zeros; filled with the last sweep that changed something.
        settled: (R, B), False; filled with True where a sweep changed nothing.
        finite: (R, B), True; filled with False where a gap was not finite (the neuron keeps its value).
        threads: blocks of states at once, by default as many as numba would use.
    """
    from damcore._kernels import brackets, relax

    real = memories.dtype.type
    loops = _loops(kind, n, memories.dtype, brackets.totals(kind, n, memories.dtype))

    def run(network, some, work, sums, blank):
        relax.settle(
            work, loops, sums, memories.shape[1], states[network, some], turns, inner[network], real(slope), blank,
            real(tie), max_sweeps, sweeps[network, some], settled[network, some], finite[network, some],
        )  # fmt: skip

    _in_pieces(run, memories, states.shape[:2], kind, threads)


def gaps(
    memories: Reals,
    states: Reals,
    neurons: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Reals,
    outer: Reals,
    *,
    threads: int | None = None,
) -> Reals:
    """Return the gaps outer x_i sum_mu [F(inner h) - F(inner (h - 2 x_i z_i))], (R, B, M), as `settle` sums them.

    Source: MRS24 Eq. (4), (8), (13), (14).

    Args:
        memories: z (P, K, N); P = R, or 1 where all networks share them.
        states: x (P, B, N), bipolar in the chosen neurons.
        neurons: (M,), the chosen neurons.
        kind: of F, as in `train_epochs`.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R,).
        outer: (R,).
        threads: blocks of states at once.
    """
    from damcore._kernels import relax

    real = memories.dtype.type
    found = np.empty((len(inner), states.shape[1], len(neurons)), memories.dtype)
    neurons = np.ascontiguousarray(neurons)
    loops = _loops(kind, n, memories.dtype)

    def run(network, some, work, sums, blank):
        relax.gaps(
            work, loops, sums, memories.shape[1], states[network % len(states), some], neurons, inner[network],
            outer[network], real(slope), blank, found[network, some],
        )  # fmt: skip

    _in_pieces(run, memories, found.shape[:2], kind, threads)
    return found


def _loops(kind: int, n: int, dtype: np.dtype, totals: int = 0):
    from damcore._kernels import brackets, relax

    limits = np.finfo(dtype)
    return relax.Loops(brackets.values(kind, n, dtype), totals, float(limits.eps), float(limits.tiny))


def _in_pieces(run: Callable, memories: Reals, shape: tuple[int, int], kind: int, threads: int | None) -> None:
    """Share out R networks of B states, `shape`, a few blocks of states of one network at a time."""
    from damcore._kernels.loops import read
    from damcore._kernels.relax import new_sums
    from damcore._kernels.threads import share_out

    n_networks, n_states = shape
    n_memories, n_neurons = memories.shape[1:]
    blank = memories.dtype.type(-np.inf if kind == EXPONENTIAL else 0)

    _, block, _ = sizes(n_memories, n_states, memories.dtype)

    def work_through(pieces):
        work, sums, inside = workspace(n_memories, n_neurons, n_states, memories.dtype), new_sums(block), -1
        for network, some in pieces:
            if network % len(memories) != inside:  # transposed once in a thread, not once a piece
                inside = network % len(memories)
                read(memories[inside], work.zeta)
            run(network, some, work, sums, blank)

    size = block * max(1, PIECE // (block * n_memories * n_neurons))
    starts = range(0, n_states, size)
    pieces = [(network, slice(start, start + size)) for network in range(n_networks) for start in starts]
    share_out(work_through, pieces, threads)
