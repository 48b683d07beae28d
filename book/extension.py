"""Sphinx extension of this book: docstrings, which are plain text, become reStructuredText; no thebe on the pages.

In `(*runs, K, N)` the star would open emphasis that never closes, and an indented formula would flow into prose.
"""

import importlib
import pkgutil
import re
import typing
from typing import Any

# Makes jaxtyping name its types Float[Tensor, 'K N'] in signatures; it looks once, when damcore is first imported.
typing.GENERATING_DOCUMENTATION = "damcore"  # pyright: ignore[reportAttributeAccessIssue]

import damcore  # noqa: E402

CODE = re.compile(r"(`+[^`]*`+)")
MARKUP = re.compile(r"[*|]|_(?!\w)")


def escape(line: str) -> str:
    """The line with reStructuredText's special characters escaped, except inside backticks."""
    parts = CODE.split(line)
    return "".join(part if CODE.fullmatch(part) else MARKUP.sub(r"\\\g<0>", part) for part in parts)


def as_restructured_text(lines: list[str]) -> list[str]:
    """A docstring's lines as reStructuredText: paragraphs indented under prose become literal blocks.

    Args:
        lines: the docstring, dedented.
    """
    text: list[str] = []
    literal = False
    above = ""  # the last line that is not blank
    for number, line in enumerate(lines):
        indented = line.startswith("    ")
        if indented and above in ("Returns:", "Yields:"):
            line = f"    : {line.strip()}"  # else a colon in the sentence would set off a type
        starts = indented and number > 0 and not lines[number - 1].strip()
        if line.strip() and not indented:
            literal = False
        elif starts and not literal and not above.endswith(":") and not above.startswith(" "):
            text += ["::", ""]
            literal = True
        text.append(line if literal else escape(line))
        above = line if line.strip() else above
    return text


def process(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines)


def name_by_subpackage(app: Any) -> None:
    """Let what a subpackage collects go by the subpackage's name, so that signatures link to where it is described."""
    # Subpackages last, so that what one of them collects from a package within goes by the outer name.
    for info in sorted(pkgutil.walk_packages(damcore.__path__, "damcore."), key=lambda info: -info.name.count(".")):
        if info.ispkg and "._" not in info.name:
            subpackage = importlib.import_module(info.name)
            for name in subpackage.__all__:
                public = getattr(subpackage, name)
                if str(getattr(public, "__module__", "")).startswith(f"{info.name}."):
                    public.__module__ = info.name


def leave_out_thebe(app: Any, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Take out the scripts of thebe, which Jupyter Book always adds: cells are not run on a server from here.

    Its settings stand on each page twice, and the browser complains of the second.
    """
    for kind in ("script_files", "css_files"):
        kept = [file for file in context[kind] if "thebe" not in f"{file} {getattr(file, 'attributes', '')}".lower()]
        context[kind] = kept


def setup(app: Any) -> dict[str, bool]:
    # Before napoleon, which turns the sections into markup of its own.
    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("builder-inited", name_by_subpackage)
    app.connect("html-page-context", leave_out_thebe)
    return {"parallel_read_safe": True}
