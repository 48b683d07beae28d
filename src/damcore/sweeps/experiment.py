"""An experiment as a description: cells over some axes, cut into shards before anything is measured."""

import hashlib
import itertools
import json
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar

from damcore import _checks

SHARD = 128  # cells, at most: seconds of work, and little to lose
BUDGET = 2 << 30  # bytes that measuring a shard may take


@_checks.door
@dataclass(frozen=True)
class Experiment(ABC):
    """Cells over some axes, each measured from its own configuration.

    A subclass is a frozen dataclass whose fields are the configuration, with two class attributes and two methods:
    `Cell` and `metrics`, `axes` and `measure`. The store, the executor and the command line need no more. What a cell
    gives must depend on the configuration and on the cell alone, so that neither the order nor the company of cells
    changes a result: take random numbers from a generator that both determine.

    Args:
        name: what the experiment is called in a store, letters, digits and hyphens.

    Raises:
        ValueError: the name holds another character.

    Example:
        >>> from dataclasses import dataclass
        >>> from typing import NamedTuple
        >>> class Throw(NamedTuple):
        ...     sides: int
        ...     draw: int
        >>> @dataclass(frozen=True)
        ... class Dice(Experiment):
        ...     sides: tuple[int, ...] = (4, 6)
        ...     draws: int = 3
        ...     Cell, metrics = Throw, ("shown",)
        ...     @property
        ...     def axes(self):
        ...         return {"sides": self.sides, "draw": range(self.draws)}
        ...     def measure(self, cells, *, device="cpu"):
        ...         return [{"shown": (7 * cell.draw) % cell.sides} for cell in cells]
        >>> len(Dice("dice"))
        6
    """

    name: str

    Cell: ClassVar[type[Any]]  # a NamedTuple of one value per axis
    metrics: ClassVar[tuple[str, ...]]  # what is measured of a cell: columns of numbers or truth values
    unit: ClassVar[str] = "cell"  # what a cell is, in messages
    settled: ClassVar[frozenset[str]] = frozenset()  # fields that the digest holds even at their defaults

    def __post_init__(self):
        if not self.name.replace("-", "").isalnum():
            _checks.refuse(f"`name` must consist of letters, digits and hyphens, got {self.name!r}.")

    @property
    @abstractmethod
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """The values of each axis; rows are sorted by the axes in this order."""

    @abstractmethod
    def measure(self, cells: Sequence[Any], *, device: str = "cpu") -> list[dict[str, Any]]:
        """Measure some cells of one shard.

        Args:
            cells: which.
            device: "cpu" or "cuda".

        Returns:
            The metrics of each cell, in the order of the cells.
        """

    def cells(self) -> Iterator[Any]:
        """Every cell; those that `together` keeps apart must not alternate."""
        return itertools.starmap(self.Cell, itertools.product(*(self.axes[axis] for axis in self.Cell._fields)))

    def together(self, cell: Any) -> Hashable:
        """What the cells of one shard have in common; all may share one by default."""
        return None

    @property
    def bytes_per_cell(self) -> int:
        """Memory that measuring one cell takes; 0 where it does not matter."""
        return 0

    def seconds_per_cell(self, cells: Sequence[Any], *, device: str = "cpu") -> float:
        """Estimate the time that one cell takes, from cells of one kind.

        Args:
            cells: all of that kind.
            device: where they would be measured.
        """
        few = random.Random(0).sample(list(cells), min(2, len(cells)))
        self.measure(few[:1], device=device)  # compiles
        started = time.perf_counter()
        self.measure(few, device=device)
        return (time.perf_counter() - started) / len(few)

    @property
    def remedy(self) -> str:
        """What to do where a shard takes more memory than there is."""
        return "Measure smaller cells."

    @property
    def summary(self) -> str:
        """The experiment in a line: its axes, or whatever tells it from others."""
        return ", ".join(f"{len(values)} x {axis}" for axis, values in self.axes.items())

    def __len__(self) -> int:
        product = 1
        for values in self.axes.values():
            product *= len(values)
        return product

    @property
    def configuration(self) -> dict[str, Any]:
        """The settings that all cells share, a column each in the store: every field that is neither an axis (a tuple)
        nor a number of repetitions (`repeats`, `draws`)."""
        shared = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value
            for name, value in shared.items()
            if not isinstance(value, tuple) and name not in ("repeats", "draws")
        }

    @property
    def digest(self) -> str:
        """Eight bytes in hexadecimal that stand for every setting but the name.

        A field that is at its default is left out, unless it is `settled`: so a field that is added later renames no
        folder of results that are stored already.
        """
        values = asdict(self)
        kept = {
            field.name: values[field.name] for field in fields(self) if field.name != "name" and self._counts(field)
        }
        return hashlib.sha256(json.dumps({**kept, **self.further()}, sort_keys=True).encode()).hexdigest()[:16]

    def _counts(self, field: Field) -> bool:
        default = field.default if field.default_factory is MISSING else field.default_factory()
        return field.name in self.settled or default is MISSING or getattr(self, field.name) != default

    def further(self) -> dict[str, Any]:
        """What else the digest stands for: whatever decides a result and is no field."""
        return {}

    def shards(self, size: int | None = None) -> tuple[tuple[Any, ...], ...]:
        """Cut the cells into pieces, each of one kind: what is measured and stored at once.

        Args:
            size: cells per shard, at least 1; by default as many as fit 2 GiB, and 128 at most.
        """
        return _shards(self, size or min(SHARD, max(1, BUDGET // max(1, self.bytes_per_cell))))


@lru_cache(maxsize=16)
def _shards(experiment: Experiment, size: int) -> tuple[tuple[Any, ...], ...]:
    pieces = []
    for _, kind in itertools.groupby(experiment.cells(), key=experiment.together):
        while piece := tuple(itertools.islice(kind, size)):
            pieces.append(piece)
    return tuple(pieces)


def logarithmic(low: float, high: float, points: int) -> tuple[float, ...]:
    """Place points from low to high, evenly in their logarithm, to four digits; one point is low.

    Args:
        low: above 0.
        high: above 0.
        points: how many, at least 1.

    Example:
        >>> logarithmic(0.1, 10.0, 5)
        (0.1, 0.3162, 1.0, 3.162, 10.0)
    """
    _checks.whole("points", points)
    return tuple(float(f"{low * (high / low) ** (k / max(points - 1, 1)):.4g}") for k in range(points))
