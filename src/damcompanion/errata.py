"""An erratum: a place in a text, what it says, what was found, of which kind, and what difference it makes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from string import Formatter

from damcompanion.claims import Claim, Evidence, Holds
from damcompanion.claims import Kind as Worth

FIXED = "020544f"  # the commit from which on an erratum must stand on its numbers


class Kind(StrEnum):
    """How much an erratum weighs, heaviest first.

    Example:
        >>> from damcompanion.errata import Kind
        >>> Kind.OPEN
        <Kind.OPEN: 'left open'>
        >>> print(Kind.SLIP)
        slip of formula or typesetting
    """

    SUBSTANCE = "error of substance"  # a statement that is false, or that the text contradicts itself
    SLIP = "slip of formula or typesetting"  # what is meant is clear from the text around it
    CODE = "differs from public code"  # text and published code do two different things
    OPEN = "left open"  # the text does not say, or says it in two ways that both make sense


@dataclass(frozen=True)
class Erratum:
    """One disagreement, as a referee would put it.

    Attributes:
        key: its name, text first: "mrs24-ties".
        where: equation, section or table of the text.
        says: what the text says, with what it says in its own favour in the same sentence.
        found: what is wrong or open.
        kind: how much it weighs.
        here: what this project does instead; empty where there is nothing to choose.
        difference: what difference it makes, with the measured numbers as fields: "{share:.1%} of updates differ".
        measure: computes those numbers, field -> value.
        stands: whether the numbers bear the erratum out; needed where there are numbers.
        quote: the words of the text that it rests on, for an error of substance about which nothing is computed.
        clause: key of the clause of the text that it judges, where it judges one.
    """

    key: str
    where: str
    says: str
    found: str
    kind: Kind
    here: str = ""
    difference: str = ""
    measure: Callable[[], Mapping[str, float | str]] | None = None
    stands: Callable[[Mapping], bool] | None = None
    quote: str = ""
    clause: str = ""

    def __post_init__(self):
        assert (self.measure is None) == (self.stands is None), "numbers come with what they must show"
        assert bool(self.fields) == (self.measure is not None), "numbers are shown, and what is shown is a number"
        assert self.kind != Kind.SUBSTANCE or self.measure or self.quote, "an error of substance is computed or quoted"

    @property
    def fields(self) -> set[str]:
        """Names of the numbers in `difference`."""
        return {name for _, name, _, _ in Formatter().parse(self.difference) if name}

    @cached_property
    def numbers(self) -> Mapping[str, float | str]:
        """The measured numbers, computed once."""
        found = self.measure() if self.measure else {}
        assert set(found) == self.fields, f"{self.key}: {set(found)} measured, {self.fields} shown"
        return found

    @property
    def holds(self) -> bool:
        """Whether the numbers bear it out; true where it rests on words alone."""
        return self.stands is None or bool(self.stands(self.numbers))

    @property
    def effect(self) -> str:
        """What difference it makes, with its numbers."""
        return self.difference.format(**self.numbers)

    @property
    def claim(self) -> Claim:
        """The erratum as a claim of the text, which does not stand, or does as it is meant, or is left open."""
        return Claim(
            id=self.key,
            text=self.key.split("-")[0].upper(),
            where=self.where,
            statement=self.says,
            rule=Holds(f"{self.kind}; {self.found}", FIXED),
            measure=lambda *_: self._evidence(),
            clause=self.clause,
            here=self.here,
        )

    def _evidence(self) -> Evidence:
        borne_out = self.holds
        parts = {
            Kind.SUBSTANCE: {"as stated": not borne_out},
            Kind.SLIP: {"as meant": True, "as printed": not borne_out},
        }.get(self.kind, {})
        return Evidence(
            kind=Worth.COMPUTED if self.measure else Worth.QUOTED,
            parts=parts,
            quantity=self.effect or self.quote or self.found,
        )


def table(errata: Iterable[Erratum], kind: Kind) -> str:
    """The errata of one kind as a Markdown table, in the order of the text.

    Example:
        >>> from damcompanion.errata import Erratum, Kind, table
        >>> slip = Erratum("toy-sum", "Eq. (1)", "2 + 2 = 5", "it is 4", Kind.SLIP)
        >>> table([slip], Kind.SLIP).splitlines()[-1]
        '| Eq. (1) | 2 + 2 = 5 | it is 4 |  |  |'
    """
    lines = ["| where | the text says | what we found | here | what difference it makes |", "|---|---|---|---|---|"]
    for erratum in errata:
        if erratum.kind == kind:
            said = erratum.says + (f" Its words: \u201c{erratum.quote}\u201d" if erratum.quote else "")
            where = f"\u00a7\u00a0{erratum.where}" if erratum.where[0].isdigit() else erratum.where
            cells = (where, said, erratum.found, erratum.here, erratum.effect)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
