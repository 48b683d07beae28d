"""Small notebooks for the tests of the tools that run, lint and publish notebooks."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def write_notebook(path: Path, *code: str, parameters: str = "n = 2  # vertex") -> Path:
    """Write a notebook with a title, a `parameters` cell and cells of code."""
    cells = [new_markdown_cell("# A question?\n\nIts answer."), new_code_cell(parameters), *map(new_code_cell, code)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    cells[1].metadata["tags"] = ["parameters"]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
