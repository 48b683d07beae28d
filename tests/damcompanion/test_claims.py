"""Claims: a verdict follows from rule and evidence alone, ids and clauses are unique, and proofs have controls."""

import json
import math

import pytest

from damcompanion.checks import Check, checked
from damcompanion.claims import Between, Claim, Evidence, Holds, Kind, Verdict, judge, verdict
from damcompanion.errata import Kind as ErratumKind
from damcompanion.ledger import CHAPTERS, ERRATA, claims, judged, tally
from damcompanion.mrs24.claims import CLAUSES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.proofs.claims import CLAIMS as PROOFS
from damcompanion.tables import badge, claims_table, written


def measured(**views: float) -> Evidence:
    return Evidence(Kind.MEASURED, views)


@pytest.mark.parametrize(
    "rule, evidence, outcome",
    [
        (Between(least=1), measured(coarse=1, fine=2), Verdict.REPRODUCED),
        (Between(least=1), measured(coarse=0.9, fine=0), Verdict.NOT),
        (Between(least=1), measured(coarse=1, fine=0), Verdict.UNDECIDED),
        (Between(most=0.3), measured(coarse=math.nan), Verdict.NOT),
        (Between(least=1), Evidence(Kind.MISSING), Verdict.UNDECIDED),
        (Holds(), Evidence(Kind.EXACT, parts={"a": True, "b": True}), Verdict.REPRODUCED),
        (Holds(), Evidence(Kind.EXACT, parts={"a": True, "b": False}), Verdict.PARTLY),
        (Holds(), Evidence(Kind.EXACT, parts={"a": False}), Verdict.NOT),
        (Holds(), Evidence(Kind.QUOTED), Verdict.UNDECIDED),
    ],
)
def test_the_verdict_follows_from_rule_and_evidence(rule, evidence, outcome):
    assert verdict(rule, evidence) == outcome


def test_a_position_in_decades_may_miss_its_end_by_what_four_digits_leave_open():
    rule = Between(most=0.15, decades=True)
    assert rule.holds(0.15019) and not rule.holds(0.1503) and not Between(most=0.15).holds(0.15019)


def test_the_margin_is_the_way_to_the_nearest_end():
    rule = Between(0.05, 0.3)
    assert [round(rule.margin(number), 3) for number in (0.1, 0.28, 0.4)] == [0.05, 0.02, -0.1]


def test_a_claim_records_itself_for_programs_and_marks_its_verdict_for_pages():
    claim = Claim("x-1", "X", "1", "it is", Between(least=1, commit="abc"), lambda: measured(coarse=3, fine=math.inf))
    found = judge(claim)
    (record,) = json.loads(written([found]))
    wanted = {"id": "x-1", "text": "X", "where": "1", "statement": "it is", "verdict": "reproduced"}
    assert wanted.items() <= record.items()
    assert record["numbers"] == {"coarse": 3, "fine": None} and record["measured"].startswith("3 (coarse)")
    assert badge(found) == '<span class="verdict verdict-reproduced" data-claim="x-1">reproduced</span>'
    assert badge(found, marked=False) == '<span class="verdict verdict-reproduced">reproduced</span>'
    assert badge(found) in claims_table([found]) and "data-claim" not in claims_table([found], marked=False)


def test_a_number_without_a_quantity_stands_alone():
    found = judge(Claim("x-1", "X", "1", "it is", Between(least=30), lambda: measured(coarse=32)))
    assert "| 32 (coarse) |" in claims_table([found])


def test_a_later_rule_is_shown_beside_the_first_and_never_replaces_it():
    later = Between(least=5, commit="def"), lambda: measured(coarse=4)
    claim = Claim("x-1", "X", "1", "it is", Between(least=1, commit="abc"), lambda: measured(coarse=4), later=later)
    found = judge(claim)
    assert found.verdict == Verdict.REPRODUCED and found.later[1] == Verdict.NOT
    assert found.record()["verdict"] == "reproduced" and found.record()["post_hoc"]["verdict"] == "not reproduced"
    assert "not reproduced: " in claims_table([found])


def test_checks_of_one_claim_are_worth_what_their_least_is_unless_each_is_a_way_to_see_it():
    best, least = (Check("s", kind, "all", True) for kind in (Kind.SYMBOLIC, Kind.SAMPLED))
    assert checked(best, least).kind == Kind.SAMPLED and checked(best, least, ways=True).kind == Kind.SYMBOLIC


# Of all texts


def test_every_claim_has_an_id_that_begins_with_its_text_and_no_clause_is_judged_twice():
    every = claims()
    assert len({claim.id for claim in every}) == len(every) > 150
    assert all(claim.id.startswith(f"{claim.text.lower()}-") for claim in every)
    clauses = [claim.clause for claim in every if claim.clause]
    assert sorted(clauses) == sorted(CLAUSES)


@pytest.mark.parametrize("claim", PROOFS, ids=lambda claim: claim.id)
def test_a_proof_check_says_no_to_its_control(claim):
    stands, broken = verdict(claim.rule, claim.measure()), verdict(claim.rule, claim.control.measure())
    opposite = Verdict.REPRODUCED if stands == Verdict.NOT else Verdict.NOT
    assert broken == opposite or (stands == Verdict.PARTLY and broken != Verdict.PARTLY)


def test_an_erratum_is_a_claim_that_does_not_stand():
    kinds = {
        ErratumKind.SUBSTANCE: Verdict.NOT, ErratumKind.SLIP: Verdict.PARTLY,
        ErratumKind.CODE: Verdict.UNDECIDED, ErratumKind.OPEN: Verdict.UNDECIDED,
    }  # fmt: skip
    for erratum in ERRATA["KH16"]:
        assert judge(erratum.claim).verdict == kinds[erratum.kind]
    (chapter,) = judged(Gallery("paper"), ["KH16: errata"]).values()
    assert tally(chapter)[Verdict.NOT] == sum(e.kind == ErratumKind.SUBSTANCE for e in ERRATA["KH16"])
    assert list(CHAPTERS)[-1] == "MSSL22: errata"
