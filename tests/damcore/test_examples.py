"""The examples in the docstrings: each runs and gives what it shows, and what a user calls first has one."""

import ast
import doctest
import importlib.util
import pkgutil
import pydoc
from pathlib import Path

import pytest

import damcore
from damcore import _kernels

MODULES = ["damcore", *(found.name for found in pkgutil.walk_packages(damcore.__path__, "damcore."))]
FIRST_CALLS = [
    *(f"damcore.interactions.{name}" for name in ("Polynomial", "RectifiedPolynomial", "LeakyRectifiedPolynomial")),
    "damcore.interactions.Exponential",
    "damcore.Scaling",
    *(f"damcore.Scaling.{name}" for name in ("original", "modified", "at", "for_recall", "inside")),
    "damcore.network.energy",
    "damcore.network.energy_gap",
    "damcore.recall.recall",
    "damcore.recall.outcomes",
    *(f"damcore.learning.{name}" for name in ("gradient", "linear_anneal", "start", "advance", "train")),
    *(f"damcore.numerics.{name}" for name in damcore.numerics.__all__ if name != "Limits"),
    "damcore.DenseAssociativeMemory",
    *(f"damcore.DenseAssociativeMemory.{name}" for name in ("store", "train", "retrieve", "energy", "save", "load")),
    "damcore.classifier.Classifier",
    *(f"damcore.datasets.{name}" for name in damcore.datasets.__all__),
    "damcore.hopfield.hebb",
    "damcore.hopfield.recall",
]


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


@pytest.mark.parametrize("name", FIRST_CALLS)
def test_what_a_user_calls_first_has_an_example(name):
    documented = pydoc.locate(name)
    assert documented is not None, f"{name} does not exist"
    assert ">>> " in (documented.__doc__ or ""), f"{name} has no example"


def test_an_example_that_shows_something_else_is_noticed(tmp_path):
    file = tmp_path / "toy.py"
    file.write_text(
        '@door\ndef double(x):\n    """Return 2 x.\n\n    Example:\n        >>> 2 * 2\n        5\n    """\n'
    )
    [test] = examples(file)
    assert doctest.DocTestRunner().run(test, out=lambda text: None).failed == 1
