"""Execute the notebooks in place with their defaults, to refresh the reference outputs that are committed.

    python book/reference.py [NAME ...]

nbval compares later runs with these outputs, so look at their difference before committing it.
"""

import sys
import tempfile
from pathlib import Path

import nbformat

from build import ROOT, notebook_pages
from run import NotebookError, execute

WRITTEN = ("tags", "mystnb")  # metadata of a cell that an author writes; all other is left by a run


def without_traces(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The executed notebook without times, paths and versions, which differ from run to run, and its text in one piece.

    Args:
        notebook: as papermill wrote it; changed in place.
    """
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name in WRITTEN and value}
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
    return notebook


def _joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Outputs with text that was printed in a row as one: where it is cut depends on how fast it came."""
    found: list[nbformat.NotebookNode] = []
    for output in outputs:
        if found and output.output_type == found[-1].output_type == "stream" and output.name == found[-1].name:
            found[-1].text += output.text
        else:
            found.append(output)
    return found


def refresh(path: Path) -> float:
    """Execute one notebook in place; left alone when a cell fails.

    Returns:
        The seconds it took.

    Raises:
        NotebookError: a cell failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / path.name
        seconds = execute(path, executed, {})
        nbformat.write(without_traces(nbformat.read(executed, as_version=4)), path)
    return seconds


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted({page.notebook for page in notebook_pages().values()}):
        try:
            print(f"{name}: {refresh(ROOT / 'notebooks' / f'{name}.ipynb'):.1f} s", flush=True)
        except NotebookError as error:
            sys.exit(f"error: {error}")
