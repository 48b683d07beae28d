"""Theorem 4.2.1: a factor inside a homogeneous F leaves every update as it was."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import Law, Memories, bracket, networks, overlaps, sign, smallest
from damcompanion.provers import (
    differ_in_sign,
    first_found,
    impossible,
    increases,
    possible,
    reals,
    unknown_function,
    value,
)

#: Entries of a memory in halves: -1, -1/2, 0, 1/2, 1.
HALVES = tuple(Fraction(k, 2) for k in range(-2, 3))
#: Entries of a bipolar memory.
BIPOLAR = (Fraction(1), Fraction(-1))
Sizes = Iterable[tuple[int, int]]


def inverse_size(n_neurons: int) -> list[Fraction]:
    """The factor that MRS24 proposes: 1/N."""
    return [Fraction(1, n_neurons)]


def some_factors(n_neurons: int) -> list[Fraction]:
    """1/N, and others on both sides of 1 over six decades, where a term of another degree outgrows a leading one."""
    decades = [Fraction(10) ** power for power in (-3, -2, -1, 1, 2, 3)]
    return sorted({*inverse_size(n_neurons), *decades, *map(Fraction, ("1/2", "2/3", "2", "7"))})


def update_unchanged(
    law: Law,
    *,
    vertices: Iterable[int] = range(1, 7),
    factors: Callable[[int], Iterable[Fraction]] = some_factors,
    sizes: Sizes = ((1, 1), (2, 1), (2, 2), (3, 1)),
    entries: Iterable[Fraction] = HALVES,
) -> Check:
    """Whether sign[sum F(a h_on) - F(a h_off)] is the same for every factor a as for a = 1, over two lists of networks.

    The first list is all small networks. There a leading term decides nearly every sign, and an F that is only nearly
    homogeneous passes. The second list is balanced: two memories, each in as many copies as make the bracket exactly
    zero at a = 1. It must be zero at every a; however small a term of another degree is, it shows.

    A sum of zero counts as a sign of its own, so the outcome holds for either rule about ties.

    Source: MRS24 Eq. (4), (13).

    Args:
        law: F.
        vertices: the vertices n.
        factors: the factors a, a function of N.
        sizes: pairs of N and K of the first list, in the order in which a counterexample is called smaller; the largest
            N is that of the second list.
        entries: what an entry of a memory may be; symmetric about 0.

    Returns:
        An exact check; the counterexample is from the first list if there is one, and has the first size, then the
        first vertex, factor and memories; one from the second says how many copies of each memory there are.
    """
    vertices, entries, sizes = list(vertices), list(entries), list(sizes)
    cases, found = _first_change(law, vertices, factors, sizes, entries)
    largest = max(n_neurons for n_neurons, _ in sizes)
    balanced, most = 0, 0
    for n in vertices if found is None else ():
        for memories, copies in balanced_networks(law, n, largest, entries):
            pairs, most = overlaps(memories), max(most, sum(copies))
            for a in factors(largest) if found is None else ():
                balanced += 1
                scaled = sum(count * bracket(law, n, (pair,), a) for count, pair in zip(copies, pairs, strict=True))
                if scaled != 0:
                    found = {"n": n, "a": a, "memories": memories, "copies": copies}
                    found |= {"bracket": Fraction(0), "scaled bracket": scaled}
                    break
    used = dict.fromkeys(a for n_neurons, _ in sizes for a in factors(n_neurons))
    return Check(
        f"{law.name}: a factor a inside F leaves the update as it was",
        Kind.EXACT,
        f"networks of (N, K) = {listed(sizes)} with entries {listed(entries)}, n = {listed(vertices)}, "
        f"a = {listed(used)}: {cases:,} cases"
        + f"; and {balanced:,} of N = {largest} whose two memories, in copies up to K = {most:,}, cancel at a = 1"
        * (balanced > 0),
        found is None,
        found,
    )


def _first_change(
    law: Law,
    vertices: list[int],
    factors: Callable[[int], Iterable[Fraction]],
    sizes: list[tuple[int, int]],
    entries: list[Fraction],
) -> tuple[int, dict[str, object] | None]:
    """How many cases of all small networks were tried, and the first whose sign changes, or None."""
    cases = 0
    for n_neurons, n_memories in sizes:
        brackets = [(memories, overlaps(memories)) for memories in networks(n_neurons, n_memories, entries)]
        for n, a in itertools.product(vertices, factors(n_neurons)):
            for memories, pairs in brackets:
                cases += 1
                plain, scaled = bracket(law, n, pairs, Fraction(1)), bracket(law, n, pairs, a)
                if sign(plain) != sign(scaled):
                    found = {"n": n, "a": a, "memories": memories, "bracket": plain, "scaled bracket": scaled}
                    return cases, found
    return cases, None


def balanced_networks(
    law: Law, n: int, n_neurons: int, entries: Iterable[Fraction]
) -> Iterator[tuple[Memories, tuple[int, int]]]:
    """Pairs of memories, and how many copies of each make the bracket of the state (+1, ..., +1) zero, exactly.

    With all whole numbers of copies of any two memories, the signs say what all ratios of differences F(x) - F(y) are.

    Args:
        law: F.
        n: interaction vertex.
        n_neurons: N.
        entries: what an entry of a memory may be; symmetric about 0.
    """
    seen: dict[tuple[Fraction, Fraction], tuple[Fraction, ...]] = {}
    for (row,) in networks(n_neurons, 1, entries):
        if row[0] > 0:
            seen.setdefault(overlaps((row,))[0], row)
    for (pair, row), (other_pair, other) in itertools.combinations(seen.items(), 2):
        difference, against = bracket(law, n, (pair,), Fraction(1)), bracket(law, n, (other_pair,), Fraction(1))
        if difference == 0 or against == 0:
            continue  # such a memory has a zero bracket alone, and is in the list of all small networks
        if sign(difference) == sign(against):
            other = (-other[0], *other[1:])  # which turns the sign of its bracket
        ratio = abs(against / difference)
        yield (row, other), (ratio.numerator, ratio.denominator)


def update_unchanged_for_all_reals(
    law: Law, *, vertices: Iterable[int], n_memories: int, n_neurons: int | None = None, factor_above: int | None = 0
) -> Check:
    """Whether the update is the same for all real memories in [-1, 1] and all a > 0, decided by z3.

    Each memory is its entry z at the neuron and what the others add up to, r, so N enters as |r| <= N - 1 only.

    Source: MRS24 Eq. (4), (13).

    Args:
        law: F.
        vertices: the vertices n.
        n_memories: K.
        n_neurons: N; None for every N at once, which leaves r free.
        factor_above: a is above this; None lets it be any real.

    Returns:
        A decided check; the counterexample, where z3 says there is one, is the smallest of `update_unchanged`'s order
        among small fractions, or else z3's own.
    """
    vertices = list(vertices)
    a, *entries = reals(f"a {' '.join(f'z{mu} r{mu}' for mu in range(n_memories))}")
    z, r = entries[::2], entries[1::2]
    domain = [] if factor_above is None else [a > factor_above]
    domain += [condition for entry in z for condition in (entry >= -1, entry <= 1)]
    if n_neurons is not None:
        domain += [condition for rest in r for condition in (rest >= 1 - n_neurons, rest <= n_neurons - 1)]
    found = None
    for n in vertices:
        on_off = [(rest + entry, rest - entry) for entry, rest in zip(z, r, strict=True)]
        plain = sum(value(law, on, n) - value(law, off, n) for on, off in on_off)
        scaled = sum(value(law, a * on, n) - value(law, a * off, n) for on, off in on_off)
        # z -> -z changes both signs, so this covers a negative bracket and a zero one, too.
        numbers = possible(*domain, differ_in_sign(plain, scaled))
        if numbers is not None:
            found = _smallest_network(law, vertices, n_memories, n_neurons, factor_above) or {"n": n, **numbers}
            break
    return Check(
        f"{law.name}: a factor a inside F leaves the update as it was",
        Kind.DECIDED,
        f"K = {n_memories}, {'every N' if n_neurons is None else f'N = {n_neurons}'}, every real memory in [-1, 1], "
        f"every real a{'' if factor_above is None else f' > {factor_above}'}, n = {listed(vertices)}",
        found is None,
        found,
    )


def update_unchanged_in_examples(law: Law, *, examples: int = 200, least_factor: Fraction = Fraction(1, 1000)) -> Check:
    """Whether the update is the same in networks that hypothesis draws, with fractions and exactly.

    As in `update_unchanged`, copies of the first and the last memory that cancel must cancel at every factor.

    Source: MRS24 Eq. (4), (13).

    Args:
        law: F.
        examples: how many examples.
        least_factor: the factor is drawn from here to 1000.

    Returns:
        A property-tested check; the counterexample is the one that hypothesis shrinks to.
    """
    from hypothesis import strategies as st

    entry = st.fractions(min_value=-1, max_value=1, max_denominator=8)
    row = st.integers(1, 6).flatmap(lambda size: st.lists(st.tuples(*[entry] * size), min_size=1, max_size=5))

    def holds(n: int, a: Fraction, memories: list[tuple[Fraction, ...]]) -> bool:
        pairs = overlaps(tuple(memories))
        first, last = ([bracket(law, n, (pair,), c) for c in (Fraction(1), a)] for pair in (pairs[0], pairs[-1]))
        same = sign(bracket(law, n, pairs, Fraction(1))) == sign(bracket(law, n, pairs, a))
        # Copies of the first and last memory that cancel at a factor of 1 must cancel at every factor.
        return same and first[1] * last[0] == last[1] * first[0]

    factors = st.fractions(min_value=least_factor, max_value=1000, max_denominator=1000)
    found, tried = first_found({"n": st.integers(1, 30), "a": factors, "memories": row}, holds, examples)
    scope = f"{tried} draws with N <= 6, K <= 5, n <= 30, a in [{least_factor}, 1000], entries p/q with q <= 8, "
    scope += "each as drawn and with its first and last memory in copies that cancel"
    return Check(f"{law.name}: a factor a inside F leaves the update as it was", Kind.PROPERTY, scope, not found, found)


def pair_sign_kept(law: Law, n: int, *, n_memories: int) -> Check:
    """Whether "the sign of F(x) - F(y) survives every a > 0" is enough for a sum over memories.

    It is the weaker condition that MRS24 names before Eq. (9). For one memory it is the theorem itself.

    Source: MRS24 Eq. (9), (13).

    Args:
        law: an F that satisfies the condition, or not: both are checked.
        n: interaction vertex.
        n_memories: K.

    Returns:
        A decided check by z3 of both halves at this n and K, every N.
    """
    x, y, a = reals("x y a")
    plain, scaled = value(law, x, n) - value(law, y, n), value(law, a * x, n) - value(law, a * y, n)
    condition = impossible(a > 0, differ_in_sign(plain, scaled))
    theorem = update_unchanged_for_all_reals(law, vertices=[n], n_memories=n_memories)
    holds = theorem.holds or not condition
    return Check(
        f"{law.name}, n = {n}: if the sign of F(x) - F(y) survives every factor, so does every update",
        Kind.DECIDED,
        f"all real x, y and a > 0 for the condition, which is {'met' if condition else 'not met'}; {theorem.scope}",
        holds,
        None if holds else theorem.counterexample,
    )


def ordered_for_increasing(n_memories: int, *, strictly: bool = True) -> Check:
    """Whether sum F(a h_on) > sum F(a h_off) for every increasing F and a > 0, if sorted h_on exceed h_off one by one.

    One by one: none is below, and one is above. With K = 1 this says that the sign of F(x) - F(y) survives every a > 0.
    z3 knows of F only that it increases, so the outcome is for every such F. Where F need not increase strictly,
    F(x) = max(x, 1) is the counterexample: it turns a positive sum into a zero.

    Source: MRS24 Eq. (9), (13).

    Args:
        n_memories: K.
        strictly: whether F must increase strictly, or only not decrease.

    Returns:
        A check decided from stated facts where it holds; an exact one with a counterexample where it does not.

    Raises:
        RuntimeError: it does not follow, and F(x) = max(x, 1) does not speak against it either.
    """
    a, *names = reals(f"a {' '.join(f'u{k} v{k}' for k in range(n_memories))}")
    on, off = names[::2], names[1::2]
    function = unknown_function("F")
    pairs = list(zip(on, off, strict=True))
    order = [a > 0, *(u >= v for u, v in pairs), sum(on) > sum(off)]
    facts = [fact for u, v in pairs for fact in increases(function, a * u, a * v, strictly=strictly)]
    holds = impossible(*order, *facts, sum(function(a * u) - function(a * v) for u, v in pairs) <= 0)

    def violated(a: Fraction, *overlaps: Fraction) -> bool:
        on, off = overlaps[::2], overlaps[1::2]
        if any(u < v for u, v in zip(on, off, strict=True)) or sum(on) <= sum(off):
            return False
        plain, scaled = (sum(max(c * u, 1) - max(c * v, 1) for u, v in zip(on, off, strict=True)) for c in (1, a))
        return plain > 0 >= scaled

    found = None if holds else smallest(violated, positive=(0,), arguments=1 + 2 * n_memories)
    if not holds and found is None:
        raise RuntimeError("z3 cannot derive the order of the sums, and max(x, 1) does not speak against it.")
    what = "strictly increasing" if strictly else "non-decreasing"
    return Check(
        f"sorted overlaps on above those off, one by one, fix the sign for every {what} F and every a > 0",
        Kind.FACTS if holds else Kind.EXACT,
        f"K = {n_memories}, every real overlap, from: F is {what}, which is all that z3 knows of it"
        if holds
        else f"K = {n_memories}, F(x) = max(x, 1), in fractions",
        holds,
        None if found is None else {"F": "max(x, 1)", "a": found[0], "on": found[1::2], "off": found[2::2]},
    )


def _smallest_network(
    law: Law, vertices: list[int], n_memories: int, n_neurons: int | None, factor_above: int | None
) -> dict[str, object] | None:
    """The network behind z3's "possible", searched among small fractions."""
    factors = list(map(Fraction, ("1/2", "2", "1/3", "3", "1/5", "1/10", "-1", "0")))
    factors = [a for a in factors if factor_above is None or a > factor_above]
    for size in [1, 2, 3] if n_neurons is None else [n_neurons]:
        for entries in (BIPOLAR, (*BIPOLAR, Fraction(0)), HALVES):
            for a in factors:
                _, found = _first_change(law, vertices, lambda _, a=a: [a], [(size, n_memories)], list(entries))
                if found is not None:
                    return found
    return None
