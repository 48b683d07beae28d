"""Call every public callable of damcore with one argument, or two, replaced by awkward values: python tests/fuzz.py

A call may end in a result or in a refusal. A result has no NaN, no input is changed, and nothing warns. A refusal is
one of a few errors, comes from the public call itself, and names an argument. Anything else is a fault, and printed.
"""

import argparse
import collections
import contextlib
import dataclasses
import importlib
import inspect
import io
import itertools
import json
import os
import random
import re
import sys
import tempfile
import time
import traceback
import typing
import unittest.mock
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

import damcore
from damcore import capacity, classifier, interactions, learning, scaling, sweeps
from damcore.recall import Recall
from damcore.sweeps import PlanError, StoreError

REFUSALS = (ValueError, TypeError, FloatingPointError, FileNotFoundError, StoreError, PlanError)
MODULES = [
    "damcore", "damcore.capacity", "damcore.classifier", "damcore.datasets", "damcore.hopfield", "damcore.interactions",
    "damcore.learning", "damcore.network", "damcore.numerics", "damcore.planning", "damcore.recall", "damcore.sweeps",
    "damcore.sweeps.experiment",
]  # fmt: skip
# What needs a store, results and errors that others make, abstract classes, and an enumeration.
LEFT_OUT = {
    "Store",
    "StoreError",
    "Plan",
    "PlanError",
    "plan",
    "run",
    "verify",
    "Interaction",
    "Experiment",
    "Outcome",
    "Stored",
}
# Functions of tensors, element by element: the loops call them, and they are as quick as they can be.
ELEMENTWISE = {"__call__", "derivative", "signed_log", "signed_log_derivative"}
PATTERNS = [[1, 1, -1, -1, 1, -1, 1, 1], [1, -1, 1, -1, -1, 1, -1, 1]]


def states(dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor(PATTERNS, dtype=dtype)


def memories() -> torch.Tensor:
    return torch.linspace(-0.9, 0.8, 24, dtype=torch.float64).sin().reshape(3, 8)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def saved(kind: str) -> Path:
    path = Path(f"{kind}.safetensors")
    if kind == "memory":
        stored().save(path)
    else:
        learning.start(memories()).save(path)
    return path


def stored() -> damcore.DenseAssociativeMemory:
    memory = damcore.DenseAssociativeMemory(interactions.Polynomial(4))
    memory.memories = states()
    return memory


def fitted() -> classifier.Classifier:
    made = classifier.Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=2)
    return made.fit(images(), labels())


def images() -> torch.Tensor:
    return (torch.arange(18) * 13).to(torch.uint8).reshape(2, 3, 3)


def labels() -> torch.Tensor:
    return torch.tensor([0, 1])


def recalled() -> Recall:
    whole = torch.zeros(2, dtype=torch.int64)
    return Recall(states(), whole == 0, whole, whole + 1, whole == 0)


# A valid value of each parameter, by its name, and where one callable means something else by it, by both.
VALID: dict[str, Callable[[], Any]] = {
    "anneal_epochs": lambda: 5,
    "at_temperature": lambda: True,
    "balanced": lambda: True,
    "base_url": lambda: None,
    "bias": lambda: 0.5,
    "blocks": lambda: 2,
    "batch_size": lambda: 1,
    "clip": lambda: True,
    "context": lambda: "target",
    "criterion": lambda: 0.01,
    "damage": lambda: 0.25,
    "damages": lambda: (0.25,),
    "decay": lambda: 0.9,
    "device": lambda: "cpu",
    "digits": lambda: "bundled",
    "divisor": lambda: 8.0,
    "download": lambda: False,
    "draws": lambda: 2,
    "dtype": lambda: torch.float64,
    "either": lambda: True,
    "epochs": lambda: 2,
    "error_exponent": lambda: 2,
    "first": lambda: (0.0, 0.1),
    "first_temperature": lambda: 3.0,
    "floor": lambda: None,
    "form": lambda: "log",
    "fraction": lambda: 0.25,
    "gain": lambda: 0.5,
    "gains": lambda: (0.5, 1.0),
    "GainSweep.inverse_temperatures": lambda: (),
    "generator": generator,
    "guesses": lambda: (4,),
    "held_out": lambda: "validation",
    "height": lambda: 4,
    "high": lambda: 10.0,
    "hits": lambda: 1,
    "images": images,
    "initial": lambda: "normal",
    "inner_power": lambda: 1,
    "interaction": lambda: interactions.Polynomial(2),
    "inverse_temperatures": lambda: (0.5, 1.0),
    "labels": labels,
    "law": lambda: "gaussian",
    "learning": lambda: True,
    "level": lambda: 0.9,
    "learning_rate": lambda: 0.1,
    "learning_rates": lambda: (0.1,),
    "load": lambda: 3,
    "loads": lambda: (2, 3),
    "low": lambda: 0.1,
    "max_sweeps": lambda: 3,
    "memories": memories,
    "momentum": lambda: 0.5,
    "most": lambda: 5,
    "n": lambda: 2,
    "n_images": lambda: 20,
    "n_memories": lambda: 4,
    "n_neurons": lambda: 8,
    "n_patterns": lambda: 2,
    "n_states": lambda: 2,
    "networks": lambda: 6,
    "name": lambda: "few",
    "neurons": lambda: slice(2, 6),
    "on_nonfinite": lambda: "raise",
    "order": lambda: "synchronous",
    "others": lambda: -states(),
    "original": lambda: True,
    "outer_power": lambda: 2,
    "overlap": lambda: 5.0,
    "path": lambda: "file.safetensors",
    "patterns": states,
    "points": lambda: 3,
    "probability": lambda: 0.5,
    "probes": states,
    "progress": lambda: lambda epochs: None,
    "rectified": lambda: True,
    "recall_scale": lambda: "one",
    "recalled": recalled,
    "repeats": lambda: 1,
    "scaling": lambda: scaling.Scaling.modified(1.0, 8),
    "seed": lambda: 3,
    "sampler": lambda: None,
    "self_coupling": lambda: True,
    "share": lambda: lambda load: 1 / load,
    "size": lambda: 2,
    "sizes": lambda: (8,),
    "slope": lambda: 0.5,
    "source": lambda: "bundled",
    "split": lambda: "test",
    "stage": lambda: "gap",
    "start": lambda: 4.0,
    "starts": lambda: 3,
    "state": lambda: learning.start(memories()),
    "states": states,
    "stop": lambda: 2.0,
    "targets": states,
    "temperature": lambda: 1.5,
    "temperature_schedule": lambda: lambda epoch: 2.0,
    "threshold": lambda: 9,
    "tie": lambda: "keep",
    "under": lambda: True,
    "value": lambda: 1.0,
    "vertices": lambda: (2, 3),
    "watch": lambda: lambda whole: None,
    "weights": lambda: states().mT @ states(),
    "width": lambda: 2,
    "Classifier.scaling": lambda: "modified",
    "Classifier.fit.checkpoint": lambda: None,
    "Classifier.fit.held_out": lambda: (images(), labels()),
    "Classifier.partial_fit.classes": lambda: [0, 1],
    "X": images,
    "y": labels,
    "DenseAssociativeMemory.scaling": lambda: "original",
    "DenseAssociativeMemory.load.path": lambda: saved("memory"),
    "Sweep.scaling": lambda: "modified",
    "GainSweep.scaling": lambda: "modified",
    "GainSweep.interaction": lambda: "polynomial",
    "GainSweep.dtype": lambda: "float32",
    "Sweep.interaction": lambda: "polynomial",
    "Sweep.dtype": lambda: "float32",
    "StablePatterns.interaction": lambda: "polynomial",
    "TrainingState.load.path": lambda: saved("training"),
    "TrainingState.diverged": lambda: torch.tensor(-1),
    "TrainingState.generator": lambda: None,
    "TrainingState.in_logs": lambda: torch.tensor(False),
    "TrainingState.losses": lambda: torch.zeros(0, dtype=torch.float64),
    "TrainingState.memories": memories,
    "TrainingState.size": lambda: torch.zeros(3, dtype=torch.float64),
    "TrainingState.velocity": lambda: torch.zeros(3, 8, dtype=torch.float64),
    "Recall.converged": lambda: recalled().converged,
    "Recall.finite": lambda: recalled().finite,
    "Recall.period": lambda: recalled().period,
    "Recall.sweeps": lambda: recalled().sweeps,
    "Cell.inverse_temperature": lambda: 1.0,
    "Cell.repeat": lambda: 0,
    "GainCell.gain": lambda: 1.0,
    "GainCell.repeat": lambda: 0,
    "Block.block": lambda: 0,
    "Ending.draw": lambda: 0,
    "Load.draw": lambda: 0,
    "Size.draw": lambda: 0,
    "Start.draw": lambda: 0,
    "Load.patterns": lambda: 2,
    "Plan.share": lambda: capacity.Measured(0.2, 0.1, 0.3),
    "Plan.nearest": lambda: capacity.Measured(0.2, 0.1, 0.3),
    "plan.patterns": lambda: 5,
    "plan.probes": lambda: 100,
    "half_load.start": lambda: 4,
    "half_load.most": lambda: 64,
    "Endings.interaction": lambda: "polynomial",
    "HalfLoad.interaction": lambda: "polynomial",
    "OneUpdate.interaction": lambda: "polynomial",
    "Retrieval.interaction": lambda: "polynomial",
    "Retrieval.patterns": lambda: "random",
    "Retrieval.probes": lambda: 4,
    "Retrieval.start": lambda: "damaged",
    "Measured.high": lambda: 0.3,
    "Measured.low": lambda: 0.1,
    "Measured.share": lambda: 0.2,
    "Balanced.n_classes": lambda: 2,
    "pixels": lambda: states()[:, :6],
    "dual_gradient.targets": lambda: states()[:, :2],
    "train_dual.targets": lambda: states()[:, :2],
    "Balanced.labels": labels,
    "Balanced.batch_size": lambda: 2,
    "ClassifierMap.interaction": lambda: "leaky",
    "ClassifierMap.scaling": lambda: "modified",
    "ClassifierMap.dtype": lambda: "float32",
    "ErrorCurve.interaction": lambda: "leaky",
    "ErrorCurve.scaling": lambda: "modified",
    "ErrorCurve.dtype": lambda: "float32",
    "ErrorCurve.epochs": lambda: (1, 2),
    "CurvePoint.epoch": lambda: 1,
    "CurvePoint.repeat": lambda: 0,
    "MapPoint.inverse_temperature": lambda: 1.0,
    "MapPoint.repeat": lambda: 0,
    "Limits.largest": lambda: 700.0,
    "Limits.normal": lambda: -700.0,
    "Limits.smallest": lambda: -740.0,
    "first_overflow.network": lambda: lambda n: (interactions.Polynomial(n), scaling.Scaling(1.0)),
    "generator.key": lambda: "purpose",
    "of_vertex.slope": lambda: 0.5,
    "outcomes.targets": lambda: torch.tensor([0, 1]),
    "exact.x": lambda: Fraction(1, 2),
    "restored.description": lambda: {"name": "Polynomial", "n": 2},
    "named.name": lambda: "leaky",
}
# Few digits, of those that come with the package.
DIGITS: dict[str, Any] = dict(name="few", digits="bundled", n_images=20, batch_size=10, n_memories=4)
# The object whose method is called.
OWNERS: dict[str, Callable[[], Any]] = {
    "Classifier": fitted,
    "DenseAssociativeMemory": stored,
    "Exponential": interactions.Exponential,
    "GainSweep": lambda: sweeps.GainSweep(
        name="few", vertices=(2,), gains=(1.0,), learning_rates=(0.1,), repeats=1, n_neurons=8, n_memories=4, epochs=2
    ),
    "Endings": lambda: sweeps.Endings(name="few", load=3, starts=3, n=2, n_neurons=8),
    "HalfLoad": lambda: sweeps.HalfLoad(name="few", sizes=(8,), guesses=(4,), n=3, starts=3, networks=6),
    "OneUpdate": lambda: sweeps.OneUpdate(name="few", loads=(3,), n=2, networks=6, n_neurons=8),
    "Retrieval": lambda: sweeps.Retrieval(name="few", loads=(2, 3), n=2, n_neurons=8, probes=4),
    "Balanced": lambda: classifier.Balanced(labels(), 2),
    "ClassifierMap": lambda: sweeps.ClassifierMap(
        **DIGITS, vertices=(2,), inverse_temperatures=(1.0,), learning_rates=(0.1,), epochs=1
    ),
    "ErrorCurve": lambda: sweeps.ErrorCurve(**DIGITS, n=2, epochs=(1,), temperature=1.0, learning_rate=0.1),
    "LeakyRectifiedPolynomial": lambda: interactions.LeakyRectifiedPolynomial(2),
    "Polynomial": lambda: interactions.Polynomial(2),
    "RectifiedPolynomial": lambda: interactions.RectifiedPolynomial(2),
    "Scaling": lambda: scaling.Scaling.modified(1.0, 8),
    "StablePatterns": lambda: sweeps.StablePatterns("few", loads=(2, 3), n=2, draws=2, n_neurons=8),
    "Sweep": lambda: sweeps.Sweep("few", (2,), (1.0,), (0.1,), repeats=1, n_neurons=8, n_memories=4, epochs=2),
    "TrainingState": lambda: learning.start(memories()),
}
# Methods of experiments take what the executor gives them, and those of F what the loops do.
INNER = {
    "measure",
    "together",
    "memory",
    "seconds_per_cell",
    "interaction_of",
    "inverse_temperature",
    "scaling_of",
    "recall_scaling_of",
    "get_params",
    "set_params",
}
# Given in every call, since their defaults take long.
QUICKER = {"epochs", "n_memories"}
# Whose `**settings` go on to another function.
PASSED_ON = {"DenseAssociativeMemory.train": "learning", "DenseAssociativeMemory.retrieve": "recall"}


class Index:
    def __index__(self) -> int:
        return 2


def nested() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nested tensors are a prototype
        return torch.nested.nested_tensor([torch.ones(3), torch.ones(2)])


def compressed() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this layout is in beta
        return states().to_sparse_csr()


def read_only() -> np.ndarray:
    array = np.array(PATTERNS, np.int8).astype(np.uint8)
    array.flags.writeable = False
    return array


VALUES: dict[str, Callable[[], Any]] = {
    **{repr(value): (lambda value=value: value) for value in (
        None, True, False, -1, 0, 1, 2, 3, 2**62, 2**63, 2**64, -(2**63) - 1, 10**400, 0.0, -0.0, -1.0, 0.5, 1.0, 2.5,
        5e-324, 1e-310, 1e300, float("nan"), float("inf"), -float("inf"), 1j, "", "3", "gpu", "auto", "cpu", "cuda:7",
        "meta", "False", "Polynomial", "~", "a\0b", "x" * 300, "\ud800", b"path", (), (3,), [3], [1.0, -1.0],
        {"n": 2}, {2},
    )},
    "np.int64(2)": lambda: np.int64(2),
    "np.uint8(3)": lambda: np.uint8(3),
    "np.float32(0.5)": lambda: np.float32(0.5),
    "np.bool_": lambda: np.bool_(True),
    "np.str_": lambda: np.str_("log"),
    "np.array(2)": lambda: np.array(2),
    "np.array([2, 3])": lambda: np.array([2, 3]),
    "array of objects": lambda: np.array([[None, "a"]], object),
    "array that is read-only": read_only,
    "array of floats": lambda: np.array(PATTERNS, float)[:, ::-1],
    "Fraction(1, 2)": lambda: Fraction(1, 2),
    "an __index__": Index,
    "object()": object,
    "a class": lambda: interactions.Polynomial,
    "a function of nothing much": lambda: lambda *values: None,
    "slice back": lambda: slice(None, None, -1),
    "slice of floats": lambda: slice(0.5, 2.5),
    "slice of none": lambda: slice(50, 60),
    "slice of huge": lambda: slice(-(10**30), 10**30),
    "slice of numpy": lambda: slice(np.int64(1), np.int64(3)),
    "generator": generator,
    "torch.int64": lambda: torch.int64,
    "torch.float16": lambda: torch.float16,
    "torch.float8_e5m2": lambda: torch.float8_e5m2,
    "device meta": lambda: torch.device("meta"),
    "a folder": lambda: Path("folder"),
    "a link": lambda: Path("link"),
    "a path below a file": lambda: Path("plain/below"),
    "tensor scalar": lambda: torch.tensor(2.0),
    "tensor whole": lambda: torch.tensor(2),
    "tensor tiny": lambda: torch.tensor([5e-324, 1.0], dtype=torch.float64),
    "tensor empty": lambda: torch.empty(0, 8, dtype=torch.float64),
    "tensor nan": lambda: torch.full((2, 8), torch.nan, dtype=torch.float64),
    "tensor inf": lambda: torch.full((2, 8), torch.inf, dtype=torch.float64),
    "tensor 1-d": lambda: states()[0],
    "tensor 3-d": lambda: states().expand(3, 2, 8),
    "tensor other size": lambda: torch.ones(2, 7, dtype=torch.float64),
    "tensor transposed": lambda: states().mT,
    "tensor not contiguous": lambda: states().repeat_interleave(2, 1)[:, ::2],
    "tensor with gradient": lambda: states().requires_grad_(),
    "tensor scalar with gradient": lambda: torch.tensor(1.5, dtype=torch.float64, requires_grad=True),
    "tensor float16": lambda: states(torch.float16),
    "tensor float32": lambda: states(torch.float32),
    "tensor whole numbers": lambda: states(torch.int64),
    "tensor boolean": lambda: states() > 0,
    "tensor boolean, one each": lambda: states()[0] > 0,
    "tensor complex": lambda: states(torch.complex64),
    "tensor sparse": lambda: states().to_sparse(),
    "tensor compressed": compressed,
    "tensor meta": lambda: states().to("meta"),
    "tensor nested": nested,
    "tensor quantized": lambda: torch.quantize_per_tensor(states(torch.float32), 0.5, 0, torch.qint8),
    "tensor huge": lambda: 1e300 * states(),
    "tensor small": lambda: 1e-310 * states(),
    "F of n = 1000": lambda: interactions.Polynomial(1000),
    "F leaky, of n = 1001": lambda: interactions.LeakyRectifiedPolynomial(1001, -0.3),
    "F exponential": interactions.Exponential,
    "scaling at a tiny T": lambda: scaling.Scaling.original(5e-324, 3),
    "scaling at a huge T": lambda: scaling.Scaling.original(1e300, 3),
    "scaling of two": lambda: scaling.Scaling(torch.tensor([0.5, 2.0], dtype=torch.float64)),
    "scaling with gradient": lambda: scaling.Scaling(torch.tensor(1.5, requires_grad=True)),
    "training state": lambda: learning.start(memories()),
    "recall": recalled,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """A public callable, and how a valid call of it is made."""

    name: str
    bind: Callable[[], Callable]  # gives the callable, bound to a fresh object
    parameters: dict[str, Callable[[], Any]]  # all, with their valid values
    required: tuple[str, ...]

    def arguments(self) -> dict[str, Any]:
        return {name: self.parameters[name]() for name in self.required}


def cases() -> list[Case]:
    """Every public callable; a LookupError for a parameter that VALID does not know."""
    found = {}
    for module in map(importlib.import_module, MODULES):
        own = [n for n, v in vars(module).items() if n[0] != "_" and getattr(v, "__module__", "") == module.__name__]
        for name in getattr(module, "__all__", own):
            value = getattr(module, name)
            raised = isinstance(value, type) and issubclass(value, Exception)
            planning = getattr(value, "__module__", "") == "damcore.planning"  # which has a `plan` of its own
            if (name in LEFT_OUT and not planning) or inspect.ismodule(value) or not callable(value) or raised:
                continue
            found |= {case.name: case for case in _cases_of(name, value)}
    return list(found.values())


def _cases_of(name: str, public: Any) -> Iterator[Case]:
    if typing.is_typeddict(public) or typing.get_origin(public) is not None:
        return  # a type, of keywords or of arguments
    if isinstance(public, type):
        yield _case(name, lambda: public, inspect.signature(public))
        for method in dir(public):
            value = inspect.getattr_static(public, method)
            ours = getattr(getattr(value, "__func__", value), "__module__", "") or ""
            inherited = method == "exact" and public.exact is interactions.Interaction.exact  # which refuses all
            if method[0] == "_" or method in ELEMENTWISE | INNER or inherited or not ours.startswith("damcore"):
                continue
            if isinstance(value, classmethod):
                signature = inspect.signature(getattr(public, method))
                yield _case(f"{name}.{method}", lambda m=method: getattr(public, m), signature)
            elif inspect.isfunction(value):
                owner = OWNERS[name]
                signature = inspect.signature(getattr(owner(), method))
                yield _case(f"{name}.{method}", lambda m=method, o=owner: getattr(o(), m), signature)
    else:
        place = public.__module__.rpartition(".")[2].lstrip("_")
        yield _case(f"{place}.{name}", lambda: public, inspect.signature(public))


def _case(name: str, bind: Callable[[], Callable], signature: inspect.Signature) -> Case:
    parameters, required = {}, []
    for key, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            further = _passed_on(name, parameter)
            parameters |= {k: _valid(name, k) for k in further if k not in parameters}
            continue
        parameters[key] = _valid(name, key)
        needed = parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
        if needed or key in QUICKER:
            required.append(key)
    return Case(name, bind, parameters, tuple(required))


def _passed_on(name: str, parameter: inspect.Parameter) -> list[str]:
    if typing.get_origin(parameter.annotation) is typing.Unpack:
        return list(typing.get_args(parameter.annotation)[0].__annotations__)
    if PASSED_ON[name] == "learning":
        return [*_passed_on("", inspect.signature(learning.train).parameters["settings"]), "decay", "momentum"]
    keywords = inspect.signature(damcore.recall.recall).parameters.values()
    return [parameter.name for parameter in keywords if parameter.kind is parameter.KEYWORD_ONLY]


def _valid(name: str, parameter: str) -> Callable[[], Any]:
    for key in (f"{name}.{parameter}", f"{name.split('.')[-1]}.{parameter}", parameter):
        if key in VALID:
            return VALID[key]
    raise LookupError(f"tests/fuzz.py has no valid value for `{parameter}` of {name}; add one to VALID")


def draws(chosen: list[Case], seed: int, pairs: bool) -> Iterator[tuple[Case, dict[str, str]]]:
    """Every replacement of one argument, in random order, and then pairs without end."""
    order = random.Random(seed)
    single = [(case, {p: v}) for case in chosen for p in case.parameters for v in ["valid", *VALUES] if fits(p, v)]
    order.shuffle(single)
    yield from single
    several = [case for case in chosen if len(case.parameters) > 1]
    while pairs:
        case = order.choice(several)
        pair = {p: order.choice(list(VALUES)) for p in order.sample(list(case.parameters), 2)}
        if all(itertools.starmap(fits, pair.items())):
            yield case, pair


def fits(parameter: str, value: str) -> bool:
    """Whether a value may be tried: what a function given by the caller raises is the caller's own error."""
    if parameter in {"network", "progress", "share", "temperature_schedule", "watch"} and value.startswith(
        ("F ", "a class")
    ):
        return False
    return parameter not in {"epochs", "max_sweeps", "most"} or value != repr(2**62)  # it would do what it is asked


def print_of(value: Any) -> Any:
    """What of a value may not change."""
    if isinstance(value, torch.Tensor):
        plain = value.layout is torch.strided and not value.is_nested and not value.is_meta and not value.is_quantized
        bits = value.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if plain else ""
        return (str(value.dtype), () if value.is_nested else tuple(value.shape), bits, value.requires_grad)
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes() if value.dtype != object else "")
    if isinstance(value, list | tuple):
        return [print_of(element) for element in value]
    if isinstance(value, dict):
        return {key: print_of(element) for key, element in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: print_of(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value if isinstance(value, int | float | str | bytes | slice) and value == value else type(value)


def numbers_of(value: Any) -> Iterator[torch.Tensor]:
    """All floating numbers that a value holds."""
    if isinstance(value, torch.Tensor):
        if value.is_floating_point() and value.layout is torch.strided and not value.is_nested and not value.is_meta:
            yield value.detach().double().flatten()
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            yield torch.tensor(value.astype(float)).flatten()
    elif isinstance(value, float | np.floating):
        yield torch.tensor([float(value)], dtype=torch.float64)
    elif isinstance(value, list | tuple):
        for element in value:
            yield from numbers_of(element)
    elif isinstance(value, dict):
        yield from numbers_of(list(value.values()))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from numbers_of([getattr(value, field.name) for field in dataclasses.fields(value)])


def finite(values: Any) -> bool:
    return all(bool(torch.isfinite(found).all()) for found in numbers_of(values))


PACKAGE = Path(damcore.__file__).parent


def fault_of(error: Exception) -> str:
    """Why an error is no refusal by the public call; empty where it is one."""
    stack = traceback.extract_tb(error.__traceback__)
    if not isinstance(error, REFUSALS) or not getattr(error, "refused", False):
        said = str(error).partition("\n")[0]
        return f"raw {type(error).__name__}: {said} ({Path(stack[-1].filename).name}:{stack[-1].lineno})"
    frames = [frame.name for frame in stack if Path(frame.filename).is_relative_to(PACKAGE)]
    if frames[-1:] != ["call"] or len(frames) > 1:
        return f"refused from within, {frames}: {error}"
    return ""


def outcome(case: Case, replaced: dict[str, str]) -> tuple[str, str]:
    """Make one call; how it ended, and what is wrong with that, empty where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of some layouts, which are deprecated or in beta
        values = {p: case.parameters[p]() if value == "valid" else VALUES[value]() for p, value in replaced.items()}
    called, arguments = case.bind(), case.arguments() | values
    before = {p: print_of(value) for p, value in arguments.items()}
    sound = finite(list(arguments.values()))
    positional = [arguments.pop("key")] if "key" in arguments else []
    if positional:
        positional = [arguments.pop("seed"), *positional]
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("always")
        try:
            result = called(*positional, **arguments)
        except Exception as error:
            ended, fault = type(error).__name__, fault_of(error)
            if not fault and {*replaced.values()} == {"valid"}:
                fault = f"a valid call is refused: {error}"
            names = re.findall(r"`(\w+)", str(error))
            if not fault and not names and not isinstance(error, FloatingPointError):
                fault = f"names no argument: {error}"
        else:
            ended, fault = "result", ""
            if sound and any(bool(found.isnan().any()) for found in numbers_of(result)):
                fault = "NaN from finite input"
    changed = [p for p, value in arguments.items() if print_of(value) != before[p]]
    if not fault and changed:
        fault = f"changed {', '.join(changed)}"
    if not fault and warned:
        fault = f"warned: {warned[0].category.__name__}: {str(warned[0].message).splitlines()[0]}"
    return ended, fault


@contextlib.contextmanager
def elsewhere() -> Iterator[Path]:
    """A folder of its own, with what awkward paths name, in which the calls are made; nothing is downloaded."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ |= {"HOME": folder, "XDG_CACHE_HOME": folder}
        Path("folder").mkdir()
        Path("plain").write_text("plain")
        Path("link").symlink_to("plain")
        try:
            with unittest.mock.patch.object(importlib.import_module("damcore.datasets.mnist"), "fill_cache"):
                yield Path(folder)
        finally:
            os.chdir(before)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--calls", type=int, help="stop after so many calls")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", action="store_true", help="go on with pairs of arguments until the time is over")
    parser.add_argument("--only", default="", help="callables whose name holds this")
    options = parser.parse_args()
    ended, faults, until = collections.Counter(), {}, time.monotonic() + options.seconds
    chosen = [case for case in cases() if options.only in case.name]
    with elsewhere():
        for case, replaced in itertools.islice(draws(chosen, options.seed, options.pairs), options.calls):
            if time.monotonic() > until:
                break
            how, fault = outcome(case, replaced)
            ended[how] += 1
            if fault:
                faults[f"{case.name}({', '.join(f'{p}={v}' for p, v in replaced.items())})"] = fault
    for call, fault in sorted(faults.items()):
        print(f"{call}: {fault}")
    print(json.dumps({"callables": len(chosen), "calls": ended.total(), "ended": dict(ended), "faults": len(faults)}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
