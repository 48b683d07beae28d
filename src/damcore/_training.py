"""The numerics under `learning`: the closed-form gradient, the normalised step, and epochs of both, plain or fused.

The plain path runs on any device and dtype and for any interaction; `_kernels` computes the same many times faster
where `_forms.compiled_form` says it can. Either way a network on the CPU has the same bits alone and in any batch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from damcore import _checks, _kernels
from damcore._forms import Part, compiled_form
from damcore._kernels import clamped
from damcore._networks import one_by_one
from damcore.interactions import Interaction, whole_power
from damcore.network import overlaps
from damcore.numerics.gap import compiled_logs
from damcore.numerics.gradient import direction_and_size
from damcore.numerics.overlaps import log_factors
from damcore.numerics.step import accelerate, step
from damcore.scaling import Scaling


@dataclass(frozen=True)
class Descent:
    """What a training goes by, checked; the names are those of `learning.train`.

    The leading axes are those of the caller, (*#runs), until `of` takes R networks of one form out of them.
    """

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
    sampler: Callable[[torch.Generator], Tensor] | None
    targets: Tensor | None  # (R, B, M) or (1, B, M)
    neurons: slice | None

    def of(self, part: Part, generator: torch.Generator | None) -> "Descent":
        """The same for the networks of this part, which draws from this generator."""
        return replace(
            self,
            patterns=part.take(self.patterns, 2),
            scaling_at=lambda epoch: part.scaling(self.scaling_at(epoch)),
            learning_rate=part.take(self.learning_rate, 0),
            generator=generator,
            targets=None if self.targets is None else part.take(self.targets, 2),
        )

    @property
    def has_classes(self) -> bool:
        """Whether not every neuron is predicted, or not as its own value."""
        return self.targets is not None or self.neurons is not None

    def rate_at(self, epoch: int) -> Tensor:
        return self.learning_rate * self.decay**epoch

    def orders(self, epochs: range) -> Tensor:
        """The numbers of the patterns in the order in which the next E epochs visit them, (E, visits)."""
        orders = [self._order() for _ in epochs]
        if len({len(order) for order in orders}) > 1:
            _checks.refuse(f"`sampler` must return as many numbers in each epoch, got {sorted(map(len, orders))}.")
        return torch.stack(orders)

    def _order(self) -> Tensor:
        n_patterns = self.patterns.shape[-2]
        if self.generator is None:
            return torch.arange(n_patterns)
        if self.sampler is None:
            return torch.randperm(n_patterns, generator=self.generator)
        order = self.sampler(self.generator)
        if not isinstance(order, Tensor) or order.dtype != torch.int64 or order.ndim != 1 or not len(order):
            _checks.refuse("`sampler` must return the numbers of patterns, int64 (visits,).", TypeError)
        if order.min() < 0 or order.max() >= n_patterns:
            _checks.refuse(f"`sampler` must return numbers from 0 to {n_patterns - 1}, got {int(order.max())}.")
        return order


@dataclass
class Progress:
    """What the next E epochs of a training change: (R, K, N), (R, K, N), (R, K), (R, E) and (R).

    In the log domain the velocity is a direction, of the logarithmic size (R, K).
    """

    memories: Tensor
    velocity: Tensor
    size: Tensor
    losses: Tensor
    diverged: Tensor
    in_logs: bool


def advance(at: Progress, descent: Descent, epochs: range) -> None:
    """Train these E epochs in place."""
    if at.in_logs and at.memories.dtype in (torch.float32, torch.float64):
        form = compiled_logs(descent.interaction, at.memories.device, "train")
        if form is not None:
            return _advance_in_logs(at, descent, epochs, form)
    task = "classes" if descent.has_classes else "train"
    form = None if at.in_logs else compiled_form(descent.interaction, at.memories, task)  # which compiles
    if form is None:
        _advance_plain(at, descent, epochs)
    else:
        _advance_compiled(at, descent, epochs, form)


def loss_and_gradient(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor | None,
    neurons: slice | None,
) -> tuple[Tensor, Tensor]:
    """`learning.gradient` without its checks."""
    memories, patterns = memories.detach(), patterns.detach()
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64)
    axes = [memories.shape[:-2], patterns.shape[:-2], temperature.shape, torch.Size()]
    runs = torch.broadcast_shapes(*axes, () if targets is None else targets.shape[:-2])
    form = compiled_form(interaction, memories) if targets is None and neurons is None else None
    if form is not None:
        return _compiled_loss_and_gradient(memories, patterns, scaling, error_exponent, runs, form)

    def compute(memories: Tensor, patterns: Tensor, temperature: Tensor, targets: Tensor | None):
        return _plain_loss_and_gradient(
            memories, patterns, interaction, scaling.at(temperature), error_exponent, targets, neurons
        )

    loss, gradient = one_by_one(compute, runs, (memories, 2), (patterns, 2), (temperature, 0), (targets, 2))
    return loss, gradient


def _compiled_loss_and_gradient(
    memories: Tensor,
    patterns: Tensor,
    scaling: Scaling,
    error_exponent: int,
    runs: torch.Size,
    form: tuple[int, int, float],
) -> tuple[Tensor, Tensor]:
    every = Part(torch.ones(runs, dtype=torch.bool), in_logs=False)
    networks = every.take(memories, 2).expand(every.size, -1, -1)
    factors = every.scaling(scaling).factors(memories)
    inner, outer = (factor.detach().expand(every.size).contiguous() for factor in factors)
    loss, gradient = _kernels.loss_and_gradient(
        networks.contiguous().numpy(),
        every.take(patterns, 2).contiguous().numpy(),
        *form,
        inner.numpy(),
        outer.numpy(),
        error_exponent,
        flush=False,
    )
    return torch.from_numpy(loss).reshape(runs), torch.from_numpy(gradient).reshape(*runs, *memories.shape[-2:])


def _plain_loss_and_gradient(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    error_exponent: int,
    targets: Tensor | None,
    neurons: slice | None,
) -> tuple[Tensor, Tensor]:
    """The sum over blocks of states, by torch, for any leading axes."""
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


def _advance_plain(at: Progress, descent: Descent, epochs: range) -> None:
    """The same epochs by torch, one network after the other on the CPU, all at once elsewhere."""
    runs = at.diverged.shape
    scalings = [descent.scaling_at(epoch) for epoch in epochs]
    temperatures = [torch.as_tensor(scaling.temperature, dtype=torch.float64).cpu() for scaling in scalings]
    orders = descent.orders(epochs).to(at.memories.device)  # the same for all networks

    def compute(*values: Any) -> tuple[Tensor, ...]:
        memories, velocity, size, losses, diverged, patterns, targets, temperature, rate = values
        one = Progress(memories, velocity, size, losses, diverged, at.in_logs)
        task = replace(descent, patterns=patterns, targets=targets)
        for column, (epoch, order) in enumerate(zip(epochs, orders, strict=True)):
            scaling = scalings[column].at(temperature[..., column])
            one.losses[..., column] = _epoch(one, task, epoch, order, scaling, rate[..., column])
        return one.memories, one.velocity, one.size, one.losses, one.diverged

    at.memories, at.velocity, at.size, at.losses, at.diverged = one_by_one(
        compute,
        runs,
        (at.memories, 2),
        (at.velocity, 2),
        (at.size, 1),
        (at.losses, 1),
        (at.diverged, 0),
        (descent.patterns, 2),
        (descent.targets, 2),
        (_columns(temperatures, runs), 1),
        (_columns([descent.rate_at(epoch) for epoch in epochs], runs), 1),
    )


def _columns(values: list[Tensor], runs: torch.Size) -> Tensor:
    """One column an epoch, (*runs, E)."""
    return torch.stack([value.expand(runs) for value in values], -1)


def _epoch(at: Progress, descent: Descent, epoch: int, order: Tensor, scaling: Scaling, rate: Tensor) -> Tensor:
    """Train one epoch in place, and return its loss. In the log domain memories are rounded after each step."""
    summed = torch.zeros_like(at.losses[..., 0])
    for batch in order.split(descent.batch_size):
        loss, velocity, size, change = _change(at, descent, scaling, batch)
        moved = at.memories + rate[..., None, None] * change
        memories = torch.where(descent.clip, moved.clamp(-1, 1), moved).to(at.memories.dtype)
        # Networks that leave the range of their dtype stay where they were last finite.
        sound = torch.isfinite(loss) & torch.isfinite(velocity).all((-2, -1)) & torch.isfinite(memories).all((-2, -1))
        at.diverged = torch.where(~sound & (at.diverged < 0), epoch, at.diverged)  # nothing waits for a device
        going = (at.diverged < 0)[..., None, None]
        at.memories = torch.where(going, memories, at.memories)
        at.velocity, at.size = torch.where(going, velocity, at.velocity), size
        summed = summed + loss.to(summed.dtype)
    return torch.where(at.diverged < 0, summed, torch.nan)


def _change(at: Progress, descent: Descent, scaling: Scaling, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The loss on a minibatch, the new velocity and its size, and the step in units of the learning rate."""
    targets = None if descent.targets is None else descent.targets[..., batch, :]
    problem = (at.memories, descent.patterns[..., batch, :], descent.interaction, scaling)
    settings = (descent.error_exponent, targets, descent.neurons)
    if at.in_logs:
        loss, direction, slope = direction_and_size(*problem, *settings)
        velocity, size = accelerate(at.velocity, at.size, direction, slope, descent.momentum)
        return loss, velocity, size, step(velocity, size, descent.floor)
    loss, gradient = _plain_loss_and_gradient(*problem, *settings)
    velocity = descent.momentum * at.velocity - gradient
    largest = velocity.abs().amax(-1, keepdim=True)
    if descent.floor:
        largest = largest.clamp_min(descent.floor)
    return loss, velocity, at.size, torch.where(largest > 0, velocity / largest, 0.0)


def _advance_compiled(at: Progress, descent: Descent, epochs: range, form: tuple[int, int, float]) -> None:
    """The same epochs by `_kernels`, which takes one column of settings an epoch (R, E)."""
    factors = [descent.scaling_at(epoch).factors(at.memories) for epoch in epochs]
    rates = [descent.rate_at(epoch) for epoch in epochs]
    inner, outer, rate = (
        _columns(list(column), at.diverged.shape).numpy() for column in (*zip(*factors, strict=True), rates)
    )
    within = torch.where(at.diverged < 0, -1, 0)
    train_epochs, patterns = _kernels.train_epochs, descent.patterns.contiguous()
    if descent.has_classes:
        predicted = torch.arange(patterns.shape[-1])[descent.neurons or slice(None)]
        targets = patterns[..., predicted] if descent.targets is None else descent.targets.contiguous()
        train_epochs = partial(clamped.train_epochs, targets=targets.numpy(), predicted=predicted.numpy())
    train_epochs(
        at.memories.numpy(),
        at.velocity.numpy(),
        patterns.numpy(),
        descent.orders(epochs).numpy(),
        *form,
        inner,
        outer,
        rate,
        descent.momentum,
        descent.error_exponent,
        descent.floor,
        descent.clip.numpy(),
        descent.batch_size,
        at.losses.numpy(),
        within.numpy(),
    )
    fresh = (at.diverged < 0) & (within >= 0)
    at.diverged = torch.where(fresh, within + epochs.start, at.diverged)


def _advance_in_logs(at: Progress, descent: Descent, epochs: range, form: tuple[int, int, float]) -> None:
    """The same epochs in the log domain, by `_kernels.logs`."""
    scalings = [descent.scaling_at(epoch) for epoch in epochs]
    logs = [log_factors(at.memories, scaling) for scaling in scalings]

    def columns(values: list[Tensor]):
        return torch.stack([value.double().expand(at.diverged.shape) for value in values], -1).numpy()

    x = descent.patterns[..., descent.neurons or slice(None)]
    memories, velocity, losses = at.memories.double(), at.velocity.contiguous(), at.losses.double()
    within = torch.where(at.diverged < 0, -1, 0)
    _kernels.logs.train_epochs(
        memories.numpy(),
        velocity.numpy(),
        at.size.numpy(),
        descent.patterns.double().contiguous().numpy(),
        (x if descent.targets is None else descent.targets).double().contiguous().numpy(),
        descent.orders(epochs).numpy(),
        *form,
        columns([scaling.factors(memories)[0] for scaling in scalings]),
        columns([inner for inner, _ in logs]),
        columns([outer for _, outer in logs]),
        columns([descent.rate_at(epoch) for epoch in epochs]),
        descent.momentum,
        descent.error_exponent,
        math.log(descent.floor) if descent.floor else -math.inf,
        descent.clip.numpy(),
        at.memories.dtype == torch.float32,
        descent.batch_size,
        np.arange(memories.shape[-1])[descent.neurons or slice(None)],
        losses.numpy(),
        within.numpy(),
    )
    at.memories, at.velocity, at.losses = memories.to(at.memories.dtype), velocity, losses.to(at.losses.dtype)
    fresh = (at.diverged < 0) & (within >= 0)
    at.diverged = torch.where(fresh, within + epochs.start, at.diverged)
