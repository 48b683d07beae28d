"""What experiments of recall share: a network that stores random patterns, and how it recalls."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from damcore import _checks, network
from damcore._random import generator
from damcore.datasets import random_patterns
from damcore.interactions import Interaction, named
from damcore.recall import Recall, recall
from damcore.scaling import Scaling
from damcore.sweeps.experiment import Experiment

SLOPE = 1e-2  # of the leaky F below zero
BLOCK = 1 << 24  # overlaps of end states with patterns at a time
COPIES = 6  # of the patterns, and of the block of overlaps that recall works on


@_checks.door
@dataclass(frozen=True, kw_only=True)
class _OfFunction(Experiment):
    """What has one interaction function, a number of neurons and a seed."""

    n: int
    interaction: str = "polynomial"
    n_neurons: int = 100
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        for size in ("n", "n_neurons"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        self._function()

    @property
    def remedy(self) -> str:
        return "Store fewer patterns."

    def further(self) -> dict[str, Any]:
        # The name of an F of your own may come to stand for another F.
        values = self._function().values()
        return {"values": values} if values else {}

    def _function(self) -> Interaction:
        return named(self.interaction).of_vertex(self.n, SLOPE)


@_checks.door
@dataclass(frozen=True, kw_only=True)
class Stored(_OfFunction):
    """Store patterns as memories and recall: the settings that retrieval experiments share.

    Args:
        n: interaction vertex.
        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own.
        n_neurons: N.
        draws: networks of each kind.
        seed: of all random numbers.
        order: "asynchronous", each neuron in turn, or "synchronous", all at once.

    Raises:
        ValueError: a setting is out of range.

    Example:
        >>> from damcore.sweeps import Endings, HalfLoad, Retrieval, Stored
        >>> [issubclass(kind, Stored) for kind in (Endings, HalfLoad, Retrieval)]
        [True, True, True]
    """

    draws: int = 1
    order: str = "asynchronous"

    unit: ClassVar[str] = "network"

    def __post_init__(self):
        super().__post_init__()
        _checks.whole("draws", self.draws)
        _checks.one_of("order", self.order, ("asynchronous", "synchronous"))

    @property
    @abstractmethod
    def axes(self) -> dict[str, Sequence[Any]]: ...

    def _recalled(self, patterns: Tensor, starts: Tensor) -> Recall:
        return recall(patterns, starts, self._function(), Scaling(1.0), order=self.order)

    def _patterns(self, n_neurons: int, number: int, draw: int) -> Tensor:
        """The first patterns of a draw; a network that stores fewer of the same draw stores the first of them."""
        return random_patterns(number, n_neurons, generator=generator(self.seed, "patterns", n_neurons, draw))


@_checks.door
@dataclass(frozen=True, kw_only=True)
class OfLoads(_OfFunction):
    """Experiments with one axis of numbers of patterns: their settings and what they take.

    Args:
        loads: numbers of patterns K to store.
        n: interaction vertex.
        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own.
        n_neurons: N.
        seed: of all random numbers.

    Raises:
        ValueError: `loads` is empty or repeats a value, or a setting is out of range.
    """

    loads: tuple[int, ...]

    def __post_init__(self):
        super().__post_init__()
        if not self.loads or len(set(self.loads)) < len(self.loads):
            _checks.refuse(f"`loads` must hold at least one number and none twice, got {self.loads}.")
        for load in self.loads:
            _checks.whole("loads", load)

    def together(self, cell: Any) -> int:
        return cell.patterns

    def memory(self, cells: int) -> int:
        # Of one network: they are measured one after the other, so that none changes how another is summed.
        return 8 * COPIES * (network.BLOCK + max(self.loads) * self.n_neurons)

    @property
    def summary(self) -> str:
        loads = f"K = {min(self.loads)} to {max(self.loads)}"
        return f"{self.interaction}, N = {self.n_neurons}, n = {self.n}, {loads}"
