"""Homogeneity: Lemmas 4.1.1 and 4.1.2, the leaky rectified polynomial, and the identity before Eq. (9)."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from damcore.proofs.laws import Law, leaky, rationals, sign, smallest
from damcore.proofs.provers import first_found, possible, reals, value
from damcore.proofs.result import Check, Kind, listed

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
