"""What MRS24 proves or argues in section 4, as claims: each check can be broken, and each claim names how."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import torch

from damcompanion.checks import Check, checked
from damcompanion.claims import Claim, Control, Evidence, Holds
from damcompanion.exact_networks import LAWS, Law
from damcompanion.mrs24.proofs import exponential, homogeneity, learning, update
from damcore.datasets import random_patterns
from damcore.interactions import Polynomial, RectifiedPolynomial

FIXED = "de9008e"  # the commit that brought the checks
VERTICES = range(1, 13)
POLYNOMIAL, RECTIFIED, PUBLIC_CODE = LAWS["polynomial"], LAWS["rectified"], LAWS["leaky, public code"]
NEARLY = Law("x^n + x/10^30", lambda x, n: x**n + x / 10**30, lambda x, n: x**n + x / 10**30)
SIGN = Law("the sign of x", lambda x, n: Fraction(x > 0), lambda x, n: Fraction(-1))


def _homogeneous(law: Law, **options) -> Evidence:
    return checked(
        homogeneity.homogeneous_for_every_vertex(law),
        homogeneity.homogeneous_for_all_reals(law, vertices=VERTICES, **options),
        homogeneity.homogeneous_in_examples(law),
        ways=True,
    )


def _at_negative_factors(law: Law) -> Evidence:
    return checked(homogeneity.homogeneous_for_all_reals(law, vertices=VERTICES, factor_above=None))


def _no_degree(n: int) -> Evidence:
    """That the leaky function has no degree, with slopes of either sign: the checks say that some degree fits."""
    found = checked(*(homogeneity.only_degree(slope, n) for slope in (Fraction(1, 100), Fraction(-1, 100))))
    parts = {f"not: {words}": not fits for words, fits in found.parts.items()}
    return replace(found, parts=parts, quantity=f"{sum(parts.values())} of {len(parts)} slopes have no degree")


def _differences(*laws: Law) -> Evidence:
    printed = [homogeneity.difference_identity(law, 3, signs_only=False) for law in laws]
    meant = [homogeneity.difference_identity(law, 3, signs_only=True) for law in laws]
    return checked(*printed, *meant)


def _unchanged(law: Law) -> list[Check]:
    return [
        update.update_unchanged_for_all_reals(law, vertices=range(1, 5), n_memories=1),
        update.update_unchanged_for_all_reals(law, vertices=range(2, 5), n_memories=2),
        update.update_unchanged(law),
        update.update_unchanged_in_examples(law),
    ]


def _needed(factor: Fraction) -> Evidence:
    """That one factor asks for less than homogeneity, and that every factor does."""
    laws = [*LAWS.values()]
    one = homogeneity.one_factor(factor)
    every = homogeneity.only_homogeneous(laws)
    found = checked(one, every)
    return replace(found, parts={"for one factor": one.holds, "for every factor": not every.holds})


def _networks(sizes: list[tuple[int, int]], entries) -> Evidence:
    return checked(exponential.exponential_sum_sign(sizes=sizes, entries=entries))


def _learning(relation: Callable = learning.divided_by_size) -> Evidence:
    draw = torch.Generator().manual_seed(0)
    patterns = random_patterns(10, 64, generator=draw)
    problem = torch.rand(32, 64, generator=draw, dtype=torch.float64), patterns
    trained = [
        learning.trainings_agree(interaction, *problem, 4.0, relation, n=n, epochs=50, tolerance=0.0)
        for interaction, n in ((Polynomial(20), 20), (RectifiedPolynomial(5), 5))
    ]
    return checked(
        *(learning.same_bracket(law, relation) for law in (POLYNOMIAL, RECTIFIED)),
        learning.temperature_is_forced(relation, vertices=VERTICES),
        *trained,
    )


def _claim(name: str, where: str, statement: str, measure, control: tuple, *, second: str = "") -> Claim:
    words, broken = control
    return Claim(
        id=f"mrs24-{name}",
        text="MRS24",
        where=where,
        statement=statement,
        rule=Holds("every check holds", FIXED),
        measure=lambda *_: measure(),
        control=Control(words, lambda *_: broken()),
        second=second,
    )


def _printed_step(rate: Callable, written: str) -> Evidence:
    """The sign step at factors below 1, such as the 1/N that the text proposes."""
    return checked(
        exponential.printed_sign_step(rate, written=written, factors=lambda a: a < 1, range_of_factors="0 < a < 1")
    )


THREE_WAYS = "algebra, z3 and random fractions, each for itself"

#: What MRS24 proves or argues, each with its checks and a control that must fail.
CLAIMS = (
    _claim("lemma-4-1-1", "Lemma 4.1.1", "the polynomial is homogeneous of degree n",
           lambda: _homogeneous(POLYNOMIAL), ("x^n + x/10^30", lambda: _homogeneous(NEARLY)), second=THREE_WAYS),
    _claim("lemma-4-1-2", "Lemma 4.1.2", "the rectified polynomial is homogeneous of degree n",
           lambda: _homogeneous(RECTIFIED), ("negative factors, too", lambda: _at_negative_factors(RECTIFIED)),
           second=THREE_WAYS),
    _claim("4-1-1-leaky", "4.1.1", "the leaky rectified polynomial is not homogeneous, for n > 1",
           lambda: _no_degree(5), ("n = 1", lambda: _no_degree(1))),
    _claim("4-1-differences", "before Eq. 9", "f(x) - f(y) = f(a x) - f(a y): differences survive a factor",
           lambda: _differences(POLYNOMIAL, RECTIFIED),
           ("the sign of x, of which it is true", lambda: _differences(SIGN))),
    _claim("theorem-4-2-1", "Theorem 4.2.1", "a factor inside a homogeneous F changes no update",
           lambda: checked(*_unchanged(POLYNOMIAL), *_unchanged(RECTIFIED), ways=True),
           ("x^n + x/10^30", lambda: checked(update.update_unchanged(NEARLY, vertices=[3]))),
           second="z3 for all reals, every small network in fractions, and random networks"),
    _claim("4-2-stronger", "4.1, 4.2, 6", "homogeneity is slightly more than is needed",
           lambda: _needed(Fraction(1, 100)),
           ("a function that the one factor breaks", lambda: _needed(Fraction(1, 2)))),
    _claim("4-1-1-exponent", "4.1.1", "e^(a x) = e^a e^x",
           lambda: checked(exponential.exponent_identity(lambda exp, a, x: exp(a) * exp(x), printed_as="e^a e^x")),
           ("e^(a x) = (e^x)^a",
            lambda: checked(exponential.exponent_identity(lambda exp, a, x: exp(x) ** a, printed_as="(e^x)^a")))),
    _claim("4-1-1-sign-step", "4.1.1", "the sign of a (e^x - e^y) is that of e^(x log a) - e^(y log a), a < 1",
           lambda: _printed_step(lambda log, a: log(a), "log a"),
           ("a in place of log a", lambda: _printed_step(lambda log, a: a, "a"))),
    _claim("4-1-1-exponential", "4.1.1", "a factor inside the exponential changes no update",
           lambda: _networks([(n, k) for k in (2, 3) for n in (1, 2, 3)], update.BIPOLAR),
           ("one memory", lambda: _networks([(1, 1), (2, 1), (3, 1)], update.HALVES))),
    _claim("theorem-4-3-1", "Theorem 4.3.1", "learning is unchanged once beta is adjusted: at 1/T_m = N/T",
           _learning, ("1/T_m = 1/T", lambda: _learning(lambda temperature, n_neurons: temperature)),
           second="algebra, z3, and whole trainings that agree bit for bit"),
)  # fmt: skip
