"""Docstrings as reStructuredText, and the page that shows them."""

import subprocess
import sys
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx.ext.napoleon import Config, GoogleDocstring

import build
import damcompanion
import damcore
from extension import as_restructured_text, process
from sources import public_docstrings

FOLDERS = [Path(package.__path__[0]) for package in (damcore, damcompanion)]
DOCSTRINGS = [pair for folder in FOLDERS for pair in public_docstrings(folder)]


def rendered(docstring: str) -> nodes.document:
    """A docstring as the book shows it, but for what only Sphinx knows."""
    text = GoogleDocstring(as_restructured_text(docstring.splitlines()), Config(), what="function").lines()
    return publish_doctree("\n".join(text), settings_overrides={"report_level": 5, "halt_level": 6})


def test_stars_bars_and_trailing_underscores_are_escaped_outside_code():
    lines = ["States (*runs, B), |x| and w_ of `*runs` and x_i."]
    assert as_restructured_text(lines) == [r"States (\*runs, B), \|x\| and w\_ of `*runs` and x_i."]


def test_an_indented_formula_becomes_a_literal_block_and_sections_stay():
    lines = ["Sum.", "", "    a = b * c", "    d", "", "More.", "", "Args:", "    x: a *b", "", "Raises:", "    E: bad"]
    text = as_restructured_text(lines)
    assert text[:6] == ["Sum.", "", "::", "", "    a = b * c", "    d"]
    assert text[6:] == ["", "More.", "", "Args:", r"    x: a \*b", "", "Raises:", "    E: bad"]


def test_a_formula_after_a_colon_is_a_literal_block_too():
    tree = rendered("Return the sum:\n\n    a = b * c\n\nArgs:\n    a: the sum.\n")
    assert [block.astext() for block in tree.findall(nodes.literal_block)] == ["a = b * c"]


def test_a_colon_in_what_is_returned_sets_off_no_type():
    assert as_restructured_text(["F.", "", "Returns:", "    Pairs: (a, b)."])[-1] == "    : Pairs: (a, b)."


def test_a_colon_in_what_a_property_is_sets_off_no_type():
    lines = ["The power of 1/T: n, else 1."]
    process(None, "property", "vertex", None, None, lines)
    text = GoogleDocstring(lines, Config(), what="property", name="vertex").lines()
    assert text == ["The power of 1/T: n, else 1."]


@pytest.mark.parametrize("description", ["F.", "N. At least 1.", "(a) or (b).", "mix.", "1. Or 2.", "i) first"])
def test_what_an_argument_is_opens_no_list(description):
    tree = rendered(f"Call.\n\nArgs:\n    x: {description}\n\nReturns:\n    {description}\n")
    assert not list(tree.findall(nodes.enumerated_list))
    bodies = [field[1].astext() for field in tree.findall(nodes.field)]
    assert bodies == [description, description]


def test_examples_stay_as_they_are_and_are_code():
    docstring = "Double.\n\nExample:\n    A *short* one.\n\n    >>> f(*[1, 2], x_=3)\n    'F. |x|'\n\n    *After* it.\n"
    tree = rendered(docstring)
    assert [block.astext() for block in tree.findall(nodes.doctest_block)] == [">>> f(*[1, 2], x_=3)\n'F. |x|'"]
    assert [text.astext() for text in tree.findall(nodes.paragraph)][-2:] == ["A *short* one.", "*After* it."]


@pytest.mark.parametrize("name, docstring", DOCSTRINGS, ids=[name for name, _ in DOCSTRINGS])
def test_no_docstring_shows_a_list_or_a_quotation_that_it_does_not_have(name, docstring):
    tree = rendered(docstring)
    kinds = (nodes.enumerated_list, nodes.block_quote, nodes.definition_list, nodes.problematic)
    assert [node.astext() for kind in kinds for node in tree.findall(kind)] == []


def test_what_a_subpackage_collects_goes_by_its_name():
    listing = """
import extension
from damcompanion.mrs24 import experiments
from damcore import datasets

extension.name_by_subpackage(None)
print(experiments.further.__module__, datasets.flip.__module__)
"""
    named = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=build.BOOK)
    assert named.stdout.split() == ["damcompanion.mrs24.experiments", "damcore.datasets"]
