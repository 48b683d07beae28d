"""What an erratum is: a place in a text, what it says, what was found, of which kind, and what difference it makes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from string import Formatter


class Kind(StrEnum):
    """How much an erratum weighs, heaviest first."""

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


def table(errata: Iterable[Erratum], kind: Kind) -> str:
    """The errata of one kind as a Markdown table, in the order of the text."""
    lines = ["| where | the text says | what we found | here | what difference it makes |", "|---|---|---|---|---|"]
    for erratum in errata:
        if erratum.kind == kind:
            said = erratum.says + (f" Its words: \u201c{erratum.quote}\u201d" if erratum.quote else "")
            cells = (erratum.where, said, erratum.found, erratum.here, erratum.effect)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
