"""The numerics under `learning`: the closed-form gradient, the normalised step, and epochs of both, plain or fused.

The plain path runs on any device and dtype and for any interaction; `_kernels` runs the same epochs several times
faster where `network.compiled_form` says it can.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from damcore import _kernels
from damcore.interactions import Interaction, whole_power
from damcore.network import compiled_form, overlaps
from damcore.numerics.gradient import direction_and_size
from damcore.numerics.step import accelerate, step
from damcore.scaling import Scaling, Temperature


@dataclass(frozen=True)
class Descent:
    """The settings of a training, checked; the names are those of `learning.train`."""

    interaction: Interaction
    scaling: Scaling
    temperature_schedule: Callable[[int], Temperature] | None
    learning_rate: Tensor
    decay: float
    momentum: float
    error_exponent: int
    floor: float  # 0.0 stands for no floor
    clip: Tensor
    batch_size: int
    generator: torch.Generator | None
    targets: Tensor | None
    neurons: slice | None
    log: bool = False  # the log domain, whose velocity is a direction and a size

    def scaling_at(self, epoch: int) -> Scaling:
        return self.scaling if self.temperature_schedule is None else self.scaling.at(self.temperature_schedule(epoch))

    def rate_at(self, epoch: int) -> Tensor:
        return self.learning_rate * self.decay**epoch

    def order(self, n_patterns: int) -> Tensor:
        """The order in which the next epoch visits the patterns."""
        if self.generator is None:
            return torch.arange(n_patterns)
        return torch.randperm(n_patterns, generator=self.generator)


@dataclass
class Progress:
    """What a training changes: (*runs, K, N), (*runs, K, N), (*runs, epochs) and (*runs)."""

    memories: Tensor
    velocity: Tensor
    losses: Tensor
    diverged: Tensor
    size: Tensor | None = None  # (*runs, K), of the velocity in the log domain


def advance(at: Progress, patterns: Tensor, descent: Descent, start: int, stop: int) -> None:
    """Train epochs start..stop-1 in place."""
    form = compiled_form(descent.interaction, at.memories)
    if descent.log:
        _advance_log(at, patterns, descent, start, stop)
    elif form is None or descent.targets is not None or descent.neurons is not None:
        _advance_plain(at, patterns, descent, start, stop)
    else:
        _advance_compiled(at, patterns, descent, start, stop, form)


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


def _advance_plain(at: Progress, patterns: Tensor, descent: Descent, start: int, stop: int) -> None:
    for epoch in range(start, stop):
        scaling, rate = descent.scaling_at(epoch), descent.rate_at(epoch)[..., None, None]
        order = descent.order(patterns.shape[-2]).to(patterns.device)
        summed = torch.zeros_like(at.losses[..., 0])
        for batch in order.split(descent.batch_size):
            targets = None if descent.targets is None else descent.targets[..., batch, :]
            loss, slope = loss_and_gradient(
                at.memories,
                patterns[..., batch, :],
                descent.interaction,
                scaling,
                descent.error_exponent,
                targets,
                descent.neurons,
            )
            velocity = descent.momentum * at.velocity - slope
            _move(at, _step(at.memories, velocity, rate, descent), velocity, loss, epoch)
            summed = summed + loss
        at.losses[..., epoch] = torch.where(at.diverged < 0, summed, torch.nan)


def _move(at: Progress, memories: Tensor, velocity: Tensor, loss: Tensor, epoch: int) -> None:
    """Take a step, but leave networks that left the range of their dtype where they were last finite."""
    sound = torch.isfinite(loss) & torch.isfinite(velocity).all((-2, -1)) & torch.isfinite(memories).all((-2, -1))
    at.diverged[~sound & (at.diverged < 0)] = epoch
    going = (at.diverged < 0)[..., None, None]
    at.memories = torch.where(going, memories, at.memories)
    at.velocity = torch.where(going, velocity, at.velocity)


def _advance_log(at: Progress, patterns: Tensor, descent: Descent, start: int, stop: int) -> None:
    """The same epochs in the log domain, in float64; the memories are rounded to their dtype after each step."""
    assert at.size is not None
    for epoch in range(start, stop):
        scaling, rate = descent.scaling_at(epoch), descent.rate_at(epoch).double()[..., None, None]
        order = descent.order(patterns.shape[-2]).to(patterns.device)
        summed = torch.zeros_like(at.losses[..., 0])
        for batch in order.split(descent.batch_size):
            targets = None if descent.targets is None else descent.targets[..., batch, :]
            loss, direction, slope = direction_and_size(
                at.memories,
                patterns[..., batch, :],
                descent.interaction,
                scaling,
                descent.error_exponent,
                targets,
                descent.neurons,
            )
            velocity, at.size = accelerate(at.velocity, at.size, direction, slope, descent.momentum)
            moved = at.memories.double() + rate * step(velocity, at.size, descent.floor)
            memories = torch.where(descent.clip, moved.clamp(-1, 1), moved).to(at.memories.dtype)
            _move(at, memories, velocity, loss, epoch)
            summed = summed + loss.to(summed.dtype)
        at.losses[..., epoch] = torch.where(at.diverged < 0, summed, torch.nan)


def part(
    chosen: Tensor, at: Progress, patterns: Tensor, descent: Descent, log: bool
) -> tuple[Progress, Tensor, Descent]:
    """The networks that `chosen` (*runs) marks, with one flat axis of runs, and how they descend."""
    runs = at.diverged.shape
    flat = chosen.expand(runs).flatten()

    def pick(values: Tensor, rank: int) -> Tensor:
        own = values.shape[values.ndim - rank :]
        return values.expand((*runs, *own)).reshape(-1, *own)[flat]

    def pick_temperature(temperature: Temperature) -> Temperature:
        return pick(temperature, 0) if isinstance(temperature, Tensor) else temperature

    schedule = descent.temperature_schedule
    own = Progress(
        memories=pick(at.memories, 2),
        velocity=pick(at.velocity, 2).to(torch.float64 if log else at.velocity.dtype),
        losses=pick(at.losses, 1),
        diverged=pick(at.diverged, 0),
        size=torch.full_like(pick(at.memories[..., 0], 1), -torch.inf, dtype=torch.float64) if log else None,
    )
    changed = replace(
        descent,
        scaling=descent.scaling.at(pick_temperature(descent.scaling.temperature)),
        temperature_schedule=None if schedule is None else lambda epoch: pick_temperature(schedule(epoch)),
        learning_rate=pick(descent.learning_rate, 0),
        targets=None if descent.targets is None else pick(descent.targets, 2),
        log=log,
    )
    return own, pick(patterns, 2), changed


def put_back(chosen: Tensor, at: Progress, own: Progress) -> None:
    """Write what a part has come to into the whole."""
    chosen = chosen.expand(at.diverged.shape)
    at.memories[chosen], at.losses[chosen], at.diverged[chosen] = own.memories, own.losses, own.diverged


def _step(memories: Tensor, velocity: Tensor, rate: Tensor, descent: Descent) -> Tensor:
    largest = velocity.abs().amax(-1, keepdim=True)
    if descent.floor:
        largest = largest.clamp_min(descent.floor)
    moved = memories + rate * torch.where(largest > 0, velocity / largest, 0.0)
    return torch.where(descent.clip, moved.clamp(-1, 1), moved)


def _advance_compiled(
    at: Progress, patterns: Tensor, descent: Descent, start: int, stop: int, form: tuple[int, int, float]
) -> None:
    """The same epochs by `_kernels`, which takes flat runs (R, ...) and one column of settings an epoch (R, E)."""
    runs = at.diverged.shape
    n_patterns, n_neurons = patterns.shape[-2:]
    epochs = range(start, stop)
    factors = [descent.scaling_at(epoch).factors(at.memories) for epoch in epochs]
    shared = (
        patterns[(0,) * (patterns.ndim - 2)][None]
        if patterns.shape[:-2].numel() == 1
        else patterns.expand(*runs, -1, -1)
    )

    def columns(values: list[Tensor]):
        return torch.stack([value.expand(runs) for value in values], -1).reshape(-1, len(values)).contiguous().numpy()

    losses = at.losses.new_empty(runs.numel(), len(epochs))
    within = torch.where(at.diverged < 0, -1, 0).flatten()
    _kernels.train_epochs(
        at.memories.view(-1, *at.memories.shape[-2:]).numpy(),
        at.velocity.view(-1, *at.memories.shape[-2:]).numpy(),
        shared.reshape(-1, n_patterns, n_neurons).contiguous().numpy(),
        torch.stack([descent.order(n_patterns) for _ in epochs]).numpy(),
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
    at.losses[..., start:stop] = losses.view(*runs, -1)
    fresh = (at.diverged < 0) & (within.view(runs) >= 0)
    at.diverged = torch.where(fresh, within.view(runs) + start, at.diverged)
