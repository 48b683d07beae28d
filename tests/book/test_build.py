"""Executing notebooks for the book, refreshing their references, and knowing when there is nothing to do."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest

import build
import reference
from damcompanion.mrs24 import experiments as mrs24
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.ranking import finished
from damcore.sweeps import Store, StoreError
from run import NotebookError
from stale import stored
from synthetic import store_sweep
from toy_notebooks import write_notebook


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "BOOK", tmp_path / "book")
    (tmp_path / "notebooks").mkdir()
    return tmp_path / "book"


def page(title: str = "") -> build.Page:
    return build.Page("toy", "toy", title, {})


def test_an_executed_notebook_is_fresh_for_its_digest_only_and_carries_no_paths(book, tmp_path):
    write_notebook(page().source, "print(n + 1)")
    executed = book / "notebooks" / "toy.ipynb"
    assert not build.is_fresh(executed, "first", {})
    build.run_notebook(page(), {"n": 4}, "first", {})
    assert build.is_fresh(executed, "first", {})
    assert not build.is_fresh(executed, "second", {})
    notebook = nbformat.read(executed, as_version=4)
    assert notebook.cells[-1].outputs[0].text == "5\n"
    assert notebook.metadata.papermill.parameters == {"n": 4}
    assert str(tmp_path) not in executed.read_text()


def test_a_page_of_a_family_has_a_title_of_its_own(book):
    write_notebook(page().source, "print(n + 1)")
    build.run_notebook(page("Another"), {"n": 4}, "first", {})
    folded = [
        cell
        for cell in nbformat.read(page().executed, as_version=4).cells
        if "injected-parameters" in cell.metadata.tags
    ]
    assert [cell.metadata.tags for cell in folded] == [["injected-parameters", "hide-input"]]
    before, after = (nbformat.read(path, as_version=4).cells[0].source for path in (page().source, page().executed))
    assert before.splitlines()[1:] == after.splitlines()[1:] and after.startswith("# Another\n")


def test_a_failing_notebook_is_named_and_its_last_good_run_is_kept(book, tmp_path):
    write_notebook(page().source, "assert n < 3, 'n is too large'")
    executed = book / "notebooks" / "toy.ipynb"
    build.run_notebook(page(), {"n": 2}, "good", {})
    with pytest.raises(NotebookError, match=r"toy.ipynb \(n = 9\) failed in .*\[3\], AssertionError: n is too"):
        build.run_notebook(page(), {"n": 9}, "bad", {})
    assert build.is_fresh(executed, "good", {})


@pytest.mark.parametrize(
    "content",
    ['{"cells": [', "[]", "null", "7", '"text"', "{}", "[" * 100_000, "\0", '{"nbformat": 4}', '{"metadata": []}',
     '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"damcore": []}, "cells": []}',
     '{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": [], "damcore": {"digest": "any"}}, "cells": []}',
     '{"nbformat": 4, "nbformat_minor": "5", "metadata": {"damcore": {"digest": "any"}}, "cells": []}'],
)  # fmt: skip
def test_a_damaged_executed_notebook_is_executed_again(tmp_path, content):
    (tmp_path / "cut.ipynb").write_text(content)
    assert not build.is_fresh(tmp_path / "cut.ipynb", "any", {})


READS = """
from pathlib import Path
from damcompanion.mrs24.figures import Gallery
gallery = Gallery("smoke", folder=Path(folder))
print(len(gallery.rows("modified-coarse")), gallery.stored("original-coarse"), len(gallery.sweeps) > 2)
"""


def test_other_rows_make_a_notebook_stale_that_asked_for_them_and_no_other(book, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "RESULTS", tmp_path / "results")
    gallery = Gallery("smoke", folder=build.RESULTS)
    store_sweep(gallery.store, gallery.sweeps["modified-coarse"], lambda cell: 1.0)
    parameters = f"folder = {str(build.RESULTS)!r}  # of the rows"
    write_notebook(page().source, READS, parameters=parameters)
    executed = book / "notebooks" / "toy.ipynb"
    build.run_notebook(page(), {}, "first", stored(build.RESULTS))
    assert str(build.RESULTS) not in json.dumps(nbformat.read(executed, as_version=4).metadata)

    def fresh():
        return build.is_fresh(executed, "first", stored(build.RESULTS))

    def folder(name):
        return gallery.store.of(gallery.sweeps[name])

    assert fresh()
    quick = build.RESULTS / "quick" / folder("modified-coarse").name
    shutil.copytree(folder("modified-coarse"), quick)
    store_sweep(gallery.store, gallery.sweeps["modified-fine"], lambda cell: 1.0)
    assert fresh(), "it shows neither"
    store_sweep(gallery.store, gallery.sweeps["original-coarse"], lambda cell: 1.0)
    assert not fresh(), "it said that this one is missing"
    shutil.rmtree(folder("original-coarse"))
    assert fresh()
    (file,) = folder("modified-coarse").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert not fresh(), "other bytes under the same name"


SLEEPS = """
import pathlib, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(100)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_process_ends_with_the_build_that_started_it(tmp_path, how):
    said = tmp_path / "child"
    code = f"import build, sys; build.attended({SLEEPS!r}, [{str(said)!r}], sys.stdout)"
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    heeds = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  (what runs in the background ignores it)
    command = [sys.executable, "-c", code]
    parent = subprocess.Popen(command, env=os.environ | paths, stderr=subprocess.DEVNULL, preexec_fn=heeds)
    child = until(lambda: said.exists() and psutil.Process(int(said.read_text())), parent)
    parent.send_signal(how)
    assert parent.wait(30) != 0
    child.wait(30)


def until(found, parent):
    """What `found` finds, within a minute."""
    for _ in range(600):
        with contextlib.suppress(ValueError):  # the file is there, but not yet its text
            if value := found():
                return value
        assert parent.poll() is None
        time.sleep(0.1)
    raise AssertionError("nothing came")


def test_an_attended_process_gives_its_status_output_and_arguments(tmp_path):
    with (tmp_path / "log").open("w") as log:
        assert build.attended("print(sys.argv[1:]); sys.exit(3)", ["a", "b"], log) == 3
    assert (tmp_path / "log").read_text() == "['a', 'b']\n"


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
