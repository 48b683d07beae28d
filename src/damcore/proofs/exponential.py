"""The exponential argument of MRS24 section 4.1.1: what is false as printed, and what is true instead.

Signs of sums of exponentials are exact here: fractions enclose the powers of e, see `laws.sign_of_exponential_sum`.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import torch

from damcore._random import generator as named_generator
from damcore.datasets import random_patterns
from damcore.interactions import Exponential
from damcore.network import energy_gap
from damcore.proofs.laws import (
    Pairs,
    exponential_bracket,
    networks,
    overlaps,
    sign,
    sign_of_exponential_sum,
    smallest,
)
from damcore.proofs.provers import differ_in_sign, impossible, reals
from damcore.proofs.result import Check, Kind, listed
from damcore.proofs.update import HALVES, Sizes
from damcore.scaling import Scaling


def exponent_identity(exponent: Callable[[Any, Any], Any], *, printed_as: str) -> Check:
    """Whether e^(a x) = e^(exponent(a, x)) for every a > 0 and x; e^. is one-to-one, so the exponents must be equal.

    MRS24 has e^(a x) = e^a e^x, where the exponent is a + x; true is (e^x)^a, where it is a x.

    Source: MRS24 Eq. (12).

    Args:
        exponent: the exponent on the right, a function of a and x.
        printed_as: how the right side is written.

    Returns:
        A decided check (z3); the counterexample has the least height.
    """
    a, x = reals("a x")
    holds = impossible(a > 0, a * x != exponent(a, x))
    found = None if holds else smallest(lambda a, x: a * x != exponent(a, x), positive=(0,), arguments=2)
    return Check(
        f"e^(a x) = {printed_as}",
        Kind.DECIDED,
        "every real x, every real a > 0",
        holds,
        None if found is None else dict(zip("ax", found, strict=True)),
    )


def printed_sign_step(
    rate: Callable[[Any], Any], *, written: str, factors: Callable[[Any], Any] = lambda a: a > 0, range_of_factors: str
) -> Check:
    """Whether sign(a (e^x - e^y)) = sign(e^(r x) - e^(r y)), r a function of a, for all x and y.

    e^. increases, so the left is the sign of x - y, and the right that of r (x - y): only the sign of r matters.
    MRS24 has r = log a, which is negative for a < 1 and zero at a = 1; true is r = a.

    Source: MRS24 Eq. (12).

    Args:
        rate: something that has the sign of r and that z3 can read: a - 1 for log a.
        written: how r is written.
        factors: which a are allowed, a condition.
        range_of_factors: the same in words.

    Returns:
        A decided check (z3, by that argument); the counterexample has the least height.
    """
    a, x, y = reals("a x y")
    holds = impossible(a > 0, factors(a), differ_in_sign(x - y, rate(a) * (x - y)))

    def violated(a: Fraction, x: Fraction, y: Fraction) -> bool:
        return factors(a) and sign(x - y) != sign(rate(a) * (x - y))

    found = None if holds else smallest(violated, positive=(0,), arguments=3)
    return Check(
        f"sign[a (e^x - e^y)] = sign[e^(r x) - e^(r y)] with r = {written}",
        Kind.DECIDED,
        f"every real x and y, {range_of_factors}",
        holds,
        None if found is None else dict(zip("axy", found, strict=True)),
    )


def exponential_sum_sign(
    *,
    sizes: Sizes,
    entries: Iterable[Fraction],
    factor: Callable[[int], Fraction] = lambda n_neurons: Fraction(1, n_neurons),
) -> Check:
    """Whether the update of a network with F(x) = e^x survives the factor a, by default 1/N, over all small networks.

    Source: MRS24 Eq. (12), (13).

    Args:
        sizes: pairs of N and K, in the order in which a counterexample is called smaller.
        entries: what an entry of a memory may be; symmetric about 0.
        factor: a, from N.

    Returns:
        An exact check; the counterexample has the first size, then the first memories.
    """
    entries, sizes = list(entries), list(sizes)
    cases, found = 0, None
    for n_neurons, n_memories in sizes:
        a = factor(n_neurons)
        for memories in networks(n_neurons, n_memories, entries):
            cases += 1
            pairs = overlaps(memories)
            before, after = (sign_of_exponential_sum(exponential_bracket(pairs, c)) for c in (Fraction(1), a))
            if found is None and before != after:
                found = {"N": n_neurons, "K": n_memories, "a": a, "memories": memories, "overlaps on, off": pairs}
                found |= {"sign": before, "sign with a": after}
    return Check(
        "exponential: the factor a inside F leaves the update as it was",
        Kind.EXACT,
        f"all networks of (N, K) = {listed(sizes)} with entries {listed(entries)}, "
        f"a = {listed(map(factor, dict(sizes)))}: {cases:,} cases",
        found is None,
        found,
    )


def pairwise(pairs: Pairs) -> int:
    """1 or -1 where the sorted overlaps of one side are at least those of the other, one by one; 0 where neither."""
    on, off = _sorted(pairs)
    return _order(on, off)


def majorised(pairs: Pairs) -> int:
    """1 or -1 where for each k the k largest overlaps of one side sum to the other side's or more; 0 where neither."""
    on, off = (list(itertools.accumulate(side)) for side in _sorted(pairs))
    return _order(on, off)


def larger_sum(pairs: Pairs) -> int:
    """1 or -1 where the overlaps of one side sum to at least those of the other: not enough, for comparison."""
    return _order([sum(on for on, _ in pairs)], [sum(off for _, off in pairs)])


def larger_maximum(pairs: Pairs) -> int:
    """1 or -1 where the largest overlap of one side is at least that of the other: not enough, for comparison."""
    return _order([max(on for on, _ in pairs)], [max(off for _, off in pairs)])


def ordering_condition(
    condition: Callable[[Pairs], int] = majorised,
    *,
    sizes: Sizes = ((1, 2), (2, 2), (2, 3)),
    entries: Iterable[Fraction] = HALVES,
    factors: Iterable[Fraction] = (Fraction(1, 10), Fraction(1, 3), Fraction(1), Fraction(3)),
) -> Check:
    """Whether a condition on the overlaps fixes the sign of sum e^(a h_on) - e^(a h_off) for every a > 0.

    `majorised` does (Tomic and Weyl: sums of increasing convex functions follow weak majorisation), and `pairwise`,
    which asks for more, does so for every increasing F.

    Source: MRS24 Eq. (12), (13).

    Args:
        condition: 1 where the sum should always be positive, -1 where always negative, 0 where it says nothing.
            `pairwise` and `majorised` are right, `larger_sum` and `larger_maximum` are not.
        sizes: pairs of N and K whose networks are all tried.
        entries: what an entry of a memory may be; symmetric about 0.
        factors: the factors a.

    Returns:
        An exact check, with the share of networks that the condition covers in its scope.
    """
    sizes, entries, factors = list(sizes), list(entries), list(factors)

    def holds(a: Fraction, pairs: Pairs) -> bool:
        said = condition(pairs)
        return said == 0 or said * sign_of_exponential_sum(exponential_bracket(pairs, a)) > 0

    total, covered, found = 0, 0, None
    for n_neurons, n_memories in sizes:
        for memories in networks(n_neurons, n_memories, entries):
            pairs = overlaps(memories)
            total += 1
            covered += condition(pairs) != 0
            for a in factors:
                if found is None and not holds(a, pairs):
                    found = {"a": a, "memories": memories, "overlaps on, off": pairs}
    scope = f"all networks of (N, K) = {listed(sizes)} with entries {listed(entries)}, "
    scope += f"a = {listed(factors)}; the condition speaks for {covered:,} of {total:,}"
    return Check(
        f"exponential: '{condition.__name__}' fixes the sign for every a > 0", Kind.EXACT, scope, found is None, found
    )


def majority_limit(*, sizes: Sizes = ((2, 2), (3, 2)), entries: Iterable[Fraction] = HALVES, factor: Fraction) -> Check:
    """Whether at a small factor the exponential network's update is the sign of sum_mu zeta_mu, whatever the state.

    e^(a h) = 1 + a h + O(a^2): the bracket is 2 a sum_mu zeta_mu plus a remainder, and the state drops out.

    Source: MRS24 Eq. (12), (13).

    Args:
        sizes: pairs of N and K whose networks are all tried.
        entries: what an entry of a memory may be; symmetric about 0.
        factor: a.

    Returns:
        An exact check over the networks whose sum is not zero.
    """
    sizes, entries = list(sizes), list(entries)
    cases, found = 0, None
    for n_neurons, n_memories in sizes:
        for memories in networks(n_neurons, n_memories, entries):
            vote = sum(row[0] for row in memories)
            if vote == 0:
                continue
            cases += 1
            terms = exponential_bracket(overlaps(memories), factor)
            if found is None and sign_of_exponential_sum(terms) != sign(vote):
                found = {"a": factor, "memories": memories, "sum of the entries": vote}
    scope = f"all networks of (N, K) = {listed(sizes)} with entries {listed(entries)} whose "
    scope += f"entries at the neuron do not cancel, a = {factor}: {cases:,} cases"
    return Check("exponential: the update is the sign of sum_mu zeta_mu", Kind.EXACT, scope, found is None, found)


def exponential_temperature(
    relation: Callable[[float, int], float] = lambda temperature, n_neurons: temperature * n_neurons,
    *,
    n_neurons: int = 64,
    n_memories: int = 8,
    temperatures: Iterable[float] = (4.0, 8.0, 32.0),
    seed: int = 0,
) -> Check:
    """Whether scaling overlaps by 1/N is another temperature: F = e^(h / (N T)) at T is F = e^(h / T') at T'.

        e^(b a h) = e^(b' h),   b' = a b,   here T' = N T

    So an exponential network is changed by the factor, but into itself at N times the temperature.

    Source: MRS24 Eq. (12), (14).

    Args:
        relation: T' from T and N.
        n_neurons: N, a power of two, so that no division rounds.
        n_memories: K.
        temperatures: T, powers of two.
        seed: of the memories and states.

    Returns:
        A sampled check that asks for equality bit by bit.
    """
    generator = named_generator(seed, "exponential temperature", n_neurons, n_memories)
    memories = 2 * torch.rand(n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
    states = random_patterns(20, n_neurons, generator=generator)
    temperatures, found = list(temperatures), None
    for temperature in temperatures:
        modified = Scaling.modified(temperature, n_neurons)
        other = Scaling(relation(temperature, n_neurons), inner_power=1)
        gaps = [energy_gap(memories, states, Exponential(), scaling) for scaling in (modified, other)]
        if found is None and not torch.equal(*gaps):
            found = {"T": temperature, "T'": relation(temperature, n_neurons)}
            found |= {"neurons sent the other way": int((gaps[0].sign() != gaps[1].sign()).sum())}
    return Check(
        "exponential: the modified network at T is the one without 1/N at T'",
        Kind.SAMPLED,
        f"bit by bit, {states.numel():,} neurons of a random network with N = {n_neurons}, K = {n_memories}, "
        f"T = {listed(temperatures)}",
        found is None,
        found,
    )


def _sorted(pairs: Pairs) -> tuple[list[Fraction], list[Fraction]]:
    return sorted((on for on, _ in pairs), reverse=True), sorted((off for _, off in pairs), reverse=True)


def _order(on: Sequence[Fraction | int], off: Sequence[Fraction | int]) -> int:
    """1 where `on` is nowhere below `off`, -1 where it is nowhere above, 0 where neither or equal throughout."""
    above = all(x >= y for x, y in zip(on, off, strict=True))
    below = all(x <= y for x, y in zip(on, off, strict=True))
    return above - below
