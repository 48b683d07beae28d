"""What the strict wrapper around papermill refuses, and what it says."""

import subprocess
import sys

import nbformat
import pytest

from run import ROOT, NotebookError, checked, execute, parameters_of, table
from toy_notebooks import write_notebook

PARAMETERS = """n = 5  # interaction vertex
rate = 0.1  # learning rate
verbose = False  # say more
name = "plain"  # what to call it
sizes = [1, 2]  # numbers of neurons
rates = [0.5]  # learning rates
"""


@pytest.fixture
def notebook(tmp_path):
    return write_notebook(
        tmp_path / "toy.ipynb", "assert n > 0, 'n must be positive'", "print(n, rate, sizes)", parameters=PARAMETERS
    )


def run(*arguments, cwd):
    command = [sys.executable, str(ROOT / "notebooks" / "run.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("n", "7", 7),
        ("n", "-7", -7),
        ("rate", "1e-3", 0.001),
        ("rate", "-1e-3", -0.001),
        ("rate", "2", 2.0),
        ("verbose", "true", True),
        ("verbose", "False", False),
        ("name", "7", "7"),
        ("sizes", "[3, 4, 5]", [3, 4, 5]),
        ("sizes", "[]", []),
        ("rates", "[1, 0.5]", [1.0, 0.5]),
    ],
)
def test_words_of_the_command_line_become_values(notebook, name, text, value):
    parsed = checked(notebook, {name: text}, text=True)[name]
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("n", 2.0, "`n` must be int, got 2.0"),
        ("n", True, "`n` must be int, got True"),
        ("n", "abc", "`n` must be int, got 'abc'"),
        ("rate", "fast", "`rate` must be float, got 'fast'"),
        ("rate", False, "`rate` must be float, got False"),
        ("verbose", 1, "`verbose` must be bool, got 1"),
        ("name", 3, "`name` must be str, got 3"),
        ("sizes", 3, "`sizes` must be list of int, got 3"),
        ("sizes", [1, 2.5], "`sizes` must be int, got 2.5"),
        ("m", 3, "`m` is not a parameter of toy.ipynb"),
    ],
)
def test_refuses_and_lists_what_is_valid(notebook, name, value, message):
    with pytest.raises(NotebookError) as error:
        checked(notebook, {"n": 1, name: value})
    assert message in str(error.value)
    assert str(error.value).endswith(table(parameters_of(notebook)))


@pytest.mark.parametrize(
    "name, text", [("rate", "1e400"), ("rate", "-1e999"), ("rate", "9" * 400), ("rates", "[1e400]")]
)
def test_refuses_a_number_beyond_the_range(notebook, name, text):
    with pytest.raises(NotebookError, match=f"`{name}` must be a finite float, got -?inf"):
        checked(notebook, {name: text}, text=True)


@pytest.mark.parametrize("text", ["1j", "{1}", "None", "[None]", "[1e400]", "[1j]", "[b'']"])
def test_a_list_of_anything_holds_what_a_notebook_can_hold(tmp_path, text):
    notebook = write_notebook(tmp_path / "any.ipynb", parameters="values = []  # of any type")
    assert checked(notebook, {"values": "[1, 0.5, 'a', [True]]"}, text=True) == {"values": [1, 0.5, "a", [True]]}
    with pytest.raises(NotebookError, match="`values` must be"):
        checked(notebook, {"values": text}, text=True)


def test_refuses_text_that_is_no_utf8(notebook):
    with pytest.raises(NotebookError, match="`name` must be text in UTF-8"):
        checked(notebook, {"name": "\udcff"}, text=True)


NO_NOTEBOOKS = {
    "list": "[]", "null": "null", "number": "7", "object": "{}", "nested": "[" * 100_000, "empty": "", "cut": "{",
    "no cells": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells of text": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ["print(1)"]}',
    "no kernel": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
    "old": '{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
    "minor": '{"nbformat": 4, "nbformat_minor": "x", "metadata": {}, "cells": []}',
    "latin": b'"\xff"',
}  # fmt: skip


@pytest.mark.parametrize("content", NO_NOTEBOOKS.values(), ids=NO_NOTEBOOKS)
def test_refuses_what_is_no_notebook(tmp_path, content):
    path = tmp_path / "toy.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NotebookError, match=r"toy.ipynb (is no notebook|names no kernel of Python)") as error:
        checked(path, {})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["5.0", "abc", "True", "[5]", "", "nan", "__import__('os')", "{[]: 1}", "[" * 1000])
def test_refuses_words_that_are_no_int(notebook, text):
    with pytest.raises(NotebookError, match="`n` must be int, got"):
        checked(notebook, {"n": text}, text=True)


def test_table_shows_defaults_types_and_comments(notebook):
    lines = table(parameters_of(notebook)).splitlines()
    assert lines[0].split() == ["n", "=", "5", "int", "interaction", "vertex"]
    assert lines[4].split() == ["sizes", "=", "[1,", "2]", "list", "of", "int", "numbers", "of", "neurons"]


@pytest.mark.parametrize("default", ["None", "2 * 3", "(1, 2)"])
def test_refuses_a_default_without_a_type(tmp_path, default):
    notebook = write_notebook(tmp_path / "bad.ipynb", parameters=f"n = {default}  # vertex")
    with pytest.raises(NotebookError, match=r"bad.ipynb: the default of `n`, .* must be a literal"):
        parameters_of(notebook)


def test_execute_hands_values_over(notebook, tmp_path):
    seconds = execute(notebook, tmp_path / "deep" / "out.ipynb", {"n": 2, "rate": 3}, progress=False)
    assert 0 < seconds < 300
    output = nbformat.read(tmp_path / "deep" / "out.ipynb", as_version=4).cells[-1].outputs[0].text
    assert output == "2 3.0 [1, 2]\n"


def test_command_line_runs_from_any_folder(notebook, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = run("../toy.ipynb", "out.ipynb", "-p", "n", "3", "-p", "sizes", "[4]", cwd=elsewhere)
    assert result.returncode == 0, result.stderr
    assert "toy: " in result.stdout
    assert " s, written to out.ipynb" in result.stdout
    assert "3 0.1 [4]" in (elsewhere / "out.ipynb").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["toy.ipynb", "-p", "m", "3"], "error: `m` is not a parameter of toy.ipynb. Its parameters are:"),
        (["toy.ipynb", "-p", "n", "abc"], "error: `n` must be int, got 'abc'. Its parameters are:"),
        (["gone.ipynb"], "error: Cannot read the notebook gone.ipynb"),
        (["no_such_name"], "no_such_name.ipynb"),
        (["toy.ipynb", "toy.ipynb/out.ipynb"], "error: Cannot write toy.ipynb/out.ipynb: "),
        (["toy.ipynb", "empty"], "error: Cannot write empty: Is a directory. Choose another output."),
        (["toy.ipynb", "."], "error: Cannot write .: Is a directory. Choose another output."),
        (
            ["toy.ipynb", "toy.ipynb"],
            "error: Cannot write toy.ipynb: it is the notebook itself. Choose another output.",
        ),
        (["toy.ipynb", "link.ipynb"], "error: Cannot write link.ipynb: it is the notebook itself."),
        (["toy.ipynb", "o" * 300], "File name too long. Choose another output."),
        (["o" * 300], "File name too long."),
        (["toy.ipynb", "/dev/full"], "No space left on device."),
        (["toy.ipynb", "out.ipynb", "-p", "n", "-3"], "failed in cell [3], AssertionError: n must be positive"),
    ],
)
def test_command_line_fails_with_one_message(notebook, tmp_path, arguments, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link.ipynb").symlink_to("toy.ipynb")
    before = notebook.read_text()
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert notebook.read_text() == before


def test_a_switch_shows_where_an_error_comes_from(tmp_path):
    result = run("gone.ipynb", "--traceback", cwd=tmp_path)
    assert result.returncode == 1
    assert "FileNotFoundError" in result.stderr and "in read" in result.stderr
    assert result.stderr.endswith("error: Cannot read the notebook gone.ipynb: No such file or directory.\n")


def test_an_output_that_cannot_be_written_is_one_line(notebook):
    code = [sys.executable, str(ROOT / "notebooks" / "run.py"), "toy.ipynb", "--list"]
    with open("/dev/full", "w") as full:
        result = subprocess.run(code, cwd=notebook.parent, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert result.stderr == "error: Cannot write to the standard output: No space left on device.\n"


def test_a_failing_cell_names_the_value_and_lists_the_parameters(notebook, tmp_path):
    with pytest.raises(NotebookError, match=r"toy.ipynb \(n = -3\) failed") as error:
        execute(notebook, tmp_path / "out.ipynb", {"n": -3}, progress=False)
    assert str(error.value).endswith(table(parameters_of(notebook)))


def test_list_shows_the_parameters_and_runs_nothing(notebook, tmp_path):
    result = run("toy.ipynb", "--list", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.rstrip() == table(parameters_of(notebook))
    assert not (tmp_path / "build").exists()
