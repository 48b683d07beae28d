"""The figures of MRS24 from stored rows: which panel shows what, what is refused, and that the audit sees a change."""

import math

import numpy as np
import pandas as pd
import pytest

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
    rows = [{**cell._asdict(), "distance": 1.0, "diverged": -1, "overflow": False} for cell in part.shards()[0]]
    gallery.store.write(part, 0, rows, {"commit": "abc1234"})
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
