"""The trial of `plan`: settings that were fixed before it, and rows that say what was promised and what came of it."""

import hashlib
import json

import pytest
import torch

from damcompanion.kh16 import trial
from damcompanion.kh16.trial import Number, Setting, Trial, damaged, drawn, hidden, settings


def test_the_settings_are_those_that_were_committed_before_plan():
    every = settings()
    assert len(every) == 40 and trial.SEED == 20261127
    assert every[0] == ("random", 201, 44, 0.0, "flips", 0.17, "float32")
    written = json.dumps(every).encode()
    assert hashlib.sha256(written).hexdigest()[:16] == "128b160d7399e442"
    assert {setting.kind for setting in every} == {"random", "biased", "digits"}
    assert settings(seed=1) != every and settings(count=5) == every[:5]


@pytest.mark.parametrize("number", [0, 1, 10, 11])
def test_patterns_and_damage_are_those_of_the_setting(number, generator):
    setting = settings()[number]
    patterns = drawn(setting, generator=generator)
    assert patterns.shape == (setting.n_patterns, setting.n_neurons)
    assert patterns.dtype == getattr(torch, setting.dtype) and patterns.abs().unique().tolist() == [1]
    if setting.kind == "biased":
        assert abs(patterns.mean().item() - setting.bias) < 0.05
    probes = damaged(patterns, hidden(setting), generator=generator)
    changed = probes != patterns
    count = round(setting.fraction * setting.n_neurons)
    if setting.damage == "flips":
        assert (changed.sum(-1) == count).all()
    else:
        assert (probes[:, -count:] == -1).all() and not changed[:, :-count].any()


def test_a_row_holds_what_was_promised_and_what_was_measured():
    few = Trial("trial", count=13, probes=200)
    for number in (0, 10, 12):
        (row,) = few.measure([Number(number)])
        assert row.keys() == {*Trial.metrics}
        assert row["low"] <= row["share"] <= row["high"]
        assert abs(row["measured"] - row["share"]) < 0.1 and abs(row["nearest"] - row["nearest_measured"]) < 0.1


def test_a_plan_that_promises_too_much_is_seen(monkeypatch):
    plan = trial.plan

    def boastful(*args, **settings):
        found = plan(*args, **settings)
        object.__setattr__(found, "share", found.share._replace(low=0.99, share=1.0, high=1.0))
        return found

    monkeypatch.setattr(trial, "plan", boastful)
    rows = Trial("trial").measure([Number(3), Number(10), Number(16)])
    assert all(row["measured"] < row["low"] for row in rows)


def test_a_setting_may_be_written_by_hand(generator):
    setting = Setting("biased", 30, 20, -0.9, "mask", 0.5, "float64")
    assert drawn(setting, generator=generator).mean() < -0.7 and hidden(setting) == slice(15, 30)
