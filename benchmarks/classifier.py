"""What an epoch of the classifier costs: `python benchmarks/classifier.py`.

Two baselines, in turns with ours within one run. The first is the algorithm of KH16's public notebook in numpy
(`tiled_epoch`): each state is copied once for each class neuron with that neuron on, and as often with it off, all
copies are multiplied with the memories, and again for the gradient. It works in float64, as published, and is also
measured in our dtype. The second is the least that any algorithm of this kind needs: the two matrix products of each
minibatch, h = states memories^T and gradient = shared^T states, without anything else, in our dtype and on the same
threads. Wanted are 30 times the speed of the first at K = 100, and 1.5 times the time of the second at K = 2,000.

Images are made up: a class is a dark picture with bright pixels at random places, and a fifth of the pixels of each of
its images are grey at random. An epoch of fewer images (`--images`) costs proportionally less. The checks of `train`,
once a call, are part of ours. Printed are the least seconds an epoch; then for each column but ours
the ratio of the least times, and the ratios turn by turn as median (least-most).
"""

import argparse
import statistics
import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from damcore.interactions import RectifiedPolynomial
from damcore.learning import train
from damcore.scaling import Scaling

PIXELS, CLASSES, BATCH, N, M = 784, 10, 1000, 20, 30
SETTINGS: dict[str, Any] = dict(learning_rate=0.04, momentum=0.6)
WANTED = {100: "at least 30 times the tiled algorithm", 2000: "at most 1.5 times the products"}

Reals = NDArray[np.floating[Any]]


def digits(n_images: int, n_pixels: int, n_classes: int, dtype: torch.dtype, seed: int = 0) -> tuple[Tensor, Tensor]:
    """States (n_images, pixels + classes), the class neurons at -1, and targets (n_images, classes)."""
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, n_classes, (n_images,), generator=draw)
    pictures = 2.0 * (torch.rand(n_classes, n_pixels, generator=draw) < 0.2) - 1
    grey = 2 * torch.rand(n_images, n_pixels, generator=draw) - 1
    pixels = torch.where(torch.rand(n_images, n_pixels, generator=draw) < 0.2, grey, pictures[labels])
    states = torch.cat([pixels, pixels.new_full((n_images, n_classes), -1.0)], 1)
    return states.to(dtype), (2 * torch.nn.functional.one_hot(labels, n_classes) - 1).to(dtype)


def first_memories(n_memories: int, n_neurons: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Drawn as `Classifier.fit` does."""
    draw = torch.Generator().manual_seed(seed)
    return (0.3 * torch.randn(n_memories, n_neurons, generator=draw, dtype=torch.float64) - 0.3).clamp(-1, 1).to(dtype)


def tiled_epoch(
    memories: Reals,
    velocity: Reals,
    states: Reals,
    targets: Reals,
    n: int,
    m: int,
    inner: float,
    rate: float,
    momentum: float,
    batch_size: int,
    floor: float = 1e-30,
) -> tuple[Reals, Reals, float]:
    """One epoch of the public notebook's algorithm: the new memories, the velocity, and the loss.

        C = tanh(sum_mu [F(inner zeta . xi_on) - F(inner zeta . xi_off)]),   L = sum (t - C)^(2m)
        V <- momentum V - dL/dzeta,   zeta <- clip(zeta + rate V / max(max_j |V_j|, floor))

    Source: KH16 Eq. (9), (12), (13), (14).

    Args:
        memories: zeta (K, N).
        velocity: V (K, N).
        states: xi (A, N); the last neurons are the classes, at -1.
        targets: t (A, classes).
        n: vertex of the rectified polynomial F.
        m: error exponent.
        inner: factor on the overlaps.
        rate: learning rate.
        momentum: in [0, 1).
        batch_size: states a step.
        floor: least value of the normalisation.
    """
    n_classes = targets.shape[1]
    total = 0.0
    for start in range(0, len(states), batch_size):
        off = np.tile(states[start : start + batch_size].T, (1, n_classes))  # (N, classes B): a column is a copy
        t = targets[start : start + batch_size].T.reshape(1, -1)
        on = off.copy()
        for i, of_class in enumerate(np.split(on[-n_classes:], n_classes, axis=1)):
            of_class[i] = 1
        h_on, h_off = (np.maximum(inner * np.dot(memories, copies), 0) for copies in (on, off))
        C = np.tanh(np.sum(h_on**n - h_off**n, axis=0))
        w = 2 * m * n * inner * (t - C) ** (2 * m - 1) * (1 - C) * (1 + C)
        descent = np.dot(w * h_on ** (n - 1), on.T) - np.dot(w * h_off ** (n - 1), off.T)
        velocity = momentum * velocity + descent
        largest = np.maximum(np.abs(velocity).max(axis=1, keepdims=True), floor)
        memories = np.clip(memories + rate * velocity / largest, -1, 1)
        total += float(((t - C) ** (2 * m)).sum())
    return memories, velocity, total


def products(memories: Tensor, states: Tensor, batch_size: int) -> None:
    """The two matrix products of each minibatch; what stands for shared is the overlaps themselves."""
    gradient = torch.empty_like(memories)
    for batch in states.split(batch_size):
        overlaps = batch @ memories.T
        torch.mm(overlaps.T, batch, out=gradient)


def ours(memories: Tensor, states: Tensor, targets: Tensor, temperature: float, epochs: int) -> Tensor:
    n_classes = targets.shape[1]
    return train(
        memories, states, RectifiedPolynomial(N), Scaling.original(temperature, N).inside(RectifiedPolynomial(N)),
        epochs=epochs, error_exponent=M, targets=targets, neurons=slice(-n_classes, None), batch_size=BATCH,
        generator=torch.Generator().manual_seed(1), **SETTINGS,
    ).losses  # fmt: skip


def seconds(work, epochs: int) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) / epochs


def measure(
    n_memories: int, n_images: int, dtype: torch.dtype, epochs: int, repetitions: int
) -> dict[str, list[float]]:
    """Seconds an epoch of each competitor in each repetition."""
    states, targets = digits(n_images, PIXELS, CLASSES, dtype)
    memories = first_memories(n_memories, states.shape[1], dtype)
    temperature = 540.0

    def tiled(z: Tensor, x: Tensor, t: Tensor):
        arrays = z.numpy(), torch.zeros_like(z).numpy(), x.numpy(), t.numpy()
        tiled_epoch(*arrays, N, M, 1 / temperature, SETTINGS["learning_rate"], SETTINGS["momentum"], BATCH)

    runs = {
        "ours": (lambda: ours(memories, states, targets, temperature, epochs), epochs),
        "products": (lambda: products(memories, states, BATCH), 1),
    }
    if n_memories <= 200:  # at K = 2,000 it takes minutes
        doubled = memories.double(), states.double(), targets.double()
        runs["tiled float64"] = (lambda: tiled(*doubled), 1)
        if dtype != torch.float64:
            runs[f"tiled {str(dtype).removeprefix('torch.')}"] = (lambda: tiled(memories, states, targets), 1)
    ours(memories, states[:BATCH], targets[:BATCH], temperature, 1)  # compiles
    times = {key: [] for key in runs}
    for _ in range(repetitions):
        for key, (work, count) in runs.items():
            times[key].append(seconds(work, count))
    return times


def ratio(above: list[float], below: list[float]) -> str:
    turns = [a / b for a, b in zip(above, below, strict=True)]
    return f"{min(above) / min(below):5.2f} [{statistics.median(turns):.2f} ({min(turns):.2f}-{max(turns):.2f})]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, nargs="+", default=[100, 2000], help="K")
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "float64"])
    parser.add_argument("--epochs", type=int, default=5, help="epochs of ours in each repetition")
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    print(
        f"{PIXELS} pixels, {CLASSES} class neurons, n = {N}, m = {M}, {given.images} images in batches of {BATCH}, "
        f"{torch.get_num_threads()} threads"
    )
    for n_memories in given.memories:
        for dtype in given.dtypes:
            times = measure(n_memories, given.images, getattr(torch, dtype), given.epochs, given.repetitions)
            print(f"K = {n_memories}, {dtype}; wanted: {WANTED.get(n_memories, 'nothing')}")
            print(f"    {'ours':14} {min(times['ours']):8.3f} s")
            for key in list(times)[1:]:
                above, below = (times["ours"], times[key]) if key == "products" else (times[key], times["ours"])
                words = "ours / products" if key == "products" else f"{key} / ours"
                print(f"    {key:14} {min(times[key]):8.3f} s   {words} {ratio(above, below)}", flush=True)


if __name__ == "__main__":
    main()
