"""Fixtures of the tests of sweeps."""

import pytest

from damcore.sweeps import experiment


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of three cells, so that a small experiment has several."""
    monkeypatch.setattr(experiment, "SHARD", 3)
