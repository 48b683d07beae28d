"""Where texts, theorems and public code disagree: one list a text, each entry with its kind and what it amounts to."""

from damcore.proofs.errata import kh16, mrs24, mssl22
from damcore.proofs.errata.entry import Erratum, Kind, table

ERRATA = {"MRS24": mrs24.ERRATA, "KH16": kh16.ERRATA, "MSSL22": mssl22.ERRATA}

__all__ = ["ERRATA", "Erratum", "Kind", "table"]
