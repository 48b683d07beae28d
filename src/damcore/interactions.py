"""Interaction functions F, their derivatives f and their degrees of homogeneity.

An interaction acts element by element on (scaled) overlaps. F is homogeneous of degree k when F(a x) = a^k F(x) for
every a > 0 (Source: MRS24 Eq. (9)); for such an F the original and the modified network are one (see `scaling`).
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks

# Logarithms are taken of at least this: log 0 and all that follows from it cost ten times as much as other numbers.
TINY = torch.finfo(torch.float64).tiny


def whole_power(x: Tensor, exponent: int) -> Tensor:
    """x ** exponent by repeated squaring, so that scaling x by a power of two scales the result without rounding."""
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else result * x
        exponent >>= 1
        if exponent:
            x = x * x
    return torch.ones_like(x) if result is None else result


def log_size(x: Tensor) -> Tensor:
    """log |x|; of a zero, whose sign is 0 and keeps it out of sums, some large negative number."""
    return x.abs().clamp_min_(max(TINY, torch.finfo(x.dtype).tiny)).log_()


class Interaction(ABC):
    """An interaction function: call it for F(x), `derivative` for f(x) = F'(x), `degree` for its homogeneity."""

    @abstractmethod
    def __call__(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """F(x), element by element."""

    @abstractmethod
    def derivative(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """f(x) = F'(x), element by element; at a kink the value of the branch x >= 0."""

    @property
    @abstractmethod
    def degree(self) -> int | None:
        """The degree of homogeneity k of F(a x) = a^k F(x), a > 0; None where F is not homogeneous."""

    def signed_log(self, x: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """(sign, log of the absolute value) of F(x), also where F(x) itself leaves the range of the dtype.

        Of a zero the logarithm is some large negative number, and the sign may be 0. A sign that no x changes has no
        shape. An interaction that does not define this gets what its own F(x) can give.
        """
        value = self(x)
        return value.sign(), log_size(value)

    def signed_log_derivative(self, x: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """(sign, log of the absolute value) of f(x), as `signed_log`."""
        value = self.derivative(x)
        return value.sign(), log_size(value)


@_checks.door
@dataclass(frozen=True)
class Polynomial(Interaction):
    """F(x) = x^n, homogeneous of degree n.

    Even n makes a state and its inverse equally good; n = 2 is the classical Hopfield network without self-coupling.

    Source: MRS24 Eq. (5).

    Args:
        n: interaction vertex, a whole number of at least 1.

    Raises:
        ValueError: `n` is not a whole number or below 1.
    """

    n: int

    def __post_init__(self):
        _checks.whole("n", self.n)

    def __call__(self, x):
        return whole_power(x, self.n)

    def derivative(self, x):
        return self.n * whole_power(x, self.n - 1)

    def signed_log(self, x):
        return _parity(x, self.n), log_size(x).mul_(self.n)

    def signed_log_derivative(self, x):
        return _parity(x, self.n - 1), log_size(x).mul_(self.n - 1).add_(math.log(self.n))

    @property
    def degree(self):
        return self.n


@_checks.door
@dataclass(frozen=True)
class RectifiedPolynomial(Interaction):
    """F(x) = x^n for x >= 0, else 0, homogeneous of degree n.

    Source: MRS24 Eq. (6).

    Args:
        n: interaction vertex, a whole number of at least 1.

    Raises:
        ValueError: `n` is not a whole number or below 1.
    """

    n: int

    def __post_init__(self):
        _checks.whole("n", self.n)

    def __call__(self, x):
        return whole_power(x.clamp_min(0), self.n)

    def derivative(self, x):
        # Written so that n = 1 gives 0 below zero and 1 from zero on.
        return torch.where(x < 0, torch.zeros_like(x), self.n * whole_power(x.clamp_min(0), self.n - 1))

    def signed_log(self, x):
        return x.sign().clamp_min_(0), log_size(x.clamp_min(0)).mul_(self.n)

    def signed_log_derivative(self, x):
        sign = torch.where(x < 0, 0.0, torch.ones_like(x))
        return sign, log_size(x.clamp_min(0)).mul_(self.n - 1).add_(math.log(self.n))

    @property
    def degree(self):
        return self.n


@_checks.door
@dataclass(frozen=True)
class LeakyRectifiedPolynomial(Interaction):
    """F(x) = x^n for x >= 0, else slope * x; not homogeneous, unless n = 1.

    The positive sign of the slope is that of the authors' public code. MRS24 prints -epsilon x below zero, which is
    positive there: that is `slope = -epsilon`, another function.

    Source: MRS24 Eq. (7).

    Args:
        n: interaction vertex, a whole number of at least 1.
        slope: dimensionless slope below zero; any finite number.

    Raises:
        ValueError: `n` is not a whole number or below 1, or `slope` is not finite.
        TypeError: `slope` is not a number.
    """

    n: int
    slope: float = 1e-2

    def __post_init__(self):
        _checks.whole("n", self.n)
        _checks.number("slope", self.slope)

    def __call__(self, x):
        return torch.where(x < 0, self.slope * x, whole_power(x.clamp_min(0), self.n))

    def derivative(self, x):
        return torch.where(x < 0, torch.full_like(x, self.slope), self.n * whole_power(x.clamp_min(0), self.n - 1))

    def signed_log(self, x):
        size, below = log_size(x), x < 0
        sign = torch.where(below, -_sign(self.slope), x.sign())
        return sign, torch.where(below, size + _log(self.slope), self.n * size)

    def signed_log_derivative(self, x):
        size, below = log_size(x.clamp_min(0)), x < 0
        sign = torch.where(below, _sign(self.slope), torch.ones_like(x))
        return sign, torch.where(below, _log(self.slope), (self.n - 1) * size + math.log(self.n))

    @property
    def degree(self):
        return 1 if self.n == 1 else None


@_checks.door
@dataclass(frozen=True)
class Exponential(Interaction):
    """F(x) = e^x, not homogeneous: F(a x) = F(x)^a.

    Source: MRS24 Eq. (12).
    """

    def __call__(self, x):
        return x.exp()

    def derivative(self, x):
        return x.exp()

    def signed_log(self, x):
        return x.new_ones(()), x.clone()

    def signed_log_derivative(self, x):
        return x.new_ones(()), x.clone()

    @property
    def degree(self):
        return None


def _parity(x: Tensor, exponent: int) -> Tensor:
    """The sign of x ** exponent, but 1 for every x, without a shape, where the exponent is even."""
    return x.sign() if exponent % 2 else x.new_ones(())


def _sign(number: float) -> float:
    return math.copysign(1.0, number) if number else 0.0


def _log(number: float) -> float:
    return math.log(max(abs(number), TINY))
