"""The networks the tests run over: every interaction of the texts, both scalings, and small random instances."""

import traceback
from contextlib import contextmanager
from pathlib import Path

import jaxtyping
import pytest
import torch

import damcompanion
import damcore
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.scaling import Scaling
from oracles import interaction

PACKAGES = [Path(str(package.__file__)).parent for package in (damcore, damcompanion)]

# (interaction, its oracle); slopes of both signs, vertices odd, even and 1.
INTERACTIONS = [
    (Polynomial(1), interaction("polynomial", 1, 0)),
    (Polynomial(2), interaction("polynomial", 2, 0)),
    (Polynomial(3), interaction("polynomial", 3, 0)),
    (Polynomial(20), interaction("polynomial", 20, 0)),
    (RectifiedPolynomial(1), interaction("rectified", 1, 0)),
    (RectifiedPolynomial(2), interaction("rectified", 2, 0)),
    (RectifiedPolynomial(5), interaction("rectified", 5, 0)),
    (LeakyRectifiedPolynomial(3, 0.01), interaction("leaky", 3, 0.01)),
    (LeakyRectifiedPolynomial(4, -0.3), interaction("leaky", 4, -0.3)),
    (Exponential(), interaction("exponential", 1, 0)),
]
SCALINGS = ["original", "modified"]


def scaling_of(name: str, kind, n_neurons: int, temperature=None) -> Scaling:
    """A scaling whose gaps are neither all tiny nor all saturated."""
    n = getattr(kind, "n", 1)
    if name == "original":
        return Scaling.original(n_neurons / 2 if temperature is None else temperature, n)
    return Scaling.modified(0.5 if temperature is None else temperature, n_neurons)


def instance(generator, *runs, n_memories=4, n_states=5, n_neurons=8, dtype=torch.float64, device="cpu"):
    """Random memories (*runs, K, N) in [-1, 1] and bipolar states (*runs, B, N)."""
    memories = 2 * torch.rand(*runs, n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
    states = torch.randint(0, 2, (*runs, n_states, n_neurons), generator=generator).double() * 2 - 1
    return memories.to(device, dtype), states.to(device, dtype)


def bipolar(generator, *shape, dtype=torch.float64, device="cpu"):
    return (torch.randint(0, 2, shape, generator=generator) * 2 - 1).to(device, dtype)


@contextmanager
def refused(error, message):
    """The call refuses with this message, raised by the public call itself: no frame of ours lies deeper."""
    jaxtyping.config.update("jaxtyping_disable", True)  # the hook of the test run would refuse some input before us
    try:
        with pytest.raises(error, match=message) as caught:
            yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    frames = [(frame.name, Path(frame.filename)) for frame in traceback.extract_tb(caught.tb)]
    ours = [name for name, file in frames if any(file.is_relative_to(package) for package in PACKAGES)]
    assert ours[-1:] == ["call"] and len(ours) <= 2, f"frames of ours: {ours}"
