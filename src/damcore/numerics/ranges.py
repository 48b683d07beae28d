"""Where the plain form leaves the range of a dtype: predicted from `torch.finfo` and the sizes of what it forms.

For one memory whose overlap with the state has size a, the plain form goes through, with c = inner and o = outer,

    F        (c a)^n            outer    o = T^-n or 1
    gap      o (c a)^n          gradient n o c (c a)^(n-1)

and each is a number of the dtype while its logarithm lies between those of the smallest and the largest number:

    n log(c a) > log(largest)  overflows,      n log(c a) < log(smallest)  underflows,

so the first vertex that overflows is the first whole n above log(largest) / log(c a), and so on. The worst case is
a = N: a memory that equals the state. A random state has an overlap of about a = sqrt(N/3) with a memory that is
uniform in [-1, 1]. Overflow is judged by the worst case, since one memory is enough to spoil the sum; underflow by the
random one, since then most of the sum is gone. The modified form's worst case is c a = 1/T, which is not below 1 as
soon as T is.

These are sizes of single terms. The gap of a memory that equals the state is outer [F(N) - F(N - 2)], smaller than
outer F(N), and may stay finite one vertex longer. In training the gradient is multiplied by 1 - C^2, which is zero once
tanh saturates, so that a gradient too large for its dtype shows as zero until F itself is infinite.

The original form makes F and T^-n apart and multiplies: where one has overflowed and the other underflowed, their
product is not a number, though the gap may be of order 1.
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
    """Natural logarithms of a dtype's largest number, smallest normal number and smallest number."""

    largest: float
    normal: float
    smallest: float


def limits(dtype: torch.dtype) -> Limits:
    """The range of a floating dtype.

    Args:
        dtype: float16, bfloat16, float32 or float64.
    """
    info = torch.finfo(dtype)
    # Rounded to nearest, half a last bit above the largest number is still that number.
    return Limits(math.log(info.max) + info.eps / 4, math.log(info.tiny), math.log(info.tiny) + math.log(info.eps))


@_checks.door
def sizes(interaction: Interaction, scaling: Scaling, overlap: float) -> dict[str, Float[Tensor, "*runs"]]:
    """Natural logarithms of what the plain form goes through, for one memory whose overlap has this size.

    Args:
        interaction: F.
        scaling: inner and outer.
        overlap: |h|, > 0: N in the worst case, about sqrt(N/3) for a random state.

    Returns:
        "F", "outer", "gap" (= outer F) and "gradient" (= outer inner f), each with the shape of the temperature.

    Raises:
        ValueError: `overlap` is not positive.
    """
    _checks.positive("overlap", overlap)
    return _sizes(interaction, scaling, overlap)


def _sizes(interaction: Interaction, scaling: Scaling, overlap: float) -> dict[str, Tensor]:
    """`sizes`, for an overlap of either sign."""
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64)
    inner = -scaling.inner_power * temperature.log() - math.log(scaling.divisor)
    outer = -scaling.outer_power * temperature.log()
    x = inner.exp() * overlap
    value, slope = interaction.signed_log(x)[1], interaction.signed_log_derivative(x)[1]
    return {"F": value, "outer": outer, "gap": outer + value, "gradient": outer + inner + slope}


@_checks.door
def first_overflow(
    dtype: torch.dtype,
    stage: str,
    network: Callable[[int], tuple[Interaction, Scaling]],
    overlap: float,
    most: int = 1000,
    *,
    under: bool = False,
) -> int | None:
    """The smallest vertex, 2 or more, at which a stage of the plain form leaves the range of the dtype.

    Args:
        dtype: a floating dtype.
        stage: "F", "outer", "gap" or "gradient", as in `sizes`.
        network: the interaction and the scaling of each vertex.
        overlap: |h|, > 0.
        most: the last vertex to try.
        under: ask where the stage is rounded to zero, in place of where it exceeds the largest number.

    Returns:
        The vertex, or None.

    Raises:
        ValueError: an unknown stage.
    """
    _checks.one_of("stage", stage, STAGES)
    largest, zero = limits(dtype).largest, limits(dtype).smallest - math.log(2)  # rounded to nearest
    for n in range(2, most + 1):
        interaction, scaling = network(n)
        size = sizes(interaction, scaling, overlap)[stage].item()
        if size <= zero if under else size > largest:
            return n
    return None


@_checks.door
def plain_fits(
    dtype: torch.dtype, n_neurons: int, interaction: Interaction, scaling: Scaling, *, learning: bool = False
) -> Bool[Tensor, "*runs"]:
    """Whether the plain form stays in the range of the dtype, for each network: no overflow in the worst case, and no
    number without its full precision for a random state.

    Decided from these arguments alone, never from the memories, so that a network is computed in one way throughout and
    the same way in any batch. A leaky F underflows only where its linear branch does, too: that carries the sum where
    the power is lost. An F without logarithms of its own (`signed_log`, `signed_log_derivative`) always fits: the log
    domain would form F itself.

    Args:
        dtype: of the memories.
        n_neurons: N, a whole number of at least 1.
        interaction: F.
        scaling: inner and outer.
        learning: ask about the gradient as well as the gap.

    Returns:
        One boolean a network, with the shape of the temperature.

    Raises:
        ValueError: `n_neurons` is not a whole number of at least 1.
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
    """The root mean square overlap of a random state with a memory uniform in [-1, 1]: sqrt(N/3)."""
    return math.sqrt(n_neurons / 3)
