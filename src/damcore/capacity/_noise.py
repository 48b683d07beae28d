"""The noise: what the other random memories add to the energy gap of a neuron of a stored pattern."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import torch

from damcore import _checks
from damcore.capacity._sums import Term
from damcore.interactions import Interaction

MOST_NEURONS = 1 << 13  # binomial coefficients have as many bits
MOST_BITS = 1 << 16  # of an exact value of F


@dataclass(frozen=True)
class Noise:
    """What one other memory adds, x = s [F(r + 1) - F(r - 1)], beside the signal F(N) - F(N - 2).

    The sign s of a memory at the neuron and its overlap r with the other N - 1 neurons, both relative to the stored
    pattern, are independent, and r is a sum of N - 1 signs. So x and -x have the same law.

    Attributes:
        values: the values of x, each once.
        weights: how many of the 2^N choices of s and N - 1 signs give each value.
        signal: what the stored pattern's own memory adds.
        brackets: F(r + 1) - F(r - 1) at each overlap r of the other neurons, from below.
    """

    values: tuple[Fraction, ...]
    weights: tuple[int, ...]
    signal: Fraction
    brackets: tuple[Fraction, ...] = ()

    @classmethod
    def of(cls, interaction: Interaction, n_neurons: int) -> "Noise":
        """Return the noise of F, exactly where F has rational values, and else with F in float64."""
        _checks.whole("n_neurons", n_neurons, 2, MOST_NEURONS)
        values = _values(interaction, n_neurons)
        brackets = tuple(on - off for off, on in itertools.pairwise(values))
        weights: Counter[Fraction] = Counter()
        ways = 1  # binomial coefficient of N - 1 and `plus`
        for plus, bracket in enumerate(brackets):
            weights[bracket] += ways
            weights[-bracket] += ways
            ways = ways * (n_neurons - 1 - plus) // (plus + 1)
        if brackets[-1] <= 0:
            _checks.refuse(
                f"`n` must be a function that rises from the overlap N - 2 to N, and {interaction!r} does not."
            )
        return cls(tuple(weights), tuple(weights.values()), brackets[-1], brackets)

    def damaged(self, flipped: int) -> tuple["Noise", "Noise"]:
        """The same noise with the signal of a neuron that is right, and of a flipped one, once some are flipped."""
        right = self.brackets[-1 - flipped] if flipped < len(self.brackets) else Fraction(0)
        return replace(self, signal=right), replace(self, signal=self.brackets[-flipped])

    @cached_property
    def variance(self) -> Fraction:
        """The variance of one term; its mean is 0."""
        total = sum(weight * value**2 for value, weight in zip(self.values, self.weights, strict=True))
        return Fraction(total) / sum(self.weights)

    @cached_property
    def term(self) -> Term:
        """One term, in units of the signal."""
        total = sum(self.weights)
        logs = [_log_share(weight, total) for weight in self.weights]
        return Term(tuple(value / self.signal for value in self.values), torch.tensor(logs, dtype=torch.float64))


def _values(interaction: Interaction, n_neurons: int) -> list[Fraction]:
    """F at the overlaps -N, -N + 2, ..., N; up to one factor where F leaves the range of a double."""
    overlaps = range(-n_neurons, n_neurons + 1, 2)
    exact = _exact(interaction, n_neurons)
    if exact is not None:
        return [Fraction(exact(h)) for h in overlaps]
    at = torch.tensor(overlaps, dtype=torch.float64)
    found = interaction(at)
    if not torch.isfinite(found).all():
        sign, log = interaction.signed_log(at)
        found = sign * (log - log.max()).exp()
    if not torch.isfinite(found).all():
        _checks.refuse(
            f"`n` must be a function that is finite up to the overlap {n_neurons}, and {interaction!r} is not."
        )
    return [Fraction(value) for value in found.tolist()]


def _exact(interaction: Interaction, n_neurons: int) -> Callable[[int], Fraction | int] | None:
    if interaction.vertex * n_neurons.bit_length() > MOST_BITS:
        return None
    if interaction.monomial is not None:
        n, below = interaction.monomial
        return lambda h: h**n if h >= 0 else below * (-h) ** n
    try:
        interaction.exact(Fraction(0))
    except TypeError:
        return None
    return lambda h: interaction.exact(Fraction(h))


def _log_share(part: int, whole: int) -> float:
    """log(part / whole), also where the share leaves the range of a double, and there with fewer digits."""
    share = part / whole
    return math.log(share) if share > 1e-300 else math.log(part) - math.log(whole)
