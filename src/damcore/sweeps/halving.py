"""The search for the number of memories at which half of all starts succeed, as an experiment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from damcore import _checks
from damcore._random import generator
from damcore.capacity import half_load
from damcore.datasets import flip, random_patterns
from damcore.sweeps.stored import BLOCK, Stored

LARGEST = 200_000_000  # K N that a search may try


class Size(NamedTuple):
    """One search: the number of neurons, and which draw."""

    n_neurons: int
    draw: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class HalfLoad(Stored):
    """Search for K_1/2, the number of memories at which half of the starts succeed; see `capacity.half_load`.

    A random state succeeds where it ends exactly on a memory, or with `either` on a memory or the inverse of one. A
    damaged pattern succeeds where it ends as it was.

    See KH16, appendix B.

    Args:
        sizes: numbers of neurons N; `n_neurons` plays no part.
        guesses: where the search begins, a number of memories for each N.
        starts: of each network.
        networks: of each search, beside those that find where to look.
        damage: fraction of the neurons to flip; None for random states.
        either: whether the inverse of a memory counts.

    Raises:
        ValueError: an axis is empty or repeats a value, or a setting is out of range.

    Example:
        >>> from damcore.sweeps import HalfLoad
        >>> few = HalfLoad(name="few", sizes=(30,), guesses=(60,), n=3, starts=50, networks=12)
        >>> [row] = few.measure(list(few.cells()))
        >>> row["low"] < row["memories"] < row["high"]
        True
    """

    sizes: tuple[int, ...]
    guesses: tuple[int, ...]
    starts: int = 100
    networks: int = 30
    damage: float | None = None
    either: bool = False

    Cell = Size
    metrics = ("memories", "low", "high")
    unit = "search"

    def __post_init__(self):
        super().__post_init__()
        if not self.sizes or len(set(self.sizes)) < len(self.sizes):
            _checks.refuse(f"`sizes` must hold at least one number and none twice, got {self.sizes}.")
        if len(self.guesses) != len(self.sizes):
            _checks.refuse(f"`guesses` must hold a number for each of the {len(self.sizes)} sizes, got {self.guesses}.")
        for name in ("sizes", "guesses"):
            for number in getattr(self, name):
                _checks.whole(name, number)
        _checks.whole("starts", self.starts)
        _checks.whole("networks", self.networks, 6, 2**20)
        if self.damage is not None:
            _checks.number("damage", self.damage, least=0.0, most=1.0)

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {"n_neurons": self.sizes, "draw": range(self.draws)}

    @property
    def configuration(self) -> dict[str, Any]:
        return {name: value for name, value in super().configuration.items() if name not in ("n_neurons", "guesses")}

    def together(self, cell: Size) -> int:
        return cell.n_neurons

    def memory(self, cells: int) -> int:
        most = max(guess * size for guess, size in zip(self.guesses, self.sizes, strict=True))
        return 8 * 3 * 4 * most + 8 * 4 * BLOCK  # a search may double what it begins with, twice

    @property
    def summary(self) -> str:
        return f"{self.interaction}, N = {min(self.sizes)} to {max(self.sizes)}, n = {self.n}"

    def measure(self, cells: Sequence[Size], *, device: str = "cpu") -> list[dict[str, float]]:
        """Measure K_1/2 and the ends of its 95 % interval."""
        return [self._measured(cell, device) for cell in cells]

    def _measured(self, cell: Size, device: str) -> dict[str, float]:
        draw = generator(self.seed, "search", *cell)

        def share(load: int) -> float:
            patterns = random_patterns(load, cell.n_neurons, generator=draw)
            if self.damage is None:
                starts = random_patterns(self.starts, cell.n_neurons, generator=draw)
            else:
                wanted = patterns[torch.arange(self.starts) % load]
                starts = flip(wanted, self.damage, generator=draw)
            found = self._recalled(patterns.to(device), starts.to(device)).states.cpu()
            if self.damage is not None:
                return (found == wanted).all(-1).double().mean().item()
            size, hits = max(1, BLOCK // load), 0
            for begin in range(0, self.starts, size):
                overlap = found[begin : begin + size] @ patterns.mT
                best = overlap.abs().amax(-1) if self.either else overlap.amax(-1)
                hits += int((best == cell.n_neurons).sum().item())
            return hits / self.starts

        start = self.guesses[self.sizes.index(cell.n_neurons)]
        found = half_load(
            share, start, networks=self.networks, most=max(start, LARGEST // cell.n_neurons), generator=draw
        )
        return found._asdict()
