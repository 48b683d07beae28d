"""Where the plain form leaves the range of a dtype, predicted from `torch.finfo` and the sizes of its terms.

For one memory whose overlap with the state has size a, the plain form computes these numbers, with c = inner and
o = outer:

    F        (c a)^n            outer    o = T^-n or 1
    gap      o (c a)^n          gradient n o c (c a)^(n-1)

The dtype has each of them while its logarithm lies between those of the smallest and the largest number:

    n log(c a) > log(largest)  overflows,      n log(c a) < log(smallest)  underflows.

So the first vertex that overflows is the first whole n above log(largest) / log(c a), and likewise for the others. The
worst case is a = N, a memory that equals the state. A random state has an overlap of about a = sqrt(N/3) with a memory
that is uniform in [-1, 1]. The worst case decides about overflow, since one memory is enough to spoil the sum; the
random state decides about underflow, since then most of the sum is lost. The worst case of the modified form is
c a = 1/T, which exceeds 1 when T is below 1.

These are sizes of single terms. The gap of a memory that equals the state is outer [F(N) - F(N - 2)]; it is smaller
than outer F(N) and may stay finite for one more vertex. In training the gradient is multiplied by 1 - C^2, which is
zero once tanh saturates; a gradient too large for its dtype therefore shows as zero until F itself is infinite.

The original form computes F and T^-n separately and multiplies them. Where one has overflowed and the other has
underflowed, their product is not a number, although the gap may be of order 1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction
from damcore.scaling import Scaling

STAGES = ("F", "outer", "gap", "gradient")


@dataclass(frozen=True)
class Limits:
    """The natural logarithms of the largest, the smallest normal and the smallest number of a dtype.

    Attributes:
        largest: the logarithm of the largest number.
        normal: the logarithm of the smallest number of full precision.
        smallest: the logarithm of the smallest number above zero.
    """

    largest: float
    normal: float
    smallest: float


@_checks.door
def limits(dtype: torch.dtype) -> Limits:
    """Return the range of a floating dtype.

    Args:
        dtype: float16, bfloat16, float32 or float64.

    Example:
        >>> import torch
        >>> from damcore.numerics import limits
        >>> round(limits(torch.float32).largest, 2)  # log(3.4e38)
        88.72
    """
    info = torch.finfo(dtype)
    # Rounded to nearest, half a last bit above the largest number is still that number.
    return Limits(math.log(info.max) + info.eps / 4, math.log(info.tiny), math.log(info.tiny) + math.log(info.eps))


@_checks.door
@_checks.detached
def sizes(interaction: Interaction, scaling: Scaling, overlap: float) -> dict[str, Float[Tensor, "*runs"]]:
    """Return the natural logarithms of the numbers that the plain form computes for a memory with this overlap.

    Args:
        interaction: F.
        scaling: inner and outer.
        overlap: |h|, > 0: N in the worst case, about sqrt(N/3) for a random state.

    Returns:
        The logarithms of "F", "outer", "gap" (= outer F) and "gradient" (= outer inner f), each with the shape of the
        temperature.

    Raises:
        ValueError: `overlap` is not positive.

    Example:
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import sizes
        >>> terms = sizes(Polynomial(10), Scaling.original(1.0, n=10), overlap=784.0)
        >>> round(terms["F"].item(), 2)  # log(784^10)
        66.64
    """
    _checks.positive("overlap", overlap)
    return _sizes(interaction, scaling, overlap)


def _sizes(interaction: Interaction, scaling: Scaling, overlap: float) -> dict[str, Tensor]:
    """Do what `sizes` does, for an overlap of either sign."""
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64)
    inner = -scaling.inner_power * temperature.log() - math.log(scaling.divisor)
    outer = -scaling.outer_power * temperature.log()
    x = inner.exp() * overlap
    value, slope = interaction.signed_log(x)[1], interaction.signed_log_derivative(x)[1]
    return {"F": value, "outer": outer, "gap": outer + value, "gradient": outer + inner + slope}


@_checks.door
@_checks.detached
def first_overflow(
    dtype: torch.dtype,
    stage: str,
    network: Callable[[int], tuple[Interaction, Scaling]],
    overlap: float,
    most: int = 1000,
    *,
    under: bool = False,
) -> int | None:
    """Return the smallest vertex of at least 2 at which a stage of the plain form leaves the range of the dtype.

    Args:
        dtype: a floating dtype.
        stage: "F", "outer", "gap" or "gradient", as in `sizes`.
        network: a function that gives the interaction and the scaling of each vertex.
        overlap: |h|, > 0.
        most: the largest vertex to try.
        under: look for the first vertex at which the stage is rounded to zero, instead of exceeding the largest number.

    Returns:
        The vertex, or None where no vertex up to `most` leaves the range.

    Raises:
        ValueError: the stage is unknown.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import first_overflow
        >>> def original(n):
        ...     return Polynomial(n), Scaling.original(2.0, n)
        >>> first_overflow(torch.float32, "F", original, overlap=784.0)
        14
        >>> first_overflow(torch.float32, "outer", original, overlap=784.0, under=True)
        150
    """
    _checks.one_of("stage", stage, STAGES)
    largest, zero = limits(dtype).largest, limits(dtype).smallest - math.log(2)  # rounded to nearest
    _checks.whole("most", most, 2)
    for n in range(2, most + 1):
        found = network(n)
        if (
            not isinstance(found, tuple)
            or [*map(type, found)][1:] != [Scaling]
            or not isinstance(found[0], Interaction)
        ):
            _checks.refuse(
                f"`network` must return an interaction function and a Scaling, got {_checks.said(found)}.", TypeError
            )
        interaction, scaling = found
        size = sizes(interaction, scaling, overlap)[stage].item()
        if size <= zero if under else size > largest:
            return n
    return None


@_checks.door
@_checks.detached
def plain_fits(
    dtype: torch.dtype, n_neurons: int, interaction: Interaction, scaling: Scaling, *, learning: bool = False
) -> Bool[Tensor, "*runs"]:
    """Return, per network, whether the plain form stays in the range of the dtype.

    It does where nothing overflows in the worst case, and where every number has its full precision for a random state.

    The answer depends on these arguments alone and not on the memories, so that a network is computed in the same way
    from beginning to end and in any batch. A leaky F underflows only where its linear branch does so, too: the linear
    branch carries the sum where the power is lost. An F without logarithms of its own (`signed_log`,
    `signed_log_derivative`) always fits, since the log domain would form F itself.

    Args:
        dtype: the dtype of the memories.
        n_neurons: N, a whole number of at least 1.
        interaction: F.
        scaling: inner and outer.
        learning: consider the gradient as well as the gap.

    Returns:
        One boolean per network, with the shape of the temperature.

    Raises:
        ValueError: `n_neurons` is not a whole number of at least 1.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import plain_fits
        >>> [bool(plain_fits(torch.float32, 784, Polynomial(n), Scaling.original(1.0, n))) for n in (5, 20)]
        [True, False]
    """
    _checks.whole("n_neurons", n_neurons)
    if not interaction.has_logs:
        return torch.ones_like(torch.as_tensor(scaling.temperature, dtype=torch.float64), dtype=torch.bool)
    worst, above, below = (
        _sizes(interaction, scaling, overlap)
        for overlap in (float(n_neurons), typical_overlap(n_neurons), -typical_overlap(n_neurons))
    )
    stages = STAGES if learning else STAGES[:-1]
    bound = limits(dtype)
    fits = torch.ones_like(worst["outer"], dtype=torch.bool)
    for stage in stages:
        fits &= worst[stage] < bound.largest
        fits &= torch.maximum(above[stage], below[stage]) > bound.normal
    return fits


def typical_overlap(n_neurons: int) -> float:
    """Return sqrt(N/3), the root mean square overlap of a random state with a memory that is uniform in [-1, 1]."""
    return math.sqrt(n_neurons / 3)
