"""The arrays that one network's compiled loops work on.

Everything lies transposed, neurons first and memories last. An innermost loop runs over the memories for one neuron and
one state; every sum over neurons is then a sum of rows, and what a neuron needs of a block of states stays in the
nearest cache whatever N is. With memories first, a state at a time, an epoch took twice as long.
"""

from typing import NamedTuple

import numpy as np

CACHE_LINE = 64  # bytes; a wide load across two lines takes two turns, which costs a tenth of all
POLYNOMIAL, RECTIFIED, LEAKY, EXPONENTIAL = range(4)  # the interactions the loops know
NEAR = 56 * 1024  # bytes of f, h and passed: some over the nearest cache of 48 KiB was best, half of it costs a tenth


class Work(NamedTuple):
    """What one network needs. K and S, the states in a block, are padded with zeros.

    A padded memory has F = 0 (its h is `blank`, which the exponential needs minus infinite) and never moves; a padded
    state has w = 0.
    """

    zeta: np.ndarray  # (N, K)
    moved: np.ndarray  # (N, K) zeta after the step
    velocity: np.ndarray  # (N, K)
    gradient: np.ndarray  # (N, K)
    unit: np.ndarray  # (K,) one over the size of each memory's velocity
    check: np.ndarray  # (K,) NaN where a velocity or new memory is not finite
    low: np.ndarray  # (N,) what each neuron's entries are clipped to
    high: np.ndarray  # (N,)
    x: np.ndarray  # (N + 1, S) the block's states, and a row of zeros: a neuron whose turning over changes nothing
    rows: np.ndarray  # (S, N) the states again
    h: np.ndarray  # (S, K) inner * overlap
    f: np.ndarray  # (S, K) f(u_i) / n for the neuron at hand
    passed: np.ndarray  # (S, K) sum_i w_i f(u_i), i up to the neuron at hand
    whole: np.ndarray  # (S,) sum_mu F(h)
    C: np.ndarray  # (S,) sum_mu F(u_i), then tanh gap_i
    w: np.ndarray  # (S,) n w_i
    own: np.ndarray  # (S,) 2 w_i x_i
    w_sum: np.ndarray  # (S,) sum_i n w_i


def workspace(n_memories: int, n_neurons: int, batch_size: int, dtype: np.dtype) -> Work:
    """Aligned arrays, with a block of states as large as stays near."""
    width, block, rounded = sizes(n_memories, batch_size, dtype)
    shapes = dict(
        zeta=(n_neurons, width),
        moved=(n_neurons, width),
        velocity=(n_neurons, width),
        gradient=(n_neurons, width),
        unit=(width,),
        check=(width,),
        low=(n_neurons,),
        high=(n_neurons,),
        x=(n_neurons + 1, rounded),
        rows=(block, n_neurons),
        h=(block, width),
        f=(block, width),
        passed=(block, width),
        whole=(rounded,),
        C=(rounded,),
        w=(rounded,),
        own=(rounded,),
        w_sum=(rounded,),
    )
    return Work(**together(shapes, dtype))


def sizes(n_memories: int, batch_size: int, dtype: np.dtype) -> tuple[int, int, int]:
    """K in whole cache lines, the states in a block, and these rounded up."""
    line = CACHE_LINE // dtype.itemsize
    width = -(-n_memories // line) * line
    most = max(4, NEAR // (3 * width * dtype.itemsize))
    n_blocks = -(-batch_size // most)
    block = -(-batch_size // n_blocks)
    return width, block, -(-block // 8) * 8  # tanh is evaluated in float64, eight at a time


def together(shapes: dict[str, tuple[int, ...]], dtype: np.dtype) -> dict[str, np.ndarray]:
    """Arrays of zeros, each on a cache line.

    They are parts of one, always in the same places: compiled loops look at the distance between arrays to decide
    whether they may read ahead, and sum in another order if not. With arrays of their own, one network in a hundred
    ended in other last bits.
    """
    line = CACHE_LINE // dtype.itemsize
    lengths = [-(-int(np.prod(shape)) // line) * line for shape in shapes.values()]
    memory = np.zeros(sum(lengths) + line, dtype)
    start = (-memory.ctypes.data % CACHE_LINE) // dtype.itemsize
    arrays = {}
    for (name, shape), length in zip(shapes.items(), lengths, strict=True):
        arrays[name] = memory[start : start + int(np.prod(shape))].reshape(shape)
        start += length
    return arrays
