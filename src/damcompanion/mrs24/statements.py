"""A statement about maps, judged on stored ones: a number, a rule, a verdict, and how far it is from flipping.

Reads rows, trains nothing. A statement is one number on each of two grids and one rule for it. It is reproduced where
the rule holds on both, not reproduced where it holds on neither, and undecided where the grids differ.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from damcompanion.mrs24.experiments.heat_maps import MEMORIES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.ranking import FOURTH_DIGIT
from damcompanion.mrs24.regions import NEAR, Maps, resamples
from damcompanion.tables import markdown
from damcore import _checks
from damcore.sweeps.store import StoreError

FACTORS = (0.5, 2.0)  # on the thresholds, of the region and of the rule


class Outcome(StrEnum):
    """What becomes of a statement."""

    REPRODUCED = "reproduced"
    NOT = "not reproduced"
    UNDECIDED = "undecided"  # the grids differ
    MISSING = "not computed"


class Look:
    """Stored maps of one K, at one threshold of the region and with one choice of repeats.

    Args:
        gallery: the maps.
        memories: K, 256 or 100.
        near: largest mean distance of the optimal region.
        counts: how often each repeat enters the means; once by default.
    """

    def __init__(self, gallery: Gallery, memories: int, near: float = NEAR, counts: tuple[int, ...] | None = None):
        self.gallery, self.memories, self.near, self.counts = gallery, memories, near, counts
        self._maps: dict[str, Maps] = {}
        self.read: set[str] = set()  # names of the sweeps that were asked for

    def name(self, network: str, what: str) -> str:
        """The sweep of a network, "original", "modified" or "modified-250": a grid, "size-N-A" or "learning-..."."""
        return f"{network}-k{MEMORIES}-{what}" if self.memories == MEMORIES else f"{network}-{what}"

    def maps(self, network: str, what: str) -> Maps:
        """Its maps."""
        name = self.name(network, what)
        self.read.add(name)
        if name not in self._maps:
            self._maps[name] = Maps(self.gallery.distances(name), near=self.near, counts=self.counts)
        return self._maps[name]


@dataclass(frozen=True)
class Statement:
    """One statement of the text and how it is judged.

    Attributes:
        key: its name.
        where: section of the text.
        words: the statement, in our words, or in the text's own in quotation marks.
        quantity: what is measured.
        measure: the number on one view of the maps; NaN where there is no such number.
        least, most: it holds between them, both included.
        views: what is looked at: grids, or vertices of a sweep.
    """

    key: str
    where: str
    words: str
    quantity: str
    measure: Callable[[Look, str], float]
    least: float = -np.inf
    most: float = np.inf
    views: tuple[str, ...] = ("coarse", "fine")

    def holds(self, number: float, factor: float = 1.0) -> bool:
        """Whether a number meets the rule, its thresholds multiplied by a factor."""
        slack = FOURTH_DIGIT if "decades" in self.quantity else 0.0
        return bool(factor * self.least - slack <= number <= factor * self.most + slack)

    @property
    def rule(self) -> str:
        """The thresholds in words."""
        if self.least == self.most:
            return f"{self.least:g}"
        ends = [f"at least {self.least:g}"] * (self.least > -np.inf) + [f"at most {self.most:g}"] * (self.most < np.inf)
        return ", ".join(ends)

    def outcome(self, look: Look, factor: float = 1.0) -> Outcome:
        """What becomes of it in one look."""
        held = [self.holds(self.measure(look, view), factor) for view in self.views]
        return Outcome.REPRODUCED if all(held) else Outcome.UNDECIDED if any(held) else Outcome.NOT


@dataclass(frozen=True)
class Verdict:
    """A statement judged on the maps of one K.

    Attributes:
        statement: which.
        numbers: the measured number on each view; empty where rows are missing.
        outcome: what becomes of it.
        thresholds: in how many of the looks with a threshold halved or doubled, of the region or of the rule, it stays.
        resampled: the probability that it stays when the repeats are drawn again.
    """

    statement: Statement
    numbers: Mapping[str, float]
    outcome: Outcome
    thresholds: int
    resampled: float

    @property
    def measured(self) -> str:
        """The numbers in words."""
        if not self.numbers:
            return "rows are missing"
        return ", ".join(f"{_digits(number)} ({view})" for view, number in self.numbers.items())


def judge(statements: Iterable[Statement], gallery: Gallery, memories: int) -> list[Verdict]:
    """Judge statements on the maps of one K.

    Args:
        statements: which; those whose rows are not all stored become "not computed".
        gallery: the maps.
        memories: K.
    """
    base = Look(gallery, memories)
    looks = {near: Look(gallery, memories, near * NEAR) for near in FACTORS}
    drawn: dict[int, list[tuple[Look, float]]] = {}
    found = []
    for statement in statements:
        base.read.clear()
        try:
            numbers = {view: statement.measure(base, view) for view in statement.views}
        except StoreError:
            found.append(Verdict(statement, {}, Outcome.MISSING, 0, 0.0))
            continue
        outcome = statement.outcome(base)
        others = [statement.outcome(look) for look in looks.values()]
        others += [statement.outcome(base, factor) for factor in FACTORS]
        repeats = min((gallery.sweeps[name].repeats for name in base.read), default=1)
        if repeats not in drawn:
            drawn[repeats] = [(Look(gallery, memories, counts=of), chance) for of, chance in resamples(repeats)]
        stays = sum(chance for look, chance in drawn[repeats] if statement.outcome(look) == outcome)
        found.append(Verdict(statement, numbers, outcome, others.count(outcome), stays))
    return found


@_checks.door
def verdict_table(judged: Iterable[Verdict]) -> str:
    """Verdicts as a Markdown table, a row a statement, with their thresholds and how far they are from flipping.

    Args:
        judged: what `verdicts` returns.
    """
    head = ["statement", "verdict", "measured", "rule", "stands, other thresholds", "stands, repeats drawn again"]
    rows = []
    for verdict in judged:
        statement = verdict.statement
        robust = (f"{verdict.thresholds} of {2 * len(FACTORS)}", f"{100 * verdict.resampled:.0f} %")
        rows.append(
            (
                f"{statement.words} ({statement.where})",
                f"**{verdict.outcome}**",
                f"{statement.quantity}: {verdict.measured}",
                statement.rule,
                *(robust if verdict.numbers else ("", "")),
            )
        )
    return markdown(head, rows)


def _digits(number: float) -> str:
    return "no region" if np.isnan(number) else f"{number:.3g}"
