"""Which executed notebooks are out of date: a digest of everything that a notebook's outputs depend on.

The digest covers the notebook's sources, its parameters, the locked versions, and the bytes of the modules of damcore
and damcompanion that it uses, directly or through other modules. A change in one module therefore makes exactly those
notebooks stale that use it. Which stored rows it read is known when it was executed: it is stale where the files of one
of these experiments are others now. Names taken from
a package itself (`from damcore import Polynomial`) are followed to the module that `__init__` takes them from; the
`__init__` of a package must do nothing but collect names, or a change in it would go unnoticed.
"""

import ast
import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grimp
import nbformat


def code_of(notebook: Path) -> str:
    """The code cells of a notebook as one text; magics are not allowed, they would hide imports from the digest.

    Raises:
        ValueError: a cell is not plain Python.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    for source in sources:
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise ValueError(f"{notebook.name}: a code cell is not plain Python ({error.msg}): {error.text}") from None
    return "\n".join(sources)


def dotted(node: ast.AST) -> list[str]:
    """['a', 'b', 'c'] for the expression a.b.c; empty for anything that does not start at a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (front := dotted(node.value)):
        return [*front, node.attr]
    return []


class Packages:
    """The modules of importable packages and who imports whom, across all of them.

    Args:
        names: names of the packages, which must be importable.
    """

    def __init__(self, *names: str):
        self.folders = {name: _folder(name) for name in names}
        self.graph = grimp.build_graph(*names, cache_dir=None)
        self.exports = {name: self._exports(name) for name in names}

    def _exports(self, package: str) -> dict[str, str]:
        """Name -> module, as imported at the top of a package's `__init__`."""
        exports = {}
        for node in ast.walk(ast.parse((self.folders[package] / "__init__.py").read_text("utf8"))):
            if isinstance(node, ast.ImportFrom):
                source = ".".join(filter(None, [package if node.level else "", node.module]))
                for alias in node.names:
                    module = f"{source}.{alias.name}"
                    exports[alias.asname or alias.name] = module if module in self.graph.modules else source
        return {name: module for name, module in exports.items() if module in self.graph.modules}

    def resolve(self, parts: list[str]) -> str:
        """The module behind `damcore.x.y`: the longest path that is a module, or where `__init__` takes x from.

        The whole package stands for a name that cannot be followed: rather executed once too often.
        """
        for length in range(len(parts), 1, -1):
            if ".".join(parts[:length]) in self.graph.modules:
                return ".".join(parts[:length])
        return self.exports[parts[0]].get(parts[1], parts[0]) if len(parts) > 1 else parts[0]

    def used_directly(self, code: str) -> set[str]:
        """The modules of the packages that some code names."""
        tree = ast.parse(code)
        aliases: dict[str, list[str]] = {}
        used: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in self.folders:
                for alias in node.names:
                    path = [*str(node.module).split("."), alias.name]
                    used.add(self.resolve(path[:-1] if alias.name == "*" else path))
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    path = alias.name.split(".")
                    if path[0] in self.folders:
                        aliases[alias.asname or path[0]] = path if alias.asname else path[:1]
                        used.update([self.resolve(path)] if len(path) > 1 else [])
        # `import damcore`, then damcore.x.y: only the outermost attribute of a chain tells how far it goes.
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(tree):
            chain = dotted(node) if isinstance(node, ast.Attribute | ast.Name) and id(node) not in inner else []
            if chain and chain[0] in aliases:
                used.add(self.resolve([*aliases[chain[0]], *chain[1:]]))
        return used

    def used(self, code: str) -> set[str]:
        """The modules that some code uses, directly or through others.

        A subpackage comes with each of its modules, and with it what its `__init__` collects: nothing where that holds
        a docstring only, as for the texts of damcompanion. A whole package comes with all its modules.
        """
        used: set[str] = set()
        ahead = self.used_directly(code)
        while ahead:
            module = ahead.pop()
            used.add(module)
            if module in self.folders:
                ahead |= self.graph.find_descendants(module) - used
            elif (subpackage := module.rpartition(".")[0]) not in self.folders:
                ahead |= {subpackage} - used
            ahead |= self.graph.find_modules_directly_imported_by(module) - used
        return used

    def files(self, modules: Iterable[str]) -> list[Path]:
        """The source files of modules, with the data files that lie in a used subpackage."""
        files = set()
        for module in modules:
            package, *parts = module.split(".")
            path = self.folders[package].joinpath(*parts)
            if path.is_dir():
                files.add(path / "__init__.py")
                if parts:
                    files |= set(filter(_is_data, path.rglob("*")))
            else:
                files.add(path.with_suffix(".py"))
        return sorted(files)


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ValueError(f"The package {package} is not installed here; run `make env`.")
    return Path(spec.origin).parent


def _is_data(file: Path) -> bool:
    """Whether a file of a package is neither a module nor compiled from one, as numba's in __pycache__ are."""
    return file.is_file() and not file.suffix.startswith(".py") and "__pycache__" not in file.parts


def stored(results: Path) -> dict[str, str]:
    """Folder of an experiment, such as paper/original-coarse-0123456789abcdef -> a digest of the files it holds.

    Args:
        results: the folder of stored results.
    """
    states: dict[str, Any] = {}
    for file in sorted(results.rglob("*.parquet")):
        folder = file.parent.relative_to(results).as_posix()
        state = states.setdefault(folder, hashlib.sha256())
        state.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return {folder: state.hexdigest() for folder, state in states.items()}


def digest(notebook: Path, parameters: dict[str, object], lock: Path, packages: Packages) -> str:
    """A digest of everything but stored rows that the outputs of a notebook depend on.

    Args:
        notebook: path of the notebook.
        parameters: the parameters it is executed with.
        lock: the file of locked versions.
        packages: the packages it uses.
    """
    code = code_of(notebook)
    cells = [(cell.cell_type, cell.source) for cell in nbformat.read(notebook, as_version=4).cells]
    state = hashlib.sha256(json.dumps([cells, parameters, sys.version_info[:2]], sort_keys=True).encode())
    for file in [lock, *packages.files(packages.used(code))]:
        state.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return state.hexdigest()
