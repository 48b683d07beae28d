"""The names that others call, and what importing the package costs and leaves alone."""

import importlib
import inspect
import pydoc
import re
import subprocess
import sys

import pytest

import damcore
from damcore._moved import MOVED
from damcore.learning import train
from damcore.recall import recall


def test_public_names():
    assert set(damcore.__all__) >= {
        "DenseAssociativeMemory",
        "Scaling",
        "interactions",
        "network",
        "recall",
        "learning",
    }
    assert all(hasattr(damcore, name) for name in damcore.__all__)


def test_settings_that_callers_name_exist():
    assert {"order", "tie", "max_sweeps", "generator"} <= set(inspect.signature(recall).parameters)
    settings = inspect.signature(train).parameters
    assert [settings[name].default for name in ("decay", "momentum", "error_exponent", "floor", "on_nonfinite")] == [
        0.999, 0.0, 1, 1e-30, "raise",
    ]  # fmt: skip


def test_importing_draws_no_compiler_and_no_downloader():
    listing = "import sys, damcore; print(sorted({'numba', 'pooch', 'matplotlib', 'requests'} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("module, name", [(module, name) for module, names in MOVED.items() for name in names])
def test_a_moved_name_says_where_it_is(module, name):
    says = re.escape(f"`{module}.{name}` has moved to {MOVED[module][name]}.")
    with pytest.raises(ImportError, match=says):
        getattr(importlib.import_module(module), name)
    with pytest.raises(ImportError, match=says):
        exec(f"from {module} import {name}")


@pytest.mark.parametrize("place", [place for names in MOVED.values() for place in names.values()])
def test_what_moved_is_where_the_sentence_says(place):
    places = re.findall(r"damcompanion[.\w]*", place)
    assert places and all(pydoc.locate(found) is not None for found in places)


def test_a_name_that_never_was_is_an_ordinary_error():
    assert not hasattr(damcore, "plots")
    with pytest.raises(AttributeError, match="module 'damcore' has no attribute 'plots'"):
        damcore.plots  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'plots' from 'damcore'"):
        exec("from damcore import plots")
