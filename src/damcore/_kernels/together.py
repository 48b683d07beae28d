"""The training of one large network by two or four threads, to the last bit that of one thread (`loops.train`).

Every thread runs `train` below, and between the phases of a block of states they meet:

    by memory   the overlaps: each is a sum over neurons
    by state    F and f, C and w, and their sums over neurons. `loops.blame` takes four sums over states, one for each
                state modulo 4, and adds them up at the end: here each thread has two of these sums, or one
    by neuron   the loss, and the rest of the gradient, which is a sum over states

At the end of a minibatch each thread moves the entries of its neurons. No sum has another order than in `loops`.
"""

import numpy as np

from damcore._kernels.elementwise import compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import add_product, judge, read, read_states, write
from damcore._kernels.meeting import meet
from damcore._kernels.shares import (
    EXACT,
    blame_some,
    borders,
    find_runs,
    in_order,
    join,
    move,
    owner,
    part_of_overlaps,
    push,
)
from damcore._kernels.work import CACHE_LINE


@compiled()
def by_state(
    rank, n_threads, bench, shared, runs, zeta, gradient, out, totals, evaluator, count, inner, outer, slope, scale, m
):
    """The sums over neurons for the states of one thread.

    Their sums of F go into `totals` (N + 1, S), their share of the gradient into `out`, and sum_i w_i [f(h) - f(u_i)]
    into their rows of `shared.passed`. What stands for other states in `bench` and `totals` has no meaning.
    """
    wide_vectors()
    x, f, passed, whole, C, w, w_sum = bench.x, bench.f, bench.passed, bench.whole, bench.C, bench.w, bench.w_sum
    n_neurons, width = zeta.shape
    size, row = zeta.strides[1], zeta.strides[0]
    whole[:] = 0
    C[:] = 0
    w_sum[:] = 0
    row_of_x, row_of_zeta = np.intp(x.ctypes.data), np.intp(zeta.ctypes.data)
    of_h, into_f = np.intp(shared.h.ctypes.data), np.intp(f.ctypes.data)
    into_whole, into_C = np.intp(whole.ctypes.data), np.intp(C.ctypes.data)
    nobody = row_of_x + n_neurons * x.strides[0]
    n_runs = find_runs(rank, n_threads, count, runs)
    for r in range(n_runs):
        s, length = runs[r, 0], runs[r, 1] - runs[r, 0]
        call_evaluator(
            evaluator, length, width, nobody, row_of_zeta, of_h + s * row, into_f + s * row, into_whole + s * size,
            inner, slope,
        )  # fmt: skip
        passed[s : s + length] = 0
    for s in range(count):
        totals[n_neurons, s] = whole[s]
    factor = scale * outer * inner
    for i in range(n_neurons):
        for r in range(n_runs):
            s, length = runs[r, 0], runs[r, 1] - runs[r, 0]
            call_evaluator(
                evaluator, length, width, row_of_x + s * size, row_of_zeta, of_h + s * row, into_f + s * row,
                into_C + s * size, inner, slope,
            )  # fmt: skip
        row_of_x += x.strides[0]
        row_of_zeta += row
        for s in range(count):
            totals[i, s] = C[s]
        judge(i, x, whole, C, w, w_sum, outer, factor, m)
        blame_some(i, rank, n_threads, count, x, f, w, bench.own, passed, gradient, out)
    for r in range(n_runs):
        s, length = runs[r, 0], runs[r, 1] - runs[r, 0]
        call_evaluator(
            evaluator, length, width, nobody, row_of_zeta - row, of_h + s * row, into_f + s * row,
            into_whole + s * size, inner, slope,
        )  # fmt: skip
        for t in range(s, s + length):
            for k in range(width):
                shared.passed[t, k] = f[t, k] * w_sum[t] - passed[t, k]


@compiled()
def by_neuron(from_i, to_i, n_threads, bench, shared, gradient, outs, totals, count, outer, m, parts):
    """The parts of the loss (N,), and all that the gradient still lacks, for a share of the neurons."""
    wide_vectors()
    x, whole, C = bench.x, bench.whole, bench.C
    n_neurons = len(gradient)
    whole[:] = 0
    C[:] = 0
    for s in range(count):
        whole[s] = totals[owner(s, n_threads, count), n_neurons, s]
    for start in range(from_i, to_i, 4):  # rows stay near for the product
        stop = min(start + 4, to_i)
        for i in range(start, stop):
            for s in range(count):
                C[s] = totals[owner(s, n_threads, count), i, s]
            parts[i] = judge(i, x, whole, C, bench.w, bench.w_sum, outer, outer, m)  # the loss alone: any factor on w
            join(i, n_threads, gradient, outs)
        add_product(x[start:stop], shared.passed, gradient[start:stop], stop - start, count)


@compiled(EXACT)
def train(
    rank, n_threads, point, bench, shared, outs, totals, parts, units, sound, evaluator, memories, velocities, patterns,
    order, inner, outer, slope, scale, m, blank, rate, momentum, floor, low, high, batch_size, losses,
):  # fmt: skip
    """One thread's share in all epochs; returns the epoch in which the network diverged, or -1.

    `bench` is a workspace of this thread's own; all else is shared: `shared`, the `bench` of thread 0; `outs`, the
    gradients of threads 1, 2 and 3; `totals` (threads, N + 1, S), the sums of F; `parts` (N,) of the loss; `units`
    (threads, K); and `sound` (threads,), whether a step was finite.
    """
    before = flush_subnormals()
    zeta, moved, velocity, gradient = shared.zeta, shared.moved, shared.velocity, shared.gradient
    n_neurons, n_memories = len(low), len(memories)
    n_lines = zeta.strides[0] // CACHE_LINE
    a, b = rank * n_neurons // n_threads, (rank + 1) * n_neurons // n_threads
    block = len(bench.rows)
    runs = np.empty((block, 2), np.intp)
    if rank == 0:
        read(memories, zeta)
        read(velocities, velocity)
    meet(point, n_threads)
    diverged = -1
    for e in range(len(order)):
        loss = 0.0
        for start in range(0, order.shape[1], batch_size):
            chosen = order[e, start : start + batch_size]
            of_batch = 0.0
            gradient[a:b] = 0
            for at in range(0, len(chosen), block):
                states = chosen[at : at + block]
                count = len(states)
                read_states(patterns, states, bench.x, bench.rows)
                some = borders(n_lines, rank, n_threads, count)
                part_of_overlaps(zeta, bench.rows, n_memories, count, inner[e], blank, shared.h, some[0], some[1])
                meet(point, n_threads)
                of_batch += in_order(parts) if at > 0 else 0.0
                out = gradient if rank == 0 else bench.gradient
                by_state(
                    rank, n_threads, bench, shared, runs, zeta, gradient, out, totals[rank], evaluator, count, inner[e],
                    outer[e], slope, scale, m,
                )  # fmt: skip
                meet(point, n_threads)
                some = borders(n_neurons, rank, n_threads, count)
                by_neuron(some[0], some[1], n_threads, bench, shared, gradient, outs, totals, count, outer[e], m, parts)
            meet(point, n_threads)
            push(velocity[a:b], gradient[a:b], momentum, units[rank])
            meet(point, n_threads)
            of_batch += in_order(parts)
            loss += of_batch
            sound[rank] = move(
                zeta[a:b], gradient[a:b], moved[a:b], low[a:b], high[a:b], units, bench.unit, bench.check, n_memories,
                rate[e], floor,
            )  # fmt: skip
            meet(point, n_threads)
            if not (sound.all() and np.isfinite(loss)):
                diverged = e
                break
            zeta, moved = moved, zeta
            velocity, gradient = gradient, velocity
        if rank == 0:
            losses[e] = loss
        if diverged >= 0:
            if rank == 0:
                losses[e:] = np.nan
            break
    if rank == 0:
        write(zeta, memories)
        write(velocity, velocities)
    restore(before)
    return diverged
