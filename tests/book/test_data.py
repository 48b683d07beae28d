"""The files that the maps' pages load, from a store that is made by hand."""

import json

import pandas as pd
import pytest

import build
import data
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcore.sweeps.training import Cell
from synthetic import store_sweep


@pytest.fixture
def gallery(tmp_path, monkeypatch) -> Gallery:
    """Nothing stored yet; a sweep has 3 x 3 cells and two repeats."""
    monkeypatch.setitem(PROFILES, "smoke", (3, 2, 2, 20))
    return Gallery("smoke", folder=tmp_path / "results")


def read(folder) -> dict:
    text = (folder / "maps.js").read_text("utf8")
    start = "window.DAMCORE_MAPS = "
    assert text.startswith(start) and text.endswith(";\n")
    return json.loads(text[len(start) : -2])


def test_a_map_says_mean_least_largest_and_diverged_of_each_cell(gallery, tmp_path):
    sweep = gallery.sweeps["modified-coarse"]
    x, y = sweep.inverse_temperatures, sweep.learning_rates
    # Each cell has a number of its own: 5 n + row + column / 10, and 0.01234 more in the second repeat.
    distance = lambda cell: (  # noqa: E731
        0.5 * cell.n + y.index(cell.learning_rate) + x.index(cell.inverse_temperature) / 10 + 0.01234 * cell.repeat
    )
    store_sweep(gallery.store, sweep, distance, diverged=(Cell(5, x[2], y[1], 1),))
    data.write(tmp_path / "data", gallery)
    (shown,) = read(tmp_path / "data")["sweeps"]
    assert (shown["name"], shown["network"], shown["interaction"], shown["grid"]) == (
        "modified-coarse", "modified", "leaky", "coarse",
    )  # fmt: skip
    assert (shown["N"], shown["states"], shown["K"], shown["repeats"], shown["epochs"]) == (100, 20, 100, 2, 20)
    assert (shown["commit"], shown["random_level"]) == ("abc1234", 14.142)
    assert (shown["inverse"], shown["rates"], shown["vertices"]) == (list(x), list(y), list(sweep.vertices))
    assert set(shown["maps"]) == {str(n) for n in sweep.vertices}
    cells = shown["maps"]["5"]
    # (row 1, column 2), in which one network diverged: it recalls nothing, at sqrt(200).
    assert {name: values[1 * 3 + 2] for name, values in cells.items()} == {
        "mean": round((3.7 + 200**0.5) / 2, 3), "least": 3.7, "largest": 14.142, "diverged": 1,
    }  # fmt: skip
    # (row 2, column 0)
    assert [cells[name][6] for name in ("mean", "least", "largest", "diverged")] == [4.506, 4.5, 4.512, 0]
    assert sum(cells["diverged"]) == 1


def test_rounding_brings_no_cell_into_the_optimal_region(gallery, tmp_path):
    at = {0: 2.0, 1: 2.0002, 2: 1.9999}
    sweep = gallery.sweeps["modified-coarse"]
    store_sweep(gallery.store, sweep, lambda cell: at[sweep.inverse_temperatures.index(cell.inverse_temperature)])
    data.write(tmp_path / "data", gallery)
    shown = read(tmp_path / "data")
    means = shown["sweeps"][0]["maps"]["2"]["mean"][:3]
    assert means == [2.0, 2.001, 2.0]
    assert [mean <= shown["near"] for mean in means] == gallery.map("modified-coarse", 2).region[0].tolist()


def test_a_figure_has_a_table_once_its_sweeps_are_stored(gallery, tmp_path):
    folder = tmp_path / "data"
    data.write(folder, gallery)
    assert sorted(file.name for file in folder.iterdir()) == ["gains.js", "maps.js"]
    store_sweep(gallery.store, gallery.sweeps["original-k256-coarse"], lambda cell: 1.0)
    data.write(folder, gallery)
    assert sorted(file.name for file in folder.iterdir()) == ["gains.js", "maps.js", "mrs24-fig-1.csv"]
    table = pd.read_csv(folder / "mrs24-fig-1.csv")
    assert sorted(set(table["n"])) == [2, 5, 10, 20] and set(table["mean"]) == {1.0}


def test_what_is_not_stored_as_a_whole_is_named_with_its_command(gallery, tmp_path):
    part = gallery.sweeps["original-fine"]
    assert len(part.shards()) > 1
    store_sweep(gallery.store, part, lambda cell: 1.0, shard=0)
    data.write(tmp_path / "data", gallery)
    shown = read(tmp_path / "data")
    assert shown["sweeps"] == []
    assert [sweep["name"] for sweep in shown["missing"]] == list(data.SHOWN)
    assert shown["missing"][1]["command"] == "python -m damcore.sweeps run original-k256-fine --profile smoke"


def test_the_same_rows_give_the_same_bytes_and_what_is_stale_goes(gallery, tmp_path):
    folder = tmp_path / "data"
    for name in ("original-coarse", "modified-coarse"):
        store_sweep(gallery.store, gallery.sweeps[name], lambda cell: cell.n / 7 + cell.repeat / 3)
    data.write(folder, gallery)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    (folder / "mrs24-fig-99.csv").write_text("old")
    data.write(folder, Gallery("smoke", folder=tmp_path / "results"))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_other_rows_make_another_book(gallery, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "BOOK", tmp_path / "book")
    monkeypatch.setattr(build, "LOCK", tmp_path / "requirements.lock")
    build.LOCK.write_text("torch==2\n")
    digests = []
    for name in (None, "modified-coarse"):
        if name:
            store_sweep(gallery.store, gallery.sweeps[name], lambda cell: 1.0)
        data.write(build.BOOK / "assets" / "data", gallery)
        digests.append(build.html_digest())
    assert digests[0] != digests[1]
