"""The examples in the docstrings: each runs and gives what it shows, and whatever a user calls has one."""

import ast
import doctest
import importlib.util
import inspect
import pkgutil
import pydoc
from pathlib import Path

import pytest

import damcore
from damcore import _kernels
from sources import public_docstrings

MODULES = ["damcore", *(found.name for found in pkgutil.walk_packages(damcore.__path__, "damcore."))]
ENTRIES = dict(public_docstrings(Path(damcore.__path__[0])))


def takes_arguments(name: str, docstring: str) -> bool:
    """Whether a reader calls it: a function, or a class or a method whose docstring describes arguments."""
    found = pydoc.locate(name)
    method = inspect.isclass(pydoc.locate(name.rpartition(".")[0]))
    return "Args:" in docstring or (inspect.isroutine(found) and not method)


CALLED = [name for name, text in ENTRIES.items() if takes_arguments(name, text)]


def examples(file: Path) -> list[doctest.DocTest]:
    """The docstrings of a file that hold examples; doctest itself would miss those of decorated functions."""
    found = []
    for node in ast.walk(ast.parse(file.read_text("utf8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            name, line = getattr(node, "name", file.stem), getattr(node, "lineno", 0)
            text = ast.get_docstring(node) or ""
            found.append(doctest.DocTestParser().get_doctest(text, {}, name, str(file), line))
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_kernels, "available", lambda: False)  # what they show needs no compiled loops
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_ONLY_FIRST_FAILURE)
    for test in examples(Path(importlib.util.find_spec(name).origin)):
        test.globs = vars(importlib.import_module(name)).copy()
        runner.run(test)
    assert runner.failures == 0, capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "an example leaves a file behind"


@pytest.mark.parametrize("name", CALLED)
def test_whatever_a_user_calls_has_an_example(name):
    assert ">>> " in ENTRIES[name], f"{name} has no example"


def test_what_a_user_calls_is_known():
    wanted = {"damcore.recall.recall", "damcore.scaling.Scaling.at", "damcore.sweeps.run", "damcore.interactions.named"}
    assert wanted <= set(CALLED)
    data = {"damcore.recall.Recall", "damcore.recall.Outcome", "damcore.sweeps.StoreError", "damcore.sweeps.Cell"}
    assert not data & set(CALLED)


def test_an_example_that_shows_something_else_is_noticed(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text(
        '@door\ndef double(x):\n    """Return 2 x.\n\n    Example:\n        >>> 2 * 2\n        5\n    """\n'
    )
    [test] = examples(file)
    assert doctest.DocTestRunner().run(test, out=lambda text: None).failed == 1
