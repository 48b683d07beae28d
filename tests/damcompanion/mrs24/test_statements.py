"""Statements of the text about maps: each holds on maps made for it and fails on others, and robustness is counted."""

import itertools
import math

import numpy as np
import pytest

from cases import refused
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.section5 import STATEMENTS, verdicts
from damcompanion.mrs24.statements import Look, Outcome, Statement, judge, verdict_table
from synthetic import store_sweep

BY_KEY = {statement.key: statement for statement in STATEMENTS}
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


def outcomes(gallery: Gallery) -> dict[str, Outcome]:
    return {verdict.statement.key: verdict.outcome for verdict in verdicts(gallery, 100)}


def test_every_statement_has_one_name_and_can_fail():
    assert len(BY_KEY) == len(STATEMENTS)
    for statement in STATEMENTS:
        assert not statement.holds(math.nan), "what is not there is not shown"
        assert not (statement.holds(-1e9) and statement.holds(1e9)), statement.key


def test_considerably_and_slightly_exclude_each_other():
    much, little = BY_KEY["original-shifts"], BY_KEY["modified-early"]
    for shift in np.arange(0, 2, 0.0101):
        assert not (much.holds(shift) and little.holds(shift))


def test_both_networks_are_put_to_the_same_rule():
    for one, other in (("original-early", "modified-early"),):
        assert (BY_KEY[one].least, BY_KEY[one].most) == (BY_KEY[other].least, BY_KEY[other].most)
        assert BY_KEY[one].views == BY_KEY[other].views
    assert all("coarse" in s.views and "fine" in s.views for s in STATEMENTS if s.key.endswith(("place", "shifts")))


def test_maps_as_the_text_describes_them_show_what_it_says(gallery):
    for name in GRIDS:
        draw(gallery, name, ideal(name.split("-")[0]))
    found = outcomes(gallery)
    for key in (
        "perfect-2", "original-cost", "original-lost", "original-worse", "original-range", "original-none",
        "modified-stable", "modified-size", "modified-rates", "modified-one", "modified-one-5", "exponent",
    ):  # fmt: skip
        assert found[key] == Outcome.REPRODUCED, key
    assert found["modified-100"] == found["decay"] == Outcome.MISSING, "their rows are not there"


@pytest.mark.parametrize(
    "key, network, distance",
    [
        ("perfect-2", "modified", lambda n, column, row, repeat: 1.0),
        ("original-cost", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("original-lost", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("original-worse", "original", lambda n, column, row, repeat: 0.0 if n < 20 and column == 4 else 12.0),
        ("original-none", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("original-shifts", "original", lambda n, column, row, repeat: 0.0 if column == 4 else 12.0),
        ("modified-stable", "modified", lambda n, column, row, repeat: 0.0 if column == 1 + n // 5 else 12.0),
        ("modified-size", "modified", lambda n, column, row, repeat: 0.0 if column < (8 if n < 10 else 2) else 12.0),
        ("modified-rates", "modified", ideal("original")),
        ("modified-one", "modified", lambda n, column, row, repeat: 0.0 if column == (3 if n < 5 else 4) else 12.0),
        ("exponent", "modified", lambda n, column, row, repeat: 0.0 if n < 20 else 12.0),
    ],
)
def test_a_statement_fails_on_maps_that_do_not_show_it(gallery, key, network, distance):
    for name in GRIDS:
        draw(gallery, name, distance if name.startswith(network) else ideal(name.split("-")[0]))
    assert outcomes(gallery)[key] == Outcome.NOT


def test_grids_that_differ_leave_a_statement_undecided(gallery):
    for name in GRIDS:
        flat = name == "original-fine"
        draw(
            gallery,
            name,
            (lambda n, c, r, k: 0.0 if n < 20 and c == 4 else 12.0) if flat else ideal(name.split("-")[0]),
        )
    assert outcomes(gallery)["original-worse"] == Outcome.UNDECIDED


def test_a_region_is_placed_without_the_cells_at_the_edge_of_the_grid(gallery):
    """The region of n = 10 runs into the low edge: its centroid would move with the window of the grid."""

    def distance(n, column, row, repeat):
        return 0.0 if row == 4 and (column == 4 or (n == 10 and column == 0)) else 12.0

    for name in GRIDS:
        draw(gallery, name, distance)
    shifts = {v.statement.key: v for v in verdicts(gallery, 100)}["original-shifts"]
    assert shifts.numbers == {"coarse": 0.0, "fine": 0.0}


def test_rings_rise_or_do_not():
    class Drawn(Look):
        def __init__(self, mean):
            self.mean = mean

        def maps(self, network, what):
            from damcompanion.mrs24.regions import Map

            return {20: Map(self.mean, np.arange(1.0, 14), np.arange(1.0, 14))}

    centre = np.abs(np.arange(13) - 6)
    radius = np.maximum(centre[:, None], centre)
    measure = BY_KEY["original-rings"].measure
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
    statement = Statement("all", "5", "all", "cells", lambda look, view: look.maps("modified", view)[10].cells, least=9)
    (verdict,) = judge([statement], gallery, 100)
    assert verdict.outcome == Outcome.REPRODUCED and verdict.numbers == {"coarse": 9, "fine": 9}
    # Region threshold 1 and 4, rule 4.5 and 18: it stands in the second and the third.
    assert verdict.thresholds == 2
    assert verdict.resampled == pytest.approx(3 / 4)
    assert "| **reproduced** | cells: 9 (coarse), 9 (fine) | at least 9 | 2 of 4 | 75 % |" in verdict_table([verdict])


def test_refuses_a_number_of_memories_without_maps(gallery):
    with refused(ValueError, "`memories` must be 256 or 100, got 50"):
        verdicts(gallery, 50)


def test_the_maps_of_a_statement_are_those_of_the_number_of_memories(gallery):
    looks = {k: Look(gallery, k) for k in (256, 100)}
    for network, what in itertools.product(("original", "modified"), ("coarse", "fine", "size-100-20")):
        for k, look in looks.items():
            assert gallery.sweeps[look.name(network, what)].n_memories == k
