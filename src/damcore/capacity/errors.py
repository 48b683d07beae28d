"""The probability that one neuron, or any neuron, of a stored random pattern turns over in one update."""

import math
from collections.abc import Callable
from dataclasses import replace

from damcore import _checks
from damcore.capacity._noise import MOST_NEURONS, Noise
from damcore.interactions import Interaction, Polynomial, RectifiedPolynomial

LAWS = ("exact", "gaussian", "limit", "printed", "bound")


@_checks.door
def error_probability(
    n_neurons: int,
    n: int | Interaction,
    n_memories: int,
    rectified: bool = False,
    *,
    law: str = "exact",
    damage: float = 0.0,
) -> float:
    """Return the probability that a neuron of a stored random pattern turns over when it is updated.

    The gap of the neuron, times its value, is a signal and the noise of the K - 1 other memories:

        gap_i xi_i = F(N) - F(N - 2) + sum_mu x_mu,   x = s [F(r + 1) - F(r - 1)]

    s = +-1, and r is the sum of N - 1 signs; all are independent and fair. A gap of exactly zero makes the neuron +1.
    Half of all neurons are -1 and turn over then, so that

        P = P(sum_mu x_mu > signal) + P(sum_mu x_mu = signal) / 2

    The same holds where zero makes the neuron -1. Where a neuron keeps its value at zero, the second term is absent.

    "exact" is this P. The law of the sum is an exact convolution on the lattice of x. The only error is rounding, a
    relative 1e-11 + 2e-16 K, where the sum needs no more than 2^22 places. Beyond, and for an F without a lattice, x
    is shared between neighbours on a grid, which keeps its mean and adds less than 1/4000 to its variance. Only sums
    within 5 sqrt(K) steps of the signal can then count wrongly, but for a probability of 1e-21.

    "gaussian" is the tail of a normal law that has the exact signal and variance at this N (`noise_variance`),

        P = erfc(signal / sqrt(2 (K - 1) variance)) / 2

    "limit" has both at large N, for x^n and its rectified form. The signal tends to 2 n N^(n-1). For x^n the variance
    of a term tends to 4 n^2 E[r^(2n-2)] = 4 n^2 (2n-3)!! N^(n-1). For the rectified form it is half of this, which no
    text gives and is derived here: x vanishes for r < 0 and is that of x^n for r > 0, whose square is even in r. With
    a = K (2n-3)!! / N^(n-1), or half of that,

        P = erfc(1 / sqrt(2 a)) / 2

    "printed" is the first term of this tail at small a, as it is printed before KH16's Eq. 5 for x^n. It exceeds the
    tail, and 1 at large a. The rectified form has half of a here, too.

        P = sqrt(a / (2 pi)) exp(-1 / (2 a))

    The Gaussian law needs many memories that add to the noise. At a large n, and for the exponential, a few close ones
    make most of it. Then the law is far off, with damage by orders of magnitude.

    "bound" is never below P, for any F. By Markov's inequality P(sum x >= signal) <= e^(-lambda signal)
    E[e^(lambda sum x)] for every lambda > 0, and the terms are independent; with the best lambda,

        P <= e^(-lambda signal) E[e^(lambda x)]^(K-1)

    The noise is symmetric, so 1/2 is a bound, too. For the exponential the noise is far from Gaussian, and only "exact"
    and "bound" mean anything.

    Where the network starts from a damaged pattern, P is the probability that a neuron is wrong after one update. With
    d flipped neurons the pattern's own overlap is N - 2d, and the signal is F(N - 2d) - F(N - 2d - 2) for a neuron that
    is right, and F(N - 2d + 2) - F(N - 2d) for one of the flipped. Where P is below d/N, the state moves towards the
    pattern. The law holds for the first update only: later states depend on the other memories.

    Source: KH16 Eq. (4), (5).

    Args:
        n_neurons: N, 2 to 8192; any above with the laws "limit" and "printed".
        n: of F(x) = x^n, at least 1, or an F of your own, which acts on the overlaps as they are, in [-N, N].
        n_memories: K, at least 1, with the pattern itself.
        rectified: of max(x, 0)^n, instead of x^n.
        law: "exact", "gaussian", "limit", "printed" or "bound".
        damage: fraction of the neurons that is flipped before the update, 0 to 1; round(damage N) of them. The laws
            "limit" and "printed" have none.

    Returns:
        P; 0 where the noise cannot reach the signal.

    Raises:
        ValueError: a size is out of range, the law is unknown or not that of this F, F does not rise from N - 2 to N,
            or K is too large for the exact law.

    The exact law takes up to a second.

    Example:
        >>> from damcore.capacity import error_probability
        >>> for law in ("exact", "gaussian", "limit", "printed", "bound"):
        ...     print(law, round(error_probability(100, 3, 500, law=law), 5))
        exact 0.00526
        gaussian 0.00517
        limit 0.00491
        printed 0.00551
        bound 0.03842
        >>> round(error_probability(100, 3, 1000, rectified=True), 5)
        0.0053
        >>> [round(error_probability(100, n, 200, damage=0.2), 3) for n in (2, 4)]  # a fifth is wrong before
        [0.336, 0.0]
    """
    _checks.whole("n_memories", n_memories)
    _checks.number("damage", damage, least=0.0, most=1.0)
    interaction = function(n, rectified)
    flipped = round(damage * n_neurons) if damage else 0
    if not flipped:
        return of_memories(interaction, n_neurons, law)(n_memories)
    _checks.one_of("law", law, LAWS)
    if law in ("limit", "printed"):
        _checks.refuse(f'`law` must be "exact", "gaussian" or "bound" where there is damage, got {law!r}.')
    noise, share = Noise.of(interaction, n_neurons), flipped / n_neurons
    right, wrong = (_turned(each, law, n_memories) for each in noise.damaged(flipped))
    return (1 - share) * right + share * wrong


@_checks.door
def nearest_probability(n_neurons: int, n_memories: int, damage: float) -> float:
    """Return the probability that a damaged random pattern is nearer to its own pattern than to all others.

        P = P(S < N - 2d)^(K-1)

    S is the overlap with another pattern, a sum of N fair signs, and d the number of flipped neurons. It is what a
    search for the nearest pattern finds. The law is exact.

    Args:
        n_neurons: N, 1 to 8192.
        n_memories: K random patterns, at least 1.
        damage: fraction of the neurons that is flipped, 0 to 1; round(damage N) of them.

    Raises:
        ValueError: a number is out of range.

    Example:
        >>> from damcore.capacity import nearest_probability
        >>> round(nearest_probability(100, 2000, 0.3), 3)
        0.925
    """
    _checks.whole("n_neurons", n_neurons, 1, MOST_NEURONS)
    _checks.whole("n_memories", n_memories)
    _checks.number("damage", damage, least=0.0, most=1.0)
    flipped = round(damage * n_neurons)
    ways = sum(math.comb(n_neurons, minus) for minus in range(flipped + 1))  # an overlap of at least N - 2d
    nearer = 2**n_neurons - ways
    if not nearer:
        return 0.0 if n_memories > 1 else 1.0
    log = math.log1p(-ways / 2**n_neurons) if ways < nearer else math.log(nearer) - n_neurons * math.log(2)
    return math.exp((n_memories - 1) * log)


@_checks.door
def noise_variance(n_neurons: int, n: int | Interaction, rectified: bool = False) -> float:
    """Return the variance of what one other random memory adds to the gap of a neuron of a stored pattern.

        variance = E[(F(r + 1) - F(r - 1))^2]

    r is a sum of N - 1 fair signs. The expectation is a finite sum, which is taken exactly where F has rational values.
    At even N the rectified form of x^n has half the variance of x^n, since r is never 0.

    Args:
        n_neurons: N, 2 to 8192.
        n: of F(x) = x^n, or an F, as in `error_probability`.
        rectified: of max(x, 0)^n, instead of x^n.

    Returns:
        The variance, in units of F squared, and infinity beyond the range of a double.

    Raises:
        ValueError: `n_neurons` is out of range, or F does not rise from N - 2 to N.

    Example:
        >>> from damcore.capacity import noise_variance
        >>> noise_variance(100, 2), noise_variance(100, 2, rectified=True)
        (1584.0, 792.0)
    """
    try:
        return float(Noise.of(function(n, rectified), n_neurons).variance)
    except OverflowError:
        return math.inf


@_checks.door
def perfect_probability(
    n_neurons: int, n: int | Interaction, n_memories: int, rectified: bool = False, *, law: str = "exact"
) -> float:
    """Return the probability that no neuron of a stored random pattern turns over, if the neurons were independent.

        (1 - P)^N

    The neurons share the memories and are not independent. With the law "bound" nothing is assumed: the result is
    1 - N P, or 0, and the probability is at least as large.

    Args:
        n_neurons: N, 2 to 8192; any above with the laws "limit" and "printed".
        n: of F(x) = x^n, or an F, as in `error_probability`.
        n_memories: K, at least 1.
        rectified: of max(x, 0)^n, instead of x^n.
        law: of P, as in `error_probability`.

    Returns:
        The probability; 0 where P is 1 or more.

    Raises:
        ValueError: as `error_probability`.

    Example:
        >>> from damcore.capacity import perfect_probability
        >>> round(perfect_probability(100, 3, 300), 3)
        0.95
    """
    error = error_probability(n_neurons, n, n_memories, rectified, law=law)
    if law == "bound":
        return max(0.0, 1 - n_neurons * error)
    return (1 - error) ** n_neurons if error < 1 else 0.0


def function(n: int | Interaction, rectified: bool) -> Interaction:
    """Return F, from its power or as it is.

    Example:
        >>> function(3, rectified=True)
        RectifiedPolynomial(n=3)
    """
    if not isinstance(n, Interaction):
        _checks.power("n", n)
        return RectifiedPolynomial(n) if rectified else Polynomial(n)
    if rectified:
        _checks.refuse(f"`rectified` must be False where `n` is a function itself, got {n!r}.")
    return n


def of_memories(interaction: Interaction, n_neurons: int, law: str) -> Callable[[int], float]:
    """Return the error probability as a function of the number of memories.

    Example:
        >>> from damcore.interactions import Polynomial
        >>> round(of_memories(Polynomial(2), 2, "exact")(3), 12)
        0.25
    """
    _checks.one_of("law", law, LAWS)
    if law in ("limit", "printed"):
        load = log_load(interaction, n_neurons)
        return lambda memories: _limit(load + math.log(memories), law)
    noise = Noise.of(interaction, n_neurons)
    return lambda memories: _turned(noise, law, memories)


def _turned(noise: Noise, law: str, memories: int) -> float:
    """The probability that the noise of the other memories outweighs a signal, which may be negative itself."""
    if noise.signal == 0:
        return 0.5
    if noise.signal < 0:
        return 1.0 if law == "bound" else 1 - _turned(replace(noise, signal=-noise.signal), law, memories)
    if law == "gaussian":
        ratio = 2 * noise.variance / noise.signal**2
        return math.erfc(1 / math.sqrt(float((memories - 1) * ratio))) / 2 if memories > 1 else 0.0
    if law == "bound":
        return min(0.5, noise.term.chernoff(memories - 1))
    return noise.term.tail(memories - 1)


def log_load(interaction: Interaction, n_neurons: int) -> float:
    """The logarithm of a / K, of the law at large N."""
    _checks.whole("n_neurons", n_neurons, 2)
    if interaction.monomial is None:
        _checks.refuse(
            f"`n` must be a number, or x^n or its rectified form, got {interaction!r}; "
            'only the laws "exact", "gaussian" and "bound" hold for any F.'
        )
    n, below = interaction.monomial
    odd = (n - 1) * math.log(2) + math.lgamma(n - 0.5) - math.log(math.pi) / 2  # (2n - 3)!!
    return odd - (n - 1) * math.log(n_neurons) - (0.0 if below else math.log(2))


def _limit(log_a: float, law: str) -> float:
    a = math.exp(min(log_a, 700.0))
    if a == 0.0:
        return 0.0
    return math.erfc(1 / math.sqrt(2 * a)) / 2 if law == "limit" else math.sqrt(a / (2 * math.pi)) * math.exp(-0.5 / a)
