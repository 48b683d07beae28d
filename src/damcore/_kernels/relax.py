"""Asynchronous recall of one network in compiled loops, with the arrays and the evaluator of its training."""

import numpy as np

from damcore._kernels.elementwise import compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import add_product, load, load_states


@compiled()
def one_sweep(work, evaluator, n_memories, count, turns, inner, slope, blank, tie, changed, finite):
    """One sweep over a block of states: every neuron in its turn goes where the gap points; fills in who changed."""
    wide_vectors()
    zeta, x, rows, h, f, whole, C = work.zeta, work.x, work.rows, work.h, work.f, work.whole, work.C
    n_neurons, width = zeta.shape
    h[:] = 0
    whole[:] = 0
    add_product(rows, zeta, h, count, n_neurons)
    for s in range(count):
        for k in range(width):
            h[s, k] = inner * h[s, k] if k < n_memories else blank
    row_of_x, row_of_zeta = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data)
    into_h, into_f, into_whole, into_C = h.ctypes.data, f.ctypes.data, whole.ctypes.data, C.ctypes.data
    nobody = row_of_x + n_neurons * x.strides[0]
    call_evaluator(evaluator, count, width, nobody, row_of_zeta, into_h, into_f, into_whole, inner, slope)
    for i in turns:
        call_evaluator(
            evaluator, count, width, row_of_x + i * x.strides[0], row_of_zeta + i * zeta.strides[0], into_h, into_f,
            into_C, inner, slope,
        )  # fmt: skip
        for s in range(count):
            old = x[i, s]
            gap = old * (whole[s] - C[s])
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
                whole[s] = C[s]
                shift = inner * (old + old)
                for k in range(width):
                    h[s, k] -= shift * zeta[i, k]


@compiled()
def settle(work, evaluator, memories, states, turns, inner, slope, blank, tie, max_sweeps, sweeps, settled, finite):
    """Recall every state of one network in place; sweep t visits the neurons as turns[t % len(turns)] says."""
    before = flush_subnormals()
    load(memories, work.zeta)
    block = len(work.rows)
    changed = np.empty(block, np.bool_)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        count = len(chosen)
        load_states(states, chosen, work.x, work.rows)
        for sweep in range(max_sweeps):
            changed[:] = False
            one_sweep(
                work, evaluator, len(memories), count, turns[sweep % len(turns)], inner, slope, blank, tie, changed,
                finite[start : start + count],
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
