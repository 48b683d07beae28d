"""What MSSL22 says of binary memories: capacities, Hamming distance, thresholds."""

import itertools
from fractions import Fraction
from math import comb, log

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.probes import share
from damcore.capacity import noise_variance


def capacity_exponent(n: int, n_neurons: int, *, energy: bool) -> float:
    """How the number of memories grows with N: log2 K(2N) / K(N), at a fixed ratio of noise to signal in one update.

    K = signal^2 / variance of one other memory's term, both exact: for a *separation* of order n, whose field is
    sum_mu zeta_i h^n, and for an *energy* of order n, whose field is the bracket of F(x) = x^n. The neuron's own term
    is left out of both.

    Args:
        n: order, at least 1.
        n_neurons: N.
        energy: of the energy, instead of the separation.
    """

    def memories(size: int) -> Fraction:
        if energy:
            return (size**n - (size - 2) ** n) ** 2 / Fraction(noise_variance(size, n))
        others = size - 1
        power = sum(Fraction(comb(others, plus) * (2 * plus - others) ** (2 * n), 2**others) for plus in range(size))
        return others ** (2 * n) / power

    return log(memories(2 * n_neurons) / memories(n_neurons), 2)


def hamming_identities(length: int) -> dict[str, float]:
    """Share of all pairs of binary vectors whose Hamming distance is given by a dot product, in two ways.

    Args:
        length: of the vectors, small: there are 4^length pairs.

    Returns:
        "mod 2": the dot product of 0s and 1s, modulo 2; "bipolar": (length - dot product of -1s and 1s) / 2.
    """
    bits = torch.tensor(list(itertools.product((0.0, 1.0), repeat=length)), dtype=torch.float64)
    distance = (bits[:, None] != bits).sum(-1)
    bipolar = 2 * bits - 1
    return {
        "mod 2": share(distance == (bits @ bits.mT) % 2),
        "bipolar": share(distance == (length - bipolar @ bipolar.mT) / 2),
    }


def sparse_distributed_memory(
    memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"], radius: int
) -> dict[str, float]:
    """What a sparse distributed memory returns for noisy probes, with the addresses within, or beyond, a distance.

    Args:
        memories: bipolar; addresses and patterns in one.
        probes: the memories with noise, in their order.
        radius: largest Hamming distance of an address that counts as near.

    Returns:
        "near", "far": share of neurons that come out as in the memory, summing the patterns of the addresses within
        the radius, or beyond it; "fewest", "most": how many addresses a probe finds within the radius.
    """
    near = (memories.shape[1] - probes @ memories.mT) / 2 <= radius
    found = {"fewest": near.sum(1).min().item(), "most": near.sum(1).max().item()}
    for name, active in (("near", near), ("far", ~near)):
        found[name] = share((active.to(memories) @ memories).sign() == memories)
    return found


def tail_slope(n_bits: int, distance: int) -> float:
    """Natural logarithm of by how much the share of random addresses within a distance grows with one bit more.

    Of an exponential it would be the same at every distance.

    Args:
        n_bits: length of the addresses.
        distance: Hamming distance, at least 1.
    """
    below = sum(comb(n_bits, k) for k in range(distance))
    return log(below + comb(n_bits, distance)) - log(below)
