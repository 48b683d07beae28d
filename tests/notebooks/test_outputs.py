"""What the build of the book made of each notebook is what is committed, by the rules of nbval."""

import configparser
import re

import nbformat
import pytest
from nbformat import NotebookNode

import build
from reference import without_traces
from run import ROOT

PAGES = [name for name, page in build.notebook_pages().items() if page.notebook == name]
PICTURES = ("image/png", "image/jpeg")  # nbval does not compare them


def rules() -> list[tuple[re.Pattern, str]]:
    """What nbval replaces before it compares."""
    found = configparser.RawConfigParser()
    found.read(ROOT / "notebooks" / "sanitize.cfg")
    return [(re.compile(found[name]["regex"]), found[name]["replace"]) for name in found.sections()]


def shown(notebook: NotebookNode) -> list[list[str]]:
    """What each cell of code shows, as text; nothing of cells that nbval is told to ignore."""
    found = []
    for cell in without_traces(notebook).cells:
        if cell.cell_type != "code" or "nbval-ignore-output" in cell.metadata.get("tags", []):
            continue
        texts = []
        for output in cell.outputs:
            texts += [output.get("text", ""), output.get("evalue", "")]
            texts += [str(text) for kind, text in sorted(output.get("data", {}).items()) if kind not in PICTURES]
        for pattern, replacement in rules():
            texts = [pattern.sub(replacement, text) for text in texts]
        found.append(texts)
    return found


def differences(executed: NotebookNode, committed: NotebookNode) -> list[str]:
    pairs = enumerate(zip(shown(executed), shown(committed), strict=True))
    return [f"cell {number}: {got} is committed as {kept}" for number, (got, kept) in pairs if got != kept]


@pytest.mark.parametrize("name", PAGES)
def test_the_build_shows_what_is_committed(name):
    executed = nbformat.read(ROOT / "book" / "notebooks" / f"{name}.ipynb", as_version=4)
    executed.cells = [cell for cell in executed.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    assert differences(executed, nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)) == []


def test_another_number_would_be_seen_and_another_drawing_of_a_picture_would_not():
    def notebook(number: float, path: str) -> NotebookNode:
        data = {"text/plain": f"{number}", "text/html": f"<svg>{path}</svg>", "image/png": path}
        cell = nbformat.v4.new_code_cell("n", outputs=[nbformat.v4.new_output("display_data", data)])
        return nbformat.v4.new_notebook(cells=[cell])

    assert differences(notebook(1, "M 0"), notebook(1, "L 1")) == []
    (difference,) = differences(notebook(1, "M 0"), notebook(2, "M 0"))
    assert difference.startswith("cell 0")
