"""How long each loop takes on a CUDA device and on the CPU: `python benchmarks/gpu.py`.

Both run in turns within one run; printed are the least milliseconds of each, and how many times faster the device is.
On the CPU the compiled loops run where they can, on the device plain torch.
"""

import argparse
import time

import torch

from damcore.datasets import random_patterns
from damcore.interactions import LeakyRectifiedPolynomial
from damcore.learning import gradient, train
from damcore.network import energy, energy_gap
from damcore.numerics import log_gradient, signed_log_gap
from damcore.recall import recall
from damcore.scaling import Scaling

SIZES = [(64, 100, 100, 20), (1, 500, 784, 100), (16, 500, 784, 100)]  # networks, K, N, states
DTYPES = [torch.float32, torch.float64]
EPOCHS, N_VERTEX = 5, 20


def works(networks: int, n_memories: int, n_neurons: int, n_states: int, dtype: torch.dtype, device: str):
    """What is timed, by name."""
    generator = torch.Generator().manual_seed(0)
    memories = torch.rand(networks, n_memories, n_neurons, generator=generator, dtype=dtype).to(device)
    states = random_patterns(n_states, n_neurons, generator=generator).to(device, dtype)
    network = (memories, states, LeakyRectifiedPolynomial(N_VERTEX), Scaling.modified(1.0, n_neurons))
    settings = dict(epochs=EPOCHS, learning_rate=0.1, on_nonfinite="mark")
    marked = dict(on_nonfinite="mark", max_sweeps=3)
    return {
        "energy": lambda: energy(*network),
        "gap": lambda: energy_gap(*network, form="plain"),
        "gap in logs": lambda: signed_log_gap(*network),
        "gradient": lambda: gradient(*network),
        "gradient in logs": lambda: log_gradient(*network),
        f"train, {EPOCHS} epochs": lambda: train(*network, **settings),
        f"train in logs, {EPOCHS} epochs": lambda: train(*network, form="log", **settings),
        "recall, one by one": lambda: recall(*network, form="plain", **marked),
        "recall, all at once": lambda: recall(*network, form="plain", order="synchronous", **marked),
    }


def milliseconds(work) -> float:
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA device here: nothing is timed.")
        return
    print(f"{torch.cuda.get_device_name()} against {torch.get_num_threads()} threads of the CPU")
    for size in SIZES:
        for dtype in DTYPES:
            print("{} networks, K = {}, N = {}, {} states, {}".format(*size, str(dtype).removeprefix("torch.")))
            here, there = (works(*size, dtype, device) for device in ("cpu", "cuda"))
            for name in here:
                for work in (here[name], there[name]):
                    work()  # compiles, and warms up
                turns = [(milliseconds(here[name]), milliseconds(there[name])) for _ in range(given.repetitions)]
                cpu, gpu = (min(column) for column in zip(*turns, strict=True))
                print(f"    {name:24} CPU {cpu:10.2f} ms   GPU {gpu:10.2f} ms   {cpu / gpu:6.1f} times", flush=True)


if __name__ == "__main__":
    main()
