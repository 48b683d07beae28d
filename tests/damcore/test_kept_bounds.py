"""The bounds of the gap's error, as they were when 110,000 gaps were compared with exact arithmetic.

A bound that is a little too small is wrong and seldom seen to be. So what is changed in it shows here first, and the
comparison (`pytest -m slow tests/damcompanion/test_bounds.py`) is made again before these numbers are:

    python tests/damcore/test_kept_bounds.py
"""

import itertools
import json
from pathlib import Path

import pytest
import torch

from cases import instance, scaling_of
from damcore import _kernels
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.numerics import gap_error

FILE = Path(__file__).with_suffix(".json")
KINDS = [
    Polynomial(3),
    Polynomial(80),
    RectifiedPolynomial(4),
    LeakyRectifiedPolynomial(3, 0.01),
    LeakyRectifiedPolynomial(100, -1e-5),
    LeakyRectifiedPolynomial(30, 1e8),
    Exponential(),
]
MEMORIES = {
    "float64": lambda memories: memories,
    "float32": lambda memories: memories.float(),
    "a memory of float64, others of a grid": lambda memories: torch.cat([memories[:1], memories[1:].half().double()]),
    "bipolar": lambda memories: memories.sign(),
    "bipolar, and one of float64": lambda memories: torch.cat([memories[:1], memories[1:].sign()]),
    "with zeros": lambda memories: memories.where(memories.abs() > 0.3, 0),
    "one, near every state": lambda memories: memories[:1],
}


def bounds(kind, scaling: str, memories: str) -> list[float]:
    """The logarithm of the bound: its mean, least, largest and how many, for whole states and for grey ones.

    A gap of which hardly anything is left, and so its bound, depends on the order of a sum, and is left out.
    """
    generator = torch.Generator().manual_seed(7)
    zeta, states = instance(generator, n_memories=20, n_states=6, n_neurons=12)
    zeta = MEMORIES[memories](zeta)
    if len(zeta) == 1:
        states = zeta.sign() * (1 - 2 * torch.eye(12, dtype=zeta.dtype)[:6])
    found = []
    for neurons in (None, slice(3, 9)):
        if neurons:
            states[:, :3] *= 0.3
        bound = gap_error(zeta, states.to(zeta.dtype), kind, scaling_of(scaling, kind, 12), neurons=neurons)
        logs = bound[bound < 1e-6].log()
        found += [logs.mean().item(), logs.min().item(), logs.max().item(), float(len(logs))]
    return found


CASES = [*itertools.product(KINDS, ("original", "modified"), MEMORIES)]


@pytest.mark.parametrize("kind, scaling, memories", CASES, ids=str)
def test_a_bound_is_what_it_was_when_it_was_checked(kind, scaling, memories, path):
    kept = json.loads(FILE.read_text())[f"{kind}, {scaling}, {memories}, {path}"]
    assert bounds(kind, scaling, memories) == pytest.approx(kept, rel=0, abs=1e-5)


def keep() -> None:
    """Write the bounds of now."""
    kept, available = {}, _kernels.available
    for path in ("compiled", "plain"):
        _kernels.available = available if path == "compiled" else lambda: False
        for case in CASES:
            kept[", ".join(map(str, (*case, path)))] = [round(number, 7) for number in bounds(*case)]
    lines = [f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in kept.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    keep()
