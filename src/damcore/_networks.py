"""A batch of networks taken apart, so that each is computed as if it were alone.

A library's matrix product may add in another order for a batch than for one network, or for data at another address.
On the CPU every network is therefore computed by itself, from tensors of its own. On other devices the whole batch is
computed at once, and there the library decides about the last bits.
"""

from collections.abc import Callable

import torch
from torch import Tensor

ON_DEVICE = 1 << 24  # elements of a block on any other device: a pass takes longer there than its start


def at_once(elements: int, device: torch.device, on_cpu: int) -> int:
    """Return how many states a block holds, at least one.

    Args:
        elements: those of one state, in all networks.
        device: where they are.
        on_cpu: elements of a block on the CPU, where a few blocks should stay in the cache.
    """
    return max(1, (on_cpu if device.type == "cpu" else ON_DEVICE) // elements)


def flat(values: Tensor, rank: int, runs: torch.Size) -> Tensor:
    """Return the values of all networks, (R, ...), or (1, ...) where they share them.

    Args:
        values: (*#runs, ...).
        rank: the number of axes of one network's value.
        runs: the leading axes, of R networks.
    """
    shared, own = values.shape[: values.ndim - rank], values.shape[values.ndim - rank :]
    if shared.numel() == 1:
        return values.reshape(1, *own)
    return values.expand(*runs, *own).reshape(-1, *own)


def one_by_one(
    function: Callable[..., tuple[Tensor, ...]], runs: torch.Size, *values: tuple[Tensor | None, int]
) -> tuple[Tensor, ...]:
    """Call a function of tensors for each network of a batch, and return its results with the leading axes `runs`.

    Args:
        function: of one tensor per value, or None, which returns a tuple of tensors; it must allow leading axes.
        runs: the leading axes.
        values: each a tensor or None, with the number of axes that it has for one network.
    """
    if any(value is not None and value.device.type != "cpu" for value, _ in values):
        return function(*(value for value, _ in values))
    taken = [None if value is None else flat(value, rank, runs) for value, rank in values]

    def own(value: Tensor | None, r: int) -> Tensor | None:
        return None if value is None else value[r % len(value)].clone(memory_format=torch.contiguous_format)

    found = [function(*(own(value, r) for value in taken)) for r in range(runs.numel())]
    if len(found) == 1:
        return tuple(value.reshape((*runs, *value.shape)) for value in found[0])
    return tuple(torch.stack(column).reshape((*runs, *column[0].shape)) for column in zip(*found, strict=True))
