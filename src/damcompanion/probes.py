"""What the measurements share: the unscaled network, random memories with noise, digits, and shares."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore.datasets import flip, mnist, random_patterns
from damcore.scaling import Scaling

ONE = Scaling(1.0)  # inner = outer = 1


def share(differs: Tensor) -> float:
    """Share of true elements, 0 to 1."""
    return differs.double().mean().item()


def stored(
    n_neurons: int, n_memories: int, *, noise: float = 0.2, seed: int = 0
) -> tuple[Float[Tensor, "K N"], Float[Tensor, "K N"]]:
    """Random bipolar memories, and the same with noise.

    Args:
        n_neurons: N.
        n_memories: K.
        noise: the share of neurons that is flipped; 0.5 makes the two unrelated.
        seed: of the memories and the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator)
    return memories, flip(memories, noise, generator=generator)


def unlearned(
    n_neurons: int, n_memories: int, n_states: int, *, seed: int = 0
) -> tuple[Float[Tensor, "K N"], Float[Tensor, "B N"]]:
    """Memories as before any training, uniform in [-1, 1], and random states.

    Args:
        n_neurons: N.
        n_memories: K.
        n_states: B.
        seed: of both.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = 2 * torch.rand(n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
    return memories, random_patterns(n_states, n_neurons, generator=generator)


def digits(count: int) -> Float[Tensor, "K N"]:
    """The first digits of the bundled MNIST sample, grey values 0 to 1.

    Args:
        count: K, up to 5,000.
    """
    return torch.tensor(mnist(source="bundled")[0][:count], dtype=torch.float64).flatten(1) / 255
