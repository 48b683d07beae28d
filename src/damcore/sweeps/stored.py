"""What experiments of recall share: a network that stores random patterns, and how it recalls."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from damcore import _checks
from damcore._random import generator
from damcore.datasets import random_patterns
from damcore.interactions import Interaction, named
from damcore.recall import Recall, recall
from damcore.scaling import Scaling
from damcore.sweeps.experiment import Experiment

SLOPE = 1e-2  # of the leaky F below zero
BLOCK = 1 << 24  # overlaps of end states with patterns at a time


@_checks.door
@dataclass(frozen=True, kw_only=True)
class Stored(Experiment):
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

    n: int
    interaction: str = "polynomial"
    n_neurons: int = 100
    draws: int = 1
    seed: int = 0
    order: str = "asynchronous"

    unit: ClassVar[str] = "network"

    def __post_init__(self):
        super().__post_init__()
        for size in ("n", "draws", "n_neurons"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        _checks.one_of("order", self.order, ("asynchronous", "synchronous"))
        self._function()

    @property
    @abstractmethod
    def axes(self) -> dict[str, Sequence[Any]]: ...

    @property
    def remedy(self) -> str:
        return "Store fewer patterns."

    def further(self) -> dict[str, Any]:
        # The name of an F of your own may come to stand for another F.
        values = self._function().values()
        return {"values": values} if values else {}

    def _function(self) -> Interaction:
        return named(self.interaction).of_vertex(self.n, SLOPE)

    def _recalled(self, patterns: Tensor, starts: Tensor) -> Recall:
        return recall(patterns, starts, self._function(), Scaling(1.0), order=self.order)

    def _patterns(self, n_neurons: int, number: int, draw: int) -> Tensor:
        """The first patterns of a draw; a network that stores fewer of the same draw stores the first of them."""
        return random_patterns(number, n_neurons, generator=generator(self.seed, "patterns", n_neurons, draw))
