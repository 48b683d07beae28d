"""The training of one large network by two or four threads, to the last bit that of one thread (`loops.train`).

Every thread runs `train` below, and between the phases of a block of states they meet:

    by memory   the overlaps: each is a sum over neurons
    by state    F and f, C and w, and their sums over neurons. `loops.blame` takes four sums over states, one for each
                state modulo 4, and adds them up at the end: here each thread has two of these sums, or one
    by neuron   the loss, and the rest of the gradient, which is a sum over states

At the end of a minibatch each thread moves the entries of its neurons. No sum has another order than in `loops`.
"""

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, flush_subnormals, restore, wide_vectors
from damcore._kernels.evaluate import call_evaluator
from damcore._kernels.loops import add_product, judge, read, read_states, write
from damcore._kernels.meeting import meet
from damcore._kernels.vectors import load, spread, store
from damcore._kernels.work import CACHE_LINE

EXACT: set[str] = set()


@compiled(EXACT)
def in_order(numbers):
    """The sum from the first to the last."""
    total = 0.0
    for i in range(len(numbers)):
        total += numbers[i]
    return total


@compiled()
def part_of_overlaps(zeta, rows, n_memories, count, inner, blank, h, from_line, to_line):
    """`loops.overlaps` for the memories in some cache lines of a row."""
    like, row = h[0, 0], h.strides[0]
    into, terms = np.intp(h.ctypes.data), np.intp(zeta.ctypes.data)
    lanes = CACHE_LINE // h.strides[1]
    fours = count - count % 4
    for s in range(0, fours, 4):
        for line in range(from_line * CACHE_LINE, to_line * CACHE_LINE, CACHE_LINE):
            a = b = c = d = spread(like - like)
            term = terms + line
            for i in range(zeta.shape[0]):
                v = load(term, like)
                a += spread(rows[s, i]) * v
                b += spread(rows[s + 1, i]) * v
                c += spread(rows[s + 2, i]) * v
                d += spread(rows[s + 3, i]) * v
                term += row
            store(into + line, a)
            store(into + row + line, b)
            store(into + 2 * row + line, c)
            store(into + 3 * row + line, d)
        into += 4 * row
    for s in range(fours, count):
        for line in range(from_line * CACHE_LINE, to_line * CACHE_LINE, CACHE_LINE):
            a = spread(like - like)
            for i in range(zeta.shape[0]):
                a += spread(rows[s, i]) * load(terms + i * row + line, like)
            store(into + line, a)
        into += row
    for s in range(count):
        for k in range(from_line * lanes, to_line * lanes):
            h[s, k] = inner * h[s, k] if k < n_memories else blank


@compiled(EXACT)
def owner(s, n_threads, count):
    """Which thread has a state: two have the states 0 and 3, and 1 and 2, modulo 4; four have one of these each.

    The last states, which are not four, belong to the first sum of `loops.blame`, and so to thread 0.
    """
    which = s % 4 if s < count - count % 4 else 0
    return min(which, 3 - which) if n_threads == 2 else which


@compiled(EXACT)
def find_runs(rank, n_threads, count, runs):
    """Fill in the states of a thread, as rows (first, last + 1) of `runs`; returns how many rows."""
    n_runs = 0
    for s in range(count):
        if owner(s, n_threads, count) != rank:
            continue
        if n_runs == 0 or runs[n_runs - 1, 1] != s:
            runs[n_runs, 0] = s
            n_runs += 1
        runs[n_runs - 1, 1] = s + 1
    return n_runs


@compiled(EXACT)
def borders(n, rank, n_threads, count):
    """The first and last + 1 of n memories or neurons that a thread takes, fewer where it has more states than others.

    What is done by state takes three times as long as the rest.
    """
    before, own, total = 0, 0, 0
    for r in range(n_threads):
        states = count // 4 * (4 // n_threads) + (count % 4 if r == 0 else 0)
        spare = max(0, 4 * count - 3 * n_threads * states)
        before += spare if r < rank else 0
        own += spare if r == rank else 0
        total += spare
    return n * before // total, n * (before + own) // total


@compiled(PRODUCTS)
def blame_some(i, rank, n_threads, count, x, f, w, own, passed, gradient, out):
    """`loops.blame` for the states of one thread, whose sum goes into row i of `out`."""
    wide_vectors()
    for s in range(count):
        own[s] = (w[s] + w[s]) * x[i, s]
    like, row = w[0], gradient.strides[0]
    before, into = np.intp(gradient.ctypes.data) + i * row, np.intp(out.ctypes.data) + i * row
    of_f, into_passed = np.intp(f.ctypes.data), np.intp(passed.ctypes.data)
    fours = count - count % 4
    for line in range(0, row, CACHE_LINE):
        a = load(before + line, like) if rank == 0 else spread(like - like)
        at, to = of_f + rank * row + line, into_passed + rank * row + line
        for s in range(rank, fours, 4):
            p = load(at, like)
            a += spread(own[s]) * p
            store(to, load(to, like) + spread(w[s]) * p)
            at += 4 * row
            to += 4 * row
        if rank == 0:
            for s in range(fours, count):
                p = load(at, like)
                a += spread(own[s]) * p
                store(to, load(to, like) + spread(w[s]) * p)
                at += row
                to += row
        if n_threads == 2:
            b = spread(like - like)
            at, to = of_f + (3 - rank) * row + line, into_passed + (3 - rank) * row + line
            for s in range(3 - rank, fours, 4):
                p = load(at, like)
                b += spread(own[s]) * p
                store(to, load(to, like) + spread(w[s]) * p)
                at += 4 * row
                to += 4 * row
            a += b
        store(into + line, a)


@compiled(EXACT)
def join(i, n_threads, gradient, outs):
    """Add up row i of what the threads found, in the order that the compiler gives to the sums of `loops.blame`."""
    b, c, d = outs
    if n_threads == 2:
        for k in range(gradient.shape[1]):
            gradient[i, k] += b[i, k]
    else:
        for k in range(gradient.shape[1]):
            gradient[i, k] = (gradient[i, k] + d[i, k]) + (b[i, k] + c[i, k])


@compiled()
def by_state(
    rank, n_threads, bench, shared, runs, zeta, gradient, out, totals, evaluator, count, inner, outer, slope, scale, m
):
    """The sums over neurons for the states of one thread.

    Their sums of F go into `totals` (N + 1, S), their share of the gradient into `out`, and sum_i w_i [f(h) - f(u_i)]
    into their rows of `shared.passed`. What stands for other states in `bench` and `totals` has no meaning.
    """
    wide_vectors()
    x, f, passed, whole, C, w, w_sum = bench.x, bench.f, shared.passed, bench.whole, bench.C, bench.w, bench.w_sum
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
                passed[t, k] = f[t, k] * w_sum[t] - passed[t, k]


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


@compiled(PRODUCTS)
def push(velocity, gradient, momentum, unit):
    """The first half of `loops.step` for some neurons: V in `gradient`, max_j |V_j| over these neurons in `unit`."""
    wide_vectors()
    unit[:] = 0
    for i in range(velocity.shape[0]):
        for k in range(velocity.shape[1]):
            v = momentum * velocity[i, k] - gradient[i, k]
            gradient[i, k] = v
            unit[k] = abs(v) if abs(v) > unit[k] else unit[k]


@compiled(PRODUCTS)
def move(zeta, gradient, moved, low, high, units, unit, check, n_memories, rate, floor):
    """The second half, from the `units` (threads, K) of all; returns whether all of these neurons is finite."""
    wide_vectors()
    width = len(unit)
    unit[:] = 0
    check[:] = 0
    for other in range(len(units)):
        for k in range(width):
            unit[k] = units[other, k] if units[other, k] > unit[k] else unit[k]
    for k in range(width):
        largest = floor if unit[k] < floor else unit[k]
        unit[k] = 1 / largest if largest > 0 and k < n_memories else 0
    for i in range(zeta.shape[0]):
        for k in range(width):
            new = zeta[i, k] + rate * (gradient[i, k] * unit[k])
            check[k] += new - new
            new = low[i] if new < low[i] else new
            moved[i, k] = high[i] if new > high[i] else new
    finite = True
    for k in range(width):
        finite = finite and check[k] == 0
    return finite


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
