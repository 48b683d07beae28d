"""The gradient of memories whose terms were all lost beside their unit: each term has a logarithm of its own here.

The unit of a memory's gradient is the largest f of a state times the largest weight of its neurons. Where these belong
to different neurons, and each meets what is e^-700 times as large, nothing is left of the sum.
"""

from damcore._kernels.elementwise import LARGEST, PRODUCTS, compiled, exp, log, wide_vectors
from damcore._kernels.logs.blocks import FAINT
from damcore._kernels.work import EXPONENTIAL, LEAKY, RECTIFIED

BOTTOM = -LARGEST  # stands for the logarithm of zero
DEAD = 0.99 * BOTTOM  # so is what is not above this


@compiled(PRODUCTS)
def too_faint(work, n_memories):
    """Whether there is a memory of which no entry of the gradient has kept its precision."""
    wide_vectors()
    gradient, line = work.gradient, work.line
    line[:] = 0.0
    for i in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            entry = abs(gradient[i, k])
            line[k] = entry if entry > line[k] else line[k]
    found = False
    for k in range(n_memories):
        found = found or (line[k] < FAINT and work.size[k] > BOTTOM)
    return found


@compiled(PRODUCTS, inline=True)
def log_slope(u, kind, n, slope, inner, log_inner):
    """log |f(inner u)|, and BOTTOM or less for 0."""
    if kind == EXPONENTIAL:
        return inner * u
    positive = log(float(n)) + (n - 1) * (log_inner + log(abs(u)))
    positive = BOTTOM if (u == 0) & (n > 1) else positive
    if kind == RECTIFIED:
        return BOTTOM if u < 0 else positive
    if kind == LEAKY:
        return log(abs(slope)) if u < 0 else positive
    return positive


@compiled(PRODUCTS, inline=True)
def sign_of_slope(u, kind, n, slope):
    """The sign of f(u), where it is not zero."""
    if kind == LEAKY:
        return -1.0 if (u < 0) & (slope < 0) else 1.0
    if (kind == EXPONENTIAL) | (kind == RECTIFIED):
        return 1.0
    return -1.0 if (u < 0) & (n % 2 == 0) else 1.0


@compiled(PRODUCTS)
def find_largest(work, kind, n, slope, inner, log_inner, chosen, count):
    """The largest logarithm of a term of each memory's gradient."""
    wide_vectors()
    x, zeta, h, weights, largest = work.x, work.zeta, work.h, work.sizes, work.faint_size
    for s in range(count):
        for j in range(-1, len(chosen)):
            i = chosen[j] if j >= 0 else 0
            shift = x[i, s] + x[i, s] if j >= 0 else 0.0
            weight = weights[j, s] if j >= 0 else work.heaviest[s]
            if weight == BOTTOM:
                continue
            for k in range(h.shape[1]):
                size = weight + log_slope(h[s, k] - shift * zeta[i, k], kind, n, slope, inner, log_inner)
                largest[k] = size if size > largest[k] else largest[k]


@compiled(PRODUCTS)
def add_terms(work, kind, n, slope, inner, log_inner, chosen, count):
    """Add every term, in units of e^faint_size."""
    wide_vectors()
    x, zeta, h, weights, largest = work.x, work.zeta, work.h, work.sizes, work.faint_size
    gradient, shared = work.faint, work.line
    width = h.shape[1]
    for s in range(count):
        if work.heaviest[s] == BOTTOM:
            continue
        for k in range(width):
            size = work.heaviest[s] + log_slope(h[s, k], kind, n, slope, inner, log_inner)
            sign = sign_of_slope(h[s, k], kind, n, slope)
            shared[k] = work.w_sum[s] * sign * exp(size - largest[k]) if size > DEAD else 0.0
        for j in range(len(chosen)):
            i = chosen[j]
            shift = x[i, s] + x[i, s]
            for k in range(width):
                u = h[s, k] - shift * zeta[i, k]
                size = weights[j, s] + log_slope(u, kind, n, slope, inner, log_inner)
                term = work.t[j, s] * sign_of_slope(u, kind, n, slope)
                term = term * exp(size - largest[k]) if size > DEAD else 0.0
                shared[k] -= term
                gradient[i, k] += shift * term
        for i in range(len(zeta)):
            for k in range(width):
                gradient[i, k] += x[i, s] * shared[k]


@compiled(PRODUCTS)
def take_faint(work, n_memories):
    """Take these sums for the memories that need them."""
    gradient, size, line = work.gradient, work.size, work.line
    line[:] = 0.0
    for i in range(gradient.shape[0]):
        for k in range(n_memories):
            line[k] = max(line[k], abs(gradient[i, k]))
    for k in range(n_memories):
        if line[k] < FAINT:
            size[k] = work.faint_size[k]
            for i in range(gradient.shape[0]):
                gradient[i, k] = work.faint[i, k]
