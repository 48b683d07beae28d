"""The capacity experiments: which patterns are stable, and how often one neuron turns over, against what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from damcore import _checks
from damcore._random import generator
from damcore.capacity import measured_error
from damcore.datasets import random_patterns
from damcore.interactions import Interaction, named
from damcore.network import BLOCK
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps.experiment import Experiment

SLOPE = 1e-2  # of the leaky F below zero
COPIES = 6  # of the patterns, and of the block of overlaps that recall works on


class Block(NamedTuple):
    """A block of networks: the number of patterns each stores, and which block."""

    patterns: int
    block: int


class Load(NamedTuple):
    """One network: the number of patterns it stores, and which draw of them."""

    patterns: int
    draw: int


@_checks.door
@dataclass(frozen=True)
class StablePatterns(Experiment):
    """Store random patterns as memories, and measure the share of them that recall leaves unchanged.

    A pattern is stable where no neuron changes, sign(gap_i) = xi_i for every i; a gap of zero counts as +1. A network
    that stores fewer patterns of the same draw stores the first of them.

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
        ValueError: `loads` is empty or repeats a value, or a setting is out of range.

    Example:
        >>> from damcore.sweeps import StablePatterns
        >>> few = StablePatterns("few", loads=(2, 10, 30), n=2, n_neurons=50)
        >>> [few.measure([few.Cell(load, 0)])[0]["stable"] for load in few.loads]
        [1.0, 0.4, 0.0]
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
        _loads(self.loads)
        for size in ("n", "draws", "n_neurons"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        self._function()

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"patterns": self.loads, "draw": range(self.draws)}

    def together(self, cell: Load) -> int:
        return cell.patterns

    def memory(self, cells: int) -> int:
        # Of one network: they are measured one after the other, so that none changes how another is summed.
        return 8 * COPIES * (BLOCK + max(self.loads) * self.n_neurons)

    @property
    def remedy(self) -> str:
        return "Store fewer patterns."

    @property
    def summary(self) -> str:
        loads = f"K = {min(self.loads)} to {max(self.loads)}"
        return f"{self.interaction}, N = {self.n_neurons}, n = {self.n}, {loads}"

    def further(self) -> dict[str, Any]:
        # The name of an F of your own may come to stand for another F.
        values = self._function().values()
        return {"values": values} if values else {}

    def measure(self, cells: Sequence[Load], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure the share of stable patterns, and the share of unchanged neurons in all patterns."""
        found = []
        for cell in cells:
            draw = generator(self.seed, "patterns", self.n_neurons, cell.draw)
            patterns = random_patterns(cell.patterns, self.n_neurons, generator=draw).to(device)
            recalled = recall(patterns, patterns, self._function(), Scaling(1.0), order="synchronous", max_sweeps=1)
            same = recalled.states == patterns
            found.append({"stable": same.all(-1).double().mean().item(), "neurons": same.double().mean().item()})
        return found

    def _function(self) -> Interaction:
        return named(self.interaction).of_vertex(self.n, SLOPE)


@_checks.door
@dataclass(frozen=True, kw_only=True)
class OneUpdate(Experiment):
    """Draw networks, update one neuron of one stored pattern in each, and count those that turn over.

    Each draw has patterns of its own, so that the draws are independent; see `capacity.measured_error`.

    Source: KH16 Eq. (4).

    Args:
        loads: numbers of patterns K to store.
        n: interaction vertex.
        networks: networks of a block.
        blocks: blocks of each load.
        seed: of all random numbers.
        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own.
        n_neurons: N.

    Raises:
        ValueError: `loads` is empty or repeats a value, or a setting is out of range.

    Example:
        >>> from damcore.capacity import error_probability
        >>> from damcore.sweeps import OneUpdate
        >>> few = OneUpdate(name="few", loads=(20,), n=2, networks=1000, blocks=2, n_neurons=30)
        >>> [row["turned"] for row in few.measure(list(few.cells()))], round(1000 * error_probability(30, 2, 20))
        ([92, 106], 109)
    """

    loads: tuple[int, ...]
    n: int
    networks: int = 1000
    blocks: int = 1
    seed: int = 0
    interaction: str = "polynomial"
    n_neurons: int = 100

    Cell = Block
    metrics = ("turned",)
    unit = "block"

    def __post_init__(self):
        super().__post_init__()
        _loads(self.loads)
        for size in ("n", "networks", "blocks", "n_neurons"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        self._function()

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"patterns": self.loads, "block": range(self.blocks)}

    def together(self, cell: Block) -> int:
        return cell.patterns

    def memory(self, cells: int) -> int:
        return 8 * COPIES * (BLOCK + max(self.loads) * self.n_neurons)

    @property
    def remedy(self) -> str:
        return "Store fewer patterns."

    @property
    def summary(self) -> str:
        loads = f"K = {min(self.loads)} to {max(self.loads)}"
        return f"{self.interaction}, N = {self.n_neurons}, n = {self.n}, {loads}"

    def further(self) -> dict[str, Any]:
        values = self._function().values()  # as above
        return {"values": values} if values else {}

    def measure(self, cells: Sequence[Block], *, device: str = "cpu") -> list[dict[str, int]]:
        """Count the networks of each block whose neuron turns over; on the CPU, whatever the device."""
        found = []
        for cell in cells:
            draw = generator(self.seed, "one update", self.n_neurons, *cell)
            measured = measured_error(
                self.n_neurons, self._function(), cell.patterns, draws=self.networks, generator=draw
            )
            found.append({"turned": round(measured.share * self.networks)})
        return found

    def _function(self) -> Interaction:
        return named(self.interaction).of_vertex(self.n, SLOPE)


def _loads(loads: tuple[int, ...]) -> None:
    if not loads or len(set(loads)) < len(loads):
        _checks.refuse(f"`loads` must hold at least one number and none twice, got {loads}.")
    for load in loads:
        _checks.whole("loads", load)
