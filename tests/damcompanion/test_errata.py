"""Errata: each stands on its numbers, and would not stand on those of the corrected statement."""

import json
import math
import re
from statistics import mean

import pytest
import torch
import yaml

from damcompanion import probes
from damcompanion.errata import Erratum, Kind, table
from damcompanion.ledger import ERRATA
from damcompanion.mrs24 import differences as mrs24_differences
from damcompanion.mrs24.errata import argument, experiments, networks
from damcompanion.probes import ONE
from damcore.interactions import Polynomial
from damcore.numerics import first_overflow
from damcore.scaling import Scaling
from run import ROOT

EVERY = [erratum for errata in ERRATA.values() for erratum in errata]
BY_KEY = {erratum.key: erratum for erratum in EVERY}


@pytest.mark.parametrize("erratum", EVERY, ids=lambda erratum: erratum.key)
def test_it_stands_on_its_numbers_and_every_number_is_shown(erratum):
    assert set(erratum.numbers) == erratum.fields
    assert erratum.holds
    if erratum.kind == Kind.SUBSTANCE:
        assert erratum.measure or erratum.quote


def test_keys_are_unique_and_begin_with_their_text():
    assert len(BY_KEY) == len(EVERY)
    for text, errata in ERRATA.items():
        assert all(erratum.key.startswith(f"{text.lower()}-") for erratum in errata)


@pytest.mark.parametrize("text", ERRATA)
def test_tables_have_a_row_for_each_erratum_and_no_cell_breaks_a_row(text):
    rows = []
    for kind in Kind:
        header, rule, *lines = table(ERRATA[text], kind).split("\n")
        assert all(line.count("|") == 6 for line in (header, rule, *lines))
        rows += lines
    assert len(rows) == len(ERRATA[text])


@pytest.mark.parametrize("erratum", EVERY, ids=lambda erratum: erratum.key)
def test_a_cell_is_one_line_without_bars_and_its_references_exist(erratum):
    cells = (erratum.where, erratum.says, erratum.found, erratum.here, erratum.effect, erratum.quote)
    assert erratum.where and erratum.says and erratum.found
    for cell in cells:
        assert not re.search(r"[|\n]|\{\{|\}\}", cell.replace("}}$", "$")), cell
        assert cell.count("$") % 2 == 0
        for target in re.findall(r"\{prf:ref\}`([\w-]+)`", cell):
            assert target in labels()
        for target in re.findall(r"\{doc\}`(?:[^`<]*<)?([\w./-]+)>?`", cell):
            assert target in pages() or (ROOT / "book" / "notebooks" / f"{target}.md").resolve().exists()


def labels() -> set[str]:
    texts = [path.read_text("utf8") for path in (ROOT / "book").glob("*.md")]
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        texts += ["".join(cell["source"]) for cell in json.loads(path.read_text("utf8"))["cells"]]
    return {label for text in texts for label in re.findall(r"^:label: ([\w-]+)$", text, re.MULTILINE)}


def pages() -> set[str]:
    return set(yaml.safe_load((ROOT / "book" / "notebooks.yml").read_text("utf8")))


def ties_at_odd_vertices() -> dict[str, float]:
    ends = [mrs24_differences.tie_rule(Polynomial(3), *probes.stored(100, 20, seed=k))[1] for k in range(5)]
    return {"ends_20": mean(ends)}


def inside_the_function() -> dict[str, float]:
    """The modification itself: 1/T inside F, T = 600 neurons."""
    vertex = first_overflow(torch.float32, "F", lambda n: (Polynomial(n), Scaling(600.0, inner_power=1)), 784.0)
    return {"dual": vertex or math.inf}


def homogeneous() -> float:
    """Updates that the factor 1/N changes where the theorem holds."""
    return mrs24_differences.rescaled(Polynomial(3), *probes.unlearned(100, 20, 100), (ONE, argument.HUNDRED))


# Key -> numbers of the same measurement where the corrected statement, or the right rule, is followed.
CONTROLS = {
    "mrs24-capacity": lambda: dict(
        zip(("lost_14", "intact_14"), mrs24_differences.intact(100, 5, networks=400), strict=True)
    ),
    "mrs24-feed-forward": inside_the_function,
    "mrs24-self-coupling": lambda: {"noisy": mrs24_differences.self_coupling(*probes.stored(100, 20, noise=0.1))[1]},
    "mrs24-ties": ties_at_odd_vertices,
    "mrs24-order": lambda: {
        "ends_2": mrs24_differences.update_order(Polynomial(2), *probes.stored(100, 1))[0],
    },
    "mrs24-slope": lambda: networks.slopes(0.0),
    "mrs24-doubles": lambda: networks.broken(torch.float32),
    "mrs24-energy-of-sum": lambda: {
        "ranked": mrs24_differences.energy_of_the_sum(Polynomial(1), *probes.stored(100, 20)),
    },
    "mrs24-stronger": lambda: {"tenth": homogeneous()},
    "mrs24-leaky": lambda: {"random": homogeneous()},
    "mrs24-exponent": lambda: argument.sides(lambda a, x: math.exp(x) ** a),
    "mrs24-log-sign": lambda: argument.reversals(lambda a: a),
    "mrs24-exponential": lambda: argument.followers(memories=1),
    "mrs24-zero": lambda: argument.zeros(5),
    "mrs24-learning": lambda: argument.trainings(temperature=8.0),
    "mrs24-two-scales": lambda: {"leaky": homogeneous()},
    "mrs24-grey": lambda: experiments.lit((127, 127)),
    "mrs24-labels": lambda: {"shown": mrs24_differences.readable(torch.arange(10), held=True)},
    "mrs24-possible": lambda: experiments.possible(torch.float32),
}


@pytest.mark.parametrize("key", CONTROLS)
def test_it_would_not_stand_on_the_numbers_of_the_corrected_statement(key):
    erratum, numbers = BY_KEY[key], CONTROLS[key]()
    assert set(numbers) <= erratum.fields
    assert not erratum.stands({**erratum.numbers, **numbers})


def test_an_erratum_without_evidence_is_refused():
    told = dict(key="mrs24-x", where="1", says="a", found="b")
    with pytest.raises(AssertionError, match="computed or quoted"):
        Erratum(**told, kind=Kind.SUBSTANCE)
    with pytest.raises(AssertionError, match="numbers come with what they must show"):
        Erratum(**told, kind=Kind.SLIP, difference="{x}", measure=lambda: {"x": 1.0})
    with pytest.raises(AssertionError, match="what is shown is a number"):
        Erratum(**told, kind=Kind.SLIP, difference="{x}")
    wrong = Erratum(**told, kind=Kind.SLIP, difference="{x}", measure=lambda: {"y": 1.0}, stands=lambda _: True)
    with pytest.raises(AssertionError, match="mrs24-x"):
        _ = wrong.numbers
