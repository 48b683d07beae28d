"""The examples in the docstrings of both packages: each runs and gives what it shows.

Whatever a user of damcore calls has one; for what a notebook imports, `book/test_api.py` sees to it.
"""

import ast
import doctest
import importlib
import inspect
import pydoc
from pathlib import Path

import pytest

import damcompanion
import damcore
from damcore import _kernels
from sources import public_docstrings

FOLDERS = [Path(package.__path__[0]) for package in (damcore, damcompanion)]
#: Dotted name of a module -> its file; nothing is imported to find it.
MODULES = {
    ".".join(file.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for folder in FOLDERS
    for file in sorted(folder.rglob("*.py"))
}
ENTRIES = dict(public_docstrings(FOLDERS[0]))


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
    for test in examples(MODULES[name]):
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


def test_the_examples_of_both_packages_are_found():
    found = {f"{name}.{test.name}" for name in MODULES for test in examples(MODULES[name])}
    assert {"damcore.scaling.Scaling", "damcompanion.claims.judge", "damcompanion.mrs24.claims.verdicts"} <= found


def test_an_example_that_shows_something_else_is_noticed(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text(
        '@door\ndef double(x):\n    """Return 2 x.\n\n    Example:\n        >>> 2 * 2\n        5\n    """\n'
    )
    [test] = examples(file)
    assert doctest.DocTestRunner().run(test, out=lambda text: None).failed == 1
