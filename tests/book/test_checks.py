"""The checks of `make test`: what they share among processes, and what stays together."""

import shutil
import subprocess
import sys
from pathlib import Path

import damcore.network
from checks import CHECKS, ROOT
from toy_notebooks import write_notebook

SKIPS = """
import pytest


@pytest.mark.parametrize("number", range(4))
def test_page(number):
    pytest.skip("no Chromium on this machine, so nobody looked at the book in a browser")
"""


def checked(folder: Path) -> str:
    """What pytest says of a folder with `tests` and `notebooks` when it is run as `make test` runs it."""
    for name in ("tests", "notebooks"):
        (folder / name).mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name / "conftest.py", folder / name / "conftest.py")
    for name in ("tests/today.py", "notebooks/sanitize.cfg"):
        shutil.copyfile(ROOT / name, folder / name)
    command = [sys.executable, "-m", *CHECKS["tests"].split()]
    command += ["-c", "/dev/null", "--rootdir", ".", "-o", "pythonpath=tests"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def test_the_cells_of_a_notebook_stay_together_in_two_processes(tmp_path):
    for name in ("first", "second"):
        write_notebook(tmp_path / "notebooks" / f"{name}.ipynb", *["n += 1"] * 5, "assert n == 7")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_pages.py").write_text(SKIPS)
    said = checked(tmp_path)
    assert "14 passed, 4 skipped" in said, said
    assert "2 workers" in said and "slowest 10 durations" in said
    assert "THE BROWSER CHECKS OF THE BOOK WERE NOT RUN" in said


def test_shapes_and_types_are_checked_in_every_process():
    assert "jaxtyping" in type(damcore.network.__loader__).__module__
