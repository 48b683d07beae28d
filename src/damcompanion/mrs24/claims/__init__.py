"""The claims of MRS24 about its maps, and what becomes of them on stored rows."""

from collections.abc import Collection

from damcompanion.claims import Judged, judge
from damcompanion.mrs24.claims.clauses import CLAUSES
from damcompanion.mrs24.claims.looks import Look, OnMaps
from damcompanion.mrs24.claims.section5 import CLAIMS
from damcompanion.mrs24.experiments.heat_maps import MEMORIES
from damcompanion.mrs24.figures import Gallery
from damcore import _checks

__all__ = ["CLAIMS", "CLAUSES", "Look", "OnMaps", "verdicts"]


@_checks.door
def verdicts(gallery: Gallery, memories: int = MEMORIES, *, clauses: Collection[str] = CLAUSES) -> list[Judged]:
    """Judge every claim of sections 1 and 5 to 5.3 and of appendix A on stored maps.

    Args:
        gallery: the maps.
        memories: K of the maps, 256 or 100.
        clauses: keys of `CLAUSES`; all by default.

    Raises:
        ValueError: there are no maps with so many memories, or no such clause.

    Example:
        >>> from damcompanion.mrs24.claims import verdicts
        >>> from damcompanion.mrs24.figures import Gallery
        >>> [found] = verdicts(Gallery(), clauses=["5-to-100"])
        >>> found.claim.statement, str(found.verdict)
        ('modified: it works up to n = 100', 'reproduced')
        >>> found.evidence.words  # cells of the smallest region, n = 40 to 100
        '13 (near 1)'
    """
    if memories not in (MEMORIES, 100):
        _checks.refuse(f"`memories` must be {MEMORIES} or 100, got {memories}.")
    look = Look(gallery, memories)
    if unknown := set(clauses) - set(CLAUSES):
        _checks.refuse(f"`clauses` must be keys of CLAUSES, got {', '.join(sorted(unknown))}.")
    return [judge(claim, look) for claim in CLAIMS if claim.clause in clauses]
