"""The numerics under `learning`: the closed-form gradient, the normalised step, and epochs of both, plain or fused.

The plain path runs on any device and dtype and for any interaction; `_kernels` runs the same epochs several times
faster where `network.compiled_form` says it can.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from damcore import _kernels
from damcore.interactions import Interaction, whole_power
from damcore.network import compiled_form, overlaps
from damcore.numerics.gradient import direction_and_size
from damcore.numerics.step import accelerate, step
from damcore.scaling import Scaling


@dataclass(frozen=True)
class Descent:
    """What a training of R networks goes by, checked; the names are those of `learning.train`."""

    patterns: Tensor  # (R, B, N), or (1, B, N) for patterns that all share
    interaction: Interaction
    scaling_at: Callable[[int], Scaling]  # of an epoch
    learning_rate: Tensor  # (R) or (1)
    decay: float
    momentum: float
    error_exponent: int
    floor: float  # 0.0 stands for no floor
    clip: Tensor  # (N)
    batch_size: int
    generator: torch.Generator | None
    targets: Tensor | None  # (R, B, M) or (1, B, M)
    neurons: slice | None

    def rate_at(self, epoch: int) -> Tensor:
        return self.learning_rate * self.decay**epoch

    def order(self) -> Tensor:
        """The order in which the next epoch visits the patterns."""
        n_patterns = self.patterns.shape[-2]
        if self.generator is None:
            return torch.arange(n_patterns)
        return torch.randperm(n_patterns, generator=self.generator)


@dataclass
class Progress:
    """What a training changes: (R, K, N), (R, K, N), (R, epochs) and (R).

    In the log domain the velocity is a direction, of the logarithmic size (R, K).
    """

    memories: Tensor
    velocity: Tensor
    losses: Tensor
    diverged: Tensor
    size: Tensor | None

    @classmethod
    def begin(cls, memories: Tensor, n_networks: int, epochs: int, in_logs: bool) -> "Progress":
        """From memories (R, K, N) or (1, K, N), which do not change."""
        own = memories.detach().expand(n_networks, -1, -1).clone(memory_format=torch.contiguous_format)
        return cls(
            memories=own,
            velocity=torch.zeros_like(own, dtype=torch.float64 if in_logs else None),
            losses=own.new_full((n_networks, epochs), torch.nan),
            diverged=torch.full((n_networks,), -1, device=own.device),
            size=torch.full_like(own[..., 0], -torch.inf, dtype=torch.float64) if in_logs else None,
        )


def advance(at: Progress, descent: Descent, start: int, stop: int) -> None:
    """Train epochs start..stop-1 in place."""
    plain = at.size is not None or descent.targets is not None or descent.neurons is not None
    form = None if plain else compiled_form(descent.interaction, at.memories)  # which compiles
    if form is None:
        _advance_plain(at, descent, start, stop)
    else:
        _advance_compiled(at, descent, start, stop, form)


def loss_and_gradient(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor | None,
    neurons: slice | None,
) -> tuple[Tensor, Tensor]:
    """`learning.gradient`, unchecked."""
    chosen = neurons or slice(None)
    inner, outer = scaling.factors(memories)
    factor = (inner * outer)[..., None, None]
    loss, total = torch.zeros((), dtype=memories.dtype, device=memories.device), torch.zeros_like(memories)
    for block, whole, flipped in overlaps(memories, patterns, scaling, chosen):
        state = patterns[..., block, :]
        x = state[..., chosen]
        target = x if targets is None else targets[..., block, :]
        gap = outer[..., None, None] * x * (interaction(whole)[..., None] - interaction(flipped)).sum(-2)
        predicted = torch.tanh(gap)
        error = target - predicted
        odd = whole_power(error, 2 * error_exponent - 1)
        loss = loss + (odd * error).sum((-2, -1))
        w = -2 * error_exponent * odd * (1 - predicted * predicted) * x * factor  # (*runs, b, M)
        slopes = interaction.derivative(flipped)  # (*runs, b, K, M)
        shared = interaction.derivative(whole) * w.sum(-1, keepdim=True) - (slopes @ w[..., None])[..., 0]
        part = shared.mT @ state
        part[..., chosen] += 2 * torch.einsum("...bi,...bki->...ki", w * x, slopes)
        total = total + part
    return loss, total


def _advance_plain(at: Progress, descent: Descent, start: int, stop: int) -> None:
    """In the log domain all is float64, and the memories are rounded to their dtype after each step."""
    for epoch in range(start, stop):
        scaling, rate = descent.scaling_at(epoch), descent.rate_at(epoch)[..., None, None]
        summed = torch.zeros_like(at.losses[..., 0])
        for batch in descent.order().to(at.memories.device).split(descent.batch_size):
            loss, velocity, size, change = _change(at, descent, scaling, batch)
            moved = at.memories + rate * change
            memories = torch.where(descent.clip, moved.clamp(-1, 1), moved).to(at.memories.dtype)
            # Networks that leave the range of their dtype stay where they were last finite.
            sound = (
                torch.isfinite(loss) & torch.isfinite(velocity).all((-2, -1)) & torch.isfinite(memories).all((-2, -1))
            )
            at.diverged[~sound & (at.diverged < 0)] = epoch
            going = (at.diverged < 0)[..., None, None]
            at.memories = torch.where(going, memories, at.memories)
            at.velocity, at.size = torch.where(going, velocity, at.velocity), size
            summed = summed + loss.to(summed.dtype)
        at.losses[..., epoch] = torch.where(at.diverged < 0, summed, torch.nan)


def _change(
    at: Progress, descent: Descent, scaling: Scaling, batch: Tensor
) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
    """The loss on a minibatch, the new velocity and its size, and the step in units of the learning rate."""
    targets = None if descent.targets is None else descent.targets[..., batch, :]
    problem = (at.memories, descent.patterns[..., batch, :], descent.interaction, scaling)
    settings = (descent.error_exponent, targets, descent.neurons)
    if at.size is not None:
        loss, direction, slope = direction_and_size(*problem, *settings)
        velocity, size = accelerate(at.velocity, at.size, direction, slope, descent.momentum)
        return loss, velocity, size, step(velocity, size, descent.floor)
    loss, gradient = loss_and_gradient(*problem, *settings)
    velocity = descent.momentum * at.velocity - gradient
    largest = velocity.abs().amax(-1, keepdim=True)
    if descent.floor:
        largest = largest.clamp_min(descent.floor)
    return loss, velocity, None, torch.where(largest > 0, velocity / largest, 0.0)


def _advance_compiled(at: Progress, descent: Descent, start: int, stop: int, form: tuple[int, int, float]) -> None:
    """The same epochs by `_kernels`, which takes one column of settings an epoch (R, E)."""
    epochs = range(start, stop)
    factors = [descent.scaling_at(epoch).factors(at.memories) for epoch in epochs]

    def columns(values: list[Tensor]):
        return torch.stack([value.expand(at.diverged.shape) for value in values], -1).numpy()

    losses = at.losses.new_empty(len(at.losses), len(epochs))
    within = torch.where(at.diverged < 0, -1, 0)
    _kernels.train_epochs(
        at.memories.numpy(),
        at.velocity.numpy(),
        descent.patterns.contiguous().numpy(),
        torch.stack([descent.order() for _ in epochs]).numpy(),
        *form,
        columns([inner for inner, _ in factors]),
        columns([outer for _, outer in factors]),
        columns([descent.rate_at(epoch) for epoch in epochs]),
        descent.momentum,
        descent.error_exponent,
        descent.floor,
        descent.clip.numpy(),
        descent.batch_size,
        losses.numpy(),
        within.numpy(),
    )
    at.losses[..., start:stop] = losses
    fresh = (at.diverged < 0) & (within >= 0)
    at.diverged = torch.where(fresh, within + start, at.diverged)
