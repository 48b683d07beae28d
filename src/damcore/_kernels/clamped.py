"""Training that predicts some neurons, or has targets: the loops of `classes` around torch's matrix products.

A network's result depends on its own numbers alone, bit for bit: one is trained after the other, each on arrays of the
same shape that start at a cache line. In the loops each sum has one order, whatever the number of threads. The products
are the library's, with torch's threads, and may depend on `torch.set_num_threads`: MKL gave the same bits with one
thread and with two at the sizes of a classifier, but not always where some size is small.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from damcore import _kernels
from damcore._kernels import Reals
from damcore._kernels.work import CACHE_LINE, together

LEAST, MOST = 64, 32  # states in a chunk, but for the last; chunks in a minibatch, each with a (K, M) sum of its own
# What is worth a thread of its own, about half a millisecond, since to wake one takes a fifth, and longer where the
# library's threads still spin: states * neurons * memories between the products, and entries of the memories in a step.
WORTH_LOOPS, WORTH_STEP = 1 << 20, 1 << 18


def train_epochs(
    memories: Reals,
    velocity: Reals,
    patterns: Reals,
    order: NDArray[np.int64],
    kind: int,
    n: int,
    slope: float,
    inner: Reals,
    outer: Reals,
    rate: Reals,
    momentum: float,
    error_exponent: int,
    floor: float,
    clip: NDArray[np.bool_],
    batch_size: int,
    losses: Reals,
    diverged: NDArray[np.int64],
    *,
    targets: Reals,
    predicted: NDArray[np.int64],
    threads: int | None = None,
) -> None:
    """Do what `_kernels.train_epochs` does where the loss sums over the predicted neurons i, and targets are given.

        L = sum_a sum_i (t_i - C_i)^(2m)

    Source: MRS24 Eq. (8), (14); KH16 Eq. (12), (13).

    Args:
        memories: z (R, K, N), as in `_kernels.train_epochs`, like all others that have no more words.
        velocity: V (R, K, N).
        patterns: (P, A, N), bipolar in the predicted neurons; P = R or 1.
        targets: t (Q, A, M), in [-1, 1]; Q = R or 1.
        predicted: (M,), the neurons that are predicted.
        order: (E, A).
        kind: of F.
        n: interaction vertex.
        slope: of the leaky F.
        inner: (R, E).
        outer: (R, E).
        rate: (R, E).
        momentum: in [0, 1).
        error_exponent: m, at least 1.
        floor: least value of the normalisation, or 0.0.
        clip: (N,).
        batch_size: patterns a step.
        losses: (R, E).
        diverged: (R,).
        threads: threads that share one network's loops, by default as many as torch uses.
    """
    evaluator, _ = _kernels._compiler()
    n_networks, n_memories, _ = memories.shape
    real = memories.dtype.type
    loop = evaluator(kind, n, memories.dtype)
    scale, blank = _kernels._constants(kind, n, error_exponent, real)
    batch_size = min(batch_size, order.shape[1])
    with _sharing(threads or torch.get_num_threads()) as share_out:
        one = _Network(n_memories, predicted, clip, batch_size, memories.dtype, share_out)

        def train(r: int) -> int:
            """Train network r; returns the epoch in which it diverged, or -1."""
            one.read(memories[r], velocity[r])
            own = patterns[r % len(patterns)], targets[r % len(targets)]
            for e, epoch in enumerate(order):
                loss = 0.0
                for start in range(0, len(epoch), batch_size):
                    function = inner[r, e], outer[r, e], real(slope), scale, error_exponent, blank
                    loss += one.minibatch(*own, epoch[start : start + batch_size], loop, function)
                    if not (one.step(rate[r, e], real(momentum), real(floor)) and np.isfinite(loss)):
                        losses[r, e:] = np.nan
                        return e
                    one.accept()
                losses[r, e] = loss
            return -1

        for r in range(n_networks):
            if diverged[r] >= 0:
                losses[r] = np.nan
                continue
            diverged[r] = train(r)
            one.write(memories[r], velocity[r])


class _Network:
    """The arrays on which one network after the other is trained, and the threads that share its loops."""

    def __init__(
        self,
        n_memories: int,
        predicted: NDArray[np.int64],
        clip: NDArray[np.bool_],
        batch_size: int,
        dtype: np.dtype,
        share_out: Callable,
    ):
        from damcore._kernels import classes

        self.loops, self.predicted, self.share_out = classes, predicted, share_out
        self.n_neurons = n_neurons = len(clip)
        lanes = CACHE_LINE // dtype.itemsize
        self.chunk = max(LEAST, -(-batch_size // MOST))
        n_chunks = -(-batch_size // self.chunk)
        rows = n_memories, -(-n_neurons // lanes) * lanes
        arrays = together(
            dict(zeta=rows, moved=rows, velocity=rows, gradient=rows, low=rows[1:], high=rows[1:])
            | dict(states=(batch_size, n_neurons), overlaps=(batch_size, n_memories)),
            dtype,
        )
        self.zeta, self.moved, self.velocity, self.gradient, self.low, self.high, self.states, self.overlaps = (
            arrays.values()
        )
        self.low[:n_neurons] = np.where(clip, -1, -np.inf)
        self.high[:n_neurons] = np.where(clip, 1, np.inf)
        self.work = cache(lambda _thread: classes.block_of(n_memories, len(predicted), self.chunk, dtype))
        self.sums = np.zeros((n_chunks, *self.work(0).gradient.shape), dtype)
        self.losses, self.counter = np.zeros(n_chunks), np.zeros(1, np.int64)

    def read(self, memories: Reals, velocity: Reals) -> None:
        self.zeta[:, : self.n_neurons], self.velocity[:, : self.n_neurons] = memories, velocity

    def write(self, memories: Reals, velocity: Reals) -> None:
        memories[:], velocity[:] = self.zeta[:, : self.n_neurons], self.velocity[:, : self.n_neurons]

    def accept(self) -> None:
        """Take the last step."""
        self.zeta, self.moved = self.moved, self.zeta
        self.velocity, self.gradient = self.gradient, self.velocity

    def minibatch(
        self, patterns: Reals, targets: Reals, batch: NDArray[np.int64], evaluator: Any, function: tuple
    ) -> float:
        """The loss of a minibatch; its gradient is then `gradient` and, for the predicted neurons, `sums` as well."""
        n_chunks = -(-len(batch) // self.chunk)
        states, overlaps, losses = self.states[: len(batch)], self.overlaps[: len(batch)], self.losses[:n_chunks]
        x, h = torch.from_numpy(states), torch.from_numpy(overlaps)
        torch.index_select(torch.from_numpy(patterns), 0, torch.from_numpy(batch), out=x)
        torch.mm(x, torch.from_numpy(self.zeta[:, : self.n_neurons]).T, out=h)
        self.sums[n_chunks:] = 0
        self.counter[0] = 0

        def between(thread: int, _threads: int) -> None:
            self.loops.chunks(
                self.work(thread), evaluator.address, self.zeta, overlaps, states, targets, batch, self.predicted,
                self.counter, self.chunk, *function, self.sums, losses,
            )  # fmt: skip

        self.share_out(between, min(n_chunks, overlaps.size * len(self.predicted) // WORTH_LOOPS))
        torch.mm(h.T, x, out=torch.from_numpy(self.gradient[:, : self.n_neurons]))
        return sum(losses.tolist())

    def step(self, rate: Any, momentum: Any, floor: Any) -> bool:
        """The new velocity is then in `gradient`, the new memories in `moved`; False where one is not finite."""
        n_memories = len(self.zeta)

        def rows(thread: int, threads: int) -> bool:
            first, last = (n_memories * t // threads for t in (thread, thread + 1))
            return self.loops.step(
                self.zeta, self.velocity, self.gradient, self.moved, self.sums, self.predicted, first, last,
                rate, momentum, floor, self.low, self.high,
            )  # fmt: skip

        return all(self.share_out(rows, min(n_memories, self.zeta.size // WORTH_STEP)))


@contextmanager
def _sharing(threads: int) -> Iterator[Callable]:
    """A function that calls `run(thread, threads)` at once for as many threads as there are pieces of work."""
    with ThreadPoolExecutor(max(1, threads - 1)) as pool:

        def share_out(run, pieces):
            used = max(1, min(pieces, threads))
            others = [pool.submit(run, thread, used) for thread in range(1, used)]
            return [run(0, used), *(other.result() for other in others)]

        yield share_out
