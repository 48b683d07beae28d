"""The committed notebooks: how they are written, and that plain papermill runs them from any folder.

Each day papermill runs a third of them with other parameters; `pytest -m slow tests/notebooks` runs the others.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import NotebookNode

import build
from reference import WRITTEN
from run import NAMES, ROOT, checked, parameters_of
from stale import code_of
from today import of_today
from toy_notebooks import write_notebook

OTHER = yaml.safe_load((Path(__file__).parent / "other_parameters.yml").read_text("utf8")) or {}
ABSOLUTE_PATH = re.compile(r"""(?:^|[\s"'(=])(?:/\w[\w.-]*/|[A-Z]:\\)""")
TEXT = ("text/plain", "text/html", "text/markdown", "image/svg+xml")


def faults(path: Path) -> list[str]:
    """What is wrong with the way a notebook is written."""
    notebook = nbformat.read(path, as_version=4)
    return [*faults_of_the_opening(notebook), *faults_of_the_parameters(path, notebook), *faults_of_the_cells(notebook)]


def faults_of_the_opening(notebook: NotebookNode) -> list[str]:
    title, _, rest = notebook.cells[0].source.partition("\n\n")
    found = []
    if notebook.cells[0].cell_type != "markdown" or not re.fullmatch(r"# [^\n]+", title):
        found.append("does not open with a title")
    # The question may stand between them, in italics, and the answer may open with a glued number.
    if not re.match(r"(\*[^*]+\?\*\n\n)?(\*\*)?(\w|\{glue)", rest):
        found.append("no paragraph follows the title to answer it")
    if sorted(notebook.metadata) != ["kernelspec", "language_info"] or notebook.metadata.kernelspec.name != "python3":
        found.append(f"metadata {sorted(notebook.metadata)}: run `make reference`")
    return found


def faults_of_the_parameters(path: Path, notebook: NotebookNode) -> list[str]:
    tagged = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        return [f"{len(tagged)} cells are tagged `parameters`, not one"]
    statements = ast.parse(tagged[0]).body
    if not statements or not all(
        isinstance(node, ast.Assign) and node.lineno == node.end_lineno for node in statements
    ):
        return ["the `parameters` cell holds something else than one `name = literal  # meaning` a line"]
    return [f"`{parameter.name}` has no comment" for parameter in parameters_of(path).values() if not parameter.help]


def faults_of_the_cells(notebook: NotebookNode) -> list[str]:
    found = []
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        found.append("cells were not executed once each, in order: run `make reference`")
    for number, cell in enumerate(notebook.cells):
        texts = [cell.source]
        if cell.cell_type == "code" and cell.source.rstrip().endswith(";"):
            found.append(f"cell {number} ends with a semicolon, which nbval does not heed: assign the value to _")
        if set(cell.metadata) - set(WRITTEN):
            found.append(f"cell {number} has metadata {sorted(cell.metadata)}: run `make reference`")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += [output.get("text", ""), *(data[kind] for kind in TEXT if kind in data)]
            if output.output_type == "error" or output.get("name") == "stderr":
                found.append(f"cell {number} wrote an error or a warning")
            if any("widget" in kind for kind in data):
                found.append(f"cell {number} shows a widget")
        if any(ABSOLUTE_PATH.search(text) for text in texts):
            found.append(f"cell {number} names an absolute path")
    return found


def test_the_book_shows_every_notebook_and_the_tests_know_every_notebook():
    assert sorted({page.notebook for page in build.notebook_pages().values()}) == NAMES == sorted(OTHER)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_written_as_the_style_asks(name):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    assert faults(path) == []
    assert code_of(path), "no code"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_page_asserts_of_its_defaults_is_asserted_with_its_defaults(name):
    """A notebook that calls its parameters `as_written` where they are the defaults means the defaults it has."""
    path = ROOT / "notebooks" / f"{name}.ipynb"
    defaults = {key: parameter.default for key, parameter in parameters_of(path).items()}
    for node in ast.walk(ast.parse(code_of(path))):
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["as_written"]:
            named = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            assert named == set(defaults) - {"device"}
            assert eval(ast.unparse(node.value), defaults) is True


@pytest.mark.parametrize(
    "name", [name if name in of_today(NAMES) else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
def test_plain_papermill_runs_it_with_other_parameters_from_another_folder(name, tmp_path):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    values = checked(path, OTHER[name])
    assert any(values[name] != parameters_of(path)[name].default for name in values), "these are the defaults"
    command = [sys.executable, "-m", "papermill", str(path), "out.ipynb", "-y", json.dumps(values)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-3000:]
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert executed.metadata.papermill.parameters == values
    stderr = [
        output.text for cell in executed.cells for output in cell.get("outputs", []) if output.get("name") == "stderr"
    ]
    assert stderr == []


def damaged(path: Path, change) -> list[str]:
    """The faults of a good notebook after a change to it."""
    notebook = nbformat.read(write_notebook(path, "print(n)"), as_version=4)
    for number, cell in enumerate(notebook.cells[1:], start=1):
        cell.execution_count = number
    change(notebook)
    nbformat.write(notebook, path)
    return faults(path)


def set_source(number: int, source: str):
    return lambda notebook: notebook.cells[number].update(source=source)


def set_output(**output):
    return lambda notebook: notebook.cells[2].update(outputs=[nbformat.from_dict(output)])


@pytest.mark.parametrize(
    "change, fault",
    [
        (set_source(0, "A question?\n\nIts answer."), "does not open with a title"),
        (set_source(0, "# A question?\n\n## A heading"), "no paragraph follows"),
        (set_source(0, "# A question?"), "no paragraph follows"),
        (set_source(1, "n = 2"), "`n` has no comment"),
        (set_source(1, "n = 2  # vertex\nprint(n)"), "holds something else"),
        (set_source(1, "n = (\n    2  # vertex\n)  # vertex"), "holds something else"),
        (set_source(2, "n;"), "cell 2 ends with a semicolon"),
        (set_source(2, "open('/srv/data/x')"), "cell 2 names an absolute path"),
        (lambda notebook: notebook.cells[1].metadata.pop("tags"), "0 cells are tagged"),
        (lambda notebook: notebook.cells[2].update(execution_count=None), "were not executed once each"),
        (lambda notebook: notebook.cells[2].update(execution_count=3), "were not executed once each"),
        (lambda notebook: notebook.metadata.update(papermill={}), "metadata"),
        (lambda notebook: notebook.cells[2].metadata.update(execution={}), "cell 2 has metadata"),
        (set_output(output_type="stream", name="stderr", text="Warning"), "cell 2 wrote an error or a warning"),
        (set_output(output_type="stream", name="stdout", text="in /srv/data/x"), "cell 2 names an absolute path"),
        (
            set_output(output_type="display_data", data={"application/vnd.jupyter.widget-view+json": {}}, metadata={}),
            "cell 2 shows a widget",
        ),
    ],
)
def test_the_lint_sees_what_is_wrong(tmp_path, change, fault):
    found = damaged(tmp_path / "toy.ipynb", change)
    assert any(fault in line for line in found), found


def test_the_lint_passes_a_good_notebook(tmp_path):
    assert damaged(tmp_path / "toy.ipynb", lambda notebook: None) == []
