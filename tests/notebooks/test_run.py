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


@pytest.mark.parametrize("text", ["5.0", "abc", "True", "[5]", "", "nan", "__import__('os')"])
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
        (["toy.ipynb", "out.ipynb", "-p", "n", "-3"], "failed in cell [3], AssertionError: n must be positive"),
    ],
)
def test_command_line_fails_with_one_message(notebook, tmp_path, arguments, message):
    result = run(*arguments, cwd=tmp_path)
    assert result.returncode != 0
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_failing_cell_names_the_value_and_lists_the_parameters(notebook, tmp_path):
    with pytest.raises(NotebookError, match=r"toy.ipynb \(n = -3\) failed") as error:
        execute(notebook, tmp_path / "out.ipynb", {"n": -3}, progress=False)
    assert str(error.value).endswith(table(parameters_of(notebook)))


def test_list_shows_the_parameters_and_runs_nothing(notebook, tmp_path):
    result = run("toy.ipynb", "--list", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.rstrip() == table(parameters_of(notebook))
    assert not (tmp_path / "build").exists()
