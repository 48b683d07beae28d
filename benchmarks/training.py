"""How many times faster than the published algorithm networks are trained: `python benchmarks/training.py`.

Both are measured in this one run, in turns, because a machine's speed drifts; what counts is the ratio. The published
algorithm (`tiled.py`) trains one network in float64; the package trains a batch of them and the time is divided by
their number. Printed are the least milliseconds an epoch and network; then for each column but the first the ratio of
these least times, and the ratios turn by turn as median (least-most). On a machine with other work trust the first:
the baseline waits for its slowest thread at each operation, and suffers more.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))

import tiled

from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import train
from damcore.scaling import Scaling

N, A, K = 100, 20, 100
SETTINGS = dict(learning_rate=0.1, decay=0.999)
BASELINE_EPOCHS = 5
# For the baseline torch's own power is faster than repeated squaring, which keeps a tensor for each product.
F = {
    "rectified": (RectifiedPolynomial, lambda n: lambda x: torch.relu(x) ** n),
    "polynomial": (Polynomial, lambda n: lambda x: x**n),
    "leaky": (LeakyRectifiedPolynomial, lambda n: lambda x: torch.where(x >= 0, torch.relu(x) ** n, 0.01 * x)),
}


def milliseconds(work, count: int) -> float:
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start) / count


def measure(name: str, n: int, n_networks: int, epochs: int, repetitions: int) -> dict[str, list[float]]:
    """Milliseconds an epoch and network of each competitor in each repetition."""
    interaction, plain = F[name]
    generator = torch.Generator().manual_seed(0)
    memories = torch.rand(n_networks, K, N, generator=generator, dtype=torch.float64)
    patterns = torch.randint(0, 2, (A, N), generator=generator).double() * 2 - 1

    def baseline():
        tiled.train(memories[0], patterns, plain(n), 1 / N, 1.0, epochs=BASELINE_EPOCHS, **SETTINGS)

    def ours(z, dtype):
        scaling = Scaling.modified(1.0, N)
        train(z.to(dtype), patterns.to(dtype), interaction(n), scaling, epochs=epochs, on_nonfinite="mark", **SETTINGS)

    runs = {
        "baseline": (baseline, BASELINE_EPOCHS),
        "float64": (lambda: ours(memories, torch.float64), epochs * n_networks),
        "float32": (lambda: ours(memories, torch.float32), epochs * n_networks),
        "one alone": (lambda: ours(memories[0], torch.float64), epochs),
    }
    for work, _ in runs.values():
        work()  # compiles, and warms up
    times = {key: [] for key in runs}
    for _ in range(repetitions):
        for key, (work, count) in runs.items():
            times[key].append(milliseconds(work, count))
    return times


def ratio(baseline: list[float], ours: list[float]) -> str:
    turns = [slow / fast for slow, fast in zip(baseline, ours, strict=True)]
    return f"{min(baseline) / min(ours):4.0f} [{statistics.median(turns):.0f} ({min(turns):.0f}-{max(turns):.0f})]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[2, 20, 30], help="interaction vertices")
    parser.add_argument("--networks", type=int, default=64, help="networks in the batch")
    parser.add_argument("--epochs", type=int, default=100, help="epochs of the batch in each repetition")
    parser.add_argument("--repetitions", type=int, default=7)
    given = parser.parse_args()
    print(f"N = {N}, {A} states, K = {K}, {given.networks} networks, {torch.get_num_threads()} threads")
    for n in given.n:
        for name in F:
            times = measure(name, n, given.networks, given.epochs, given.repetitions)
            print(f"{name}, n = {n}")
            for key, column in times.items():
                print(f"    {key:10} {min(column):8.4f} ms   {ratio(times['baseline'], column)}", flush=True)


if __name__ == "__main__":
    main()
