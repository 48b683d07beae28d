"""What an experiment is: cells over some axes, which are cut into shards before anything is measured."""

import hashlib
import itertools
import json
import random
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from functools import lru_cache
from types import UnionType
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints

import torch

from damcore import _checks

SHARD = 128  # cells, at most: seconds of work, and little to lose
BUDGET = 2 << 30  # bytes that measuring a shard may take


@_checks.door
@dataclass(frozen=True)
class Experiment(ABC):
    """Describe an experiment: cells over some axes, each measured from the settings and itself alone.

    A subclass is a frozen dataclass whose fields are the settings. It defines the class attributes `Cell` and
    `metrics`, the property `axes` and the method `measure`; the store, the executor and the command line need no more.
    The result of a cell depends on the settings and on the cell, never on the order or the company of cells: take
    random numbers from `damcore.sweeps.generator`, with the seed and the values of the cell.

    Fields hold numbers, strings, truth values, None, and tuples of these. Lists and arrays become tuples, and 0 becomes
    0.0 where the annotation is float: equal settings have one digest.

    Args:
        name: what the experiment is called in a store, letters, digits and hyphens.

    Raises:
        ValueError: the name holds another character, or a metric has the name of another column.
        TypeError: a field of tuples holds a single value.

    Example:
        >>> from dataclasses import dataclass
        >>> from typing import NamedTuple
        >>> from damcore.datasets import random_patterns
        >>> from damcore.sweeps import generator
        >>> class Pair(NamedTuple):
        ...     n_neurons: int
        ...     draw: int
        >>> @dataclass(frozen=True)
        ... class Overlaps(Experiment):
        ...     sizes: tuple[int, ...] = (10, 1000)
        ...     draws: int = 3
        ...     Cell, metrics = Pair, ("overlap",)
        ...     @property
        ...     def axes(self):
        ...         return {"n_neurons": self.sizes, "draw": range(self.draws)}
        ...     def measure(self, cells, *, device="cpu"):
        ...         drawn = [random_patterns(2, cell.n_neurons, generator=generator(0, *cell)) for cell in cells]
        ...         return [{"overlap": (one @ other).item() / len(one)} for one, other in drawn]
        >>> overlaps = Overlaps("overlaps")
        >>> len(overlaps)
        6
        >>> overlaps.measure([Pair(1000, 0)])
        [{'overlap': -0.092}]
    """

    name: str

    Cell: ClassVar[type[Any]]  # a NamedTuple of one value per axis
    metrics: ClassVar[tuple[str, ...]]  # what is measured of a cell: columns of numbers or truth values
    unit: ClassVar[str] = "cell"  # what a cell is, in messages
    settled: ClassVar[frozenset[str]] = frozenset()  # fields that the digest holds even at their defaults

    def __post_init__(self):
        hints = _hints(type(self))
        for field in fields(self):
            value = _plain(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, _as_annotated(field.name, value, hints.get(field.name, Any)))
        if not isinstance(self.name, str) or not self.name.replace("-", "").isalnum():
            _checks.refuse(f"`name` must consist of letters, digits and hyphens, got {_checks.said(self.name)}.")
        if taken := {*self.metrics} & {*self.Cell._fields, "seconds"}:
            _checks.refuse(f"`metrics` must not hold {min(taken)!r}: a row has that column already.")

    @property
    @abstractmethod
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """The values of each axis, by the names of the fields of `Cell`; rows are sorted by the axes in this order."""

    @abstractmethod
    def measure(self, cells: Sequence[Any], *, device: str = "cpu") -> list[dict[str, Any]]:
        """Measure some cells of one kind (see `together`).

        Args:
            cells: which.
            device: "cpu" or "cuda".

        Returns:
            The metrics of each cell, in the order of the cells.

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> few.measure([few.Cell(patterns=2, draw=0)])
            [{'stable': 1.0, 'neurons': 1.0}]
        """

    def cells(self) -> Iterator[Any]:
        """Yield every cell. Cells of one kind stand together, or shards become small."""
        return itertools.starmap(self.Cell, itertools.product(*(self.axes[axis] for axis in self.Cell._fields)))

    def together(self, cell: Any) -> Hashable:
        """The kind of a cell: only cells of one kind share a shard. By default all cells are of one kind."""
        return None

    def memory(self, cells: int) -> int:
        """Bytes that one call of `measure` takes; 0 where memory does not matter.

        Args:
            cells: number of cells in the call.

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> few.memory(1) < 2 << 30  # a shard has to fit 2 GiB
            True
        """
        return 0

    def seconds_per_cell(self, cells: Sequence[Any], *, device: str = "cpu") -> float:
        """Estimate the time of one cell by measuring two.

        Args:
            cells: all cells of one kind that are still to be measured.
            device: "cpu" or "cuda".

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> few.seconds_per_cell(list(few.cells())) < 10
            True
        """
        few = random.Random(0).sample(list(cells), min(2, len(cells)))
        self.measure(few[:1], device=device)  # compiles
        started = time.perf_counter()
        self.measure(few, device=device)
        return (time.perf_counter() - started) / len(few)

    @property
    def remedy(self) -> str:
        """A sentence that says what to do where a shard takes more memory than there is."""
        return "Measure smaller cells."

    @property
    def summary(self) -> str:
        """One line that tells the experiment from others; by default the sizes of its axes."""
        return ", ".join(f"{len(values)} x {axis}" for axis, values in self.axes.items())

    def __len__(self) -> int:
        product = 1
        for values in self.axes.values():
            product *= len(values)
        return product

    @property
    def configuration(self) -> dict[str, Any]:
        """The settings that all cells share: every field that is not itself an axis. Each is a column of the rows."""
        axes = [tuple(values) for values in self.axes.values()]
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in settings.items() if value not in axes}

    @property
    def digest(self) -> str:
        """Eight bytes in hexadecimal that stand for every setting but the name.

        A field at its default is left out unless it is `settled`. So a field that is added later renames no folder of
        stored results.
        """
        values = asdict(self)
        kept = {
            field.name: values[field.name] for field in fields(self) if field.name != "name" and self._counts(field)
        }
        return hashlib.sha256(json.dumps({**kept, **self.further()}, sort_keys=True).encode()).hexdigest()[:16]

    def _counts(self, field: Field) -> bool:
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if field.name in self.settled or default is MISSING:
            return True
        return getattr(self, field.name) != _plain(field.name, default)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that every stored row has; those of fields that the digest leaves out may be absent."""
        kept = {field.name for field in fields(self) if self._counts(field)}
        return frozenset((kept & self.configuration.keys()) | {*self.Cell._fields, *self.metrics, "seconds"})

    def further(self) -> dict[str, Any]:
        """What the digest holds besides fields: whatever else decides a result, as name -> plain value."""
        return {}

    @_checks.door
    def shards(self, size: int | None = None) -> tuple[tuple[Any, ...], ...]:
        """Cut the cells into shards of one kind each. A shard is measured and stored at once.

        Args:
            size: cells per shard, at least 1; by default as many as fit 2 GiB, and 128 at most.

        Raises:
            ValueError: an axis is empty or repeats a value, or `cells` does not give each combination once.

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> [len(shard) for shard in few.shards(size=2)]  # two loads, three draws each
            [2, 1, 2, 1]
        """
        if size is not None:
            _checks.whole("size", size)
        return _shards(self, size or next((k for k in range(SHARD, 1, -1) if self.memory(k) <= BUDGET), 1))


@lru_cache(maxsize=16)
def _shards(experiment: Experiment, size: int) -> tuple[tuple[Any, ...], ...]:
    cells = list(experiment.cells())
    if not cells or len(set(cells)) != len(experiment):
        _checks.refuse(
            f"The axes of {experiment.name} must hold at least one value and none twice, and `cells` must give each of "
            f"their {len(experiment)} combinations once; it gave {len(set(cells))}."
        )
    pieces = []
    for _, kind in itertools.groupby(cells, key=experiment.together):
        while piece := tuple(itertools.islice(kind, size)):
            pieces.append(piece)
    return tuple(pieces)


def _plain(name: str, value: Any) -> Any:
    """A setting as JSON can write it: lists and arrays become tuples, numbers of numpy and torch plain ones."""
    if isinstance(value, torch.Tensor):
        _checks.is_tensor(name, value)  # with numbers that can be read
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return tuple(_plain(name, element) for element in value)
    if value is not None and not isinstance(value, str | int | float):
        _checks.refuse(f"`{name}` must hold numbers, strings, truth values or None, or tuples of them, got {value!r}.")
    return value


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError:  # an annotation that only a type checker can read
        return {}


def _as_annotated(name: str, value: Any, hint: Any) -> Any:
    """A plain setting as its annotation has it: whole numbers become floats where it has float and not int."""
    hints = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    tuples = [get_args(each) for each in hints if get_origin(each) is tuple]
    if isinstance(value, tuple):
        inner = tuples[0] if tuples else (Any, ...)
        each = inner[:1] * len(value) if inner[-1:] == (...,) else inner + (Any,) * (len(value) - len(inner))
        return tuple(_as_annotated(name, element, of) for element, of in zip(value, each, strict=False))
    if len(tuples) == len(hints):
        _checks.refuse(f"`{name}` must be a tuple, a list or an array of values, got {value!r}.", TypeError)
    if type(value) is int and float in hints and int not in hints:
        if abs(value) > sys.float_info.max:
            _checks.refuse(
                f"`{name}` must lie in the range of a float, got a whole number of {value.bit_length()} bits."
            )
        return float(value)
    return value


@_checks.door
def logarithmic(low: float, high: float, points: int) -> tuple[float, ...]:
    """Place points from low to high, evenly in their logarithm, to four digits. A single point is low.

    Args:
        low: above 0.
        high: above 0.
        points: how many, at least 1.

    Raises:
        ValueError: an end is not positive, or `points` is below 1.

    Example:
        >>> logarithmic(0.1, 10.0, 5)
        (0.1, 0.3162, 1.0, 3.162, 10.0)
    """
    _checks.number("low", low, above=0.0)
    _checks.number("high", high, above=0.0)
    _checks.whole("points", points)
    _checks.room(points=points)
    return tuple(float(f"{low * (high / low) ** (k / max(points - 1, 1)):.4g}") for k in range(points))
