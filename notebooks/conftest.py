"""Tests go one by one to the processes of `make test`, but the cells of a notebook, which share a kernel, go to one."""

import pytest


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is there
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByNotebook(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            return file if file.endswith(".ipynb") else nodeid

    return ByNotebook(config, log)
