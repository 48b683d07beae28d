"""Who asks must not change a bit: `python benchmarks/bits.py`.

Every public loop computes the same networks in a batch and one by one, and in processes of one, two and three threads.
Printed are, for each loop and each F, how many of the networks differ in any bit: alone against in a batch, and one
thread against two and three. Wanted is 0 everywhere but where a library's matrix product is run by several threads,
which is marked with a star: a user's own F, and trainings of chosen neurons.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch

from damcore import network, numerics
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
)
from damcore.learning import gradient, train
from damcore.recall import recall
from damcore.scaling import Scaling


@dataclass(frozen=True)
class Own(Interaction):
    """An F of a user's own."""

    n: int = 3

    def __call__(self, x):
        return x**self.n + 0.1 * x


KINDS = [
    *(kind(n) for n in (2, 3, 20) for kind in (Polynomial, RectifiedPolynomial, LeakyRectifiedPolynomial)),
    Exponential(),
    Own(),
]
LOGS = dict(form="log")
SIZES = [(7, 5, 9), (33, 20, 40), (100, 20, 100), (300, 70, 50)]  # K, B, N
N_NETWORKS = 10  # of each size


def _trained(state) -> tuple:
    return state.memories, state.velocity, state.losses


LOOPS: dict[str, Callable] = {
    "energy": lambda *p: (network.energy(*p),),
    "energy, log": lambda *p: numerics.signed_log_energy(*p),
    "energy_gap": lambda *p: (network.energy_gap(*p, form="plain"),),
    "energy_gap, log": lambda *p: numerics.signed_log_gap(*p),
    "gap_error": lambda *p: (numerics.gap_error(*p),),
    "gradient": lambda *p: gradient(*p),
    "gradient, chosen neurons *": lambda *p: gradient(*p, neurons=slice(-3, None)),
    "gradient, log": lambda *p: numerics.log_gradient(*p),
    "train": lambda *p: _trained(train(*p, epochs=20, learning_rate=0.1, form="plain", batch_size=12)),
    "train, chosen neurons *": lambda *p: _trained(
        train(*p, epochs=20, learning_rate=0.1, form="plain", neurons=slice(-3, None), momentum=0.6)
    ),
    "train, log": lambda *p: _trained(train(*p, epochs=5, learning_rate=0.1, form="log", momentum=0.6)),
    "recall": lambda *p: (recall(*p, form="plain").states,),
    "recall, synchronous": lambda *p: (recall(*p, form="plain", order="synchronous", max_sweeps=10).states,),
    "recall, log": lambda *p: (recall(*p, form="log").states,),
}


def problems(kind: Interaction, dtype: torch.dtype):
    """Batches of networks, one of each size."""
    generator = torch.Generator().manual_seed(5)
    for n_memories, n_states, n_neurons in SIZES:
        memories = 2 * torch.rand(N_NETWORKS, n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
        memories[::3] = memories[::3].sign()
        states = torch.randint(0, 2, (N_NETWORKS, n_states, n_neurons), generator=generator).double() * 2 - 1
        temperature = torch.linspace(0.7, 2.0, N_NETWORKS, dtype=torch.float64)
        yield memories.to(dtype), states.to(dtype), kind, Scaling.modified(temperature, n_neurons)


def digest(values: tuple, r: int | None = None) -> str:
    together = hashlib.sha256()
    for value in values:
        value = value if r is None else value[r]
        together.update(value.contiguous().numpy().tobytes())
    return together.hexdigest()[:16]


def worker(names: list[str]) -> None:
    """Print, per loop and F, the digest of every network in a batch and the number that differ alone."""
    found = {}
    for name in names:
        for kind in KINDS:
            for dtype in (torch.float32, torch.float64):
                digests, differ = [], 0
                for memories, states, _, scaling in problems(kind, dtype):
                    batch = LOOPS[name](memories, states, kind, scaling)
                    for r, temperature in enumerate(scaling.temperature.tolist()):
                        alone = LOOPS[name](memories[r], states[r], kind, scaling.at(temperature))
                        digests.append(digest(batch, r))
                        differ += digest(alone) != digests[-1]
                found[f"{name}|{kind}|{str(dtype)[6:]}"] = digests, differ
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", nargs="+", default=list(LOOPS), choices=list(LOOPS), metavar="LOOP")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        return worker(given.loops)
    print(f"{len(SIZES) * N_NETWORKS} networks per F and dtype; those that differ, over all F of damcore | an own F")
    print(f"{'':28} alone/batch  1/2 threads  1/3 threads")
    for name in given.loops:
        runs = []
        for threads in (1, 2, 3):
            environment = os.environ | dict.fromkeys(
                ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads)
            )
            command = [sys.executable, __file__, "--worker", "--loops", name]
            run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            runs.append(json.loads(run.stdout))
        columns = [[0, 0], [0, 0], [0, 0]]
        for key, (digests, _) in runs[0].items():
            own = int("Own" in key)
            columns[0][own] += sum(run[key][1] for run in runs)
            for column, other in zip(columns[1:], runs[1:], strict=True):
                column[own] += sum(a != b for a, b in zip(digests, other[key][0], strict=True))
        print(f"{name:28} " + "  ".join(f"{ours:5d} |{own:4d}" for ours, own in columns), flush=True)


if __name__ == "__main__":
    main()
