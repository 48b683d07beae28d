"""The gap in exact arithmetic, for one case at a time: what floating point is judged by.

Memories are floats, so a power of two makes all of them whole numbers, and with them the overlaps, u and v; Python's
integers then hold u^n - v^n exactly. As 1000 digits a power are slow and seldom needed, powers are first truncated to
256 bits, with the error they then have; where that does not settle the sign, they are taken in full.
"""

import math
from fractions import Fraction

import torch
from jaxtyping import Float, Int
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction

BITS = 256


@_checks.door
def exact_gap(
    memories: Float[Tensor, "K N"],
    states: Float[Tensor, "B N"],
    interaction: Interaction,
    neurons: Int[Tensor, "M"],
) -> tuple[Float[Tensor, "B M"], Float[Tensor, "B M"]]:
    """(sign, log of the absolute value) of the unscaled gap in exact integer arithmetic, for some neurons.

        gap[b, i] = xi_i sum_mu [F(h) - F(h - 2 xi_i zeta_i)]

    A scaling only multiplies that of a homogeneous F, by inner^n outer: its sign is that of every scaling.

    Args:
        memories: zeta, of any floating dtype, each number taken for exactly what it is.
        states: xi, bipolar, of the same dtype.
        interaction: F, exact in rational numbers; a power is soonest done (`Interaction.monomial`, `exact`).
        neurons: their numbers.

    Returns:
        The sign, 0 for an exact tie only, and the natural logarithm (-inf for a tie), in float64.

    Raises:
        ValueError: shapes do not fit, or a state is not bipolar.
        TypeError: `interaction` has no `exact`.
    """
    _checks.network(memories, states)
    whole, shift = _whole(memories)
    shape = (states.shape[0], len(neurons))
    signs, logs = torch.zeros(shape, dtype=torch.float64), torch.zeros(shape, dtype=torch.float64)
    chosen = neurons.tolist()
    for b, state in enumerate(states.tolist()):
        signed = [int(x) for x in state]
        h = [sum(z if x > 0 else -z for z, x in zip(row, signed, strict=True)) for row in whole]
        for column, i in enumerate(chosen):
            v = [a - 2 * signed[i] * row[i] for a, row in zip(h, whole, strict=True)]
            side, log = _rational(h, v, shift, interaction)
            signs[b, column], logs[b, column] = signed[i] * side, log
    return signs, logs


def _whole(memories: Tensor) -> tuple[list[list[int]], int]:
    """The memories times 2^shift, as Python's integers."""
    ratios = [[z.as_integer_ratio() for z in row] for row in memories.tolist()]
    shift = max(denominator.bit_length() - 1 for row in ratios for _, denominator in row)
    return [[p << (shift - q.bit_length() + 1) for p, q in row] for row in ratios], shift


def _rational(u: list[int], v: list[int], shift: int, interaction: Interaction) -> tuple[int, float]:
    """(sign, log of the absolute value) of sum F(u / 2^shift) - F(v / 2^shift)."""
    if interaction.monomial is None:
        on, off = (sum(interaction.exact(Fraction(a, 1 << shift)) for a in arguments) for arguments in (u, v))
        total = Fraction(on - off)
        log = _log(abs(total.numerator), 0) - _log(total.denominator, 0)
    else:
        n, below = interaction.monomial
        total, exponent = _gap(u, v, n, below)
        log = _log(abs(total), exponent - n * shift)
    return (total > 0) - (total < 0), log


def _gap(u: list[int], v: list[int], n: int, below: int) -> tuple[int, int]:
    """(m, e) with m 2^e = sum F(u) - F(v), to hundreds of bits, and the right sign of m; `below` as in a monomial."""
    pairs = [(a, b) for a, b in zip(u, v, strict=True) if not _equal(a, b, below)]
    terms = [(base, side) for pair in pairs for base, side in zip(pair, (1, -1), strict=True)]
    terms = [(abs(base), side if base > 0 else below * side) for base, side in terms if base > 0 or (base and below)]
    if not terms:
        return 0, 0
    powers = [(*_power(base, n), side) for base, side in terms]
    top = max(exponent + mantissa.bit_length() for mantissa, exponent, _ in powers)
    base_exponent = top - 2 * BITS
    total = sum(side * _shifted(mantissa, exponent - base_exponent) for mantissa, exponent, side in powers)
    # Each power is short of the truth by less than 4n units of its last bit, each shift by one.
    error = len(powers) * ((4 * n << BITS) + 1)
    if abs(total) <= error:
        total = sum(side * base**n for base, side in terms)
        base_exponent = 0
    return total, base_exponent


def _equal(a: int, b: int, below: int) -> bool:
    return a == b or (below == 0 and a <= 0 and b <= 0) or (below == 1 and a == -b)


def _power(base: int, n: int) -> tuple[int, int]:
    """(m, e) with m 2^e = base^n, m cut to BITS bits on the way: below the truth by less than 4n units of m."""
    result, exponent = 1, 0
    for bit in bin(n)[2:]:
        result, exponent = _cut(result * result, 2 * exponent)
        if bit == "1":
            result, exponent = _cut(result * base, exponent)
    return result, exponent


def _cut(mantissa: int, exponent: int) -> tuple[int, int]:
    surplus = mantissa.bit_length() - BITS
    return (mantissa >> surplus, exponent + surplus) if surplus > 0 else (mantissa, exponent)


def _shifted(mantissa: int, places: int) -> int:
    return mantissa << places if places >= 0 else mantissa >> -places


def _log(number: int, exponent: int) -> float:
    """log(number * 2^exponent)."""
    if not number:
        return -math.inf
    places = number.bit_length() - 1
    return math.log(number / (1 << places)) + (exponent + places) * math.log(2)
