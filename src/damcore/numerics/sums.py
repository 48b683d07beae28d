"""Sums of F in the log domain, for any F that has logarithms: their sign and the logarithm of their size.

Every term is divided by the largest before it is added. Large terms may cancel and leave little of the sum; it is then
formed again: equal terms are merged first, so that terms which cancel exactly leave no rounding error, and the largest
is that of the remaining terms. This is frequent with bipolar memories: their overlaps are whole numbers, often equal,
and at n = 1000 the next term may be 1e-17 times those that cancel.
"""

import torch
from torch import Tensor

from damcore.interactions import Interaction

LOWEST = -700.0  # e^LOWEST is still a normal float64; below, exponentials cost fifty times as much
NEAR = 2.0**-20  # a sum this small beside its largest term has lost digits to cancellation


def bracket(interaction: Interaction, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Return (sign, log) of sum_mu [F(u) - F(v)] for u (.., b, K, 1) and v (.., b, K, M); each is (.., b, M)."""
    sign_u, log_u = interaction.signed_log(u)
    sign_v, log_v = interaction.signed_log(v)
    peak = torch.maximum(log_u.amax(-2, keepdim=True), log_v.amax(-2, keepdim=True))
    on = (log_u - peak).clamp_min_(LOWEST).exp_().mul_(sign_u)
    off = log_v.sub_(peak).clamp_min_(LOWEST).exp_().mul_(sign_v)
    total = on.sub_(off).sum(-2)
    sign, log = total.sign(), total.abs().log_().add_(peak[..., 0, :])
    doubtful = ~(total.abs() >= NEAR)  # NaN, too
    if doubtful.any():
        x = torch.cat([values.expand_as(on).transpose(-1, -2)[doubtful] for values in (u, v)], -1)
        sign[doubtful], log[doubtful] = merged_sum(interaction, x, x.shape[-1] // 2)
    return sign, log


def merged_sum(interaction: Interaction, x: Tensor, added: int) -> tuple[Tensor, Tensor]:
    """Return (sign, log) of the sum of F over the first `added` columns of x (E, T) less that over the others, (E)."""
    count, x = merged(interaction, x, added)
    log = interaction.signed_log(x)[1]
    peak = torch.where(count != 0, log, -torch.inf).amax(-1, keepdim=True)
    total = (count * (log - peak).clamp_(LOWEST, 0).exp_()).sum(-1)
    return total.sign(), total.abs().log() + peak[..., 0].clamp_min(torch.finfo(log.dtype).min)


def merged(interaction: Interaction, x: Tensor, added: int) -> tuple[Tensor, Tensor]:
    """Return (count, x), each (E, T), with `merged_sum` = sum count |F(x)| and no x twice with count != 0."""
    side = torch.ones_like(x[0])
    side[added:] = -1
    count = interaction.signed_log(x)[0] * side.expand_as(x)
    if interaction.parity is not None:
        x = x.abs()  # |F(-x)| = |F(x)|
    x, order = x.sort(-1)
    count = count.gather(-1, order)
    follows = torch.zeros_like(x, dtype=torch.bool)
    follows[..., 1:] = x[..., 1:] == x[..., :-1]
    index = torch.arange(x.shape[-1], device=x.device)
    first = index.where(~follows, torch.zeros_like(index)).cummax(-1).values  # where each run of equal x begins
    return torch.zeros_like(count).scatter_add_(-1, first, count), x
