"""Interaction functions F, their derivatives f and their degrees of homogeneity.

An interaction acts element by element on (scaled) overlaps. F is homogeneous of degree k when F(a x) = a^k F(x) for
every a > 0 (Source: MRS24 Eq. (9)); for such an F the original and the modified network are one (see `scaling`).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks


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

    @property
    def degree(self):
        return None
