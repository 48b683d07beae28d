"""The sum of one neuron's terms after equal ones have cancelled, for gaps that a plain sum leaves in doubt.

This is frequent with bipolar memories: their overlaps are whole numbers, often equal, and at n = 1000 the next term may
be 1e-17 times those that cancel.
"""

from damcore._kernels.elementwise import LARGEST, PRODUCTS, bits, compiled, exp, from_bits, log
from damcore._kernels.logs.work import EXACT
from damcore._kernels.work import EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED


@compiled(PRODUCTS, inline=True)
def edge(x):
    """The power of two above x, at least 2^-1021."""
    return from_bits(((bits(x) >> 52) + 1) << 52)


@compiled(PRODUCTS, inline=True)
def one_over(top, n):
    """What arguments up to `top` are multiplied by before they are raised to n.

    Beyond `EXACT` a power of two could leave too little of the largest term.
    """
    return 1.0 / edge(top) if n <= EXACT else 1.0 / top


@compiled(PRODUCTS)
def power(x, n):
    """x^n by repeated squaring."""
    result = 1.0
    while n > 0:
        if n & 1:
            result *= x
        n >>= 1
        x *= x
    return result


@compiled(PRODUCTS)
def _collect(work, kind, n, n_memories, s, i, keys, counts):
    """The arguments of the terms of neuron i that are not zero, each with the sign of its term; returns how many.

    |F| of a power depends on |x| alone, so this is the argument.
    """
    h, zeta = work.h, work.zeta
    shift = work.x[i, s] + work.x[i, s]
    size = 0
    for k in range(n_memories):
        u = h[s, k]
        v = u - shift * zeta[i, k]
        if u == v:
            continue
        for turn in range(2):
            key = u if turn == 0 else v
            count = 1.0 if turn == 0 else -1.0
            if kind == POLYNOMIAL:
                count = -count if key < 0 and n % 2 == 1 else count
                key = abs(key)
            if (kind == RECTIFIED and key < 0) or (kind != EXPONENTIAL and key == 0):
                continue
            keys[size], counts[size] = key, count
            size += 1
    return size


@compiled(PRODUCTS)
def _sort(keys, counts, size):
    """Shell's sort, upwards."""
    step = size // 2
    while step > 0:
        for place in range(step, size):
            key, count = keys[place], counts[place]
            at = place
            while at >= step and keys[at - step] > key:
                keys[at], counts[at] = keys[at - step], counts[at - step]
                at -= step
            keys[at], counts[at] = key, count
        step //= 2


@compiled(PRODUCTS)
def _merge(keys, counts, size):
    """Add the counts of equal keys and drop those that are zero; returns how many are left."""
    kept = at = 0
    while at < size:
        key, count = keys[at], counts[at]
        at += 1
        while at < size and keys[at] == key:
            count += counts[at]
            at += 1
        if count != 0:
            keys[kept], counts[kept] = key, count
            kept += 1
    return kept


@compiled(PRODUCTS)
def merged_sum(work, kind, n, slope, inner, log_inner, n_memories, s, i):
    """(sign, log) of sum_mu [F(u) - F(u_i)] of one state and neuron; (0, -LARGEST) where all terms cancel."""
    keys, counts = work.merged[0], work.merged[1]
    size = _collect(work, kind, n, n_memories, s, i, keys, counts)
    _sort(keys, counts, size)
    size = _merge(keys, counts, size)
    if size == 0:
        return 0.0, -LARGEST
    top, bottom = keys[size - 1], -keys[0]
    raised = one_over(top, n) if top > 0 else 0.0
    up, linear, peak = 1.0, 0.0, inner * top
    if kind != EXPONENTIAL:
        peak = n * (log_inner - log(raised)) if top > 0 else -LARGEST
    if kind == LEAKY and bottom > 0:
        reach, below = peak, log_inner + log(abs(slope)) + log(bottom)
        peak = max(reach, below)
        up = exp(reach - peak)
        linear = (1.0 if slope > 0 else -1.0) * exp(below - peak) / bottom
    total = lost = 0.0
    for at in range(size):
        key = keys[at]
        if kind == EXPONENTIAL:
            term = exp(inner * (key - top))
        elif key > 0:
            term = power(key * raised, n) * up
        else:
            term = key * linear
        term *= counts[at]
        # Neumaier: what the larger of the two loses is kept apart.
        after = total + term
        lost += (total - after) + term if abs(total) > abs(term) else (term - after) + total
        total = after
    total += lost
    if total == 0:
        return 0.0, -LARGEST
    return (1.0 if total > 0 else -1.0), log(abs(total)) + peak
