"""KH16's momentum step in the log domain, where the velocity of a memory is a direction and the logarithm of a size."""

import math

import torch
from torch import Tensor

from damcore.numerics.gradient import ratio, split


def accelerate(
    velocity: Tensor, size: Tensor, direction: Tensor, slope: Tensor, momentum: float
) -> tuple[Tensor, Tensor]:
    """Return V <- momentum V - G for V = velocity e^size and G = direction e^slope, (*runs, K, N) and (*runs, K)."""
    kept = size + (math.log(momentum) if momentum else -math.inf)
    larger = torch.maximum(kept, slope)
    moved = velocity * ratio(kept, larger) - direction * ratio(slope, larger)
    return split(moved, larger)


def step(velocity: Tensor, size: Tensor, floor: float) -> Tensor:
    """Return V / max(max_j |V|, floor), which is the direction itself unless the size is below the floor."""
    return velocity if not floor else velocity * (size - math.log(floor)).clamp_max(0).exp()[..., None]
