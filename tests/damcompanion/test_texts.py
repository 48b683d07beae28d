"""papers.py and the `Source:` lines of the package say the same."""

from pathlib import Path

import damcore
from damcompanion.texts import PAPERS
from sources import sources

IMPLEMENTED = sources(Path(damcore.__file__).parent)
LISTED = {(paper.key, label) for paper in PAPERS.values() for label in paper.equations}


def test_every_listed_equation_is_some_function_s_source():
    assert LISTED - set(IMPLEMENTED) == set()


def test_every_source_is_listed():
    assert set(IMPLEMENTED) - LISTED == set()


def test_the_core_equations_lead_to_the_functions_that_compute_them():
    assert "damcore.network.energy_gap" in IMPLEMENTED["MRS24", "4"]
    assert "damcore.learning.gradient" in IMPLEMENTED["MRS24", "8"]
    assert "damcore.learning.train" in IMPLEMENTED["KH16", "13"]
    assert IMPLEMENTED["MRS24", "7"][0] == "damcore.interactions.LeakyRectifiedPolynomial"
