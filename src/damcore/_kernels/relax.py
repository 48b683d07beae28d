"""Asynchronous recall and energy gaps of one network in compiled loops, with the arrays and the evaluator of training.

Both keep F_h = F(h) of every state and memory beside h, and sum the differences to it in `differences`.
"""

import numpy as np

from damcore._kernels.differences import call_sums, call_turn
from damcore._kernels.elementwise import compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import overlaps, read_states

EXACT: set[str] = set()  # nothing reordered or joined: a last bit may decide where a neuron goes


@compiled(EXACT)
def turn_over(work, loops, s, i, inner, slope):
    """h and F_h of state s after neuron i has turned over, from x before; i = N, who is nobody, fills in F_h."""
    zeta, x, h = work.zeta, work.x, work.h
    width, row = h.shape[1], s * h.strides[0]
    of_x = np.intp(x.ctypes.data) + i * x.strides[0] + s * x.strides[1]
    of_zeta = np.intp(zeta.ctypes.data) + min(i, len(zeta) - 1) * zeta.strides[0]
    of_h, of_f = np.intp(h.ctypes.data) + row, np.intp(work.f.ctypes.data) + row
    if loops.exponential:
        into = np.intp(work.whole.ctypes.data)
        call_evaluator(loops.exponential, 1, width, of_x, of_zeta, of_h, of_f, into, inner, slope)
    call_turn(loops.turn, width, of_x, of_zeta, of_h, np.intp(work.passed.ctypes.data) + row, of_f, inner, slope)


@compiled(EXACT)
def begin(work, loops, n_memories, count, inner, slope, blank):
    """h and F_h of a block of states."""
    overlaps(work.zeta, work.rows, n_memories, count, inner, blank, work.h)
    for s in range(count):
        turn_over(work, loops, s, len(work.zeta), inner, slope)


@compiled(EXACT)
def gaps_of(work, loops, i, rows, count, inner, slope, gaps):
    """gaps[j] = x_i sum_mu [F(h) - F(h - 2 inner x_i z_i)] of neuron i in the block's states s = rows[j]."""
    zeta, x, h, f = work.zeta, work.x, work.h, work.f
    width = h.shape[1]
    of_x, of_zeta = np.intp(x.ctypes.data) + i * x.strides[0], np.intp(zeta.ctypes.data) + i * zeta.strides[0]
    of_h, of_f, of_passed = np.intp(h.ctypes.data), np.intp(f.ctypes.data), np.intp(work.passed.ctypes.data)
    if loops.exponential:
        into = np.intp(work.whole.ctypes.data)
        for j in range(count):
            row, at = rows[j] * h.strides[0], of_x + rows[j] * x.strides[1]
            call_evaluator(loops.exponential, 1, width, at, of_zeta, of_h + row, of_f + row, into, inner, slope)
    of_rows, of_gaps = np.intp(rows.ctypes.data), np.intp(gaps.ctypes.data)
    call_sums(loops.sums, count, width, of_rows, of_x, of_zeta, of_h, of_passed, of_f, of_gaps, inner, slope)
    for j in range(count):
        gaps[j] *= x[i, rows[j]]


@compiled(EXACT)
def one_sweep(work, loops, turns, rows, count, inner, slope, tie, gaps, changed, finite):
    """One sweep over the block's states rows[:count]: every neuron in its turn goes where the gap points."""
    wide_vectors()
    x = work.x
    for i in turns:
        gaps_of(work, loops, i, rows, count, inner, slope, gaps)
        for j in range(count):
            s, gap = rows[j], gaps[j]
            if gap - gap != 0:  # infinite or NaN
                finite[s] = False
                continue
            old = new = x[i, s]
            if gap > 0:
                new = abs(old)
            elif gap < 0:
                new = -abs(old)
            elif tie != 0:
                new = tie * abs(old)
            if new != old:
                changed[s] = True
                turn_over(work, loops, s, i, inner, slope)
                x[i, s] = work.rows[s, i] = new


@compiled(EXACT)
def settle(
    work, loops, n_memories, states, turns, inner, slope, blank, tie, max_sweeps, sweeps,
    settled, finite,
):  # fmt: skip
    """Recall states of the network in `work` in place; sweep t visits the neurons as turns[t % len(turns)] says."""
    before = flush_subnormals()
    block = len(work.rows)
    changed, rows, gaps = np.empty(block, np.bool_), np.empty(block, np.int64), np.empty(block)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        read_states(states, chosen, work.x, work.rows)
        moving = len(chosen)
        for s in range(moving):
            rows[s] = s
        for sweep in range(max_sweeps):
            changed[:] = False
            begin(work, loops, n_memories, len(chosen), inner, slope, blank)
            one_sweep(
                work, loops, turns[sweep % len(turns)], rows, moving, inner, slope, tie,
                gaps, changed, finite[start:],
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
def gaps(work, loops, n_memories, states, neurons, inner, outer, slope, blank, out):
    """The gaps (B, M) of states (B, N) of the network in `work`, for the neurons that are named."""
    before = flush_subnormals()
    block = len(work.rows)
    rows, summed = np.arange(block), np.empty(block)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        read_states(states, chosen, work.x, work.rows)
        begin(work, loops, n_memories, len(chosen), inner, slope, blank)
        for m in range(len(neurons)):
            gaps_of(work, loops, neurons[m], rows, len(chosen), inner, slope, summed)
            for s in range(len(chosen)):
                out[start + s, m] = outer * summed[s]
    restore(before)
