"""Where the region lies, on rows that are made by hand."""

import numpy as np
import pytest

from damcompanion.mrs24.experiments.beyond import NEURONS, STATES
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.places import drift_panels, places, size_panels
from synthetic import store_sweep

SWEEPS = ("original-k256-coarse", "modified-k256-coarse", "modified-k256-large")


@pytest.fixture
def gallery(tmp_path, monkeypatch) -> Gallery:
    """3 x 3 cells; the original has the middle of the grid at n = 2 and nothing after, the modified at every n."""
    monkeypatch.setitem(PROFILES, "smoke", (3, 2, 1, 20))
    gallery = Gallery("smoke", folder=tmp_path)
    for name in SWEEPS:
        sweep = gallery.sweeps[name]
        middle = sweep.inverse_temperatures[1], sweep.learning_rates[1]

        def distance(cell, name=name, middle=middle):
            there = (cell.inverse_temperature, cell.learning_rate) == middle
            return 1.0 if there and (cell.n == 2 or name != SWEEPS[0]) else 9.0

        store_sweep(gallery.store, sweep, distance)
    return gallery


def test_both_networks_are_placed_on_the_axis_that_they_share(gallery):
    original, modified = (places(gallery, name).set_index("n") for name in SWEEPS[:2])
    assert original.centre[2] == pytest.approx(modified.centre[2], rel=2e-3)  # axes have four digits
    sweep = gallery.sweeps["modified-k256-coarse"]
    middle = sweep.inverse_temperatures[1]
    assert modified.loc[2, ["centre", "least", "largest"]].tolist() == pytest.approx([middle] * 3)
    assert modified.loc[2, ["rate", "largest_rate"]].tolist() == pytest.approx([sweep.learning_rates[1]] * 2)


def test_a_vertex_without_a_region_has_no_place_and_no_area(gallery):
    original = places(gallery, SWEEPS[0]).set_index("n")
    assert original.drop(columns="area").loc[3:].isna().all(axis=None)
    assert original.area[2] > 0 and not original.area.loc[3:].any()


def test_no_line_of_the_drift_leads_to_a_vertex_without_a_region(gallery):
    drawn = drift_panels(*(places(gallery, name) for name in SWEEPS))
    for panel in drawn:
        (axes,) = panel.picture.axes
        # Of the place, the first line is the text's 0.9.
        first, second, third = axes.lines[-3:]
        assert np.isfinite(first.get_ydata()).tolist() == [True] + [False] * 5
        assert np.isfinite(second.get_ydata()).all() and np.isfinite(third.get_ydata()).all()
        (lost,) = [text.get_text() for text in axes.texts if "original" in text.get_text()]
        assert lost == "original\nnone at n = 3, 5, 10, 20, 30"
        assert "original: " in panel.alt and "none at n = 30. modified: " in panel.alt


def test_bars_reach_from_end_to_end_of_the_region(gallery):
    modified = places(gallery, SWEEPS[1])
    modified["least"], modified["largest"] = 0.5, 4.0
    axes = drift_panels(places(gallery, SWEEPS[0]), modified, places(gallery, SWEEPS[2]))[0].picture.axes[0]
    original, bars, _ = (each.get_segments() for each in axes.collections)
    assert [[y for _, y in bar] for bar in bars] == [[0.5, 4.0]] * len(modified)
    assert [len(bar) for bar in original] == [2, 0, 0, 0, 0, 0]


def test_sizes_have_a_line_a_number_of_states_and_a_panel_a_vertex(gallery):
    for network in ("original", "modified"):
        for size in NEURONS:
            for states in STATES:
                sweep = gallery.sweeps[f"{network}-k256-size-{size}-{states}"]
                here = {"original": 5, "modified": 20}[network]
                store_sweep(gallery.store, sweep, lambda cell, here=here: 1.0 if cell.n <= here else 9.0)
    few, many = size_panels(gallery, (5, 20))
    assert [panel.title for panel in (few, many)] == ["$n = 5$", "$n = 20$"]
    for panel, networks in ((few, ["original", "modified"]), (many, ["modified"])):
        (axes,) = panel.picture.axes
        assert len(axes.lines) == 2 * len(STATES)
        assert [text.get_text() for text in axes.texts] == networks
    lines = few.picture.axes[0].lines
    same = [line.get_ydata() for line in (lines[0], lines[len(STATES)])]
    np.testing.assert_allclose(*same, rtol=2e-3)
