"""The training experiment: train networks over vertex, inverse temperature and learning rate, and let each recall."""

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from damcore import _checks, learning
from damcore._random import generator
from damcore.datasets import random_patterns
from damcore.interactions import Interaction, named
from damcore.recall import recall
from damcore.scaling import Scaling, Temperature
from damcore.sweeps.experiment import Experiment

INITIAL = ("uniform", "symmetric", "normal")
RECALL_SCALES = ("text", "learning", "one", "over-n")
COPIES = 5  # of the memories: the initial ones, the trained ones, their velocity, and two in the training step


class Place(NamedTuple):
    """Where N and T enter while learning: gap = outer * sum_mu [F(inner h_on) - F(inner h_off)]."""

    by_neurons: bool  # h is divided by N
    inside: int  # inner has T to minus this power
    outside: int | None  # outer has T to minus this power; None is F's vertex: n, and 1 for the exponential
    times_vertex: bool = False  # n T stands where T does


SCALINGS = {
    "original": Place(False, 0, None),  # MRS24 Eq. 8
    "modified": Place(True, 1, 0),  # MRS24 Eq. 14
    # Other readings of the text, or other states of its public code.
    "outside": Place(False, 0, 1),
    "outside-n": Place(False, 0, 1, times_vertex=True),
    "outside-normalised": Place(True, 0, 1),
    "original-normalised": Place(True, 0, None),
    "inside": Place(False, 1, 0),
}


class Cell(NamedTuple):
    """One network of a sweep: its point on the axes, and which repeat it is."""

    n: int
    inverse_temperature: float
    learning_rate: float
    repeat: int


@_checks.door
@dataclass(frozen=True)
class Sweep(Experiment):
    """Train networks over a grid of vertex, inverse temperature and learning rate, `repeats` times each.

    The inverse temperature is 1/T of the network's own scaling. For a homogeneous F the two networks of MRS24 are one
    where 1/T of the modified is N times 1/T of the original.

    Args:
        name: what the sweep is called in a store, letters, digits and hyphens.
        vertices: interaction vertices n; the exponential ignores them, except in the scaling "outside-n".
        inverse_temperatures: 1/T.
        learning_rates: largest change of an entry of the memories in the first epoch.
        repeats: networks per point of the grid, each with states and initial memories of its own.
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

        interaction: "polynomial", "rectified", "leaky" or "exponential", or the `name` of an F of your own whose module
            is imported. Its fields `n` and `slope` are set; others keep their defaults.
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
        tie: of recall, what a gap of zero does: "positive", "negative" or "keep".
        recall_scale: inner of recall: "text" for 1/N where the scaling has N and else 1 (MRS24 Eq. 4, 13), "learning"
            for the scale that the network learned with, "one" for 1, "over-n" for 1/N. For a homogeneous F all give the
            same signs.
        form: of learning and recall, "plain", "log" or "auto", see `learning.train`. With the default, overflow and
            underflow are among the results.

    Raises:
        ValueError: an axis is empty or repeats a value, or a setting is out of range.

    Example:
        >>> from damcore.sweeps import Sweep
        >>> sweep = Sweep("two", vertices=(3,), inverse_temperatures=(0.1, 1.0), learning_rates=(0.05,), repeats=1,
        ...               n_neurons=50, n_memories=30, n_states=3, epochs=100)
        >>> [round(row["stable"], 2) for row in sweep.measure(list(sweep.cells()))]
        [0.33, 1.0]
    """

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
    form: str = "plain"

    Cell = Cell
    grid = ("vertices", "inverse_temperatures", "learning_rates")  # the fields that are axes
    metrics = ("distance", "stable", "loss", "sweeps", "converged", "diverged", "overflow")
    unit = "network"
    # The fields of the first stored rows, whose digests hold all of them.
    settled = frozenset(
        [
            "vertices",
            "inverse_temperatures",
            "learning_rates",
            "repeats",
            "seed",
            "scaling",
            "interaction",
            "slope",
            "n_neurons",
            "n_memories",
            "initial",
            "n_states",
            "epochs",
            "decay",
            "momentum",
            "error_exponent",
            "floor",
            "dtype",
            "order",
            "tie",
            "recall_scale",
        ]
    )

    def __post_init__(self):
        super().__post_init__()
        for axis in self.grid:
            values = getattr(self, axis)
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
        _checks.one_of("form", self.form, ("plain", "log", "auto"))

    @property
    def axes(self) -> dict[str, Sequence[Any]]:
        return {
            "n": self.vertices,
            "learning_rate": self.learning_rates,
            self.Cell._fields[1]: getattr(self, self.grid[1]),
            "repeat": range(self.repeats),
        }

    @property
    def columns(self) -> frozenset[str]:
        return super().columns - {"repeats"}  # which the first stored rows do not have

    def further(self) -> dict[str, Any]:
        # The name of an F of your own may come to stand for another F; the four of the library do not change.
        values = [self.interaction_of(n).values() for n in self.vertices]
        return {"values": values} if any(values) else {}

    def cells(self) -> Iterator[Any]:
        """Yield every network; equal vertices stand together, and hard cells are spread over the shards."""
        for n in self.vertices:
            for repeat in range(self.repeats):
                for inverse in getattr(self, self.grid[1]):
                    for rate in self.learning_rates:
                        yield self.Cell(n, inverse, rate, repeat)

    def together(self, cell: Any) -> int:
        return cell.n

    def memory(self, cells: int) -> int:
        return cells * COPIES * (self.n_memories + self.n_states) * self.n_neurons * self.torch_dtype.itemsize

    @property
    def remedy(self) -> str:
        return "Use fewer memories or neurons, or dtype float32."

    @property
    def summary(self) -> str:
        return f"{self.scaling}, {self.interaction}, N = {self.n_neurons}, n = {self.vertices}"

    def seconds_per_cell(self, cells: Sequence[Any], *, device: str = "cpu") -> float:
        """Estimate the time of one network from some networks and some of the epochs."""
        few = random.Random(0).sample(list(cells), min(16, len(cells)))

        def seconds(epochs: int) -> float:
            started = time.perf_counter()
            replace(self, epochs=epochs).measure(few, device=device)
            return (time.perf_counter() - started) / len(few)

        seconds(1)  # compiles
        longer = min(31, self.epochs + 1)
        # Some time is spent once, most of it on recall, and some in each epoch.
        once = seconds(1)
        return once + max(0.0, seconds(longer) - once) / (longer - 1) * self.epochs

    def measure(self, cells: Sequence[Any], *, device: str = "cpu") -> list[dict[str, Any]]:
        rows = train_cells(self, cells, device=device)
        return [{name: row[name] for name in self.metrics if name in row} for row in rows]

    def inverse_temperature(self, cell: Any) -> float:
        """Give 1/T with which the network of a cell learns."""
        return cell.inverse_temperature

    def interaction_of(self, n: int) -> Interaction:
        """Give F of vertex n."""
        return named(self.interaction).of_vertex(n, self.slope)

    def scaling_of(self, n: int, temperature: Temperature) -> Scaling:
        """Give the scaling with which a network of vertex n learns."""
        place = SCALINGS[self.scaling]
        return Scaling(
            temperature * n if place.times_vertex else temperature,
            divisor=float(self.n_neurons) if place.by_neurons else 1.0,
            inner_power=place.inside,
            outer_power=self.interaction_of(n).vertex if place.outside is None else place.outside,
        )

    def recall_scaling_of(self, n: int, temperature: Temperature) -> Scaling:
        """Give the scaling with which that network recalls, used as it is; see `recall_scale`."""
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


def train_cells(sweep: Sweep, cells: Sequence[Any], *, device: str = "cpu") -> list[dict[str, Any]]:
    """Train the networks of some cells of one vertex, and measure each.

    The random numbers of a network come from its own settings. Those of one repeat are the same in all cells with the
    same N, K and number of states, so cells, vertices and scalings are compared on equal tasks.

    Args:
        sweep: the description.
        cells: some of its cells, all of one vertex.
        device: "cpu" or "cuda".

    Returns:
        For each cell
        - distance: mean Euclidean distance between learned and recalled states, 0 to 2 sqrt(N);
        - stable: share of learned states that recall does not change;
        - near: share of learned states in which recall changes one neuron at most;
        - loss: of the last epoch, NaN where training diverged;
        - sweeps: mean number of recall's sweeps that changed something;
        - converged: share of states that settled;
        - diverged: epoch in which training left the range of the dtype, -1 where it did not;
        - overflow: whether training or recall left that range.
    """
    n = cells[0].n
    tasks = {repeat: task(sweep, repeat) for repeat in {cell.repeat for cell in cells}}
    memories = torch.stack([tasks[cell.repeat][0] for cell in cells]).to(device)
    patterns = torch.stack([tasks[cell.repeat][1] for cell in cells]).to(device)
    temperature = 1 / torch.tensor([sweep.inverse_temperature(cell) for cell in cells], dtype=torch.float64)
    temperature = temperature.to(device)
    interaction = sweep.interaction_of(n)
    training = learning.train(
        memories,
        patterns,
        interaction,
        sweep.scaling_of(n, temperature),
        epochs=sweep.epochs,
        learning_rate=torch.tensor([cell.learning_rate for cell in cells], dtype=torch.float64),
        decay=sweep.decay,
        momentum=sweep.momentum,
        error_exponent=sweep.error_exponent,
        floor=sweep.floor,
        on_nonfinite="mark",
        form=sweep.form,
    )
    recalled = recall(
        training.memories,
        patterns,
        interaction,
        sweep.recall_scaling_of(n, temperature),
        order=sweep.order,
        tie=sweep.tie,
        at_temperature=True,
        on_nonfinite="mark",
        form=sweep.form,
    )
    wrong = (recalled.states != patterns).sum(-1).tolist()  # neurons, in each network and state
    measured = {
        "stable": (recalled.states == patterns).all(-1).double().mean(-1),
        "loss": training.losses[:, -1],
        "sweeps": recalled.sweeps.double().mean(-1),
        "converged": recalled.converged.double().mean(-1),
        "diverged": training.diverged,
        "overflow": (training.diverged >= 0) | ~recalled.finite.all(-1),
    }
    columns = {name: values.cpu().tolist() for name, values in measured.items()}
    # Two bipolar states that differ in k neurons are 2 sqrt(k) apart. The sum is exact: a tensor is summed in an order
    # that depends on where it lies in memory, which would change the last bit from run to run.
    columns["near"] = [sum(k <= 1 for k in states) / len(states) for states in wrong]
    columns["distance"] = [math.fsum(2 * math.sqrt(k) for k in states) / len(states) for states in wrong]
    return [{name: column[row] for name, column in columns.items()} for row in range(len(cells))]


def task(sweep: Sweep, repeat: int) -> tuple[Tensor, Tensor]:
    """Draw the initial memories (K, N) and the states to learn (A, N) of one repeat.

    Args:
        sweep: the description.
        repeat: which.
    """
    k, n_neurons = sweep.n_memories, sweep.n_neurons
    draw = generator(sweep.seed, "states", sweep.n_states, n_neurons, repeat)
    patterns = random_patterns(sweep.n_states, n_neurons, generator=draw)
    draw = generator(sweep.seed, "memories", sweep.initial, k, n_neurons, repeat)
    if sweep.initial == "normal":
        memories = 0.1 * torch.randn(k, n_neurons, generator=draw, dtype=torch.float64)
    else:
        memories = torch.rand(k, n_neurons, generator=draw, dtype=torch.float64)
        memories = 2 * memories - 1 if sweep.initial == "symmetric" else memories
    return memories.to(sweep.torch_dtype), patterns.to(sweep.torch_dtype)
