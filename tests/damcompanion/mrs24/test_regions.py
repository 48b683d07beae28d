"""The optimal region of maps that are made by hand."""

import itertools

import numpy as np
import pytest

from damcompanion.mrs24.measures import distances
from damcompanion.mrs24.regions import Map, Maps, resamples
from synthetic import FAR, INVERSE, RATES, rows


def of(*cells: tuple[int, int]) -> Map:
    return Maps(distances(rows({2: [*cells]})))[2]


def test_the_place_without_the_cells_at_the_edge():
    found = of((3, 0), (3, 4))
    assert found.place()[0] == pytest.approx((np.log10(INVERSE[0]) + np.log10(INVERSE[4])) / 2)
    assert found.place(inner=True)[0] == pytest.approx(np.log10(INVERSE[4]))
    assert np.isnan(of((3, 0)).place(inner=True)[0])
    assert of((3, 4)).place(inner=True) == of((3, 4)).place()


def test_a_grid_that_starts_later_is_the_same_map_without_its_first_columns():
    found = of((3, 0), (3, 4)).above(INVERSE[2])
    assert found.cells == 1 and found.mean.shape == (7, 11)
    assert of((3, 4)).above(INVERSE[5]).cells == 0


def test_the_cost_of_a_rate_is_a_mean_over_the_columns_of_the_region():
    assert of((3, 4)).cost_of_rate == FAR
    assert of((3, 4), (6, 5)).cost_of_rate == FAR / 2
    assert np.isnan(of().cost_of_rate)


def test_common_cells_lie_in_every_region():
    maps = Maps(distances(rows({2: [(1, 1), (2, 2)], 5: [(2, 2), (3, 3)], 10: []})))
    assert (maps.common([2, 5]), maps.common([2, 5, 10]), maps.with_region()) == (1, 0, [2, 5])


def test_worse_than_around_needs_a_region_that_was():
    maps = Maps(distances(rows({2: [(3, 4)], 5: []}, distances={(5, 3, 4): FAR + 9})))
    assert maps.worse_than_around(5) == pytest.approx(1)  # one of nine cells
    assert np.isnan(maps.worse_than_around(2))


def test_a_threshold_and_repeats_can_be_chosen():
    table = rows({2: [(3, 4)]}, repeats=3)
    table.loc[(table.repeat == 0) & (table.distance == 0), "distance"] = 6.0
    values = distances(table)
    assert Maps(values)[2].cells == 1
    assert Maps(values, near=1.9)[2].cells == 0
    assert Maps(values, counts=(0, 2, 1))[2].best == 0
    assert Maps(values, counts=(2, 1, 0))[2].best == 4


def test_resamples_are_all_draws_with_their_probability():
    drawn = [tuple(draw.count(k) for k in range(3)) for draw in itertools.product(range(3), repeat=3)]
    assert {counts: pytest.approx(drawn.count(counts) / 27) for counts in set(drawn)} == dict(resamples(3))
    assert len(resamples(5)) == 126 and sum(p for _, p in resamples(5)) == pytest.approx(1)
    assert RATES[3] == 0.5
