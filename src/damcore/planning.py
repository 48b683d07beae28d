"""`plan`: which network stores given patterns against given damage, and what share of probes comes back perfectly."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from damcore import _checks
from damcore.capacity import Measured, clopper_pearson
from damcore.datasets import flip, mask, random_patterns
from damcore.interactions import Interaction, Polynomial, RectifiedPolynomial
from damcore.model import EVEN, OTHERS
from damcore.numerics import plain_fits
from damcore.recall import recall
from damcore.scaling import Scaling

__all__ = ["Plan", "plan"]

# The smallest that does needs the fewest digits, and is the quickest.
VERTICES = (2, 4, 6, 8, 10, 14, 20, 30, 40, 60, 80, 100)
NEAR = 0.01  # of what a nearest-neighbour search finds: good enough to stop at
FEW = 200  # probes by which a function is chosen; others measure what it does
NETWORKS = 20  # of random patterns, where only their number is known
BLOCK = 1 << 24  # overlaps of probes with patterns at a time
LEVEL = 0.99
LEARNS, COPIES = 3, 5  # the largest rectified power that learns from random memories; memories a pattern

Damage = float | slice | Bool[Tensor, " N"]


@_checks.door
@dataclass(frozen=True)
class Plan:
    """A network for given patterns and damage, and what it does.

    Attributes:
        interaction: F.
        temperature: T at which the network learns these patterns with five memories each; None where this F is only to
            store patterns, since it does not learn them from random memories.
        learning_rate: the rate that goes with it, or None.
        form: "plain" or "log", which is safe in the dtype.
        share: of probes that come back without a wrong neuron, with its 99 % interval.
        nearest: the same of a nearest-neighbour search on the same probes.
        n_neurons: N.
        n_patterns: K.
        dtype: of patterns and memories.
    """

    interaction: Interaction
    temperature: float | None
    learning_rate: float | None
    form: str
    share: Measured
    nearest: Measured
    n_neurons: int
    n_patterns: int
    dtype: torch.dtype

    def __str__(self) -> str:
        better = self.nearest.low > self.share.high
        found = f"A nearest-neighbour search finds {_said(self.nearest)} of them{', which is better' * better}."
        learns = (
            "It stores patterns; it does not learn them."
            if self.temperature is None
            else f"To learn them: temperature {self.temperature:.4g}, rate {self.learning_rate:g}."
        )
        return (
            f"{self.interaction!r} in the {self.form} form ({self.dtype}): {_said(self.share)} of the probes come back "
            f"perfectly. {found} {learns}"
        )


@_checks.door
def plan(
    n_neurons: int,
    patterns: int | Float[Tensor, "K N"],
    damage: Damage = 0.2,
    dtype: torch.dtype | None = None,
    *,
    probes: int = 1000,
    seed: int = 0,
) -> Plan:
    """Choose an interaction function for patterns and damage, and predict what share of probes comes back perfectly.

    The function is x^n or its rectified form, with n one of 2, 4, 6, 8, 10, 14, 20, 30, 40, 60, 80 and 100: the first
    that finds within 1 % of what a nearest-neighbour search finds, or else the one that finds most. It is chosen on a
    few probes, and its share is measured on others. The prediction is thus a trial and not a formula: it holds for
    patterns of any kind.

    An interval has a level of 99 %, and is for the share over all damage of this kind. Where only the number of
    patterns is given they are random, and the interval also counts that sets of them differ. Where neurons are hidden
    and each pattern is tried, nothing is left to chance, and the interval is a single number.

    Args:
        n_neurons: N, at least 2.
        patterns: the patterns (K, N), bipolar, or K where they are random.
        damage: the fraction of neurons whose sign is flipped, 0 to 1; or the neurons that are hidden, which become -1,
            as a slice or a boolean mask (N,).
        dtype: of the network; by default that of the patterns, and float64 where they are random.
        probes: how many are tried, at least 100.
        seed: of all random numbers.

    Returns:
        The plan; `print` says it in words.

    Raises:
        ValueError: a number is out of range, the patterns are not bipolar or have another number of neurons.
        TypeError: an argument is of another kind.

    With thousands of patterns it takes seconds.

    Example:
        >>> import damcore
        >>> plan = damcore.plan(100, 50, damage=0.3)
        >>> plan.interaction, plan.form, round(plan.temperature, 2), plan.learning_rate
        (Polynomial(n=4), 'plain', 0.34, 0.1)
        >>> plan.share.low < 0.99 < plan.share.high, plan.nearest.share > plan.share.share
        (True, True)
    """
    _checks.whole("n_neurons", n_neurons, 2)
    _checks.whole("probes", probes, 100, 2**20)
    _checks.whole("seed", seed, 0)
    if isinstance(patterns, Tensor):
        _checks.rows("patterns", patterns, "K", "N")
        _checks.bipolar("patterns", patterns)
        if patterns.shape != (len(patterns), n_neurons):
            _checks.refuse(
                f"`patterns` must have shape (K, {n_neurons}) as `n_neurons` says, got {tuple(patterns.shape)}."
            )
        n_patterns, dtype = len(patterns), dtype or patterns.dtype
    else:
        _checks.whole("patterns", patterns)
        n_patterns, dtype = patterns, dtype or torch.float64
    _checks.room(patterns=n_patterns, n_neurons=n_neurons)
    trial = _Trial(n_neurons, patterns, damage, dtype, torch.Generator().manual_seed(seed))
    interaction = _chosen(list(trial.networks(min(FEW, probes))))
    counted = [_counted(network, interaction) for network in trial.networks(probes)]
    exact = trial.certain and sum(tried for tried, _, _ in counted) == n_patterns
    share, nearest = (_measured([(tried, hits[which]) for tried, *hits in counted], exact) for which in (0, 1))
    temperature, rate = _to_learn(interaction, n_neurons, n_patterns)
    form = _form(interaction, n_neurons, dtype)
    return Plan(interaction, temperature, rate, form, share, nearest, n_neurons, n_patterns, dtype)


@dataclass(frozen=True)
class _Trial:
    """What is tried: patterns that are given, or how many random ones, and their damage."""

    n_neurons: int
    patterns: int | Tensor
    damage: Damage
    dtype: torch.dtype
    generator: torch.Generator

    def __post_init__(self):
        self.damaged(torch.ones(1, self.n_neurons))  # refuses a damage that does not fit

    @property
    def certain(self) -> bool:
        """Whether one network and one probe of each pattern are all there is."""
        return isinstance(self.patterns, Tensor) and isinstance(self.damage, slice | Tensor)

    def damaged(self, states: Tensor) -> Tensor:
        if isinstance(self.damage, slice | Tensor):
            return mask(states, self.damage)
        _checks.number("damage", self.damage, least=0.0, most=1.0)
        return flip(states, self.damage, generator=self.generator)

    def networks(self, probes: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The patterns of each network, and which of them are tried and as what probes, about so many in all."""
        several = 1 if isinstance(self.patterns, Tensor) else NETWORKS
        for _ in range(several):
            if isinstance(self.patterns, Tensor):
                patterns = self.patterns
            else:
                patterns = random_patterns(self.patterns, self.n_neurons, generator=self.generator)
            order = torch.randperm(len(patterns), generator=self.generator)
            number = -(-probes // several)
            if self.certain:
                number = min(number, len(patterns))
            targets = order.repeat(-(-number // len(order)))[:number]
            yield patterns.to(self.dtype), targets, self.damaged(patterns[targets].to(self.dtype))


def _chosen(networks: list[tuple[Tensor, Tensor, Tensor]]) -> Interaction:
    """The first function that finds nearly as much as a nearest-neighbour search, or else the one that finds most."""
    best, most = Polynomial(VERTICES[0]), -1
    for n in VERTICES:
        for interaction in (Polynomial(n), RectifiedPolynomial(n)):
            counted = [_counted(network, interaction) for network in networks]
            tried, back, nearest = (sum(column) for column in zip(*counted, strict=True))
            if back > most:
                best, most = interaction, back
            if back >= nearest - NEAR * tried:
                return best
    return best


def _counted(network: tuple[Tensor, Tensor, Tensor], interaction: Interaction) -> tuple[int, int, int]:
    """How many probes there are, how many come back, and of how many the pattern is nearer than all others."""
    patterns, targets, probes = network
    n_neurons = patterns.shape[-1]
    form = _form(interaction, n_neurons, patterns.dtype)
    scaling = Scaling.modified(1.0, n_neurons)
    back = nearest = 0
    size = max(1, BLOCK // len(patterns))
    for begin in range(0, len(probes), size):
        some, wanted = probes[begin : begin + size], targets[begin : begin + size]
        ends = recall(patterns, some, interaction, scaling, form=form).states
        back += int((ends == patterns[wanted]).all(-1).sum())
        overlap = some @ patterns.mT
        nearest += int(((overlap >= overlap.gather(-1, wanted[:, None])).sum(-1) == 1).sum())
    return len(probes), back, nearest


def _measured(counted: Iterable[tuple[int, int]], exact: bool) -> Measured:
    """The share and its interval; probes of one network count for less where networks differ by more than chance."""
    probes, hits = (torch.tensor(column, dtype=torch.float64) for column in zip(*counted, strict=True))
    share = (hits.sum() / probes.sum()).item()
    if exact:
        return Measured(share, share, share)
    chance = share * (1 - share) / (probes.sum() / len(probes))
    found = (hits / probes).var() if len(probes) > 1 else chance
    draws = int(probes.sum() * min(1.0, float(chance / found))) if found > 0 else int(probes.sum())
    draws = max(draws, len(probes))
    return Measured(share, *clopper_pearson(round(share * draws), draws, level=LEVEL))


def _form(interaction: Interaction, n_neurons: int, dtype: torch.dtype) -> str:
    return "plain" if plain_fits(dtype, n_neurons, interaction, Scaling.modified(1.0, n_neurons)) else "log"


def _to_learn(interaction: Interaction, n_neurons: int, n_patterns: int) -> tuple[float | None, float | None]:
    """The temperature and the rate at which a network learns, with five memories a pattern."""
    if isinstance(interaction, RectifiedPolynomial) and interaction.n > LEARNS:
        return None, None
    gain, rate = OTHERS if isinstance(interaction, RectifiedPolynomial) else EVEN
    scaling = Scaling.calibrated(interaction, n_neurons, COPIES * n_patterns, n_patterns, gain=gain)
    return float(scaling.temperature), rate


def _said(share: Measured) -> str:
    if share.low == share.high:
        return f"exactly {share.share:.1%}"
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%})"
