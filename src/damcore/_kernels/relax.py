"""Asynchronous recall of one network in compiled loops, with the arrays and the evaluator of its training."""

import numpy as np

from damcore._kernels.elementwise import compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import overlaps, read, read_states
from damcore._kernels.work import EXPONENTIAL, LEAKY

EXACT: set[str] = set()


# Nothing is reordered or joined in these two. Where memories are +-1 many gaps are nearly zero,
# and a last bit that depends on how the compiler came upon the code would decide where they go.
@compiled(EXACT, inline=True)
def value(f, u, kind, n):
    """F(u) from what the evaluator gives: f(u) / n, or f(u) for the exponential."""
    if kind == EXPONENTIAL:
        return f
    return f * u * n if kind == LEAKY and u < 0 else f * u


@compiled(EXACT)
def one_sweep(work, evaluator, kind, n, n_memories, count, turns, inner, slope, blank, tie, changed, finite):
    """One sweep over a block of states: every neuron in its turn goes where the gap points; fills in who changed.

    The gap is a sum of differences, one a memory, and not a difference of sums: a memory with a huge F that neuron i
    does not touch must not drown the others.
    """
    wide_vectors()
    zeta, x, rows, h, f, whole, C = work.zeta, work.x, work.rows, work.h, work.f, work.whole, work.C
    F_h = work.passed
    n_neurons, width = zeta.shape
    overlaps(zeta, rows, n_memories, count, inner, blank, h)
    whole[:] = 0
    row_of_x, row_of_zeta = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data)
    into_h, into_f, into_whole, into_C = h.ctypes.data, f.ctypes.data, whole.ctypes.data, C.ctypes.data
    nobody = row_of_x + n_neurons * x.strides[0]
    call_evaluator(evaluator, count, width, nobody, row_of_zeta, into_h, into_f, into_whole, inner, slope)
    for s in range(count):
        for k in range(width):
            F_h[s, k] = value(f[s, k], h[s, k], kind, n)
    for i in turns:
        call_evaluator(
            evaluator, count, width, row_of_x + i * x.strides[0], row_of_zeta + i * zeta.strides[0], into_h, into_f,
            into_C, inner, slope,
        )  # fmt: skip
        for s in range(count):
            old = x[i, s]
            shift = inner * (old + old)
            a = b = c = d = zeta[i, 0] * 0
            for k in range(0, width, 4):  # whole cache lines, so a multiple of four
                a += F_h[s, k] - value(f[s, k], h[s, k] - shift * zeta[i, k], kind, n)
                b += F_h[s, k + 1] - value(f[s, k + 1], h[s, k + 1] - shift * zeta[i, k + 1], kind, n)
                c += F_h[s, k + 2] - value(f[s, k + 2], h[s, k + 2] - shift * zeta[i, k + 2], kind, n)
                d += F_h[s, k + 3] - value(f[s, k + 3], h[s, k + 3] - shift * zeta[i, k + 3], kind, n)
            gap = (a + b) + (c + d)
            gap *= old
            if gap - gap != 0:  # infinite or NaN
                finite[s] = False
                continue
            new = old
            if gap > 0:
                new = abs(old)
            elif gap < 0:
                new = -abs(old)
            elif tie != 0:
                new = tie * abs(old)
            if new != old:
                changed[s] = True
                x[i, s] = rows[s, i] = new
                for k in range(width):
                    h[s, k] -= shift * zeta[i, k]
                    F_h[s, k] = value(f[s, k], h[s, k], kind, n)


@compiled()
def settle(
    work, evaluator, kind, n, memories, states, turns, inner, slope, blank, tie, max_sweeps, sweeps, settled, finite
):
    """Recall every state of one network in place; sweep t visits the neurons as turns[t % len(turns)] says."""
    before = flush_subnormals()
    read(memories, work.zeta)
    block = len(work.rows)
    changed = np.empty(block, np.bool_)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        count = len(chosen)
        read_states(states, chosen, work.x, work.rows)
        for sweep in range(max_sweeps):
            changed[:] = False
            one_sweep(
                work, evaluator, kind, n, len(memories), count, turns[sweep % len(turns)], inner, slope, blank, tie,
                changed, finite[start : start + count],
            )  # fmt: skip
            moving = False
            for s in range(count):
                if changed[s]:
                    sweeps[start + s] = sweep + 1
                    moving = True
                else:
                    settled[start + s] = True
            if not moving:
                break
        for s in range(count):
            for i in range(states.shape[1]):
                states[start + s, i] = work.x[i, s]
    restore(before)
