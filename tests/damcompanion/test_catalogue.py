"""The named experiments of all texts: names, sizes, and the folders in which their rows are stored."""

from itertools import combinations
from pathlib import Path

import pytest

from cases import refused
from damcompanion.catalogue import experiments
from damcompanion.kh16.experiments import experiments as of_kh16
from damcompanion.kh16.training import trainings
from damcompanion.mrs24.experiments import experiments as of_mrs24
from damcompanion.mrs24.experiments.beyond import further
from damcompanion.mrs24.experiments.classification import classifications
from damcompanion.mrs24.experiments.heat_maps import sweeps
from damcompanion.mrs24.experiments.settings_study import study
from damcompanion.mrs24.experiments.temperature import temperatures
from damcore.sweeps import __main__

PROFILES = ("smoke", "quick", "paper")
PARTS = (sweeps, further, study, temperatures, classifications, of_kh16, trainings)
PAPER = experiments("paper")
STORED = [path.name for path in (Path(__file__).parents[2] / "results" / "paper").iterdir() if path.is_dir()]


def test_every_stored_folder_is_that_of_an_experiment():
    known = {f"{experiment.name}-{experiment.digest}" for experiment in PAPER.values()}
    assert len(STORED) >= 178
    assert sorted(set(STORED) - known) == []


@pytest.mark.parametrize(
    "name, digest",
    [
        ("original-k256-coarse", "21e4d9694c3b03b0"),
        ("study-original-polynomial", "e38834a661338a2a"),
        ("study-original-rectified", "cab4a827f7bc85ad"),
        ("study-original-leaky", "f90d8cb6d02f4843"),
        ("study-original-exponential", "f608dfe9d1743bfd"),
        ("stable-polynomial-2", "179c427c5f0048e0"),
        ("stable-rectified-3", "532f8c391fc60816"),
    ],
)
def test_digests_are_those_that_rows_are_stored_under(name, digest):
    assert PAPER[name].digest == digest


@pytest.mark.parametrize("profile", PROFILES)
def test_names_are_unique_across_texts_and_the_same_at_every_size(profile):
    parts = [of(profile) for of in PARTS]
    assert [len(part) for part in parts] == [14, 91, 108, 119, 3, 98, 6]
    for one, other in combinations(parts, 2):
        assert not one.keys() & other.keys()
    found = experiments(profile)
    assert list(found) == [name for part in parts for name in part] == list(PAPER)
    assert all(experiment.name == name for name, experiment in found.items())
    assert len({experiment.digest for experiment in found.values()}) == len(found)


def test_the_named_experiments_have_the_size_of_their_profile():
    assert sum(map(len, sweeps("paper").values())) == 181350
    coarse = PAPER["modified-coarse"]
    assert len(coarse) == 8 * 21 * 21 * 5 and coarse.epochs == 500
    assert [len(experiments(profile)["stable-rectified-3"]) for profile in PROFILES] == [4, 25, 100]
    assert PAPER["stable-polynomial-2"].loads == (3, 5, 8, 11, 14, 16, 22, 27, 33, 43)
    for experiments_of in (sweeps, study, temperatures, classifications, of_kh16, trainings, of_mrs24, experiments):
        with refused(ValueError, "`profile` must be one of 'smoke', 'quick', 'paper', got 'huge'"):
            experiments_of("huge")


def test_the_command_line_finds_them():
    assert __main__.installed("quick").keys() >= PAPER.keys()
