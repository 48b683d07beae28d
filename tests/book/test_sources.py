"""Reading `Source:` lines, and finding the tests and notebooks of an equation."""

import pytest

from mentions import all_tests, mentioning_notebooks, mentioning_tests
from pages import equations
from run import NAMES, ROOT
from sources import parse, public_docstrings, sources
from stale import Packages


@pytest.mark.parametrize(
    "docstring, equations",
    [
        ("No source.", []),
        ("F.\n\nSource: MRS24 Eq. (8).", [("MRS24", "8")]),
        (
            "F.\n\nSource: MRS24 Eq. (8), (14); KH16 Eq. (13).\n\nArgs:\n    x: y",
            [("MRS24", "8"), ("MRS24", "14"), ("KH16", "13")],
        ),
        ("F.\n\nSource: MRS24 Eq. (8),\n(14); KH16\nEq. (A.1).", [("MRS24", "8"), ("MRS24", "14"), ("KH16", "A.1")]),
        ("Homogeneous (Source: MRS24 Eq. (9)); see below.", [("MRS24", "9")]),
        ("Source: MRS24 Eq. (5). And then\nSource: KH16 Eq. (1).", [("MRS24", "5"), ("KH16", "1")]),
        ("Write `Source: MRS24 Eq. (8).` to name it.", []),
    ],
)
def test_parse(docstring, equations):
    assert parse(docstring) == equations


@pytest.mark.parametrize(
    "line",
    ["Source: MRS24 (8).", "Source: MRS24 Eq. 8.", "Source: Eq. (8).", "Source: MRS24 Eq. (8), 14.", "Source: a book"],
)
def test_refuses_a_line_it_cannot_read(line):
    with pytest.raises(ValueError, match=r"toy.F: cannot read a `Source:` line; write it as `Source: MRS24 Eq. \(8\)"):
        parse(f"F.\n\n{line}", "toy.F")


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "toy"
    (folder / "sub").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""The package."""\n')
    (folder / "shapes.py").write_text(
        'class Circle:\n    """A circle. Source: MRS24 Eq. (1)."""\n\n'
        '    def area(self):\n        """Its area. Source: MRS24 Eq. (2)."""\n\n'
        '    def _hidden(self):\n        """Source: MRS24 Eq. (3)."""\n\n\n'
        'def area():\n    """An area. Source: MRS24 Eq. (2)."""\n'
    )
    (folder / "_private.py").write_text('"""Source: MRS24 Eq. (4)."""\n')
    (folder / "sub" / "__init__.py").write_text("from toy.sub.inner import shown\n")
    (folder / "sub" / "inner.py").write_text(
        'def shown():\n    """Source: KH16 Eq. (5)."""\n\n\ndef kept_back():\n    """Source: KH16 Eq. (6)."""\n'
    )
    (folder / "room" / "deep").mkdir(parents=True)
    (folder / "room" / "__init__.py").write_text('"""A room that collects nothing."""\n')
    (folder / "room" / "checks.py").write_text('def check():\n    """Source: MRS24 Eq. (2)."""\n')
    (folder / "room" / "_helpers.py").write_text('def hidden():\n    """Source: MRS24 Eq. (3)."""\n')
    (folder / "room" / "deep" / "__init__.py").write_text("from toy.room.deep.inner import proof\n")
    (folder / "room" / "deep" / "inner.py").write_text('def proof():\n    """Source: MRS24 Eq. (9)."""\n')
    return folder


def test_sources_of_what_is_public(package):
    assert sources(package) == {
        ("MRS24", "1"): ["toy.shapes.Circle"],
        ("MRS24", "2"): ["toy.shapes.Circle.area", "toy.shapes.area", "toy.room.checks.check"],
        ("MRS24", "9"): ["toy.room.deep.proof"],
        ("KH16", "5"): ["toy.sub.shown"],
    }


def test_sources_of_two_packages_stand_together(package, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "__init__.py").write_text('"""Source: KH16 Eq. (5). And Source: KH16 Eq. (6)."""\n')
    both = sources(package, tmp_path / "more")
    assert both["KH16", "5"] == ["toy.sub.shown", "more"] and both["KH16", "6"] == ["more"]


def test_docstrings_of_what_is_public(package):
    names = [name for name, _ in public_docstrings(package)]
    assert names == [
        "toy", "toy.shapes.Circle", "toy.shapes.Circle.area", "toy.shapes.area",
        "toy.room", "toy.room.checks.check", "toy.room.deep.proof", "toy.sub.shown",
    ]  # fmt: skip


def test_tests_are_found_through_helpers_and_preferred_near_the_module(tmp_path):
    for name in ("toy/room", "book"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "toy" / "test_shapes.py").write_text(
        "CASES = [Circle(1)]\n\ndef helper(x):\n    return x.area()\n\n"
        "def test_table():\n    for case in CASES:\n        assert case\n\n"
        "def test_helper():\n    assert helper(1)\n\ndef test_nothing():\n    assert 1\n"
    )
    (tmp_path / "toy" / "test_else.py").write_text("def test_area():\n    assert area() and perimeter() and check()\n")
    (tmp_path / "toy" / "room" / "test_room.py").write_text("def test_check():\n    assert check() and area()\n")
    (tmp_path / "book" / "test_book.py").write_text("def test_page():\n    assert perimeter() and page() and check()\n")
    tests = all_tests(tmp_path)
    assert mentioning_tests("toy.shapes.Circle", tests) == ["toy/test_shapes.py::test_table"]
    assert mentioning_tests("toy.shapes.Circle.area", tests) == ["toy/test_shapes.py::test_helper"]
    assert mentioning_tests("toy.room.checks.check", tests) == ["toy/room/test_room.py::test_check"]
    assert mentioning_tests("toy.shapes.perimeter", tests) == ["toy/test_else.py::test_area"]
    assert mentioning_tests("toy.pages.page", tests) == ["book/test_book.py::test_page"]
    assert mentioning_tests("toy.shapes.volume", tests) == []


def test_notebooks_are_found_by_the_module_they_name_and_the_object_they_mention():
    packages = Packages("damcore", "damcompanion")
    codes = {
        "gap": "from damcore.network import energy_gap\nenergy_gap(x)",
        "method": "from damcore.scaling import Scaling\nScaling.original(1, 2)",
        "other": "from damcore.recall import recall\nrecall(x).energy_gap, x.mnist",
        "digits": "from damcore import datasets\ndatasets.mnist()",
        "check": "from damcompanion.mrs24 import proofs\nproofs.homogeneous()",
    }
    found = {
        name: mentioning_notebooks(name, codes, packages)
        for name in (
            "damcore.network.energy_gap", "damcore.scaling.Scaling.original", "damcore.datasets.mnist",
            "damcompanion.mrs24.proofs.homogeneous", "damcompanion.kh16.differences.homogeneous",
        )
    }  # fmt: skip
    assert list(found.values()) == [["gap"], ["method"], ["digits"], ["check"], []]


def test_the_page_of_equations_lists_the_functions_of_both_packages():
    page = equations(ROOT, Packages("damcore", "damcompanion"), NAMES)
    section = page.split("### MRS24 Eq. (13): ")[1].split("###")[0]
    assert "{py:obj}`network.energy_gap <damcore.network.energy_gap>`" in section
    assert "`mrs24.proofs.update_unchanged`" in section
    assert "`damcore/test_network.py::" in section
    assert "{doc}`../notebooks/proofs`" in section
