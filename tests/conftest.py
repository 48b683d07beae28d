"""Fixtures of every test: seeded generators, the devices there are, and no use of torch's global generator.

And a loud line where the browser checks of the book were not run.
"""

import pytest
import torch

from damcore import _kernels

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
    ),
]


@pytest.fixture(params=DEVICES)
def device(request) -> torch.device:
    return torch.device(request.param)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(20240729)


@pytest.fixture(autouse=True)
def global_generator_untouched():
    before = torch.get_rng_state()
    yield
    assert torch.equal(before, torch.get_rng_state()), "the test, or what it called, drew from torch's global generator"


@pytest.fixture(params=["plain", "compiled"])
def path(request, monkeypatch):
    """Both ways of training and recall: plain torch, and the compiled loops where they can be had."""
    if request.param == "plain":
        monkeypatch.setattr(_kernels, "available", lambda: False)
    elif not _kernels.available():
        pytest.skip("the compiled loops cannot be had here")
    return request.param


def pytest_terminal_summary(terminalreporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any("no Chromium on this machine" in str(report.longrepr) for report in skipped):
        terminalreporter.section("THE BROWSER CHECKS OF THE BOOK WERE NOT RUN: install Chromium", red=True, bold=True)
