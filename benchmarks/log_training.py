"""What training in the log domain costs: `python benchmarks/log_training.py`.

Trains the same networks with `form="log"` and with the baseline, `form="plain"`, both in compiled loops, in turns
within one run. Printed are the baseline's least milliseconds per epoch and network, the ratio ours / baseline of the
least times, and the median of the ratios turn by turn. `tests/damcore/test_numerics.py` holds that both train the same
network.
"""

import argparse
import statistics
import time

import torch

from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import train
from damcore.scaling import Scaling

N, A, K = 100, 20, 100
SETTINGS = dict(learning_rate=0.1, decay=0.999, floor=None, on_nonfinite="mark")


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[3, 20, 100], help="interaction vertices")
    parser.add_argument("--networks", type=int, default=16, help="networks in the batch")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--repetitions", type=int, default=7)
    given = parser.parse_args()
    generator = torch.Generator().manual_seed(0)
    start = torch.rand(given.networks, K, N, generator=generator, dtype=torch.float64)
    patterns = torch.randint(0, 2, (A, N), generator=generator).double() * 2 - 1
    print(f"N = {N}, {A} states, K = {K}, {given.networks} networks, {torch.get_num_threads()} threads")
    every = [kind(n) for n in given.n for kind in (Polynomial, RectifiedPolynomial, LeakyRectifiedPolynomial)]
    for kind in (*every, Exponential()):
        for dtype in (torch.float64, torch.float32):
            problem = start.to(dtype), patterns.to(dtype), kind, Scaling.modified(1.0, N)
            works = [
                lambda form=form, problem=problem: train(*problem, epochs=given.epochs, form=form, **SETTINGS)
                for form in ("plain", "log")
            ]
            for work in works:
                work()  # compiles, and warms up
            turns = [[seconds(work) for work in works] for _ in range(given.repetitions)]
            plain, log = (min(column) for column in zip(*turns, strict=True))
            usual = statistics.median(b / a for a, b in turns)
            each = 1e3 * plain / given.epochs / given.networks
            print(f"{kind!s:36} {str(dtype)[6:]:8} {each:.4f} ms   {log / plain:.2f} ({usual:.2f})", flush=True)


if __name__ == "__main__":
    main()
