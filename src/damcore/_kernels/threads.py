"""How work is shared out to threads: one network to a thread, or one large network to a team of threads.

They are plain threads, because compiled code releases the interpreter; numba's own pool would compile for twice as long
and abort the process when two threads of a program train at the same time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np

from damcore._kernels.work import workspace

# A team pays where its threads meet every tenth of a millisecond or less often, and starting it, some tenths of a
# millisecond, is little beside the work. An element is one state, neuron and memory, and takes half a nanosecond.
OF_MINIBATCH, OF_ALL = 200_000, 20_000_000


def at_once(threads: int | None) -> int:
    """The number of threads to use: the caller's, or as many as numba would use."""
    from numba import config

    return threads or config.NUMBA_NUM_THREADS  # pyright: ignore[reportAttributeAccessIssue]


def share_out(run: Callable[[Iterator[int]], None], n_networks: int, threads: int) -> None:
    """Let each thread take the next network as soon as it is free, so that early divergence leaves no thread idle."""
    networks = iter(range(n_networks))
    if min(threads, n_networks) <= 1:
        return run(networks)
    with ThreadPoolExecutor(min(threads, n_networks)) as pool:
        for done in [pool.submit(run, networks) for _ in range(min(threads, n_networks))]:
            done.result()


def team_size(threads: int, n_networks: int, elements: int, minibatches: int) -> int:
    """How many threads train each network: 2 or 4 where there are so many for each, and work enough; else 1.

    Bits do not depend on it.

    Args:
        threads: of all networks.
        n_networks: R.
        elements: N K times the states of a minibatch.
        minibatches: of all epochs.
    """
    if elements < OF_MINIBATCH or elements * minibatches < OF_ALL:
        return 1
    return next((size for size in (4, 2) if size * n_networks <= threads), 1)


def train_together(
    size: int, evaluator: int, memories: np.ndarray, velocity: np.ndarray, patterns: np.ndarray, order: np.ndarray,
    *settings,
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
