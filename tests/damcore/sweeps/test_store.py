"""The store: rows are read back as they were written, and a damaged or foreign file is never taken for results."""

import os

import pytest

from damcore.sweeps import Store, StoreError, executor, run, training
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


@pytest.mark.parametrize("damage", [damage_cut, damage_bit, damage_foreign])
def test_a_damaged_file_is_named_set_aside_and_measured_again(damage, tmp_path, small_shards, capsys):
    store = Store(tmp_path)
    whole = metrics(SMALL, run(SMALL, store, progress=False))
    (path,) = store.files(SMALL).values()
    damage(path)
    assert store.missing(SMALL) == list(range(len(SMALL.shards())))
    assert f"{path} is damaged" in capsys.readouterr().err
    assert (path.parent / "set-aside" / path.name).exists()
    assert metrics(SMALL, run(SMALL, store, progress=False)) == whole


def test_a_foreign_file_and_a_file_of_another_experiment_are_set_aside(tmp_path, capsys):
    store, other = Store(tmp_path), changed(seed=7)
    run(SMALL, store, progress=False)
    run(other, store, progress=False)
    (mine,), (theirs,) = store.files(SMALL).values(), store.files(other).values()
    mine.with_name("notes.txt").write_text("mine")
    mine.with_name(theirs.name).write_bytes(theirs.read_bytes())
    assert list(store.files(SMALL).values()) == [mine]
    said = capsys.readouterr().err
    assert "notes.txt does not belong to the store" in said and "belongs to another experiment" in said


def test_nothing_stored_is_said_plainly(tmp_path):
    with pytest.raises(
        StoreError, match=r"holds nothing yet; run small first, with .*`python -m damcore.sweeps run small`"
    ):
        Store(tmp_path).frame(SMALL)


def test_a_full_disk_is_an_error_and_harms_nothing(tmp_path, small_shards, monkeypatch):
    store = Store(tmp_path)
    rows = executor.measured(SMALL, SMALL.shards()[0], "cpu")
    store.write(SMALL, 0, rows, {})
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(
        StoreError, match=r"could not be written .No space left on device.*Nothing stored before is harmed"
    ):
        store.write(SMALL, 1, rows, {})
    assert set(store.files(SMALL)) == {"00000"}
    assert not list(store.of(SMALL).glob(".0*"))


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="name another store"):
        run(SMALL, Store(tmp_path / "file"), progress=False)
