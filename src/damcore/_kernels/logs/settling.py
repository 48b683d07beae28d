"""Asynchronous recall of one network in the log domain."""

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, flush_subnormals, restore
from damcore._kernels.logs.blocks import (
    choose_scales,
    gaps_of_block,
    overlaps,
    read_block,
    split,
    sum_terms,
    take_differences,
)
from damcore._kernels.loops import read, read_states


@compiled(PRODUCTS)
def one_sweep(work, terms, kind, n, slope, inner, log_inner, n_memories, count, turns, blank, tie, changed):
    """One sweep over a block of states: every neuron in its turn goes where the gap points; fills in who changed.

    Overlaps follow each flip and are formed afresh in the next sweep. They drift by rounding within the sweep, as they
    do in `_kernels.relax`.
    """
    x, rows, h, zeta = work.x, work.rows, work.h, work.zeta
    overlaps(work, n_memories, count, blank)
    choose_scales(work, kind, n, slope, inner, log_inner, n_memories, count)
    for turn in range(len(turns)):
        one = turns[turn : turn + 1]
        i = one[0]
        sum_terms(work, terms, one, count)
        take_differences(work, kind, n, slope, inner, log_inner, n_memories, one, count, True)
        for s in range(count):
            old, sign = x[i, s], work.sums[0, s] * x[i, s]
            new = sign if sign != 0 else (tie if tie != 0 else old)
            if new != old:
                changed[s] = True
                x[i, s] = rows[s, i] = new
                for k in range(n_memories):
                    h[s, k] -= (old + old) * zeta[i, k]


@compiled(PRODUCTS)
def take_network(work, memories):
    """Make these memories those of `work`."""
    before = flush_subnormals()
    read(memories, work.zeta)
    split(work.zeta, work.grid, work.high, work.low, work.farthest)
    restore(before)


@compiled(PRODUCTS)
def settle(
    work, terms, kind, n, slope, n_memories, states, turns, inner, log_inner, blank, tie, max_sweeps, sweeps, settled
):
    """Recall these states of the network in `work` in place.

    Sweep t visits the neurons as turns[t % len(turns)] says.
    """
    before = flush_subnormals()
    block = len(work.rows)
    changed = np.empty(block, np.bool_)
    for start in range(0, len(states), block):
        chosen = np.arange(start, min(start + block, len(states)))
        count = len(chosen)
        read_states(states, chosen, work.x, work.rows)
        for sweep in range(max_sweeps):
            changed[:] = False
            one_sweep(
                work, terms, kind, n, slope, inner, log_inner, n_memories, count, turns[sweep % len(turns)],
                blank, tie, changed,
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


@compiled(PRODUCTS)
def gaps(work, terms, kind, n, slope, n_memories, states, some, chosen, inner, log_inner, blank, sign, size):
    """The sign and the logarithm of the gap, (B, M), for these states of the network in `work`.

    The outer factor is left out.
    """
    before = flush_subnormals()
    read_block(work, states, some, n_memories, blank)
    gaps_of_block(work, terms, kind, n, slope, inner, log_inner, n_memories, chosen, len(some))
    for s in range(len(some)):
        for j in range(len(chosen)):
            sign[some[s], j] = work.sums[j, s] * work.x[chosen[j], s]
            size[some[s], j] = work.sizes[j, s]
    restore(before)
