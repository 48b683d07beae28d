"""Epochs of one network in the log domain."""

import numpy as np

from damcore._kernels.elementwise import PRODUCTS, compiled, exp, flush_subnormals, log, restore, wide_vectors
from damcore._kernels.logs.blocks import split
from damcore._kernels.logs.gradient import BOTTOM, batch, normalise
from damcore._kernels.loops import read, write


@compiled(PRODUCTS)
def step(work, n_memories, rate, momentum, log_floor, clip, narrow):
    """V <- momentum V - gradient, then zeta <- clip(zeta + rate V / max(max_j |V_j|, floor)).

    Returns whether all of both is finite; where not, zeta and V stay as they are. `narrow` rounds zeta to float32.
    Source: KH16 Eq. (12), (13).
    """
    wide_vectors()
    zeta, moved, velocity, gradient = work.zeta, work.high, work.velocity, work.gradient
    size, pace, factor, line = work.size, work.pace, work.factor, work.line
    n_neurons, width = zeta.shape
    kept_back = log(momentum) if momentum > 0 else BOTTOM
    for k in range(width):
        kept = pace[k] + kept_back if momentum > 0 else BOTTOM
        larger = kept if kept > size[k] else size[k]
        factor[0, k] = exp(kept - larger) if kept > BOTTOM else 0.0
        factor[1, k] = exp(size[k] - larger)
        size[k] = larger
    for i in range(n_neurons):
        for k in range(width):
            gradient[i, k] = factor[0, k] * velocity[i, k] - factor[1, k] * gradient[i, k]
    normalise(gradient, size, line)
    for k in range(width):
        short = size[k] - log_floor
        factor[0, k] = exp(short if short < 0 else 0.0) if k < n_memories else 0.0
    line[:] = 0.0
    for i in range(n_neurons):
        for k in range(width):
            new = zeta[i, k] + rate * (gradient[i, k] * factor[0, k])
            new = -1.0 if clip[i] & (new < -1.0) else new
            new = 1.0 if clip[i] & (new > 1.0) else new
            new = np.float64(np.float32(new)) if narrow else new
            moved[i, k] = new
            line[k] += new - new
    finite = True
    for k in range(width):
        finite = finite and line[k] == 0
    if finite:
        for i in range(n_neurons):
            for k in range(width):
                zeta[i, k] = moved[i, k]
                velocity[i, k] = gradient[i, k]
        for k in range(width):
            pace[k] = size[k]
    return finite


@compiled(PRODUCTS)
def train(
    work, terms, slopes, kind, n, slope, memories, velocities, paces, patterns, targets, order, chosen, inner,
    log_inner, log_outer, m, blank, rate, momentum, log_floor, clip, narrow, batch_size, losses,
):  # fmt: skip
    """All epochs of one network; returns the one in which it diverged, or -1."""
    before = flush_subnormals()
    read(memories, work.zeta)
    read(velocities, work.velocity)
    n_memories = len(memories)
    work.pace[:] = BOTTOM
    for k in range(n_memories):
        work.pace[k] = paces[k] if paces[k] > BOTTOM else BOTTOM
    diverged = -1
    for e in range(len(order)):
        loss = 0.0
        for start in range(0, order.shape[1], batch_size):
            states = order[e, start : start + batch_size]
            split(work.zeta, work.grid, work.high, work.low, work.farthest)
            loss += batch(
                work, terms, slopes, kind, n, slope, patterns, targets, states, chosen, inner[e], log_inner[e],
                log_outer[e], m, n_memories, blank,
            )  # fmt: skip
            if not (np.isfinite(loss) and step(work, n_memories, rate[e], momentum, log_floor, clip, narrow)):
                diverged = e
                break
        if diverged >= 0:
            losses[e:] = np.nan
            break
        losses[e] = loss
    write(work.zeta, memories)
    write(work.velocity, velocities)
    for k in range(n_memories):
        paces[k] = work.pace[k] if work.pace[k] > BOTTOM else -np.inf
    restore(before)
    return diverged


@compiled(PRODUCTS)
def loss_and_gradient(
    work, terms, slopes, kind, n, slope, memories, patterns, targets, chosen, inner, log_inner, log_outer, m, blank,
    direction, size,
):  # fmt: skip
    """The loss of one network over all patterns; its gradient goes into `direction` and `size`."""
    before = flush_subnormals()
    read(memories, work.zeta)
    split(work.zeta, work.grid, work.high, work.low, work.farthest)
    n_memories = len(memories)
    loss = batch(
        work, terms, slopes, kind, n, slope, patterns, targets, np.arange(len(patterns)), chosen, inner, log_inner,
        log_outer, m, n_memories, blank,
    )  # fmt: skip
    normalise(work.gradient, work.size, work.line)
    write(work.gradient, direction)
    for k in range(n_memories):
        size[k] = work.size[k] if work.size[k] > BOTTOM else -np.inf
    restore(before)
    return loss
