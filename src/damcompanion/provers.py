"""The outside provers z3, hypothesis and mpmath's intervals, behind small functions; imported when they are needed."""

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from damcompanion.exact_networks import Law


def impossible(*conditions: Any) -> bool:
    """Whether no real numbers satisfy all conditions, which are z3 terms.

    Raises:
        RuntimeError: z3 cannot tell.
    """
    return possible(*conditions) is None


def possible(*conditions: Any) -> dict[str, str] | None:
    """Real numbers that satisfy all conditions, which are z3 terms: name -> value as z3 writes it; None if none do.

    What a model says of functions and of division by zero is left out.

    Raises:
        RuntimeError: z3 cannot tell.
    """
    import z3

    solver = z3.Solver()
    solver.set("timeout", 60_000)  # milliseconds; what is asked here takes below one second
    solver.add(*conditions)
    answer = solver.check()
    if answer == z3.unknown:
        raise RuntimeError(f"z3 cannot decide this ({solver.reason_unknown()}); ask for smaller vertices or sizes.")
    if answer == z3.unsat:
        return None
    model = solver.model()
    return {str(name): str(model[name]) for name in sorted(model.decls(), key=str) if name.arity() == 0}


def reals(names: str) -> list[Any]:
    """z3's real variables with these names, separated by spaces."""
    import z3

    return list(z3.Reals(names))


def differ_in_sign(u: Any, v: Any) -> Any:
    """That one of two z3 terms is positive and the other is not."""
    import z3

    return z3.Or(z3.And(u > 0, v <= 0), z3.And(u <= 0, v > 0))


def unknown_function(name: str) -> Callable[[Any], Any]:
    """A real function of which z3 knows nothing but what conditions say."""
    import z3

    return z3.Function(name, z3.RealSort(), z3.RealSort())


def increases(function: Callable[[Any], Any], u: Any, v: Any, *, strictly: bool = True) -> list[Any]:
    """That a function increases, said for two z3 terms: what a proof needs of it, without a quantifier."""
    import z3

    at_u, at_v = function(u), function(v)
    if strictly:
        return [z3.Implies(u < v, at_u < at_v), z3.Implies(v < u, at_v < at_u)]
    return [z3.Implies(u <= v, at_u <= at_v), z3.Implies(v <= u, at_v <= at_u)]


def intervals() -> Any:
    """mpmath's interval arithmetic: its exp, log, sin and pi are intervals that hold the true value."""
    from mpmath import iv

    return iv


def enclosed(x: Fraction) -> Any:
    """An interval of mpmath around a fraction."""
    return intervals().mpf(x.numerator) / x.denominator


def certain_sign(interval: Any) -> int | None:
    """The sign of all numbers of an interval, None where they differ in it."""
    if interval.a > 0 or interval.b < 0:
        return 1 if interval.a > 0 else -1
    return 0 if interval.a == interval.b == 0 else None


def value(law: Law, x: Any, n: int) -> Any:
    """F of a z3 term at a given vertex."""
    import z3

    return z3.If(x >= 0, law.above(x, n), law.below(x, n))


def first_found(
    strategies: dict[str, Any], holds: Callable[..., bool], examples: int
) -> tuple[dict[str, object] | None, int]:
    """What hypothesis finds against a property, shrunk, or None, and how many examples it tried; the same every run.

    Args:
        strategies: name -> strategy of each argument.
        holds: the property.
        examples: how many examples to try.
    """
    from hypothesis import find, settings
    from hypothesis import strategies as st
    from hypothesis.errors import NoSuchExample

    tried = 0

    def violated(drawn: dict[str, Any]) -> bool:
        nonlocal tried
        tried += 1
        return not holds(**drawn)

    quiet = settings(max_examples=examples, deadline=None, database=None)
    try:
        return find(st.fixed_dictionaries(strategies), violated, settings=quiet, random=Random(0)), tried
    except NoSuchExample:
        return None, tried
