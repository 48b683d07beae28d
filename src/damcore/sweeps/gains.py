"""The training experiment over the gain in place of the temperature: the temperature follows from n, N, K and A."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from damcore import _checks
from damcore.scaling import Scaling
from damcore.sweeps.training import Sweep


class GainCell(NamedTuple):
    """One network of a sweep over gains: its point on the axes, and which repeat it is."""

    n: int
    gain: float
    learning_rate: float
    repeat: int


@_checks.door
@dataclass(frozen=True, kw_only=True)
class GainSweep(Sweep):
    """Train networks over a grid of vertex, gain and learning rate; see `Scaling.gain` and `Sweep`.

    Each network learns at the temperature where it has this gain. So one axis suits every vertex and every size.

    Args:
        gains: G.
        inverse_temperatures: nothing, since they follow from the gains; each row has its own.

    Raises:
        ValueError: as `Sweep`; the scaling is neither "original" nor "modified", or temperatures are given.

    Example:
        >>> from damcore.sweeps import GainSweep
        >>> sweep = GainSweep(name="two", vertices=(3,), gains=(1e-4, 1.0), learning_rates=(0.05,), repeats=1,
        ...                   n_neurons=50, n_memories=30, n_states=3, epochs=100)
        >>> rows = sweep.measure(list(sweep.cells()))
        >>> [(round(row["inverse_temperature"], 2), round(row["stable"], 2)) for row in rows]
        [(0.04, 0.67), (0.95, 1.0)]
    """

    inverse_temperatures: tuple[float, ...] = ()
    gains: tuple[float, ...]

    Cell = GainCell
    grid = ("vertices", "gains", "learning_rates")
    metrics = (*Sweep.metrics, "near", "inverse_temperature")

    def __post_init__(self):
        super().__post_init__()
        _checks.one_of("scaling", self.scaling, ("original", "modified"))
        if self.inverse_temperatures:
            _checks.refuse("`inverse_temperatures` must be left out: they follow from `gains`.")

    @property
    def configuration(self) -> dict[str, Any]:
        return {name: value for name, value in super().configuration.items() if name != "inverse_temperatures"}

    def measure(self, cells: Sequence[Any], *, device: str = "cpu") -> list[dict[str, Any]]:
        rows = super().measure(cells, device=device)
        temperatures = [self.inverse_temperature(cell) for cell in cells]
        return [row | {"inverse_temperature": at} for row, at in zip(rows, temperatures, strict=True)]

    def inverse_temperature(self, cell: Any) -> float:
        return _inverse_temperature(self, cell.n, cell.gain)


@lru_cache(maxsize=4096)
def _inverse_temperature(sweep: GainSweep, n: int, gain: float) -> float:
    scaling = Scaling.calibrated(
        sweep.interaction_of(n),
        sweep.n_neurons,
        sweep.n_memories,
        sweep.n_states,
        gain=gain,
        original=sweep.scaling == "original",
    )
    return float(1 / scaling.temperature)
