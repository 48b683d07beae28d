"""The page on experiments: its names, sizes and code are those of the package."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from damcompanion.catalogue import experiments
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcore.sweeps import Experiment, Store

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "sweeps.md").read_text("utf8")


def test_every_name_on_the_page_is_one():
    table = PAGE[PAGE.index("| names |") : PAGE.index("{cite}`MRS24` states 500 epochs")]
    named = re.findall(r"`([\w*-]+)`", " ".join(row.split("|")[1] for row in table.splitlines() if row)) + re.findall(
        r"damcore\.sweeps (?:plan|run|verify) ([\w*'-]+)", PAGE
    )
    assert len(named) > 20
    known = experiments("quick")
    assert [name for name in named if name != "k256" and not any(fnmatchcase(k, name) for k in known)] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_the_profiles_are_as_large_as_the_page_says(profile):
    cells, _, repeats, epochs = PROFILES[profile]
    assert f"| `{profile}` | {cells} | {repeats} | {epochs} |" in PAGE


def test_the_code_on_the_page_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names = {}
    exec(compile(code, "sweeps.md", "exec"), names)
    capsys.readouterr()
    assert len(names["rows"]) == 60 and names["distance"].dims == (
        "n", "learning_rate", "inverse_temperature", "repeat"
    )  # fmt: skip
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.startswith("mine-") and isinstance(names["store"], Store)


def test_the_experiment_that_the_page_shows_is_there_and_so_is_all_it_names():
    (shown,) = re.findall(r"\{literalinclude\} (\S+)", PAGE)
    assert (ROOT / "book" / shown).resolve() == ROOT / "tests" / "damcore" / "sweeps" / "own_experiment.py"
    for name in ("together", "memory", "seconds_per_cell", "measure", "axes"):
        assert f"`{name}" in PAGE and hasattr(Experiment, name)
