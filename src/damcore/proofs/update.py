"""Theorem 4.2.1: a factor inside a homogeneous F leaves every update as it was."""

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction

from damcore.proofs.laws import Law, bracket, networks, overlaps, sign
from damcore.proofs.provers import differ_in_sign, first_found, impossible, possible, reals, value
from damcore.proofs.result import Check, Kind, listed

HALVES = tuple(Fraction(k, 2) for k in range(-2, 3))  # -1, -1/2, 0, 1/2, 1
BIPOLAR = (Fraction(1), Fraction(-1))
Sizes = Iterable[tuple[int, int]]


def inverse_size(n_neurons: int) -> list[Fraction]:
    """The factor that MRS24 proposes: 1/N."""
    return [Fraction(1, n_neurons)]


def some_factors(n_neurons: int) -> list[Fraction]:
    """1/N and four others on both sides of 1."""
    return sorted({*inverse_size(n_neurons), *map(Fraction, ("1/2", "2/3", "2", "7"))})


def update_unchanged(
    law: Law,
    *,
    vertices: Iterable[int] = range(1, 7),
    factors: Callable[[int], Iterable[Fraction]] = some_factors,
    sizes: Sizes = ((1, 1), (2, 1), (2, 2), (3, 1)),
    entries: Iterable[Fraction] = HALVES,
) -> Check:
    """Whether sign[sum F(a h_on) - F(a h_off)] is the same for every factor a as for a = 1, over all small networks.

    A sum of zero counts as a sign of its own, so the outcome holds for either rule about ties.

    Source: MRS24 Eq. (4), (13).

    Args:
        law: F.
        vertices: the vertices n.
        factors: the factors a, a function of N.
        sizes: pairs of N and K, in the order in which a counterexample is called smaller.
        entries: what an entry of a memory may be; symmetric about 0.

    Returns:
        An exact check; the counterexample has the first size, then the first vertex, factor and memories.
    """
    vertices, entries, sizes = list(vertices), list(entries), list(sizes)
    cases, found = 0, None
    for n_neurons, n_memories in sizes:
        brackets = [(memories, overlaps(memories)) for memories in networks(n_neurons, n_memories, entries)]
        for n, a in itertools.product(vertices, factors(n_neurons)):
            for memories, pairs in brackets if found is None else ():
                cases += 1
                plain, scaled = bracket(law, n, pairs, Fraction(1)), bracket(law, n, pairs, a)
                if sign(plain) != sign(scaled):
                    found = {"n": n, "a": a, "memories": memories, "bracket": plain, "scaled bracket": scaled}
                    break
    used = dict.fromkeys(a for n_neurons, _ in sizes for a in factors(n_neurons))
    return Check(
        f"{law.name}: a factor a inside F leaves the update as it was",
        Kind.EXACT,
        f"networks of (N, K) = {listed(sizes)} with entries {listed(entries)}, n = {listed(vertices)}, "
        f"a = {listed(used)}: {cases:,} cases",
        found is None,
        found,
    )


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
        return sign(bracket(law, n, pairs, Fraction(1))) == sign(bracket(law, n, pairs, a))

    factors = st.fractions(min_value=least_factor, max_value=1000, max_denominator=1000)
    found, tried = first_found({"n": st.integers(1, 30), "a": factors, "memories": row}, holds, examples)
    scope = f"{tried} draws with N <= 6, K <= 5, n <= 30, a in [{least_factor}, 1000], entries p/q with q <= 8"
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


def _smallest_network(
    law: Law, vertices: list[int], n_memories: int, n_neurons: int | None, factor_above: int | None
) -> dict[str, object] | None:
    """The network behind z3's "possible", searched among small fractions."""
    factors = list(map(Fraction, ("1/2", "2", "1/3", "3", "1/5", "1/10", "-1", "0")))
    factors = [a for a in factors if factor_above is None or a > factor_above]
    for size in [1, 2, 3] if n_neurons is None else [n_neurons]:
        for entries in (BIPOLAR, (*BIPOLAR, Fraction(0)), HALVES):
            for a in factors:
                check = update_unchanged(
                    law, vertices=vertices, factors=lambda _, a=a: [a], sizes=[(size, n_memories)], entries=entries
                )
                if check.counterexample is not None:
                    return dict(check.counterexample)
    return None
