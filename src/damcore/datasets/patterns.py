"""Bipolar patterns: random ones, thresholded pictures, and two ways to damage them, noise and masks."""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from damcore import _checks


@_checks.door
def random_patterns(
    n_patterns: int, n_neurons: int, *, generator: torch.Generator, dtype: torch.dtype = torch.float64
) -> Float[Tensor, "B N"]:
    """Return bipolar patterns whose elements are independent, and -1 or +1 with equal probability.

    Args:
        n_patterns: B, at least 1.
        n_neurons: N, at least 1.
        generator: a CPU generator; the drawn patterns do not depend on `dtype`.
        dtype: a floating dtype.

    Returns:
        Patterns (B, N) on the CPU; move them with `.to(device)`.

    Raises:
        ValueError: a size is below 1, or `generator` is not on the CPU.
        TypeError: `dtype` is not floating, or `generator` is missing.

    Example:
        >>> import torch
        >>> from damcore.datasets import random_patterns
        >>> patterns = random_patterns(3, 100, generator=torch.Generator().manual_seed(0))
        >>> patterns.shape, patterns.unique().tolist()
        (torch.Size([3, 100]), [-1.0, 1.0])
    """
    _checks.whole("n_patterns", n_patterns)
    _checks.whole("n_neurons", n_neurons)
    _checks.room(n_patterns=n_patterns, n_neurons=n_neurons)
    return torch.randint(2, (n_patterns, n_neurons), generator=generator).to(dtype) * 2 - 1


@_checks.door
def binarise(
    images: np.ndarray | Tensor, threshold: int = 127, dtype: torch.dtype = torch.float64
) -> Float[Tensor, "n N"]:
    """Return pictures as bipolar states, with one neuron per pixel, row by row.

        state = +1 where grey > threshold, otherwise -1

    Grey values range from 0 to 255, and the default lies half-way. A text that thresholds such values at 0.8 counts
    every pixel with any ink; that is `threshold=0`.

    Args:
        images: uint8 (n, height, width), an array or a tensor.
        threshold: the largest grey value that becomes -1, 0 to 254.
        dtype: a floating dtype.

    Returns:
        States (n, height * width) on the device of `images`.

    Raises:
        ValueError: `images` is not three-dimensional or is empty, or `threshold` is out of range.
        TypeError: `images` is not uint8, or `dtype` is not floating.

    Example:
        >>> import torch
        >>> from damcore.datasets import binarise
        >>> binarise(torch.tensor([[[0, 100], [200, 255]]], dtype=torch.uint8)).tolist()
        [[-1.0, -1.0, 1.0, 1.0]]
    """
    grey = torch.as_tensor(images)
    if grey.dtype != torch.uint8:
        hint = "give the grey values 0 to 255 as they come from `mnist`"
        _checks.refuse(f"`images` must be uint8, got {grey.dtype}; {hint}.", TypeError)
    if grey.ndim != 3:
        hint = "add a leading axis for a single picture"
        _checks.refuse(f"`images` must have shape (n, height, width), got {tuple(grey.shape)}; {hint}.")
    if grey.numel() == 0:
        _checks.refuse(f"`images` is empty, got shape {tuple(grey.shape)}.")
    _checks.number("threshold", threshold, least=0, most=254)
    return (grey > threshold).flatten(1).to(dtype) * 2 - 1


@_checks.door
def flip(
    states: Float[Tensor, "*runs B N"], fraction: float, *, generator: torch.Generator
) -> Float[Tensor, "*runs B N"]:
    """Change the sign of exactly round(fraction * N) neurons of each state, chosen at random (salt-and-pepper noise).

    The number is exact and not an average, so that every probe has the same distance from its target.

    Args:
        states: the states, bipolar.
        fraction: the fraction of the neurons that change, 0 to 1; half-way between two numbers the even one is taken.
        generator: a CPU generator; the chosen neurons depend on neither dtype nor device.

    Returns:
        New states; the given ones are not changed.

    Raises:
        ValueError: `states` is not bipolar or empty, `fraction` is outside 0 to 1, or `generator` is not on the CPU.
        TypeError: `states` is not a floating tensor, or `generator` is missing.

    Example:
        >>> import torch
        >>> from damcore.datasets import flip
        >>> states = torch.ones(2, 10)
        >>> noisy = flip(states, 0.3, generator=torch.Generator().manual_seed(0))
        >>> (noisy != states).sum(-1).tolist()
        [3, 3]
    """
    _checks.rows("states", states, "B", "N")
    _checks.bipolar("states", states)
    _checks.number("fraction", fraction, least=0.0, most=1.0)
    count = round(fraction * states.shape[-1])
    # The first `count` places of a random order: distinct, and each set of them equally likely.
    order = torch.rand(states.shape, generator=generator, dtype=torch.float64).argsort(dim=-1)
    chosen = order[..., :count].to(states.device)
    return states.scatter(-1, chosen, -states.gather(-1, chosen))


@_checks.door
def mask(
    states: Float[Tensor, "*runs B N"], neurons: slice | Bool[Tensor, " N"], value: float = -1.0
) -> Float[Tensor, "*runs B N"]:
    """Hide part of each state by setting the chosen neurons to `value`.

    Args:
        states: the states, bipolar.
        neurons: a slice of the neurons, such as `lower_half()`, or a boolean mask (N,), True where hidden.
        value: -1 (the background of a picture) or +1.

    Returns:
        New states; the given ones are not changed.

    Raises:
        ValueError: `states` is not bipolar or empty, the length of a mask is not N, or `value` is not -1 or +1.
        TypeError: `states` is not a floating tensor, or `neurons` is neither a slice nor a boolean tensor.

    Example:
        >>> import torch
        >>> from damcore.datasets import mask
        >>> mask(torch.ones(1, 6), slice(4, 6)).tolist()
        [[1.0, 1.0, 1.0, 1.0, -1.0, -1.0]]
    """
    _checks.rows("states", states, "B", "N")
    _checks.bipolar("states", states)
    if value not in (-1, 1):
        _checks.refuse(f"`value` must be -1 or +1, got {value!r}.")
    if isinstance(neurons, Tensor):
        if neurons.shape != states.shape[-1:]:
            _checks.refuse(
                f"`neurons` must have shape ({states.shape[-1]},), one boolean per neuron, got {tuple(neurons.shape)}."
            )
        neurons = neurons.to(states.device)
    masked = states.clone()
    masked[..., neurons] = value
    return masked


@_checks.door
def lower_half(height: int = 28, width: int = 28) -> slice:
    """Return the neurons of the lower half of a picture from `binarise`, for `mask`.

    The middle row of a picture of odd height stays visible.

    Args:
        height: the number of rows.
        width: the number of pixels per row.

    Returns:
        A slice of the neurons.

    Raises:
        ValueError: a size is not a whole number of at least 1.

    Example:
        >>> from damcore.datasets import lower_half
        >>> lower_half(height=4, width=2)
        slice(4, 8, None)
    """
    _checks.whole("height", height)
    _checks.whole("width", width)
    return slice((height - height // 2) * width, height * width)
