"""The pages of the API: every module once, what users import first at the top, and whatever a notebook imports.

What a notebook imports also has an example, which `test_examples.py` runs.
"""

import ast
import inspect
import pydoc
import re
from enum import Enum
from pathlib import Path

import pytest
import yaml

import api
import build
import damcompanion
import damcore
from damcompanion.claims import judge
from run import NAMES, ROOT
from sources import public_data, public_docstrings
from stale import code_of

FOLDERS = [Path(package.__path__[0]) for package in (damcore, damcompanion)]
WRITTEN = api.api(*FOLDERS)
MODULES = api.modules(*FOLDERS)
DOCUMENTED = [name for names in MODULES.values() for name in names]


def described(page: str) -> list[str]:
    return re.findall(r"automodule:: (\S+)", WRITTEN[page])


def test_every_module_is_on_one_page_but_the_packages_themselves():
    found = [module for page in WRITTEN for module in described(page)]
    assert len(found) == len(set(found))
    assert set(MODULES) - set(found) <= {name for name, names in MODULES.items() if not names}
    assert {"damcore.datasets", "damcompanion.texts", "damcompanion.kh16.differences"} <= set(found)
    assert not {"damcore.datasets.mnist", "damcore._checks", "damcore.numerics.gap"} & set(found)


def test_what_users_import_first_comes_first():
    order = ["model", "recall", "learning", "interactions", "scaling", "network", "classifier", "datasets", "numerics"]
    assert list(WRITTEN)[:10] == ["api", *(f"api/{name}" for name in order)]
    libraries = [all(module.startswith("damcore.") for module in described(page)) for page in list(WRITTEN)[1:]]
    assert libraries == sorted(libraries, reverse=True), "damcompanion stands after damcore"


def test_the_table_of_contents_has_these_pages_in_this_order():
    toc = yaml.safe_load((build.BOOK / "_toc.yml").read_text("utf8"))
    chapters = {chapter["file"]: chapter for part in toc["parts"] for chapter in part["chapters"]}
    sections = [section["file"] for section in chapters["generated/api"]["sections"]]
    assert sections == [f"generated/{page}" for page in list(WRITTEN)[1:]]
    assert {f"{section}.html" for section in sections} <= set(build.expected_pages())


def test_the_list_leads_to_every_module_and_keeps_the_anchors_of_older_links():
    for page, (title, _) in api.PAGES.items():
        assert f"{{doc}}`{title} <api/{page}>`" in WRITTEN["api"]
        for module in described(f"api/{page}"):
            assert f'<span id="module-{module}">' in WRITTEN["api"]
    assert '<span id="damcore.recall.recall"></span>{py:obj}`recall <damcore.recall.recall>`' in WRITTEN["api"]


def test_what_a_module_keeps_back_is_not_in_the_list():
    assert "damcore.network.energy_gap" in DOCUMENTED and "damcore.network.overlaps" not in DOCUMENTED
    assert "damcompanion.mrs24.proofs.learning.RIVALS" in DOCUMENTED, "it lies in a module of the subpackage"


def test_what_is_taken_out_of_a_long_module_has_a_page_of_its_own():
    assert ":exclude-members: " in WRITTEN["api/sweeps"] and "Store" in WRITTEN["api/sweeps"]
    assert ".. autoclass:: damcore.sweeps.Store" in WRITTEN["api/sweeps-running"]
    assert ".. autofunction:: damcore.sweeps.run" in WRITTEN["api/sweeps-running"]
    assert WRITTEN["api"].count('id="damcore.sweeps.run"') == 1
    assert set(DOCUMENTED) >= api.TAKEN_OUT


def test_data_of_a_subpackage_come_one_by_one_under_the_module_that_has_them():
    page = WRITTEN["api/mrs24-maps"]
    assert ".. autodata:: damcompanion.mrs24.experiments.beyond.CHOICES" in page
    assert ".. autodata:: damcompanion.mrs24.ranking.FEATURES" not in page, "its module is described as a whole"


def imported(name: str) -> list[tuple[str, str]]:
    """Module and name of whatever a notebook imports from the packages."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(code_of(ROOT / "notebooks" / f"{name}.ipynb")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("damcore", "damcompanion")
        for alias in node.names
    ]


def is_described(module: str, name: str) -> bool:
    """Whether the API has what a module calls by this name, wherever it is written."""
    if f"{module}.{name}" in MODULES:
        return True
    meant = pydoc.locate(f"{module}.{name}")
    return meant is not None and any(
        entry.endswith(f".{name}") and pydoc.locate(entry) is meant for entry in DOCUMENTED
    )


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_notebook_imports_is_in_the_api(name):
    missing = [f"{module}.{entry}" for module, entry in imported(name) if not is_described(module, entry)]
    assert missing == [], "functions need a docstring, data a comment above them that begins with `#:`"


def test_a_name_that_the_api_does_not_have_is_noticed():
    assert is_described("damcore.network", "Scaling") and is_described("damcompanion.mrs24.regions", "NEAR")
    assert not is_described("damcompanion.mrs24.experiments.beyond", "CONFIRMED")


def lacks_example(meant: object) -> bool:
    """Whether it is a function or a class without an example in its docstring; data need none."""
    return (inspect.isroutine(meant) or inspect.isclass(meant)) and ">>> " not in (meant.__doc__ or "")


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_notebook_imports_has_an_example(name):
    names = [f"{module}.{entry}" for module, entry in imported(name)]
    assert [entry for entry in names if lacks_example(pydoc.locate(entry))] == []


def test_a_function_or_class_without_an_example_is_noticed():
    def double(x: int) -> int:
        """Return 2 x, as `2 * x` does."""
        return 2 * x

    class Kind(Enum):
        """One of one."""

        ONE = 1

    class Silent:
        pass

    assert all(map(lacks_example, (double, Kind, Silent)))
    assert ("damcompanion.claims", "judge") in imported("proofs") and not lacks_example(judge)
    assert not lacks_example(NAMES) and not lacks_example(api), "data and modules are not called"


def test_what_a_subpackage_collects_in_a_try_is_public_too():
    assert {"damcore.sweeps.run", "damcore.sweeps.Store"} <= {name for name, _ in public_docstrings(FOLDERS[0])}


def test_data_are_public_by_the_comment_above_them(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "__init__.py").write_text("#: Here.\nHERE: int = 1\n")
    (tmp_path / "toy" / "shapes.py").write_text("#: Sides.\nSIDES = 4\n# Not shown.\nHIDDEN = 1\nLAST = 2  #: beside\n")
    assert list(public_data(tmp_path / "toy")) == ["toy.HERE", "toy.shapes.SIDES"]
