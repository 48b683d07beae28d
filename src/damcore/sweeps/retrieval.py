"""The retrieval experiments: what damaged patterns and random states end in, against how many patterns are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from damcore import _checks
from damcore._random import generator
from damcore.datasets import binarise, flip, mnist, random_patterns
from damcore.recall import Outcome, Recall, outcomes
from damcore.sweeps.stored import BLOCK, Stored

DIGITS = 5000  # that are bundled
KINDS = tuple(kind.name.lower() for kind in Outcome)


class Start(NamedTuple):
    """A network and how its probes are damaged: patterns stored, fraction of neurons flipped, and which draw."""

    patterns: int
    damage: float
    draw: int


class Ending(NamedTuple):
    """One random state: which draw of patterns, and which state."""

    draw: int
    start: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class Retrieval(Stored):
    """Start from damaged patterns or random states, and measure the shares of what they end in.

    A probe is one of the stored patterns in turn, with exactly round(damage N) neurons flipped. A random state has no
    pattern of its own, and its target is the nearest one. `nearest` is the share of probes whose target is nearer than
    any other pattern, which is what a search without a network finds.

    See KH16, appendix B.

    Args:
        loads: numbers of patterns K to store.
        damages: fractions of the neurons to flip; with `start` "random" there is one, and it does not matter.
        probes: starts of each network and damage.
        start: "damaged" or "random".
        patterns: "random", or "digits" of the bundled MNIST, which have 784 neurons.
        bias: mean of an element of random patterns, > -1 and < 1.

    Raises:
        ValueError: an axis is empty or repeats a value, or a setting is out of range.

    Example:
        >>> from damcore.sweeps import Retrieval
        >>> few = Retrieval(name="few", loads=(20, 200), damages=(0.2,), n=3, n_neurons=50, probes=100)
        >>> for row in few.measure(list(few.cells())):
        ...     print(row["target"], row["spurious"], row["nearest"])
        0.98 0.0 1.0
        0.07 0.69 1.0
    """

    loads: tuple[int, ...]
    damages: tuple[float, ...] = (0.0,)
    probes: int = 1000
    start: str = "damaged"
    patterns: str = "random"
    bias: float = 0.0

    Cell = Start
    metrics = (*KINDS, "memory", "either", "closest", "nearest", "sweeps")

    def __post_init__(self):
        super().__post_init__()
        for axis in ("loads", "damages"):
            values = getattr(self, axis)
            if not values or len(set(values)) < len(values):
                _checks.refuse(f"`{axis}` must hold at least one number and none twice, got {values}.")
        for load in self.loads:
            _checks.whole("loads", load)
        for damage in self.damages:
            _checks.number("damages", damage, least=0.0, most=1.0)
        _checks.whole("probes", self.probes)
        _checks.one_of("start", self.start, ("damaged", "random"))
        _checks.one_of("patterns", self.patterns, ("random", "digits"))
        if self.start == "random" and len(self.damages) > 1:
            _checks.refuse(f"`damages` must hold one number where starts are random, got {self.damages}.")
        if self.patterns == "digits" and self.n_neurons != 784:
            _checks.refuse(f"`n_neurons` must be 784 where patterns are digits, got {self.n_neurons}.")
        if self.patterns == "digits" and max(self.loads) > DIGITS:
            _checks.refuse(f"`loads` must not ask for more than the {DIGITS} bundled digits, got {max(self.loads)}.")
        _checks.number("bias", self.bias, above=-1.0)
        if self.bias >= 1:
            _checks.refuse(f"`bias` must be below 1, got {self.bias}.")

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {"patterns": self.loads, "damage": self.damages, "draw": range(self.draws)}

    def together(self, cell: Start) -> int:
        return cell.patterns

    def memory(self, cells: int) -> int:
        return 8 * (8 * BLOCK + 3 * max(self.loads) * self.n_neurons)  # one network after the other

    @property
    def summary(self) -> str:
        loads = f"K = {min(self.loads)} to {max(self.loads)}"
        return f"{self.interaction}, N = {self.n_neurons}, n = {self.n}, {loads}"

    def measure(self, cells: Sequence[Start], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure what the starts of each network end in."""
        return [self._measured(cell, device) for cell in cells]

    def _measured(self, cell: Start, device: str) -> dict[str, float]:
        patterns = self._stored(cell.patterns, cell.draw)
        draw = generator(self.seed, "starts", self.n_neurons, cell.patterns, cell.damage, cell.draw)
        if self.start == "random":
            starts = random_patterns(self.probes, self.n_neurons, generator=draw)
            targets = None
        else:
            targets = torch.arange(self.probes) % cell.patterns
            starts = flip(patterns[targets], cell.damage, generator=draw)
        patterns, starts = patterns.to(device), starts.to(device)
        recalled = self._recalled(patterns, starts)
        found = dict.fromkeys(self.metrics, 0.0)
        size = max(1, BLOCK // cell.patterns)
        for begin in range(0, self.probes, size):
            block = slice(begin, begin + size)
            for name, value in _endings(patterns, starts[block], _part(recalled, block), targets, block).items():
                found[name] += value / self.probes
        return found

    def _stored(self, number: int, draw: int) -> Tensor:
        if self.patterns == "random" and self.bias == 0:
            return self._patterns(self.n_neurons, number, draw)
        source = generator(self.seed, "patterns", self.patterns, self.bias, self.n_neurons, draw)
        if self.patterns == "random":
            draws = torch.rand(number, self.n_neurons, generator=source, dtype=torch.float64)
            return (draws < (1 + self.bias) / 2).double() * 2 - 1
        images, _ = mnist(source="bundled")
        return binarise(images[torch.randperm(len(images), generator=source)[:number].numpy()])


def _part(recalled: Recall, block: slice) -> Recall:
    return Recall(*(getattr(recalled, name)[block] for name in ("states", "converged", "sweeps", "period", "finite")))


def _endings(
    patterns: Tensor, starts: Tensor, recalled: Recall, targets: Tensor | None, block: slice
) -> dict[str, float]:
    """How many of the starts end in what, and the sums of what is averaged."""
    n_neurons = patterns.shape[-1]
    begun = starts @ patterns.mT
    wanted = begun.argmax(-1) if targets is None else targets[block].to(starts.device)
    nearer = (begun >= begun.gather(-1, wanted[:, None])).sum(-1) == 1
    overlap = recalled.states @ patterns.mT
    closest = overlap.amax(-1)
    kinds = outcomes(recalled, patterns, wanted)
    found = {name: (kinds == kind).sum().item() for name, kind in zip(KINDS, Outcome, strict=True)}
    return found | {
        "memory": (closest == n_neurons).sum().item(),
        "either": (overlap.abs().amax(-1) == n_neurons).sum().item(),
        "closest": closest.sum().item() / n_neurons,
        "nearest": nearer.sum().item(),
        "sweeps": recalled.sweeps.sum().item(),
    }


@_checks.door
@dataclass(frozen=True, kw_only=True)
class Endings(Stored):
    """Start from random states, and measure of each the largest overlap between what it ends in and a memory.

    See KH16, appendix B.

    Args:
        load: number of patterns K to store.
        starts: random states of each network.

    Raises:
        ValueError: a setting is out of range.

    Example:
        >>> from damcore.sweeps import Endings
        >>> few = Endings(name="few", load=30, starts=3, n=4, n_neurons=50)
        >>> for row in few.measure(list(few.cells())):
        ...     print(row)
        {'closest': 50.0, 'either': 50.0, 'sweeps': 2}
        {'closest': 14.0, 'either': 50.0, 'sweeps': 1}
        {'closest': 16.0, 'either': 50.0, 'sweeps': 2}
    """

    load: int
    starts: int = 1000

    Cell = Ending
    metrics = ("closest", "either", "sweeps")
    unit = "state"

    def __post_init__(self):
        super().__post_init__()
        _checks.whole("load", self.load)
        _checks.whole("starts", self.starts)

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {"draw": range(self.draws), "start": range(self.starts)}

    def together(self, cell: Ending) -> int:
        return cell.draw

    def memory(self, cells: int) -> int:
        return 8 * 3 * (self.load * self.n_neurons + cells * (self.load + self.n_neurons))

    @property
    def summary(self) -> str:
        return f"{self.interaction}, N = {self.n_neurons}, n = {self.n}, K = {self.load}"

    def measure(self, cells: Sequence[Ending], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure the largest overlap, in neurons: with a memory, and with a memory or the inverse of one."""
        patterns = self._patterns(self.n_neurons, self.load, cells[0].draw).to(device)
        starts = torch.cat(
            [
                random_patterns(1, self.n_neurons, generator=generator(self.seed, "start", self.n_neurons, *cell))
                for cell in cells
            ]
        )
        recalled = self._recalled(patterns, starts.to(device))
        overlap = recalled.states @ patterns.mT
        columns = overlap.amax(-1).tolist(), overlap.abs().amax(-1).tolist(), recalled.sweeps.tolist()
        return [dict(zip(self.metrics, row, strict=True)) for row in zip(*columns, strict=True)]
