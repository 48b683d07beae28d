"""Finds, without running anything, which tests and notebooks mention a function."""

import ast
from pathlib import Path

from stale import Packages

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


def names_in(node: ast.AST) -> set[str]:
    """Every name and attribute that occurs in a piece of code."""
    names = {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}
    return names | {child.attr for child in ast.walk(node) if isinstance(child, ast.Attribute)}


def defined(node: Definition) -> list[str]:
    """The names that a definition or an assignment binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [child.id for target in targets for child in ast.walk(target) if isinstance(child, ast.Name)]


def names_by_test(file: Path) -> dict[str, set[str]]:
    """Test function -> the names it mentions, itself or through helpers and constants of the same file.

    Args:
        file: path of a test module.
    """
    local: dict[str, set[str]] = {}
    for node in ast.parse(file.read_text("utf8")).body:
        if isinstance(node, Definition):
            local.update(dict.fromkeys(defined(node), names_in(node)))
    found = {}
    for test in (name for name in local if name.startswith("test_")):
        reached: set[str] = set()
        ahead = {test}
        while ahead:
            name = ahead.pop()
            reached.add(name)
            ahead |= (local.get(name, set()) & local.keys()) - reached
        found[test] = set().union(*(local[name] for name in reached))
    return found


def all_tests(folder: Path) -> dict[str, set[str]]:
    """`folder/test_file.py::test_name` -> the names it mentions, for every test module below a folder."""
    return {
        f"{file.relative_to(folder).as_posix()}::{test}": names
        for file in sorted(folder.rglob("test_*.py"))
        for test, names in names_by_test(file).items()
    }


def mentioning_tests(name: str, tests: dict[str, set[str]]) -> list[str]:
    """The tests that mention an object, in the order of their files.

    Names are looked up without their module, and a test elsewhere may mean another object of that name. So the nearest
    tests count: those of the object's module (damcore/test_recall.py mirrors damcore.recall), else those of the folder
    around it (damcore/sweeps/ mirrors damcore.sweeps), and so on outwards; all tests where none of these mentions it.

    Args:
        name: dotted name of the object, such as damcore.scaling.Scaling.original.
        tests: what `all_tests` returns.
    """
    parts = name.split(".")
    found = [test for test, names in tests.items() if parts[-1] in names]
    for length in range(len(parts), 0, -1):
        *folders, module = parts[:length]
        near = tuple("/".join([*folders, end]) for end in (f"test_{module}.py::", f"{module}/"))
        if nearest := [test for test in found if test.startswith(near)]:
            return nearest
    return found


def mentioning_notebooks(name: str, notebooks: dict[str, str], packages: Packages) -> list[str]:
    """The notebooks that name the module of an object, or the subpackage that collects it, and mention the object.

    Args:
        name: dotted name of the object.
        notebooks: notebook to its code.
        packages: those of the object and the notebooks.
    """
    *parts, last = name.split(".")
    around = {".".join(parts[:length]) for length in range(2, len(parts) + 1)} | {name}
    return [
        notebook
        for notebook, code in notebooks.items()
        if last in names_in(ast.parse(code)) and around & packages.used_directly(code)
    ]
