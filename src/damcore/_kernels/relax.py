"""Asynchronous recall and energy gaps of some states of one network in compiled loops, with the arrays of training.

Both keep F_h = F(h) of every state and memory beside h (in `passed`) and form a gap by the same sum, so that its sign
is what recall does, to the last bit.
"""

from typing import NamedTuple

import numpy as np

from damcore._kernels.brackets import call_totals
from damcore._kernels.elementwise import compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import overlaps, read_states
from damcore._kernels.ordered import add_in_fours, four_zeros, total_of_four
from damcore._kernels.vectors import load, size_of, spread, store, total
from damcore._kernels.work import CACHE_LINE

EXACT: set[str] = set()  # nothing reordered or joined: a last bit may decide where a neuron goes


class Loops(NamedTuple):
    """The compiled loops for one interaction and dtype, and the limits of the dtype."""

    values: int  # addresses that `brackets` gives
    totals: int
    eps: float
    tiny: float


class Sums(NamedTuple):
    """What the states of a block are summed in, each (S,)."""

    of_h: np.ndarray  # sum_mu F(h)
    size_of_h: np.ndarray  # sum_mu |F(h)|
    of_u: np.ndarray  # sum_mu F(u) of the neuron at hand
    size_of_u: np.ndarray
    gap: np.ndarray  # sum_mu [F(h) - F(u)], or a number of the same sign
    exact: np.ndarray
    doubted: np.ndarray  # which states `exact` is of


def new_sums(block: int) -> Sums:
    """Room for the sums of a block of states."""
    return Sums._make([*np.empty((6, block)), np.empty(block, np.int64)])


@compiled(EXACT)
def fill(work, loops, i, s, into, inner, slope):
    """into[s, k] = F(h[s, k] - 2 inner x_i zeta_i); i = N is nobody, and gives F(h)."""
    zeta, x, h = work.zeta, work.x, work.h
    row, of_zeta = s * h.strides[0], np.intp(zeta.ctypes.data) + min(i, len(zeta) - 1) * zeta.strides[0]
    call_evaluator(
        loops.values, 1, h.shape[1], np.intp(x.ctypes.data) + i * x.strides[0] + s * x.strides[1], of_zeta,
        np.intp(h.ctypes.data) + row, np.intp(into.ctypes.data) + row, np.intp(work.whole.ctypes.data), inner, slope,
    )  # fmt: skip


@compiled(EXACT)
def move(work, loops, i, s, inner, slope, sums):
    """Let neuron i of state s turn over in h, in F_h and in the sums over F_h, from x before; i = N is nobody."""
    wide_vectors()
    like, row = work.h[0, 0], work.h.strides[0]
    fill(work, loops, i, s, work.passed, inner, slope)
    shift, whole = spread(inner * (work.x[i, s] + work.x[i, s])), spread(like - like)
    of_h, to_passed = np.intp(work.h.ctypes.data) + s * row, work.passed.ctypes.data - work.h.ctypes.data
    of_zeta, size = np.intp(work.zeta.ctypes.data) + min(i, len(work.zeta) - 1) * row, whole
    for line in range(of_h, of_h + row, CACHE_LINE):
        store(line, load(line, like) - shift * load(of_zeta + (line - of_h), like))
        F = load(line + np.intp(to_passed), like)
        whole += F
        size += size_of(F)
    sums.of_h[s], sums.size_of_h[s] = total(whole), total(size)


@compiled(EXACT)
def begin(work, loops, n_memories, count, inner, slope, blank, sums):
    """h, F_h and the sums over F_h of a block of states."""
    overlaps(work.zeta, work.rows, n_memories, count, inner, blank, work.h)
    for s in range(count):
        move(work, loops, len(work.zeta), s, inner, slope, sums)


@compiled(EXACT)
def brackets(work, loops, i, rows, count, inner, slope, sums):
    """sums[j] = sum_mu [F(h) - F(h - 2 inner x_i z_i)] of neuron i in the block's states s = rows[j], in order."""
    wide_vectors()
    like, row = work.h[0, 0], work.h.strides[0]
    of_passed, of_f = np.intp(work.passed.ctypes.data), np.intp(work.f.ctypes.data)
    for j in range(count):
        fill(work, loops, i, rows[j], work.f, inner, slope)
    fours = count - count % 4
    for j in range(0, fours, 4):  # four states at once: each waits for its own sum only
        p, q, r, t = rows[j] * row, rows[j + 1] * row, rows[j + 2] * row, rows[j + 3] * row
        a = b = c = d = four_zeros()
        for line in range(0, row, CACHE_LINE):
            a = add_in_fours(a, load(of_passed + p + line, like) - load(of_f + p + line, like))
            b = add_in_fours(b, load(of_passed + q + line, like) - load(of_f + q + line, like))
            c = add_in_fours(c, load(of_passed + r + line, like) - load(of_f + r + line, like))
            d = add_in_fours(d, load(of_passed + t + line, like) - load(of_f + t + line, like))
        sums[j], sums[j + 1] = total_of_four(a), total_of_four(b)
        sums[j + 2], sums[j + 3] = total_of_four(c), total_of_four(d)
    for j in range(fours, count):
        a, p = four_zeros(), rows[j] * row
        for line in range(0, row, CACHE_LINE):
            a = add_in_fours(a, load(of_passed + p + line, like) - load(of_f + p + line, like))
        sums[j] = total_of_four(a)


@compiled(EXACT)
def signs(work, loops, i, rows, count, inner, slope, sums):
    """Fill sums.gap with what `brackets` gives, or with other numbers of the same signs where they leave no doubt.

    Both orders together err by less than half of `doubt` times the sum of all sizes, where sums do not come to zero.
    """
    zeta, x, h = work.zeta, work.x, work.h
    if loops.totals == 0:
        return brackets(work, loops, i, rows, count, inner, slope, sums.gap)
    call_totals(
        loops.totals, count, h.shape[1], np.intp(rows.ctypes.data), np.intp(x.ctypes.data) + i * x.strides[0],
        np.intp(zeta.ctypes.data) + i * zeta.strides[0], np.intp(h.ctypes.data), np.intp(sums.of_u.ctypes.data),
        np.intp(sums.size_of_u.ctypes.data), inner, slope,
    )  # fmt: skip
    doubt = (h.strides[0] // CACHE_LINE + CACHE_LINE) * loops.eps + h.shape[1] * 2.0**-52
    doubts = 0
    for j in range(count):
        s = rows[j]
        gap, size = sums.of_h[s] - sums.of_u[j], sums.size_of_h[s] + sums.size_of_u[j]
        sums.gap[j] = gap if abs(gap) > doubt * size + 4 * h.shape[1] * loops.tiny else np.nan
        if np.isnan(sums.gap[j]):
            sums.doubted[doubts] = s
            doubts += 1
    if doubts == 0:
        return
    brackets(work, loops, i, sums.doubted, doubts, inner, slope, sums.exact)
    doubts = 0
    for j in range(count):
        if np.isnan(sums.gap[j]):
            sums.gap[j] = sums.exact[doubts]
            doubts += 1


@compiled(EXACT)
def one_sweep(work, loops, turns, rows, count, inner, slope, tie, sums, changed, finite):
    """One sweep over the block's states rows[:count]: every neuron in its turn goes where the gap points."""
    x = work.x
    for i in turns:
        signs(work, loops, i, rows, count, inner, slope, sums)
        for j in range(count):
            s, gap = rows[j], sums.gap[j]
            if gap - gap != 0:  # infinite or NaN
                finite[s] = False
                continue
            old = new = x[i, s]
            gap *= old
            if gap > 0:
                new = abs(old)
            elif gap < 0:
                new = -abs(old)
            elif tie != 0:
                new = tie * abs(old)
            if new != old:
                changed[s] = True
                move(work, loops, i, s, inner, slope, sums)
                x[i, s] = work.rows[s, i] = new


@compiled(EXACT)
def settle(
    work, loops, sums, n_memories, states, turns, inner, slope, blank, tie, max_sweeps, sweeps, settled, finite
):  # fmt: skip
    """Recall states of the network in `work` in place; sweep t visits the neurons as turns[t % len(turns)] says."""
    before = flush_subnormals()
    block = len(work.rows)
    changed, rows = np.empty(block, np.bool_), np.empty(block, np.int64)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        read_states(states, chosen, work.x, work.rows)
        moving = len(chosen)
        for s in range(moving):
            rows[s] = s
        for sweep in range(max_sweeps):
            changed[:] = False
            begin(work, loops, n_memories, len(chosen), inner, slope, blank, sums)
            one_sweep(
                work, loops, turns[sweep % len(turns)], rows, moving, inner, slope, tie, sums, changed, finite[start:]
            )  # fmt: skip
            still = 0
            for j in range(moving):
                s = rows[j]
                if changed[s]:
                    sweeps[start + s] = sweep + 1
                    rows[still] = s
                    still += 1
                else:  # and would never again
                    settled[start + s] = True
            moving = still
            if moving == 0:
                break
        for s in range(len(chosen)):
            for i in range(states.shape[1]):
                states[start + s, i] = work.x[i, s]
    restore(before)


@compiled(EXACT)
def gaps(work, loops, sums, n_memories, states, neurons, inner, outer, slope, blank, out):
    """The gaps (B, M) of states (B, N) of the network in `work`, for the neurons that are named.

    Subnormal numbers keep the bits they have: unlike a sweep, this answers with numbers.
    """
    block = len(work.rows)
    rows = np.arange(block)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        read_states(states, chosen, work.x, work.rows)
        begin(work, loops, n_memories, len(chosen), inner, slope, blank, sums)
        for m in range(len(neurons)):
            i = neurons[m]
            brackets(work, loops, i, rows, len(chosen), inner, slope, sums.gap)
            for s in range(len(chosen)):
                out[start + s, m] = outer * (sums.gap[s] * work.x[i, s])
