"""texts.py and the `Source:` lines of both packages say the same."""

from pathlib import Path

import damcompanion
import damcore
from damcompanion.texts import PAPERS
from sources import sources

LIBRARY, COMPANION = (sources(Path(str(package.__file__)).parent) for package in (damcore, damcompanion))
LISTED = {(paper.key, label) for paper in PAPERS.values() for label in paper.equations}


def test_every_listed_equation_is_some_function_s_source():
    assert LISTED - {*LIBRARY, *COMPANION} == set()


def test_every_source_is_listed():
    assert {*LIBRARY, *COMPANION} - LISTED == set()


def test_the_core_equations_lead_to_the_functions_that_compute_them():
    assert "damcore.network.energy_gap" in LIBRARY["MRS24", "4"]
    assert "damcore.learning.gradient" in LIBRARY["MRS24", "8"]
    assert "damcore.learning.train" in LIBRARY["KH16", "13"]
    assert LIBRARY["MRS24", "7"][0] == "damcore.interactions.LeakyRectifiedPolynomial"


def test_the_checks_of_a_text_name_the_equations_they_check():
    assert "damcompanion.kh16.differences.converged" in COMPANION["KH16", "4"]
    assert any(name.startswith("damcompanion.mrs24.proofs.") for name in COMPANION["MRS24", "9"])
