"""All texts at once: the errata of each."""

from damcompanion.errata import Erratum
from damcompanion.kh16.errata import ERRATA as KH16
from damcompanion.mrs24.errata import ERRATA as MRS24
from damcompanion.mssl22.errata import ERRATA as MSSL22

ERRATA: dict[str, list[Erratum]] = {"MRS24": [*MRS24], "KH16": [*KH16], "MSSL22": [*MSSL22]}
