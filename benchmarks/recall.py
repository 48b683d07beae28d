"""How many times faster than a plain loop states are recalled: `python benchmarks/recall.py`.

Both are measured in this one run, in turns, because a machine's speed drifts; what counts is the ratio. The plain loop
(`per_state.py`) recalls a few of the states, one after the other, in torch and in the same dtype; the package recalls
all of them in one network. Times are divided by the sweeps that the states took. Printed are the least microseconds a
state and sweep; then the ratio of these least times to the plain loop in float64, and the ratios turn by turn as median
(least-most). The last lines compare the compiled `energy_gap` with its torch form in the same way, and float32 with
float64.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))

import per_state

from damcore import _kernels
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import overlaps
from damcore.scaling import Scaling

F = {
    "rectified": RectifiedPolynomial,
    "polynomial": Polynomial,
    "leaky": LeakyRectifiedPolynomial,
    "exponential": lambda n: Exponential(),
}


def timed(work) -> tuple[float, object]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def plain_gap(memories, states, interaction, scaling):
    """The gaps in torch, as `energy_gap` computes them for an F that is not compiled."""
    gaps = torch.empty_like(states)
    for block, whole, flipped in overlaps(memories, states, scaling, slice(None)):
        gaps[block] = states[block] * (interaction(whole)[..., None] - interaction(flipped)).sum(-2)
    return gaps


def measure(interaction, given) -> dict[str, list[float]]:
    """Microseconds a state and sweep of each competitor in each repetition."""
    generator = torch.Generator().manual_seed(0)
    scaling = Scaling.modified(1.0, given.neurons)
    drawn = torch.rand(given.memories, given.neurons, generator=generator, dtype=torch.float64) * 2 - 1
    probes = torch.randint(0, 2, (given.states, given.neurons), generator=generator).double() * 2 - 1
    order = np.arange(given.neurons)[None]

    def baseline(dtype) -> float:
        some = probes[: given.baseline].to(dtype)
        seconds, (_, sweeps) = timed(lambda: per_state.recall(drawn.to(dtype), some, interaction, 1 / given.neurons))
        return 1e6 * seconds / (sweeps + 1).sum().item()

    def recalled(dtype) -> float:
        memories, states = drawn.to(dtype)[None].numpy(), probes.to(dtype)[None].clone().numpy()
        sweeps, settled = np.zeros((1, given.states), np.int64), np.zeros((1, given.states), np.bool_)
        inner = scaling.factors(drawn.to(dtype))[0].reshape(1).numpy()
        seconds, _ = timed(
            lambda: _kernels.settle(
                memories, states, order, *interaction.compiled, inner, 1, 100, sweeps, settled, ~settled,
                threads=given.threads,
            )
        )  # fmt: skip
        return 1e6 * seconds / (sweeps + 1).sum()

    def gap(dtype) -> float:
        ones = np.ones(1, probes.to(dtype).numpy().dtype)
        memories, states = drawn.to(dtype)[None].numpy(), probes.to(dtype)[None].numpy()
        seconds, _ = timed(
            lambda: _kernels.gaps(
                memories, states, order[0], *interaction.compiled, ones / given.neurons, ones, threads=given.threads
            )
        )
        return 1e6 * seconds / given.states

    def torch_gap(dtype) -> float:
        some = probes[: 4 * given.baseline].to(dtype)
        return 1e6 * timed(lambda: plain_gap(drawn.to(dtype), some, interaction, scaling))[0] / len(some)

    turns = {"loop": baseline, "recall": recalled, "gap, torch": torch_gap, "gap": gap}
    runs = {(name, dtype): work for name, work in turns.items() for dtype in (torch.float64, torch.float32)}
    for (_, dtype), work in runs.items():
        work(dtype)  # compiles, and warms up
    times = {f"{name}, {str(dtype).removeprefix('torch.')}": [] for name, dtype in runs}
    for _ in range(given.repetitions):
        for column, ((_, dtype), work) in zip(times.values(), runs.items(), strict=True):
            column.append(work(dtype))
    return times


def ratio(baseline: list[float], ours: list[float]) -> str:
    turns = [slow / fast for slow, fast in zip(baseline, ours, strict=True)]
    return f"{min(baseline) / min(ours):6.1f} [{statistics.median(turns):.1f} ({min(turns):.1f}-{max(turns):.1f})]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, nargs="+", default=[3], help="interaction vertices")
    parser.add_argument("--interactions", nargs="+", default=["rectified"], choices=F)
    parser.add_argument("--neurons", type=int, default=100)
    parser.add_argument("--memories", type=int, default=2000)
    parser.add_argument("--states", type=int, default=1000, help="states that the package recalls")
    parser.add_argument("--baseline", type=int, default=4, help="states that the plain loop recalls")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of the package and of torch")
    parser.add_argument("--repetitions", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    print(f"N = {given.neurons}, K = {given.memories}, {given.states} states, {given.threads} threads")
    for name in given.interactions:
        for n in given.n:
            times = measure(F[name](n), given)
            print(f"{name}, n = {n}: microseconds a state and sweep")
            for key, column in times.items():
                against = times["gap, torch, float64" if key.startswith("gap") else "loop, float64"]
                print(f"    {key:22} {min(column):10.2f}   {ratio(against, column)}", flush=True)
            for task in ("recall", "gap"):
                narrow = ratio(times[f"{task}, float64"], times[f"{task}, float32"])
                print(f"    {task}: float32 over float64 {narrow}")


if __name__ == "__main__":
    main()
