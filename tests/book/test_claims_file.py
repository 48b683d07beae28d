"""`claims.json` beside the pages, and the verdicts that the pages show: the same, claim by claim."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from damcompanion.claims import Verdict
from damcompanion.ledger import claims

KEYS = {"id", "text", "where", "statement", "measured", "verdict", "rule", "fixed", "control", "clause"}


@pytest.fixture(scope="module")
def recorded(html: Path) -> dict[str, dict]:
    return {record["id"]: record for record in json.loads((html / "claims.json").read_text("utf8"))}


def shown(html: Path) -> Iterator[tuple[str, str, str]]:
    """Page, claim and verdict of every mark in the book."""
    for page in sorted(html.rglob("*.html")):
        for mark in BeautifulSoup(page.read_text("utf8"), "html.parser").select("[data-claim]"):
            yield page.name, str(mark["data-claim"]), mark.get_text(strip=True)


def test_the_file_holds_every_claim_once_with_what_a_program_needs(recorded):
    assert [*recorded] == [claim.id for claim in claims()]
    for record in recorded.values():
        assert record.keys() >= KEYS
        assert record["verdict"] in [str(verdict) for verdict in Verdict]
        assert record["statement"] and record["measured"] and record["rule"]


def test_every_verdict_on_a_page_is_that_of_the_file(html, recorded):
    marks = [*shown(html)]
    assert {page for page, *_ in marks} >= {"ledger.html", "drift.html", "proofs.html"}
    assert [(page, claim, verdict) for page, claim, verdict in marks if recorded[claim]["verdict"] != verdict] == []
    assert {claim for page, claim, _ in marks if page == "ledger.html"} == recorded.keys()
