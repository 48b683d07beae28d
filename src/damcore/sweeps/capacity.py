"""The capacity experiment: how many of the stored patterns stay where they are, against how many are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from damcore import _checks
from damcore._random import generator
from damcore.datasets import random_patterns
from damcore.interactions import named
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps.experiment import Experiment


class Load(NamedTuple):
    """One network: how many patterns it stores, and which draw of them."""

    patterns: int
    draw: int


@_checks.door
@dataclass(frozen=True)
class StablePatterns(Experiment):
    """Networks whose memories are random patterns, and the share of these that recall leaves alone.

    A pattern is stable where every neuron keeps its value, xi_i gap_i > 0 (a gap of zero counts as +1, as in Eq. 3).
    The patterns of one draw are the same whatever else is stored: the first of a longer list.

    Source: KH16 Eq. (4).

    Args:
        name: what the experiment is called in a store.
        loads: numbers of patterns K to store.
        n: interaction vertex.
        draws: networks per load.
        seed: of all random numbers.
        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own.
        n_neurons: N.

    Raises:
        ValueError: there is no load, one is there twice, or a setting is out of range.

    Example:
        >>> few = StablePatterns("few", loads=(2, 30), n=2, n_neurons=50)
        >>> [row["stable"] for row in few.measure([Load(2, 0), Load(30, 0)])]
        [1.0, 0.0]
    """

    loads: tuple[int, ...]
    n: int
    draws: int = 10
    seed: int = 0
    interaction: str = "polynomial"
    n_neurons: int = 100

    Cell = Load
    metrics = ("stable", "neurons")
    unit = "network"

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "loads", tuple(self.loads))
        if not self.loads or len(set(self.loads)) < len(self.loads):
            _checks.refuse(f"`loads` must hold at least one number and none twice, got {self.loads}.")
        for load in self.loads:
            _checks.whole("loads", load)
        for size in ("n", "draws", "n_neurons"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        named(self.interaction)

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"patterns": self.loads, "draw": range(self.draws)}

    @property
    def bytes_per_cell(self) -> int:
        return 3 * max(self.loads) * (self.n_neurons + max(self.loads)) * 8

    @property
    def remedy(self) -> str:
        return "Store fewer patterns."

    def further(self) -> dict[str, Any]:
        values = named(self.interaction).of_vertex(self.n, 1e-2).values()
        return {"values": values} if values else {}

    def measure(self, cells: Sequence[Load], *, device: str = "cpu") -> list[dict[str, float]]:
        """The share of stable patterns, and of stable neurons in all patterns."""
        found = []
        interaction = named(self.interaction).of_vertex(self.n, 1e-2)
        for cell in cells:
            draw = generator(self.seed, "patterns", self.n_neurons, cell.draw)
            patterns = random_patterns(cell.patterns, self.n_neurons, generator=draw).to(device)
            recalled = recall(patterns, patterns, interaction, Scaling(1.0), order="synchronous", max_sweeps=1)
            same = recalled.states == patterns
            found.append({"stable": same.all(-1).double().mean().item(), "neurons": same.double().mean().item()})
        return found
