"""Homogeneity: Lemmas 4.1.1 and 4.1.2, the leaky function, the identity before Eq. (9), and whether it is needed."""

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import Law, leaky, networks, overlaps, rationals, sign, smallest
from damcompanion.mrs24.proofs.update import update_unchanged
from damcompanion.provers import certain_sign, enclosed, first_found, intervals, possible, reals, value

Degree = Callable[[Any], Any]


def vertex(n: Any) -> Any:
    """The degree that the lemmas claim: n."""
    return n


def homogeneous_for_every_vertex(law: Law, degree: Degree = vertex, *, largest_vertex: int = 4) -> Check:
    """Whether F(a x) = a^k F(x) for every a > 0, real x and whole n, by algebra with n a symbol.

    Both sides are compared on each of x > 0, x = 0 and x < 0, where F is one formula and a x has the sign of x.

    Source: MRS24 Eq. (9), (10), (11).

    Args:
        law: F.
        degree: k as a function of the vertex.
        largest_vertex: where to look for a counterexample once the algebra fails.

    Returns:
        A symbolic check; the counterexample has the least vertex, then least height.

    Raises:
        RuntimeError: the algebra does not come out, and there is no counterexample among small fractions either.
    """
    import sympy as sp

    n = sp.Symbol("n", integer=True, positive=True)
    a, y = sp.symbols("a y", positive=True)
    sides = [
        (law.above(a * y, n), law.above(y, n)),
        (law.above(sp.Integer(0), n), law.above(sp.Integer(0), n)),
        (law.below(-a * y, n), law.below(-y, n)),
    ]
    holds = all(sp.simplify(sp.expand_power_base(inside - a ** degree(n) * whole)) == 0 for inside, whole in sides)
    found = None if holds else _smallest_inhomogeneity(law, degree, range(1, largest_vertex + 1), 0)
    if not holds and found is None:
        raise RuntimeError(f"sympy cannot decide this for {law.name}, and no small fraction speaks against it.")
    return Check(
        f"{law.name}: F(a x) = a^k F(x) for a > 0, with k = {degree(n)}",
        Kind.SYMBOLIC,
        "every real x in three cases of its sign, every a > 0, every whole n >= 1",
        holds,
        found,
    )


def homogeneous_for_all_reals(
    law: Law, degree: Degree = vertex, *, vertices: Iterable[int], factor_above: int | None = 0
) -> Check:
    """Whether F(a x) = a^k F(x) for all real x and all a > 0, decided by z3 at each of the given vertices.

    Source: MRS24 Eq. (9), (10), (11).

    Args:
        law: F.
        degree: k as a function of the vertex.
        vertices: the vertices n.
        factor_above: a is above this; None lets it be any real.

    Returns:
        A decided check; the counterexample has the least vertex, then least height, among small fractions, or is z3's.
    """
    vertices = list(vertices)
    a, x = reals("a x")
    domain = [] if factor_above is None else [a > factor_above]
    found = None
    for n in vertices:
        numbers = possible(*domain, value(law, a * x, n) != a ** degree(n) * value(law, x, n))
        if numbers is not None:
            found = _smallest_inhomogeneity(law, degree, vertices, factor_above) or {"n": n, **numbers}
            break
    where = "every real a" if factor_above is None else f"every real a > {factor_above}"
    return Check(
        f"{law.name}: F(a x) = a^k F(x), with k = {listed(dict.fromkeys(map(degree, vertices)))}",
        Kind.DECIDED,
        f"every real x, {where}, n = {listed(vertices)}",
        found is None,
        found,
    )


def homogeneous_in_examples(
    law: Law, degree: Degree = vertex, *, largest_vertex: int = 100, examples: int = 200
) -> Check:
    """Whether F(a x) = a^k F(x) for fractions that hypothesis draws, exactly, at vertices up to those of appendix A.3.

    Source: MRS24 Eq. (9), (10), (11).

    Args:
        law: F.
        degree: k as a function of the vertex.
        largest_vertex: vertices are drawn from 1 to this.
        examples: how many examples.

    Returns:
        A property-tested check; the counterexample is the one that hypothesis shrinks to.
    """
    from hypothesis import strategies as st

    fractions = st.fractions(min_value=-100, max_value=100, max_denominator=100)
    factors = st.fractions(min_value=Fraction(1, 1000), max_value=1000, max_denominator=1000)
    found, tried = first_found(
        {"n": st.integers(1, largest_vertex), "a": factors, "x": fractions},
        lambda n, a, x: law(a * x, n) == a ** degree(n) * law(x, n),
        examples,
    )
    scope = f"{tried} draws of n up to {largest_vertex}, of |x| up to 100 and of a in (0, 1000], in exact fractions"
    return Check(f"{law.name}: F(a x) = a^k F(x)", Kind.PROPERTY, scope, found is None, found)


def only_degree(slope: Fraction, n: int) -> Check:
    """Whether the leaky rectified polynomial is homogeneous of any degree at all.

    If it were, F(a x) / F(x) = a^k for each x with F(x) != 0, so k could be read off at x = 1 and at x = -1 alike. With
    a = 2 the two give 2^n and, where the slope is not 0, 2: so k = n = 1.

    Source: MRS24 Eq. (7), (9).

    Args:
        slope: slope below zero, of either sign.
        n: interaction vertex.

    Returns:
        A decided check of "some degree fits"; where it fails, the two ratios that one a^k would have to equal.
    """
    law = leaky(slope)
    two, one = Fraction(2), Fraction(1)
    ratios = {x: law(two * x, n) / law(x, n) for x in (one, -one) if law(x, n) != 0}
    holds = len(set(ratios.values())) == 1
    return Check(
        f"{law.name}, n = {n}: some degree k fits",
        Kind.DECIDED,
        "every k, by the ratio F(2 x) / F(x) = 2^k at x = 1 and x = -1",
        holds,
        None if holds else {f"F({2 * x}) / F({x})": ratio for x, ratio in ratios.items()},
    )


def difference_identity(law: Law, n: int, *, signs_only: bool, height: int = 3) -> Check:
    """Whether f(x) - f(y) = f(a x) - f(a y) for every a > 0, as printed before Eq. (9), or only in sign.

    As printed, y = 0 gives f(x) - f(a x) = f(0) - f(0) = 0: f can depend on nothing but the sign of its argument.

    Source: MRS24 Eq. (9).

    Args:
        law: f.
        n: interaction vertex.
        signs_only: compare the signs of the two differences instead of the differences.
        height: every a > 0, x and y up to this height is tried.

    Returns:
        An exact check; the counterexample has the least height.
    """

    def violated(a: Fraction, x: Fraction, y: Fraction) -> bool:
        inside, outside = law(a * x, n) - law(a * y, n), law(x, n) - law(y, n)
        return sign(inside) != sign(outside) if signs_only else inside != outside

    found = smallest(violated, positive=(0,), arguments=3, height=height)
    count = sum(a > 0 for a in rationals(height)) * len(rationals(height)) ** 2
    return Check(
        f"{law.name}, n = {n}: {'the signs of ' if signs_only else ''}f(x) - f(y) and f(a x) - f(a y) are equal",
        Kind.EXACT,
        f"every a > 0, x, y of height at most {height}: {count:,} cases",
        found is None,
        None if found is None else dict(zip("axy", found, strict=True)),
    )


def only_homogeneous(
    laws: Iterable[Law],
    *,
    vertices: Iterable[int] = (2, 3),
    unchanged: Callable[[Law, int], bool] = lambda law, n: update_unchanged(law, vertices=[n]).holds,
) -> Check:
    """Whether exactly those F keep every update under every factor for which F(x) - F(0) is homogeneous.

    That there are no others is a proof by hand, in the chapter on proofs, for continuous F that are not constant. Here
    both sides are tried on examples: the updates as `unchanged` says, homogeneity as G(a x) G(y) = G(a y) G(x) and
    G(a x) G(x) >= 0, with G(x) = F(x) - F(0), at small fractions.

    Source: MRS24 Eq. (9), (13).

    Args:
        laws: examples, homogeneous and not.
        vertices: the vertices n.
        unchanged: whether the updates of a law at a vertex survive; one memory or one factor alone is too weak.

    Returns:
        A check by hand; the counterexample is the first law that keeps its updates without being homogeneous, or the
        other way round.
    """
    laws, vertices = list(laws), list(vertices)
    kept, found = 0, None
    for law, n in itertools.product(laws, vertices):
        survives, homogeneous = unchanged(law, n), _homogeneous_up_to_a_constant(law, n)
        kept += survives
        if found is None and survives != homogeneous:
            found = {"F": law.name, "n": n, "keeps its updates": survives, "homogeneous": homogeneous}
    return Check(
        "F keeps every update under every factor only if F(x) - F(0) is homogeneous",
        Kind.BY_HAND,
        f"{len(laws)} functions at n = {listed(vertices)}: {kept} of {len(laws) * len(vertices)} keep their updates",
        found is None,
        found,
    )


def one_factor(factor: Fraction, *, base: int = 10, wobble: Fraction = Fraction(1, 20)) -> Check:
    """Whether F(x) = x^3 (1 + w sin(2 pi ln|x| / ln N)) is not homogeneous and yet keeps every update under one factor.

    At the factor 1/N it does: ln|x| falls by ln N, the sine by a whole period, and F(x / N) = N^-3 F(x). So homogeneity
    is needed for every factor, and for one factor it is not.

    Source: MRS24 Eq. (9), (13).

    Args:
        factor: a.
        base: N in the formula of F.
        wobble: w; at 0, F is homogeneous.

    Returns:
        An enclosed check. That F is not homogeneous and that a sign changes is said by intervals; that no sign changes,
        by algebra. The counterexample is a network of N = K = 2, or that F is homogeneous.

    Raises:
        RuntimeError: the algebra does not come out, and no small network changes its sign either.
    """
    import sympy as sp

    iv = intervals()

    def function(x: Any, library: Any) -> Any:
        period = library.sin(2 * library.pi * library.log(abs(x)) / library.log(base))
        return x**3 * (1 + wobble.numerator * period / wobble.denominator)

    y, a = sp.Symbol("y", positive=True), sp.Rational(factor.numerator, factor.denominator)
    changes = [function(a * x, sp) - a**3 * function(x, sp) for x in (y, -y)]
    kept = all(sp.simplify(sp.expand(sp.expand_log(change, force=True))) == 0 for change in changes)
    # Where F is homogeneous, F(q)^2 = F(1) F(q^2); two q, as the sine is 0 at powers of the root of N.
    apart = [function(iv.mpf(q), iv) ** 2 - function(iv.mpf(1), iv) * function(iv.mpf(q * q), iv) for q in (2, 3)]
    found = None
    if not {1, -1} & set(map(certain_sign, apart)):
        if sp.simplify(function(2 * y, sp) - 8 * function(y, sp)) != 0:
            raise RuntimeError(f"Intervals cannot tell F with w = {wobble} from a homogeneous function.")
        found = {"F(2 x)": "8 F(x)"}
    elif not kept:
        found = _changed_sign(lambda x: function(enclosed(x), iv), factor)
        if found is None:
            raise RuntimeError(f"sympy cannot decide this for a = {factor}, and no small network speaks against it.")
    how = "F(a x) = a^3 F(x) for every real x, by algebra" if kept else "networks of N = K = 2, by intervals"
    return Check(
        f"x^3 (1 + {wobble} sin(2 pi ln|x| / ln {base})) is not homogeneous, and keeps every update under a = {factor}",
        Kind.ENCLOSED,
        f"F(q)^2 and F(1) F(q^2) for q = 2, 3, by intervals; {how}",
        found is None,
        found,
    )


def _changed_sign(function: Callable[[Fraction], Any], factor: Fraction) -> dict[str, object] | None:
    """The first network of two neurons and two memories with entries in quarters whose sign the factor certainly turns.

    Args:
        function: an odd F, from a fraction to an interval.
        factor: a.
    """
    quarters = [Fraction(k, 4) for k in range(-4, 5)]
    values: dict[Fraction, Any] = {}

    def at(x: Fraction) -> Any:
        if x not in values:
            values[x] = function(x) if x else 0
        return values[x]

    for memories in networks(2, 2, quarters):
        signs = []
        for a in (Fraction(1), factor):
            total = sum(at(a * on) - at(a * off) for on, off in overlaps(memories))
            signs.append(certain_sign(total) if total != 0 else 0)
        if set(signs) == {1, -1}:
            return {"a": factor, "memories": memories, "sign": signs[0], "sign with a": signs[1]}
    return None


def _homogeneous_up_to_a_constant(law: Law, n: int) -> bool:
    zero = law(Fraction(0), n)

    def violated(a: Fraction, x: Fraction, y: Fraction) -> bool:
        inside, outside = law(a * x, n) - zero, law(x, n) - zero
        return inside * outside < 0 or inside * (law(y, n) - zero) != (law(a * y, n) - zero) * outside

    return smallest(violated, positive=(0,), arguments=3, height=3) is None


def _smallest_inhomogeneity(
    law: Law, degree: Degree, vertices: Iterable[int], factor_above: int | None
) -> dict[str, object] | None:
    for n in vertices:

        def violated(a: Fraction, x: Fraction, n: int = n) -> bool:
            if (factor_above is not None and a <= factor_above) or (a == 0 and degree(n) < 0):
                return False
            return law(a * x, n) != a ** degree(n) * law(x, n)

        found = smallest(violated, arguments=2)
        if found is not None:
            return {"n": n, "a": found[0], "x": found[1]}
    return None
