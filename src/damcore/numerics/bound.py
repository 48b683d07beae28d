"""How wrong the gap in the log domain can be.

Let eps = 2^-53. These steps round; the bound is the sum of what each can do to the gap.

- **The overlap.** With a bipolar state it is a sum of two exact sums (`overlaps.split`) and is wrong by eps of itself
  and by 2^-105 N^3 of the largest entry; it is exact where `high` alone is the memory. This holds for every memory in
  float16, and for one in float32 that comes from a random generator. With a grey state the products are rounded, too:
  (N + 2) eps sum_j |zeta_j xi_j|. Subnormal numbers may count as zero, which adds 2^-1022 N.
- **The argument of F.** Subtracting 2 xi_i zeta_i adds eps of v, unless both are exact. Scaling adds another eps, or 4
  eps where F is not homogeneous; a power of two, which scales it up to n = 64, adds nothing. These errors together move
  the argument x of F by some d, and F by at most d times the larger of |f(x - d)| and |f(x + d)|, for each of the four
  interactions.
- **F.** In the compiled loops a power takes n - 1 products, each of them wrong by eps, and the sum takes one addition
  for each eight memories and four more. In torch a term is an exponential of a logarithm: it is wrong by 5 eps of that,
  by 2 eps of its distance from the largest term of the neuron, and by 6 eps; the sum takes 2K additions.
- **The branches of a leaky F.** The one that sets the unit of the sum is not scaled; the other is scaled by an
  exponential, wrong by what its exponent is wrong by.
- **The logarithm of the sum, of its unit and of the factors** are wrong by 2 units in the last place, 4 eps, of each,
  and of each logarithm that they are put together from.
- Equal terms are merged where little is left of a sum. Where the overlaps are exact, their errors cancel as they do.
  Terms below e^-600 of the largest may be lost, which is far below the rounding of the sum.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore._kernels.logs.work import EXACT
from damcore._kernels.work import EXPONENTIAL, LEAKY
from damcore._networks import one_by_one
from damcore.interactions import Interaction
from damcore.numerics.gap import compiled_logs, factored, log_gap
from damcore.numerics.overlaps import arguments, log_factors, overlaps, split
from damcore.numerics.sums import merged
from damcore.scaling import Scaling, agreed_runs

EPS = 2.0**-53
TINY = 2.0**-1022


@_checks.door
@_checks.detached
def gap_error(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    neurons: slice | None = None,
) -> Float[Tensor, "*_ B M"]:
    """Return a bound on the relative error of the gap that `signed_log_gap` computes.

        |computed - exact| / |computed| <= bound

    Where the bound is below 1 the sign is right. The docstring of this module derives the bound. It holds for the four
    interactions of damcore, and assumes that torch's exp and log are right within 2 units in the last place.

    Args:
        memories: zeta, finite, in [-1, 1] or at least of moderate size.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F, one of the four of `damcore.interactions`.
        scaling: inner and outer, used as given; the temperature is taken in float64.
        neurons: the neurons whose bound is wanted, all by default; the others may hold any value in [-1, 1].

    Returns:
        The bound in float64; it is infinite where the computed gap is zero. It takes many times as long as the gap.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import gap_error
        >>> state = torch.ones(1, 100)
        >>> error = gap_error(state, state, Polynomial(1000), Scaling.original(1.0, n=1000))
        >>> bool((error < 1e-9).all())
        True
    """
    runs = agreed_runs(memories, states, scaling, free=neurons)
    memories, states = memories.detach().double(), states.detach().double()
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)

    def of_one(memories: Tensor, states: Tensor, temperature: Tensor) -> tuple[Tensor]:
        return (_bound(memories, states, interaction, scaling.at(temperature), neurons),)

    return one_by_one(of_one, runs, (memories, 2), (states, 2), (temperature, 0))[0]


def _bound(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice | None
) -> Tensor:
    _, log = log_gap(memories, states, interaction, scaling, neurons)
    _, log_outer = (values[..., None, None] for values in log_factors(memories, scaling))
    rule = _Rounding.of(interaction, scaling, memories)
    scaling, factor = factored(memories, interaction, scaling)
    sum_of_terms = log - log_outer - factor
    inner = scaling.factors(memories)[0][..., None, None]
    exact, doubt = _overlap_errors(memories, states)
    farthest = 2 * inner * memories.abs().amax(-1)[..., None, :]
    # An entry of 0 leaves u and v the same number, whatever its error.
    enters = memories[..., None, :, neurons or slice(None)] != 0
    errors = []
    for block, u, v in arguments(memories, states, scaling, neurons):
        reach, on_grid = sum_of_terms[..., block, :], exact[..., block, :]
        edges = torch.stack([(u + farthest).amax(-1), (u - farthest).amin(-1)])[..., None]  # (2, .., b, 1)
        units = _units(edges, interaction.signed_log(edges)[1])
        u, wrong = u[..., None], (inner * doubt[..., block, :])[..., None]
        log_u, log_v = interaction.signed_log(u)[1], interaction.signed_log(v)[1]
        peak = torch.maximum(log_u.amax(-2, keepdim=True), log_v.amax(-2, keepdim=True))
        error = torch.zeros_like(v)
        for x, value in ((u, log_u), (v, log_v)):
            shift = wrong + (rule.argument + (~on_grid[..., None]).double()) * EPS * x.abs()
            error = error + rule.of_terms(x, value, shift, peak, units[..., None], reach[..., None, :])
        error = torch.where(enters, error, 0.0).sum(-2)
        # On the grid equal terms cancel exactly, and only what is left can be wrong.
        again = (error > 0.5) & on_grid.all(-1, keepdim=True) & reach.isfinite()
        if again.any():
            x = torch.cat([value.expand_as(v).transpose(-1, -2)[again] for value in (u, v)], -1)
            count, x = merged(interaction, x, x.shape[-1] // 2)
            value = torch.where(count != 0, interaction.signed_log(x)[1], -torch.inf)
            left = _units(torch.stack([x, x]), value.expand(2, *value.shape)).amax(-1, keepdim=True)
            peak, shift = value.amax(-1, keepdim=True), rule.argument * EPS * x.abs()
            single = rule.of_terms(x, value, shift, peak, left, reach[again][..., None])
            error[again] = torch.where(count != 0, count.abs() * single, 0.0).sum(-1)
        errors.append(error + rule.of_logarithm(reach, units.amax(0)))
    bound = torch.cat(errors, -2) + 4 * EPS * log_outer.abs()
    # A margin for the rounding of the bound itself.
    return torch.where(log.isfinite(), 1.001 * bound, torch.inf)


def _units(x: Tensor, value: Tensor) -> Tensor:
    """Return value = log|F(x)| on each side of zero, (2, ...), from both (2, ...); -inf on the wrong side."""
    return torch.stack([torch.where(x[0] >= 0, value[0], -torch.inf), torch.where(x[1] < 0, value[1], -torch.inf)])


@dataclass(frozen=True)
class _Rounding:
    """How much each step rounds, in one form of the gap, in units of eps."""

    interaction: Interaction
    argument: float  # of the argument of F, times itself
    term: float  # of a term, times itself
    logarithm: float  # of a term, times itself and its logarithm
    inner: Tensor | float  # of the factor inside F, where it enters as a logarithm; (*runs, 1, 1)
    branch: Tensor | None  # of a branch of a leaky F that does not set the unit, beside its logarithm; (*runs, 1, 1)

    @classmethod
    def of(cls, interaction: Interaction, scaling: Scaling, memories: Tensor) -> "_Rounding":
        n_memories = memories.shape[-2]
        temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)[..., None, None]
        parts = abs(scaling.inner_power) * temperature.log().abs() + abs(math.log(scaling.divisor))
        homogeneous = 4 * (interaction.degree or 0) * parts
        if compiled_logs(interaction, memories.device, "gap") is None:
            return cls(interaction, 4.0, 2.0 * n_memories + 6.0, 5.0, homogeneous, None)
        kind, n, slope = interaction.compiled or (EXPONENTIAL, 0, 0.0)
        sums = math.ceil(n_memories / 8) + 4.0
        if kind == EXPONENTIAL:
            return cls(interaction, 5.0, sums + 6.0, 0.0, 0.0, None)
        if kind != LEAKY:
            # Up to n = EXACT arguments are scaled by a power of two.
            return cls(interaction, 0.0 if n <= EXACT else 1.0, n + sums, 0.0, homogeneous, None)
        of_slope = 4 * abs(math.log(max(abs(slope), TINY)))
        return cls(interaction, 2.0, n + sums, 0.0, 4 * n * parts + of_slope, 8 * n * parts + 2 * of_slope + 8.0)

    def of_terms(self, x: Tensor, value: Tensor, shift: Tensor, peak: Tensor, units: Tensor, reach: Tensor) -> Tensor:
        """The error of F(x) in units of e^reach.

        Args:
            x: the argument.
            value: log|F(x)|.
            shift: the error of the argument.
            peak: the largest value of the neuron.
            units: the largest value of the state on each side of zero, (2, ...).
            reach: the logarithm of the sum.
        """
        slope = torch.maximum(*(self.interaction.signed_log_derivative(x + d)[1] for d in (shift, -shift)))
        rounded = self.term + torch.zeros_like(value)
        if self.logarithm or not self.interaction.compiled or self.interaction.degree is None:
            rounded = rounded + 2 * (value - peak).abs().nan_to_num(0.0)
        if self.logarithm:
            rounded = rounded + self.logarithm * value.abs()
        if self.branch is not None:
            own, other = torch.where(x >= 0, units[0], units[1]), torch.where(x >= 0, units[1], units[0])
            leads = own > other + 1e-6 * (1 + own.abs())
            scaled = self.branch[..., None] + 6 * torch.maximum(value.abs(), units.amax(0).abs())
            rounded = rounded + torch.where(leads, 0.0, scaled)
        return shift * (slope - reach).exp() + EPS * rounded * (value - reach).exp()

    def of_logarithm(self, reach: Tensor, unit: Tensor) -> Tensor:
        """The error of the logarithm of the sum, from that and from the largest value of the state."""
        return EPS * (4 * (reach - unit).abs() + 6 * torch.maximum(reach.abs(), unit.abs()) + 6 + self.inner)


def _overlap_errors(memories: Tensor, states: Tensor) -> tuple[Tensor, Tensor]:
    """Return where overlaps are exact, and how wrong they can be elsewhere; both (.., B, K)."""
    n_neurons = memories.shape[-1]
    _, low = split(memories)
    bipolar = (states.abs() == 1).all(-1, keepdim=True)
    largest = memories.abs().amax(-1)[..., None, :]
    lost = n_neurons**3 * largest * 2.0**-105
    grey = (n_neurons + 2) * EPS * (states.abs() @ memories.abs().mT)
    exact = bipolar & (low == 0).all(-1)[..., None, :]
    doubt = torch.where(exact, 0.0, lost + EPS * overlaps(memories, states).abs() + torch.where(bipolar, 0.0, grey))
    return exact, doubt + n_neurons * TINY
