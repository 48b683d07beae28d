"""The pieces of a training that threads share: those of `loops` for some states, neurons or memories.

No number is computed, and no sum ordered, otherwise than in `loops`. Where its compiler may reorder sums, these are
written in the order that it took, and may not be reordered.
"""

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, wide_vectors
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
