"""Train the networks of a shard in lockstep, let each recall what it learned, and measure."""

import math
import time
from collections.abc import Sequence

import torch
from torch import Tensor

from damcore import learning
from damcore._random import generator
from damcore.datasets import random_patterns
from damcore.recall import recall
from damcore.sweeps.grid import Cell, Sweep

METRICS = ("distance", "stable", "loss", "sweeps", "converged", "diverged", "overflow")


def train_cells(sweep: Sweep, cells: Sequence[Cell], *, device: str = "cpu") -> list[dict[str, object]]:
    """Train the networks of some cells, of one vertex, and measure each.

    A network's random numbers come from its own configuration, and those of one repeat are the same in every cell that
    has the same N, K and number of states: cells, vertices and scalings are compared on equal tasks.

    Args:
        sweep: the description.
        cells: some of its cells, all of one vertex.
        device: "cpu" or "cuda".

    Returns:
        For each cell its axes and
        - distance: mean Euclidean distance between learned and relaxed states, 0 to 2 sqrt(N);
        - stable: share of learned states that recall does not move;
        - loss: of the last epoch (NaN where it diverged);
        - sweeps: mean number of sweeps that changed something;
        - converged: share of states that settled;
        - diverged: epoch in which training left the range of the dtype, -1 where it did not;
        - overflow: whether training or recall left that range;
        - seconds: an equal share of the time the cells took together.
    """
    started = time.perf_counter()
    n = cells[0].n
    tasks = {repeat: task(sweep, repeat) for repeat in {cell.repeat for cell in cells}}
    memories = torch.stack([tasks[cell.repeat][0] for cell in cells]).to(device)
    patterns = torch.stack([tasks[cell.repeat][1] for cell in cells]).to(device)
    temperature = 1 / torch.tensor([cell.inverse_temperature for cell in cells], dtype=torch.float64)
    temperature = temperature.to(device)
    interaction = sweep.interaction_of(n)
    training = learning.train(
        memories,
        patterns,
        interaction,
        sweep.scaling_of(n, temperature),
        epochs=sweep.epochs,
        learning_rate=torch.tensor([cell.learning_rate for cell in cells], dtype=torch.float64),
        decay=sweep.decay,
        momentum=sweep.momentum,
        error_exponent=sweep.error_exponent,
        floor=sweep.floor,
        on_nonfinite="mark",
        form="plain",  # overflow and underflow are among the results
    )
    recalled = recall(
        training.memories,
        patterns,
        interaction,
        sweep.recall_scaling_of(n, temperature),
        order=sweep.order,
        tie=sweep.tie,
        at_temperature=True,
        on_nonfinite="mark",
        form="plain",
    )
    wrong = (recalled.states != patterns).sum(-1).tolist()  # neurons, in each network and state
    measured = {
        "stable": (recalled.states == patterns).all(-1).double().mean(-1),
        "loss": training.losses[:, -1],
        "sweeps": recalled.sweeps.double().mean(-1),
        "converged": recalled.converged.double().mean(-1),
        "diverged": training.diverged,
        "overflow": (training.diverged >= 0) | ~recalled.finite.all(-1),
    }
    columns = {name: values.cpu().tolist() for name, values in measured.items()}
    # Two bipolar states that differ in k neurons are 2 sqrt(k) apart. Summed exactly: the order in which a tensor is
    # summed depends on where it lies in memory, and would change the last bit from run to run.
    columns["distance"] = [math.fsum(2 * math.sqrt(k) for k in states) / len(states) for states in wrong]
    seconds = (time.perf_counter() - started) / len(cells)
    return [
        {**cell.__dict__, **{name: column[row] for name, column in columns.items()}, "seconds": seconds}
        for row, cell in enumerate(cells)
    ]


def task(sweep: Sweep, repeat: int) -> tuple[Tensor, Tensor]:
    """Initial memories (K, N) and states to learn (A, N) of one repeat."""
    k, n_neurons = sweep.n_memories, sweep.n_neurons
    draw = generator(sweep.seed, "states", sweep.n_states, n_neurons, repeat)
    patterns = random_patterns(sweep.n_states, n_neurons, generator=draw)
    draw = generator(sweep.seed, "memories", sweep.initial, k, n_neurons, repeat)
    if sweep.initial == "normal":
        memories = 0.1 * torch.randn(k, n_neurons, generator=draw, dtype=torch.float64)
    else:
        memories = torch.rand(k, n_neurons, generator=draw, dtype=torch.float64)
        memories = 2 * memories - 1 if sweep.initial == "symmetric" else memories
    return memories.to(sweep.torch_dtype), patterns.to(sweep.torch_dtype)
