"""Reading `Source:` lines, and finding the tests and notebooks of an equation."""

import pytest

from mentions import all_tests, mentioning_tests
from sources import parse, public_docstrings, sources


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
    return folder


def test_sources_of_what_is_public(package):
    assert sources(package) == {
        ("MRS24", "1"): ["toy.shapes.Circle"],
        ("MRS24", "2"): ["toy.shapes.Circle.area", "toy.shapes.area"],
        ("KH16", "5"): ["toy.sub.shown"],
    }


def test_docstrings_of_what_is_public(package):
    names = [name for name, _ in public_docstrings(package)]
    assert names == ["toy", "toy.shapes.Circle", "toy.shapes.Circle.area", "toy.shapes.area", "toy.sub.shown"]


def test_tests_are_found_through_helpers_and_preferred_in_the_module_s_own_file(tmp_path):
    (tmp_path / "test_shapes.py").write_text(
        "CASES = [Circle(1)]\n\ndef helper(x):\n    return x.area()\n\n"
        "def test_table():\n    for case in CASES:\n        assert case\n\n"
        "def test_helper():\n    assert helper(1)\n\ndef test_nothing():\n    assert 1\n"
    )
    (tmp_path / "test_else.py").write_text("def test_area():\n    assert area() and perimeter()\n")
    tests = all_tests(tmp_path)
    assert mentioning_tests("toy.shapes.Circle", tests) == ["test_shapes.py::test_table"]
    assert mentioning_tests("toy.shapes.Circle.area", tests) == ["test_shapes.py::test_helper"]
    assert mentioning_tests("toy.shapes.perimeter", tests) == ["test_else.py::test_area"]
    assert mentioning_tests("toy.shapes.volume", tests) == []
