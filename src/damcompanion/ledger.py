"""All claims of all texts, judged: the ledger, and `claims.json`."""

from collections import Counter
from collections.abc import Iterable

from damcompanion.claims import Claim, Judged, Verdict, judge
from damcompanion.errata import Erratum
from damcompanion.kh16.claims import CLAIMS as CAPACITY
from damcompanion.kh16.errata import ERRATA as KH16
from damcompanion.kh16.figures import Rows
from damcompanion.kh16.xor_claims import CLAIMS as XOR
from damcompanion.mrs24.claims import CLAIMS, Look
from damcompanion.mrs24.errata import ERRATA as MRS24
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.proofs.claims import CLAIMS as PROOFS
from damcompanion.mssl22.errata import ERRATA as MSSL22

#: Key of a text -> its errata.
ERRATA: dict[str, list[Erratum]] = {"MRS24": [*MRS24], "KH16": [*KH16], "MSSL22": [*MSSL22]}

#: Chapter of the ledger -> its claims.
CHAPTERS: dict[str, tuple[Claim, ...]] = {
    "MRS24: the maps": CLAIMS,
    "MRS24: what is proved": PROOFS,
    "KH16: XOR": XOR,
    "KH16: capacity": CAPACITY,
    **{f"{text}: errata": tuple(erratum.claim for erratum in errata) for text, errata in ERRATA.items()},
}


def claims() -> list[Claim]:
    """Every claim of every text, in the order of the ledger."""
    return [claim for chapter in CHAPTERS.values() for claim in chapter]


def judged(gallery: Gallery, chapters: Iterable[str] = ()) -> dict[str, list[Judged]]:
    """Judge every claim: chapter -> its claims with their evidence and verdicts.

    Args:
        gallery: stored maps, for the claims that read rows.
        chapters: which of the ledger's; all where none is named.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from damcompanion.ledger import judged
        >>> from damcompanion.mrs24.figures import Gallery
        >>> with TemporaryDirectory() as empty:  # `Gallery()` has the stored rows
        ...     found = judged(Gallery(folder=Path(empty)), ["MRS24: the maps"])
        >>> maps = found["MRS24: the maps"]  # one of them needs no rows
        >>> [one.claim.id for one in maps if one.verdict != "undecided"]
        ['mrs24-5-1-overflow']
    """
    look, rows = Look(gallery), Rows.beside(gallery)
    return {
        chapter: [judge(claim, rows if chapter == "KH16: capacity" else look) for claim in CHAPTERS[chapter]]
        for chapter in [*chapters] or CHAPTERS
    }


def tally(found: Iterable[Judged]) -> dict[Verdict, int]:
    """How many claims came to which verdict.

    Args:
        found: judged claims.

    Example:
        >>> from damcompanion.ledger import tally
        >>> from damcompanion.mrs24.claims import verdicts
        >>> from damcompanion.mrs24.figures import Gallery
        >>> counted = tally(verdicts(Gallery(), clauses=["5.1-overflow", "5.3-shape"]))
        >>> [(str(verdict), count) for verdict, count in counted.items()]
        [('reproduced', 1), ('partly', 0), ('not reproduced', 0), ('undecided', 1)]
    """
    counted = Counter(one.verdict for one in found)
    return {verdict: counted[verdict] for verdict in Verdict}
