"""The largest number of random patterns that a network stores with a given error."""

import math
from collections.abc import Callable
from functools import cache

from damcore import _checks
from damcore.capacity.errors import LAWS, function, log_load, of_memories
from damcore.interactions import Interaction

MOST = 1 << 1000  # memories that a double can count
NO_ERRORS = "no errors"


@_checks.door
def max_memories(
    n_neurons: int,
    n: int | Interaction,
    criterion: float | str = NO_ERRORS,
    rectified: bool = False,
    *,
    law: str = "exact",
) -> float:
    """Return the largest number of memories at which one neuron turns over with at most this probability.

        error_probability(K) = criterion

    K is not rounded: between two whole numbers the logarithm of the probability is taken as a straight line over 1/K,
    which it is in the printed law but for a square root. In the limit of large N it is alpha_n N^(n-1), and twice that
    for the rectified form. At an error of 0.005 and n = 2 the law "limit" has alpha = 0.151, and "printed" has 0.146;
    the texts print 0.14.

    "no errors" is the number of memories as printed for x^n,

        K = N^(n-1) / (2 (2n-3)!! ln N)

    It is where the exponential of the printed law is 1/N. It leaves out the square root in front, so that a pattern
    loses fewer neurons than one on average. For the rectified form it is twice as large, which is derived in
    `error_probability` and not printed.

    Source: KH16 Eq. (5), (6).

    Args:
        n_neurons: N, 2 to 8192; any above with the laws "limit" and "printed", and with "no errors".
        n: of F(x) = x^n, or an F, as in `error_probability`; "no errors" has it for x^n and its rectified form.
        criterion: "no errors", or the probability, > 0 and < 1/2.
        rectified: of max(x, 0)^n, instead of x^n.
        law: "exact", "gaussian", "limit", "printed" or "bound", as in `error_probability`; "no errors" has its own.

    Returns:
        K; 0 where the law has a larger error already at K = 1, and infinity beyond the range of a double. With "bound"
        it is never too large.

    Raises:
        ValueError: a number is out of range, the law is unknown or not that of this F, or K is too large for it.

    The exact law is evaluated about 2 log2 K times, each up to a second.

    Example:
        >>> from damcore.capacity import max_memories
        >>> from damcore.interactions import Exponential
        >>> [round(max_memories(100, n), 1) for n in (2, 3, 4)]
        [10.9, 361.9, 7238.2]
        >>> [round(max_memories(100, 2, 0.005, law=law), 2) for law in ("exact", "gaussian", "limit", "printed")]
        [15.92, 15.92, 15.07, 14.63]
        >>> max_memories(100, Exponential(), 1e-6, law="bound") > 2**64
        True
    """
    interaction = function(n, rectified)
    if isinstance(criterion, str):
        if criterion != NO_ERRORS:
            _checks.refuse(f'`criterion` must be "no errors" or a probability, got {_checks.said(criterion)}.')
        log_k = -log_load(interaction, n_neurons) - math.log(2 * math.log(n_neurons))
        return math.exp(log_k) if log_k < math.log(1e308) else math.inf
    _checks.number("criterion", criterion, above=0.0)
    if criterion >= 0.5:
        _checks.refuse(f"`criterion` must be below 1/2, which no number of memories exceeds, got {criterion}.")
    return _crossing(interaction, n_neurons, criterion, law)


@_checks.door
def max_perfect_memories(
    n_neurons: int, n: int | Interaction, probability: float, rectified: bool = False, *, law: str = "exact"
) -> float:
    """Return the largest number of memories at which a stored pattern keeps all its neurons with this probability.

    Each neuron may turn over with the probability 1 - p^(1/N), if the neurons are independent, which is an assumption.
    With the law "bound" nothing is assumed: each may turn over with (1 - p) / N.

    Args:
        n_neurons: N, 2 to 8192; any above with the laws "limit" and "printed".
        n: of F(x) = x^n, or an F, as in `error_probability`.
        probability: p, that no neuron turns over, > 2^-N and < 1.
        rectified: of max(x, 0)^n, instead of x^n.
        law: "exact", "gaussian", "limit", "printed" or "bound", as in `error_probability`.

    Returns:
        K, as `max_memories`.

    Raises:
        ValueError: as `max_memories`.

    Example:
        >>> from damcore.capacity import max_perfect_memories
        >>> [round(max_perfect_memories(100, 3, 0.5, rectified)) for rectified in (False, True)]
        [540, 1079]
    """
    interaction = function(n, rectified)
    _checks.number("probability", probability, above=0.0)
    if probability >= 1:
        _checks.refuse(f"`probability` must be below 1, got {probability}.")
    _checks.whole("n_neurons", n_neurons, 2)
    _checks.one_of("law", law, LAWS)
    error = (1 - probability) / n_neurons if law == "bound" else -math.expm1(math.log(probability) / n_neurons)
    if error >= 0.5:
        _checks.refuse(f"`probability` must be above 2^-N, which any number of memories has, got {probability}.")
    return _crossing(interaction, n_neurons, error, law)


def _crossing(interaction: Interaction, n_neurons: int, error: float, law: str) -> float:
    probability = cache(of_memories(interaction, n_neurons, law))
    start = 1
    if law == "exact":  # which is slow
        quick = of_memories(interaction, n_neurons, "gaussian" if interaction.monomial else "bound")
        start = _aimed(probability, error, largest(lambda memories: quick(memories) <= error, 1))
    most = largest(lambda memories: probability(memories) <= error, start)
    low, high = (probability(memories) if memories else 0.0 for memories in (most, most + 1))
    if low == 0.0 or most > 2**53:
        return float(most)
    share = math.log(error / low) / math.log(high / low)
    return 1 / ((1 - share) / most + share / (most + 1))


def _aimed(probability: Callable[[int], float], error: float, start: int) -> int:
    """A number of memories near the one wanted, from straight lines of log P over 1/K."""
    k, other = max(2, start), max(3, start + start // 4)
    for _ in range(3):
        p, q = probability(k), probability(other)
        if k == other or not 0 < min(p, q) <= max(p, q) < 0.5 or p == q:
            break
        inverse = 1 / k + (1 / other - 1 / k) * math.log(error / p) / math.log(q / p)
        other, k = k, min(max(2, round(1 / inverse)), 4 * k) if inverse > 0 else 4 * k
    return k


def largest(fits: Callable[[int], bool], start: int) -> int:
    """Return the largest whole number that fits, where all up to it do; 0 where not even 1 does.

    Example:
        >>> largest(lambda number: number**2 <= 200, 3)
        14
    """
    low = high = start
    step = max(1, start >> 10)
    while low and not fits(low):
        low, high, step = max(0, low - step), low, 2 * step
    while high == low or fits(high):
        if high > MOST:
            _checks.refuse("`criterion` must be smaller: it allows more memories than a double can count.")
        low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
