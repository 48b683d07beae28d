"""Measures of a map, on maps that are made by hand."""

import numpy as np
import pandas as pd
import pytest

from cases import refused
from damcompanion.mrs24.measures import NEAR, distances, drift, measures
from damcore.sweeps.training import Sweep
from synthetic import FAR, INVERSE, RATES, rows


def one(**settings) -> pd.Series:
    """The measures of one map."""
    return measures(rows(**settings)).iloc[0]


def test_region_area_centroid_and_extent_are_those_of_the_cells():
    found = one(near={2: [(2, 3), (2, 4), (3, 4)]})
    assert (found.cells, found.region) == (7 * 13, 3)
    assert found.area == pytest.approx(3 / 91)
    assert found.area_decades == pytest.approx(3 * (2 / 6) * (6 / 12), rel=1e-3)
    assert found.log_inverse_temperature == pytest.approx((np.log10(INVERSE[3]) + 2 * np.log10(INVERSE[4])) / 3)
    assert found.log_learning_rate == pytest.approx((2 * np.log10(RATES[2]) + np.log10(RATES[3])) / 3)
    extent = found[
        [f"{end}_{axis}" for axis in ("inverse_temperature", "learning_rate") for end in ("least", "largest")]
    ]
    assert extent.tolist() == [INVERSE[3], INVERSE[4], RATES[2], RATES[3]]
    assert not found.touches_edge


def test_the_area_in_decades_does_not_depend_on_the_width_of_the_grid():
    narrow = one(near={2: [(2, 3), (2, 4)]}, inverse=INVERSE[:7])
    wide = one(near={2: [(2, 3), (2, 4)]})
    assert wide.area < narrow.area and wide.area_decades == pytest.approx(narrow.area_decades, rel=1e-3)


@pytest.mark.parametrize("cell", [(0, 5), (6, 5), (3, 0), (3, 12)])
def test_a_region_at_the_edge_is_named(cell):
    assert one(near={2: [cell]}).touches_edge
    assert not one(near={2: [(1, 1), (5, 11)]}).touches_edge


def test_a_cell_belongs_to_the_region_by_its_mean_over_repeats():
    table = rows(near={2: [(3, 5)]})
    chosen = (table.learning_rate == RATES[3]) & (table.inverse_temperature == INVERSE[5])
    table.loc[chosen, "distance"] = [NEAR - 1, NEAR + 1]
    assert measures(table).region.item() == 1, "the threshold belongs to the region"
    table.loc[chosen, "distance"] = [NEAR - 1, NEAR + 1.01]
    assert measures(table).region.item() == 0
    assert measures(table, near=2.1).region.item() == 1


def test_an_empty_region_has_no_place():
    found = one(near={2: []})
    assert (found.region, found.area, found.touches_edge) == (0, 0, False)
    assert np.isnan(
        found[["log_inverse_temperature", "log_learning_rate", "largest_learning_rate"]].astype(float)
    ).all()
    assert found.best_distance == FAR


def test_of_equal_cells_the_best_has_the_best_neighbourhood():
    found = one(near={2: [(1, 2), (4, 7), (4, 8), (5, 8), (5, 7), (5, 6), (6, 7)]})
    assert (found.best_learning_rate, found.best_inverse_temperature) == (RATES[5], INVERSE[7])
    table = rows(near={2: [(3, 5)]}, near_distance=1.0)
    lonely = (table.learning_rate == RATES[0]) & (table.inverse_temperature == INVERSE[0])
    table.loc[lonely, "distance"] = 0.5
    assert measures(table).best_learning_rate.item() == RATES[0], "a smaller distance comes before any neighbourhood"


def test_the_interval_of_the_best_cell_is_the_bootstrap_of_its_repeats():
    table = rows(near={2: [(3, 5)]}, repeats=5)
    chosen = (table.learning_rate == RATES[3]) & (table.inverse_temperature == INVERSE[5])
    table.loc[chosen, "distance"] = [0.0, 0.5, 1.0, 1.5, 2.0]
    found = measures(table, generator=np.random.default_rng(3)).iloc[0]
    draws = np.random.default_rng(8).choice([0.0, 0.5, 1.0, 1.5, 2.0], size=(100_000, 5)).mean(-1)
    assert [found.best_low, found.best_high] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.101)
    assert found.best_low < found.best_distance == 1.0 < found.best_high
    pd.testing.assert_frame_equal(measures(table), measures(table))


def test_a_network_that_left_the_range_counts_as_recalling_nothing():
    """A neuron whose gap is not finite keeps its value: what is stored is a distance of 0."""
    table = rows(near={2: [(3, 5), (3, 6)]}, repeats=1)
    left = table.distance.eq(0) & (table.inverse_temperature == INVERSE[5])
    table.loc[left, "overflow"] = True
    assert measures(table)[["region", "overflow", "diverged"]].to_numpy().tolist() == [[1, 1 / 91, 0]]
    assert distances(table).sel(learning_rate=RATES[3], inverse_temperature=INVERSE[5]).item() == np.sqrt(200)
    table.loc[left, "diverged"] = 7
    assert measures(table).diverged.item() == pytest.approx(1 / 91)


def test_shares_of_what_did_not_train():
    assert one(near={2: [(3, 5)]}, far=np.sqrt(200) * 0.91).untrained == pytest.approx(90 / 91)
    assert one(near={2: [(3, 5)]}, far=np.sqrt(200) * 0.89).untrained == 0
    assert one(near={2: []}).random_level == np.sqrt(2 * 100)


def test_a_row_a_vertex_and_the_drift_between_them():
    found = measures(rows(near={2: [(3, 4)], 5: [(2, 6)], 10: []}))
    assert found.n.tolist() == [2, 5, 10]
    moved = drift(found)
    assert moved[["n", "next_n"]].to_numpy().tolist() == [[2, 5], [5, 10]]
    assert moved.shift_inverse_temperature[0] == pytest.approx(1, abs=1e-3)
    assert moved.shift_learning_rate[0] == pytest.approx(-1 / 3, abs=1e-3)
    assert np.isnan(moved.shift_inverse_temperature[1])


def test_the_order_of_rows_and_missing_rows_do_not_matter():
    table = rows(near={2: [(3, 4)], 5: [(2, 6)]})
    pd.testing.assert_frame_equal(measures(table), measures(table.sample(frac=1, random_state=1)))
    without = table[~((table.n == 2) & (table.learning_rate == RATES[3]) & (table.inverse_temperature == INVERSE[4]))]
    assert measures(without).region.tolist() == [0, 1]


def test_refuses_rows_that_are_not_one_map_each():
    table = rows(near={2: [(3, 4)]})
    assert set(Sweep.metrics) <= set(table)
    with refused(ValueError, "must have the columns of a store; distance, overflow is missing"):
        measures(table.drop(columns=["distance", "overflow"]))
    for wrong in (pd.concat([table, table]), table.iloc[:0]):
        with refused(ValueError, "must be those of one sweep"):
            measures(wrong)


def test_rows_of_two_sweeps_are_not_one_map():
    table = pd.concat([rows(near={2: []}), rows(near={5: []}).assign(name="another")])
    with refused(ValueError, "must be those of one sweep"):
        measures(table)
