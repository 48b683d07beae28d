"""Experiments on the classifier of digits: its error along training, and maps over temperature and rate."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor

from damcore import _checks
from damcore._random import generator
from damcore.classifier._problem import FIRST, first_memories, pixels_of, states_of, targets_of
from damcore.classifier.sampling import minibatches
from damcore.datasets import mnist, mnist_origin
from damcore.interactions import Interaction, LeakyRectifiedPolynomial, RectifiedPolynomial
from damcore.learning import TrainingState, advance, linear_anneal, start
from damcore.network import energy_gap
from damcore.scaling import Scaling
from damcore.sweeps.experiment import Experiment

CLASSES = 10
DIGITS = {"full": None, "bundled": "bundled"}  # where `mnist` finds them
HELD_OUT = {"full": 10_000, "bundled": 1_000}  # the last training digits, for validation
CHECKPOINTS = "DAMCORE_CHECKPOINTS"  # names a folder in which trainings are kept between runs


class Task(NamedTuple):
    """States and targets to learn, and what is tried afterwards."""

    states: Tensor
    targets: Tensor
    labels: Tensor
    held_out: Tensor
    wanted: Tensor


@_checks.door
@dataclass(frozen=True, kw_only=True)
class _Digits(Experiment):
    """The settings that all experiments on digits share.

    Args:
        digits: "full", the 60,000 and 10,000 of MNIST, or "bundled", those that come with the package.
        held_out: "test", the test digits; or "validation", the last training digits, 10,000 of the full set.
        n_images: the first training digits that are learned; 0 for all that are not held out.
        n_memories: K.
        interaction: "rectified" or "leaky".
        slope: of the leaky function.
        scaling: "original" or "modified".
        error_exponent: m.
        decay: the factor on the rate after each epoch.
        momentum: the factor on the velocity before each step.
        batch_size: images a step.
        balanced: as many of each class in each minibatch (KH16), or any.
        clip: whether the entries of the class neurons are kept in [-1, 1].
        context: where the other class neurons are while one is learned, "off" (KH16) or at the "target" (MRS24's public
            code). A prediction always has them off.
        first: mean and standard deviation of the first memories, from a normal distribution.
        floor: the least value of the normalisation of a step, or None.
        dtype: "float32" or "float64".
        seed: of everything random.
    """

    digits: str = "full"
    held_out: str = "test"
    n_images: int = 0
    n_memories: int = 100
    interaction: str = "rectified"
    slope: float = 1e-2
    scaling: str = "original"
    error_exponent: int = 1
    decay: float = 0.998
    momentum: float = 0.6
    batch_size: int = 1000
    balanced: bool = False
    clip: bool = True
    context: str = "off"
    first: tuple[float, ...] = FIRST
    floor: float | None = 1e-30
    dtype: str = "float32"
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        _checks.one_of("digits", self.digits, tuple(DIGITS))
        _checks.one_of("held_out", self.held_out, ("test", "validation"))
        _checks.one_of("interaction", self.interaction, ("rectified", "leaky"))
        _checks.one_of("scaling", self.scaling, ("original", "modified"))
        _checks.one_of("context", self.context, ("off", "target"))
        _checks.one_of("dtype", self.dtype, ("float32", "float64"))
        for size in ("n_memories", "batch_size"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("n_images", self.n_images, 0)
        if len(self.first) != 2:
            _checks.refuse(f"`first` must hold a mean and a standard deviation, got {self.first}.")

    def interaction_of(self, n: int) -> Interaction:
        """Give F of vertex n."""
        return LeakyRectifiedPolynomial(n, self.slope) if self.interaction == "leaky" else RectifiedPolynomial(n)

    def scaling_of(self, n: int, temperature: float | Tensor, n_neurons: int) -> Scaling:
        """Give the scaling of a network of vertex n. The factor of the original one stands inside F where it may."""
        if self.scaling == "modified":
            return Scaling.modified(temperature, n_neurons)
        interaction, scaling = self.interaction_of(n), Scaling.original(temperature, n)
        return scaling if interaction.degree is None else scaling.inside(interaction)

    def _read(self, device: str) -> Task:
        """Read the digits."""
        return _task(self.digits, self.held_out, self.n_images, self.context, self.dtype, device)

    def _begin(self, task: Task, repeat: int) -> TrainingState:
        """Draw the first memories, and the generator of the minibatches."""
        draw = generator(self.seed, "memories", self.n_memories, task.states.shape[1], *self.first, repeat)
        memories = first_memories(self.n_memories, task.states.shape[1], draw, self.first)
        return start(memories.to(task.states), form="plain", generator=generator(self.seed, "minibatches", repeat))

    def _further(
        self, state: TrainingState, task: Task, n: int, scaling: Scaling, epochs: int, **settings: Any
    ) -> TrainingState:
        """Train for some epochs more."""
        n_neurons = task.states.shape[1]
        return advance(
            state,
            task.states,
            self.interaction_of(n),
            scaling,
            epochs=epochs,
            decay=self.decay,
            momentum=self.momentum,
            error_exponent=self.error_exponent,
            floor=self.floor,
            **minibatches(task.labels, self.batch_size, CLASSES, balanced=self.balanced),
            clip=torch.arange(n_neurons) < n_neurons - (0 if self.clip else CLASSES),
            targets=task.targets,
            neurons=slice(-CLASSES, None),
            on_nonfinite="mark",
            **settings,
        )

    def _predicted(self, memories: Tensor, task: Task, n: int, scaling: Scaling) -> Tensor:
        """The class of each held-out digit in each network, (*runs, images), on the CPU."""
        found = [
            energy_gap(
                memories, states, self.interaction_of(n), scaling, form="plain", neurons=slice(-CLASSES, None)
            ).argmax(-1)
            for states in task.held_out.split(2000)
        ]
        return torch.cat(found, -1).cpu()


@lru_cache(maxsize=2)
def _task(digits: str, held_out: str, n_images: int, context: str, dtype: str, device: str) -> Task:
    source = DIGITS[digits]
    if digits == "full" and mnist_origin().startswith("the bundled"):
        _checks.refuse(
            "These cells need all of MNIST; name its folder in DAMCORE_DATA, or call "
            "`damcore.datasets.mnist(download=True)` once.",
            FileNotFoundError,
        )
    as_float, kept = getattr(torch, dtype), HELD_OUT[digits]
    images, labels = (torch.from_numpy(values) for values in mnist("train", source))
    if held_out == "validation":
        learned, tried = (images[:-kept], labels[:-kept]), (images[-kept:], labels[-kept:])
    else:
        test_images, test_labels = mnist("test", source)
        learned, tried = (images, labels), (torch.from_numpy(test_images), torch.from_numpy(test_labels))
    if n_images > len(learned[0]):
        _checks.refuse(f"`n_images` must be at most {len(learned[0])}, got {n_images}.")
    pixels, labels = (values[: n_images or None] for values in learned)
    targets = targets_of(labels, CLASSES, as_float)
    states = states_of(pixels_of(pixels).to(as_float), CLASSES)
    if context == "target":
        states[:, -CLASSES:] = targets
    tested = states_of(pixels_of(tried[0]).to(as_float), CLASSES)
    return Task(states.to(device), targets.to(device), labels, tested.to(device), tried[1])


class CurvePoint(NamedTuple):
    """One look at a training: which repeat, and after how many epochs."""

    repeat: int
    epoch: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class ErrorCurve(_Digits):
    """The error of a classifier of digits along its training, at one temperature or with one that falls.

    Where the environment variable DAMCORE_CHECKPOINTS names a folder, the last state of each training is kept there,
    and a run that was stopped goes on from it to the same bits.

    See KH16, appendix A.

    Args:
        n: interaction vertex.
        epochs: after how many to look.
        repeats: networks.
        temperature: T.
        first_temperature: T of the first epoch, where it falls linearly; None where it is constant.
        anneal_epochs: epochs in which it falls.
        learning_rate: of the first epoch.

    Raises:
        ValueError: a setting is out of range.
        FileNotFoundError: the full digits are asked for, and are not here.

    Example:
        >>> from damcore.sweeps import ErrorCurve
        >>> few = ErrorCurve(
        ...     name="few", digits="bundled", n=3, epochs=(1, 3), temperature=400.0, learning_rate=0.04, n_memories=20
        ... )
        >>> first, last = few.measure(list(few.cells()))
        >>> first["loss"] > last["loss"]
        True
    """

    n: int
    epochs: tuple[int, ...]
    temperature: float
    learning_rate: float
    repeats: int = 1
    first_temperature: float | None = None
    anneal_epochs: int = 200

    Cell = CurvePoint
    metrics = ("error", "loss", "diverged")
    unit = "look"

    def __post_init__(self):
        super().__post_init__()
        _checks.whole("n", self.n)
        if list(self.epochs) != sorted(set(self.epochs)) or not self.epochs or self.epochs[0] < 1:
            _checks.refuse(f"`epochs` must rise, from 1 at least, got {self.epochs}.")
        _checks.number("temperature", self.temperature, above=0.0)
        _checks.number("learning_rate", self.learning_rate, above=0.0)

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {"repeat": range(self.repeats), "epoch": self.epochs}

    @property
    def configuration(self) -> dict[str, Any]:
        return {name: value for name, value in super().configuration.items() if name not in ("epochs", "repeats")}

    def together(self, cell: CurvePoint) -> int:
        return cell.repeat

    @_checks.door
    def shards(self, size: int | None = None) -> tuple[tuple[Any, ...], ...]:
        """Cut the looks into shards, by default of one: each is stored as soon as the training has come so far.

        Args:
            size: looks per shard, at least 1.

        Example:
            >>> from damcore.sweeps import ErrorCurve
            >>> len(ErrorCurve(name="few", n=3, epochs=(1, 3, 9), temperature=400.0, learning_rate=0.04).shards())
            3
        """
        return super().shards(size or 1)

    @property
    def summary(self) -> str:
        return f"{self.interaction}, {self.scaling}, K = {self.n_memories}, n = {self.n}, {self.epochs[-1]} epochs"

    def memory(self, cells: int) -> int:
        return 4 * (70_000 * 800 + 8 * self.n_memories * 800) * (2 if self.dtype == "float64" else 1)

    def seconds_per_cell(self, cells: Sequence[CurvePoint], *, device: str = "cpu") -> float:
        """Estimate the time of a look from one epoch; nothing is kept of it."""
        short = replace(self, epochs=(1, 2))
        first, second = list(short.cells())[:2]
        task = short._read(device)
        state = short._trained(task, first, device, None)  # compiles
        started = perf_counter()
        short._trained(task, second, device, state)
        furthest = max(cell.epoch for cell in cells)
        return (perf_counter() - started) * furthest / len(cells)

    def _schedule(self) -> Callable[[int], float] | None:
        """The temperature of each epoch, None where it is constant."""
        if self.first_temperature is None:
            return None
        return linear_anneal(self.first_temperature, self.temperature, self.anneal_epochs)

    def measure(self, cells: Sequence[CurvePoint], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure the share of held-out digits that are classified wrongly, the loss of the last epoch for each image
        and class, and the epoch in which training left the range of the dtype, -1 where it did not.
        """
        task, found = self._read(device), {}
        for repeat in {cell.repeat for cell in cells}:
            for cell in sorted(cell for cell in cells if cell.repeat == repeat):
                state = self._kept(task, cell, device)
                temperature = self.temperature if (falling := self._schedule()) is None else falling(cell.epoch - 1)
                scaling = self.scaling_of(self.n, temperature, task.states.shape[1])
                wrong = self._predicted(state.memories, task, self.n, scaling) != task.wanted
                found[cell] = {
                    "error": int(wrong.sum()) / len(wrong),
                    "loss": state.losses[cell.epoch - 1].item() / task.targets.numel(),
                    "diverged": int(state.diverged),
                }
        return [found[cell] for cell in cells]

    def _kept(self, task: Task, cell: CurvePoint, device: str) -> TrainingState:
        """The state after so many epochs, from the last one that was kept here or in the folder."""
        key, place = (replace(self, name="any", epochs=(1,)), cell.repeat, device), self._file(cell.repeat)
        last = _latest.get(key)
        if last is None and place is not None and place.exists():
            last = TrainingState.load(place, device=device)
        state = self._trained(task, cell, device, last)
        if place is not None and (last is None or state.epoch > last.epoch):
            state.save(place)
        _latest.clear()
        _latest[key] = state
        return state

    def _trained(self, task: Task, cell: CurvePoint, device: str, last: TrainingState | None) -> TrainingState:
        """The state after so many epochs, from another one if that is not beyond it."""
        state = self._begin(task, cell.repeat) if last is None or last.epoch > cell.epoch else last
        if state.epoch == cell.epoch:
            return state
        scaling = self.scaling_of(self.n, self.temperature, task.states.shape[1])
        return self._further(
            state, task, self.n, scaling, cell.epoch - state.epoch, learning_rate=self.learning_rate,
            temperature_schedule=self._schedule(),
        )  # fmt: skip

    def _file(self, repeat: int) -> Path | None:
        folder = os.environ.get(CHECKPOINTS)
        if not folder:
            return None
        Path(folder).mkdir(parents=True, exist_ok=True)
        return Path(folder) / f"{replace(self, name='any', epochs=(1,)).digest}-{repeat}.safetensors"


_latest: dict[Any, TrainingState] = {}  # the training that goes on, for the next look at it


class MapPoint(NamedTuple):
    """One network of a map."""

    n: int
    inverse_temperature: float
    learning_rate: float
    repeat: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class ClassifierMap(_Digits):
    """Maps of what a classifier of digits reaches over inverse temperature and learning rate.

    Networks of one vertex and repeat start from the same memories and see the same minibatches.

    See MRS24, Figures 5 and 6.

    Args:
        vertices: n.
        inverse_temperatures: 1/T.
        learning_rates: of the first epoch.
        repeats: networks a cell.
        epochs: of the training.

    Raises:
        ValueError: a setting is out of range.
        FileNotFoundError: the full digits are asked for, and are not here.

    Example:
        >>> from damcore.sweeps import ClassifierMap
        >>> few = ClassifierMap(
        ...     name="few", digits="bundled", held_out="validation", n_images=500, batch_size=50, scaling="modified",
        ...     vertices=(5,), inverse_temperatures=(1.0, 2.0), learning_rates=(0.1,), epochs=6, n_memories=20,
        ... )  # fmt: skip
        >>> first, second = few.measure(list(few.cells()))
        >>> first["loss"] > second["loss"]
        True
    """

    vertices: tuple[int, ...]
    inverse_temperatures: tuple[float, ...]
    learning_rates: tuple[float, ...]
    repeats: int = 1
    epochs: int = 50

    Cell = MapPoint
    metrics = ("f1", "accuracy", "loss", "diverged")
    unit = "network"

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {
            "n": self.vertices,
            "inverse_temperature": self.inverse_temperatures,
            "learning_rate": self.learning_rates,
            "repeat": range(self.repeats),
        }

    @property
    def configuration(self) -> dict[str, Any]:
        return {name: value for name, value in super().configuration.items() if name != "repeats"}

    def together(self, cell: MapPoint) -> tuple[int, int]:
        return cell.n, cell.repeat

    @property
    def summary(self) -> str:
        rates, temperatures = len(self.learning_rates), len(self.inverse_temperatures)
        vertices = ", ".join(map(str, self.vertices))
        return f"{self.interaction}, {self.scaling}, {temperatures} x {rates}, n = {vertices}, {self.epochs} epochs"

    def cells(self):
        # Those of one repeat stand together.
        for n in self.vertices:
            for repeat in range(self.repeats):
                for inverse in self.inverse_temperatures:
                    for rate in self.learning_rates:
                        yield MapPoint(n, inverse, rate, repeat)

    def memory(self, cells: int) -> int:
        size = 2 if self.dtype == "float64" else 1
        return 4 * size * (70_000 * 800 + 6 * cells * self.n_memories * 800)

    def seconds_per_cell(self, cells: Sequence[MapPoint], *, device: str = "cpu") -> float:
        """Estimate the time of one network from two epochs of a few."""
        few = list(cells)[: 128 if device == "cuda" else 2]
        replace(self, epochs=1).measure(few, device=device)  # compiles
        started = perf_counter()
        replace(self, epochs=2).measure(few, device=device)
        return (perf_counter() - started) / 2 / len(few) * self.epochs

    def measure(self, cells: Sequence[MapPoint], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure the macro-averaged F1 score and the accuracy on the held-out digits."""
        (n,), (repeat,) = {cell.n for cell in cells}, {cell.repeat for cell in cells}
        task = self._read(device)
        temperature = 1 / torch.tensor([cell.inverse_temperature for cell in cells], dtype=torch.float64, device=device)
        scaling = self.scaling_of(n, temperature, task.states.shape[1])
        rate = torch.tensor([cell.learning_rate for cell in cells], dtype=torch.float64)
        state = self._further(self._begin(task, repeat), task, n, scaling, self.epochs, learning_rate=rate)
        found = self._predicted(state.memories, task, n, scaling)
        return [
            {
                "f1": macro_f1(found[k], task.wanted),
                "accuracy": int((found[k] == task.wanted).sum()) / len(task.wanted),
                "loss": state.losses[k, -1].item() / task.targets.numel(),
                "diverged": int(state.diverged[k]),
            }
            for k in range(len(cells))
        ]


def macro_f1(found: Tensor, wanted: Tensor) -> float:
    """The mean over classes of 2 TP / (2 TP + FP + FN), 0 for a class that is neither there nor found.

    Args:
        found: predicted classes (images).
        wanted: true classes (images).
    """
    hits = torch.bincount(wanted[found == wanted], minlength=CLASSES).double()
    either = (torch.bincount(wanted, minlength=CLASSES) + torch.bincount(found, minlength=CLASSES)).double()
    return (2 * hits / either.clamp_min(1)).mean().item()
