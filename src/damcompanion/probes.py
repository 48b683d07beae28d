"""What the measurements share: the unscaled network, random memories with noise, digits, and shares."""

from fractions import Fraction
from math import comb, log

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


def noise_variance(n_neurons: int, n: int, *, rectified: bool) -> Fraction:
    """The variance of what one other random memory adds to a stored neuron's gap, E[(F(r + 1) - F(r - 1))^2], exactly.

    r, the overlap of the other N - 1 neurons, is a sum of N - 1 signs.

    Args:
        n_neurons: N.
        n: interaction vertex.
        rectified: of the rectified polynomial, instead of the polynomial.
    """
    total = Fraction(0)
    for plus in range(n_neurons):
        r = 2 * plus - (n_neurons - 1)
        on, off = ((max(h, 0) if rectified else h) ** n for h in (r + 1, r - 1))
        total += Fraction(comb(n_neurons - 1, plus) * (on - off) ** 2, 2 ** (n_neurons - 1))
    return total


def no_errors(n_neurons: int, n: int) -> float:
    """The largest number of memories without errors, K = N^(n-1) / (2 (2n-3)!! ln N).

    Source: KH16 Eq. (6).

    Args:
        n_neurons: N.
        n: interaction vertex, at least 2.
    """
    odd = 1
    for factor in range(2 * n - 3, 1, -2):
        odd *= factor
    return n_neurons ** (n - 1) / (2 * odd * log(n_neurons))
