"""Tables and pictures of gains, on rows that are made by hand."""

import numpy as np
import pytest

from damcompanion.mrs24.experiments.temperature import CHOSEN_GAIN, SIZES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.planes import MAP_NAMES, PLANE_NAMES, early_panels, plane, planes, regions
from damcompanion.mrs24.served import TABLES, needs, served, served_even, served_panel
from damcompanion.mrs24.windows import LINES, OF_OTHERS, by_function, by_size, of_all
from synthetic import store_sweep

PLANE = PLANE_NAMES[0]


@pytest.fixture
def gallery(tmp_path) -> Gallery:
    """Nothing stored yet, at the smallest size."""
    return Gallery("smoke", folder=tmp_path)


def fill(gallery, names, distance, near=lambda cell: 1.0, **how):
    for name in names:
        store_sweep(gallery.store, gallery.sweeps[name], distance, further={"near": near}, **how)


def test_every_name_is_that_of_a_sweep(gallery):
    names = [*LINES, *PLANE_NAMES, *(name for part in (*OF_OTHERS.values(), *TABLES.values()) for name in part)]
    assert set(names) <= set(gallery.sweeps)


def test_a_pair_serves_where_both_goals_are_met(gallery):
    fill(gallery, TABLES["gain"], lambda cell: 2.0, lambda cell: 0.95)
    fill(gallery, TABLES["constant"], lambda cell: 1.0, lambda cell: 0.94 if cell.n == 2 else 1.0)
    found = served(gallery)
    assert found.groupby("answer").size().to_dict() == {"gain": 2 * len(SIZES), "constant": 2 * len(SIZES)}
    assert found[found.answer == "gain"].serves.all()
    assert set(found[(found.answer == "constant") & ~found.serves].n) == {2}
    fill(gallery, TABLES["even"], lambda cell: 2.01)
    assert not served_even(gallery).serves.any()
    panel = served_panel(found[found.answer == "constant"], "$1/T$")
    assert panel.alt == f"$1/T$: it serves {len(SIZES)} of {2 * len(SIZES)} sizes and vertices."


def test_a_network_that_left_the_range_recalls_nothing(gallery):
    sweep = gallery.sweeps[PLANE]
    lost = next(iter(sweep.cells()))
    fill(gallery, [PLANE], lambda cell: 0.0, diverged=(lost,))
    rows = of_all(gallery, [PLANE])
    assert sorted(set(rows.distance)) == [0, (2 * sweep.n_neurons) ** 0.5] and rows.overflow.sum() == 1


def test_the_best_pair_at_a_place(gallery):
    size = (100, 100, 40)
    fill(gallery, [f"choose-gain-{'-'.join(map(str, size))}"], lambda cell: abs(np.log(cell.gain / 0.6)) + cell.n)
    gain, _, distance = needs(gallery, size, 2)
    assert (gain, distance) == (0.6, 2.0)


def test_lines_say_at_how_many_sizes_a_gain_works(gallery):
    fill(gallery, LINES, lambda cell: 0.0 if cell.gain < 1 and cell.n == 2 else 9.0)
    panels = by_size(of_all(gallery, LINES), [2, 20])
    assert [panel.alt.split(";")[1] for panel in panels] == [
        f" {count} of {len(LINES)} sizes have gains that work." for count in (len(LINES), 0)
    ]
    fill(gallery, {name for part in OF_OTHERS.values() for name in part} - {*LINES}, lambda cell: float(cell.n))
    alts = {panel.title: panel.alt for panel in by_function(gallery)}
    assert alts["polynomial"] == "polynomial: n with a gain that works at all four sizes: 2."
    assert len(alts) == len(OF_OTHERS)


def test_a_plane_is_a_map_over_gain_and_rate(gallery):
    sweep = gallery.sweeps[PLANE]
    gain, rate = sweep.gains[1], sweep.learning_rates[2]
    fill(gallery, [PLANE], lambda cell: 1.0 if (cell.gain, cell.learning_rate) == (gain, rate) else 9.0)
    shown = plane(gallery, PLANE, 20)
    assert np.argwhere(shown.region).tolist() == [[2, 1]]
    assert shown.inverses.tolist() == [*sweep.gains] and shown.rates.tolist() == [*sweep.learning_rates]
    assert "11 % of the cells work" in planes(gallery, PLANE, [20])[0].alt


def test_early_maps_show_the_gain_of_one_alone(gallery):
    name = "epochs-3-100-256-20"
    fill(gallery, [name], lambda cell: 0.0 if cell.n == 20 else 9.0)
    [panel] = early_panels(gallery, [name])
    assert (panel.title, panel.alt) == ("3 epochs", "After 3 epochs some rate works at n = 20.")


def test_the_chosen_gain_is_in_the_table(gallery):
    assert gallery.sweeps[TABLES["gain"][0]].gains == CHOSEN_GAIN[:1]


def test_regions_hold_what_is_predicted_where_that_cell_works(gallery):
    for name, law in zip(MAP_NAMES, (True, False), strict=False):
        sweep = gallery.sweeps[name]
        assert 1.0 in sweep.gains
        at = 1.0 if law else sweep.gains[0]
        fill(gallery, [name], lambda cell, at=at: 1.0 if cell.gain == at and cell.learning_rate > 1 else 9.0)
        found = regions(gallery, [name], inverse=0.97)
        assert found.law.tolist() == [law] * len(found) and (found.area > 0).all() and (found.gains == 1).all()
    low = regions(gallery, MAP_NAMES[1:2], inverse=1e-3)  # below every gain of the map: its first cell is the nearest
    assert low.constant.all()
