"""The energy gap in the log domain: its sign and the logarithm of its size, also where the gap itself is out of range.

Everything is computed in float64, whatever the dtype of the memories. Overlaps are moderate numbers in every dtype, and
so are the logarithms of their powers. With u = inner h and v = inner (h - 2 xi_i zeta_i) the gap is

    gap_i = outer xi_i e^peak sum_mu [sign F(u) e^(log|F(u)| - peak) - sign F(v) e^(log|F(v)| - peak)],

where the peak is the largest log|F(u)| of the state. Large terms may cancel and leave little of the sum, or the sum may
overflow because some v is much larger. It is then formed again: equal terms are merged first, so that terms which
cancel exactly leave no rounding error, and the peak is that of the remaining terms. This is frequent with bipolar
memories: their overlaps are whole numbers, often equal, and at n = 1000 the next term may be 1e-17 times those that
cancel.

**Which steps round, and how large the error of the result can be.** Let eps = 2^-53.

- The overlap consists of N products and N - 1 sums, in any order. Its error is at most N eps sum_j |zeta_j|. It is
  exact where the state is bipolar and the memory lies on a grid so coarse that 53 bits hold every partial sum. A memory
  in float16 always does, and one in float32 does when it comes from a random generator. A clamped neuron may be grey;
  then its product is rounded.
- Scaling by inner and, off the grid, subtracting 2 xi_i zeta_i adds 6 eps of u or v. These errors together move the
  argument x of F by some d, and F by at most d times the larger of |f(x - d)| and |f(x + d)|, for each of the four
  interactions.
- The factors outside F, and the factor that a homogeneous F lets out, enter as logarithms with an error of 4 eps times
  the logarithm.
- The error of log|F| = n log|x| is 4 eps |log|F||, and this is the *relative* error of the term. It is the cost of the
  log domain: 5e-12 at n = 1000 and an overlap of 1e5. Exponentials and sums add (4 + 2K) eps.
- Up to n = 20 F is multiplied out where it stays in range. The error is then n eps instead of the previous item.
- Terms below e^-700 of the peak count as e^-700, which is far below the rounding of the sum.
- Merged terms are equal where the overlaps are exact, on the grid; there their errors cancel as the terms do.

`gap_error` adds these errors up. Where the relative error is below 1, the sign is that of exact arithmetic.
"""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction
from damcore.scaling import Scaling, agreed_runs

BLOCK = 1 << 16  # float64 elements of a block; a few of them stay in the cache, where a pass costs a quarter
LOWEST = -700.0  # e^LOWEST is still a normal float64; below, exponentials cost fifty times as much
NEAR = 2.0**-20  # a sum this small beside its largest term has lost digits to cancellation
FAR = 1e280  # terms may overflow
EPS = 2.0**-53
TINIEST = 2.0**-900  # stands for the size of a memory of zeros
DIRECT = 20  # up to this many products F is multiplied out: sooner done than a logarithm and an exponential


@_checks.door
def signed_log_gap(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    neurons: slice | None = None,
) -> tuple[Float[Tensor, "*_ B M"], Float[Tensor, "*_ B M"]]:
    """Return the sign of the energy gap and the logarithm of its absolute value, for any dtype and vertex.

        gap = sign * e^log

    `network.energy_gap` forms F itself, which leaves the range of every dtype as n grows. The logarithm does not.

    Source: MRS24 Eq. (4), (8), (13), (14); KH16 Eq. (4), (9).

    Args:
        memories: zeta, finite, in [-1, 1] or at least of moderate size.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F, one of `damcore.interactions` or your own; the range is that of its `signed_log`.
        scaling: inner and outer, used as given; the temperature is taken in float64.
        neurons: the neurons whose gap is wanted, all by default; the others may hold any value in [-1, 1].

    Returns:
        The sign (-1, +1, or 0 where the computed gap is exactly zero) and the natural logarithm of the absolute value
        (-inf where the sign is 0), both in the memories' dtype. Autograd cannot differentiate them. The time is
        O(B K N).

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an F that defines no logarithm of its own left the range of float64.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import signed_log_gap
        >>> state = torch.ones(1, 100)
        >>> sign, log = signed_log_gap(state, state, Polynomial(1000), Scaling.original(1.0, n=1000))
        >>> sign[0, 0].item(), round(log[0, 0].item())  # the gap is about 100^1000 = e^4605
        (1.0, 4605)
    """
    agreed_runs(memories, states, scaling, free=neurons)
    sign, log = log_gap(memories, states, interaction, scaling, neurons)
    check_range(interaction, log)
    return sign.to(memories.dtype), log.to(memories.dtype)


@_checks.door
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
        The bound in float64; it is infinite where the computed gap is zero. It takes three times as long as the gap.

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
    agreed_runs(memories, states, scaling, free=neurons)
    memories, states = memories.detach().double(), states.detach().double()
    _, log = log_gap(memories, states, interaction, scaling, neurons)
    scaling, factor = _factored(memories, interaction, scaling)
    log = log - factor
    inner = scaling.factors(memories)[0][..., None, None]
    exact = on_grid(memories)[..., None, :] & (states.abs() == 1).all(-1, keepdim=True)  # (.., B, K)
    doubt = torch.where(exact, 0.0, memories.shape[-1] * EPS * memories.abs().sum(-1)[..., None, :]) * inner
    # An entry of 0 leaves u and v the same number, whatever its error.
    enters = memories[..., None, :, neurons or slice(None)] != 0
    terms = 2 * memories.shape[-2]
    errors = []
    for block, u, v in arguments(memories, states, scaling, neurons):
        reach = log[..., block, :]  # compared with the gap itself
        near, far = (
            _term_error(interaction, x, doubt[..., block, :, None], reach[..., None, :], terms)
            for x in (u[..., None], v)
        )
        error = torch.where(enters, near + far, 0.0).sum(-2)
        # On the grid equal terms cancel exactly, and only what is left can be wrong. So large an error means that
        # `bracket` merged them, unless there were tens of thousands of memories.
        again = (error > 0.5) & exact[..., block, :].all(-1, keepdim=True)
        if again.any():
            on, off = (x.expand(*again.shape[:-1], *x.shape[-2:]) for x in (u[..., None], v))
            count, x = _merged(interaction, on, off, again)
            single = _term_error(interaction, x, torch.zeros_like(x), reach[again][..., None], terms)
            error[again] = torch.where(count != 0, count.abs() * single, 0.0).sum(-1)
        errors.append(error)
    # A margin for the rounding of the bound itself.
    return torch.where(log.isinf(), torch.inf, 1.001 * (torch.cat(errors, -2) + 4 * EPS * factor.abs()))


def _term_error(interaction: Interaction, x: Tensor, doubt: Tensor, reach: Tensor, terms: int) -> Tensor:
    """Return a bound on the error of F(x), in units of e^reach, from the error `doubt` of x and from rounding."""
    shift = doubt + 6 * EPS * x.abs()
    slope = torch.maximum(*(interaction.signed_log_derivative(x + d)[1] for d in (shift, -shift)))
    value = interaction.signed_log(x)[1]
    powers = min(interaction.products or 0, DIRECT)
    rounded = (4 * value.abs() + (value - reach).abs() + 4 + terms + powers) * EPS
    return shift * (slope - reach).exp() + rounded * (value - reach).exp()


def log_gap(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice | None
) -> tuple[Tensor, Tensor]:
    """Do what `signed_log_gap` does in float64, without its checks."""
    memories, states = memories.detach().double(), states.detach().double()
    chosen = neurons or slice(None)
    scaling, factor = _factored(memories, interaction, scaling)
    signs, logs = [], []
    reach = farthest(memories, scaling)
    for block, u, v in arguments(memories, states, scaling, neurons):
        sign, log = bracket(interaction, u[..., None], v, reach)
        signs.append(sign.mul_(states[..., block, chosen]))
        logs.append(log)
    sign, log = torch.broadcast_tensors(torch.cat(signs, -2), torch.cat(logs, -2) + factor)
    return sign, log


def check_range(interaction: Interaction, *logs: Tensor) -> None:
    """Refuse infinite logarithms of an F that defines no logarithms of its own."""
    if interaction.has_logs or all((log < torch.inf).all() for log in logs):  # nothing is < NaN
        return
    _checks.refuse(
        f"F or f leaves the range of float64, and {type(interaction).__name__} defines no logarithms of its own; give "
        "it the methods `signed_log` and `signed_log_derivative`.",
        FloatingPointError,
    )


def _factored(memories: Tensor, interaction: Interaction, scaling: Scaling) -> tuple[Scaling, Tensor]:
    """Return a scaling without the factors that can leave F, and the logarithm of the factors outside, (*runs, 1, 1).

    A factor inside a homogeneous F becomes one outside, F(c h) = c^n F(h). Then no term is scaled, and the bracket is
    formed once for all temperatures.
    """
    outer = log_outer(memories, scaling)
    if interaction.degree is None:
        return scaling, outer
    return Scaling(1.0), outer + interaction.degree * scaling.factors(memories)[0].log()[..., None, None]


def bracket(interaction: Interaction, u: Tensor, v: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Return (sign, log) of sum_mu [F(u) - F(v)] for u (.., b, K, 1), v (.., b, K, M), |u - v| <= reach (.., b, M)."""
    if (interaction.products or math.inf) <= DIRECT:
        return _direct_sum(interaction, u, v, reach)
    sign_u, log_u = interaction.signed_log(u)
    sign_v, log_v = interaction.signed_log(v)
    peak = log_u.amax(-2, keepdim=True)
    on = (log_u - peak).clamp_min_(LOWEST).exp_() * sign_u
    off = log_v.sub_(peak).clamp_min_(LOWEST).exp_()
    largest = off.amax(-2).clamp_min(1)
    if sign_v.ndim:
        off.mul_(sign_v)
    total = torch.sub(on, off, out=off).sum(-2)
    return _trusted(total, largest, peak[..., 0, :], interaction, u, v)


def _direct_sum(interaction: Interaction, u: Tensor, v: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Do what `bracket` does from F itself: a small power takes a few products, not a logarithm and an exponential."""
    total = (interaction(u) - interaction(v)).sum(-2)
    # No term is larger; a pass over v would cost as much as F. A leaky F may be larger below zero than above.
    most = u.abs().amax(-2) + reach
    largest = torch.maximum(interaction(most).abs(), interaction(-most).abs())
    return _trusted(total, largest, 0.0, interaction, u, v)


def _trusted(
    total: Tensor, largest: Tensor, peak: Tensor | float, interaction: Interaction, u: Tensor, v: Tensor
) -> tuple[Tensor, Tensor]:
    """Return (sign, log) of total e^peak, from `_careful_sum` where the largest terms may have made it inaccurate."""
    size = total.abs()
    sound = size >= torch.where((largest >= 1 / FAR) & (largest <= FAR), NEAR * largest, torch.nan)  # nothing is >= NaN
    sign, log = total.sign(), size.log_().add_(peak)
    if not sound.all():
        sign[~sound], log[~sound] = _careful_sum(interaction, u, v, ~sound)
    return sign, log


def _careful_sum(interaction: Interaction, u: Tensor, v: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Do what `bracket` does for the chosen neurons, after equal terms have cancelled; both results are (E)."""
    count, x = _merged(interaction, u, v, chosen)
    log = interaction.signed_log(x)[1]
    peak = torch.where(count != 0, log, -torch.inf).amax(-1, keepdim=True)
    total = (count * (log - peak).clamp_(LOWEST, 0).exp_()).sum(-1)
    return total.sign(), total.abs().log() + peak[..., 0].clamp_min(torch.finfo(log.dtype).min)


def _merged(interaction: Interaction, u: Tensor, v: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Return (count, x), each (E, 2K), with gap = sum count |F(x)| per chosen neuron and no x twice with count != 0."""
    x = torch.cat([values.expand_as(v).transpose(-1, -2)[chosen] for values in (u, v)], -1)
    side = torch.ones_like(x[0])
    side[x.shape[-1] // 2 :] = -1
    count = interaction.signed_log(x)[0] * side.expand_as(x)
    # Even and odd functions have the same size at x and -x; their sign is in the count.
    x, order = (x if interaction.parity is None else x.abs()).sort(-1)
    group = (x.diff(dim=-1) != 0).long().cumsum(-1)
    group = torch.cat([torch.zeros_like(group[..., :1]), group], -1)
    return torch.zeros_like(x).scatter_add(-1, group, count.gather(-1, order)), torch.zeros_like(x).scatter(
        -1, group, x
    )


def arguments(
    memories: Tensor, states: Tensor, scaling: Scaling, neurons: slice | None
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, per block of states, the block and the arguments of F: u (.., b, K) and v (.., b, K, M).

    Scaling comes last here, and first in `network.overlaps`. Overlaps of bipolar memories are whole numbers, and in
    this order ties between them stay exact.
    """
    chosen = neurons or slice(None)
    inner = scaling.factors(memories)[0][..., None, None]
    scaled = bool(scaling.inner_power) or scaling.divisor != 1
    entries = 2 * memories[..., None, :, chosen]
    runs = torch.broadcast_shapes(memories.shape[:-2], states.shape[:-2], inner.shape[:-2])
    size = max(1, BLOCK // (runs.numel() * entries.shape[-2] * entries.shape[-1]))
    overlap = states @ memories.mT
    for start in range(0, states.shape[-2], size):
        block = slice(start, start + size)
        h = overlap[..., block, :]
        v = torch.addcmul(h[..., None], states[..., block, None, chosen], entries, value=-1)
        yield (block, inner * h, inner[..., None] * v) if scaled else (block, h, v)


def farthest(memories: Tensor, scaling: Scaling) -> Tensor:
    """Return the largest possible |u - v|, (*runs, 1, 1)."""
    return 2 * scaling.factors(memories)[0][..., None, None] * memories.abs().amax((-2, -1), keepdim=True)


def log_outer(memories: Tensor, scaling: Scaling) -> Tensor:
    """Return the logarithm of the outer factor, (*runs, 1, 1)."""
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)
    return (-scaling.outer_power * temperature.log())[..., None, None]


def on_grid(memories: Tensor) -> Tensor:
    """Return whether all sums of a memory's entries are exact in float64, in any order, with a margin; (*runs, K)."""
    largest = 4 * memories.abs().sum(-1, keepdim=True).clamp_min(TINIEST)
    step = torch.exp2(largest.log2().ceil() - 53)
    counted = memories / step
    return (counted == counted.round()).all(-1)
