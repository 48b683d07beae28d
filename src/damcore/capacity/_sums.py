"""The probability that a sum of independent symmetric terms is more than 1, exactly on a lattice or on a fine grid."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from damcore import _checks

PLACES = 1 << 22  # of a convolution: 32 MiB, and about half a second
FINEST = 32  # steps of a grid in the deviation of one term, at least
STEEPEST = 1e4  # the tilt that gathers S at 1, where S cannot be more
BEYOND = 37.0  # e^-37 is below the rounding of a double
EDGE = 4  # places more than needed, for rounding


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a sum S; all terms are independent and have this symmetric law.

    Attributes:
        values: its values, each once.
        logs: the logarithms of their probabilities, in float64.
    """

    values: tuple[Fraction, ...]
    logs: Tensor

    @cached_property
    def sizes(self) -> Tensor:
        """The values in float64."""
        return torch.tensor([float(value) for value in self.values], dtype=torch.float64)

    @cached_property
    def largest(self) -> Fraction:
        """The largest value."""
        return max(self.values)

    @cached_property
    def unit(self) -> Fraction:
        """The largest number of which every value is a whole multiple above the lowest."""
        share = math.lcm(*(value.denominator for value in self.values))
        return Fraction(math.gcd(*(int((value + self.largest) * share) for value in self.values)), share)

    @cached_property
    def variance(self) -> float:
        """The variance of x."""
        return (self.logs.exp() * self.sizes.square()).sum().item()

    def cumulant(self, tilt: Tensor | float) -> Tensor:
        """Return log E[e^(tilt x)], precise where it is small."""
        tilted = torch.as_tensor(tilt, dtype=torch.float64)[..., None] * self.sizes
        small = (2 * self.logs.exp() * (tilted / 2).sinh().square()).sum(-1).log1p()
        return torch.where(small < 1, small, (self.logs + tilted).logsumexp(-1))

    def saddle(self, terms: int) -> float:
        """Return the lambda at which S has the mean 1 once the law of x is multiplied by e^(lambda x), or the steepest.

        At this lambda e^-lambda E[e^(lambda S)] is smallest.
        """
        size, low, high = self.sizes.abs(), 0.0, STEEPEST
        for _ in range(40):  # every lambda gives the right result, and one near the best the most digits
            tilt = (low + high) / 2
            pairs = (self.logs + tilt * size - self.cumulant(tilt)).exp() * -(-2 * tilt * size).expm1()
            low, high = (tilt, high) if float(terms) * (size * pairs).sum() / 2 < 1 else (low, tilt)
        return low

    def chernoff(self, terms: int) -> float:
        """Return the least e^-lambda E[e^(lambda x)]^terms, a bound of P(S >= 1); 0 where S cannot be 1."""
        if terms * self.largest < 1:
            return 0.0
        tilt = self.saddle(terms)
        return math.exp(min(0.0, float(terms) * self.cumulant(tilt).item() - tilt))

    def tail(self, terms: int) -> float:
        """Return P(S > 1) + P(S = 1) / 2 for the sum S of so many terms.

        The law of one term is tilted, convolved by a Fourier transform on a circle that holds the tilted sum but for
        e^-37, and tilted back. So a small probability keeps its digits, too.

        Where the lattice has too many places, each value is shared between its two neighbours on a grid that has the
        place 1. This keeps the mean and adds at most a quarter of a squared step to the variance of a term. By
        Hoeffding's inequality it moves S by more than 5 sqrt(terms) steps with probability below 1e-21.
        """
        if terms * self.largest < 1:
            return 0.0
        tilt = self.saddle(terms)
        below, above = self._window(terms, tilt)
        return (self._on_lattice(terms, below, above) or self._on_grid(terms, below, above)).tail(terms, tilt)

    def _window(self, terms: int, tilt: float) -> tuple[float, float]:
        """How far below and above 1 the tilted sum may lie, but for e^-37, by Chernoff's bound."""
        here, count = self.cumulant(tilt), float(terms)
        square = (self.sizes.square() * (self.logs + tilt * self.sizes - here).exp()).sum()
        more = torch.linspace(0.5, 60, 200, dtype=torch.float64) / (count * square).sqrt().clamp_min(60 / STEEPEST)
        down = count * (self.cumulant(tilt - more) - here) + more
        up = count * (self.cumulant(tilt + more) - here) - more
        below, above = (((growth + BEYOND) / more).min().item() for growth in (down, up))
        return below, above

    def _on_lattice(self, terms: int, below: float, above: float) -> "Placed | None":
        """The term on the lattice of its values; None where the sum has too many places."""
        if 1 / self.unit > 2**60:
            return None
        step, last = float(self.unit), int(2 * terms * self.largest / self.unit)
        span = min(last, int((below + above) / step)) + EDGE
        if span > PLACES:
            return None
        one = (1 + terms * self.largest) / self.unit
        places = [int((value + self.largest) / self.unit) for value in self.values]
        wanted = min(last - math.ceil(one) + 1, int(above / step) + EDGE)
        return Placed(places, self.sizes, self.logs, step, one, span, wanted)

    def _on_grid(self, terms: int, below: float, above: float) -> "Placed":
        """The term on the finest grid there is room for, which has as many of its values as possible."""
        steps, common = int((PLACES - EDGE) / (below + above)), 1
        for value in self.values:
            if math.lcm(common, value.denominator) <= steps:
                common = math.lcm(common, value.denominator)
        steps -= steps % common
        if steps * math.sqrt(self.variance) < FINEST:
            _checks.refuse(
                f'`law` "exact" needs more than {PLACES} places for the sum over {terms + 1} memories; take "gaussian" '
                'or "bound", or fewer memories.'
            )
        places = [math.floor(value * steps) for value in self.values]
        past = [float(value * steps - place) for value, place in zip(self.values, places, strict=True)]
        share = torch.tensor(past, dtype=torch.float64)
        places += [place + 1 for place in places]
        sizes = torch.tensor(places, dtype=torch.float64) / steps
        logs = torch.cat([self.logs + (1 - share).log(), self.logs + share.log()])
        return Placed(places, sizes, logs, 1 / steps, Fraction(steps), PLACES, int(above * steps) + EDGE)


@dataclass(frozen=True, eq=False)
class Placed:
    """A term whose values lie on places of equal distance, and the places of a sum that matter.

    Attributes:
        places: of the values, as whole numbers.
        sizes: what they stand for.
        logs: the logarithms of their probabilities.
        step: from one place to the next.
        one: the place at which the sum is 1, which need not be whole.
        span: how many places the tilted sum may take.
        wanted: how many of them from `one` on.
    """

    places: list[int]
    sizes: Tensor
    logs: Tensor
    step: float
    one: Fraction
    span: int
    wanted: int

    def tail(self, terms: int, tilt: float) -> float:
        """Return P(S > 1) + P(S = 1) / 2 for the sum S of so many terms, computed at this tilt."""
        length = 1 << (self.span - 1).bit_length()
        tilted = (self.logs + tilt * (self.sizes - 1 / terms)).exp()
        law = torch.zeros(length, dtype=torch.float64)
        law.index_add_(0, torch.tensor([place % length for place in self.places]), tilted / tilted.sum())
        turned = torch.fft.rfft(law)
        law = torch.fft.irfft(torch.polar(turned.abs() ** terms, turned.angle() * terms), length)
        begin = math.ceil(self.one)
        onward = torch.arange(self.wanted)
        found = law[(onward + begin % length) % length]
        if begin == self.one:
            found[0] /= 2
        beyond = self.step * (onward.double() + float(begin - self.one))
        return max(0.0, ((found * (-tilt * beyond).exp()).sum() * (terms * tilted.sum().log()).exp()).item())
