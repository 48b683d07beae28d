"""Sphinx extension of this book: docstrings, which are plain text, become reStructuredText; no thebe on the pages.

In `(*runs, K, N)` the star would open emphasis that never closes, an indented formula would flow into prose, and the
description `F.` of an argument would be an item of a list, like `A.`
"""

import importlib
import pkgutil
import re
import typing
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

# Makes jaxtyping name its types Float[Tensor, 'K N'] in signatures; it looks once, when damcore is first imported.
typing.GENERATING_DOCUMENTATION = "damcore"  # pyright: ignore[reportAttributeAccessIssue]

import damcompanion  # noqa: E402
import damcore  # noqa: E402
from damcompanion.catalogue import experiments  # noqa: E402
from damcompanion.results import Results  # noqa: E402
from pages import commit  # noqa: E402
from provenance import Album  # noqa: E402

SECTIONS = ("Args:", "Attributes:", "Example:", "Raises:", "Returns:", "Yields:")
CODE = re.compile(r"(`+[^`]*`+)")
MARKUP = re.compile(r"[*|]|_(?!\w)")
# What would open a numbered list: a letter at the start of a line, or any word at the start of a description.
ENUMERATOR = re.compile(r"^(\s*)(?=\(?[A-Za-z][.)](?:\s|$))|^(\s*[^\s:]*: )(?=\(?\w+[.)](?:\s|$))")


def escape(line: str) -> str:
    """Return the line with reStructuredText's special characters escaped, except inside backticks."""
    parts = CODE.split(line)
    marked = "".join(part if CODE.fullmatch(part) else MARKUP.sub(r"\\\g<0>", part) for part in parts)
    return ENUMERATOR.sub(r"\g<0>\\", marked)


def as_restructured_text(lines: list[str]) -> list[str]:
    """Return a docstring's lines as reStructuredText.

    Paragraphs that are indented under prose become literal blocks, and examples stay as they are.

    Args:
        lines: the docstring, dedented.
    """
    text: list[str] = []
    literal = example = False
    above = ""  # the last line that is not blank
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        example = line.lstrip().startswith(">>> ") or (example and bool(line.strip()))
        if indented and above in ("Returns:", "Yields:"):
            line = f"    : {line.strip()}"  # else a colon in the sentence would set off a type
        starts = indented and number > 0 and not lines[number - 1].strip()
        if line.strip() and not indented:
            literal = False
        elif starts and not literal and above not in SECTIONS and not above.startswith(" "):
            text += ["::", ""]
            literal = True
        text.append(line if literal or example else escape(line))
        above = line if line.strip() else above
    return text


def process(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines)
    if what in ("attribute", "property") and lines:
        lines[0] = f": {lines[0]}"  # else a colon in the sentence would set off a type


def name_by_subpackage(app: Any) -> None:
    """Let what a subpackage collects go by the subpackage's name, so that signatures link to where it is described."""
    found = [
        info.name
        for package in (damcore, damcompanion)
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if info.ispkg and "._" not in info.name
    ]
    # Subpackages last, so that what one of them collects from a package within goes by the outer name.
    for name in sorted(found, key=lambda name: -name.count(".")):
        for public in vars(importlib.import_module(name)).values():
            if isinstance(public, type | FunctionType) and public.__module__.startswith(f"{name}."):
                public.__module__ = name


def leave_out_thebe(app: Any, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Take out the scripts of thebe, which Jupyter Book always adds: cells are not run on a server from here.

    Its settings stand on each page twice, and the browser complains of the second.
    """
    for kind in ("script_files", "css_files"):
        kept = [file for file in context[kind] if "thebe" not in f"{file} {getattr(file, 'attributes', '')}".lower()]
        context[kind] = kept


def fill_folds(app: Any, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Say under each figure how it was made."""
    if "body" in context:
        context["body"] = album().fill(page, context["body"])


@cache
def album() -> Album:
    root = Path(__file__).resolve().parents[1]
    return Album(commit(root), Results(experiments, "paper", folder=root / "results"))


def list_pictures(app: Any, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        album().write(Path(app.outdir))


def setup(app: Any) -> dict[str, bool]:
    # Before napoleon, which turns the sections into markup of its own.
    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("builder-inited", name_by_subpackage)
    app.connect("html-page-context", leave_out_thebe)
    app.connect("html-page-context", fill_folds)
    app.connect("build-finished", list_pictures)
    return {"parallel_read_safe": True}
