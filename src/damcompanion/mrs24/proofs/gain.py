"""What is proved of the gain G, and of the temperature where G = 1; see `damcore.Scaling.gain`.

MRS24 does not speak of a gain. These statements are ours, and say what an optimum at G = 1 would mean for n, N, K, A
and for the two networks. That the optimum lies there is no theorem; `damcompanion.mrs24.temperature` measures it.
"""

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import Law
from damcompanion.mrs24.proofs.learning import divided_by_size
from damcompanion.provers import impossible, increases, possible, reals, unknown_function

Pattern = tuple[int, ...]


def others_cancel(
    law: Law,
    n: int,
    *,
    sizes: Iterable[int] = (2, 3, 4, 5, 6),
    among: Callable[[Pattern], bool] = lambda pattern: True,
) -> Check:
    """Whether copies of the other patterns add nothing to a gap on average, so that the mean gap is G.

    A memory that is a copy of another pattern has overlap h with the state, and s = +1 or -1 says whether both agree at
    the neuron. It adds F(h) - F(h - 2 s). The mean over all patterns is 0 for any F.

    Args:
        law: F.
        n: the interaction vertex.
        sizes: N.
        among: which patterns there are; all by default.

    Returns:
        A check of every pattern, in fractions; the counterexample has the least N.
    """
    sizes, found = list(sizes), None
    for size in sizes:
        patterns = [pattern for pattern in itertools.product((1, -1), repeat=size) if among(pattern)]
        # The state may be all ones: what counts is where a pattern agrees with it.
        parts = [law(Fraction(sum(one), size), n) - law(Fraction(sum(one) - 2 * one[0], size), n) for one in patterns]
        if mean := sum(parts, Fraction(0)) / len(parts):
            found = {"N": size, "mean": mean}
            break
    return Check(
        f"{law.name}: on average over the other patterns, their copies add nothing to a gap",
        Kind.EXACT,
        f"every pattern of N = {listed(sizes)} neurons, n = {n}",
        found is None,
        found,
    )


def gain_falls(*, strictly: bool = True) -> Check:
    """Whether F(s) - F(c s) increases with s = 1/T for every c in (0, 1), so that one temperature at most has a gain.

    The derivative times s is s F'(s) - (c s) F'(c s). So it is enough that x F'(x) increases: x^n and the exponential
    do.

    Args:
        strictly: say of x F'(x) that it increases strictly; else only that it does not fall.

    Returns:
        A check from this fact about F alone.
    """
    rise = unknown_function("P")
    s, c = reals("s c")
    domain = [s > 0, c > 0, c < 1, *increases(rise, c * s, s, strictly=strictly)]
    found = possible(*domain, rise(s) - rise(c * s) <= 0)
    return Check(
        "modified network: the gain falls with T",
        Kind.FACTS,
        f"every F for which x F'(x) {'increases' if strictly else 'does not fall'} above 0, and every N > 2",
        found is None,
        found,
    )


def same_gain(relation: Callable[[Any, Any], Any] = divided_by_size) -> Check:
    """Whether the original network at T and the modified at T_m have the same gain, F being x^n above zero.

    The gain asks for F at N and N - 2 alone, so the leaky function is among them, though its trainings differ.

    Args:
        relation: T_m as a function of T and N.

    Returns:
        A symbolic check with n, N and T as symbols; the counterexample is one in numbers.
    """
    import sympy as sp

    n, size = sp.symbols("n N", integer=True, positive=True)
    temperature = sp.symbols("T", positive=True)
    below = sp.symbols("N_2", positive=True)  # N - 2
    other = relation(temperature, size)
    holds = all(
        sp.simplify(sp.expand_power_base(temperature**-n * x**n - (x / (size * other)) ** n)) == 0
        for x in (size, below)
    )
    return Check(
        f"x^n: original at T and modified at T_m = {other} have the same gain",
        Kind.SYMBOLIC,
        "every T > 0, every whole N > 2 and n >= 1",
        holds,
        None if holds else {"T": 1, "N": 3, "n": 1, "T_m": relation(sp.Integer(1), sp.Integer(3))},
    )


def gain_between(least: Callable[[int, int], Fraction] = lambda size, n: Fraction(2, size)) -> Check:
    """Whether 1 - (1 - 2/N)^n lies between 2/N and 1, and between 2n/N - 2n(n-1)/N^2 and 2n/N.

    So (1/T)^n lies between A/K and A N/(2K) where G = 1. At n far below N it is A N/(2 n K), and for a large n it is
    A/K, so that 1/T goes to 1.

    Args:
        least: the lower end as a function of N and n, in place of 2/N.

    Returns:
        A check in fractions of every size and vertex of a list; the counterexample has the least N.
    """
    sizes, vertices, found = range(2, 61), range(1, 61), None
    for size, n in itertools.product(sizes, vertices):
        gain = 1 - Fraction(size - 2, size) ** n
        low = max(least(size, n), Fraction(2 * n, size) - Fraction(2 * n * (n - 1), size**2))
        if not low <= gain <= min(Fraction(1), Fraction(2 * n, size)):
            found = {"N": size, "n": n, "gain": gain}
            break
    return Check(
        "the gain of one copy at 1/T = 1 is at least 2/N and at most 1 and 2n/N",
        Kind.EXACT,
        f"N = {listed(sizes)}, n = {listed(vertices)}",
        found is None,
        found,
    )


def leak_adds(most: Callable[[Any], Any] = lambda slope: 2 * slope) -> Check:
    """Whether a memory on the leaky branch adds at most 2 e / (N T) to a gap, e being the slope.

    Args:
        most: the bound times N T, a function of e.

    Returns:
        A check for all reals: both overlaps are negative, and they differ by 2 zeta, |zeta| <= 1.
    """
    e, scale, h, entry = reals("e inner h zeta")
    domain = [e >= 0, scale > 0, entry >= -1, entry <= 1, h <= 0, h - 2 * entry <= 0]
    added = e * scale * h - e * scale * (h - 2 * entry)
    found = None if impossible(*domain, added > most(e) * scale) else possible(*domain, added > most(e) * scale)
    return Check(
        "leaky function: a memory with negative overlaps adds at most 2 e / (N T) to a gap",
        Kind.DECIDED,
        "every slope e >= 0, every overlap and every entry in [-1, 1]",
        found is None,
        found,
    )
