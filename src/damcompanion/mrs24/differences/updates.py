"""Where an update of MRS24 goes, by its equations, by their rivals, and in floating point."""

from dataclasses import dataclass
from math import log

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.probes import ONE, share
from damcore import hopfield
from damcore.datasets import random_patterns
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    log_size,
    whole_power,
)
from damcore.network import energy, energy_gap
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


def intact(n_neurons: int, n_memories: int, *, networks: int, seed: int = 0) -> tuple[float, float]:
    """Share of random patterns that lose a neuron in one Hopfield update, and share of networks in which none does.

    Source: MRS24 Eq. (2).

    Args:
        n_neurons: N.
        n_memories: K patterns, stored without self-coupling.
        networks: how many networks to average over.
        seed: of the patterns.
    """
    generator = torch.Generator().manual_seed(seed)
    patterns = random_patterns(networks * n_memories, n_neurons, generator=generator).unflatten(0, (networks, -1))
    lost = ((patterns @ hopfield.hebb(patterns) >= 0) != (patterns > 0)).any(-1)
    return share(lost), share(~lost.any(-1))


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


def rounded_ties(memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"], *, divisor: float) -> float:
    """Share of probes that end elsewhere when overlaps are divided first, for the polynomial of vertex 2.

    In exact arithmetic none does; in floating point a tie becomes the sign of a rounding error.

    Source: MRS24 Eq. (3), (13).

    Args:
        memories: zeta, bipolar.
        probes: bipolar.
        divisor: N; a power of two rounds nothing.
    """
    scalings = ONE, Scaling(1.0, divisor)
    ends = [recall(memories, probes, Polynomial(2), scaling).states for scaling in scalings]
    return share((ends[0] != ends[1]).any(-1))


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


def slope_sign(
    n: int, slope: float, memories: Float[Tensor, "K N"], states: Float[Tensor, "B N"], *, divisor: float
) -> float:
    """Share of updates that the leaky function as printed (-slope) sends elsewhere than the public code's (+slope).

    Source: MRS24 Eq. (7).

    Args:
        n: interaction vertex.
        slope: epsilon.
        memories: zeta.
        states: bipolar.
        divisor: what overlaps are divided by, 1 or N.
    """
    kinds, scaling = (LeakyRectifiedPolynomial(n, slope), LeakyRectifiedPolynomial(n, -slope)), Scaling(1.0, divisor)
    gaps = [energy_gap(memories, states, kind, scaling) for kind in kinds]
    return share((gaps[0] >= 0) != (gaps[1] >= 0))


def rescaled(
    interaction: Interaction,
    memories: Float[Tensor, "K N"],
    states: Float[Tensor, "B N"],
    scalings: tuple[Scaling, Scaling],
) -> float:
    """Share of updates that differ between two scalings of one network.

    Source: MRS24 Eq. (4), (13).

    Args:
        interaction: F.
        memories: zeta.
        states: bipolar.
        scalings: such as `ONE`, and overlaps divided by N.
    """
    gaps = [energy_gap(memories, states, interaction, scaling) for scaling in scalings]
    return share((gaps[0] >= 0) != (gaps[1] >= 0))


@dataclass(frozen=True)
class LogPeriodic(Interaction):
    """F(x) = x^3 (1 + size sin(2 pi ln|x| / ln period)): F(x / period) = F(x) / period^3, yet not homogeneous.

    Source: MRS24 Eq. (9).

    Args:
        period: the factor that F does survive, above 1.
        size: of the ripple, small enough that F increases.
    """

    period: float
    size: float = 0.05

    def _angle(self, x: Tensor) -> Tensor:
        return 2 * torch.pi / log(self.period) * log_size(x)

    def __call__(self, x):
        return whole_power(x, 3) * (1 + self.size * self._angle(x).sin())

    def derivative(self, x):
        ripple = 3 * self._angle(x).sin() + 2 * torch.pi / log(self.period) * self._angle(x).cos()
        return whole_power(x, 2) * (3 + self.size * ripple)

    @property
    def degree(self):
        return None


def reversed_signs(rate: float, factor: float, *, seed: int = 0) -> float:
    """Share of random pairs x, y at which the sign of e^(rate x) - e^(rate y) is not that of factor (e^x - e^y).

    Source: MRS24 Eq. (12).

    Args:
        rate: log(alpha) as printed; alpha is right.
        factor: alpha, above 0.
        seed: of the pairs.
    """
    x, y = torch.randn(2, 1000, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    printed = (rate * x).exp() - (rate * y).exp()
    return share(printed.sign() != (factor * (x.exp() - y.exp())).sign())


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


def vanished_gaps(n: int, memories: Float[Tensor, "K N"], probes: Float[Tensor, "B N"]) -> float:
    """Share of gaps of the modified network that are exactly zero, in the dtype of the memories.

    Source: MRS24 Eq. (13).

    Args:
        n: interaction vertex of the polynomial.
        memories: zeta.
        probes: bipolar, of the memories' dtype.
    """
    scaling = Scaling(1.0, float(memories.shape[-1]))
    return share(energy_gap(memories, probes, Polynomial(n), scaling, form="plain") == 0)


def rounding(n: int, memories: Float[Tensor, "K N"], states: Float[Tensor, "B N"], *, divisor: float) -> float:
    """Median relative error of the polynomial's gap in single precision, against double.

    Source: MRS24 Eq. (4), (13).

    Args:
        n: interaction vertex.
        memories: zeta, taken as rounded to single precision.
        states: bipolar.
        divisor: what overlaps are divided by, 1 or N.
    """
    narrow, states = memories.float(), states.float()
    kind, scaling = Polynomial(n), Scaling(1.0, divisor)
    exact = energy_gap(narrow.double(), states.double(), kind, scaling)
    return ((energy_gap(narrow, states, kind, scaling, form="plain") - exact) / exact).abs().median().item()
