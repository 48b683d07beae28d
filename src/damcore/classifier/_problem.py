"""What a classifier learns from: states that end in class neurons, their targets, and the first memories."""

import torch
from torch import Tensor

OFF = -1.0  # a class neuron that is not predicted (KH16 appendix A)
FIRST = -0.3, 0.3  # mean and standard deviation of the first memories (KH16 appendix A)


def pixels_of(grey: Tensor) -> Tensor:
    """Map grey values (images, height, width), 0 to 255, to (images, pixels), -1 to 1 in float64."""
    return grey.flatten(1).double() / 127.5 - 1


def targets_of(labels: Tensor, n_classes: int, dtype: torch.dtype) -> Tensor:
    """Return +1 for the class of each image and -1 for the others, (images, classes)."""
    return 2 * torch.nn.functional.one_hot(labels, n_classes).to(dtype) - 1


def states_of(pixels: Tensor, n_classes: int) -> Tensor:
    """Return the pixels, followed by the class neurons, all off: (images, pixels + classes)."""
    return torch.cat([pixels, pixels.new_full((len(pixels), n_classes), OFF)], 1)


def first_memories(n_memories: int, n_neurons: int, generator: torch.Generator, first=FIRST) -> Tensor:
    """Draw memories (K, N) in float64 from a normal distribution, cut to [-1, 1]."""
    mean, deviation = first
    drawn = torch.randn(n_memories, n_neurons, generator=generator, dtype=torch.float64)
    return (deviation * drawn + mean).clamp(-1, 1)
