"""Tests go one by one to the processes of `make test`, but the cells of a notebook, which share a kernel, go to one.

An audit that the build of the book has just made of the same rows with the same code is not made again.
"""

from pathlib import Path

import pytest

from damcompanion.results import AUDITS

KEPT = Path(__file__).resolve().parents[1] / "book" / "_build" / "audits"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(AUDITS, str(KEPT))  # the kernel that starts here inherits it
        return (yield)


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is there
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return file if file.endswith(".ipynb") else nodeid

    return ByNotebook(config, log)
