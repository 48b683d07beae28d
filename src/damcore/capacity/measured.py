"""The same probability from networks that are drawn, with its exact confidence interval."""

from typing import NamedTuple

import torch

from damcore import _checks
from damcore.capacity.errors import function
from damcore.datasets import random_patterns
from damcore.interactions import Interaction
from damcore.network import BLOCK, energy_gap
from damcore.scaling import Scaling

MOST_DRAWS = 1 << 24


class Measured(NamedTuple):
    """A share that was measured.

    Args:
        share: the share.
        low: lower end of its confidence interval.
        high: upper end.

    Example:
        >>> from damcore.capacity import Measured, clopper_pearson
        >>> Measured(0.5, *clopper_pearson(5, 10)).high > 0.5
        True
    """

    share: float
    low: float
    high: float


@_checks.door
def measured_error(
    n_neurons: int,
    n: int | Interaction,
    n_memories: int,
    rectified: bool = False,
    *,
    draws: int,
    generator: torch.Generator,
    level: float = 0.99,
) -> Measured:
    """Draw networks, update one neuron of a stored pattern in each, and return the share of those that turn over.

        xi_i <- sign(gap_i),   sign(0) = +1

    Each draw has patterns of its own, so the draws are independent and the interval is exact for any number of them.

    Source: KH16 Eq. (4).

    Args:
        n_neurons: N, at least 1.
        n: of F(x) = x^n, or an F, as in `error_probability`.
        n_memories: K random patterns, at least 1; the network starts on the first.
        rectified: of max(x, 0)^n, instead of x^n.
        draws: number of networks, at least 1.
        generator: a CPU generator.
        level: of the interval, > 0 and < 1.

    Returns:
        The share and its interval (`clopper_pearson`).

    Raises:
        ValueError: a number is out of range.
        TypeError: `generator` is missing or not a generator.

    The time is that of draws K N random signs.

    Example:
        >>> import torch
        >>> from damcore.capacity import error_probability, measured_error
        >>> generator = torch.Generator().manual_seed(0)
        >>> measured = measured_error(20, 2, 5, draws=2000, generator=generator)
        >>> measured.low < error_probability(20, 2, 5) < measured.high
        True
    """
    interaction = function(n, rectified)
    _checks.whole("n_neurons", n_neurons)
    _checks.whole("n_memories", n_memories)
    _checks.whole("draws", draws, 1, MOST_DRAWS)
    _checks.room(n_memories=n_memories, n_neurons=n_neurons)
    _level(level)
    size = max(1, BLOCK // (n_memories * n_neurons))
    turned = 0
    for begin in range(0, draws, size):
        networks = min(size, draws - begin)
        patterns = random_patterns(networks * n_memories, n_neurons, generator=generator)
        memories = patterns.unflatten(0, (networks, n_memories))
        state = memories[:, :1]
        gap = energy_gap(memories, state, interaction, Scaling(1.0), neurons=slice(0, 1))
        turned += ((gap >= 0) != (state[..., :1] > 0)).sum().item()
    return Measured(turned / draws, *clopper_pearson(int(turned), draws, level=level))


@_checks.door
def clopper_pearson(hits: int, draws: int, *, level: float = 0.99) -> tuple[float, float]:
    """Return the exact confidence interval of a probability, from how often something happened in independent draws.

        P(X >= hits | low) = P(X <= hits | high) = (1 - level) / 2,   X binomial

    It holds the true probability in at least the given share of all cases, however few the hits.

    Args:
        hits: how often it happened, 0 to `draws`.
        draws: the number of draws, 1 to 2^24.
        level: of the interval, > 0 and < 1.

    Returns:
        (low, high), with low = 0 where nothing happened and high = 1 where it always did.

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> from damcore.capacity import clopper_pearson
        >>> [round(end, 4) for end in clopper_pearson(5, 10, level=0.95)]
        [0.1871, 0.8129]
    """
    _checks.whole("draws", draws, 1, MOST_DRAWS)
    _checks.whole("hits", hits, 0, draws)
    _level(level)
    return 1 - _upper(draws - hits, draws, (1 - level) / 2), _upper(hits, draws, (1 - level) / 2)


def _level(level: float) -> None:
    _checks.number("level", level, above=0.0)
    if level >= 1:
        _checks.refuse(f"`level` must be below 1, got {level}.")


def _upper(hits: int, draws: int, chance: float) -> float:
    """The p at which a binomial variable is at most `hits` with this chance."""
    if hits == draws:
        return 1.0
    k = torch.arange(hits + 1, dtype=torch.float64)
    ways = torch.lgamma(torch.tensor(draws + 1.0, dtype=torch.float64)) - (k + 1).lgamma() - (draws - k + 1).lgamma()
    low, high = 0.0, 1.0
    for _ in range(60):
        p = torch.tensor((low + high) / 2, dtype=torch.float64)
        at_most = (ways + k * p.log() + (draws - k) * (-p).log1p()).logsumexp(0).exp()
        low, high = (p.item(), high) if at_most > chance else (low, p.item())
    return (low + high) / 2
