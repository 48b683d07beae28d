"""Overlaps that are rounded once, and the arguments of F, in float64.

A memory is split in two numbers of so few bits that all their sums are exact. The overlap with a bipolar state then
has the same bits in any order of its sum, on any device, alone or in a batch.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from damcore._networks import at_once
from damcore.scaling import Scaling

BLOCK = 1 << 16  # float64 elements of a block; a few of them stay in the cache, where a pass costs a quarter


def split(memories: Tensor) -> tuple[Tensor, Tensor]:
    """Return (high, low) with memories = high + low, but for 2^-105 N^2 of a memory's largest entry.

    All sums of +-high are exact in float64, and all sums of +-low.
    """
    n_neurons = memories.shape[-1]
    edge = _power_of_two_above(n_neurons * memories.abs().amax(-1, keepdim=True))
    high = _rounded(memories, edge)
    return high, _rounded(memories - high, _power_of_two_above(n_neurons * edge * 2.0**-53))


def overlaps(memories: Tensor, states: Tensor) -> Tensor:
    """Return h[b, mu] = sum_i xi[b, i] zeta[mu, i], rounded once where the state is bipolar."""
    high, low = split(memories)
    return states @ high.mT + states @ low.mT


def arguments(
    memories: Tensor, states: Tensor, scaling: Scaling, neurons: slice | None
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, per block of states, the block and the arguments of F: u (.., b, K) and v (.., b, K, M).

    Scaling comes last here, and first in `network.overlaps`. Overlaps of bipolar memories are whole numbers, and in
    this order ties between them stay exact.
    """
    chosen = neurons or slice(None)
    inner = scaling.factors(memories)[0][..., None, None]
    scaled = bool(scaling.inner_power) or scaling.divisor != 1
    entries = 2 * memories[..., None, :, chosen]
    runs = torch.broadcast_shapes(memories.shape[:-2], states.shape[:-2], inner.shape[:-2])
    size = at_once(runs.numel() * entries.shape[-2] * entries.shape[-1], memories.device, BLOCK)
    overlap = overlaps(memories, states)
    for start in range(0, states.shape[-2], size):
        block = slice(start, start + size)
        h = overlap[..., block, :]
        v = torch.addcmul(h[..., None], states[..., block, None, chosen], entries, value=-1)
        yield (block, inner * h, inner[..., None] * v) if scaled else (block, h, v)


def log_factors(memories: Tensor, scaling: Scaling) -> tuple[Tensor, Tensor]:
    """Return the logarithms of the factors inside and outside F, (*runs)."""
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device).log()
    divisor = torch.tensor(scaling.divisor, dtype=torch.float64, device=memories.device).log()
    return -scaling.inner_power * temperature - divisor, -scaling.outer_power * temperature


def _rounded(values: Tensor, edge: Tensor) -> Tensor:
    """Round to multiples of edge 2^-52, for values up to edge / 2."""
    return (values + 1.5 * edge) - 1.5 * edge


def _power_of_two_above(values: Tensor) -> Tensor:
    return torch.ldexp(torch.ones_like(values), torch.frexp(values).exponent)
