"""Where the temperature and the number of neurons enter: the one difference between original and modified."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction, whole_power

Temperature = float | int | Float[Tensor, "..."]


@_checks.door
@dataclass(frozen=True)
class Scaling:
    """The two factors of the bracket, gap = outer * sum_mu [F(inner h_on) - F(inner h_off)].

        inner = 1 / (divisor * T^inner_power)        outer = 1 / T^outer_power

    The two networks of MRS24 are `Scaling.original` and `Scaling.modified`; the fields are public because the text
    and the public code disagree on where N and T enter, and each variant is a choice of these three numbers.

    For an F that is homogeneous of degree n, original at T and modified at T_m are the same network when
    1 / T_m = N / T. KH16 gives T "in neurons", which is N times MRS24's.

    Args:
        temperature: T > 0, a number or a tensor (*runs); cast to the memories' dtype when it is used.
        divisor: what the overlap is divided by, > 0.
        inner_power: power of T inside F, 0 or 1.
        outer_power: power of T outside F, a whole number of at least 0.

    Raises:
        ValueError: `temperature` or `divisor` is not positive, a power is not whole or negative.
    """

    temperature: Temperature
    divisor: float = 1.0
    inner_power: int = 0
    outer_power: int = 0

    def __post_init__(self):
        _checks.positive("temperature", self.temperature)
        _checks.number("divisor", self.divisor, above=0.0)
        _checks.whole("inner_power", self.inner_power, 0)
        _checks.whole("outer_power", self.outer_power, 0)

    @classmethod
    @_checks.door
    def original(cls, temperature: Temperature, n: int) -> "Scaling":
        """The original network: inner = 1, outer = T^-n (for the exponential, n = 1 gives 1/T).

        Source: MRS24 Eq. (8); KH16 Eq. (9).

        Args:
            temperature: T > 0, a number or a tensor (*runs).
            n: interaction vertex, a whole number of at least 1.

        Raises:
            ValueError: `temperature` is not positive, or `n` is not a whole number of at least 1.
        """
        _checks.whole("n", n)
        return cls(temperature, outer_power=n)

    @classmethod
    @_checks.door
    def modified(cls, temperature: Temperature, n_neurons: int) -> "Scaling":
        """The modified network: inner = 1 / (N T), outer = 1.

        Source: MRS24 Eq. (14).

        Args:
            temperature: T > 0, a number or a tensor (*runs).
            n_neurons: N, a whole number of at least 1.

        Raises:
            ValueError: `temperature` is not positive, or `n_neurons` is not a whole number of at least 1.
        """
        _checks.whole("n_neurons", n_neurons)
        return cls(temperature, divisor=float(n_neurons), inner_power=1)

    def at(self, temperature: Temperature) -> "Scaling":
        """The same scaling at another temperature."""
        return replace(self, temperature=temperature)

    def for_recall(self) -> "Scaling":
        """The scaling of recall, T = 1: inner 1 for the original network, 1/N for the modified, outer 1 for both.

        Source: MRS24 Eq. (4), (13).
        """
        return self.at(1.0)

    def inside(self, interaction: Interaction) -> "Scaling":
        """The same network with all of T inside F, where F is homogeneous of the outer power; else unchanged.

        T^-n F(h) = F(h / T): equal in exact arithmetic, and free of the overflow of F(h) and the underflow of T^-n.

        Source: MRS24 Eq. (9), (14).
        """
        if interaction.degree is None or interaction.degree != self.outer_power or self.inner_power:
            return self
        return replace(self, inner_power=1, outer_power=0)

    def factors(self, memories: Float[Tensor, "*runs K N"]) -> tuple[Float[Tensor, "*_"], Float[Tensor, "*_"]]:
        """(inner, outer) with the shape of the temperature, in the dtype and on the device of `memories`.

        Formed only here, when they are used: T^-n leaves the range of a dtype long before T does.
        """
        inverse = 1 / torch.as_tensor(self.temperature, dtype=memories.dtype, device=memories.device)
        return whole_power(inverse, self.inner_power) / self.divisor, whole_power(inverse, self.outer_power)


def agreed_runs(
    memories: Tensor, states: Tensor, scaling: Scaling, *, name: str = "states", free: slice | None = None
) -> torch.Size:
    """The leading axes that memories, states and temperature share; refuses what does not belong together.

    Args:
        memories: zeta.
        states: xi.
        scaling: whose temperature has leading axes.
        name: of the states, in a message.
        free: the neurons that must be bipolar, all by default.
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
    """The leading axes of a learning problem; refuses what does not make one. Names as in `learning.gradient`."""
    runs = agreed_runs(memories, patterns, scaling, name="patterns", free=neurons)
    _checks.whole("error_exponent", error_exponent)
    if targets is None:
        return runs
    _checks.targets(targets, patterns, neurons)
    return _checks.runs({"networks": runs, "targets": targets.shape[:-2]})
