"""An awkward argument ends in a refusal or a result, and never in an error from within, NaN, or a changed input."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

import fuzz
from damcore import _checks

SCRIPT = Path(fuzz.__file__)


def faults(*options: str) -> dict:
    """What a run says at its end, without a fault."""
    run = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1])


def test_awkward_arguments_are_refused_or_give_a_result():
    found = faults("--calls", "3000", "--seed", "1")
    print(found)
    assert found["calls"] == 3000
    assert {*found["ended"]} <= {"result", *(error.__name__ for error in fuzz.REFUSALS)}


@pytest.mark.slow
def test_awkward_pairs_of_arguments_are_refused_or_give_a_result():
    found = faults("--seconds", "3600", "--pairs", "--seed", "2")
    assert found["ended"]["result"] > 1000


def test_every_parameter_of_every_public_callable_has_a_valid_value():
    names = [case.name for case in fuzz.cases()]
    assert {"DenseAssociativeMemory.load", "hopfield.recall", "recall.recall", "Sweep", "learning.train"} <= {*names}
    with pytest.raises(LookupError, match=r"no valid value for `shade` of .*paint; add one to VALID"):
        list(fuzz._cases_of("paint", Toys.paint))


class Toys:
    """Functions with a fault each."""

    @staticmethod
    def paint(shade):
        return shade

    @staticmethod
    @_checks.door
    def raw(value: float):
        return [1, 2, 3][int(value)]

    @staticmethod
    @_checks.door
    def not_a_number(value: float):
        return float(value) * float("inf") * 0

    @staticmethod
    @_checks.door
    def changing(states: torch.Tensor):
        states *= 2

    @staticmethod
    @_checks.door
    def warning(value: float):
        warnings.warn("from within", stacklevel=1)

    @staticmethod
    def renaming(value: float):
        raise ValueError("`value` is wrong somewhere")

    @staticmethod
    @_checks.door
    def nameless(value: float):
        _checks.refuse("something is wrong")


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("raw", "10**400", ""),
        ("raw", "1e+300", "raw IndexError"),
        ("not_a_number", "2.5", "NaN from finite input"),
        ("changing", "tensor float32", "changed"),
        ("warning", "2.5", "warned: UserWarning"),
        ("renaming", "2.5", "raw ValueError"),
        ("nameless", "2.5", "names no argument"),
    ],
)
def test_the_fuzzer_sees_each_kind_of_fault(name, value, says):
    value = repr(10**400) if value == "10**400" else value
    [case] = fuzz._cases_of(name, getattr(Toys, name))
    [parameter] = case.parameters
    _, fault = fuzz.outcome(case, {parameter: value})
    assert fault.startswith(says) and bool(fault) == bool(says)
