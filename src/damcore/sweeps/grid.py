"""A sweep as a description: every setting of every network it trains, cut into shards by the description alone."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

import torch

from damcore import _checks
from damcore.interactions import Interaction, named
from damcore.scaling import Scaling, Temperature

INITIAL = ("uniform", "symmetric", "normal")
RECALL_SCALES = ("text", "learning", "one", "over-n")
SHARD = 128  # networks, at most: seconds of work, and little to lose
BUDGET = 2 << 30  # bytes that training a shard may take
COPIES = 5  # of the memories, then: the initial ones, the trained ones, their velocity, and two in work


class Place(NamedTuple):
    """Where N and T enter while learning: gap = outer * sum_mu [F(inner h_on) - F(inner h_off)]."""

    by_neurons: bool  # h is divided by N
    inside: int  # inner has T to minus this power
    outside: int | None  # outer has T to minus this power; None is F's vertex: n, and 1 for the exponential
    times_vertex: bool = False  # n T stands where T does


SCALINGS = {
    "original": Place(False, 0, None),  # MRS24 Eq. 8
    "modified": Place(True, 1, 0),  # MRS24 Eq. 14
    # Variants that a reading of the text or a state of its public code allows.
    "outside": Place(False, 0, 1),
    "outside-n": Place(False, 0, 1, times_vertex=True),
    "outside-normalised": Place(True, 0, 1),
    "original-normalised": Place(True, 0, None),
    "inside": Place(False, 1, 0),
}


@dataclass(frozen=True)
class Cell:
    """One network of a sweep: its point on the axes, and which repeat it is."""

    n: int
    inverse_temperature: float
    learning_rate: float
    repeat: int


@_checks.door
@dataclass(frozen=True)
class Sweep:
    """Networks over a grid of vertex, inverse temperature and learning rate, each trained `repeats` times.

    The inverse temperature is 1/T of the network's own scaling: the two networks of MRS24 are one, for a homogeneous F,
    where 1/T of the modified is N times 1/T of the original.

    Args:
        name: what the sweep is called in a store, letters, digits and hyphens.
        vertices: interaction vertices n; the exponential ignores them, except in the scaling "outside-n".
        inverse_temperatures: 1/T.
        learning_rates: largest change of a memory in the first epoch.
        repeats: networks a cell, each with states and initial memories of its own.
        seed: of all random numbers.
        scaling: where N and T enter while learning; inner stands inside F, outer before the sum:

            | name                | inner   | outer   |
            |---------------------|---------|---------|
            | original            | 1       | T^-n, and 1/T for the exponential |
            | modified            | 1/(N T) | 1       |
            | outside             | 1       | 1/T     |
            | outside-n           | 1       | 1/(n T) |
            | outside-normalised  | 1/N     | 1/T     |
            | original-normalised | 1/N     | as original |
            | inside              | 1/T     | 1       |

        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own, defined
            before: its fields `n` and `slope` are set, others keep their defaults.
        slope: of the leaky F below zero.
        n_neurons: N.
        n_memories: K.
        initial: initial memories: "uniform" in [0, 1], "symmetric" in [-1, 1], or "normal" with deviation 0.1.
        n_states: random states to learn.
        epochs: passes over the states.
        decay: factor on the learning rate after each epoch.
        momentum: in [0, 1).
        error_exponent: m of the loss.
        floor: of the normalised step; None for no floor.
        dtype: "float64" or "float32".
        order: of recall, "asynchronous" or "synchronous".
        tie: of recall, what a gap of zero does.
        recall_scale: inner of recall: "text" for 1/N where the scaling has N and else 1 (MRS24 Eq. 4, 13), "learning"
            for the scale the network learned with, "one" for 1, "over-n" for 1/N. For a homogeneous F all give the same
            signs.

    Raises:
        ValueError: an axis is empty or repeats a value, or a setting is out of range.
    """

    name: str
    vertices: tuple[int, ...]
    inverse_temperatures: tuple[float, ...]
    learning_rates: tuple[float, ...]
    repeats: int = 5
    seed: int = 0
    scaling: str = "modified"
    interaction: str = "leaky"
    slope: float = 1e-2
    n_neurons: int = 100
    n_memories: int = 100
    initial: str = "uniform"
    n_states: int = 20
    epochs: int = 500
    decay: float = 0.999
    momentum: float = 0.0
    error_exponent: int = 1
    floor: float | None = 1e-30
    dtype: str = "float64"
    order: str = "asynchronous"
    tie: str = "positive"
    recall_scale: str = "text"

    def __post_init__(self):
        if not self.name.replace("-", "").isalnum():
            _checks.refuse(f"`name` must consist of letters, digits and hyphens, got {self.name!r}.")
        for axis in ("vertices", "inverse_temperatures", "learning_rates"):
            # Lists are welcome, and 1 is the same cell as 1.0; a frozen description needs tuples of one type.
            values = tuple(value if axis == "vertices" else float(value) for value in getattr(self, axis))
            object.__setattr__(self, axis, values)
            if not values or len(set(values)) < len(values):
                _checks.refuse(f"`{axis}` must hold at least one value and none twice, got {values}.")
            for value in values:
                _checks.whole(axis, value) if axis == "vertices" else _checks.number(axis, value, above=0.0)
        for size in ("repeats", "n_neurons", "n_memories", "n_states", "epochs", "error_exponent"):
            _checks.whole(size, getattr(self, size))
        _checks.whole("seed", self.seed, 0)
        _checks.number("slope", self.slope)
        _checks.number("decay", self.decay, above=0.0, most=1.0)
        _checks.fraction("momentum", self.momentum)
        if self.floor is not None:
            _checks.number("floor", self.floor, least=0.0)
        _checks.one_of("scaling", self.scaling, tuple(SCALINGS))
        self.interaction_of(self.vertices[0])
        _checks.one_of("initial", self.initial, INITIAL)
        _checks.one_of("dtype", self.dtype, ("float64", "float32"))
        _checks.one_of("order", self.order, ("asynchronous", "synchronous"))
        _checks.one_of("tie", self.tie, ("positive", "negative", "keep"))
        _checks.one_of("recall_scale", self.recall_scale, RECALL_SCALES)

    @property
    def digest(self) -> str:
        """Eight bytes in hexadecimal that stand for every setting but the name, and for the values of F of your own."""
        settings = {key: value for key, value in asdict(self).items() if key != "name"}
        # What a name of your own stands for may change; the four of the library do not.
        values = [self.interaction_of(n).values() for n in self.vertices]
        if any(values):
            settings["values"] = values
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def configuration(self) -> dict[str, object]:
        """The settings all cells share: a column each in the store."""
        axes = ("vertices", "inverse_temperatures", "learning_rates", "repeats")
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in axes}

    def __len__(self) -> int:
        return len(self.vertices) * len(self.inverse_temperatures) * len(self.learning_rates) * self.repeats

    def cells(self) -> Iterator[Cell]:
        """Every network, in an order that keeps equal vertices together and does not put all hard cells at the end."""
        for n in self.vertices:
            for repeat in range(self.repeats):
                for inverse in self.inverse_temperatures:
                    for rate in self.learning_rates:
                        yield Cell(n, inverse, rate, repeat)

    @property
    def bytes_a_network(self) -> int:
        """Memory that training one network takes."""
        return COPIES * (self.n_memories + self.n_states) * self.n_neurons * self.torch_dtype.itemsize

    def shards(self, size: int | None = None) -> list[tuple[Cell, ...]]:
        """The cells in pieces, each of one vertex: what is trained in lockstep and stored at once.

        Args:
            size: networks a shard, at least 1; by default as many as fit 2 GiB, and 128 at most.
        """
        size = size or min(SHARD, max(1, BUDGET // self.bytes_a_network))
        pieces = []
        for n in self.vertices:
            group = [cell for cell in self.cells() if cell.n == n]
            pieces += [tuple(group[start : start + size]) for start in range(0, len(group), size)]
        return pieces

    def interaction_of(self, n: int) -> Interaction:
        """F of vertex n."""
        return named(self.interaction).of_vertex(n, self.slope)

    def scaling_of(self, n: int, temperature: Temperature) -> Scaling:
        """The scaling of a network of vertex n that learns at a temperature."""
        place = SCALINGS[self.scaling]
        return Scaling(
            temperature * n if place.times_vertex else temperature,
            divisor=float(self.n_neurons) if place.by_neurons else 1.0,
            inner_power=place.inside,
            outer_power=self.interaction_of(n).vertex if place.outside is None else place.outside,
        )

    def recall_scaling_of(self, n: int, temperature: Temperature) -> Scaling:
        """The scaling with which that network recalls, to be used as it is; see `recall_scale`."""
        learning = self.scaling_of(n, temperature)
        match self.recall_scale:
            case "text":
                return learning.for_recall()
            case "learning":
                return learning
            case "one":
                return Scaling(1.0)
            case _:
                return Scaling(1.0, divisor=float(self.n_neurons))

    @property
    def torch_dtype(self) -> torch.dtype:
        return getattr(torch, self.dtype)


def logarithmic(low: float, high: float, points: int) -> tuple[float, ...]:
    """Points from low to high, evenly spaced in their logarithm, to four digits; one point is low.

    Args:
        low: above 0.
        high: above 0.
        points: how many, at least 1.
    """
    _checks.whole("points", points)
    return tuple(float(f"{low * (high / low) ** (k / max(points - 1, 1)):.4g}") for k in range(points))
