"""What the log domain costs: `python benchmarks/log_gap.py`.

Times `numerics.signed_log_gap` against its baseline, `network.energy_gap(form="plain")`, on the same inputs in the same
dtype, in turns within one run. Printed are the baseline's least nanoseconds a term (one state, neuron and memory), and
the ratio ours / baseline of the least times; then the median of the ratios turn by turn.
"""

import argparse
import statistics
import time

import torch

from damcompanion.floating_point.atlas import instance
from damcore.interactions import Polynomial
from damcore.network import energy_gap
from damcore.numerics import signed_log_gap
from damcore.scaling import Scaling

SIZES = [(100, 100, 200), (100, 100, 20), (1000, 20, 50), (10_000, 10, 10)]  # N, K, B
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[3, 20, 100], help="interaction vertices")
    parser.add_argument("--repetitions", type=int, default=15)
    given = parser.parse_args()
    print(f"{torch.get_num_threads()} threads; ns a term of the baseline, ratio of least times (median turn)")
    for n_neurons, n_memories, n_states in SIZES:
        for dtype in DTYPES:
            memories, states = instance(n_neurons, n_memories, n_states, dtype, 0)
            columns = []
            for n in given.n:
                arguments = (memories, states, Polynomial(n), Scaling.modified(1.0, n_neurons))
                works = [lambda a=arguments: energy_gap(*a, form="plain"), lambda a=arguments: signed_log_gap(*a)]
                for work in works:
                    work()
                turns = [[seconds(work) for work in works] for _ in range(given.repetitions)]
                plain, log = (min(column) for column in zip(*turns, strict=True))
                usual = statistics.median(b / a for a, b in turns)
                term = 1e9 * plain / (n_neurons * n_memories * n_states)
                columns.append(f"n = {n}: {term:5.1f} ns {log / plain:4.1f} ({usual:.1f})")
            name = str(dtype).removeprefix("torch.")
            print(
                f"N = {n_neurons:6d}, K = {n_memories:3d}, B = {n_states:3d} {name:9}", " | ".join(columns), flush=True
            )


if __name__ == "__main__":
    main()
