"""The loops of a training that predicts some neurons: all of a minibatch but its two matrix products, and the step.

The notation is that of `loops`, with i running over the predicted neurons only, and t_i in place of x_i as the target:

    gap_i = outer x_i sum [F(h) - F(u_i)],   L = sum_i (t_i - tanh gap_i)^(2m),   w_i = dL/dgap_i x_i outer inner
    dL/dzeta_j = sum over states of xi_j shared + 2 w_j xi_j f(u_j),   shared = f(h) sum_i w_i - sum_i w_i f(u_i)

The products are those of all states with all memories, which give h, and of all shared with all states; a library does
them. What lies between them is done for a block of states at a time, which stays in the nearest cache. The last term
exists for predicted neurons only. Each chunk of states has a sum of it of its own, and the sums are added in the order
of the chunks, so that no bit depends on which thread had which chunk.

Source: MRS24 Eq. (8), (14); KH16 Eq. (12), (13), (14).
"""

from typing import NamedTuple

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, flush_subnormals, restore, tanh, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import blame
from damcore._kernels.vectors import load, spread, store, total, where_negative
from damcore._kernels.work import CACHE_LINE, sizes, together


class Block(NamedTuple):
    """What one thread needs. K and S, the states in a block, are padded with zeros as in `work.Work`."""

    zeta: np.ndarray  # (M, K) the memories' entries of the predicted neurons
    gradient: np.ndarray  # (M, K) a chunk's part of the last term
    x: np.ndarray  # (M + 1, S) the predicted neurons of the block's states, and a row of zeros
    t: np.ndarray  # (M, S) their targets
    h: np.ndarray  # (S, K)
    f: np.ndarray  # (S, K)
    passed: np.ndarray  # (S, K) sum_i w_i f(u_i), i up to the neuron at hand, then shared
    whole: np.ndarray  # (S,) sum_mu F(h)
    C: np.ndarray  # (S,)
    w: np.ndarray  # (S,) n w_i
    own: np.ndarray  # (S,) powers of the error, then 2 w_i x_i
    w_sum: np.ndarray  # (S,)


def block_of(n_memories: int, n_predicted: int, chunk: int, dtype: np.dtype) -> Block:
    """The arrays of one thread, for chunks of so many states."""
    width, block, rounded = sizes(n_memories, chunk, dtype)
    shapes = dict(
        zeta=(n_predicted, width),
        gradient=(n_predicted, width),
        x=(n_predicted + 1, rounded),
        t=(n_predicted, rounded),
        h=(block, width),
        f=(block, width),
        passed=(block, width),
        whole=(rounded,),
        C=(rounded,),
        w=(rounded,),
        own=(rounded,),
        w_sum=(rounded,),
    )
    return Block(**together(shapes, dtype))


@compiled()
def read_block(work, overlaps, states, targets, batch, predicted, start, count, n_memories, inner, blank):
    """The block's predicted neurons, their targets and h, the rest of it zero, or `blank` for a padded memory."""
    x, t, h = work.x, work.t, work.h
    x[:] = 0
    t[:] = 0
    for s in range(count):
        for i in range(len(predicted)):
            x[i, s] = states[start + s, predicted[i]]
            t[i, s] = targets[batch[start + s], i]
        for k in range(n_memories):
            h[s, k] = inner * overlaps[start + s, k]
        for k in range(n_memories, h.shape[1]):
            h[s, k] = blank


@compiled()
def judge(i, work, outer, factor, m):
    """C = tanh gap_i, then w = factor (t - C)^(2m - 1) (1 - C^2) x; returns the neuron's part of the loss.

    1 - C^2 = (1 - C) (1 + C) loses no precision near C = +-1.
    """
    wide_vectors()
    x, t, whole, C, w, own, w_sum = work.x, work.t, work.whole, work.C, work.w, work.own, work.w_sum
    size = len(w)
    for s in range(size):
        C[s] = tanh(outer * x[i, s] * (whole[s] - C[s]))
        w[s] = t[i, s] - C[s]
        own[s] = w[s] * w[s]
    bits = m - 1
    while bits > 0:  # by repeated squaring
        if bits & 1:
            for s in range(size):
                w[s] *= own[s]
        bits >>= 1
        for s in range(size):
            own[s] *= own[s]
    loss = 0.0
    for s in range(size):
        loss += w[s] * (t[i, s] - C[s])
        w[s] *= factor * (1 - C[s]) * (1 + C[s]) * x[i, s]
        w_sum[s] += w[s]
    return loss


@compiled()
def block(
    work, evaluator, overlaps, states, targets, batch, predicted, start, count, inner, outer, slope, scale, m, blank
):  # fmt: skip
    """Add a block's part of the last term to `gradient`, and put shared where its overlaps were; returns its loss."""
    wide_vectors()
    zeta, x, h, f, passed, w, w_sum = work.zeta, work.x, work.h, work.f, work.passed, work.w, work.w_sum
    (n_predicted, width), n_memories = zeta.shape, overlaps.shape[1]
    read_block(work, overlaps, states, targets, batch, predicted, start, count, n_memories, inner, blank)
    passed[:] = 0
    work.whole[:] = 0
    work.C[:] = 0
    w_sum[:] = 0
    row_of_x, row_of_zeta = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data)
    into_h, into_f, into_whole, into_C = h.ctypes.data, f.ctypes.data, work.whole.ctypes.data, work.C.ctypes.data
    nobody = row_of_x + n_predicted * x.strides[0]
    call_evaluator(evaluator, count, width, nobody, row_of_zeta, into_h, into_f, into_whole, inner, slope)
    factor = scale * outer * inner
    loss = 0.0
    for i in range(n_predicted):
        call_evaluator(evaluator, count, width, row_of_x, row_of_zeta, into_h, into_f, into_C, inner, slope)
        row_of_x += x.strides[0]
        row_of_zeta += zeta.strides[0]
        loss += judge(i, work, outer, factor, m)
        blame(i, count, x, f, w, work.own, passed, work.gradient)
    call_evaluator(
        evaluator, count, width, nobody, row_of_zeta - zeta.strides[0], into_h, into_f, into_whole, inner, slope
    )
    for s in range(count):
        for k in range(width):
            passed[s, k] = f[s, k] * w_sum[s] - passed[s, k]
        for k in range(n_memories):
            overlaps[start + s, k] = passed[s, k]
    return loss


@compiled()
def chunks(
    work, evaluator, memories, overlaps, states, targets, batch, predicted, first, stride, chunk, inner, outer, slope,
    scale, m, blank, sums, losses,
):  # fmt: skip
    """Every `stride`-th chunk of a minibatch, from `first` on: `sums` (C, M, K) and `losses` (C,) are filled in.

    `overlaps` (B, K) holds the products of states and memories, and then shared.
    """
    before = flush_subnormals()
    zeta, gradient = work.zeta, work.gradient
    for i in range(len(predicted)):
        for k in range(overlaps.shape[1]):
            zeta[i, k] = memories[k, predicted[i]]
    for c in range(first, len(losses), stride):
        gradient[:] = 0
        loss = 0.0
        end = min((c + 1) * chunk, len(overlaps))
        for start in range(c * chunk, end, len(work.h)):
            count = min(len(work.h), end - start)
            loss += block(
                work, evaluator, overlaps, states, targets, batch, predicted, start, count, inner, outer, slope, scale,
                m, blank,
            )  # fmt: skip
        losses[c] = loss
        for i in range(len(predicted)):
            for k in range(zeta.shape[1]):
                sums[c, i, k] = gradient[i, k]
    restore(before)


@compiled(PRODUCTS)
def step(memories, velocity, gradient, moved, sums, predicted, first, last, rate, momentum, floor, low, high):
    """The step of memories `first` to `last`: V = momentum V - gradient in `gradient`, the new memories in `moved`.

        V <- momentum V - dL/dzeta,   zeta <- clip(zeta + rate V / max(max_j |V_j|, floor))

    Returns whether all of both, before clipping, is finite. Rows are padded to whole cache lines.

    Source: KH16 Eq. (12), (13).
    """
    wide_vectors()
    before = flush_subnormals()
    zero = floor - floor
    nothing, kept, speed = spread(zero), spread(momentum), spread(rate)
    check = nothing
    length = memories.strides[0]
    of_low, of_high = np.intp(low.ctypes.data), np.intp(high.ctypes.data)
    for k in range(first, last):
        for i in range(len(predicted)):
            for c in range(len(sums)):
                gradient[k, predicted[i]] += sums[c, i, k]
        of_zeta, of_moved = np.intp(memories.ctypes.data) + k * length, np.intp(moved.ctypes.data) + k * length
        of_v, of_g = np.intp(velocity.ctypes.data) + k * length, np.intp(gradient.ctypes.data) + k * length
        most = nothing
        for at in range(0, length, CACHE_LINE):
            v = kept * load(of_v + at, zero) - load(of_g + at, zero)
            store(of_g + at, v)
            size = where_negative(v, nothing - v, v)
            most = where_negative(most - size, size, most)
        store(of_moved, most)  # where the new memory comes later
        largest = floor
        for j in range(CACHE_LINE // moved.itemsize):
            largest = moved[k, j] if moved[k, j] > largest else largest
        moved[k, 0] = 1 / largest if largest > 0 else 0
        unit = spread(moved[k, 0])
        for at in range(0, length, CACHE_LINE):
            new = load(of_zeta + at, zero) + speed * (load(of_g + at, zero) * unit)
            check += new - new  # NaN for infinity and NaN; an infinite V has unit 0 and comes here as NaN
            bottom, top = load(of_low + at, zero), load(of_high + at, zero)
            new = where_negative(new - bottom, bottom, new)
            store(of_moved + at, where_negative(top - new, top, new))
    restore(before)
    return total(check) == 0
