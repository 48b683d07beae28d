"""How much faster several threads train one network together: `python benchmarks/teams.py`.

In turns within one run: the epochs by one thread; by a team of two, and of four where there are so many cores; and, as
a measure of what the machine gives at the moment, two such networks side by side, one to a thread, against one after
the other. Printed are the least milliseconds an epoch of one thread, and ratios of least times. A ratio of 1.9 side by
side says that two cores were free; near 1, that they were not, and then the others say nothing.
"""

import argparse
import os
import time

import numpy as np

from damcore import _kernels
from damcore._kernels.work import EXPONENTIAL, POLYNOMIAL, RECTIFIED

SIZES = [(100, 100, 20, 200), (200, 200, 40, 25), (500, 250, 50, 10), (500, 784, 100, 3)]  # K, N, states, epochs
KINDS = {"rectified, n = 20": (RECTIFIED, 20), "polynomial, n = 3": (POLYNOMIAL, 3), "exponential": (EXPONENTIAL, 0)}


def seconds(kind, n, n_memories, n_neurons, n_states, epochs, dtype, networks=1, threads=1, team=1) -> float:
    draw = np.random.default_rng(0)
    memories = draw.uniform(-1, 1, (networks, n_memories, n_neurons)).astype(dtype)
    patterns = draw.choice([-1.0, 1.0], (1, n_states, n_neurons)).astype(dtype)
    inner, outer, rate = (np.full((networks, epochs), value, dtype) for value in (1 / n_neurons, 1.0, 0.1))
    order = np.tile(np.arange(n_states), (epochs, 1))
    started = time.perf_counter()
    _kernels.train_epochs(
        memories, np.zeros_like(memories), patterns, order, kind, n, 0.0, inner, outer, rate, 0.0, 1, 1e-30,
        np.ones(n_neurons, np.bool_), n_states, np.empty((networks, epochs), dtype), np.full(networks, -1),
        threads=threads, team=team,
    )  # fmt: skip
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7)
    given = parser.parse_args()
    teams = [size for size in (2, 4) if size <= (os.cpu_count() or 1)]
    ways = {"one": {}, "one after the other": dict(networks=2), "side by side": dict(networks=2, threads=2)}
    ways |= {f"team of {size}": dict(team=size) for size in teams}
    for *size, epochs in SIZES:
        for dtype in (np.float64, np.float32):
            for name, function in KINDS.items():
                for way in ways.values():
                    seconds(*function, *size, epochs, dtype, **way)
                turns = [
                    [seconds(*function, *size, epochs, dtype, **way) for way in ways.values()]
                    for _ in range(given.repetitions)
                ]
                least = dict(zip(ways, map(min, zip(*turns, strict=True)), strict=True))
                found = [f"side by side {least['one after the other'] / least['side by side']:.2f}"]
                found += [f"{way} {least['one'] / least[way]:.2f}" for way in ways if way.startswith("team")]
                head = "K = {}, N = {}, {} states".format(*size) + f", {dtype.__name__}, {name}"
                print(f"{head:62} {1e3 * least['one'] / epochs:8.3f} ms   {', '.join(found)}", flush=True)


if __name__ == "__main__":
    main()
