"""Proof checks on a page."""

from bs4 import BeautifulSoup

from damcompanion.checks import Check
from damcompanion.claims import Kind
from damcompanion.components import checklist

CHECKS = [
    Check("e^x > 0", Kind.SYMBOLIC, "every x", True),
    Check("x < y & z", Kind.EXACT, "two cases", False, {"x": 1, "y": 0}),
]


def test_each_check_is_a_row_with_its_verdict_its_cases_and_its_counterexample():
    page = BeautifulSoup(checklist(CHECKS).markup, "html.parser")
    rows = [[cell.get_text(" ") for cell in row.select("td")] for row in page.select("tbody tr")]
    assert rows == [
        ["holds", "e^x > 0", "symbolic : every x"],
        ["false", "x < y & z Counterexample: x = 1, y = 0", "exact rational : two cases"],
    ]
    assert [mark["class"] for mark in page.select(".verdict")] == [
        ["verdict", "verdict-reproduced"],
        ["verdict", "verdict-not-reproduced"],
    ]


def test_as_text_they_are_what_they_print():
    assert checklist(CHECKS).text == "\n".join(map(str, CHECKS))
