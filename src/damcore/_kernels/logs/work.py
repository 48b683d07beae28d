"""The arrays that one network's loops in the log domain work on, in the layout of `_kernels.work`, all of float64."""

from typing import NamedTuple

import numpy as np

from damcore._kernels.work import CACHE_LINE, together

LANES = CACHE_LINE // 8
# The largest n for which arguments are divided by a power of two, so that powers of whole numbers add exactly.
EXACT = 64
NEAR = 112 * 1024  # bytes of a block's (S, K) arrays: measured, see benchmarks/README.md


class LogWork(NamedTuple):
    """What one network needs; K and S, the states in a block, are padded as in `_kernels.work`."""

    zeta: np.ndarray  # (N, K)
    high: np.ndarray  # (N, K) zeta to so many bits that every sum of entries is exact
    low: np.ndarray  # (N, K) the rest of zeta, likewise
    velocity: np.ndarray  # (N, K) in units of e^pace
    gradient: np.ndarray  # (N, K) in units of e^size
    faint: np.ndarray  # (N, K) the gradient again, formed term by term
    grid: np.ndarray  # (2, K) what is added and taken away again to round to `high` and `low`
    farthest: np.ndarray  # (K,) the most by which u differs from h
    pace: np.ndarray  # (K,)
    size: np.ndarray  # (K,)
    faint_size: np.ndarray  # (K,)
    factor: np.ndarray  # (2, K) what a memory's old sum and its new part are multiplied by
    line: np.ndarray  # (K,) scratch
    x: np.ndarray  # (N + 1, S) the block's states, and a row of zeros: a neuron whose turning over changes nothing
    rows: np.ndarray  # (S, N) the states again
    h: np.ndarray  # (S, K) overlaps
    most: np.ndarray  # (S, K) the largest argument of F among the neurons; then its logarithm, or `up`
    least: np.ndarray  # (S, K) the smallest; then `down`
    unit: np.ndarray  # (S, K) one over the largest absolute value
    f: np.ndarray  # (S, K) f of the neuron at hand
    passed: np.ndarray  # (S, K) sum_i w_i f(u_i)
    scales: np.ndarray  # (S, 4) see `terms`
    peak: np.ndarray  # (S,) A, the logarithm of the unit of F
    whole: np.ndarray  # (2, S) sum_mu F(h) and sum_mu |F(h)|
    heaviest: np.ndarray  # (S,) the largest log weight of a state's neurons
    own: np.ndarray  # (S,) 2 w_i x_i
    w_sum: np.ndarray  # (S,)
    t: np.ndarray  # (M, S) targets, then the sign of w_i
    sums: np.ndarray  # (M, S) sum_mu F(u_i), then the sign of the gap, then w_i
    sizes: np.ndarray  # (M, S) sum_mu |F(u_i)|, then the logarithm of |gap|, then that of w_i
    errors: np.ndarray  # (M, S) 2m log|t - tanh gap|
    merged: np.ndarray  # (2, 2K) room for the terms of one neuron


def log_workspace(n_memories: int, n_neurons: int, n_chosen: int, batch_size: int) -> LogWork:
    """Aligned arrays, with a block of states as large as stays near."""
    width = -(-n_memories // LANES) * LANES
    most = max(4, NEAR // (5 * width * 8))
    n_blocks = -(-batch_size // most)
    block = -(-batch_size // n_blocks)
    rounded = -(-block // LANES) * LANES
    of_memory, of_state = (n_neurons, width), (block, width)
    shapes = dict(
        zeta=of_memory,
        high=of_memory,
        low=of_memory,
        velocity=of_memory,
        gradient=of_memory,
        faint=of_memory,
        grid=(2, width),
        farthest=(width,),
        pace=(width,),
        size=(width,),
        faint_size=(width,),
        factor=(2, width),
        line=(width,),
        x=(n_neurons + 1, rounded),
        rows=(block, n_neurons),
        h=of_state,
        most=of_state,
        least=of_state,
        unit=of_state,
        f=of_state,
        passed=of_state,
        scales=(rounded, 4),
        peak=(rounded,),
        whole=(2, rounded),
        heaviest=(rounded,),
        own=(rounded,),
        w_sum=(rounded,),
        t=(n_chosen, rounded),
        sums=(n_chosen, rounded),
        sizes=(n_chosen, rounded),
        errors=(n_chosen, rounded),
        merged=(2, 2 * width),
    )
    return LogWork(**together(shapes, np.dtype(np.float64)))
