"""Reads which equation a function implements from the `Source:` lines of docstrings.

    Source: MRS24 Eq. (8), (14); KH16 Eq. (13).

The reading is static: nothing of a package is imported.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

LABELS = r"\([\w.]+\)(?:,\s*\([\w.]+\))*"
REFERENCE = rf"[A-Z]+\d+\s+Eqs?\.\s*{LABELS}"
LINE = re.compile(rf"Source:\s*({REFERENCE}(?:;\s*{REFERENCE})*)[.)]")


def parse(docstring: str, where: str = "docstring") -> list[tuple[str, str]]:
    """The equations named in a docstring, in order, as pairs of a text's key and the equation's label.

    Args:
        docstring: the docstring.
        where: what to name in the error.

    Returns:
        Pairs such as ("MRS24", "8").

    Raises:
        ValueError: a `Source:` is not of the form `Source: MRS24 Eq. (8), (14); KH16 Eq. (13).`
    """
    docstring = re.sub(r"`[^`]*`", "", docstring)  # how to write such a line is not such a line
    lines = LINE.findall(docstring)
    if len(lines) != docstring.count("Source:"):
        raise ValueError(
            f"{where}: cannot read a `Source:` line; write it as `Source: MRS24 Eq. (8), (14); KH16 Eq. (13).`"
        )
    references = [reference.split(maxsplit=1) for line in lines for reference in line.split(";")]
    return [(key, label) for key, labels in references for label in re.findall(r"\(([\w.]+)\)", labels)]


def public_docstrings(folder: Path) -> Iterator[tuple[str, str]]:
    """Every public module, class, function and method of a package with its docstring, as (dotted name, docstring).

    A subpackage, at any depth, is public through the names that its `__init__` collects, and they go by its name:
    `damcore.datasets.mnist`, wherever in `datasets` that function is written. One that collects none is public through
    its modules, as the package itself is: `damcompanion.kh16.differences`.

    Args:
        folder: the package's folder.
    """
    subpackages = sorted(path.parent for path in folder.glob("*/**/__init__.py"))
    for package in (folder, *subpackages):
        parts = package.relative_to(folder).parts
        if any(part.startswith("_") for part in parts):
            continue
        name = ".".join((folder.name, *parts))
        tree = ast.parse((package / "__init__.py").read_text("utf8"))
        yield from _walk(name, tree)
        # Also what it collects in a `try`, which says what to install.
        collected = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        for file in sorted(package.glob("*.py")):
            module = ast.parse(file.read_text("utf8"))
            if parts and collected:
                for child in module.body:
                    if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name in collected:
                        yield from _walk(f"{name}.{child.name}", child)
            elif not file.stem.startswith("_"):
                yield from _walk(f"{name}.{file.stem}", module)


def public_data(folder: Path) -> Iterator[str]:
    """The dotted names of data of a package that a comment above them describes, one that begins with `#:`.

    Args:
        folder: the package's folder.
    """
    for file in sorted(folder.rglob("*.py")):
        lines = file.read_text("utf8").splitlines()
        parts = file.relative_to(folder).with_suffix("").parts
        module = ".".join([folder.name, *(part for part in parts if part != "__init__")])
        for node in ast.parse("\n".join(lines)).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if node.lineno > 1 and lines[node.lineno - 2].startswith("#:"):
                yield from (f"{module}.{target.id}" for target in targets if isinstance(target, ast.Name))


def _walk(name: str, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, str]]:
    if docstring := ast.get_docstring(node):
        yield name, docstring
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
                yield from _walk(f"{name}.{child.name}", child)


def sources(*folders: Path) -> dict[tuple[str, str], list[str]]:
    """Equation -> the dotted names of what implements it, as the `Source:` lines of packages say.

    Args:
        folders: the packages' folders.

    Returns:
        (key, label) to dotted names, such as ("MRS24", "8") to ["damcore.scaling.Scaling.original"].

    Raises:
        ValueError: a `Source:` line cannot be read.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for folder in folders:
        for name, docstring in public_docstrings(folder):
            for equation in parse(docstring, name):
                found.setdefault(equation, []).append(name)
    return found
