"""Where T and N enter the network, which is the only difference between the original and the modified network."""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction, Polynomial, whole_power

__all__ = ["Scaling", "Temperature"]

FURTHEST = 700.0  # |log T| of the hottest and the coldest network: beyond, T or 1/T leaves the range of a double

Temperature = float | int | Float[Tensor, "..."]


@_checks.door
@dataclass(frozen=True, eq=False)
class Scaling:
    """The two factors of the energy gap, one inside and one outside F.

        gap = outer * sum_mu [F(inner h_on) - F(inner h_off)]
        inner = 1 / (divisor * T^inner_power)        outer = 1 / T^outer_power

    The two networks of MRS24 are `Scaling.original` and `Scaling.modified`. The fields are public because the text and
    the public code disagree on where N and T enter: each variant is a choice of the three numbers.

    For an F that is homogeneous of degree n, the original network at T and the modified network at T_m are the same
    when 1 / T_m = N / T. KH16 gives T "in neurons", which is N times the T of MRS24.

    Args:
        temperature: T > 0, a number or a tensor (*runs); it is cast to the memories' dtype when it is used.
        divisor: the number that divides the overlap, > 0.
        inner_power: power of T inside F, 0 or 1.
        outer_power: power of T outside F, a whole number of at least 0.

    Raises:
        ValueError: `temperature` or `divisor` is not positive, or a power is not a whole number of at least 0, and of
            at most 1 inside F.

    Two scalings are equal where their fields are; tensors are equal in dtype, shape and values.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> scaling = Scaling(temperature=2.0, divisor=4.0, inner_power=1)
        >>> inner, outer = scaling.factors(torch.ones(1, 4))
        >>> inner.item(), outer.item()
        (0.125, 1.0)
    """

    temperature: Temperature
    divisor: float = 1.0
    inner_power: int = 0
    outer_power: int = 0

    def __post_init__(self):
        _checks.positive("temperature", self.temperature)
        _checks.number("divisor", self.divisor, above=0.0)
        _checks.whole("inner_power", self.inner_power, 0, 1)
        _checks.whole("outer_power", self.outer_power, 0)

    def _key(self) -> tuple:
        temperature: object = self.temperature
        if isinstance(temperature, Tensor):
            temperature = temperature.dtype, tuple(temperature.shape), tuple(temperature.flatten().tolist())
        return temperature, self.divisor, self.inner_power, self.outer_power

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Scaling) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    @classmethod
    @_checks.door
    def original(cls, temperature: Temperature, n: int) -> "Scaling":
        """Return the scaling of the original network: inner = 1, outer = T^-n.

        For the exponential, n = 1 gives outer = 1/T.

        Source: MRS24 Eq. (8); KH16 Eq. (9).

        Args:
            temperature: T > 0, a number or a tensor (*runs).
            n: interaction vertex, a whole number of at least 1.

        Raises:
            ValueError: `temperature` is not positive, or `n` is not a whole number of at least 1.

        Example:
            >>> import torch
            >>> from damcore import Scaling
            >>> inner, outer = Scaling.original(temperature=2.0, n=3).factors(torch.ones(1, 4))
            >>> inner.item(), outer.item()
            (1.0, 0.125)
        """
        _checks.power("n", n)
        return cls(temperature, outer_power=n)

    @classmethod
    @_checks.door
    def modified(cls, temperature: Temperature, n_neurons: int) -> "Scaling":
        """Return the scaling of the modified network: inner = 1 / (N T), outer = 1.

        Source: MRS24 Eq. (14).

        Args:
            temperature: T > 0, a number or a tensor (*runs).
            n_neurons: N, a whole number of at least 1.

        Raises:
            ValueError: `temperature` is not positive, or `n_neurons` is not a whole number of at least 1.

        Example:
            >>> import torch
            >>> from damcore import Scaling
            >>> inner, outer = Scaling.modified(temperature=2.0, n_neurons=4).factors(torch.ones(1, 4))
            >>> inner.item(), outer.item()
            (0.125, 1.0)
        """
        _checks.whole("n_neurons", n_neurons)
        return cls(temperature, divisor=float(n_neurons), inner_power=1)

    @classmethod
    @_checks.door
    def calibrated(
        cls,
        interaction: Interaction | int,
        n_neurons: int,
        n_memories: int,
        n_patterns: int,
        *,
        gain: float = 1.0,
        original: bool = False,
    ) -> "Scaling":
        """Return the scaling at the temperature where the network has this gain once it has learned.

        For x^n in the modified network, with K memories and A patterns,

            1/T = [gain A / (K (1 - (1 - 2/N)^n))]^(1/n)

        and for any other F and the original network the T that solves `Scaling.gain` = gain.

        Args:
            interaction: F, or n for a polynomial, rectified or leaky one, which have the same gain.
            n_neurons: N, at least 2.
            n_memories: K, at least 1.
            n_patterns: A, at least 1.
            gain: what the gain shall be, > 0.
            original: scale as the original network does; by default as the modified one.

        Raises:
            ValueError: a number is out of range, or no temperature that a double can hold has this gain.
            TypeError: `interaction` is neither an interaction function nor a whole number.

        Example:
            >>> from damcore import Scaling
            >>> scaling = Scaling.calibrated(20, n_neurons=100, n_memories=256, n_patterns=20)
            >>> round(1 / scaling.temperature, 3)
            0.93
        """
        if not isinstance(interaction, Interaction):
            _checks.power("interaction", interaction)
            interaction = Polynomial(interaction)
        _checks.whole("n_neurons", n_neurons, 2)
        _checks.number("gain", gain, above=0.0)
        at_one = cls.original(1.0, interaction.vertex) if original else cls.modified(1.0, n_neurons)
        copies = _copies(n_memories, n_patterns)

        def above(log_t: float) -> bool:
            return at_one._log_gain(interaction, n_neurons, copies, log_t) > math.log(gain)

        cold, hot = -FURTHEST, FURTHEST
        if not above(cold) or above(hot):
            _checks.refuse(f"`gain` must be one that {interaction!r} has at some temperature, got {gain}.")
        while cold < (middle := (cold + hot) / 2) < hot:
            cold, hot = (middle, hot) if above(middle) else (cold, middle)
        return at_one.at(math.exp(middle))

    @_checks.door
    def gain(self, interaction: Interaction, n_neurons: int, n_memories: int, n_patterns: int) -> float:
        """Return G, the energy gap of a neuron of a learned pattern, where the K memories are copies of the A patterns.

            G = (K / A) outer [F(inner N) - F(inner (N - 2))]

        Each pattern has K/A copies; what the other patterns add is not counted. Learning compares tanh(G) with 1: far
        below 1 the network cannot reach what it is told, far above it has nothing left to learn.

        Args:
            interaction: F.
            n_neurons: N, at least 2.
            n_memories: K, at least 1.
            n_patterns: A, at least 1.

        Returns:
            G; 0 where F does not rise from N - 2 to N, and infinity beyond the range of a double.

        Raises:
            ValueError: a number is out of range.
            TypeError: the scaling has a tensor of temperatures.

        Example:
            >>> from damcore import Scaling
            >>> from damcore.interactions import Polynomial
            >>> scaling = Scaling.modified(1.0, n_neurons=100)
            >>> round(scaling.gain(Polynomial(2), n_neurons=100, n_memories=100, n_patterns=20), 3)
            0.198
        """
        _checks.whole("n_neurons", n_neurons, 2)
        _checks.number("temperature", self.temperature, above=0.0)
        log_t = math.log(self.temperature)
        found = self._log_gain(interaction, n_neurons, _copies(n_memories, n_patterns), log_t)
        return math.exp(found) if found < FURTHEST else math.inf

    def _log_gain(self, interaction: Interaction, n_neurons: int, copies: float, log_t: float) -> float:
        inner = math.exp(-self.inner_power * log_t) / self.divisor
        overlaps = torch.tensor([n_neurons, n_neurons - 2], dtype=torch.float64) * inner
        signs, logs = interaction.signed_log(overlaps)
        largest = logs.max()
        on, off = (signs * (logs - largest).exp()).tolist()
        rise = math.log(on - off) if on > off else -math.inf
        return math.log(copies) - self.outer_power * log_t + largest.item() + rise

    @_checks.door
    def at(self, temperature: Temperature) -> "Scaling":
        """Return the same scaling at another temperature.

        Args:
            temperature: T > 0, a number or a tensor (*runs).

        Example:
            >>> from damcore import Scaling
            >>> Scaling.original(2.0, n=3).at(5.0)
            Scaling(temperature=5.0, divisor=1.0, inner_power=0, outer_power=3)
        """
        return replace(self, temperature=temperature)

    def for_recall(self) -> "Scaling":
        """Return the scaling of recall, which is this one at T = 1.

        Then outer = 1 for both networks, and inner = 1 for the original and 1/N for the modified network.

        Source: MRS24 Eq. (4), (13).

        Example:
            >>> from damcore import Scaling
            >>> Scaling.modified(0.5, n_neurons=100).for_recall()
            Scaling(temperature=1.0, divisor=100.0, inner_power=1, outer_power=0)
        """
        return self.at(1.0)

    @_checks.door
    def inside(self, interaction: Interaction) -> "Scaling":
        """Return a scaling of the same network with all of T inside F, where the degree of F is the outer power.

            T^-n F(h) = F(h / T)

        Both sides are equal in exact arithmetic; the right one avoids the overflow of F(h) and the underflow of T^-n.
        For any other F the scaling is returned unchanged.

        Source: MRS24 Eq. (9), (14).

        Args:
            interaction: F.

        Example:
            >>> from damcore import Scaling
            >>> from damcore.interactions import Polynomial
            >>> Scaling.original(2.0, n=3).inside(Polynomial(3))
            Scaling(temperature=2.0, divisor=1.0, inner_power=1, outer_power=0)
        """
        if interaction.degree is None or interaction.degree != self.outer_power or self.inner_power:
            return self
        return replace(self, inner_power=1, outer_power=0)

    @_checks.door
    def factors(self, memories: Float[Tensor, "*runs K N"]) -> tuple[Float[Tensor, "*_"], Float[Tensor, "*_"]]:
        """Return (inner, outer) with the shape of the temperature, in the dtype and on the device of `memories`.

        The factors are computed when they are used and not before: T^-n leaves the range of a dtype long before T does.

        Args:
            memories: zeta; only their dtype and device matter.

        Example:
            >>> import torch
            >>> from damcore import Scaling
            >>> inner, outer = Scaling.modified(0.5, n_neurons=100).factors(torch.zeros(1, 100))
            >>> round(inner.item(), 4), outer.item()  # 1 / (N T) inside F, nothing outside
            (0.02, 1.0)
        """
        _checks.is_float("memories", memories)
        inverse = 1 / torch.as_tensor(self.temperature, dtype=memories.dtype, device=memories.device)
        return whole_power(inverse, self.inner_power) / self.divisor, whole_power(inverse, self.outer_power)


def _copies(n_memories: int, n_patterns: int) -> float:
    _checks.whole("n_memories", n_memories)
    _checks.whole("n_patterns", n_patterns)
    return n_memories / n_patterns


def agreed_runs(
    memories: Tensor, states: Tensor, scaling: Scaling, *, name: str = "states", free: slice | None = None
) -> torch.Size:
    """Return the leading axes of the network, and refuse memories, states and temperatures that do not fit together.

    Args:
        memories: zeta.
        states: xi.
        scaling: the scaling, whose temperature may have leading axes.
        name: the name of the states in messages.
        free: the neurons that must be bipolar, all by default.

    Example:
        >>> memories, states = torch.zeros(5, 4, 10), torch.ones(3, 10)  # five networks, the same three states
        >>> agreed_runs(memories, states, Scaling(1.0))
        torch.Size([5])
    """
    _checks.network(memories, states, name, free)
    temperature = scaling.factors(memories)[0].shape
    return _checks.runs({"memories": memories.shape[:-2], name: states.shape[:-2], "temperature": temperature})


def agreed_problem(
    memories: Tensor,
    patterns: Tensor,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor | None,
    neurons: slice | None,
) -> torch.Size:
    """Return the leading axes of a learning problem, and refuse arguments that do not fit together.

    The arguments are those of `learning.gradient`.

    Example:
        >>> memories, patterns = torch.zeros(5, 4, 10), torch.ones(3, 10)
        >>> agreed_problem(memories, patterns, Scaling(1.0), 1, None, None)
        torch.Size([5])
    """
    runs = agreed_runs(memories, patterns, scaling, name="patterns", free=neurons)
    _checks.power("error_exponent", error_exponent)
    if targets is None:
        return runs
    _checks.targets(targets, patterns, neurons)
    return _checks.runs({"networks": runs, "targets": targets.shape[:-2]})
