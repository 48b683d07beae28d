"""The gap of one block of states in the log domain: overlaps that are exact sums, and sums of F that are checked.

A sum is trusted where it is not small beside its terms. Elsewhere `merged.merged_sum` forms it again.
"""

import numpy as np

from damcore._kernels.elementwise import LARGEST, PRODUCTS, TINIEST, compiled, exp, log, wide_vectors
from damcore._kernels.logs.merged import edge, merged_sum, one_over
from damcore._kernels.logs.terms import LINEAR, PEAK, POWER, RAISED, call_terms
from damcore._kernels.loops import add_product, read_states
from damcore._kernels.work import EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED

NEAR = 2.0**-20  # a sum this small beside its terms has lost digits to cancellation
FAINT = 2.0**-900  # terms this small beside the unit of F may have been rounded to zero


@compiled(PRODUCTS)
def split(zeta, grid, high, low, farthest):
    """zeta = high + low but for 2^-105 N^2 of a memory's largest entry; all sums of +-high are exact, and of +-low.

    Overlaps with bipolar states are then the same in any order of their sums, and are rounded once.
    """
    wide_vectors()
    n_neurons, width = zeta.shape
    for k in range(width):
        grid[0, k] = 0.0
    for i in range(n_neurons):
        for k in range(width):
            size = abs(zeta[i, k])
            grid[0, k] = size if size > grid[0, k] else grid[0, k]
    for k in range(width):
        farthest[k] = 2.0 * grid[0, k]
        above = edge(n_neurons * grid[0, k])
        grid[0, k] = 1.5 * above
        grid[1, k] = 1.5 * edge(n_neurons * above * 2.0**-53)
    for i in range(n_neurons):
        for k in range(width):
            upper = (zeta[i, k] + grid[0, k]) - grid[0, k]
            high[i, k] = upper
            low[i, k] = ((zeta[i, k] - upper) + grid[1, k]) - grid[1, k]


@compiled(PRODUCTS)
def overlaps(work, n_memories, count, blank):
    """h[s] = sum_i rows[s, i] zeta[i] for each state of the block, `blank` for the padding."""
    h, low = work.h, work.f
    h[:] = 0.0
    low[:] = 0.0
    add_product(work.rows, work.high, h, count, len(work.zeta))
    add_product(work.rows, work.low, low, count, len(work.zeta))
    for s in range(count):
        for k in range(h.shape[1]):
            h[s, k] = h[s, k] + low[s, k] if k < n_memories else blank


@compiled(PRODUCTS)
def choose_scales(work, kind, n, slope, inner, log_inner, n_memories, count):
    """The unit e^A of F for each state, so that no term exceeds 1, and what `gap_terms` needs; see `terms`.

    It does not depend on which neurons are chosen.
    """
    h, farthest, scales, peak = work.h, work.farthest, work.scales, work.peak
    for s in range(count):
        top, bottom = h[s, 0] + farthest[0], h[s, 0] - farthest[0]
        for k in range(1, n_memories):
            top = max(top, h[s, k] + farthest[k])
            bottom = min(bottom, h[s, k] - farthest[k])
        if kind == EXPONENTIAL:
            scales[s, RAISED], scales[s, PEAK], peak[s] = inner, top, inner * top
            continue
        bottom = -bottom
        if kind == POLYNOMIAL and bottom > top:
            top = bottom
        raised = one_over(top, n) if top > TINIEST else 0.0
        reach = n * (log_inner - log(raised)) if raised > 0 else -LARGEST
        scales[s, RAISED], scales[s, POWER], scales[s, LINEAR], peak[s] = raised, 1.0, 0.0, reach
        if kind == LEAKY and bottom > TINIEST:
            below = log_inner + log(abs(slope)) + log(bottom)
            peak[s] = max(reach, below)
            scales[s, POWER] = exp(reach - peak[s])
            scales[s, LINEAR] = (1.0 if slope > 0 else -1.0) * exp(below - peak[s]) / bottom


@compiled(PRODUCTS)
def sum_terms(work, terms, chosen, count):
    """Sum F and |F| over the memories, for each state: with every chosen neuron turned over, and with none."""
    x, zeta, sums, sizes = work.x, work.zeta, work.sums, work.sizes
    width = zeta.shape[1]
    of_x, of_zeta, of_h = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data), work.h.ctypes.data
    of_scales, scratch = work.scales.ctypes.data, work.line.ctypes.data
    whole = np.intp(work.whole.ctypes.data)
    nobody = of_x + len(zeta) * x.strides[0]
    call_terms(
        terms, count, width, nobody, of_zeta, of_h, of_scales, whole, whole + work.whole.strides[0], scratch, scratch
    )
    into_sums, into_sizes = np.intp(sums.ctypes.data), np.intp(sizes.ctypes.data)
    for i in chosen:
        call_terms(
            terms, count, width, of_x + i * x.strides[0], of_zeta + i * zeta.strides[0], of_h, of_scales, into_sums,
            into_sizes, scratch, scratch,
        )  # fmt: skip
        into_sums += sums.strides[0]
        into_sizes += sizes.strides[0]


@compiled(PRODUCTS)
def take_differences(work, kind, n, slope, inner, log_inner, n_memories, chosen, count, moved):
    """sum_mu [F(u) - F(u_i)] for each chosen neuron: its sign in `sums`, its logarithm in `sizes`.

    `moved` says that neurons may have turned over since the scales were chosen.
    """
    wide_vectors()
    sums, sizes, whole, peak = work.sums, work.sizes, work.whole, work.peak
    for j in range(len(chosen)):
        for s in range(sums.shape[1]):
            total = whole[0, s] - sums[j, s]
            size = whole[1, s] + sizes[j, s]
            trusted = (abs(total) >= NEAR * size) & (size >= FAINT)
            sign = 1.0 if total > 0 else -1.0
            sums[j, s] = sign if trusted else 0.0
            sizes[j, s] = log(abs(total)) + peak[s]
    for j in range(len(chosen)):
        for s in range(count):
            if (
                kind == RECTIFIED and work.scales[s, RAISED] == 0 and not moved
            ):  # no overlap is positive: all F are zero
                sizes[j, s] = -LARGEST
            elif sums[j, s] == 0:
                sums[j, s], sizes[j, s] = merged_sum(
                    work, kind, n, slope, inner, log_inner, n_memories, s, chosen[j]
                )  # fmt: skip


@compiled(PRODUCTS)
def read_block(work, patterns, states, n_memories, blank):
    """Make these states the block, with their overlaps."""
    read_states(patterns, states, work.x, work.rows)
    overlaps(work, n_memories, len(states), blank)


@compiled(PRODUCTS)
def gaps_of_block(work, terms, kind, n, slope, inner, log_inner, n_memories, chosen, count):
    """What `take_differences` gives, from the overlaps of the block."""
    choose_scales(work, kind, n, slope, inner, log_inner, n_memories, count)
    sum_terms(work, terms, chosen, count)
    take_differences(work, kind, n, slope, inner, log_inner, n_memories, chosen, count, False)
