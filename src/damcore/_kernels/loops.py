"""The loops of one network's training that do not depend on the interaction, and the arrays they work on.

Everything lies transposed, neurons first and memories last. An innermost loop runs over the memories for one neuron and
one state; every sum over neurons is then a sum of rows, and what a neuron needs of a block of states stays in the
nearest cache whatever N is. With memories first, a state at a time, an epoch took twice as long.
"""

from typing import NamedTuple

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, flush_subnormals, restore, tanh, wide_vectors
from damcore._kernels.evaluate import call_evaluator

CACHE_LINE = 64  # bytes; a wide load across two lines takes two turns, which costs a tenth of all
NEAR = 56 * 1024  # bytes of f, h and passed: some over the nearest cache of 48 KiB was best, half of it costs a tenth


class Work(NamedTuple):
    """What one network needs. K and S, the states in a block, are padded with zeros.

    A padded memory adds F(0) to both sides of a gap, and a padded state has w = 0.
    """

    zeta: np.ndarray  # (N, K)
    moved: np.ndarray  # (N, K) zeta after the step
    velocity: np.ndarray  # (N, K)
    gradient: np.ndarray  # (N, K)
    unit: np.ndarray  # (K,) one over the size of each memory's velocity
    check: np.ndarray  # (K,) NaN where a velocity or new memory is not finite
    x: np.ndarray  # (N + 1, S) the block's states, and a row of zeros: a neuron whose turning over changes nothing
    rows: np.ndarray  # (S, N) the states again
    h: np.ndarray  # (S, K) inner * overlap
    f: np.ndarray  # (S, K) f(u_i) / n for the neuron at hand
    passed: np.ndarray  # (S, K) sum_i w_i f(u_i), i up to the neuron at hand
    whole: np.ndarray  # (S,) sum_mu F(h)
    C: np.ndarray  # (S,) sum_mu F(u_i), then tanh gap_i
    w: np.ndarray  # (S,) n w_i
    w_sum: np.ndarray  # (S,) sum_i n w_i


def workspace(n_memories: int, n_neurons: int, batch_size: int, dtype: np.dtype) -> Work:
    """Aligned arrays, with a block of states as large as stays near."""
    line = CACHE_LINE // dtype.itemsize
    n_lines = -(-n_memories // line)
    # Loops take four lines a turn, and what is left by half lines: three lines take longer than four.
    width = (n_lines + (n_lines % 4 == 3)) * line
    most = max(4, NEAR // (3 * width * dtype.itemsize))
    n_blocks = -(-batch_size // most)
    block = -(-batch_size // n_blocks)
    rounded = -(-block // 8) * 8  # tanh is evaluated in float64, eight at a time

    def aligned(*shape):
        size = int(np.prod(shape)) * dtype.itemsize
        memory = np.zeros(size + CACHE_LINE, np.uint8)
        start = -memory.ctypes.data % CACHE_LINE
        return memory[start : start + size].view(dtype).reshape(shape)

    return Work(
        zeta=aligned(n_neurons, width),
        moved=aligned(n_neurons, width),
        velocity=aligned(n_neurons, width),
        gradient=aligned(n_neurons, width),
        unit=aligned(width),
        check=aligned(width),
        x=aligned(n_neurons + 1, rounded),
        rows=aligned(block, n_neurons),
        h=aligned(block, width),
        f=aligned(block, width),
        passed=aligned(block, width),
        whole=aligned(rounded),
        C=aligned(rounded),
        w=aligned(rounded),
        w_sum=aligned(rounded),
    )


@compiled()
def load(memories, out):
    """(K, N) into the transposed layout, the padding zero whatever an earlier network left there."""
    out[:] = 0
    for k in range(memories.shape[0]):
        for i in range(memories.shape[1]):
            out[i, k] = memories[k, i]


@compiled()
def store(inside, memories):
    """Back to (K, N)."""
    for k in range(memories.shape[0]):
        for i in range(memories.shape[1]):
            memories[k, i] = inside[i, k]


@compiled()
def load_states(patterns, chosen, x, rows):
    """The chosen patterns as the block's states, the rest of it zero."""
    x[:] = 0
    for s in range(len(chosen)):
        for i in range(patterns.shape[1]):
            rows[s, i] = x[i, s] = patterns[chosen[s], i]


@compiled()
def add_product(left, right, out, n_rows, n_terms):
    """out[r] += sum_t left[r, t] right[t]; four terms at a time, to load and store `out` a quarter as often."""
    wide_vectors()
    fours = n_terms - n_terms % 4
    for r in range(n_rows):
        for t in range(0, fours, 4):
            a, b, c, d = left[r, t], left[r, t + 1], left[r, t + 2], left[r, t + 3]
            for k in range(out.shape[1]):
                out[r, k] += (a * right[t, k] + b * right[t + 1, k]) + (c * right[t + 2, k] + d * right[t + 3, k])
        for t in range(fours, n_terms):
            a = left[r, t]
            for k in range(out.shape[1]):
                out[r, k] += a * right[t, k]


@compiled()
def judge(i, x, whole, C, w, w_sum, outer, factor, m):
    """C = tanh gap_i, then w = factor (x - C)^(2m - 1) (1 - C^2) x; returns the neuron's part of the loss.

    1 - C^2 = (x - C) (x + C) for x = +-1, and without loss of precision near C = x.
    """
    wide_vectors()
    size = len(w)
    for s in range(size):
        C[s] = tanh(outer * x[i, s] * (whole[s] - C[s]))
        w[s] = x[i, s] - C[s]
    for _ in range(m - 1):
        for s in range(size):
            w[s] *= (x[i, s] - C[s]) * (x[i, s] - C[s])
    loss = 0.0
    for s in range(size):
        error = x[i, s] - C[s]
        loss += w[s] * error
        w[s] *= factor * error * (x[i, s] + C[s]) * x[i, s]
        w_sum[s] += w[s]
    return loss


@compiled()
def blame(i, count, x, f, w, passed, gradient):
    """Add neuron i to the two sums over f(u_i) that the gradient needs."""
    wide_vectors()
    for s in range(count):
        share, own = w[s], (w[s] + w[s]) * x[i, s]
        for k in range(gradient.shape[1]):
            passed[s, k] += share * f[s, k]
            gradient[i, k] += own * f[s, k]


@compiled()
def add_gradient(work, evaluator, n_memories, zeta, patterns, chosen, inner, outer, slope, scale, m, blank, gradient):
    """Add the gradient over the chosen patterns, one block of states; returns their loss."""
    wide_vectors()
    x, h, f, passed, whole, C, w, w_sum = work.x, work.h, work.f, work.passed, work.whole, work.C, work.w, work.w_sum
    n_neurons, width = zeta.shape
    count = len(chosen)
    load_states(patterns, chosen, x, work.rows)
    h[:] = 0
    passed[:] = 0
    whole[:] = 0
    C[:] = 0
    w_sum[:] = 0
    add_product(work.rows, zeta, h, count, n_neurons)
    for s in range(count):
        for k in range(width):
            h[s, k] = inner * h[s, k] if k < n_memories else blank
    # Addresses and not slices: the references that slices count cost a fifth of all.
    row_of_x, row_of_zeta = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data)
    into_h, into_f, into_whole, into_C = h.ctypes.data, f.ctypes.data, whole.ctypes.data, C.ctypes.data
    nobody = row_of_x + n_neurons * x.strides[0]
    call_evaluator(evaluator, count, width, nobody, row_of_zeta, into_h, into_f, into_whole, inner, slope)
    factor = scale * outer * inner
    loss = 0.0
    for i in range(n_neurons):
        call_evaluator(evaluator, count, width, row_of_x, row_of_zeta, into_h, into_f, into_C, inner, slope)
        row_of_x += x.strides[0]
        row_of_zeta += zeta.strides[0]
        loss += judge(i, x, whole, C, w, w_sum, outer, factor, m)
        blame(i, count, x, f, w, passed, gradient)
    call_evaluator(
        evaluator, count, width, nobody, row_of_zeta - zeta.strides[0], into_h, into_f, into_whole, inner, slope
    )
    for s in range(count):
        for k in range(width):
            passed[s, k] = f[s, k] * w_sum[s] - passed[s, k]
    add_product(x, passed, gradient, n_neurons, count)
    return loss


@compiled()
def batch(work, evaluator, n_memories, zeta, patterns, chosen, inner, outer, slope, scale, m, blank, gradient):
    """Fill in the gradient over the chosen patterns; returns their loss."""
    gradient[:] = 0
    loss = 0.0
    block = len(work.rows)
    for start in range(0, len(chosen), block):
        states = chosen[start : start + block]
        loss += add_gradient(
            work, evaluator, n_memories, zeta, patterns, states, inner, outer, slope, scale, m, blank, gradient
        )
    return loss


# Not reordered: rate * (v * unit) must not become (rate * unit) * v, which can overflow.
@compiled(PRODUCTS)
def step(work, zeta, velocity, gradient, moved, n_memories, rate, momentum, floor, low, high):
    """V = momentum V - gradient in `gradient`, clip(zeta + rate V / max(max_j |V_j|, floor)) in `moved`.

    Returns whether all of both, before clipping, is finite. Source: KH16 Eq. (12), (13).
    """
    wide_vectors()
    unit, check = work.unit, work.check
    n_neurons, width = zeta.shape
    unit[:] = 0
    check[:] = 0
    for i in range(n_neurons):
        for k in range(width):
            v = momentum * velocity[i, k] - gradient[i, k]
            gradient[i, k] = v
            unit[k] = abs(v) if abs(v) > unit[k] else unit[k]
    for k in range(width):
        largest = floor if unit[k] < floor else unit[k]
        unit[k] = 1 / largest if largest > 0 and k < n_memories else 0
    for i in range(n_neurons):
        for k in range(width):
            new = zeta[i, k] + rate * (gradient[i, k] * unit[k])
            check[k] += new - new  # NaN for infinity and NaN; an infinite V has unit 0 and comes here as NaN
            new = low[i] if new < low[i] else new
            moved[i, k] = high[i] if new > high[i] else new
    finite = True
    for k in range(width):
        finite = finite and check[k] == 0
    return finite


@compiled()
def train(
    work, evaluator, memories, velocities, patterns, order, inner, outer, slope, scale, m, blank, rate, momentum, floor,
    low, high, batch_size, losses,
):  # fmt: skip
    """All epochs of one network; returns the one in which it diverged, or -1."""
    before = flush_subnormals()
    zeta, moved, velocity, gradient = work.zeta, work.moved, work.velocity, work.gradient
    load(memories, zeta)
    load(velocities, velocity)
    n_memories = len(memories)
    diverged = -1
    for e in range(len(order)):
        loss = 0.0
        for start in range(0, order.shape[1], batch_size):
            chosen = order[e, start : start + batch_size]
            loss += batch(
                work,
                evaluator,
                n_memories,
                zeta,
                patterns,
                chosen,
                inner[e],
                outer[e],
                slope,
                scale,
                m,
                blank,
                gradient,
            )
            finite = step(work, zeta, velocity, gradient, moved, n_memories, rate[e], momentum, floor, low, high)
            if not (finite and np.isfinite(loss)):
                diverged = e
                break
            zeta, moved = moved, zeta
            velocity, gradient = gradient, velocity
        if diverged >= 0:
            losses[e:] = np.nan
            break
        losses[e] = loss
    store(zeta, memories)
    store(velocity, velocities)
    restore(before)
    return diverged


@compiled()
def loss_and_gradient(work, evaluator, memories, patterns, inner, outer, slope, scale, m, blank, gradient):
    """The loss of one network over all patterns; its gradient goes into `gradient`."""
    before = flush_subnormals()
    load(memories, work.zeta)
    chosen = np.arange(len(patterns))
    loss = batch(
        work, evaluator, len(memories), work.zeta, patterns, chosen, inner, outer, slope, scale, m, blank, work.gradient
    )
    store(work.gradient, gradient)
    restore(before)
    return loss
