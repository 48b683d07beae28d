"""Every public call that takes tensors, on a CUDA device: what it gives on the CPU, within rounding.

A device sums in another order than the CPU. One gap or gradient may differ in its last digits; a training steps by
gradients of what it moved before, and may differ in some more; states, kinds and orders are equal.
"""

import tempfile
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from cases import bipolar, instance
from damcore import DenseAssociativeMemory, hopfield
from damcore.classifier import Classifier
from damcore.datasets import random_patterns
from damcore.interactions import Exponential, Interaction, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import TrainingState, advance, gradient, linear_anneal, start, train
from damcore.network import energy, energy_gap
from damcore.numerics import bound, gap, gap_error, log_gradient, plain_fits, signed_log_gap
from damcore.numerics import energy as numerics_energy
from damcore.numerics import gradient as numerics_gradient
from damcore.recall import outcomes, recall
from damcore.scaling import Scaling
from damcore.sweeps import StablePatterns, Sweep

R, K, B, N = 3, 6, 5, 12
FUNCTIONS = [Polynomial(3), RectifiedPolynomial(20), LeakyRectifiedPolynomial(4, -0.3), Exponential()]
TOLERANCE = {torch.float64: dict(rtol=1e-9, atol=1e-9), torch.float32: dict(rtol=2e-3, atol=2e-4)}
ONCE = {torch.float64: dict(rtol=1e-11, atol=1e-12), torch.float32: dict(rtol=1e-4, atol=1e-5)}


@dataclass(frozen=True)
class SharpenedOnDevice(Interaction):
    n: int

    def __call__(self, x):
        return x**self.n + x


def problem(device, dtype=torch.float64, kind=None):
    """Three networks with a temperature each."""
    memories, patterns = instance(
        torch.Generator().manual_seed(1), R, n_memories=K, n_states=B, n_neurons=N, dtype=dtype, device=device
    )
    temperature = torch.tensor([0.5, 0.7, 1.1], dtype=torch.float64, device=device)
    return memories, patterns, kind or RectifiedPolynomial(5), Scaling.modified(temperature, N)


def targets(device, dtype=torch.float64):
    return bipolar(torch.Generator().manual_seed(2), R, B, 4, dtype=dtype, device=device)


def shuffle():
    return torch.Generator().manual_seed(5)


SOME = dict(neurons=slice(-4, None), error_exponent=2)


def once(dtype, kind):
    """What sums once: gaps and gradients in every form."""
    return {
        "energy": lambda d: energy(*problem(d, dtype, kind)),
        "the plain gap": lambda d: energy_gap(*problem(d, dtype, kind), form="plain"),
        "the gap in logs": lambda d: energy_gap(*problem(d, dtype, kind), form="log"),
        "the gap of some neurons": lambda d: energy_gap(*problem(d, dtype, kind), neurons=slice(-4, None)),
        "gradient": lambda d: gradient(*problem(d, dtype, kind)),
        "gradient of some neurons": lambda d: gradient(*problem(d, dtype, kind), targets=targets(d, dtype), **SOME),
        "signed_log_gap": lambda d: signed_log_gap(*problem(d, dtype, kind)),
        "log_gradient": lambda d: log_gradient(*problem(d, dtype, kind)),
        "log_gradient of some": lambda d: log_gradient(*problem(d, dtype, kind), targets=targets(d, dtype), **SOME),
    }


TRAININGS = {
    "plain": dict(momentum=0.6),
    "no floor": dict(floor=None, form="plain"),
    "log": dict(form="log", momentum=0.6, floor=None),
    "two forms": dict(form=torch.tensor([True, False, True]), momentum=0.6),
    "some neurons": dict(neurons=slice(-4, None), clip=torch.arange(N) < 8, momentum=0.5, error_exponent=2),
    "minibatches": dict(batch_size=2, momentum=0.7, shuffled=True),
    "minibatches in logs": dict(batch_size=2, form="log", shuffled=True),
    "a schedule": dict(temperature_schedule=linear_anneal(1.0, 0.5, 5), momentum=0.3),
    "a rate each": dict(learning_rate=torch.tensor([0.05, 0.1, 0.2])),
    "own F": dict(kind=SharpenedOnDevice(3), momentum=0.3),
    "divergence": dict(
        kind=Polynomial(3), learning_rate=torch.tensor([0.1, 1e200, 0.1], dtype=torch.float64), clip=False
    ),
}


def training(device, name, *, saved=False):
    """Some epochs by `train`, or by `start` and `advance` with a file between."""
    given = dict(learning_rate=0.1, on_nonfinite="mark") | TRAININGS[name]
    memories, *network = problem(device, kind=given.pop("kind", None))
    form, generator = given.pop("form", "plain"), shuffle() if given.pop("shuffled", False) else None
    given = {key: value.to(device) if isinstance(value, Tensor) else value for key, value in given.items()}
    if "neurons" in given:
        given["targets"] = targets(device)
    if not saved and isinstance(form, str):
        return train(memories, *network, epochs=6, form=form, generator=generator, **given)
    state = advance(start(memories, form=form, generator=generator), *network, epochs=2, **given)
    with tempfile.TemporaryDirectory() as folder:
        state.save(Path(folder) / "state")
        state = TrainingState.load(Path(folder) / "state", device=device)
    assert state.memories.device.type == torch.device(device).type
    return advance(state, *network, epochs=4, **given)


def recalled(device, **settings):
    memories, patterns, _, scaling = problem(device)
    damaged = torch.where(torch.arange(N, device=device) < 2, -patterns, patterns)
    found = recall(patterns, damaged, Polynomial(3), Scaling(1.0))  # of whole numbers: a tie is one on any device
    return found, recall(memories, patterns, Polynomial(3), scaling, **settings)


def named(device):
    _, patterns, *_ = problem(device)
    found = recall(patterns, patterns.flip(-1), Polynomial(3), Scaling(1.0))
    return outcomes(found, patterns, torch.arange(B, device=device))


def friendly(device):
    """The friendly object, through a file."""
    patterns = random_patterns(3, 20, generator=torch.Generator().manual_seed(3)).double().to(device)
    memory = DenseAssociativeMemory()
    memory.store(patterns)
    stored = memory.retrieve(patterns), memory.energy(patterns)
    trained = memory.train(patterns, epochs=10, learning_rate=0.2)
    with tempfile.TemporaryDirectory() as folder:
        memory.save(Path(folder) / "memory")
        loaded = DenseAssociativeMemory.load(Path(folder) / "memory")
    return stored, trained, memory.retrieve(patterns).states, memory.energy(patterns), loaded.memories


def classified(device):
    images = torch.randint(0, 256, (8, 4, 4), generator=torch.Generator().manual_seed(4)).to(torch.uint8)
    labels = torch.arange(8) % 2
    settings = dict(n=3, n_memories=6, temperature=16.0, error_exponent=2, epochs=10, batch_size=3)
    classifier = Classifier(**settings, dtype=torch.float64, device=device).fit(images, labels)
    found = torch.from_numpy(classifier.decision_function(images)), torch.from_numpy(classifier.predict(images))
    return classifier.memories_, classifier.losses_, *found


def classical(device):
    _, patterns, *_ = problem(device)
    return hopfield.recall(hopfield.hebb(patterns), patterns)


def swept(device):
    sweep = Sweep(
        name="few", vertices=(3,), inverse_temperatures=(0.5, 1.5), learning_rates=(0.1,), repeats=2, epochs=10,
        n_neurons=16, n_memories=8, n_states=3,
    )  # fmt: skip
    capacity = StablePatterns("few", loads=(2, 9), n=3, n_neurons=30, draws=2)
    cells = list(capacity.cells())
    on = str(device)
    rows = sweep.measure(list(sweep.cells()), device=on) + [capacity.measure([cell], device=on)[0] for cell in cells]
    return [torch.tensor([float(value) for value in row.values()]) for row in rows]


CALLS = {
    **{f"training: {name}": lambda d, name=name: training(d, name) for name in TRAININGS},
    **{f"saved training: {name}": lambda d, name=name: training(d, name, saved=True) for name in TRAININGS},
    "recall": recalled,
    "recall in logs": lambda d: recalled(d, form="log"),
    "recall all at once": lambda d: recalled(d, order="synchronous"),
    "recall all at once in logs": lambda d: recalled(d, order="synchronous", form="log"),
    "recall in random order": lambda d: recalled(d, generator=shuffle()),
    "recall of own F": lambda d: recall(*problem(d, kind=SharpenedOnDevice(3))),
    "outcomes": named,
    "plain_fits": lambda d: plain_fits(torch.float32, N, RectifiedPolynomial(20), problem(d)[3]),
    "DenseAssociativeMemory": friendly,
    "Classifier": classified,
    "hopfield": classical,
    "sweeps": swept,
}


def tensors(found) -> list[Tensor]:
    """All tensors of a result, in their order."""
    if isinstance(found, Tensor):
        return [found]
    if is_dataclass(found):
        found = [getattr(found, field.name) for field in fields(found)]
    return [tensor for part in found if part is not None for tensor in tensors(part)]


def compare(call, device, tolerance):
    here, there = tensors(call("cpu")), tensors(call(device))
    assert here and len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        torch.testing.assert_close(other.cpu(), one, equal_nan=True, **tolerance)


@pytest.mark.parametrize("name", CALLS)
def test_a_call(name, device):
    compare(CALLS[name], device, TOLERANCE[torch.float64])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("kind", [*FUNCTIONS, SharpenedOnDevice(3)], ids=str)
@pytest.mark.parametrize("name", once(torch.float64, Polynomial(2)))
def test_a_gap_or_gradient(name, kind, dtype, device):
    compare(once(dtype, kind)[name], device, ONCE[dtype])


@pytest.mark.parametrize("kind", FUNCTIONS, ids=str)
def test_the_bound_on_the_error_holds_on_the_device(kind, device):
    arguments = problem(device, kind=kind)
    (sign, log), bound = signed_log_gap(*arguments), gap_error(*arguments)
    wanted, size = (value.to(device) for value in signed_log_gap(*problem("cpu", kind=kind)))
    sure = bound < 1e-3
    assert sure.any() and torch.equal(sign[sure], wanted[sure])
    assert ((log - size).abs()[sure] <= 3 * bound[sure]).all()  # both are computed


@pytest.mark.parametrize("module", [bound, numerics_energy, gap, numerics_gradient], ids=lambda module: module.__name__)
@pytest.mark.parametrize("kind", [*FUNCTIONS, SharpenedOnDevice(3)], ids=str)
def test_a_batch_at_once_is_what_its_networks_are_alone(kind, module, monkeypatch):
    """What a device does, on the CPU."""
    calls = [
        *once(torch.float64, kind).values(),
        *([] if isinstance(kind, SharpenedOnDevice) else [lambda device: gap_error(*problem(device, kind=kind))]),
    ]
    alone = [tensors(call("cpu")) for call in calls]
    monkeypatch.setattr(module, "one_by_one", lambda function, runs, *values: function(*(value for value, _ in values)))
    for call, wanted in zip(calls, alone, strict=True):
        for one, other in zip(tensors(call("cpu")), wanted, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
