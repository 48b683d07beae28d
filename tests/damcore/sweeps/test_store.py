"""The store: rows are read back as they were written, and a damaged or foreign file is never taken for results."""

import hashlib
import io
import os
import random
import re
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from cases import refused
from damcompanion import catalogue
from damcompanion.results import results
from damcore.sweeps import Store, StoreError, executor, plan, run, training
from damcore.sweeps import store as module
from damcore.sweeps.files import decode
from sweeping import SMALL, changed, metrics

AXES = list(SMALL.axes)


def test_what_was_run_is_read_back_as_a_frame_and_as_arrays(tmp_path, small_shards):
    store = Store(tmp_path)
    frame = run(SMALL, store, progress=False)
    assert len(frame) == len(SMALL)
    assert set(frame) == {
        *SMALL.configuration, *AXES, *SMALL.metrics, "seconds", "commit", "device", "version_python", "version_damcore",
        "version_torch", "version_numpy", "version_numba",
    }  # fmt: skip
    arrays = store.array(SMALL)
    assert arrays["distance"].dims == ("n", "learning_rate", "inverse_temperature", "repeat")
    row = frame.iloc[5]
    assert arrays["distance"].sel({axis: row[axis] for axis in AXES}).item() == row["distance"]
    assert len(store.files(SMALL)) == 1, "a finished experiment is packed into one file"


def test_rows_are_compressed(shards):
    for path in shards.files(SMALL).values():
        group = pq.read_metadata(path).row_group(0)
        assert {group.column(k).compression for k in range(group.num_columns)} == {"ZSTD"}


def test_nothing_is_measured_twice(tmp_path, small_shards, monkeypatch):
    run(SMALL, Store(tmp_path), progress=False)
    monkeypatch.setattr(training, "train_cells", lambda *_, **__: pytest.fail("measured again"))
    assert len(run(SMALL, Store(tmp_path), progress=False)) == len(SMALL)


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def damage_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damage_foreign(path):
    path.write_bytes(b"hello")


def damage_cells(path):
    """Another draw of the same cells, whose checksum is right: only the bound cells can tell."""
    keep(path, pd.read_parquet(path).assign(n=7))


def damage_rows(path):
    keep(path, pd.read_parquet(path).iloc[:-1])


def damage_double(path):
    rows = pd.read_parquet(path)
    keep(path, pd.concat([rows.iloc[:-1], rows.iloc[:1]]))


def damage_column(path):
    keep(path, pd.read_parquet(path).drop(columns="distance"))


def damage_setting(path):
    keep(path, pd.read_parquet(path).drop(columns="decay"))


def damage_words(path):
    keep(path, pd.read_parquet(path).astype({"distance": str}))


def damage_parquet(path):
    rename(path, b"hello")


def damage_folder(path):
    path.unlink()
    path.mkdir()


def damage_link(path):
    path.unlink()
    path.symlink_to("nowhere")


def keep(path, rows):
    """Put other rows in place of a file, as an older version wrote them: with no metadata but the digest."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"damcore.sweep": SMALL.digest}), buffer)
    rename(path, buffer.getvalue())


def rename(path, content, label=None):
    """Write content under the label of a file, with a checksum that is right."""
    name = f"{label or path.name.split('-')[0]}-{hashlib.sha256(content).hexdigest()[:16]}.parquet"
    path.unlink(missing_ok=True)
    path.with_name(name).write_bytes(content)


UNSOUND = [
    (damage_cut, "is damaged (its bytes do not match the checksum in its name)"),
    (damage_bit, "is damaged"),
    (damage_foreign, "is damaged"),
    (damage_parquet, "is no Parquet file"),
    (damage_cells, "does not hold the 3 cells of shard 1, each once (3 rows)"),
    (damage_rows, "does not hold the 3 cells of shard 1, each once (2 rows)"),
    (damage_double, "does not hold the 3 cells of shard 1, each once (3 rows)"),
    (damage_column, "lacks the column 'distance'"),
    (damage_setting, "lacks the column 'decay'"),
    (damage_words, "holds no numbers in the column 'distance'"),
    (damage_folder, "is no file"),
    (damage_link, "is no file"),
    (lambda path: rename(path, path.read_bytes(), "00002"), "is not as it was written (label, rows or columns differ"),
    (lambda path: rename(path, path.read_bytes(), "all"), "is not as it was written"),
    (lambda path: path.with_name("notes.txt").write_text("mine"), "does not belong to the store"),
]


@pytest.fixture
def shards(tmp_path, small_shards):
    """A store with the first two of six shards, and the bytes of all metrics once all are measured."""
    store = Store(tmp_path / "store")
    for k in range(2):
        store.write(SMALL, k, executor.measured(SMALL, SMALL.shards()[k], "cpu"), executor.provenance("cpu"))
    return store


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return metrics(SMALL, run(SMALL, Store(tmp_path_factory.mktemp("whole")), progress=False))


@pytest.mark.parametrize("damage, fault", UNSOUND)
def test_a_file_that_is_not_sound_stops_whoever_reads_and_a_run_measures_its_cells_again(
    damage, fault, shards, whole, capsys
):
    damage(shards.files(SMALL)["00001"])
    before = contents(shards)
    for read in (shards.files, shards.missing, shards.frame, shards.array, lambda e: plan(e, shards)):
        with refused(StoreError, re.escape(fault) + ".* Put the right file in its place, or run small again"):
            read(SMALL)
    assert contents(shards) == before, "reading moves nothing"
    rows = run(SMALL, shards, progress=False)
    assert metrics(SMALL, rows) == whole
    said = capsys.readouterr().err
    assert fault in said and "moved to set-aside/, and its cells count as missing" in said
    assert len(list((shards.of(SMALL) / "set-aside").iterdir())) == 1
    assert list(shards.files(SMALL)) == ["all"] and visible(shards) == ["all", "set"]


def contents(store):
    """Everything in the folder of the small sweep, name -> bytes."""
    return {path: path.read_bytes() if path.is_file() else None for path in store.of(SMALL).rglob("*")}


def visible(store):
    """The first word of each name in the folder of the small sweep."""
    return sorted(path.name.split("-")[0] for path in store.of(SMALL).iterdir() if path.name != ".locks")


def test_a_shard_counts_as_a_whole_sweep_under_no_name(shards):
    """Rows of a shard under the label of all, without metadata that would tell."""
    path = shards.files(SMALL)["00000"]
    keep(path.rename(path.with_name("all-0")), pd.read_parquet(path.with_name("all-0")))
    with refused(StoreError, re.escape("does not hold the 16 cells of the whole experiment, each once (3 rows)")):
        shards.missing(SMALL)


def test_one_definition_of_stored(shards):
    def stored():
        files, missing = shards.files(SMALL), shards.missing(SMALL)
        has = [k for k in range(len(SMALL.shards())) if shards.has(SMALL, k)]
        assert (
            [f"{k:05d}" in files or "all" in files for k in range(len(SMALL.shards()))]
            == [k not in missing for k in range(len(SMALL.shards()))]
            == [k in has for k in range(len(SMALL.shards()))]
        )
        return has

    assert stored() == [0, 1]
    run(SMALL, shards, progress=False)
    assert stored() == list(range(len(SMALL.shards())))


def test_a_shard_is_written_only_with_its_own_cells(shards):
    rows = executor.measured(SMALL, SMALL.shards()[0], "cpu")
    for number, given in ((1, rows), (0, rows[:2]), (None, rows)):
        with refused(ValueError, "`rows` does not hold the "):
            shards.write(SMALL, number, given, {})
    with refused(ValueError, "`rows` has the number of no shard: small has 6"):
        shards.write(SMALL, 6, rows, {})
    with refused(TypeError, "`rows` must hold numbers, strings and truth values"):
        shards.write(SMALL, 0, [{**row, "loss": object()} for row in rows], {})


def test_two_sound_files_of_one_shard_count_once_and_are_packed_as_one(shards, whole):
    shards.write(SMALL, 1, executor.measured(SMALL, SMALL.shards()[1], "cpu"), {"commit": "another"})
    assert visible(shards) == ["00000", "00001", "00001"]
    assert len(shards.frame(SMALL)) == 6
    assert metrics(SMALL, run(SMALL, shards, progress=False)) == whole
    assert visible(shards) == ["all"]


def test_what_a_killed_process_left_is_removed_by_the_next_run(shards, whole):
    first = shards.files(SMALL)["00000"]
    passing = first.with_name(f".{first.name}.123")
    held = first.with_name(f".00003{first.name[5:]}.124")
    for path in (passing, held):
        path.write_bytes(b"half")
    with shards.hold(SMALL, "00003"):  # somebody is writing it
        run(SMALL, shards, progress=False)
        assert not passing.exists() and held.exists()
    assert metrics(SMALL, run(SMALL, shards, progress=False)) == whole
    assert visible(shards) == ["all"]


def test_shards_that_are_packed_already_are_removed_by_the_next_run(shards, whole):
    """As after a kill between the last two steps of packing."""
    left = {path.name: path.read_bytes() for path in shards.files(SMALL).values()}
    run(SMALL, shards, progress=False)
    for name, content in left.items():
        (shards.of(SMALL) / name).write_bytes(content)
    assert metrics(SMALL, run(SMALL, shards, progress=False)) == whole
    assert visible(shards) == ["all"]


def test_a_file_that_cannot_be_moved_away_is_named_and_one_that_is_gone_is_not(shards, monkeypatch, capsys):
    path = shards.files(SMALL)["00001"]
    damage_bit(path)

    def refuses(*_):
        raise PermissionError(13, "Permission denied")

    def is_late(*_):
        path.unlink()  # another process was quicker
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(module.os, "replace", refuses)
    with refused(StoreError, "it cannot be moved away .Permission denied.; remove it"):
        shards.mend(SMALL)
    monkeypatch.setattr(module.os, "replace", is_late)
    shards.mend(SMALL)
    assert capsys.readouterr().err == "" and list(shards.files(SMALL)) == ["00000"]


def test_a_file_that_goes_while_the_folder_is_mended_is_passed_over(shards, monkeypatch):
    damage_bit(shards.files(SMALL)["00001"])
    each, looks = Store._each, []

    def as_it_goes(self, experiment):
        looks.append(experiment)
        if len(looks) == 1:
            raise FileNotFoundError(2, "No such file or directory")
        return each(self, experiment)

    monkeypatch.setattr(Store, "_each", as_it_goes)
    shards.mend(SMALL)
    assert list(shards.files(SMALL)) == ["00000"] and len(looks) > 1


def test_rows_are_in_order_and_numbered_whatever_order_they_were_written_in(tmp_path, small_shards):
    store, (cells, *_) = Store(tmp_path), SMALL.shards()
    store.write(SMALL, 0, executor.measured(SMALL, cells, "cpu")[::-1], executor.provenance("cpu"))
    frame = store.frame(SMALL)
    assert frame.index.tolist() == [0, 1, 2] and frame.equals(frame.sort_values(list(SMALL.axes), ignore_index=True))


def test_what_was_set_aside_before_is_kept(shards):
    for _ in range(2):
        (shards.of(SMALL) / "notes.txt").write_text("mine")
        shards.mend(SMALL)
    assert sorted(path.name for path in (shards.of(SMALL) / "set-aside").iterdir()) == ["notes.txt", "notes.txt1"]


def test_a_whole_store_is_read_by_run_and_nothing_is_written(shards, whole, monkeypatch):
    run(SMALL, shards, progress=False)
    shutil.rmtree(shards.of(SMALL) / ".locks")
    before = contents(shards)

    def read_only(*_, **__):
        raise OSError(30, "Read-only file system")

    for owner, name in ((Path, "mkdir"), (os, "replace"), (os, "unlink"), (Path, "unlink"), (FileLock, "acquire")):
        monkeypatch.setattr(owner, name, read_only)
    assert metrics(SMALL, run(SMALL, shards, progress=False)) == whole
    assert contents(shards) == before


def test_a_home_directory_is_spelt_out(tmp_path, monkeypatch, small_shards, whole):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert metrics(SMALL, run(SMALL, Store(Path("~/results")), progress=False)) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert len(Store(tmp_path / "home" / "results").frame(SMALL)) == len(SMALL)


def test_a_folder_that_changes_whenever_it_is_read_is_said_plainly(shards, monkeypatch):
    def gone(path, experiment):
        raise FileNotFoundError(path)

    monkeypatch.setattr(module, "decode", gone)
    with refused(StoreError, "changes whenever it is read; wait for what changes it"):
        shards.frame(SMALL)


def test_a_store_that_another_process_packs_while_it_is_read_is_read_whole(shards, whole, monkeypatch):
    """The shards vanish once they are listed; a part of them must not pass for all."""
    shutil.copytree(shards.folder, shards.folder.with_name("packed"))
    packed = Store(shards.folder.with_name("packed"))
    run(SMALL, packed, progress=False)
    looked = []

    def late(path, experiment):
        if not looked:
            looked.append(path)
            shutil.rmtree(shards.of(SMALL))
            shutil.copytree(packed.of(SMALL), shards.of(SMALL))
        return decode(path, experiment)

    monkeypatch.setattr(module, "decode", late)
    assert metrics(SMALL, shards.frame(SMALL)) == whole


@pytest.mark.parametrize(
    "folder, error, message",
    [
        (7, TypeError, "`folder` must be a path, got 7"),
        ("a\0b", ValueError, "`folder` must be the name of a file or folder"),
        ("~nobody-of-this-name/x", ValueError, "`folder` must name a home directory that exists"),
    ],
)
def test_refuses_what_is_no_folder(folder, error, message):
    with refused(error, re.escape(message)):
        Store(folder)


@pytest.mark.parametrize("folder", ["x" * 300, "file"])
def test_a_folder_that_cannot_be_read_is_said_plainly(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / folder)
    for use in (store.missing, lambda e: run(e, store, progress=False)):
        with refused(StoreError, "cannot be read .*; name another store"):
            use(SMALL)
    with refused(StoreError, "could not be written"):
        store.write(SMALL, None, executor.measured(SMALL, list(SMALL.cells()), "cpu"), {})


def test_a_file_of_another_experiment_is_set_aside(tmp_path, capsys):
    store, other = Store(tmp_path), changed(seed=7)
    run(SMALL, store, progress=False)
    run(other, store, progress=False)
    (mine,), (theirs,) = store.files(SMALL).values(), store.files(other).values()
    mine.with_name(theirs.name).write_bytes(theirs.read_bytes())
    assert len(run(SMALL, store, progress=False)) == len(SMALL)
    assert list(store.files(SMALL).values()) == [mine]
    assert "belongs to another experiment; moved to set-aside/" in capsys.readouterr().err


def test_each_flipped_bit_is_noticed(shards):
    """200 bits, drawn at random, of a shard; the shard itself is sound again afterwards."""
    path, draw = shards.files(SMALL)["00001"], random.Random(21)
    content = path.read_bytes()
    for place in draw.sample(range(8 * len(content)), 200):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with refused(StoreError, "is damaged"):
            shards.missing(SMALL)
    path.write_bytes(content)
    assert shards.missing(SMALL) == [2, 3, 4, 5]


def test_all_committed_rows_are_sound():
    """Every folder of results/paper belongs to an experiment of the catalogue, and holds all its cells."""
    store = Store(results() / "paper")
    folders = {path.name for path in store.folder.iterdir()}
    for experiment in catalogue.experiments("paper").values():
        if store.of(experiment).exists():
            assert store.missing(experiment) == []
            folders.remove(store.of(experiment).name)
    assert not folders


def test_nothing_stored_is_said_plainly(tmp_path):
    with pytest.raises(
        StoreError, match=r"holds nothing yet; run small first, with .*`python -m damcore.sweeps run small`"
    ):
        Store(tmp_path).frame(SMALL)


def test_a_full_disk_is_an_error_and_harms_nothing(tmp_path, small_shards, monkeypatch):
    store = Store(tmp_path)
    rows = [executor.measured(SMALL, shard, "cpu") for shard in SMALL.shards()[:2]]
    store.write(SMALL, 0, rows[0], {})
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(
        StoreError, match=r"could not be written .No space left on device.*Nothing stored before is harmed"
    ):
        store.write(SMALL, 1, rows[1], {})
    assert set(store.files(SMALL)) == {"00000"}
    assert not list(store.of(SMALL).glob(".0*"))


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="name another store"):
        run(SMALL, Store(tmp_path / "file"), progress=False)
