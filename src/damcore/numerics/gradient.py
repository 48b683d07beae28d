"""The gradient of learning in the log domain, as a direction and the logarithm of a size.

KH16's step divides the velocity of each memory by its largest entry, so the size of the gradient never enters. It is
therefore not formed: the gradient of each memory is a direction, whose largest entry is 1, and the logarithm of a size.
In floating point the error t - tanh(gap) and the slope of tanh are exactly zero once a neuron is learned well, so both
are computed in the log domain, too:

    log(1 - tanh(g))    = log 2 - log(1 + e^2g)
    log(1 - tanh(g)^2)  = log 4 - 2|g| - 2 log(1 + e^-2|g|)
"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore._kernels import logs
from damcore._networks import flat, one_by_one
from damcore.interactions import Interaction
from damcore.numerics.gap import check_range, compiled_logs, per_network
from damcore.numerics.overlaps import arguments, log_factors
from damcore.numerics.sums import LOWEST, bracket
from damcore.scaling import Scaling, agreed_problem

BOTTOM = torch.finfo(torch.float64).min  # stands for log 0 where a difference with -inf would be NaN


@_checks.door
@_checks.detached
def log_gradient(
    memories: Float[Tensor, "*runs K N"],
    patterns: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    error_exponent: int = 1,
    targets: Float[Tensor, "*#runs B M"] | None = None,
    neurons: slice | None = None,
) -> tuple[Float[Tensor, "*_"], Float[Tensor, "*_ K N"], Float[Tensor, "*_ K"]]:
    """Return the loss of `learning.gradient`, and its gradient per memory as a direction and the logarithm of a size.

        dL/dzeta[mu, j] = direction[mu, j] * e^size[mu],   max_j |direction[mu, j]| = 1

    Source: MRS24 Eq. (8), (14); KH16 Eq. (14).

    Args:
        memories: zeta, finite.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device.
        interaction: F, with derivative f.
        scaling: inner and outer, used as given; the temperature is taken in float64.
        error_exponent: m, a whole number of at least 1.
        targets: t, in [-1, 1]; by default the patterns' own values.
        neurons: the predicted neurons, all by default; the others are clamped, at any value in [-1, 1].

    Returns:
        The loss (*runs), the direction (*runs, K, N) and the logarithm of the size (*runs, K), in float64. A memory
        whose gradient is zero has direction 0 and size -inf. A neuron whose gap exceeds 1e308 has no gradient: it
        counts as learned, or as impossible to learn.

    Raises:
        ValueError: the shapes do not fit, a pattern is not bipolar, a memory is not finite, a target lies outside
            [-1, 1], or `error_exponent` is below 1.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an F that defines no logarithm of its own left the range of float64.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import log_gradient
        >>> memories, patterns = torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 1.0]])
        >>> loss, direction, size = log_gradient(memories, patterns, Polynomial(2), Scaling.original(1.0, n=2))
        >>> direction.tolist(), round(size.exp().item(), 3)  # the gradient is -0.801 in both entries
        ([[-1.0, -1.0]], 0.801)
    """
    agreed_problem(memories, patterns, scaling, error_exponent, targets, neurons)
    found = direction_and_size(memories, patterns, interaction, scaling, error_exponent, targets, neurons)
    check_range(interaction, *found)
    return found


def direction_and_size(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor | None,
    neurons: slice | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Do what `log_gradient` does, without its checks."""
    memories, patterns = memories.detach().double(), patterns.detach().double()
    x = patterns[..., neurons or slice(None)]
    targets = x if targets is None else targets.double()
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)
    shapes = (memories.shape[:-2], patterns.shape[:-2], targets.shape[:-2], temperature.shape)
    runs = torch.broadcast_shapes(*shapes)
    form = compiled_logs(interaction, memories.device, "gradient")
    if form is None:

        def of_one(memories: Tensor, patterns: Tensor, targets: Tensor, temperature: Tensor):
            return _torch_gradient(
                memories, patterns, interaction, scaling.at(temperature), error_exponent, targets, neurons
            )

        loss, direction, size = one_by_one(
            of_one, runs, (memories, 2), (patterns, 2), (targets, 2), (temperature, 0)
        )  # fmt: skip
        return loss, direction, size
    log_inner, log_outer = log_factors(memories, scaling)
    found = logs.loss_and_gradient(
        flat(memories, 2, runs).contiguous().numpy(),
        flat(patterns, 2, runs).contiguous().numpy(),
        flat(targets, 2, runs).contiguous().numpy(),
        *form,
        per_network(scaling.factors(memories)[0], runs),
        per_network(log_inner, runs),
        per_network(log_outer, runs),
        error_exponent,
        np.arange(memories.shape[-1])[neurons or slice(None)],
    )
    loss, direction, size = (torch.from_numpy(values).reshape((*runs, *values.shape[1:])) for values in found)
    return loss, direction, size


def _torch_gradient(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor,
    neurons: slice | None,
) -> tuple[Tensor, Tensor, Tensor]:
    chosen = neurons or slice(None)
    log_inner, log_outer = log_factors(memories, scaling)
    outer, factor = log_outer[..., None, None], (log_inner + log_outer)[..., None, None]
    loss = torch.zeros((), dtype=torch.float64, device=memories.device)
    total, size = torch.zeros_like(memories), torch.full_like(memories[..., 0], -torch.inf)
    for block, u, v in arguments(memories, patterns, scaling, neurons):
        state, target = patterns[..., block, :], targets[..., block, :]
        x = state[..., chosen]
        sign, log = bracket(interaction, u[..., None], v)
        gap = x * sign * (log + outer).exp()
        blame, error = _error(target, gap)
        loss = loss + (2 * error_exponent * error).exp().sum((-2, -1))
        weight = math.log(2 * error_exponent) + (2 * error_exponent - 1) * error + _log_slope(gap) + factor
        blame = torch.where(weight > BOTTOM, -blame * x, 0.0)
        part, peak = _part(interaction, state, x, u, v, blame, weight.clamp_min(BOTTOM), chosen)
        larger = torch.maximum(size, peak)
        total = total * ratio(size, larger) + part * ratio(peak, larger)
        size = larger
    return loss, *split(total, size)


def split(vectors: Tensor, size: Tensor) -> tuple[Tensor, Tensor]:
    """Return vectors e^size as directions (*runs, K, N) with largest entry 1, and sizes (*runs, K).

    A zero vector has direction 0 and size -inf.
    """
    largest = vectors.abs().amax(-1, keepdim=True)
    return torch.where(largest > 0, vectors / largest, 0.0), size + largest[..., 0].log()


def ratio(size: Tensor, larger: Tensor) -> Tensor:
    """Return e^(size - larger), (*runs, K, 1), and 0 where size is -inf, also where both are."""
    return torch.where(size.isneginf(), 0.0, (size - larger).exp())[..., None]


def _error(target: Tensor, gap: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sign and the logarithm of |target - tanh(gap)|, without cancellation for targets of +-1."""
    beyond = 2 * target * gap
    log_exact = math.log(2) - beyond.clamp_min(0) - torch.log1p((-beyond.abs()).exp())
    plain = target - torch.tanh(gap)
    certain = target.abs() == 1
    return torch.where(certain, target, plain.sign()), torch.where(certain, log_exact, plain.abs().log())


def _log_slope(gap: Tensor) -> Tensor:
    """Return log(1 - tanh(gap)^2)."""
    size = gap.abs()
    return math.log(4) - 2 * size - 2 * torch.log1p((-2 * size).exp())


def _part(
    interaction: Interaction,
    state: Tensor,
    x: Tensor,
    u: Tensor,
    v: Tensor,
    blame: Tensor,
    weight: Tensor,
    chosen: slice,
) -> tuple[Tensor, Tensor]:
    """Return the gradient of a block of patterns (*runs, K, N) in units of e^peak, and the peaks (*runs, K).

    It is the sum of `learning.gradient` with w = blame e^weight; each term is divided by the largest of its memory.
    """
    sign_u, log_u = interaction.signed_log_derivative(u)  # (*runs, b, K)
    sign_v, log_v = interaction.signed_log_derivative(v)  # (*runs, b, K, M)
    heaviest = weight.amax(-1, keepdim=True)
    whole = log_u + heaviest
    flipped = log_v + weight[..., None, :]
    peak = torch.maximum(whole, flipped.amax(-1)).amax(-2).clamp_min(BOTTOM)  # (*runs, K)
    slopes = (flipped - peak[..., None, :, None]).clamp_(LOWEST, 0).exp_() * sign_v * blame[..., None, :]
    weighed = (blame * (weight - heaviest).exp()).sum(-1, keepdim=True)
    shared = weighed * sign_u * (whole - peak[..., None, :]).clamp(LOWEST, 0).exp() - slopes.sum(-1)
    part = shared.mT @ state
    part[..., chosen] += 2 * torch.einsum("...bi,...bki->...ki", x, slopes)
    return part, peak
