"""The gradient of one network in the log domain, as directions and logarithms of sizes.

Each memory's gradient is in units of its own, so that none is lost however far apart their sizes are.
"""

from math import log as ln

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, TINIEST, compiled, exp, log, tanh, wide_vectors
from damcore._kernels.logs.blocks import gaps_of_block, read_block
from damcore._kernels.logs.faint import BOTTOM, DEAD, add_terms, find_largest, take_faint, too_faint
from damcore._kernels.logs.terms import call_terms
from damcore._kernels.loops import add_product, blame
from damcore._kernels.vectors import larger, load, spread, store
from damcore._kernels.work import CACHE_LINE, EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED

LN2, LN4 = ln(2), ln(4)


@compiled(PRODUCTS)
def weigh(work, chosen, count, m, log_outer, log_factor):
    """From the gaps to w_i = dL/dgap_i x_i outer inner, in units of e^heaviest, in `sums`; its sign is left in `t`.

        log(1 - tanh(g))   = log 2 - log(1 + e^2g)
        log(1 - tanh(g)^2) = log 4 - 2 |g| - 2 log(1 + e^-2|g|)

    A neuron whose gap is so large that log |w_i| leaves the range has w_i = 0. Returns the loss.
    """
    wide_vectors()
    x, t, sums, sizes, errors, heaviest = work.x, work.t, work.sums, work.sizes, work.errors, work.heaviest
    heaviest[:] = BOTTOM
    odd, both = 2.0 * m - 1.0, 2.0 * m
    loss = 0.0
    for j in range(len(chosen)):
        i = chosen[j]
        for s in range(sums.shape[1]):
            reach = sizes[j, s] + log_outer
            size = exp(reach if reach < 710.0 else 710.0) if sums[j, s] != 0 else 0.0
            gap = x[i, s] * sums[j, s] * size
            target = t[j, s]
            rest = log(1.0 + exp(-2.0 * size))
            towards = 2.0 * target * gap
            difference = target - tanh(gap)
            certain = abs(target) == 1.0
            error = LN2 - (towards if towards > 0 else 0.0) - rest if certain else log(abs(difference))
            side = target if certain else (1.0 if difference > 0 else -1.0)
            weight = odd * error + (LN4 - 2.0 * size - 2.0 * rest) + log_factor
            alive = (weight > DEAD) & (certain | (difference != 0))
            sums[j, s] = -side * x[i, s] if alive else 0.0
            sizes[j, s] = weight if alive else BOTTOM
            heaviest[s] = sizes[j, s] if sizes[j, s] > heaviest[s] else heaviest[s]
            errors[j, s] = both * error if certain | (difference != 0) else BOTTOM
            t[j, s] = sums[j, s]
    work.w_sum[:] = 0.0
    for j in range(len(chosen)):
        for s in range(sums.shape[1]):
            sums[j, s] *= exp(sizes[j, s] - heaviest[s])
            work.w_sum[s] += sums[j, s]
        for s in range(count):
            loss += exp(errors[j, s])
    return loss


@compiled(PRODUCTS)
def find_peaks(work, chosen, count):
    """The largest and the smallest of h and all u_i, for every state and memory."""
    wide_vectors()
    x, zeta = work.x, work.zeta
    row, next_state = zeta.strides[0], work.h.strides[0]
    of_zeta, of_h = np.intp(zeta.ctypes.data), np.intp(work.h.ctypes.data)
    of_most, of_least = np.intp(work.most.ctypes.data), np.intp(work.least.ctypes.data)
    twice, nothing = spread(-2.0), spread(0.0)
    for line in range(0, row, CACHE_LINE):
        for first in range(0, count, 4):
            # Beyond the last state of the block the last one is taken again.
            second, third, fourth = min(first + 1, count - 1), min(first + 2, count - 1), min(first + 3, count - 1)
            a = b = c = d = nothing  # the largest -2 x zeta so far
            p = q = r = t = nothing  # the largest 2 x zeta
            for i in chosen:
                z = twice * load(of_zeta + i * row + line, 0.0)
                u, v = spread(x[i, first]) * z, spread(x[i, second]) * z
                y, w = spread(x[i, third]) * z, spread(x[i, fourth]) * z
                a, b, c, d = larger(u, a), larger(v, b), larger(y, c), larger(w, d)
                p, q = larger(nothing - u, p), larger(nothing - v, q)
                r, t = larger(nothing - y, r), larger(nothing - w, t)
            for s, above, below in ((first, a, p), (second, b, q), (third, c, r), (fourth, d, t)):
                h = load(of_h + s * next_state + line, 0.0)
                store(of_most + s * next_state + line, h + above)
                store(of_least + s * next_state + line, h - below)


@compiled(PRODUCTS)
def scale_slopes(work, kind, n, slope, inner, log_inner, n_memories, count):
    """The unit of each memory's gradient in `size`, what the gradient so far is multiplied by, and `up` and `down`."""
    most, least, unit, size, factor = work.most, work.least, work.unit, work.size, work.factor
    width = most.shape[1]
    ahead = log(float(n)) + (n - 1) * log_inner if kind != EXPONENTIAL else 0.0
    beside = log(abs(slope)) if kind == LEAKY else BOTTOM
    for k in range(width):
        factor[0, k] = size[k]
    for s in range(count):
        heaviest = work.heaviest[s]
        for k in range(width):
            top, bottom = most[s, k], -least[s, k]
            if kind == EXPONENTIAL:
                unit[s, k] = top if k < n_memories else 0.0
                up = inner * unit[s, k] + heaviest if k < n_memories else BOTTOM
            else:
                top = bottom if (kind == POLYNOMIAL) & (bottom > top) else top
                unit[s, k] = 1.0 / top if top > TINIEST else 1.0 / TINIEST
                up = heaviest + (ahead - (n - 1) * log(unit[s, k]))
                up = BOTTOM if (kind == RECTIFIED) & (top < 0) else up  # F is zero, and so is f
            down = heaviest + beside if bottom > 0 else BOTTOM
            most[s, k], least[s, k] = up, down
            up = down if down > up else up
            size[k] = up if up > size[k] else size[k]
    for k in range(width):
        factor[0, k] = exp(factor[0, k] - size[k])
    side = 1.0 if slope > 0 else -1.0
    for s in range(count):
        for k in range(width):
            most[s, k] = exp(most[s, k] - size[k])
            least[s, k] = side * exp(least[s, k] - size[k])


@compiled(PRODUCTS)
def add_gradient(work, slopes, kind, n, slope, inner, log_inner, n_memories, chosen, count):
    """Add the gradient of the block, in units that may grow."""
    wide_vectors()
    x, zeta, gradient, f, passed, w_sum = work.x, work.zeta, work.gradient, work.f, work.passed, work.w_sum
    n_neurons, width = zeta.shape
    find_peaks(work, chosen, count)
    scale_slopes(work, kind, n, slope, inner, log_inner, n_memories, count)
    for i in range(n_neurons):
        for k in range(width):
            gradient[i, k] *= work.factor[0, k]
    passed[:] = 0.0
    of_x, of_zeta, of_h = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data), work.h.ctypes.data
    unit, up, down = work.unit.ctypes.data, work.most.ctypes.data, work.least.ctypes.data
    into_f, scales = f.ctypes.data, work.scales.ctypes.data
    for j in range(len(chosen)):
        i = chosen[j]
        call_terms(
            slopes, count, width, of_x + i * x.strides[0], of_zeta + i * zeta.strides[0], of_h, unit, up, down, into_f,
            scales,
        )  # fmt: skip
        blame(i, count, x, f, work.sums[j], work.own, passed, gradient)
    nobody = of_x + n_neurons * x.strides[0]
    call_terms(slopes, count, width, nobody, of_zeta, of_h, unit, up, down, into_f, scales)
    for s in range(count):
        for k in range(width):
            passed[s, k] = f[s, k] * w_sum[s] - passed[s, k]
    add_product(x, passed, gradient, n_neurons, count)


@compiled(PRODUCTS)
def blame_block(
    work, terms, kind, n, slope, targets, some, inner, log_inner, log_outer, log_factor, m, n_memories, chosen
):
    """What `weigh` gives, from the overlaps of these states."""
    gaps_of_block(work, terms, kind, n, slope, inner, log_inner, n_memories, chosen, len(some))
    work.t[:] = 0.0
    for s in range(len(some)):
        for j in range(len(chosen)):
            work.t[j, s] = targets[some[s], j]
    return weigh(work, chosen, len(some), m, log_outer, log_factor)


@compiled(PRODUCTS)
def batch(
    work, terms, slopes, kind, n, slope, patterns, targets, states, chosen, inner, log_inner, log_outer, m, n_memories,
    blank,
):  # fmt: skip
    """Fill in the gradient over these states, in units of e^size; returns their loss."""
    work.gradient[:] = 0.0
    work.size[:] = BOTTOM
    loss = 0.0
    block = len(work.rows)
    log_factor = log(2.0 * m) + log_outer + log_inner
    for start in range(0, len(states), block):
        some = states[start : start + block]
        read_block(work, patterns, some, n_memories, blank)
        loss += blame_block(
            work, terms, kind, n, slope, targets, some, inner, log_inner, log_outer, log_factor, m, n_memories, chosen
        )
        add_gradient(work, slopes, kind, n, slope, inner, log_inner, n_memories, chosen, len(some))
    if not too_faint(work, n_memories):
        return loss
    # Rare: term by term, in two passes over the states. The first finds the unit of each memory.
    work.faint[:] = 0.0
    work.faint_size[:] = BOTTOM
    for adding in (False, True):
        for start in range(0, len(states), block):
            some = states[start : start + block]
            read_block(work, patterns, some, n_memories, blank)
            blame_block(
                work, terms, kind, n, slope, targets, some, inner, log_inner, log_outer, log_factor, m, n_memories,
                chosen,
            )  # fmt: skip
            if adding:
                add_terms(work, kind, n, slope, inner, log_inner, chosen, len(some))
            else:
                find_largest(work, kind, n, slope, inner, log_inner, chosen, len(some))
    take_faint(work, n_memories)
    return loss


@compiled(PRODUCTS)
def normalise(vectors, size, line):
    """Turn vectors e^size into directions, whose largest entry is 1, and sizes; a zero vector has size BOTTOM."""
    wide_vectors()
    n_neurons, width = vectors.shape
    line[:] = 0.0
    for i in range(n_neurons):
        for k in range(width):
            entry = abs(vectors[i, k])
            line[k] = entry if entry > line[k] else line[k]
    for k in range(width):
        size[k] = size[k] + log(line[k]) if line[k] > 0 else BOTTOM
        line[k] = 1.0 / line[k] if line[k] > 0 else 0.0
    for i in range(n_neurons):
        for k in range(width):
            vectors[i, k] *= line[k]
