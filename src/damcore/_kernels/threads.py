"""How work is shared out to threads: one network to a thread, or one large network to a team of threads.

They are plain threads, because compiled code releases the interpreter; numba's own pool would compile for twice as long
and abort the process when two threads of a program train at the same time.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import perf_counter

import numpy as np

from damcore._kernels.work import workspace

# An element is one state, neuron and memory, and takes half a nanosecond. A team meets five times a minibatch or more
# often, which must be little beside the work; and what is timed must be long beside the start of a team.
OF_MINIBATCH, TIMED = 200_000, 20_000_000


def at_once(threads: int | None) -> int:
    """The number of threads to use: the caller's, or as many as numba would use."""
    from numba import config

    return threads or config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]


def share_out(run: Callable[[Iterator], None], pieces: Sequence, threads: int | None) -> None:
    """Let each thread take the next piece of work as soon as it is free, so that early divergence leaves none idle."""
    waiting, threads = iter(pieces), min(at_once(threads), len(pieces))
    if threads <= 1:
        return run(waiting)
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(run, waiting) for _ in range(threads)]:
            done.result()


def team_size(threads: int, n_networks: int, n_epochs: int, of_epoch: int, of_minibatch: int) -> tuple[int, int]:
    """How many threads may train each network, 1, 2 or 4, and in how many epochs they should prove to be faster.

    Args:
        threads: of all networks.
        n_networks: R.
        n_epochs: E.
        of_epoch: the elements of one network and epoch.
        of_minibatch: those of one minibatch.
    """
    few = max(n_epochs // 20, -(-TIMED // of_epoch))
    if of_minibatch < OF_MINIBATCH or 3 * few > n_epochs:
        return 1, 0
    return next((size for size in (4, 2) if size * n_networks <= threads), 1), few


def by_the_faster(train: Callable[[int, int, int], int], n_epochs: int, size: int, few: int) -> int:
    """Train a few epochs by one thread, as many by a team, and the rest by which took less time: not a team, where
    other work holds the cores. The bits are the same either way.

    Args:
        train: trains the epochs from its first argument to its second by so many threads, and returns the epoch in
            which the network diverged, or -1.
        n_epochs: E.
        size: of the team.
        few: epochs that are timed.

    Returns:
        The epoch in which the network diverged, or -1.
    """
    seconds = []
    for attempt, threads in enumerate((1, size)):
        started = perf_counter()
        diverged = train(attempt * few, (attempt + 1) * few, threads)
        seconds.append(perf_counter() - started)
        if diverged >= 0:
            return diverged
    return train(2 * few, n_epochs, size if seconds[1] < seconds[0] else 1)


def train_together(
    size: int, evaluator: int | None, memories: np.ndarray, velocity: np.ndarray, patterns: np.ndarray,
    order: np.ndarray, *settings,
) -> int | None:  # fmt: skip
    """Do what `loops.train` does with a team of threads; returns None, with nothing done, where no team came up.

    Args:
        size: of the team, 2 or 4.
        evaluator: the address of what `evaluate.evaluator` compiled.
        memories: z (K, N); changed in place, with the velocity.
        velocity: V (K, N).
        patterns: (A, N).
        order: (E, A).
        settings: the further arguments of `loops.train`; the last two are the batch size and the losses (E,).
    """
    from damcore._kernels import together
    from damcore._kernels.meeting import meeting_point

    (n_memories, n_neurons), dtype = memories.shape, memories.dtype
    benches = [workspace(n_memories, n_neurons, min(settings[-2], order.shape[1]), dtype) for _ in range(size)]
    outs = tuple(benches[min(rank, size - 1)].gradient for rank in (1, 2, 3))
    totals = np.zeros((size, n_neurons + 1, len(benches[0].w)), dtype)
    parts, units = np.zeros(n_neurons), np.zeros((size, len(benches[0].unit)), dtype)
    sound, point = np.ones(size, np.bool_), meeting_point()
    everyone = Barrier(size)  # nobody waits in compiled code for a thread that never came up

    def run(rank: int) -> int:
        everyone.wait()
        return together.train(
            rank, size, point, benches[rank], benches[0], outs, totals, parts, units, sound, evaluator, memories,
            velocity, patterns, order, *settings,
        )  # fmt: skip

    with ThreadPoolExecutor(size) as pool:
        try:
            done = [pool.submit(run, rank) for rank in range(size)]
        except BaseException as error:
            everyone.abort()
            if isinstance(error, RuntimeError):  # the system has no more threads
                return None
            raise
        return done[0].result()
