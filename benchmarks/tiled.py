"""The published algorithm written plainly: the baseline that the fast path is measured against, and tested equal to.

For each neuron there is a copy of every state with that neuron clamped on, and one with it clamped off: A N rows each,
side by side. Two matrix products give their overlaps with all memories, autograd the gradient. Nothing is slowed down:
the copies are made once, everything is one batch, and torch uses all its threads.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def clamped_copies(patterns: Tensor) -> tuple[Tensor, Tensor]:
    """(A N, N) twice: row a N + i is pattern a with neuron i set to +1, or to -1."""
    n_patterns, n_neurons = patterns.shape
    rows = torch.arange(n_patterns * n_neurons)
    on = patterns.repeat_interleave(n_neurons, 0)
    off = on.clone()
    on[rows, rows % n_neurons] = 1
    off[rows, rows % n_neurons] = -1
    return on, off


def train(
    memories: Tensor,
    patterns: Tensor,
    interaction: Callable[[Tensor], Tensor],
    inner: float,
    outer: float,
    *,
    epochs: int,
    learning_rate: float,
    decay: float = 0.999,
    momentum: float = 0.0,
    error_exponent: int = 1,
    floor: float = 1e-30,
) -> tuple[Tensor, Tensor]:
    """Train one network on all patterns at once.

        C = tanh(outer (sum_mu F(inner zeta . xi_on) - sum_mu F(inner zeta . xi_off))),   L = sum (xi - C)^(2m)
        V <- momentum V - dL/dzeta,   zeta <- clip(zeta + rate V / max(max_j |V_j|, floor))

    Source: MRS24 Eq. (8), (14); KH16 Eq. (12), (13).

    Args:
        memories: zeta (K, N); not changed.
        patterns: xi (A, N), bipolar.
        interaction: F, differentiable.
        inner: factor on the overlaps.
        outer: factor on the difference.
        epochs: steps.
        learning_rate: rate of the first epoch.
        decay: factor on the rate after each epoch.
        momentum: in [0, 1).
        error_exponent: m.
        floor: least value of the normalisation.

    Returns:
        The memories and the loss of each epoch before its step.
    """
    memories = memories.clone().requires_grad_()
    velocity = torch.zeros_like(memories)
    on, off = clamped_copies(patterns)
    losses = torch.empty(epochs, dtype=memories.dtype)
    for epoch in range(epochs):
        energies = [interaction(inner * (copies @ memories.T)).sum(-1) for copies in (on, off)]
        predicted = torch.tanh(outer * (energies[0] - energies[1])).view_as(patterns)
        loss = ((patterns - predicted) ** (2 * error_exponent)).sum()
        (gradient,) = torch.autograd.grad(loss, memories)
        with torch.no_grad():
            velocity = momentum * velocity - gradient
            largest = velocity.abs().amax(-1, keepdim=True).clamp_min(floor)
            memories += learning_rate * decay**epoch * velocity / largest
            memories.clamp_(-1, 1)
            losses[epoch] = loss.detach()
    return memories.detach(), losses
