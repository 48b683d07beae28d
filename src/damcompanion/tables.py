"""Tables as Markdown, which a notebook shows as tables; and judged claims, for pages and for programs."""

import json
from collections.abc import Iterable, Sequence

from damcompanion.claims import Judged, digits


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table.

    Args:
        head: titles of the columns.
        rows: what stands in them; no cell may hold a vertical bar.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def badge(found: Judged, *, marked: bool = True) -> str:
    """A verdict as pages show it, marked with its claim: a test holds every such mark to `claims.json`.

    Args:
        found: the judged claim.
        marked: False for the same claim on other rows, whose verdict is not that of `claims.json`.

    Example:
        >>> from damcompanion.claims import Between, Claim, Evidence, Kind, judge
        >>> from damcompanion.tables import badge
        >>> rule, found = Between(least=30), Evidence(Kind.COMPUTED, {"n = 5": 2**5})
        >>> claim = Claim("toy", "TOY", "1", "2^5 is above 30", rule, lambda: found)
        >>> badge(judge(claim))
        '<span class="verdict verdict-reproduced" data-claim="toy">reproduced</span>'
    """
    kind = f"verdict-{str(found.verdict).replace(' ', '-')}"
    mark = f' data-claim="{found.claim.id}"' if marked else ""
    return f'<span class="verdict {kind}"{mark}>{found.verdict}</span>'


def claims_table(judged: Iterable[Judged], *, marked: bool = True, brief: bool = False) -> str:
    """Write judged claims as a Markdown table: claim, verdict, measured, rule, how firm it is, later rule.

    Args:
        judged: the claims.
        marked: mark each verdict as that of `claims.json`; False for the same claims on other rows.
        brief: leave out how firm a verdict is and what a later rule says.
    """
    rows = []
    for found in judged:
        claim, evidence = found.claim, found.evidence
        numbers = f"{evidence.quantity}: " if evidence.measured and evidence.quantity else ""
        fresh = "" if evidence.fresh is None else f"; {digits(evidence.fresh)} on fresh seeds"
        stands = "" if evidence.thresholds is None else f"{evidence.thresholds} of 4 thresholds"
        if evidence.resampled is not None:
            stands += f", {100 * evidence.resampled:.0f} % of draws"
        later = ""
        if found.later and claim.later:
            again, outcome = found.later
            said = f"{again.quantity}: {again.words}" if again.measured else again.words
            later = f"{outcome}: {said}; {claim.later[0].words}"
        rows.append((
            f"{claim.statement} ({claim.where})",
            badge(found, marked=marked),
            f"{numbers}{evidence.words}{fresh}",
            claim.rule.words,
            stands,
            later,
        ))  # fmt: skip
    # A column that no claim fills is left out.
    filled = [column for column in range(4 if brief else 6) if column < 4 or any(row[column] for row in rows)]
    head = ["claim", "verdict", "measured", "rule", "stands", "later rule"]
    return markdown([head[column] for column in filled], ([row[column] for column in filled] for row in rows))


def written(judged: Iterable[Judged]) -> str:
    """Write judged claims as JSON, a list of objects in the given order.

    Example:
        >>> import json
        >>> from damcompanion.claims import Between, Claim, Evidence, Kind, judge
        >>> from damcompanion.tables import written
        >>> rule, found = Between(least=30), Evidence(Kind.COMPUTED, {"n = 5": 2**5})
        >>> claim = Claim("toy", "TOY", "1", "2^5 is above 30", rule, lambda: found)
        >>> [record] = json.loads(written([judge(claim)]))
        >>> record["id"], record["verdict"], record["numbers"]
        ('toy', 'reproduced', {'n = 5': 32.0})
    """
    return json.dumps([found.record() for found in judged], indent=1, ensure_ascii=False, allow_nan=False) + "\n"
