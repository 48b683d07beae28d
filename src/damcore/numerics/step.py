"""KH16's momentum step in the log domain: a velocity is a direction and the logarithm of a size, for each memory."""

import math

import torch
from torch import Tensor

from damcore.numerics.gradient import ratio, split


def accelerate(
    velocity: Tensor, size: Tensor, direction: Tensor, slope: Tensor, momentum: float
) -> tuple[Tensor, Tensor]:
    """V <- momentum V - G, where V = velocity e^size and G = direction e^slope, each (*runs, K, N) and (*runs, K)."""
    kept = size + (math.log(momentum) if momentum else -math.inf)
    larger = torch.maximum(kept, slope)
    moved = velocity * ratio(kept, larger) - direction * ratio(slope, larger)
    return split(moved, larger)


def step(velocity: Tensor, size: Tensor, floor: float) -> Tensor:
    """V / max(max_j |V|, floor): the direction itself, unless there is a floor (above 0) and the size is below it."""
    return velocity if not floor else velocity * (size - math.log(floor)).clamp_max(0).exp()[..., None]
