"""The loops of one network's training that do not depend on the interaction.

With h = inner * sum_j zeta_j xi_j and u_i = h - 2 inner xi_i zeta_i for a memory zeta and a bipolar state xi, and plain
sums running over the memories:

    gap_i = outer xi_i sum [F(h) - F(u_i)],   L = sum_i (xi_i - tanh gap_i)^(2m),   w_i = dL/dgap_i xi_i outer inner
    dL/dzeta_j = sum over states of xi_j [f(h) sum_i w_i - sum_i w_i f(u_i)] + 2 w_j xi_j f(u_j)

Source: MRS24 Eq. (8), (14).
"""

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, flush_subnormals, restore, tanh, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.vectors import load, spread, store
from damcore._kernels.work import CACHE_LINE


@compiled()
def read(memories, out):
    """(K, N) into the transposed layout, the padding zero whatever an earlier network left there."""
    out[:] = 0
    for k in range(memories.shape[0]):
        for i in range(memories.shape[1]):
            out[i, k] = memories[k, i]


@compiled()
def write(inside, memories):
    """Back to (K, N)."""
    for k in range(memories.shape[0]):
        for i in range(memories.shape[1]):
            memories[k, i] = inside[i, k]


@compiled()
def read_states(patterns, chosen, x, rows):
    """The chosen patterns as the block's states, the rest of it zero."""
    x[:] = 0
    for s in range(len(chosen)):
        for i in range(patterns.shape[1]):
            rows[s, i] = x[i, s] = patterns[chosen[s], i]


@compiled()
def add_product(left, right, out, n_rows, n_terms):
    """out[r] += sum_t left[r, t] right[t]; the same line of four rows at a time, which stay in registers."""
    like, row, next_term = out[0, 0], out.strides[0], right.strides[0]
    into, terms = np.intp(out.ctypes.data), np.intp(right.ctypes.data)
    fours = n_rows - n_rows % 4
    for r in range(0, fours, 4):
        for line in range(into, into + row, CACHE_LINE):
            a, b, c, d = (
                load(line, like),
                load(line + row, like),
                load(line + 2 * row, like),
                load(line + 3 * row, like),
            )
            term = terms + (line - into)
            for t in range(n_terms):
                v = load(term, like)
                a += spread(left[r, t]) * v
                b += spread(left[r + 1, t]) * v
                c += spread(left[r + 2, t]) * v
                d += spread(left[r + 3, t]) * v
                term += next_term
            store(line, a)
            store(line + row, b)
            store(line + 2 * row, c)
            store(line + 3 * row, d)
        into += 4 * row
    for r in range(fours, n_rows):
        for line in range(into, into + row, CACHE_LINE):
            a = load(line, like)
            for t in range(n_terms):
                a += spread(left[r, t]) * load(terms + t * next_term + (line - into), like)
            store(line, a)
        into += row


@compiled()
def overlaps(zeta, rows, n_memories, count, inner, blank, h):
    """h[s] = inner * sum_i rows[s, i] zeta[i] for each state of the block, `blank` for the padding."""
    h[:] = 0
    add_product(rows, zeta, h, count, zeta.shape[0])
    for s in range(count):
        for k in range(h.shape[1]):
            h[s, k] = inner * h[s, k] if k < n_memories else blank


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
def blame(i, count, x, f, w, own, passed, gradient):
    """Add neuron i to the two sums over f(u_i) that the gradient needs, a line of four states at a time."""
    for s in range(count):
        own[s] = (w[s] + w[s]) * x[i, s]
    like, row = w[0], gradient.strides[0]
    into, of_f, into_passed = np.intp(gradient.ctypes.data), np.intp(f.ctypes.data), np.intp(passed.ctypes.data)
    into += i * row
    fours = count - count % 4
    for line in range(0, row, CACHE_LINE):
        a = load(into + line, like)
        b = c = d = spread(like - like)
        at, to = of_f + line, into_passed + line
        for s in range(0, fours, 4):
            p, q, r, t = load(at, like), load(at + row, like), load(at + 2 * row, like), load(at + 3 * row, like)
            a += spread(own[s]) * p
            b += spread(own[s + 1]) * q
            c += spread(own[s + 2]) * r
            d += spread(own[s + 3]) * t
            store(to, load(to, like) + spread(w[s]) * p)
            store(to + row, load(to + row, like) + spread(w[s + 1]) * q)
            store(to + 2 * row, load(to + 2 * row, like) + spread(w[s + 2]) * r)
            store(to + 3 * row, load(to + 3 * row, like) + spread(w[s + 3]) * t)
            at += 4 * row
            to += 4 * row
        for s in range(fours, count):
            p = load(at, like)
            a += spread(own[s]) * p
            store(to, load(to, like) + spread(w[s]) * p)
            at += row
            to += row
        store(into + line, (a + b) + (c + d))


@compiled()
def add_gradient(work, evaluator, n_memories, zeta, patterns, chosen, inner, outer, slope, scale, m, blank, gradient):
    """Add the gradient over the chosen patterns, one block of states; returns their loss."""
    wide_vectors()
    x, h, f, passed, whole, C = work.x, work.h, work.f, work.passed, work.whole, work.C
    w, own, w_sum = work.w, work.own, work.w_sum
    n_neurons, width = zeta.shape
    count = len(chosen)
    read_states(patterns, chosen, x, work.rows)
    overlaps(zeta, work.rows, n_memories, count, inner, blank, h)
    passed[:] = 0
    whole[:] = 0
    C[:] = 0
    w_sum[:] = 0
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
        blame(i, count, x, f, w, own, passed, gradient)
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
def step(work, zeta, velocity, gradient, moved, n_memories, rate, momentum, floor):
    """V = momentum V - gradient in `gradient`, clip(zeta + rate V / max(max_j |V_j|, floor)) in `moved`.

    Returns whether all of both, before clipping, is finite. Source: KH16 Eq. (12), (13).
    """
    wide_vectors()
    unit, check, low, high = work.unit, work.check, work.low, work.high
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
    read(memories, zeta)
    read(velocities, velocity)
    for i in range(len(low)):  # an assignment of arrays would compile the wording of its errors, for seconds
        work.low[i], work.high[i] = low[i], high[i]
    n_memories = len(memories)
    diverged = -1
    for e in range(len(order)):
        loss = 0.0
        for start in range(0, order.shape[1], batch_size):
            chosen = order[e, start : start + batch_size]
            of_one = (inner[e], outer[e], slope, scale, m, blank)
            loss += batch(work, evaluator, n_memories, zeta, patterns, chosen, *of_one, gradient)
            finite = step(work, zeta, velocity, gradient, moved, n_memories, rate[e], momentum, floor)
            if not (finite and np.isfinite(loss)):
                diverged = e
                break
            zeta, moved = moved, zeta
            velocity, gradient = gradient, velocity
        if diverged >= 0:
            losses[e:] = np.nan
            break
        losses[e] = loss
    write(zeta, memories)
    write(velocity, velocities)
    restore(before)
    return diverged


@compiled()
def loss_and_gradient(work, evaluator, memories, patterns, inner, outer, slope, scale, m, blank, gradient, flush):
    """The loss of one network over all patterns; its gradient goes into `gradient`. `flush` as a training does."""
    before = np.uint32(0)
    if flush:
        before = flush_subnormals()
    read(memories, work.zeta)
    chosen = np.arange(len(patterns))
    loss = batch(
        work, evaluator, len(memories), work.zeta, patterns, chosen, inner, outer, slope, scale, m, blank, work.gradient
    )
    write(work.gradient, gradient)
    if flush:
        restore(before)
    return loss
