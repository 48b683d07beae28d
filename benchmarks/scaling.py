"""How cost and memory grow with the size of the network: `python benchmarks/scaling.py`.

Each size trains in a process of its own, so that its peak of memory is its own. If cost is linear in epochs, networks,
N and K, the nanoseconds an element (one state, neuron and memory of one epoch of one network) are the same everywhere.
"""

import argparse
import json
import subprocess
import sys

STATES = 20
MEASURE = """
import json, resource, sys, time
import torch
from damcore.datasets import random_patterns
from damcore.interactions import LeakyRectifiedPolynomial
from damcore.learning import train
from damcore.scaling import Scaling

n_neurons, n_memories, networks, epochs, states = map(int, sys.argv[1:])
generator = torch.Generator().manual_seed(0)
patterns = random_patterns(states, n_neurons, generator=generator)
memories = torch.rand(networks, n_memories, n_neurons, generator=generator, dtype=torch.float64)
settings = dict(learning_rate=0.1, on_nonfinite="mark")
arguments = (LeakyRectifiedPolynomial(20), Scaling.modified(1.0, n_neurons))
train(memories[:2], patterns, *arguments, epochs=1, **settings)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
times = []
for _ in range(3):
    started = time.perf_counter()
    train(memories, patterns, *arguments, epochs=epochs, **settings)
    times.append(time.perf_counter() - started)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": min(times), "peak": after / 1024, "more": (after - before) / 1024}))
"""


def measure(n_neurons: int, n_memories: int, networks: int, epochs: int) -> dict[str, float]:
    """Seconds, peak MiB of the process, and MiB that the training added to it."""
    sizes = [str(size) for size in (n_neurons, n_memories, networks, epochs, STATES)]
    done = subprocess.run([sys.executable, "-c", MEASURE, *sizes], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=float, default=2e8, help="elements of work for each size")
    given = parser.parse_args()
    print("   N    K  networks  epochs  ns/element  peak MiB  of it training")
    rows = [(n, k, 64, None) for n in (50, 100, 250, 500) for k in (20, 100, 500)]
    rows += [(100, 100, networks, 20) for networks in (8, 32, 128)] + [(100, 100, 64, epochs) for epochs in (5, 20, 80)]
    for n_neurons, n_memories, networks, epochs in rows:
        an_epoch = STATES * n_neurons * n_memories * networks
        epochs = epochs or max(1, round(given.elements / an_epoch))
        found = measure(n_neurons, n_memories, networks, epochs)
        cost = 1e9 * found["seconds"] / (an_epoch * epochs)
        print(
            f"{n_neurons:4d} {n_memories:4d} {networks:9d} {epochs:7d} {cost:11.2f} {found['peak']:9.0f} "
            f"{found['more']:15.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
