"""What the text of MRS24 says and does, against its public code and KH16."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import hopfield
from damcore.datasets import random_patterns
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
)
from damcore.network import energy, energy_gap
from damcore.proofs.differences.probes import ONE, share
from damcore.recall import recall
from damcore.scaling import Scaling


def self_coupling(patterns: Float[Tensor, "K N"], states: Float[Tensor, "B N"]) -> tuple[float, float]:
    """Share of Hopfield updates that W_ii = K, as printed, sends elsewhere than W_ii = 0.

    Source: MRS24 Eq. (1), (2), (3).

    Args:
        patterns: xi, bipolar.
        states: bipolar.

    Returns:
        That share, and the share in which W_ii = 0 differs from the polynomial of vertex 2.
    """
    without, printed = (states @ hopfield.hebb(patterns, self_coupling=kept) >= 0 for kept in (False, True))
    dense = energy_gap(patterns, states, Polynomial(2), ONE) >= 0
    return share(without != printed), share(without != dense)


def tie_rule(
    interaction: Interaction, memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"]
) -> tuple[float, float]:
    """Share of gaps that are exactly zero, and share of probes that sign(0) = -1 sends elsewhere than sign(0) = +1.

    Source: MRS24 Eq. (3).

    Args:
        interaction: F.
        memories: zeta, bipolar.
        probes: bipolar.
    """
    zero = energy_gap(memories, probes, interaction, ONE) == 0
    ends = [recall(memories, probes, interaction, ONE, tie=tie).states for tie in ("positive", "negative")]
    return share(zero), share((ends[0] != ends[1]).any(-1))


def update_order(
    interaction: Interaction, memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"]
) -> tuple[float, float]:
    """Share of probes that end elsewhere when all neurons move at once, and share of those runs that end in a cycle.

    Source: MRS24 Eq. (4).

    Args:
        interaction: F.
        memories: zeta, bipolar.
        probes: bipolar.
    """
    runs = [recall(memories, probes, interaction, ONE, order=order) for order in ("asynchronous", "synchronous")]
    return share((runs[0].states != runs[1].states).any(-1)), share(runs[1].period > 1)


def energy_of_the_sum(interaction: Interaction, memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"]) -> float:
    """Share of single flips of a probe that -F(sum_mu h_mu) ranks otherwise than -sum_mu F(h_mu), KH16's energy.

    Source: KH16 Eq. (1).

    Args:
        interaction: F.
        memories: zeta, bipolar.
        probes: bipolar.
    """
    flipped = (probes[:, None, :] * (1 - 2 * torch.eye(probes.shape[-1], dtype=probes.dtype))).flatten(0, 1)  # (B N, N)
    whole = probes.repeat_interleave(probes.shape[-1], 0)
    right = energy(memories, flipped, interaction, ONE) - energy(memories, whole, interaction, ONE)
    of_sum = interaction((whole @ memories.mT).sum(-1)) - interaction((flipped @ memories.mT).sum(-1))
    return share((right < 0) != (of_sum < 0))


def slope_sign(n: int, slope: float, n_neurons: int, n_memories: int, *, divisor: float, seed: int = 0) -> float:
    """Share of updates that the leaky function as printed (-slope) sends elsewhere than the public code's (+slope).

    Source: MRS24 Eq. (7).

    Args:
        n: interaction vertex.
        slope: epsilon.
        n_neurons: N.
        n_memories: K random memories with entries in [-1, 1].
        divisor: what overlaps are divided by, 1 or N.
        seed: of memories and random states.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = 2 * torch.rand(n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
    states, scaling = random_patterns(100, n_neurons, generator=generator), Scaling(1.0, divisor=divisor)
    kinds = (LeakyRectifiedPolynomial(n, slope), LeakyRectifiedPolynomial(n, -slope))
    gaps = [energy_gap(memories, states, kind, scaling) for kind in kinds]
    return share((gaps[0] >= 0) != (gaps[1] >= 0))


def exponential_followers(
    factors: list[float], memories: Float[Tensor, "K N"], states: Float[Tensor, "K N"]
) -> tuple[Float[Tensor, "factors"], Float[Tensor, "factors"]]:
    """Where the neurons of an exponential network go when the overlap is multiplied by a factor first.

    Source: MRS24 Eq. (13).

    Args:
        factors: the factors a in F(a h) = e^(a h).
        memories: zeta, bipolar.
        states: one for each memory, which it should go to.

    Returns:
        For each factor the share of neurons that go where the memory has them, and the share, of those without a tie,
        that go where the majority of all memories points.
    """
    vote = memories.sum(0)
    ends = []
    for factor in factors:
        gaps = energy_gap(memories, states, Exponential(), Scaling(1.0, divisor=1 / factor))
        ends.append(torch.where(gaps >= 0, 1.0, -1.0))
    updates = torch.stack(ends)
    with_vote = (updates == vote.sign())[..., vote != 0]
    return (updates == memories).double().mean((1, 2)), with_vote.double().mean((1, 2))


def vanished_gaps(n: int, n_neurons: int, n_memories: int, dtype: torch.dtype, *, seed: int = 0) -> float:
    """Share of gaps of the modified network that are exactly zero, for random bipolar memories and probes.

    Source: MRS24 Eq. (13).

    Args:
        n: interaction vertex of the polynomial.
        n_neurons: N.
        n_memories: K.
        dtype: of the computation.
        seed: of memories and probes.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator, dtype=dtype)
    probes = random_patterns(200, n_neurons, generator=generator, dtype=dtype)
    return share(energy_gap(memories, probes, Polynomial(n), Scaling(1.0, divisor=float(n_neurons))) == 0)
