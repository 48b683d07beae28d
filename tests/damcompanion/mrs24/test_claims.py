"""Statements of the text about maps: each holds on maps made for it and fails on others, and robustness is counted."""

import itertools
import math

import numpy as np
import pytest

from cases import refused
from damcompanion.claims import Between, Claim, Verdict, judge, verdict
from damcompanion.mrs24.claims import CLAIMS, CLAUSES, Look, OnMaps, verdicts
from damcompanion.mrs24.claims.section5 import WORDS
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import Map
from damcompanion.tables import badge, claims_table
from synthetic import store_sweep

BY_CLAUSE = {claim.clause: claim for claim in CLAIMS}
ON_MAPS = [claim for claim in CLAIMS if isinstance(claim.measure, OnMaps)]
GRIDS = [f"{network}-{grid}" for network in ("original", "modified") for grid in ("coarse", "fine")]


@pytest.fixture
def gallery(tmp_path, monkeypatch) -> Gallery:
    """Nothing stored yet; a sweep has 9 x 9 cells and two repeats."""
    monkeypatch.setitem(PROFILES, "smoke", (9, 9, 2, 20))
    return Gallery("smoke", folder=tmp_path)


def draw(gallery: Gallery, name: str, distance) -> None:
    """Store a sweep whose distances are a function of vertex, column of 1/T, row of the rate and repeat."""
    sweep = gallery.sweeps[name]
    inverse, rates = sorted(sweep.inverse_temperatures), sorted(sweep.learning_rates)
    store_sweep(
        gallery.store,
        sweep,
        lambda cell: distance(
            cell.n, inverse.index(cell.inverse_temperature), rates.index(cell.learning_rate), cell.repeat
        ),
    )


def ideal(network: str):
    """Maps as the text describes them: the original's region moves, cannot bear high rates and is lost in a bump; the
    modified network's stays where it is."""

    def distance(n, column, row, repeat):
        del repeat
        if network == "modified":
            return 0.0 if column in ((4, 5) if n > 5 else (3, 4, 5)) and row >= 3 else 12.0
        if n >= 20:
            return 14.0 if 1 <= column <= 7 and row in (3, 4, 5) else 12.0
        return 0.0 if column == {2: 6, 3: 5, 5: 5}.get(n, 3) and row in (4,) else 12.0

    return distance


def outcomes(gallery: Gallery) -> dict[str, Verdict]:
    look = Look(gallery, 100)
    found = {}
    for claim in ON_MAPS:
        measure = claim.later[1] if claim.later else claim.measure
        rule = claim.later[0] if claim.later else claim.rule
        found[claim.clause] = verdict(rule, measure(look, robust=False))
    return found


# The list


def test_each_clause_of_the_text_is_judged_by_one_claim():
    assert len(BY_CLAUSE) == len(CLAIMS) == len({claim.id for claim in CLAIMS})
    assert set(BY_CLAUSE) == set(CLAUSES) - {"A.3-possible"}, "which an erratum judges"
    assert all(claim.where == CLAUSES[claim.clause][0] for claim in CLAIMS)


def test_every_rule_names_its_commit_and_can_fail():
    for claim in ON_MAPS:
        for rule in [claim.rule, *([claim.later[0]] if claim.later else [])]:
            assert rule.commit
            assert not rule.holds(math.nan), "what is not there is not shown"
            assert not (rule.holds(-1e9) and rule.holds(1e9)), claim.id


def test_a_word_has_the_same_ends_for_every_network_and_grid():
    rules = [rule for claim in ON_MAPS for rule in [claim.rule, *([claim.later[0]] if claim.later else [])]]
    worded = [rule for rule in rules if rule.word]
    assert len(worded) > 10 and all((rule.least, rule.most) == WORDS[rule.word] for rule in worded)
    early, before = BY_CLAUSE["5.2-early"].later, BY_CLAUSE["5.2-as-figure-1"]
    assert (early[0].least, early[0].most, early[1].views) == (
        before.rule.least,
        before.rule.most,
        before.measure.views,
    )
    by_quantity: dict[str, set] = {}
    for claim in ON_MAPS:
        by_quantity.setdefault(claim.measure.quantity, set()).add((claim.rule.least, claim.rule.most))
    opposite = {"cells that lie in the region of every n", "centroids of 1/T at N = 50, 100, 200: range in decades"}
    assert {quantity for quantity, ends in by_quantity.items() if len(ends) > 1} == opposite, "the text says opposites"


def test_considerably_and_slightly_exclude_each_other():
    much, little = Between(*WORDS["considerably"]), Between(*WORDS["slightly"])
    for shift in np.arange(0.0001, 2, 0.0101):
        assert not (much.holds(shift) and little.holds(shift))


def test_what_was_not_computed_is_undecided():
    unanswered = [claim for claim in CLAIMS if claim.where == "5.3"]
    assert len(unanswered) == 7
    assert {str(judge(claim, None).verdict) for claim in unanswered} == {"undecided"}


# On the committed rows


@pytest.fixture(scope="module")
def paper() -> Gallery:
    return Gallery("paper")


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.control], ids=lambda claim: claim.id)
def test_the_control_of_a_claim_comes_out_otherwise(claim, paper):
    look = Look(paper)
    found = claim.measure(look, robust=False) if isinstance(claim.measure, OnMaps) else claim.measure(look)
    outcome, opposite = verdict(claim.rule, found), verdict(claim.rule, claim.control.measure(look))
    if found.kind == "not computed":
        assert opposite == Verdict.UNDECIDED
    elif outcome == Verdict.NOT:
        assert opposite == Verdict.REPRODUCED
    else:
        assert opposite == Verdict.NOT


# On maps made for them


def test_maps_as_the_text_describes_them_show_what_it_says(gallery):
    for name in GRIDS:
        draw(gallery, name, ideal(name.split("-")[0]))
    found = outcomes(gallery)
    for clause in (
        "5-n-2", "5.1-cost", "5.1-lost", "5.1-worse", "5.1-range", "5-original-changes",
        "5.2-stable", "5.2-size", "5.2-rates", "5-modified-reuse", "5-exponent",
    ):  # fmt: skip
        assert found[clause] == Verdict.REPRODUCED, clause
    assert found["5-to-100"] == found["5-decay"] == Verdict.UNDECIDED, "their rows are not there"


@pytest.mark.parametrize(
    "key, network, distance",
    [
        ("5-n-2", "modified", lambda n, column, row, repeat: 1.0),
        ("5.1-cost", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("5.1-lost", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("5.1-worse", "original", lambda n, column, row, repeat: 0.0 if n < 20 and column == 4 else 12.0),
        ("5-original-changes", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("5.1-shifts", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("5.2-stable", "modified", lambda n, column, row, repeat: 0.0 if column == 1 + n // 5 else 12.0),
        ("5.2-size", "modified", lambda n, column, row, repeat: 0.0 if column < (8 if n < 10 else 2) else 12.0),
        ("5.2-rates", "modified", ideal("original")),
        ("5-modified-reuse", "modified", lambda n, column, row, repeat: 0.0 if column == (3 if n < 5 else 4) else 12.0),
        ("5-exponent", "modified", lambda n, column, row, repeat: 0.0 if n < 20 else 12.0),
    ],
)
def test_a_statement_fails_on_maps_that_do_not_show_it(gallery, key, network, distance):
    for name in GRIDS:
        draw(gallery, name, distance if name.startswith(network) else ideal(name.split("-")[0]))
    assert outcomes(gallery)[key] == Verdict.NOT


def test_grids_that_differ_leave_a_statement_undecided(gallery):
    for name in GRIDS:
        flat = name == "original-fine"
        draw(
            gallery,
            name,
            (lambda n, c, r, k: 0.0 if n < 20 and c == 4 else 12.0) if flat else ideal(name.split("-")[0]),
        )
    assert outcomes(gallery)["5.1-worse"] == Verdict.UNDECIDED


def test_a_region_is_placed_without_the_cells_at_the_edge_of_the_grid(gallery):
    """The region of n = 10 runs into the low edge: its centroid would move with the window of the grid."""

    def distance(n, column, row, repeat):
        return 0.0 if row == 4 and (column == 4 or (n == 10 and column == 0)) else 12.0

    for name in GRIDS:
        draw(gallery, name, distance)
    _, measure = BY_CLAUSE["5.1-shifts"].later
    assert measure(Look(gallery, 100), robust=False).measured == {"coarse": 0.0, "fine": 0.0}


def test_rings_rise_or_do_not():
    class Drawn(Look):
        def __init__(self, mean):
            self.mean = mean

        def maps(self, network, what):
            return {20: Map(self.mean, np.arange(1.0, 14), np.arange(1.0, 14))}

    centre = np.abs(np.arange(13) - 6)
    radius = np.maximum(centre[:, None], centre)
    measure = BY_CLAUSE["5.1-rings"].measure.number
    assert measure(Drawn(2.5 * radius), "close up") > 0
    assert measure(Drawn(np.where(radius == 0, 0, 14.0 - radius)), "close up") < 0
    assert math.isnan(measure(Drawn(np.full((13, 13), 9.0)), "close up"))


def test_robustness_is_counted_over_thresholds_and_draws(tmp_path, monkeypatch):
    """Two repeats at distances 0 and 3 in every cell: the mean, 1.5, is near; with a halved threshold it is not, nor
    where only the second repeat is drawn, with probability 1/4."""
    monkeypatch.setitem(PROFILES, "paper", (3, 3, 2, 20))
    gallery = Gallery("paper", folder=tmp_path)
    for name in ("modified-coarse", "modified-fine"):
        draw(gallery, name, lambda n, column, row, repeat: 3.0 * repeat)
    rule = Between(least=9)
    measure = OnMaps(rule, "cells", lambda look, view: look.maps("modified", view)[10].cells)
    found = judge(Claim("all", "MRS24", "5", "all", rule, measure), Look(gallery, 100))
    assert found.verdict == Verdict.REPRODUCED and found.evidence.measured == {"coarse": 9, "fine": 9}
    # Region threshold 1 and 4, rule 4.5 and 18: it stands in the second and the third.
    assert found.evidence.thresholds == 2
    assert found.evidence.resampled == pytest.approx(3 / 4)
    assert found.evidence.interval["fine"] == (0, 9)
    line = "cells: 9 (coarse), 9 (fine) | at least 9 | 2 of 4 thresholds, 75 % of draws |"
    assert f"| {badge(found)} | {line}" in claims_table([found])
    assert found.record()["margin"] == {"coarse": 0, "fine": 0}


def test_refuses_a_number_of_memories_without_maps(gallery):
    with refused(ValueError, "`memories` must be 256 or 100, got 50"):
        verdicts(gallery, 50)


def test_the_maps_of_a_statement_are_those_of_the_number_of_memories(gallery):
    looks = {k: Look(gallery, k) for k in (256, 100)}
    for network, what in itertools.product(("original", "modified"), ("coarse", "fine", "size-100-20")):
        for k, look in looks.items():
            assert gallery.sweeps[look.name(network, what)].n_memories == k
