"""The figures of MRS24 from stored rows: which panel shows what, what is refused, and that the audit sees a change."""

import math

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from cases import refused
from damcompanion.mrs24.experiments.beyond import further
from damcompanion.mrs24.experiments.heat_maps import PROFILES, sweeps
from damcompanion.mrs24.figures import Gallery, figures, write_tables
from damcompanion.results import results
from damcore.sweeps import Store, StoreError
from synthetic import store_sweep


@pytest.fixture
def gallery(tmp_path, monkeypatch) -> Gallery:
    """Nothing stored yet; a sweep has 3 x 3 cells and two repeats."""
    monkeypatch.setitem(PROFILES, "smoke", (3, 2, 2, 20))
    return Gallery("smoke", folder=tmp_path)


def test_every_heat_map_of_the_text_on_random_states_has_a_figure_and_its_panels_a_sweep():
    found = figures()
    assert list(found) == [f"mrs24-fig-{number}" for number in (*range(1, 5), *range(7, 34))]
    for profile in PROFILES:
        known = sweeps(profile)
        assert all(n in known[name].vertices for figure in found.values() for name, n in figure.panels)


def test_a_map_of_the_paper_profile_has_the_cells_repeats_and_epochs_its_figure_promises():
    for name, sweep in sweeps("paper").items():
        side = 15 if "250" in name else 21
        assert (len(sweep.inverse_temperatures), len(sweep.learning_rates)) == (side, side)
        assert (sweep.repeats, sweep.epochs) == (5, 500)
        assert sweep.n_memories == (256 if "k256" in name else 100)
        assert (sweep.n_neurons, sweep.n_states) == ((250, 30) if "250" in name else (100, 20))


def test_original_and_modified_share_the_common_axis():
    known = {**sweeps("paper"), **further("paper")}
    for name in ("coarse", "fine", "polynomial-coarse"):
        original, modified = known[f"original-{name}"], known[f"modified-{name}"]
        ratio = np.array(modified.inverse_temperatures) / np.array(original.inverse_temperatures)
        np.testing.assert_allclose(ratio, 100, rtol=2e-3)  # both axes are given to four digits
        assert original.learning_rates == modified.learning_rates


def test_a_panel_averages_over_repeats_and_outlines_what_is_near(gallery):
    sweep = gallery.sweeps["modified-coarse"]
    first = sweep.inverse_temperatures[0]
    store_sweep(gallery.store, sweep, lambda cell: (1.0 if cell.inverse_temperature == first else 5.0) + cell.repeat)
    drawn = gallery.map("modified-coarse", 5)
    assert drawn.mean.shape == drawn.region.shape == (3, 3)
    np.testing.assert_array_equal(drawn.region, [[True, False, False]] * 3)
    assert drawn.mean[:, 0].tolist() == [1.5] * 3
    assert gallery.random_level("modified-coarse") == math.sqrt(200)
    assert drawn.inverses.tolist() == list(sweep.inverse_temperatures)
    assert drawn.rates.tolist() == list(sweep.learning_rates)


def test_no_map_is_drawn_from_a_part_of_its_cells(gallery):
    part = gallery.sweeps["original-fine"]
    store_sweep(gallery.store, part, lambda cell: 1.0, shard=0)
    message = r"5 of 6 shards of original-fine are not computed; python -m damcore.sweeps run original-fine"
    with refused(StoreError, message):
        gallery.map("original-fine", 2)
    assert write_tables(gallery, gallery.store.folder / "tables") == []


def test_the_table_of_a_figure_has_a_row_a_cell_of_each_panel(gallery):
    for name in ("modified-k256-coarse", "modified-k256-fine"):
        store_sweep(gallery.store, gallery.sweeps[name], lambda cell: float(cell.n + cell.repeat))
    table = gallery.table(figures()["mrs24-fig-15"])
    assert len(table) == 2 * 9 and set(table["n"]) == {5}
    assert (set(table["mean"]), set(table["least"]), set(table["largest"])) == ({5.5}, {5.0}, {6.0})
    (path, *_) = write_tables(gallery, gallery.store.folder / "tables")
    assert path.name == "mrs24-fig-3.csv" and len(pd.read_csv(path)) == 4 * 9


def drawn(gallery: Gallery, *names: str) -> Gallery:
    """The gallery with these sweeps: the first column of each map is its region."""
    for name in names:
        sweep = gallery.sweeps[name]
        first = sweep.inverse_temperatures[0]
        store_sweep(gallery.store, sweep, lambda cell, first=first: 1.0 if cell.inverse_temperature == first else 9.0)
    return gallery


def test_a_figure_of_the_text_shows_its_panels_under_its_label_and_anchor(gallery):
    shown = drawn(gallery, "modified-k256-coarse").show(figures()["mrs24-fig-3"])
    found = BeautifulSoup(shown.markup, "html.parser")
    assert found.figure["id"] == "mrs24-fig-3"
    assert found.select_one(".dam-label").text == "MRS24 Figure 3"
    assert [each.text for each in found.select(".dam-title")] == [rf"\(n = {n}\)" for n in (2, 5, 10, 20)]
    assert [each["aria-label"] for each in found.select("[role=img]")] == [
        f"Heat map of the recall distance, modified-k256-coarse, n = {n}: 33 % of the cells are optimal."
        for n in (2, 5, 10, 20)
    ]
    assert found.select_one("details.dam-made")["data-sweeps"] == "modified-k256-coarse"
    assert len(found.select(".dam-scale svg")) == 1
    assert "3 × 3 cells of 2 networks" in found.figcaption.text and "500" not in found.figcaption.text
    assert shown.text.startswith("MRS24 Figure 3: The modified network, coarse grid. $N = 100$, $K = 256$, 20 states")


def test_maps_of_several_sweeps_share_the_scale_of_the_largest_network_and_name_each_sweep_once(gallery):
    drawn(gallery, "modified-coarse", "modified-250-k256-coarse")
    maps = [("small", "modified-coarse", 5), ("wide", "modified-250-k256-coarse", 5), ("n", "modified-coarse", 10)]
    found = BeautifulSoup(gallery.show_maps(maps, "Both sizes.", id="sizes", paired=True).markup, "html.parser")
    assert found.select_one("details.dam-made")["data-sweeps"] == "modified-coarse modified-250-k256-coarse"
    assert [each.text for each in found.select(".dam-title")] == ["small", "wide", "n"]
    assert found.figure["id"] == "sizes" and "dam-pairs" in found.select_one(".dam-panels")["class"]
    assert found.figcaption.text.strip().startswith("Both sizes. Across: inverse temperature.")
    marks = [float(mark.text) for mark in found.select(".dam-scale svg text")[:-1]]  # the last is the label
    assert math.sqrt(200) < max(marks) <= math.sqrt(500), "the scale ends at sqrt(2 N) of the larger network"


def test_a_family_has_each_figure_under_its_own_anchor_with_its_own_rows_and_one_scale(gallery):
    names = ("modified-k256-coarse", "modified-k256-fine")
    anchors = ["mrs24-fig-13", "mrs24-fig-15"]
    shown = drawn(gallery, *names).show_family(anchors)
    found = BeautifulSoup(shown.markup, "html.parser")
    assert [each["id"] for each in found.select("figure")] == anchors
    assert [each["data-sweeps"] for each in found.select("details.dam-made")] == [" ".join(names)] * 2
    for each, n in zip(found.select("figure"), (2, 5), strict=True):
        grids = [rf"\(n = {n}\), {grid} grid" for grid in ("coarse", "fine")]
        assert [title.text for title in each.select(".dam-title")] == grids
        alts = [panel["aria-label"] for panel in each.select("[role=img]")]
        assert [f", {name}, n = {n}: 33 %" in alt for name, alt in zip(names, alts, strict=True)] == [True] * 2
    assert len(found.select(".dam-scale svg")) == 1
    assert shown.text == "MRS24 Figure 13: The modified network, n = 2.\nMRS24 Figure 15: The modified network, n = 5."


def test_the_audit_trains_again_and_sees_a_row_that_was_changed(gallery, monkeypatch):
    name = "modified-coarse"
    monkeypatch.setitem(gallery.sweeps, name, sweep := type(s := gallery.sweeps[name])(
        name=name, vertices=(2,), inverse_temperatures=(0.5, 2.0), learning_rates=(0.1,), repeats=2, epochs=3,
        n_neurons=12, n_memories=5, n_states=3,
    ))  # fmt: skip
    assert s is not sweep
    computed = Gallery("smoke", compute=True)
    computed.sweeps[name] = sweep
    rows = computed.rows(name)
    assert computed.audit([name], sample=4)["equal"].all()
    rows["distance"] += 1.0
    gallery.store.write(sweep, None, rows.drop(columns="name").to_dict("records"), {})
    audit = gallery.audit([name], sample=4)
    assert not audit["equal"].any() and audit["near"].all()


def test_computed_maps_are_nobody_elses():
    first, second = Gallery("smoke", compute=True), Gallery("smoke", compute=True)
    assert first.store != second.store and not Store(first.store.folder).files(first.sweeps["original-coarse"])


def test_results_are_found_from_a_folder_inside_and_from_outside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (results() / "README.md").is_file()
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "README.md").touch()
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert results() == tmp_path / "results"
