"""The exponential argument of MRS24 section 4.1.1: what is false as printed, and what is true instead.

Signs of sums of exponentials are exact here: fractions enclose the powers of e, see
`exact_networks.sign_of_exponential_sum`. z3 knows no exponential; where it is asked about one, the scope of the check
says which facts it was given.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import torch

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import (
    Pairs,
    enclosed_exponential_sum,
    exponential_bracket,
    networks,
    overlaps,
    sign,
    sign_of_exponential_sum,
    smallest,
)
from damcompanion.mrs24.proofs.update import HALVES, Sizes
from damcompanion.provers import (
    certain_sign,
    differ_in_sign,
    enclosed,
    impossible,
    increases,
    intervals,
    reals,
    unknown_function,
)
from damcore._random import generator as named_generator
from damcore.datasets import random_patterns
from damcore.interactions import Exponential
from damcore.network import energy_gap
from damcore.scaling import Scaling


def exponent_identity(right: Callable[[Callable[[Any], Any], Any, Any], Any], *, printed_as: str) -> Check:
    """Whether e^(a x) equals a right side for every a > 0 and x.

    MRS24 has e^(a x) = e^a e^x; true is (e^x)^a. Algebra with the exponential proves the one; a point where intervals
    around the two sides are disjoint refutes the other.

    Source: MRS24 Eq. (12).

    Args:
        right: the right side, a function of the exponential, a and x.
        printed_as: how the right side is written.

    Returns:
        A symbolic check where it holds; an enclosed one with the counterexample of least height where it does not.

    Raises:
        RuntimeError: the algebra does not come out, and there is no counterexample among small fractions either.
    """
    import sympy as sp

    iv = intervals()
    a, x = sp.Symbol("a", positive=True), sp.Symbol("x", real=True)
    holds = sp.simplify(sp.exp(a * x) - right(sp.exp, a, x)) == 0

    def violated(a: Fraction, x: Fraction) -> bool:
        difference = iv.exp(enclosed(a * x)) - right(iv.exp, enclosed(a), enclosed(x))
        return certain_sign(difference) in (1, -1)

    found = None if holds else smallest(violated, positive=(0,), arguments=2)
    if not holds and found is None:
        raise RuntimeError(f"sympy cannot decide e^(a x) = {printed_as}, and no small fraction speaks against it.")
    return Check(
        f"e^(a x) = {printed_as}",
        Kind.SYMBOLIC if holds else Kind.ENCLOSED,
        "every real x, every real a > 0" if holds else "both sides at fractions a > 0 and x, in disjoint intervals",
        holds,
        None if found is None else dict(zip("ax", found, strict=True)),
    )


def printed_sign_step(
    rate: Callable[[Callable[[Any], Any], Any], Any],
    *,
    written: str,
    factors: Callable[[Any], Any] = lambda a: a > 0,
    range_of_factors: str,
) -> Check:
    """Whether sign[a (e^x - e^y)] = sign[e^(r x) - e^(r y)], r a function of a, for all x and y.

    MRS24 has r = log a, which is negative for a < 1 and zero at a = 1; true is r = a. z3 knows no exp and no log: it is
    told that both increase strictly and that log 1 = 0, and decides whether the statement follows. That it does not
    follow refutes nothing, so a counterexample is found with exp and log themselves, in intervals.

    Source: MRS24 Eq. (12).

    Args:
        rate: r, a function of the logarithm and a.
        written: how r is written.
        factors: which a are allowed, a condition.
        range_of_factors: the same in words.

    Returns:
        A check decided from stated facts where it holds; an enclosed one with the counterexample of least height where
        it does not.

    Raises:
        RuntimeError: it does not follow, and there is no counterexample among small fractions either.
    """
    import z3

    iv = intervals()
    a, x, y = reals("a x y")
    exp, log, one = unknown_function("exp"), unknown_function("log"), z3.RealVal(1)
    r = rate(log, a)
    facts = [*increases(exp, x, y), *increases(exp, r * x, r * y), *increases(log, a, one), log(one) == 0]
    holds = impossible(a > 0, factors(a), *facts, differ_in_sign(a * (exp(x) - exp(y)), exp(r * x) - exp(r * y)))

    def violated(a: Fraction, x: Fraction, y: Fraction) -> bool:
        if x == y or not factors(a):
            return False  # equal x and y make both sides 0
        r, u, v = rate(iv.log, enclosed(a)), enclosed(x), enclosed(y)
        left = certain_sign(enclosed(a) * (iv.exp(u) - iv.exp(v)))
        right = certain_sign(iv.exp(r * u) - iv.exp(r * v))
        return None not in (left, right) and left != right

    found = None if holds else smallest(violated, positive=(0,), arguments=3)
    if not holds and found is None:
        raise RuntimeError(f"z3 cannot derive the step with r = {written}, and no small fraction speaks against it.")
    facts_used = "exp and log increase strictly and log 1 = 0, which is all that z3 knows of them"
    return Check(
        f"sign[a (e^x - e^y)] = sign[e^(r x) - e^(r y)] with r = {written}",
        Kind.FACTS if holds else Kind.ENCLOSED,
        f"every real x and y, {range_of_factors}, from: {facts_used}"
        if holds
        else f"{range_of_factors}; both sides at fractions, with exp and log in intervals",
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
    which asks for more, does so for every strictly increasing F, see `update.ordered_for_increasing`.

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
    relation: Callable[[Fraction, int], Fraction] = lambda temperature, n_neurons: temperature * n_neurons,
    *,
    n_neurons: int = 16,
    n_memories: int = 4,
    temperatures: Iterable[Fraction] = (Fraction(1, 4), Fraction(3), Fraction(50)),
    seed: int = 0,
    tolerance: float = 1e-12,
) -> Check:
    """Whether the modified exponential network at T is the one without 1/N at T', by default N T.

        e^(b a h) = e^(b' h),   b' = a b,   here T' = N T

    The two sides come from different code. The left one is `energy_gap` with `Scaling.modified`, in float64; the right
    one is the sum of e^(h / T') over fractions h / T', between two fractions. So the check fails for a wrong T', and
    for a network that scales otherwise than Eq. (14) says.

    Source: MRS24 Eq. (12), (14).

    Args:
        relation: T' from T and N.
        n_neurons: N.
        n_memories: K.
        temperatures: T, exact in float64.
        seed: of the memories and states.
        tolerance: largest difference of a bracket that counts as rounding, relative to the sum of its terms' sizes.

    Returns:
        A sampled check of every bracket and its sign; where it fails, the first T and how many brackets differ.
    """
    generator = named_generator(seed, "exponential temperature", n_neurons, n_memories)
    eighths = torch.randint(-8, 9, (n_memories, n_neurons), generator=generator)
    states = random_patterns(4, n_neurons, generator=generator)
    pairs_of = {}
    for b, state in enumerate(states.long()):
        for i in range(n_neurons):
            own, rest = eighths[:, i], eighths @ state - eighths[:, i] * state[i]
            on_off = zip((rest + own).tolist(), (rest - own).tolist(), strict=True)
            pairs_of[b, i] = tuple((Fraction(on, 8), Fraction(off, 8)) for on, off in on_off)
    temperatures, found = list(temperatures), None
    for temperature in temperatures:
        other = relation(temperature, n_neurons)
        gaps = energy_gap(eighths.double() / 8, states, Exponential(), Scaling.modified(float(temperature), n_neurons))
        apart = turned = 0
        for place, pairs in pairs_of.items():
            gap, terms = gaps[place].item(), exponential_bracket(pairs, 1 / other)
            low, high = map(float, enclosed_exponential_sum(terms, 24))
            size = float(enclosed_exponential_sum({q: abs(c) for q, c in terms.items()}, 24)[1])
            apart += not low - tolerance * size <= gap <= high + tolerance * size
            turned += sign_of_exponential_sum(terms) * gap < 0
        if apart + turned:
            found = {"T": temperature, "T'": other, "brackets that differ": apart, "neurons sent the other way": turned}
            break
    return Check(
        "exponential: the modified network at T is the one without 1/N at T'",
        Kind.SAMPLED,
        f"float64 against sums of e^(h / T') between fractions, within {tolerance:g} of their terms: "
        f"{len(pairs_of):,} neurons of a random network with N = {n_neurons}, K = {n_memories}, "
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
