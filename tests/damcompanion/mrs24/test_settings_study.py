"""The settings study: its sweeps, and the rule that judges them, on maps made so that each statement holds or fails."""

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest

from cases import refused
from damcompanion import catalogue
from damcompanion.mrs24.experiments.settings_study import FUNCTIONS, HOMOGENEOUS, MODIFIED, NARROW, ORIGINAL, N, study
from damcompanion.mrs24.ranking import FEATURES, SIDES, by_place, chances, features, finished, ranking, rivals
from damcore.sweeps import Store, run
from damcore.sweeps.__main__ import main
from damcore.sweeps.training import SCALINGS
from synthetic import rows

PAPER = study("paper")


# The sweeps


def test_every_function_is_trained_in_every_scaling():
    for scaling, (name, settings) in itertools.product(SCALINGS, FUNCTIONS.items()):
        sweep = PAPER[f"study-{scaling}-{name}"]
        assert sweep.scaling == scaling and sweep.recall_scale == "text"
        assert all(getattr(sweep, key) == value for key, value in settings.items())
    assert len({sweep.digest for sweep in PAPER.values()}) == len(PAPER)
    assert all(sweep.name == name for name, sweep in PAPER.items())


def test_the_modified_network_recalls_with_other_scales_where_it_matters():
    scales = {name: sweep.recall_scale for name, sweep in PAPER.items() if "-recall-" in name}
    assert set(scales.values()) == {"one", "learning", "over-n"}
    assert not any(function in name for name in scales for function in HOMOGENEOUS)
    assert sum(name.startswith("study-modified") for name in scales) == 2 * 4


def test_the_study_is_as_large_as_it_was_planned():
    sweep = PAPER["study-modified-leaky"]
    assert (len(sweep.inverse_temperatures), len(sweep.learning_rates), sweep.repeats, sweep.epochs) == (13, 7, 1, 500)
    assert (sweep.n_neurons, sweep.n_memories, sweep.n_states, sweep.vertices) == (100, 100, 20, (2, 5, 10, 20, 30))
    assert (sweep.order, sweep.tie, sweep.initial, sweep.floor) == ("asynchronous", "positive", "uniform", 1e-30)
    for name, low, high in (
        ("original", 1e-5, 10), ("outside-normalised", 1e-3, 1e3), ("modified", 0.03, 30), ("inside", 3e-4, 0.3),
    ):  # fmt: skip
        axis = PAPER[f"study-{name}-leaky"].inverse_temperatures
        assert (axis[0], axis[-1]) == (low, high)
        assert np.diff(np.log10(axis)) == pytest.approx(np.log10(high / low) / 12, abs=1e-3)
    assert [value / N for value in NARROW] == pytest.approx(PAPER["study-inside-leaky"].inverse_temperatures)


def test_one_setting_changes_at_a_time():
    base = PAPER["study-outside-leaky"]
    for name, sweep in PAPER.items():
        if name.startswith("study-outside-leaky-") and "steep" not in name and "printed" not in name:
            unlike = [f.name for f in dataclasses.fields(base) if getattr(base, f.name) != getattr(sweep, f.name)]
            assert len(unlike) == 2 and "name" in unlike, name
    assert [PAPER[f"study-original-leaky-epochs-{kind}"].epochs for kind in ("fifth", "double")] == [100, 1000]


def test_the_smaller_profiles_are_parts_of_the_grid():
    for profile, points, vertices in (("smoke", 3 * 3, 2), ("quick", 7 * 4, 5)):
        small = study(profile)
        assert small.keys() == PAPER.keys()
        for name, sweep in small.items():
            assert len(sweep) == points * vertices
            assert set(sweep.inverse_temperatures) <= set(PAPER[name].inverse_temperatures)
            assert set(sweep.learning_rates) <= set(PAPER[name].learning_rates)
    with refused(ValueError, "`profile` must be one of"):
        study("huge")


# The rule. Cells are (index of the rate, index of 1/T); rates 0.05 0.108 0.232 0.5 1.08 2.32 5, 1/T from 1e-5 by half
# decades (1e-2 is 6), or for the modified network from 0.03 by quarters (0.949 is 6).

OLD = {2: [(2, 7), (3, 7)], 5: [(3, 5)], 10: [(3, 4)], 20: [], 30: []}
BUMP = {(20, i, j): 14.5 for i in (2, 3, 4) for j in (3, 4, 5)}
NEW = {
    2: [(3, 8), (3, 9)],
    5: [(i, j) for i in range(2, 6) for j in (6, 7)],
    **{n: [(i, j) for i in range(2, 6) for j in (6, 7)] for n in (10, 20)},
    30: [(i, j) for i in range(2, 6) for j in (6,)],
}


def scores(near=None, *, base=OLD, inverse=None, **settings) -> pd.Series:
    """Scores of a map that shows everything, after a change."""
    grid = {} if base is OLD else dict(inverse=NARROW, scaling="modified")
    distances = settings.pop("distances", BUMP if base is OLD else None)
    judged = features(rows({**base, **(near or {})}, distances=distances, **grid, **settings))
    return judged.set_index("feature")["score"]


def test_maps_like_those_of_the_text_score_everything():
    assert scores().filter(like="O").all() and scores(base=NEW).filter(like="M").all()
    assert set(FEATURES) == {f"{side}{k}" for side in "OM" for k in range(1, 8)}


@pytest.mark.parametrize(
    "feature, near, others",
    [
        ("O1", {2: []}, ["O4"]),  # what is not there cannot move
        ("O2", {2: [(2, 9), (3, 9)], 5: [(3, 5)]}, []),
        ("O3", {2: [(0, 7)], 5: [(0, 5)]}, []),
        ("O4", {10: [(3, 7)]}, ["O7"]),
        ("O5", {2: [(6, 7), (3, 7)], 5: [(6, 5), (3, 5)]}, []),
        ("O6", {20: [(3, 9)]}, ["O7"]),
        ("O6", {30: [(3, 4)]}, ["O7"]),
        ("O7", {10: [(3, 10)]}, []),
    ],
)
def test_a_statement_about_the_original_network_can_fail(feature, near, others):
    found = scores(near)
    assert found[feature] == 0
    assert found[[f"O{k}" for k in range(1, 8) if f"O{k}" not in (feature, *others)]].all(), found


@pytest.mark.parametrize(
    "feature, near, others",
    [
        ("M1", {2: []}, ["M2"]),
        ("M2", {2: NEW[5]}, []),  # does not move
        ("M2", {2: [(3, 12)]}, []),  # moves by more than a decade
        ("M3", {10: []}, ["M4", "M6"]),
        ("M4", {10: [(i, j) for i in range(2, 6) for j in (7, 8)]}, []),
        ("M5", {n: [(i, j) for i in range(2, 6) for j in (7, 8)] for n in (10, 20, 30)}, []),
        ("M6", {10: [(3, 6)]}, []),
        ("M7", {20: [(i, j) for i in range(0, 4) for j in (6, 7)]}, []),
    ],
)
def test_a_statement_about_the_modified_network_can_fail(feature, near, others):
    found = scores(near, base=NEW)
    assert found[feature] == 0
    assert found[[f"M{k}" for k in range(1, 8) if f"M{k}" not in (feature, *others)]].all(), found


def test_what_is_measured_is_the_number_of_the_statement():
    measured = features(rows(OLD, distances=BUMP)).set_index("feature")["measured"]
    assert measured[[f"O{k}" for k in range(1, 8)]].tolist() == pytest.approx(
        [2, 0.5, np.log10(0.5 / 0.2321) / 4, 1.5, 12, 0, 2.5], abs=5e-5
    )
    measured = features(rows(NEW, inverse=NARROW)).set_index("feature")["measured"]
    assert measured[[f"M{k}" for k in range(1, 8)]].tolist() == pytest.approx(
        [2, 0.5, 3, 0.125, np.log10(1.688 * 0.9493) / 2 - np.log10(0.9), 0.5, 2.321], abs=5e-4
    )


def test_no_score_is_decided_by_rounding():
    """O7 asks for 0.5: a number that only rounds to it does not reach it, as 0.50005 decades reach at most 0.5."""
    for excess, shown in ((0.4989, 0), (0.5, 1)):
        assert scores(distances=dict.fromkeys(BUMP, 12.0 + excess))["O7"] == shown
    assert scores({2: [(3, 7)], 5: [(3, 5)]})["O2"] == 1, "half a decade each, on an axis of four digits"


def test_the_cost_of_a_rate_does_not_hang_on_which_of_equal_cells_is_the_best():
    """Two perfect columns, one of which is perfect at the largest rate, too: the cost is their mean, 6."""
    both = {n: [*OLD[n], *((i, 5) for i in range(7))] for n in (2, 5)}
    judged = features(rows({**OLD, 2: [(3, 7), *((i, 6) for i in range(7))], 5: both[5]})).set_index("feature")
    assert judged.measured["O5"] == pytest.approx((6 + 0) / 2)


def test_chances_are_those_of_drawing_the_repeats_again():
    """Where every repeat shows everything the chance is 1; where one of two breaks O1 and with it O4, it is counted."""
    table = rows(OLD, distances=BUMP)
    assert chances(table).figures_1_2.tolist() == [0, 0, 0, 0, 0, 0, 0, 1]
    second = (table.repeat == 1) & (table.n == 2)
    table.loc[second, "distance"] = 3.0  # alone: no region at n = 2; together with the first, 1.5
    found = chances(table)
    assert found.figures_1_2.sum() == pytest.approx(1)
    assert found.figures_1_2[7] == pytest.approx(3 / 4)
    assert found.figures_1_2[:7].sum() == pytest.approx(1 / 4)


def test_the_grid_of_the_modified_network_resolves_what_the_rule_says():
    """On the column of 0.949 alone, or with one beside it, a region is near 0.9; on a neighbour alone it is not."""
    for columns, shown in (((6,), 1), ((6, 7), 1), ((5, 6), 1), ((5,), 0), ((7,), 0), ((6, 7, 8), 0)):
        region = [(i, j) for i in range(2, 6) for j in columns]
        assert scores(dict.fromkeys((5, 10, 20, 30), region), base=NEW)["M5"] == shown, columns


def test_a_peak_that_is_where_the_region_was_not_is_no_peak():
    elsewhere = {(20, i, j): 14.5 for i in (2, 3, 4) for j in (8, 9, 10)}
    assert scores(distances=elsewhere)["O7"] == 0
    assert scores(distances=dict.fromkeys(BUMP, 12.4))["O7"] == 0
    assert scores({30: [(3, 4)]})["O7"] == 0, "it is still there"
    assert scores(distances={(20, 3, 4): 14.5})["O7"] == 0, "the cells beside the region belong to where it was"


def test_what_was_not_computed_is_not_shown():
    found = scores()
    few = features(rows({n: OLD[n] for n in (2, 5)})).set_index("feature")["score"]
    assert (few[["O1", "O2", "O3", "O4", "O5"]] == 1).all() and not few[["O6", "O7", "M3", "M5", "M7"]].any()
    assert found["O6"] == 1


def test_settings_that_cannot_be_told_apart_are_said_so():
    """One always shows seven, one in three of four draws, one never."""
    good, unsure = rows(OLD, distances=BUMP), rows(OLD, distances=BUMP)
    unsure.loc[(unsure.repeat == 1) & (unsure.n == 2), "distance"] = 3.0
    worse = rows({**OLD, 20: [(3, 4)]})  # no O6 and no O7
    found = rivals({"worse": worse, "unsure": unsure, "good": good}).set_index("setting")
    assert found.index.tolist() == ["good", "unsure", "worse"]
    assert found.shown.tolist() == [7, 7, 5] and found.expected["good"] == 7
    assert found.keeps_up.tolist() == pytest.approx([1, 3 / 4, 0])
    alone = rivals({"unsure": unsure, "worse": worse})
    few = chances(unsure).figures_1_2[:6].sum()  # five or fewer
    assert alone.keeps_up.tolist()[1] == pytest.approx(few)
    with refused(ValueError, "`rows` holds no setting"):
        rivals({})


# The ranking


def test_the_ranking_puts_the_best_of_each_side_first_and_is_stable():
    good, worse = rows(OLD, distances=BUMP), rows({**OLD, 20: [(3, 4)]})
    modified = rows(NEW, inverse=NARROW, scaling="modified")
    inside = modified.assign(scaling="inside", inverse_temperature=modified.inverse_temperature / 100)
    settings = {"b": good, "a": worse, "d": inside, "z": modified, "c": good}
    found = ranking(settings)
    assert found.setting.tolist() == ["b", "c", "a", "z", "d"]
    assert found.side.tolist() == ["original"] * 3 + ["modified"] * 2
    assert found.figures_1_2[:3].tolist() == pytest.approx([1, 1, 5 / 7])
    assert found.figures_3_4[3:].tolist() == pytest.approx([1, 6 / 7]), "the temperature itself counts: near 0.9"
    assert set(FEATURES) <= set(found.columns) and set(SIDES) == set(SCALINGS)
    pd.testing.assert_frame_equal(found, ranking(dict(reversed(settings.items()))))
    with refused(ValueError, "`rows` holds no setting"):
        ranking({})


def test_statements_are_counted_by_place_and_function_and_a_setting_that_is_missing_has_no_count():
    good, worse = rows(OLD, distances=BUMP), rows({**OLD, 20: [(3, 4)]})
    settings = {"study-original-leaky": good, "study-outside-n-polynomial": worse, "study-original-leaky-normal": worse}
    counts = by_place(ranking(settings), "1-2")
    assert (counts.index.tolist(), counts.columns.tolist()) == ([*ORIGINAL, *MODIFIED], [*FUNCTIONS])
    assert counts.stack().dropna().to_dict() == {("original", "leaky"): 7, ("outside-n", "polynomial"): 5}
    assert by_place(ranking(settings), "3-4").loc["original", "leaky"] < 7
    with refused(ValueError, "`figures` must be one of '1-2', '3-4'"):
        by_place(ranking(settings), "1")


def test_a_finished_setting_is_read_from_the_store_and_an_unfinished_is_not(tmp_path):
    chosen = {name: study("smoke")[name] for name in ("study-modified-polynomial", "study-modified-leaky")}
    store = Store(tmp_path)
    assert finished(store, chosen) == {}
    run(chosen["study-modified-leaky"], store, progress=False)
    found = finished(store, chosen)
    assert list(found) == ["study-modified-leaky"]
    assert ranking(found).setting.tolist() == ["study-modified-leaky"]


# The command line


def test_patterns_choose_sweeps(tmp_path, capsys):
    store = ["--store", str(tmp_path)]
    assert main(["list", "study-inside-*", *store]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        f"study-inside-{name}" for name in FUNCTIONS
    ]
    assert main(["list", *store]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(catalogue.experiments("paper"))
    assert main(["list", "study-original-leaky", "study-original-l*", *store]) == 0
    assert capsys.readouterr().out.count("study-original-leaky ") == 1
    assert main(["list", "nothing-*", *store]) == 2
    assert "there is no experiment 'nothing-*'; there are original-k256-coarse" in capsys.readouterr().err
