"""Tests go one by one to the processes of `make test`, but those that share something costly go to one: the cells of a
notebook their kernel, and the tests of errata their numbers.

An audit that the build of the book has just made of the same rows with the same code is not made again. Of the
notebooks that take longest a third is executed each day; `pytest -m slow notebooks --nbval` executes the others. What
the build made of each of them is compared every day, see `tests/notebooks/test_outputs.py`.
"""

from pathlib import Path

import pytest

from damcompanion.results import AUDITS
from today import of_today

LONG = ["errata", "gain", "hyperparameter_map", "ledger", "mnist_recall", "numerics", "proofs"]
KEPT = Path(__file__).resolve().parents[1] / "book" / "_build" / "audits"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(AUDITS, str(KEPT))  # the kernel that starts here inherits it
        return (yield)


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items):
    others = {*LONG} - {*of_today(LONG)}
    for item in items:
        if item.path.suffix == ".ipynb" and item.path.stem in others:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is there
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return file if file.endswith(".ipynb") else "errata" if "test_errata" in file else nodeid

    return ByNotebook(config, log)
