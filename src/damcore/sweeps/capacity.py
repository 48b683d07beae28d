"""The capacity experiments: which patterns are stable, and how often one neuron turns over, against what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from damcore import _checks
from damcore._random import generator
from damcore.capacity import measured_error
from damcore.datasets import random_patterns
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps.stored import OfLoads


class Block(NamedTuple):
    """A block of networks: the number of patterns each stores, and which block."""

    patterns: int
    block: int


class Load(NamedTuple):
    """One network: the number of patterns it stores, and which draw of them."""

    patterns: int
    draw: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class StablePatterns(OfLoads):
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

    draws: int = 10

    Cell = Load
    metrics = ("stable", "neurons")
    unit = "network"

    def __post_init__(self):
        super().__post_init__()
        _checks.whole("draws", self.draws)

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"patterns": self.loads, "draw": range(self.draws)}

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


@_checks.door
@dataclass(frozen=True, kw_only=True)
class OneUpdate(OfLoads):
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

    networks: int = 1000
    blocks: int = 1

    Cell = Block
    metrics = ("turned",)
    unit = "block"

    def __post_init__(self):
        super().__post_init__()
        _checks.whole("networks", self.networks)
        _checks.whole("blocks", self.blocks)

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"patterns": self.loads, "block": range(self.blocks)}

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
