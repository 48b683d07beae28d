"""The generated pages of the book: the equations and what implements them, and the status of the build."""

import datetime
import importlib
import importlib.metadata
import os
import platform
import re
import subprocess
from pathlib import Path

import nbformat
import pandas as pd

from damcompanion.mrs24.figures import Gallery
from damcompanion.texts import PAPERS
from mentions import all_tests, mentioning_notebooks, mentioning_tests
from sources import sources
from stale import Packages, code_of

SHOWN_TESTS = 3  # a row names this many tests and counts the others
SHOWN_VERSIONS = ["torch", "numpy", "numba", "matplotlib", "papermill", "jupyter-book", "sphinx"]


def write(page: Path, text: str) -> None:
    """Write a generated page, if its text changed."""
    page.parent.mkdir(parents=True, exist_ok=True)
    if not page.exists() or page.read_text("utf8") != text:
        page.write_text(text, "utf8")


def code(text: str) -> str:
    """Return text from a file as code in a cell of a table; what could end the code or the cell becomes a `?`."""
    return "`" + (re.sub(r"[^\w .:+-]", "?", text) or "?") + "`"


def equations(root: Path, packages: Packages, notebooks: list[str]) -> str:
    """The page equation -> function -> test -> notebook.

    Args:
        root: the repository.
        packages: the library and the companion.
        notebooks: names of the book's notebooks.

    Raises:
        ValueError: a `Source:` line names a text or an equation that `damcompanion.texts` does not have.
    """
    implemented = sources(*packages.folders.values())
    tests = all_tests(root / "tests")
    codes = {name: code_of(root / "notebooks" / f"{name}.ipynb") for name in notebooks}
    for (key, label), objects in implemented.items():
        if key not in PAPERS or label not in PAPERS[key].equations:
            raise ValueError(
                f"{', '.join(objects)}: `Source: {key} Eq. ({label})` is not in src/damcompanion/texts.py."
            )
    lines = [
        "# Equation, function, test, notebook",
        "",
        "Each equation of the texts that is implemented, the functions of `damcore` whose docstrings name it as their",
        "source, those of `damcompanion` that check what the texts say of it, tests that mention these functions,",
        "and the notebooks that use them. The page is made from the code at every build.",
    ]
    for paper in PAPERS.values():
        lines += ["", f"## {paper.key}", "", f"{paper.citation} {{cite}}`{paper.key}`.", ""]
        for label, title in paper.equations.items():
            objects = implemented.get((paper.key, label), [])
            found = list(dict.fromkeys(test for name in objects for test in mentioning_tests(name, tests)))
            shown = [f"`{test}`" for test in found[:SHOWN_TESTS]]
            shown += [f"and {len(found) - SHOWN_TESTS} more"] if len(found) > SHOWN_TESTS else []
            using = {notebook for name in objects for notebook in mentioning_notebooks(name, codes, packages)}
            used = [f"{{doc}}`../notebooks/{name}`" for name in notebooks if name in using]
            # A target such as mrs24-eq-8, for the chapters to link to.
            lines += ["", f"({paper.key}-eq-{label})=".lower(), f"### {paper.key} Eq. ({label}): {title}", ""]
            library = [name for name in objects if name.startswith("damcore.")]
            checks = [f"`{name.removeprefix('damcompanion.')}`" for name in objects if name not in library]
            lines += [
                "- Functions: " + (", ".join(_link(packages.folders["damcore"], name) for name in library) or "none")
            ]
            lines += ["- Checks in `damcompanion`: " + (", ".join(checks) or "none")]
            lines += ["- Tests: " + (", ".join(shown) or "none"), "- Notebooks: " + (", ".join(used) or "none")]
    return "\n".join(lines) + "\n"


def is_module(package: Path, name: str) -> bool:
    """Whether a public name of a package is that of a module, or of a subpackage."""
    path = package.joinpath(*name.split(".")[1:])
    if not path.with_suffix(".py").exists():
        return path.is_dir()
    # A subpackage may collect a function that has the name of its module: damcore.datasets.mnist.
    around, _, last = name.rpartition(".")
    return not callable(getattr(importlib.import_module(around), last, None))


def _link(package: Path, name: str) -> str:
    role = "py:mod" if is_module(package, name) else "py:obj"
    return f"{{{role}}}`{name.removeprefix('damcore.')} <{name}>`"


def commit(root: Path) -> str:
    """The commit that is built, and whether the working tree differs from it.

    A copy of the files may lie in somebody else's repository, whose commits do not hold them.
    """
    try:
        git = ["git", "-C", str(root)]
        subprocess.run([*git, "ls-files", "--error-unmatch", "pyproject.toml"], capture_output=True, check=True)
        name = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown (built outside a git repository)"
    return name.stdout.strip() + (", with uncommitted changes" if changes.stdout.strip() else "")


def status(root: Path, executed: list[Path], gallery: Gallery) -> str:
    """The status page: what was built from what, with which versions, how long it took, and what the maps cost.

    Args:
        root: the repository.
        executed: the executed notebooks, in the order of the book.
        gallery: the stored maps.
    """
    lines = [
        "# Status of this build",
        "",
        "| | |",
        "|---|---|",
        f"| damcore | {importlib.metadata.version('damcore')} |",
        f"| commit | {commit(root)} |",
        f"| machine | {platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores |",
        f"| Python | {platform.python_version()} |",
    ]
    lines += [f"| {name} | {importlib.metadata.version(name)} |" for name in SHOWN_VERSIONS]
    lines += ["", "All other versions are in `requirements.lock`.", "", "## Notebooks", ""]
    lines += ["| Notebook | Parameters that are not the defaults | Executed (UTC) | Seconds |", "|---|---|---|---|"]
    total = 0.0
    for path in executed:
        record = nbformat.read(path, as_version=4).metadata.papermill
        started = datetime.datetime.fromisoformat(record.start_time).strftime("%Y-%m-%d %H:%M")
        given = ", ".join(f"`{name} = {value!r}`" for name, value in record.parameters.items()) or "none"
        lines.append(f"| {{doc}}`../notebooks/{path.stem}` | {given} | {started} | {record.duration:.1f} |")
        total += record.duration
    lines += [f"| **all** | | | **{total:.1f}** |"]
    lines += ["", "A notebook that nothing has changed for is not executed again: its line is that of its last run."]
    return "\n".join([*lines, "", *stored(gallery)]) + "\n"


def stored(gallery: Gallery) -> list[str]:
    """What the committed rows took, sweep by sweep; those of the settings study and beyond the figures added up."""
    lines = ["## Stored results", "", "| Sweep | Networks | Maps | Hours | Minutes per map | Commits |"]
    lines.append("|---|---|---|---|---|---|")
    groups: dict[str, list[str]] = {}
    for name in gallery.sweeps:
        kind = next((kind for kind in ("study", "confirm", "size", "learning") if kind in name.split("-")), name)
        groups.setdefault(kind if kind == name else f"all of {kind}", []).append(name)
    total = 0.0
    for label, names in groups.items():
        done = [name for name in names if not gallery.store.missing(gallery.sweeps[name])]
        if not done:
            lines.append(f"| {label} | none of {sum(len(gallery.sweeps[name]) for name in names)} | | | | |")
            continue
        rows = pd.concat([gallery.rows(name)[["n", "name", "seconds", "commit"]] for name in done])
        hours, maps = rows["seconds"].sum() / 3600, rows.groupby(["name", "n"]).ngroups
        total += hours
        part = "" if len(done) == len(names) else f" ({len(done)} of {len(names)} sweeps)"
        commits = ", ".join(code(commit) for commit in sorted(set(rows["commit"])))
        lines.append(f"| {label}{part} | {len(rows)} | {maps} | {hours:.2f} | {60 * hours / maps:.1f} | {commits} |")
    lines += [f"| **all** | | | **{total:.2f}** | | |", ""]
    lines += [
        "Hours are those of a machine of two cores, which at times did other work as well; core-hours are twice that."
    ]
    return lines
