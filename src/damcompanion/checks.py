"""What a proof check says: which statement, what kind of check, what exactly was checked, and whether it holds."""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from damcompanion.claims import Evidence, Kind

TIE = "\u2060"  # stands for a space that must not become the end of a line


@dataclass(frozen=True)
class Check:
    """The outcome of one proof check.

    Attributes:
        statement: what was checked, in words.
        kind: what kind of check it is.
        scope: for which values, and how many cases.
        holds: whether the statement survived.
        counterexample: name -> exact value where it did not, the smallest in the sense that `scope` or the check's
            docstring states; None where it holds.
    """

    statement: str
    kind: Kind
    scope: str
    holds: bool
    counterexample: Mapping[str, object] | None = None

    def __post_init__(self):
        assert self.holds == (self.counterexample is None), "a statement fails with a counterexample, or holds"

    @property
    def against(self) -> str:
        """The counterexample as a formula; empty where there is none."""
        return ", ".join(f"{name} = {show(value)}" for name, value in (self.counterexample or {}).items())

    def __str__(self) -> str:
        lines = [f"{'holds' if self.holds else 'FALSE'}: {self.statement}", f"{self.kind}: {self.scope}"]
        if self.against:
            lines += [f"counterexample: {self.against}"]
        width = 80  # of a page of the book
        return "\n".join(
            textwrap.fill(_tied(line), width, initial_indent=" " * 2 * (number > 0), subsequent_indent=" " * 4)
            for number, line in enumerate(lines)
        ).replace(TIE, " ")


def checked(*checks: Check, ways: bool = False) -> Evidence:
    """Gather checks as the evidence of one claim.

    Args:
        checks: at least one; each is a part of the claim.
        ways: whether each check is a way to see the whole claim, so that the best says how much the evidence is worth;
            else it is the least.
    """
    kinds = [*Kind]
    failed = [check.counterexample for check in checks if check.counterexample is not None]
    return Evidence(
        kind=(min if ways else max)((check.kind for check in checks), key=kinds.index),
        parts={check.statement: check.holds for check in checks},
        quantity=f"{sum(check.holds for check in checks)} of {len(checks)} checks hold",
        scope="; ".join(dict.fromkeys(check.scope for check in checks)),
        counterexample=failed[0] if failed else None,
    )


def _tied(line: str) -> str:
    """The line with a relation and its two sides kept on one line."""
    for relation in (" = ", " > ", " < ", " <= ", " >= "):
        line = line.replace(relation, relation.replace(" ", TIE))
    return line


def show(value: object) -> str:
    """A value as in a formula: fractions as p/q, rows of them in brackets."""
    if isinstance(value, tuple | list):
        return f"({', '.join(map(show, value))}{',' * (len(value) == 1)})"
    return str(value)


def listed(values: Iterable[object]) -> str:
    """Values separated by commas; a run of whole numbers as its ends."""
    values = list(values)
    whole = [value for value in values if isinstance(value, int)]
    if len(whole) > 3 and values == list(range(whole[0], whole[0] + len(values))):
        return f"{whole[0]} to {whole[-1]}"
    return ", ".join(map(show, values))
