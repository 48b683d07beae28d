"""A claim of a text: what it says, the rule that judges it, what was measured, and the verdict on it.

A proof check, a sentence about a figure, an erratum and a number are all claims. The rule is fixed before the rows it
judges; a claim names the commit at which it was.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FOURTH_DIGIT = 2e-4  # decades: what the four digits of an axis leave open


class Verdict(StrEnum):
    """What becomes of a claim.

    Example:
        >>> from damcompanion.claims import Verdict
        >>> Verdict("partly")
        <Verdict.PARTLY: 'partly'>
        >>> print(Verdict.NOT)
        not reproduced
    """

    REPRODUCED = "reproduced"
    PARTLY = "partly"  # one part of it holds, another does not
    NOT = "not reproduced"
    UNDECIDED = "undecided"  # two views of the same rows differ, or the rows are not computed


class Kind(StrEnum):
    """How much evidence is worth, best first."""

    SYMBOLIC = "symbolic"  # algebra, the vertex a symbol where it can be
    DECIDED = "decided for all reals"  # by z3 or an exact argument, at given vertices and sizes
    FACTS = "decided from stated facts"  # by z3, which knows of exp, log or F only what the scope says
    EXACT = "exact rational"  # every case of a finite list, in fractions
    ENCLOSED = "enclosed"  # exp, log and sin in intervals that hold their value, rounding included
    BY_HAND = "proof by hand, with examples"  # the proof is the text's; the program tries examples only
    PROPERTY = "property-tested"  # exact arithmetic on examples that hypothesis draws
    SAMPLED = "sampled"  # floating point on random examples
    COMPUTED = "computed"  # numbers that a short program finds
    MEASURED = "measured on stored rows"
    QUOTED = "quoted"  # it rests on the words of the text alone
    MISSING = "not computed"  # the rows do not exist


@dataclass(frozen=True)
class Between:
    """The rule that a number lies between two ends, both included.

    Args:
        least: the lower end.
        most: the upper end.
        word: the word of the text that the ends stand for; the same word has the same ends for every network.
        commit: at which the rule was fixed.
        decades: whether the number counts decades of an axis, which four digits give to 0.0002.
    """

    least: float = -math.inf
    most: float = math.inf
    word: str = ""
    commit: str = ""
    decades: bool = False

    def holds(self, number: float, factor: float = 1.0) -> bool:
        """Say whether a number meets the rule, its ends multiplied by a factor."""
        slack = FOURTH_DIGIT if self.decades else 0.0
        return bool(factor * self.least - slack <= number <= factor * self.most + slack)

    def margin(self, number: float) -> float:
        """Return how far a number is from the nearest end: positive inside, negative outside, in the number's unit."""
        return min(number - self.least, self.most - number)

    @property
    def words(self) -> str:
        """The rule in words."""
        if self.least == self.most:
            return f"exactly {self.least:g}"
        ends = [f"at least {self.least:g}"] * (self.least > -math.inf) + [f"at most {self.most:g}"] * (
            self.most < math.inf
        )
        return ", ".join(ends)


@dataclass(frozen=True)
class Holds:
    """The rule that every part of a claim stands.

    Args:
        words: what must stand.
        commit: at which the rule was fixed.
    """

    words: str = "no counterexample"
    commit: str = ""


Rule = Between | Holds


@dataclass(frozen=True)
class Evidence:
    """What was found about a claim.

    Attributes:
        kind: what kind of evidence it is.
        measured: view -> number, for a rule `Between`.
        interval: view -> the range that 95 % of the resampled repeats stay in.
        parts: part of the claim -> whether it stands, for a rule `Holds`.
        quantity: what the numbers are, or what is shown in place of them.
        scope: for which values, and how many cases.
        counterexample: name -> value, where a part fails on one.
        experiments: names of the experiments whose rows were read.
        command: what computes it again.
        fresh: the number on fresh seeds, where it was measured there.
        thresholds: in how many of four variants, with the thresholds of region and rule halved and doubled, the verdict
            stays; None where there are no thresholds.
        resampled: the probability that it stays when the repeats are drawn again; None where there are no repeats.
    """

    kind: Kind
    measured: Mapping[str, float] = field(default_factory=dict)
    interval: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    parts: Mapping[str, bool] = field(default_factory=dict)
    quantity: str = ""
    scope: str = ""
    counterexample: Mapping[str, object] | None = None
    experiments: tuple[str, ...] = ()
    command: str = ""
    fresh: float | None = None
    thresholds: int | None = None
    resampled: float | None = None

    @property
    def words(self) -> str:
        """What was measured, in words."""
        if self.kind == Kind.MISSING:
            return "not computed yet"
        if self.measured:
            return ", ".join(f"{digits(number)} ({view})" for view, number in self.measured.items())
        return self.quantity


def verdict(rule: Rule, evidence: Evidence) -> Verdict:
    """Judge evidence by a rule.

    A number is judged on each view alike; where two views of one statement differ, the verdict would depend on the
    view, and is undecided. A claim of several parts of which some stand is partly reproduced.

    Args:
        rule: of the claim.
        evidence: what was found.

    Example:
        >>> verdict(Between(least=1), Evidence(Kind.MEASURED, {"coarse": 3, "fine": 12})).value
        'reproduced'
        >>> verdict(Between(least=1), Evidence(Kind.MEASURED, {"coarse": 0, "fine": 12})).value
        'undecided'
        >>> verdict(Holds(), Evidence(Kind.EXACT, parts={"as meant": True, "as printed": False})).value
        'partly'
    """
    if isinstance(rule, Between):
        held = [rule.holds(number) for number in evidence.measured.values()]
        mixed = Verdict.UNDECIDED
    else:
        held, mixed = [*evidence.parts.values()], Verdict.PARTLY
    if not held:
        return Verdict.UNDECIDED
    return Verdict.REPRODUCED if all(held) else mixed if any(held) else Verdict.NOT


@dataclass(frozen=True)
class Control:
    """A case on which the same measure and the same rule must give another verdict.

    Attributes:
        words: what is changed.
        measure: the evidence of that case; takes what the claim's measure takes.
    """

    words: str
    measure: Callable[..., Evidence]


@dataclass(frozen=True)
class Claim:
    """One thing that a text says.

    Attributes:
        id: its name, beginning with the text: "mrs24-5.1-place".
        text: key of the text, as in `texts`.
        where: section or equation.
        statement: the claim in our words, or in few of the text's own in quotation marks.
        rule: what judges it, the first that was fixed.
        measure: finds the evidence; takes the source of rows where it reads any.
        control: a case that must come out otherwise.
        clause: key of the clause of the text that it judges; empty for an equation or a correction.
        second: another way by which the same was found, where there is one.
        later: a rule of a later commit, with its measure; shown beside the first, and called post hoc.
        here: what this project does, where the text leaves a choice.
    """

    id: str
    text: str
    where: str
    statement: str
    rule: Rule
    measure: Callable[..., Evidence]
    control: Control | None = None
    clause: str = ""
    second: str = ""
    later: tuple[Rule, Callable[..., Evidence]] | None = None
    here: str = ""


@dataclass(frozen=True)
class Judged:
    """A claim with its evidence and verdict, and those of its later rule."""

    claim: Claim
    evidence: Evidence
    verdict: Verdict
    later: tuple[Evidence, Verdict] | None = None

    def record(self) -> dict[str, object]:
        """Return what `claims.json` says of it."""
        claim, rule, evidence = self.claim, self.claim.rule, self.evidence
        found: dict[str, object] = {
            "id": claim.id,
            "text": claim.text,
            "where": claim.where,
            "statement": claim.statement,
            "verdict": str(self.verdict),
            "measured": evidence.words,
            "numbers": {view: rounded(number) for view, number in evidence.measured.items()},
            "interval": {view: [rounded(end) for end in ends] for view, ends in evidence.interval.items()},
            "rule": rule.words,
            "fixed": rule.commit,
            "quantity": evidence.quantity,
            "kind": str(evidence.kind),
            "scope": evidence.scope,
            "experiments": [*evidence.experiments],
            "command": evidence.command,
            "control": claim.control.words if claim.control else "",
            "second": claim.second,
            "clause": claim.clause,
            "here": claim.here,
            "fresh": None if evidence.fresh is None else rounded(evidence.fresh),
            "thresholds": evidence.thresholds,
            "resampled": None if evidence.resampled is None else rounded(evidence.resampled),
        }
        if isinstance(rule, Between):
            found["margin"] = {view: rounded(rule.margin(number)) for view, number in evidence.measured.items()}
        if self.later and claim.later:
            (again, outcome), (later, _) = self.later, claim.later
            fresh = again.fresh
            found["post_hoc"] = {
                "rule": later.words,
                "fixed": later.commit,
                "quantity": again.quantity,
                "measured": again.words,
                "verdict": str(outcome),
                "fresh": None if fresh is None else rounded(fresh),
                "holds_on_fresh_seeds": None if fresh is None or isinstance(later, Holds) else later.holds(fresh),
            }
        return found


def judge(claim: Claim, *source: object) -> Judged:
    """Measure a claim and judge it.

    Args:
        claim: which.
        source: what its measure reads; nothing for a claim that computes.

    Example:
        >>> from damcompanion.claims import Between, Claim, Evidence, Kind, judge
        >>> rule, found = Between(least=30), Evidence(Kind.COMPUTED, {"n = 5": 2**5})
        >>> claim = Claim("toy", "TOY", "1", "2^5 is above 30", rule, lambda: found)
        >>> judge(claim).verdict
        <Verdict.REPRODUCED: 'reproduced'>
    """
    evidence = claim.measure(*source)
    later = None
    if claim.later:
        again = claim.later[1](*source)
        later = again, verdict(claim.later[0], again)
    return Judged(claim, evidence, verdict(claim.rule, evidence), later)


def digits(number: float) -> str:
    """A number as a reader wants it."""
    return "no region" if math.isnan(number) else f"{number:.3g}"


def rounded(number: float) -> float | None:
    """A number for JSON: four digits, None for what JSON does not know."""
    return float(f"{number:.4g}") if math.isfinite(number) else None
