"""What KH16 says about capacity, the dual and its classifier, against what its formulas give."""

from fractions import Fraction
from functools import cache
from itertools import count

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.probes import ONE, share
from damcore.capacity import half_load, max_memories
from damcore.datasets import random_patterns
from damcore.interactions import Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.recall import recall


def unstable(
    n: int, n_neurons: int, n_memories: int, *, rectified: bool, networks: int, seed: int = 0
) -> tuple[float, float]:
    """Share of neurons that leave a stored random pattern in one update, and share of patterns that lose a neuron.

    Args:
        n: interaction vertex.
        n_neurons: N.
        n_memories: K patterns.
        rectified: rectified polynomial, instead of the polynomial.
        networks: how many networks to average over.
        seed: of the patterns.
    """
    generator = torch.Generator().manual_seed(seed)
    kind, wrong = RectifiedPolynomial(n) if rectified else Polynomial(n), []
    for _ in range(networks):
        patterns = random_patterns(n_memories, n_neurons, generator=generator)
        wrong.append((energy_gap(patterns, patterns, kind, ONE) >= 0) != (patterns > 0))
    neurons = torch.stack(wrong)
    return share(neurons), share(neurons.any(-1))


def converged(
    n: int, n_neurons: int, n_memories: int, *, rectified: bool, states: int, networks: int = 1, seed: int = 0
) -> tuple[Float[Tensor, "networks"], Float[Tensor, "networks"]]:
    """Share of random states that end in a memory, and share that end in a memory or the inverse of one.

    Source: KH16 Eq. (4).

    Args:
        n: interaction vertex.
        n_neurons: N.
        n_memories: K random bipolar memories.
        rectified: rectified polynomial, instead of the polynomial.
        states: how many random states each network starts from.
        networks: how many sets of memories; the shares are given for each.
        seed: of memories and states.
    """
    generator = torch.Generator().manual_seed(seed)
    kind = RectifiedPolynomial(n) if rectified else Polynomial(n)
    memories = random_patterns(networks * n_memories, n_neurons, generator=generator).unflatten(0, (networks, -1))
    start = random_patterns(networks * states, n_neurons, generator=generator).unflatten(0, (networks, -1))
    overlap = recall(memories, start, kind, ONE).states @ memories.mT  # (networks, states, K)
    signed, either = ((best.amax(-1) == n_neurons).double().mean(-1) for best in (overlap, overlap.abs()))
    return signed, either


@cache
def half_converge(
    n: int, n_neurons: int, *, rectified: bool, states: int = 50, networks: int = 30, seed: int = 0
) -> float:
    """K_1/2, the number of memories at which half of random states end in one of them; see `capacity.half_load`.

    Source: KH16 Eq. (4).

    Args:
        n: interaction vertex.
        n_neurons: N.
        rectified: rectified polynomial, instead of the polynomial.
        states: random states a network.
        networks: sets of memories around K_1/2.
        seed: of memories and states.
    """
    seeds = count(seed * 1000)

    def share(memories: int) -> float:
        return converged(n, n_neurons, memories, rectified=rectified, states=states, seed=next(seeds))[0].item()

    start = max(2, round(max_memories(n_neurons, n) / 2))
    return half_load(share, start, networks=networks, generator=torch.Generator().manual_seed(seed)).memories


def bracket_over_dual(n: int, overlap: int, others: int) -> Fraction:
    """[F(h + others + 1) - F(h + others - 1)] / h^(n - 1): a class neuron's bracket over what the dual puts for it.

    Source: KH16 Eq. (9).

    Args:
        n: interaction vertex of the bracket.
        overlap: h, of a memory with the visible neurons, positive.
        others: what the other class neurons, held at -1, add to it.
    """
    return Fraction((overlap + others + 1) ** n - (overlap + others - 1) ** n, overlap ** (n - 1))
