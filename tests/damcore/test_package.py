"""The names that others call, and what importing the package costs and leaves alone."""

import inspect
import subprocess
import sys

import damcore
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
