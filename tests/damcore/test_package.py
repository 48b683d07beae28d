"""The names that others call, and what importing the package costs and leaves alone."""

import ast
import importlib
import inspect
import pydoc
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import damcore
from damcore._moved import MOVED
from damcore.learning import train
from damcore.recall import recall

ROOT = Path(__file__).resolve().parents[2]


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


def said(code: str) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter says of some code."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def hiding(*packages: str) -> str:
    """Code after which these packages seem not to be installed."""
    return f"""
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {packages}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


SWEEPS = ("filelock", "pandas", "psutil", "pyarrow", "xarray")  # its extra
OTHERS = (*SWEEPS, "damcompanion", "distributed", "hypothesis", "matplotlib", "z3")  # sympy and mpmath are torch's, too


def test_importing_draws_no_compiler_no_downloader_and_nothing_of_the_companion():
    unwanted = {*OTHERS, "numba", "pooch", "requests"}
    loaded = said(f"import sys, damcore; print(sorted({unwanted} & set(sys.modules)))")
    assert loaded.stdout.strip() == "[]"


def test_the_library_works_without_the_packages_of_its_extras():
    code = """
import torch
from damcore import DenseAssociativeMemory

memory = DenseAssociativeMemory()
memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
print(memory.retrieve(torch.tensor([[1.0, 1.0, 1.0, -1.0]]), order="synchronous").states.tolist())
"""
    assert said(hiding(*OTHERS) + code).stdout.strip() == "[[1.0, 1.0, -1.0, -1.0]]"


@pytest.mark.parametrize("package", SWEEPS)
def test_sweeps_without_their_extra_say_what_to_install(package):
    found = said(hiding(package) + "import damcore.sweeps")
    last = f"ImportError: `damcore.sweeps` needs {package}; run `pip install damcore[sweeps]`."
    assert found.stderr.strip().splitlines()[-1] == last
    assert "During handling" not in found.stderr


def imported(folder: Path, *, besides: str = "-") -> set[str]:
    """The packages of others that the code below a folder imports, and not that below a folder within it."""
    names = set()
    for file in folder.rglob("*.py"):
        if besides not in file.relative_to(folder).parts:
            for node in ast.walk(ast.parse(file.read_text("utf8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add((node.module or "").split(".")[0])
    return names - sys.stdlib_module_names - {"damcore", "damcompanion"}


def test_dependencies_are_what_the_code_imports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]

    def declared(requirements: list[str]) -> set[str]:
        names = {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}
        return {"z3" if name == "z3-solver" else name for name in names} - {"damcore"}

    base, extras = declared(project["dependencies"]), project["optional-dependencies"]
    sweeps = base | declared(extras["sweeps"])
    # llvmlite is numba's, and urllib3 that of requests.
    assert imported(ROOT / "src/damcore", besides="sweeps") - {"llvmlite", "urllib3"} == base
    assert imported(ROOT / "src/damcore/sweeps") <= sweeps | declared(extras["cluster"])
    assert imported(ROOT / "src/damcompanion") <= sweeps | declared(extras["companion"] + extras["proofs"])
    assert {"damcore[companion,proofs]"} <= set(extras["book"])


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
