"""Interaction functions for exact work, small networks of fractions, and the exact sign of a sum of exponentials."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Memories = tuple[tuple[Fraction, ...], ...]
Pairs = tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True)
class Law:
    """An interaction function by its two branches, in operations that fractions, sympy and z3 share.

        F(x) = above(x, n)  for x >= 0,   below(x, n)  for x < 0

    One definition serves every prover; a test holds it to `damcore.interactions`.

    Args:
        name: what to call it.
        above: the branch x >= 0, a function of x and the vertex n.
        below: the branch x < 0.

    Example:
        >>> from fractions import Fraction
        >>> from damcompanion.exact_networks import Law
        >>> rectified = Law("rectified", lambda x, n: x**n, lambda x, n: 0 * x)
        >>> rectified(Fraction(2, 3), 2), rectified(Fraction(-2, 3), 2)
        (Fraction(4, 9), Fraction(0, 1))
    """

    name: str
    above: Callable[[Any, Any], Any]
    below: Callable[[Any, Any], Any]

    def __call__(self, x: Fraction, n: int) -> Fraction:
        """F(x) of a fraction, exactly."""
        return self.above(x, n) if x >= 0 else self.below(x, n)


def leaky(slope: Fraction) -> Law:
    """The leaky rectified polynomial; a positive slope is the public code's, a negative one Eq. (7) as printed.

    Args:
        slope: slope below zero.
    """
    return Law(f"leaky rectified polynomial, slope {slope}", lambda x, n: x**n, lambda x, n: slope * x)


def between_powers(base: int) -> Law:
    """An odd F that is x^n at each power of the base, with straight lines between: F(x / base) = F(x) / base^n.

    So its degree is n at that factor and its powers; for n > 1 it has none at any other.

    Args:
        base: a whole number above 1.

    Example:
        >>> from fractions import Fraction
        >>> from damcompanion.exact_networks import between_powers
        >>> law = between_powers(2)
        >>> law(Fraction(3), 3) == 2**3 * law(Fraction(3, 2), 3)
        True
        >>> law(Fraction(9), 3) == 3**3 * law(Fraction(3), 3)  # 3 is no power of 2
        False
    """

    def odd(x: Fraction, n: int) -> Fraction:
        size, power = abs(x), Fraction(1)
        while size >= base * power:
            power *= base
        while 0 < size < power:
            power /= base
        slope = Fraction(base**n - 1, base - 1)
        return sign(x) * (power**n + slope * (size - power) * power ** (n - 1)) if x else Fraction(0)

    return Law(f"x^n at powers of {base}, straight between", odd, odd)


#: Name -> interaction function for exact work: polynomial, rectified, and the leaky one with both signs of its slope.
LAWS = {
    "polynomial": Law("polynomial", lambda x, n: x**n, lambda x, n: x**n),
    "rectified": Law("rectified polynomial", lambda x, n: x**n, lambda x, n: 0 * x),
    "leaky, public code": leaky(Fraction(1, 100)),
    "leaky, as printed": leaky(Fraction(-1, 100)),
}


def rationals(height: int) -> list[Fraction]:
    """All p/q with |p| and q at most `height`, the simplest first: 0, 1, -1, 1/2, 2, -1/2, ..."""
    found = {Fraction(p, q) for q in range(1, height + 1) for p in range(-height, height + 1)}
    return sorted(found, key=lambda x: (_height(x), x < 0, abs(x)))


def _height(x: Fraction) -> int:
    return max(abs(x.numerator), x.denominator)


def smallest(
    violated: Callable[..., bool], *, positive: Iterable[int] = (), arguments: int, height: int = 4
) -> tuple[Fraction, ...] | None:
    """The first tuple of fractions that violates a statement: least height first, then in the order of `rationals`.

    Args:
        violated: whether a tuple is a counterexample.
        positive: the places that only take numbers above 0.
        arguments: length of the tuple.
        height: largest numerator or denominator tried.

    Returns:
        The tuple, or None.
    """
    for limit in range(1, height + 1):
        pool = rationals(limit)
        choices = [[x for x in pool if x > 0] if place in positive else pool for place in range(arguments)]
        for values in itertools.product(*choices):
            if max(map(_height, values)) == limit and violated(*values):
                return values
    return None


def networks(n_neurons: int, n_memories: int, entries: Iterable[Fraction]) -> Iterator[Memories]:
    """Every network of memories with these entries, up to what no bracket of Eq. (4) can see.

    The bracket of neuron i in state xi is that of neuron 1 in the state (+1, ..., +1), once the neurons are renumbered
    and zeta_j replaced by zeta_j xi_j; so where the entries are symmetric about 0, these networks, with that neuron
    and state, stand for all networks, states and neurons. The order of the memories does not count.
    """
    rows = itertools.product(sorted(set(entries), key=lambda x: (-abs(x), x < 0)), repeat=n_neurons)
    return itertools.combinations_with_replacement(tuple(rows), n_memories)


def overlaps(memories: Memories) -> Pairs:
    """(h_on, h_off) of each memory for neuron 1 of the state (+1, ..., +1)."""
    rests = [sum(row[1:], Fraction(0)) for row in memories]
    return tuple((rest + row[0], rest - row[0]) for row, rest in zip(memories, rests, strict=True))


def bracket(law: Law, n: int, pairs: Pairs, factor: Fraction) -> Fraction:
    """sum_mu F(factor h_on) - F(factor h_off), exactly."""
    return sum((law(factor * on, n) - law(factor * off, n) for on, off in pairs), Fraction(0))


def sign(x: Fraction | int) -> int:
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def exponential_bracket(pairs: Pairs, factor: Fraction) -> dict[Fraction, int]:
    """sum_mu e^(factor h_on) - e^(factor h_off) as exponent -> coefficient."""
    terms: dict[Fraction, int] = {}
    for on, off in pairs:
        terms[factor * on] = terms.get(factor * on, 0) + 1
        terms[factor * off] = terms.get(factor * off, 0) - 1
    return terms


def sign_of_exponential_sum(terms: Mapping[Fraction, Fraction | int]) -> int:
    """The exact sign of sum_k c_k e^(q_k) for fractions q_k, c_k.

    Powers of e with different rational exponents are linearly independent over the rationals (Lindemann, Weierstrass),
    so the sum is zero only if each coefficient is; otherwise enclosures in fractions decide, refined as far as needed.

    Args:
        terms: exponent -> coefficient.

    Returns:
        -1, 0 or 1.
    """
    terms = {q: c for q, c in terms.items() if c != 0}
    if not terms:
        return 0
    lowest = min(terms)  # factored out: a positive factor, and every power left is at least 1
    shifted = {q - lowest: c for q, c in terms.items()}
    degree = 4
    while True:
        low, high = enclosed_exponential_sum(shifted, degree)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        degree *= 2


def enclosed_exponential_sum(terms: Mapping[Fraction, Fraction | int], degree: int) -> tuple[Fraction, Fraction]:
    """Fractions below and above sum_k c_k e^(q_k).

    Args:
        terms: exponent q -> coefficient c.
        degree: of Taylor's sum at least; higher is closer.
    """
    low = high = Fraction(0)
    for q, c in terms.items():
        least, most = enclosed_power_of_e(abs(q), degree)
        if q < 0:
            least, most = 1 / most, 1 / least
        low += c * (least if c > 0 else most)
        high += c * (most if c > 0 else least)
    return low, high


def enclosed_power_of_e(q: Fraction, degree: int) -> tuple[Fraction, Fraction]:
    """Fractions below and above e^q, q >= 0: Taylor's sum, and with it a bound of all terms it leaves out."""
    degree += int(q)  # the bound needs degree + 2 > q
    term = total = Fraction(1)
    for k in range(1, degree + 1):
        term = term * q / k
        total += term
    following = term * q / (degree + 1)
    return total, total + following / (1 - q / (degree + 2))
