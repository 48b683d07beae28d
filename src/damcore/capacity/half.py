"""The number of memories at which half of all starts succeed, by an adaptive search."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from damcore import _checks

SPREAD = (-0.5, 0.0, 0.5)  # where the next networks lie, in units of the logit
RESAMPLES = 1000
STEEPEST, FLATTEST = -30.0, -0.3  # of the logit, over the logarithm of K


class Half(NamedTuple):
    """A number of memories K_1/2 that was searched for.

    Args:
        memories: K_1/2, not rounded.
        low: lower end of its confidence interval.
        high: upper end.

    Example:
        >>> from damcore.capacity import Half
        >>> Half(memories=70.4, low=65.9, high=75.1).low
        65.9
    """

    memories: float
    low: float
    high: float


@_checks.door
def half_load(
    share: Callable[[int], float],
    start: int,
    *,
    networks: int = 30,
    level: float = 0.95,
    most: int = 2**40,
    generator: torch.Generator,
) -> Half:
    """Search for the number of memories K at which the share of successes is one half.

        logit(share) = slope (log K - log K_1/2)

    From `start` the search doubles or halves K until the share has passed one half. Then it places three networks at a
    time around its estimate and fits the line again. The interval is that of the percentiles over resampled networks:
    it counts that networks differ, and not only starts.

    See KH16, appendix B.

    Args:
        share: takes K, draws a network with so many memories, and returns its share of successes, 0 to 1, which falls
            with K. Each call must draw a network of its own.
        start: the first K, at least 1.
        networks: calls of `share` beside those of the doubling, at least 6.
        level: of the interval, > 0 and < 1.
        most: the largest K that may be tried.
        generator: a CPU generator, of the resampling.

    Returns:
        K_1/2 and its interval.

    Raises:
        ValueError: a number is out of range, a share is not from 0 to 1, or no K up to `most` has a share below a half.

    Example:
        >>> import torch
        >>> from damcore.capacity import half_load
        >>> draw = torch.Generator().manual_seed(0)
        >>> def share(k):  # of a made-up network
        ...     return torch.rand(500, generator=draw).lt(1 / (1 + (k / 70) ** 4)).double().mean().item()
        >>> half = half_load(share, 10, generator=draw)
        >>> half.low < 70 < half.high and half.high - half.low < 10
        True
    """
    _checks.whole("start", start)
    _checks.whole("networks", networks, 6, 2**20)
    _checks.number("level", level, above=0.0)
    if level >= 1:
        _checks.refuse(f"`level` must be below 1, got {level}.")
    _checks.whole("most", most, start)
    loads: list[int] = []
    shares: list[float] = []

    def tried(load: int) -> float:
        found = share(load)
        if not isinstance(found, int | float) or not 0 <= found <= 1:
            _checks.refuse(f"`share` must return a number from 0 to 1, got {_checks.said(found)} for {load} memories.")
        loads.append(load)
        shares.append(float(found))
        return shares[-1]

    _bracket(tried, start, most)
    tried_before = len(loads)
    while len(loads) < tried_before + networks:
        slope, half = _line(*_points(loads, shares))
        for logit in SPREAD[: tried_before + networks - len(loads)]:
            tried(min(most, max(1, round(math.exp(half + logit / slope)))))
    x, y = _points(loads, shares)
    halves = torch.empty(RESAMPLES, dtype=torch.float64)
    for number in range(RESAMPLES):
        chosen = torch.randint(len(x), (len(x),), generator=generator)
        halves[number] = _line(x[chosen], y[chosen])[1]
    low, high = halves.quantile(torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)).exp().tolist()
    return Half(math.exp(_line(x, y)[1]), low, high)


def _bracket(tried: Callable[[int], float], load: int, most: int) -> None:
    """Try numbers of memories until there is one on either side of a share of one half, or one memory is too many."""
    above = tried(load) >= 0.5
    while above or load > 1:
        if load == most:
            _checks.refuse(f"`share` must fall below 1/2; with {most} memories it is still above.")
        load = min(2 * load, most) if above else load // 2
        if (tried(load) >= 0.5) is not above:
            return


def _points(loads: list[int], shares: list[float]) -> tuple[Tensor, Tensor]:
    return torch.tensor(loads, dtype=torch.float64).log(), torch.tensor(shares, dtype=torch.float64)


def _line(x: Tensor, share: Tensor) -> tuple[float, float]:
    """The slope of the logit over log K, and the log K where it is 0; points far from one half count little."""
    share = share.clamp(0.01, 0.99)
    weight, logit = share * (1 - share), (share / (1 - share)).log()
    weight = weight / weight.sum()
    middle, level = (weight * x).sum(), (weight * logit).sum()
    spread = (weight * (x - middle).square()).sum()
    slope = (weight * (x - middle) * (logit - level)).sum() / spread if spread > 0 else torch.tensor(-2.0)
    steep = min(FLATTEST, max(STEEPEST, slope.item()))
    return steep, (middle - level / steep).item()
