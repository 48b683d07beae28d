"""Executing notebooks for the book, refreshing their references, and knowing when there is nothing to do."""

import shutil

import nbformat
import pytest

import build
import reference
from damcompanion.mrs24 import experiments as mrs24
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.ranking import finished
from damcore.sweeps import Store, StoreError
from run import NotebookError
from stale import Packages
from toy_notebooks import write_notebook


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BOOK", tmp_path / "book")
    return tmp_path / "book"


def test_an_executed_notebook_is_fresh_for_its_digest_only_and_carries_no_paths(book, tmp_path):
    source = write_notebook(tmp_path / "toy.ipynb", "print(n + 1)")
    executed = book / "notebooks" / "toy.ipynb"
    assert not build.is_fresh(executed, "first")
    build.run_notebook(source, executed, {"n": 4}, "first")
    assert build.is_fresh(executed, "first")
    assert not build.is_fresh(executed, "second")
    notebook = nbformat.read(executed, as_version=4)
    assert notebook.cells[-1].outputs[0].text == "5\n"
    assert notebook.metadata.papermill.parameters == {"n": 4}
    assert str(tmp_path) not in executed.read_text()


def test_a_failing_notebook_is_named_and_its_last_good_run_is_kept(book, tmp_path):
    source = write_notebook(tmp_path / "toy.ipynb", "assert n < 3, 'n is too large'")
    executed = book / "notebooks" / "toy.ipynb"
    build.run_notebook(source, executed, {"n": 2}, "good")
    with pytest.raises(NotebookError, match=r"toy.ipynb \(n = 9\) failed in .*\[3\], AssertionError: n is too"):
        build.run_notebook(source, executed, {"n": 9}, "bad")
    assert build.is_fresh(executed, "good")


def test_a_damaged_executed_notebook_is_stale(tmp_path):
    (tmp_path / "cut.ipynb").write_text('{"cells": [')
    assert not build.is_fresh(tmp_path / "cut.ipynb", "any")


def test_stored_rows_count_for_the_notebooks_on_their_text():
    rows = build.stored_rows()
    modules = Packages("damcore", "damcompanion").graph.modules
    assert set(rows) == {name for name in modules if name.split(".")[2:] == ["experiments"]}
    counted = {file for files in rows.values() for file in files}
    committed = (build.RESULTS / "paper").rglob("*.parquet")
    assert counted >= {file.relative_to(build.RESULTS).as_posix() for file in committed}


def test_a_damaged_stored_file_stops_the_build_before_anything_is_made_and_stays_in_its_place(tmp_path, monkeypatch):
    sweep = mrs24.experiments("paper")["choice-k50"]
    store, committed = Store(tmp_path / "results" / "paper"), Store(build.RESULTS / "paper")
    shutil.copytree(committed.of(sweep), store.of(sweep))
    monkeypatch.setattr(build, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(build, "run_stale", lambda *_: pytest.fail("something was built"))
    build.check_rows()
    (path,) = store.files(sweep).values()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(StoreError, match="is damaged"):
        build.build()
    gallery = Gallery("paper", folder=tmp_path / "results")
    for ask in (gallery.rows, gallery.stored, lambda name: gallery.audit([name])):
        with pytest.raises(StoreError, match="is damaged"):
            ask("choice-k50")
    with pytest.raises(StoreError, match="is damaged"):
        finished(store, {"choice-k50": sweep})
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_the_built_book_is_of_what_lies_here(html):
    assert build.DIGEST.read_text() == build.html_digest(), "run `make book`"


def test_references_have_outputs_and_no_traces_of_the_run(tmp_path):
    notebook = write_notebook(tmp_path / "toy.ipynb", "print(n)")
    reference.refresh(notebook)
    text = notebook.read_text()
    assert '"2\\n"' in text
    for trace in ("papermill", "iopub", "start_time", str(tmp_path)):
        assert trace not in text
    assert [cell.metadata for cell in nbformat.read(notebook, as_version=4).cells] == [{}, {"tags": ["parameters"]}, {}]


def test_a_reference_is_left_alone_when_a_cell_fails(tmp_path):
    notebook = write_notebook(tmp_path / "toy.ipynb", "1 / 0")
    before = notebook.read_text()
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        reference.refresh(notebook)
    assert notebook.read_text() == before
