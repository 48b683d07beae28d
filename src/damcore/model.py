"""`DenseAssociativeMemory`: a network with its settings, which stores, trains, retrieves, saves and loads."""

from os import PathLike

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks, _files, network
from damcore.interactions import Interaction, Polynomial, restored
from damcore.learning import TrainingState, train
from damcore.recall import Recall, recall
from damcore.scaling import Scaling

__all__ = ["DenseAssociativeMemory"]

# Measured in notebooks/mnist_recall.ipynb, "Which vertex?" and "Which function and temperature?". With n = 40 a stored
# digit comes back from noise nearly whenever it is the nearest one to its probe; with n = 10 hardly ever.
VERTEX = 40
# A gain and a rate, measured in notebooks/temperature.ipynb and, on digits, in notebooks/mnist_recall.ipynb. A function
# with F(-x) = F(x) learns at low rates, and asks for a larger gain; others must throw memories from state to state.
EVEN, OTHERS = (30.0, 0.1), (0.9, 3.0)


@_checks.door
class DenseAssociativeMemory:
    """A dense associative memory that stores bipolar patterns and restores them from damaged probes.

        memory = DenseAssociativeMemory()
        memory.store(patterns)                      # (K, N), every element -1 or +1
        restored = memory.retrieve(probes).states   # (B, N)

    `store` keeps each pattern as one memory; `train` learns a given number of memories from the patterns.

    Args:
        interaction: F, by default the polynomial x^40, which is sharp enough to tell similar patterns such as digits
            apart. An even power also stores the negative of each pattern: a probe that differs from a pattern in nearly
            all neurons ends there.
        scaling: "modified" (normalised overlaps, the default) or "original".
        temperature: T > 0, used by `train` and `energy`, not by `retrieve`. By default each call of `train` chooses it
            (`Scaling.calibrated`); until then it is 1.

    Attributes:
        memories: zeta (K, N), None until something is stored, trained or loaded.

    Raises:
        ValueError: the scaling is unknown, or the temperature is not positive.
        TypeError: `interaction` is not an interaction function.

    Example:
        >>> import torch
        >>> from damcore import DenseAssociativeMemory
        >>> from damcore.datasets import flip, random_patterns
        >>> generator = torch.Generator().manual_seed(0)
        >>> patterns = random_patterns(5, 100, generator=generator)
        >>> memory = DenseAssociativeMemory()
        >>> memory.store(patterns)
        >>> memory
        DenseAssociativeMemory(Polynomial(n=40), modified, temperature=1; 5 memories of 100 neurons)
        >>> probes = flip(patterns, 0.2, generator=generator)
        >>> torch.equal(memory.retrieve(probes).states, patterns)
        True
    """

    def __init__(
        self, interaction: Interaction | None = None, *, scaling: str = "modified", temperature: float | None = None
    ) -> None:
        interaction = Polynomial(VERTEX) if interaction is None else interaction
        _checks.one_of("scaling", scaling, ("original", "modified"))
        if temperature is not None:
            _checks.number("temperature", temperature, above=0.0)
        self.interaction = interaction
        self.scaling = scaling
        self._chooses = temperature is None
        self._temperature = 1.0 if temperature is None else float(temperature)
        self.memories: Tensor | None = None

    @property
    def temperature(self) -> float:
        """T, as given or as `train` chose it; what is set here is as good as given."""
        return self._temperature

    @temperature.setter
    @_checks.door
    def temperature(self, temperature: float) -> None:
        _checks.number("temperature", temperature, above=0.0)
        self._chooses, self._temperature = False, float(temperature)

    def __repr__(self) -> str:
        held = (
            "empty"
            if self.memories is None
            else f"{self.memories.shape[0]} memories of {self.memories.shape[1]} neurons"
        )
        return f"DenseAssociativeMemory({self.interaction}, {self.scaling}, temperature={self.temperature:g}; {held})"

    @_checks.door
    def store(self, patterns: Float[Tensor, "K N"]) -> None:
        """Add patterns, each as one memory.

        Args:
            patterns: the patterns, bipolar, with the number of neurons, the dtype and the device of those already
                stored.

        Raises:
            ValueError: the patterns are empty or not bipolar, or have another number of neurons or another device.
            TypeError: the patterns are not a floating tensor, or have another dtype.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> memory = DenseAssociativeMemory()
            >>> memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
            >>> memory.store(torch.tensor([[1.0, -1.0, 1.0, -1.0]]))
            >>> memory.memories.tolist()
            [[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]]
        """
        _single("patterns", patterns)
        _checks.rows("patterns", patterns, "K", "N")
        _checks.bipolar("patterns", patterns)
        if self.memories is not None:
            _checks.network(self.memories, patterns, "patterns")
        self.memories = patterns.clone() if self.memories is None else torch.cat([self.memories, patterns])

    @_checks.door
    def train(
        self,
        patterns: Float[Tensor, "B N"],
        *,
        n_memories: int | None = None,
        epochs: int = 500,
        learning_rate: float | None = None,
        seed: int = 0,
        floor: float | None = None,
        form: str | None = None,
        **settings,
    ) -> TrainingState:
        """Learn memories from the patterns, starting from random ones that are uniform in [0, 1].

        Unlike `learning.train`, this sets no floor by default: with the floor of the public code a network with a large
        vertex does not move at all. In dtypes narrower than float64 it trains in the log domain, which is slower but
        does not lose small gradients.

        Where no temperature was given, this chooses the one with a gain that worked on random patterns, and keeps it.
        Where no rate is given, it takes the rate that goes with this gain. For an F that is even, F(-x) = F(x), the
        gain is 30 and the rate is 0.1; for any other they are 0.9 and 3. These were chosen at 500 epochs and at least
        2.5 memories a pattern, in the modified network; in the original one only small n learn where F is not even.
        Patterns that are much alike, such as digits, ask others than even functions for a larger gain and a smaller
        rate.

        Args:
            patterns: the states to learn, bipolar.
            n_memories: K, by default five per pattern.
            epochs: the number of passes over the patterns.
            learning_rate: the largest change of a memory in the first step, > 0; by default as above.
            seed: the seed of the initial memories.
            floor: the least value of the normalisation, see `learning.train`; None, the default, sets none.
            form: "plain", "log" or "auto", see `learning.train`; by default "auto" in float64, else "log".
            **settings: further keywords of `learning.train`.

        Returns:
            The training with its losses; its memories are now those of this object.

        Raises:
            ValueError: a pattern is not bipolar, or a setting is out of range.
            TypeError: `patterns` is not a floating tensor.
            FloatingPointError: the training left the range of the dtype.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> from damcore.datasets import random_patterns
            >>> generator = torch.Generator().manual_seed(0)
            >>> patterns = random_patterns(2, 20, generator=generator)
            >>> memory = DenseAssociativeMemory()
            >>> trained = memory.train(patterns, epochs=50)
            >>> memory.memories.shape, bool(trained.losses[-1] < trained.losses[0])
            (torch.Size([10, 20]), True)
            >>> round(memory.temperature, 2)  # chosen
            0.96
            >>> torch.equal(memory.retrieve(patterns).states, patterns)
            True
        """
        _checks.rows("patterns", patterns, "B", "N")
        _single("patterns", patterns)
        n_memories = 5 * patterns.shape[0] if n_memories is None else n_memories
        _checks.whole("n_memories", n_memories)
        n_patterns, n_neurons = patterns.shape
        _checks.room(n_memories=n_memories, n_neurons=n_neurons)
        gain, rate = EVEN if _even(self.interaction) else OTHERS
        learning_rate = rate if learning_rate is None else learning_rate
        scaling = self._scaling(n_neurons)
        if self._chooses:
            scaling = self._calibrated(n_neurons, n_memories, n_patterns, gain)
        generator = torch.Generator().manual_seed(seed)
        initial = torch.rand(n_memories, n_neurons, generator=generator, dtype=torch.float64).to(patterns)
        if form is None:
            # "auto" judges by random memories; learned ones may be nearly orthogonal to a state: too small for float32.
            form = "auto" if patterns.dtype == torch.float64 else "log"
        trained = train(
            initial,
            patterns,
            self.interaction,
            scaling,
            epochs=epochs,
            learning_rate=learning_rate,
            floor=floor,
            form=form,
            **settings,
        )
        self.memories, self._temperature = trained.memories, float(scaling.temperature)
        return trained

    @_checks.door
    def retrieve(self, probes: Float[Tensor, "B N"], **settings) -> Recall:
        """Update each probe until it settles in a stable state, usually a memory.

        Args:
            probes: the states to start from, bipolar.
            **settings: further keywords of `recall.recall`.

        Returns:
            The final `states`, and per state whether it settled and after how many sweeps.

        Raises:
            ValueError: nothing is stored, or a probe does not fit.
            TypeError: the dtypes differ or are not floating.
            FloatingPointError: a gap overflowed.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> memory = DenseAssociativeMemory()
            >>> memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
            >>> memory.retrieve(torch.tensor([[1.0, 1.0, 1.0, -1.0]])).states.tolist()
            [[1.0, 1.0, -1.0, -1.0]]
        """
        _checks.network(self._held(), probes, "probes")
        return recall(self._held(), probes, self.interaction, self._scaling(), **settings)

    @_checks.door
    def energy(self, states: Float[Tensor, "B N"]) -> Float[Tensor, "B"]:
        """Return the energy of each state at the temperature of this network; see `network.energy`.

        Args:
            states: the states, bipolar.

        Returns:
            The energies, in units of F.

        Raises:
            ValueError: nothing is stored, or a state does not fit.
            TypeError: the dtypes differ or are not floating.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> from damcore.interactions import Polynomial
            >>> memory = DenseAssociativeMemory(Polynomial(2), temperature=1.0)
            >>> memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
            >>> memory.energy(torch.tensor([[1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, -1.0]])).tolist()
            [-1.0, -0.25]
        """
        return network.energy(self._held(), states, self.interaction, self._scaling())

    @_checks.door
    def save(self, path: str | PathLike) -> None:
        """Write the memories and the full configuration to a safetensors file.

        For an F of your own the file keeps the import path, the fields and a few values, but no code.

        Args:
            path: the file; its folder must exist.

        Raises:
            ValueError: nothing is stored, the file cannot be written, or a file cannot hold the fields of F.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> memory = DenseAssociativeMemory()
            >>> from tempfile import TemporaryDirectory
            >>> memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
            >>> with TemporaryDirectory() as folder:
            ...     memory.save(f"{folder}/memory.safetensors")
            ...     loaded = DenseAssociativeMemory.load(f"{folder}/memory.safetensors")
            >>> torch.equal(loaded.memories, memory.memories)
            True
        """
        memories = self._held()
        configuration = {
            "interaction": self.interaction.described(),
            "scaling": self.scaling,
            "temperature": self.temperature,
        }
        _files.write(path, {"memories": memories}, configuration)

    @classmethod
    @_checks.door
    def load(cls, path: str | PathLike) -> "DenseAssociativeMemory":
        """Read a network that `save` wrote.

        Its temperature is as good as given. Loading imports nothing: first define or import an F of your own. A file of
        a version whose checksum left out the settings is read with a warning.

        Args:
            path: the file.

        Returns:
            A network with the same settings and the same memories, bit for bit.

        Raises:
            FileNotFoundError: the file does not exist.
            ValueError: the file is truncated or corrupt, `save` did not write it, or its memories are no memories.
            LookupError: the F of the network is not defined in this process, or it has changed since.

        Example:
            >>> import torch
            >>> from damcore import DenseAssociativeMemory
            >>> memory = DenseAssociativeMemory()
            >>> from tempfile import TemporaryDirectory
            >>> memory.store(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
            >>> with TemporaryDirectory() as folder:
            ...     memory.save(f"{folder}/memory.safetensors")
            ...     DenseAssociativeMemory.load(f"{folder}/memory.safetensors")
            DenseAssociativeMemory(Polynomial(n=40), modified, temperature=1; 1 memories of 4 neurons)
        """
        writer = "DenseAssociativeMemory.save"
        settings, tensors = _files.read(path, writer)
        if {*tensors} != {"memories"} or {*settings} != {"interaction", "scaling", "temperature"}:
            _files.refuse_content(path, writer, f"it holds {', '.join(sorted({*tensors, *settings}))}")
        memories = tensors["memories"]
        _checks.rows("memories", memories, "K", "N")
        _single("memories", memories)
        _checks.finite("memories", memories)
        memory = cls(
            restored(settings["interaction"]), scaling=settings["scaling"], temperature=settings["temperature"]
        )
        memory.memories = memories
        return memory

    def _held(self) -> Tensor:
        if self.memories is None:
            _checks.refuse("Nothing is stored yet; call `store` or `train` first.")
        return self.memories

    def _scaling(self, n_neurons: int | None = None) -> Scaling:
        if self.scaling == "original":
            return Scaling.original(self.temperature, self.interaction.vertex)
        return Scaling.modified(self.temperature, n_neurons or self._held().shape[1])

    def _calibrated(self, n_neurons: int, n_memories: int, n_patterns: int, gain: float) -> Scaling:
        sizes = n_neurons, n_memories, n_patterns
        try:
            return Scaling.calibrated(self.interaction, *sizes, gain=gain, original=self.scaling == "original")
        except ValueError:
            _checks.refuse(
                f"`train` finds no temperature for {self.interaction} and {n_neurons} neurons; give `temperature`."
            )


def _even(interaction: Interaction) -> bool:
    """Whether F(-x) = F(x) at some x."""
    x = torch.tensor([0.25, 0.5, 1.0], dtype=torch.float64)
    return torch.equal(interaction(-x), interaction(x))


def _single(name: str, values: Tensor) -> None:
    if values.ndim != 2:
        remedy = "; add a leading axis" if values.ndim == 1 else ""
        _checks.refuse(f"`{name}` must have shape (K, N), a row each, got {tuple(values.shape)}{remedy}.")
