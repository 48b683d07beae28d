"""What the measurements share: the unscaled network, random memories with noise, and shares."""

import torch
from torch import Tensor

from damcore.datasets import flip, random_patterns
from damcore.scaling import Scaling

ONE = Scaling(1.0)  # inner = outer = 1


def share(differs: Tensor) -> float:
    """Share of true elements, 0 to 1."""
    return differs.double().mean().item()


def stored(n_neurons: int, n_memories: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Random bipolar memories and the same with noise."""
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator)
    return memories, flip(memories, noise, generator=generator)
