"""Interaction functions F, their derivatives f and their degrees of homogeneity.

An interaction acts element by element on (scaled) overlaps. F is homogeneous of degree k when F(a x) = a^k F(x) for
every a > 0 (Source: MRS24 Eq. (9)). For such an F the original and the modified network are the same (see `scaling`).
"""

import inspect
import math
from abc import ABC, abstractmethod
from dataclasses import MISSING, dataclass, fields, is_dataclass
from fractions import Fraction
from numbers import Rational
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore._kernels.work import EXPONENTIAL, LEAKY, POLYNOMIAL, RECTIFIED

__all__ = ["Exponential", "Interaction", "LeakyRectifiedPolynomial", "Polynomial", "RectifiedPolynomial", "named"]

# No logarithm is taken of less than this: computing with log 0 takes ten times as long as with other numbers.
TINY = torch.finfo(torch.float64).tiny
PROBES = (-1.5, -0.5, 0.5, 1.5)  # on both sides of 0 and of 1, where powers differ


def whole_power(x: Tensor, exponent: int) -> Tensor:
    """Return x ** exponent by repeated squaring; scaling x by a power of two scales the result without rounding.

    Example:
        >>> whole_power(torch.tensor([-2.0, 3.0]), 3).tolist()
        [-8.0, 27.0]
    """
    result = None
    while exponent:
        if exponent & 1:
            result = x if result is None else result * x
        exponent >>= 1
        if exponent:
            x = x * x
    return torch.ones_like(x) if result is None else result


def log_size(x: Tensor) -> Tensor:
    """Return log |x|, and a large negative number for x = 0, which a sign of 0 keeps out of every sum.

    Example:
        >>> (log_size(torch.tensor([-1.0, 0.0])) < -87).tolist()
        [False, True]
    """
    return x.abs().clamp_min_(max(TINY, torch.finfo(x.dtype).tiny)).log_()


class Interaction(ABC):
    """An interaction function F, which gives its values, its derivative f and its properties.

    Call it for F(x), and its method `derivative` for f(x) = F'(x). Nothing outside this module tests the type of F: the
    package asks F for its properties.

    A function of your own is a frozen dataclass in your own file. It only has to define `__call__`:

        @dataclass(frozen=True)
        class Sharpened(Interaction):
            n: int

            def __call__(self, x):
                return x**self.n + x

    You can then train, recall, sweep and save with it. The other members make this faster or extend its range; their
    defaults are right for every F. A class that defines F is final: derive from `Interaction`, not from another F.

    Attributes:
        name: the name of F in a sweep; by default the name of the class.
    """

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **settings):
        super().__init_subclass__(**settings)
        for base in cls.__bases__:
            if base is not Interaction and issubclass(base, Interaction) and not inspect.isabstract(base):
                raise TypeError(
                    f"{base.__name__} is final, because its properties need not hold for another F; derive "
                    f"{cls.__name__} from Interaction and call {base.__name__} inside."
                )

    @abstractmethod
    def __call__(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return F(x), element by element."""

    def derivative(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return f(x) = F'(x), element by element; at a kink, the value of the branch x >= 0.

        By default autograd computes it.
        """
        with torch.inference_mode(False), torch.enable_grad():
            at = x.detach().clone().requires_grad_()
            (slope,) = torch.autograd.grad(self(at).sum(), at)
        return slope

    @property
    def degree(self) -> int | None:
        """The degree of homogeneity k of F(a x) = a^k F(x), a > 0; None, the default, where F is not homogeneous."""
        return None

    @property
    def vertex(self) -> int:
        """The power of 1/T outside the sum of the original network: n, else the degree, else 1."""
        return getattr(self, "n", None) or self.degree or 1

    @property
    def parity(self) -> int | None:
        """1 where F(-x) = F(x) for every x, -1 where F(-x) = -F(x), else None, the default."""
        return None

    @property
    def monomial(self) -> tuple[int, int] | None:
        """(n, s) where F(x) = x^n for x >= 0 and s |x|^n below, s = -1, 0 or 1; None, the default, for any other F."""
        return None

    @property
    def compiled(self) -> tuple[int, int, float] | None:
        """(kind, n, slope) for the compiled loops of `_kernels`; None, the default, where plain torch computes F."""
        return None

    @property
    def has_logs(self) -> bool:
        """Whether F defines its own `signed_log` and `signed_log_derivative`, which hold where F leaves the range."""
        own, base = type(self), Interaction
        return own.signed_log is not base.signed_log and own.signed_log_derivative is not base.signed_log_derivative

    def signed_log(self, x: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Return the sign and the logarithm of |F(x)|, also where F(x) itself leaves the range of the dtype.

        Where F(x) = 0 the logarithm is a large negative number, and the sign may be 0. A sign that is the same for
        every x is a scalar tensor. The default takes both from F(x), and so has the range of F(x) only.
        """
        value = self(x)
        return value.sign(), log_size(value)

    def signed_log_derivative(self, x: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        """Return the sign and the logarithm of |f(x)|, as `signed_log` does for F."""
        value = self.derivative(x)
        return value.sign(), log_size(value)

    @_checks.door
    def exact(self, x: Rational) -> Fraction:
        """Return F(x) in rational arithmetic; by default refuse, since not every F has rational values.

        Raises:
            TypeError: F does not define this method.
        """
        _checks.refuse(
            f"`interaction` must be exact in rational numbers, but {self!r} is not; give {type(self).__name__} a "
            "method `exact(x: Fraction) -> Fraction`.",
            TypeError,
        )

    @_checks.door
    def described(self) -> dict[str, object]:
        """Return what a file keeps of F: the import path of its class, its fields and, for your own F, some values.

        Raises:
            ValueError: F keeps more than the fields of a dataclass, or a field is neither a number nor a string.
        """
        kind = type(self)
        fields = {name: getattr(self, name) for name in kind._fields()}
        fields = {name: value.item() if isinstance(value, np.generic) else value for name, value in fields.items()}
        if not is_dataclass(self) and vars(self):
            _checks.refuse(f"{self!r} cannot be saved: make {kind.__name__} a dataclass, so that its fields are known.")
        for name, value in fields.items():
            if not isinstance(value, int | float | str | bool | None):
                _checks.refuse(f"{self!r} cannot be saved: its field `{name}` must be a number or a string.")
        values = self.values()
        return {"name": _path(kind), "fields": fields, "values": values} if values else {"name": _path(kind), **fields}

    def values(self) -> list[float]:
        """Return F at a few points, to six digits, so that `restored` notices another F of the same name.

        The functions of damcore give none.
        """
        if _is_ours(type(self)):
            return []
        return [float(f"{value:.5e}") for value in self(torch.tensor(PROBES, dtype=torch.float64)).tolist()]

    @classmethod
    def _fields(cls) -> list[str]:
        return [field.name for field in fields(cls) if field.init] if is_dataclass(cls) else []

    @classmethod
    @_checks.door
    def of_vertex(cls, n: int, slope: float) -> "Interaction":
        """Return F of vertex n: the fields `n` and `slope` take these values, others keep their defaults.

        Raises:
            ValueError: another field has no default.
        """
        given = {"n": n, "slope": slope}
        missing = [
            field.name
            for field in (fields(cls) if is_dataclass(cls) else ())
            if field.init and field.default is MISSING and field.default_factory is MISSING and field.name not in given
        ]
        if missing:
            _checks.refuse(f"A sweep sets `n` and `slope`; give the field `{missing[0]}` of {cls.__name__} a default.")
        return cls(**{name: given[name] for name in cls._fields() if name in given})


def defined() -> dict[str, type[Interaction]]:
    """Return every F that this process has defined, by import path; a later definition replaces an earlier one.

    Example:
        >>> "RectifiedPolynomial" in defined()
        True
    """
    found, waiting = {}, [Interaction]
    while waiting:
        below = waiting.pop(0).__subclasses__()
        waiting += below
        found |= {_path(kind): kind for kind in below if not inspect.isabstract(kind)}
    return found


@_checks.door
def named(name: str) -> type[Interaction]:
    """Return the class of F that has this name in a sweep.

    Args:
        name: "polynomial", "rectified", "leaky" or "exponential", or the `name` of a function of your own.

    Raises:
        ValueError: no class has this name, or two have it.

    Example:
        >>> named("rectified")(3)
        RectifiedPolynomial(n=3)
    """
    if not isinstance(name, str):
        _checks.refuse(f"`interaction` must be the name of a function F, got {_checks.said(name)}.", TypeError)
    names = [(kind.name or kind.__name__, path) for path, kind in defined().items()]
    paths = [path for own, path in names if own == name]
    if not paths:
        known = ", ".join(dict.fromkeys(repr(own) for own, _ in names))
        _checks.refuse(
            f"`interaction` must be one of {known}, got {name!r}; first import the module that defines a function of "
            "your own."
        )
    if len(paths) > 1:
        _checks.refuse(f"`interaction` {name!r} is both {' and '.join(paths)}; give one of them another `name`.")
    return defined()[paths[0]]


def restored(description: dict) -> Interaction:
    """Return the F that `Interaction.described` described, without importing anything.

    Args:
        description: what was saved.

    Raises:
        LookupError: the class of F is not defined in this process, or it has changed since F was saved.

    Example:
        >>> Polynomial(3).described()
        {'name': 'Polynomial', 'n': 3}
        >>> restored(Polynomial(3).described())
        Polynomial(n=3)
    """
    if not isinstance(description, dict) or not isinstance(description.get("name"), str):
        _checks.refuse("`interaction` was not described by `Interaction.described`; save it again.")
    path = description["name"]
    kind = defined().get(path)
    if kind is None:
        _checks.refuse(
            f"The saved F, {path}, is not defined here; import the module that defines it, then load.", LookupError
        )
    ours = _is_ours(kind)
    own = {key: value for key, value in description.items() if key != "name"}
    given = own if ours else own.get("fields", {})
    if set(given) != set(kind._fields()):
        _checks.refuse(
            f"The saved F, {path}, had the fields {sorted(given)} and now has {sorted(kind._fields())}; load it with "
            "the class it was saved with.",
            LookupError,
        )
    interaction = kind(**given)
    # Files last longer than the last digit of an exponential.
    if not ours and not np.allclose(description["values"], interaction.values(), rtol=1e-4, atol=0, equal_nan=True):
        _checks.refuse(
            f"The saved F, {path}, had other values when it was saved; load it with the class it was saved with.",
            LookupError,
        )
    return interaction


def _is_ours(kind: type[Interaction]) -> bool:
    return kind.__module__ == __name__


def _path(kind: type[Interaction]) -> str:
    return kind.__qualname__ if _is_ours(kind) else f"{kind.__module__}.{kind.__qualname__}"


@_checks.door
@dataclass(frozen=True)
class Polynomial(Interaction):
    """F(x) = x^n, homogeneous of degree n.

    For even n a state and its negative have the same energy. With n = 2 the network is the classical Hopfield network
    without self-coupling.

    Source: MRS24 Eq. (5).

    Args:
        n: interaction vertex, a whole number of at least 1.

    Raises:
        ValueError: `n` is not a whole number or below 1.

    Example:
        >>> import torch
        >>> from damcore.interactions import Polynomial
        >>> cube = Polynomial(3)
        >>> cube(torch.tensor([-1.0, 2.0])).tolist()
        [-1.0, 8.0]
        >>> cube.derivative(torch.tensor([-1.0, 2.0])).tolist()
        [3.0, 12.0]
        >>> cube.degree
        3
    """

    name: ClassVar[str] = "polynomial"

    n: int

    def __post_init__(self):
        _checks.power("n", self.n)

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

    @property
    def parity(self):
        return -1 if self.n % 2 else 1

    @property
    def monomial(self):
        return self.n, -1 if self.n % 2 else 1

    @property
    def compiled(self):
        return POLYNOMIAL, self.n, 0.0


@_checks.door
@dataclass(frozen=True)
class RectifiedPolynomial(Interaction):
    """F(x) = x^n for x >= 0, else 0, homogeneous of degree n.

    Source: MRS24 Eq. (6).

    Args:
        n: interaction vertex, a whole number of at least 1.

    Raises:
        ValueError: `n` is not a whole number or below 1.

    Example:
        >>> import torch
        >>> from damcore.interactions import RectifiedPolynomial
        >>> RectifiedPolynomial(3)(torch.tensor([-1.0, 2.0])).tolist()
        [0.0, 8.0]
    """

    name: ClassVar[str] = "rectified"

    n: int

    def __post_init__(self):
        _checks.power("n", self.n)

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

    @property
    def monomial(self):
        return self.n, 0

    @property
    def compiled(self):
        return RECTIFIED, self.n, 0.0


@_checks.door
@dataclass(frozen=True)
class LeakyRectifiedPolynomial(Interaction):
    """F(x) = x^n for x >= 0, else slope * x; homogeneous only for n = 1.

    The slope is positive, as in the authors' public code. MRS24 prints -epsilon x below zero, where that is positive;
    `slope=-epsilon` gives this other function.

    Source: MRS24 Eq. (7).

    Args:
        n: interaction vertex, a whole number of at least 1.
        slope: slope below zero, dimensionless; any finite number.

    Raises:
        ValueError: `n` is not a whole number or below 1, or `slope` is not finite.
        TypeError: `slope` is not a number.

    Example:
        >>> import torch
        >>> from damcore.interactions import LeakyRectifiedPolynomial
        >>> LeakyRectifiedPolynomial(3, slope=0.5)(torch.tensor([-1.0, 2.0])).tolist()
        [-0.5, 8.0]
    """

    name: ClassVar[str] = "leaky"

    n: int
    slope: float = 1e-2

    def __post_init__(self):
        _checks.power("n", self.n)
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

    @property
    def compiled(self):
        return LEAKY, self.n, self.slope

    @_checks.door
    def exact(self, x: Rational):
        x = Fraction(x)
        return x**self.n if x >= 0 else Fraction(self.slope) * x


@_checks.door
@dataclass(frozen=True)
class Exponential(Interaction):
    """F(x) = e^x, not homogeneous: F(a x) = F(x)^a.

    Source: MRS24 Eq. (12).

    Example:
        >>> import torch
        >>> from damcore.interactions import Exponential
        >>> Exponential()(torch.tensor([0.0])).tolist()
        [1.0]
        >>> print(Exponential().degree)
        None
    """

    name: ClassVar[str] = "exponential"

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

    @property
    def compiled(self):
        return EXPONENTIAL, 0, 0.0


def _parity(x: Tensor, exponent: int) -> Tensor:
    """Return the sign of x ** exponent; for an even exponent, the scalar tensor 1."""
    return x.sign() if exponent % 2 else x.new_ones(())


def _sign(number: float) -> float:
    return math.copysign(1.0, number) if number else 0.0


def _log(number: float) -> float:
    return math.log(max(abs(number), TINY))
