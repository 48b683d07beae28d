"""The audit of stored rows: a sample is measured again, or an earlier comparison is handed back that still holds."""

import dataclasses
import importlib.metadata
import shutil

import grimp
import pandas as pd
import pytest

from cases import refused
from damcompanion import results as module
from damcompanion.results import AUDITS, FOLDERS, Results, code_behind
from damcore.sweeps import StoreError, run
from damcore.sweeps.training import Sweep

TOY = Sweep(
    name="toy", vertices=(2, 3), inverse_temperatures=(0.5, 2.0), learning_rates=(0.1,), repeats=2, epochs=3,
    n_neurons=12, n_memories=5, n_states=3,
)  # fmt: skip
SWEEPS = {name: dataclasses.replace(TOY, name=name) for name in ("toy", "other", "third")}


@pytest.fixture
def measured(monkeypatch) -> list:
    """The cells that are measured; their metrics stand in for a training's."""
    cells = []

    def measure(self, chosen, *, device="cpu"):
        cells.extend(chosen)
        return [dict.fromkeys(self.metrics, cell.n / 7 + cell.repeat) for cell in chosen]

    monkeypatch.setattr(Sweep, "measure", measure)
    return cells


@pytest.fixture
def stored(tmp_path, measured, monkeypatch) -> Results:
    """Three sweeps, stored; audits are kept in a folder."""
    found = Results(lambda profile: SWEEPS, "smoke", folder=tmp_path / "results")
    for sweep in SWEEPS.values():
        run(sweep, found.store, progress=False)
    measured.clear()
    monkeypatch.setenv(AUDITS, str(tmp_path / "audits"))
    return found


def test_without_a_folder_every_audit_is_fresh(stored, measured, monkeypatch, tmp_path):
    monkeypatch.delenv(AUDITS)
    for count in (4, 8):
        audit = stored.audit(["toy"], sample=4)
        assert len(measured) == count
        assert audit["equal"].all() and not audit.attrs["kept"]
        assert audit.attrs["note"] == f"This audit ({audit.attrs['made']}) was made now."
    assert not (tmp_path / "audits").exists()


def test_a_kept_audit_measures_nothing_and_says_so(stored, monkeypatch):
    fresh = stored.audit(["toy", "other"], sample=5)
    monkeypatch.setattr(Sweep, "measure", lambda *_, **__: pytest.fail("measured again"))
    kept = stored.audit(["toy", "other"], sample=5)
    assert (fresh.attrs["kept"], kept.attrs["kept"]) == (False, True)
    assert fresh.attrs["made"] == kept.attrs["made"]
    assert kept.attrs["note"].startswith(f"This audit ({fresh.attrs['made']}) is kept from an earlier build")
    pd.testing.assert_frame_equal(fresh, kept)


def changed_rows(stored: Results) -> None:
    (file,) = stored.store.files(SWEEPS["toy"]).values()
    rows = stored.rows("toy").drop(columns=list(SWEEPS["toy"].configuration)).to_dict("records")
    rows[0]["seconds"] += 1.0
    file.unlink()
    stored.store.write(SWEEPS["toy"], None, rows, {})


@pytest.mark.parametrize(
    "change, call",
    [
        (lambda stored, patch: None, dict(names=["toy"], sample=3)),
        (lambda stored, patch: None, dict(names=["toy"], sample=2, seed=1)),
        (lambda stored, patch: None, dict(names=["other"], sample=2)),
        (lambda stored, patch: changed_rows(stored), dict(names=["toy"], sample=2)),
        (
            lambda stored, patch: patch.setattr(importlib.metadata, "version", lambda package: "0.0.1"),
            dict(names=["toy"], sample=2),
        ),
    ],
    ids=["sample", "seed", "name", "rows", "versions"],
)
def test_another_call_other_rows_or_versions_are_audited_anew(stored, measured, monkeypatch, change, call):
    stored.audit(["toy"], sample=2)
    assert stored.audit(["toy"], sample=2).attrs["kept"]
    change(stored, monkeypatch)
    measured.clear()
    assert not stored.audit(**call).attrs["kept"]
    assert len(measured) == call["sample"]


@pytest.mark.parametrize(
    "file, kept",
    [
        ("damcore/_kernels/loops.py", False),  # imported inside a function
        ("damcore/_training.py", False),
        ("damcore/sweeps/training.py", False),
        ("damcore/sweeps/executor.py", False),
        ("damcompanion/results.py", False),
        ("damcompanion/mrs24/ranking.py", True),
        ("damcompanion/mrs24/figures.py", True),
        ("damcore/sweeps/capacity.py", True),
        ("damcore/planning.py", True),
        ("damcore/__init__.py", True),
    ],
)
def test_only_a_change_of_what_trains_or_compares_needs_a_new_audit(stored, tmp_path, monkeypatch, file, kept):
    for folder in FOLDERS:
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "FOLDERS", [tmp_path / folder.name for folder in FOLDERS])
    stored.audit(["toy"], sample=2)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes() + b"\n")
    assert stored.audit(["toy"], sample=2).attrs["kept"] == kept


def test_rows_that_were_computed_now_are_audited_now(measured, tmp_path, monkeypatch):
    monkeypatch.setenv(AUDITS, str(tmp_path / "audits"))
    computed = Results(lambda profile: SWEEPS, "smoke", compute=True)
    computed.rows("toy")
    assert [computed.audit(["toy"], sample=2).attrs["kept"] for _ in range(2)] == [False, False]
    assert not (tmp_path / "audits").exists()


def test_a_failed_audit_leaves_nothing_behind(stored, measured, tmp_path):
    (file,) = stored.store.files(SWEEPS["toy"]).values()
    file.unlink()
    with refused(StoreError, "2 of 2 shards of toy are not computed"):
        stored.audit(["toy"], sample=2)
    assert not (tmp_path / "audits").exists()


def test_a_sample_is_shared_evenly_and_chance_gives_the_rest(stored):
    shares = stored.audit([*SWEEPS], sample=7, seed=0)["sweep"].value_counts()
    assert sorted(shares) == [2, 2, 3]
    assert {stored.audit([*SWEEPS], sample=1, seed=seed)["sweep"][0] for seed in range(20)} == set(SWEEPS)


def test_the_code_behind_follows_the_imports_that_the_book_follows():
    graph = grimp.build_graph("damcore", "damcompanion", cache_dir=None)
    for name in ("damcore.sweeps.training", "damcore.sweeps.capacity", "damcompanion.results"):
        found = code_behind({name})
        assert set(found) == {name} | graph.find_upstream_modules(name)
        assert found[name] in {file.read_bytes() for folder in FOLDERS for file in folder.rglob("*.py")}
    assert {"damcore._kernels.loops", "damcore._training", "damcore.learning"} <= set(
        code_behind({"damcore.sweeps.training"})
    )
