"""Learning: the loss of Eq. 8 and 14, its gradient in closed form, and training with the max-normalised momentum step.

A training is a state: `start` creates it, `advance` trains it for some epochs, and `train` calls both.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from os import PathLike
from typing import TypedDict, Unpack

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from damcore import _checks, _files
from damcore._forms import FORMS, Part, join, log_form, parts
from damcore._training import Descent, Progress, loss_and_gradient
from damcore._training import advance as advance_part
from damcore.interactions import Interaction
from damcore.numerics.ranges import limits
from damcore.scaling import Scaling, Temperature, agreed_problem

__all__ = ["Settings", "TrainSettings", "TrainingState", "advance", "gradient", "linear_anneal", "start", "train"]


@_checks.door
@dataclass(frozen=True, eq=False)
class TrainingState:
    """A training after some epochs: everything that the next epoch needs, except the patterns and the settings.

    Attributes:
        memories: zeta, the memories learned so far.
        velocity: V, in the memories' dtype, or in float64 where some network trains in the log domain; for such a
            network it is a direction, V e^-size.
        size: the logarithm of the size of each direction; it has no meaning in the plain form.
        losses: the loss of each epoch so far before its updates, summed over patterns, neurons and minibatches;
            infinite where it exceeds the memories' dtype, NaN from the epoch in which a marked network diverged.
        diverged: the epoch in which a network left the range of its dtype, -1 where it never did.
        in_logs: True for the networks that train in the log domain, from the first epoch to the last.
        generator: the state of the generator that shuffles the patterns, None where they keep their order.

    Raises:
        ValueError: the shapes do not belong together, or a memory is not finite.
        TypeError: a tensor has another dtype than it must have.
    """

    memories: Float[Tensor, "*runs K N"]
    velocity: Float[Tensor, "*runs K N"]
    size: Float[Tensor, "*runs K"]
    losses: Float[Tensor, "*runs epochs"]
    diverged: Int[Tensor, "*runs"]
    in_logs: Bool[Tensor, "*runs"]
    generator: UInt8[Tensor, "bytes"] | None = None

    def __post_init__(self):
        _checks.rows("memories", self.memories, "K", "N")
        _checks.finite("memories", self.memories)
        runs = self.memories.shape[:-2]
        shapes = {
            "velocity": self.memories.shape,
            "size": self.memories.shape[:-1],
            "losses": (*runs, *self.losses.shape[-1:]),
            "diverged": runs,
            "in_logs": runs,
        }
        for name, shape in shapes.items():
            found = getattr(self, name)
            if found.shape != shape or found.device != self.memories.device:
                _checks.refuse(
                    f"`{name}` must have shape {tuple(shape)} and be on {self.memories.device}, to belong to "
                    f"`memories`, got {_checks.said(found)} on {found.device}."
                )
        for name in ("velocity", "size", "losses"):
            _checks.is_float(name, getattr(self, name))
        _checks.has_dtype("diverged", self.diverged, torch.int64)
        if self.generator is not None:
            _checks.has_dtype("generator", self.generator, torch.uint8)

    @property
    def epoch(self) -> int:
        """The number of epochs done."""
        return self.losses.shape[-1]

    @_checks.door
    def save(self, path: str | PathLike) -> None:
        """Write the state to a safetensors file with a checksum.

        Args:
            path: the file; its folder must exist.

        Raises:
            ValueError: the file cannot be written.

        Example:
            >>> import os
            >>> from tempfile import TemporaryDirectory
            >>> import torch
            >>> from damcore.learning import TrainingState, start
            >>> state = start(torch.zeros(4, 3))
            >>> with TemporaryDirectory() as folder:
            ...     state.save(f"{folder}/training.safetensors")
            ...     os.listdir(folder)
            ['training.safetensors']
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        _files.write(path, {name: value for name, value in values.items() if value is not None}, {})

    @classmethod
    @_checks.door
    def load(cls, path: str | PathLike, *, device: str | torch.device = "cpu") -> "TrainingState":
        """Read a state that `save` wrote, bit for bit, so that the training goes on as if it had never stopped.

        Args:
            path: the file.
            device: the device of the tensors.

        Returns:
            The saved state.

        Raises:
            FileNotFoundError: the file does not exist.
            ValueError: the file is truncated or corrupt, or `save` did not write it.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> import torch
            >>> from damcore.learning import TrainingState, start
            >>> state = start(torch.zeros(4, 3))
            >>> with TemporaryDirectory() as folder:
            ...     state.save(f"{folder}/training.safetensors")
            ...     TrainingState.load(f"{folder}/training.safetensors").epoch  # none is trained yet
            0
        """
        writer = "TrainingState.save"
        settings, tensors = _files.read(path, writer)
        wanted = {field.name for field in fields(cls)}
        if settings or {*tensors} | {"generator"} != wanted:
            _files.refuse_content(path, writer, f"it holds {', '.join(sorted({*tensors, *settings}))}")
        generator = tensors.pop("generator", None)  # draws on the CPU, whatever the device
        return cls(**{name: value.to(device) for name, value in tensors.items()}, generator=generator)


class Settings(TypedDict, total=False):
    """The keywords of `advance` and `train` that few callers set.

    Attributes:
        temperature_schedule: a function that gives the temperature of each epoch, in place of the scaling's own; see
            `linear_anneal`. Its argument is the epoch, counted from the start of the training.
        batch_size: patterns per step, all by default.
        clip: keep all entries of the memories in [-1, 1], the default; a boolean tensor (N,) chooses the neurons whose
            entries are kept there.
        targets: the values that the neurons should predict, (*#runs, B, M); by default the patterns' own.
        neurons: the predicted neurons, all by default; the others are clamped, at any value in [-1, 1].
        sampler: a function that draws from the generator which patterns an epoch visits: their numbers, in order, as
            many in each epoch. Some may be missing or be there twice. By default all are visited once, shuffled.
    """

    temperature_schedule: Callable[[int], Temperature] | None
    batch_size: int | None
    clip: bool | Bool[Tensor, "N"]
    targets: Float[Tensor, "..."] | None
    neurons: slice | None
    sampler: Callable[[torch.Generator], Tensor] | None


class TrainSettings(Settings, total=False):
    """The keywords of `train` that few callers set: those of `Settings`, and three that `advance` does not have.

    Attributes:
        form: "plain" computes the gradient itself. "log" computes its direction and the logarithm of its size, in
            float64, so that no vertex, temperature or dtype drives it out of range (`numerics.log_gradient`); it
            takes up to three times as long. "auto", the default, takes the plain form for each network that it keeps in
            range (`numerics.plain_fits`), and for all networks where there is a floor: a floor asks for the behaviour
            of the public code, and at 1e-30 it loses a gradient before the dtype does. Both forms obey the floor. To
            choose, "auto" calls a `temperature_schedule` for all epochs before the first.
        generator: the generator that shuffles the patterns before each epoch; without one they keep their order.
        progress: a function that is called with the number of epochs done since its last call, for a progress bar.
    """

    form: str
    generator: torch.Generator | None
    progress: Callable[[int], object] | None


@_checks.door
@_checks.detached
def gradient(
    memories: Float[Tensor, "*runs K N"],
    patterns: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    error_exponent: int = 1,
    targets: Float[Tensor, "*#runs B M"] | None = None,
    neurons: slice | None = None,
) -> tuple[Float[Tensor, "*_"], Float[Tensor, "*_ K N"]]:
    """Return the loss and its gradient with respect to the memories, in closed form for any interaction.

        L = sum_b sum_i (t[b, i] - C[b, i])^(2m),   C = tanh(gap)

    With c = inner, w[b, i] = dL/dgap[b, i] * xi_i * outer * c, p = f(c h) and P = f(c (h - 2 xi_i zeta_i)):

        dL/dzeta[mu, j] = sum_b [ xi_j (p[mu] sum_i w_i - sum_i w_i P[mu, i]) + 2 w_j xi_j P[mu, j] ]

    By default the network is autoassociative: every neuron is predicted, and its target is its own value. A classifier
    predicts only its class neurons, whose targets differ from the values at which they are clamped.

    Source: MRS24 Eq. (8), (14); KH16 Eq. (14).

    Args:
        memories: zeta, finite.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device.
        interaction: F, with derivative f.
        scaling: inner and outer, used as given.
        error_exponent: m, a whole number of at least 1.
        targets: t, in [-1, 1]; by default the patterns' own values.
        neurons: the predicted neurons, all by default; the others are clamped, at any value in [-1, 1].

    Returns:
        The loss (*runs) and the gradient (*runs, K, N), which autograd cannot differentiate. The time is O(B K N) for
        all neurons. On the CPU they have the same bits alone and in any batch. The four interactions of damcore, with
        all neurons and no targets, in float32 and float64, have the same bits for any number of threads, too;
        otherwise matrix products of torch decide whether one thread and two threads give the same last bits.

    Raises:
        ValueError: the shapes do not fit, a pattern is not bipolar, a memory is not finite, or `error_exponent` is
            below 1.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: the loss or the gradient left the range of the dtype, because F of an overlap, the outer
            factor, or the power 2m of an error did.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.learning import gradient
        >>> memories, patterns = torch.tensor([[0.5, 0.5]]), torch.tensor([[1.0, 1.0]])
        >>> loss, slope = gradient(memories, patterns, Polynomial(2), Scaling.original(1.0, n=2))
        >>> round(loss.item(), 3)  # 2 (1 - tanh(1))^2
        0.114
        >>> (slope < 0).tolist()  # larger entries of the memory lower the loss
        [[True, True]]
    """
    agreed_problem(memories, patterns, scaling, error_exponent, targets, neurons)
    loss, slope = loss_and_gradient(memories, patterns, interaction, scaling, error_exponent, targets, neurons)
    sick = ~(torch.isfinite(loss) & torch.isfinite(slope).all((-2, -1)))
    if sick.any():
        _checks.refuse(
            f"The loss or gradient of {_counted(sick)} left the range of {loss.dtype}; "
            f"{_remedy(loss.dtype, scaling, error_exponent)}, or use `numerics.log_gradient`.",
            FloatingPointError,
        )
    return loss, slope


def _remedy(dtype: torch.dtype, scaling: Scaling, error_exponent: int) -> str:
    """Return what keeps the plain form of the gradient in the range of the dtype."""
    if 2 * error_exponent * math.log(2) > limits(dtype).largest:  # an error may be as large as 2
        return "lower `error_exponent`"
    if scaling.outer_power and not scaling.inner_power:  # F itself overflows, at any temperature
        return "take Scaling.modified or a wider dtype"
    return "raise the temperature or take a wider dtype"


@_checks.door
def linear_anneal(start: float, stop: float, epochs: int) -> Callable[[int], float]:
    """Return a temperature that changes linearly from `start` to `stop` over the first epochs, and then stays there.

    KH16 uses it for small n: 250 <= start <= 400, 30 <= stop <= 100 "in neurons", over 200 epochs (supplement A).

    Args:
        start: the temperature of epoch 0, > 0.
        stop: the temperature from epoch `epochs` on, > 0.
        epochs: the number of epochs over which the temperature changes, at least 1.

    Returns:
        A function of the epoch, for `train(temperature_schedule=...)`.

    Raises:
        ValueError: a temperature is not positive or `epochs` is below 1.

    Example:
        >>> from damcore.learning import linear_anneal
        >>> temperature = linear_anneal(400.0, 100.0, epochs=200)
        >>> [temperature(epoch) for epoch in (0, 100, 200, 300)]
        [400.0, 250.0, 100.0, 100.0]
    """
    _checks.positive("start", start)
    _checks.positive("stop", stop)
    _checks.whole("epochs", epochs)
    return partial(_on_a_line, start, stop, epochs)


def _on_a_line(start: float, stop: float, epochs: int, epoch: int) -> float:
    return start + (stop - start) * min(epoch / epochs, 1.0)


@_checks.door
@_checks.detached
def start(
    memories: Float[Tensor, "*_ K N"],
    *,
    form: str | Bool[Tensor, "..."] = "plain",
    generator: torch.Generator | None = None,
) -> TrainingState:
    """Return the state of a training before its first epoch, with these memories and velocity V = 0.

    Args:
        memories: the initial zeta, finite; they are not changed.
        form: "plain", "log", or a boolean tensor (*#runs), True for the networks that train in the log domain. The
            "auto" of `train` is `~numerics.plain_fits(dtype, N, interaction, scaling, learning=True)`.
        generator: the generator that shuffles the patterns before each epoch; without one they keep their order. It is
            not changed: the state has a copy.

    Returns:
        The state, with the leading axes of memories and form.

    Raises:
        ValueError: a memory is not finite, `form` is unknown or does not fit, or the generator is not on the CPU.
        TypeError: the memories are not a floating tensor.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.datasets import random_patterns
        >>> from damcore.interactions import Polynomial
        >>> from damcore.learning import TrainingState, advance, start
        >>> generator = torch.Generator().manual_seed(0)
        >>> patterns = random_patterns(2, 10, generator=generator)
        >>> memories = torch.rand(6, 10, generator=generator, dtype=torch.float64)
        >>> network = Polynomial(2), Scaling.modified(1.0, n_neurons=10)
        >>> from tempfile import TemporaryDirectory
        >>> state = start(memories, generator=torch.Generator().manual_seed(1))
        >>> state = advance(state, patterns, *network, epochs=2, learning_rate=0.1)
        >>> with TemporaryDirectory() as folder:
        ...     state.save(f"{folder}/training.safetensors")  # and later, perhaps in another process:
        ...     state = TrainingState.load(f"{folder}/training.safetensors")
        >>> state = advance(state, patterns, *network, epochs=3, learning_rate=0.1)
        >>> state.epoch
        5
    """
    _checks.rows("memories", memories, "K", "N")
    _checks.finite("memories", memories)
    if not isinstance(form, Tensor):
        _checks.one_of("form", form, ("plain", "log"))
        form = torch.tensor(form == "log")
    _checks.is_tensor("form", form)
    if form.dtype != torch.bool:
        _checks.refuse(f'`form` must be "plain", "log" or a boolean tensor, got {form.dtype}.')
    runs = _checks.runs({"memories": memories.shape[:-2], "form": form.shape})
    own = memories.detach().expand(*runs, -1, -1).clone(memory_format=torch.contiguous_format)
    velocity = torch.zeros_like(own, dtype=torch.float64 if form.any() else None)
    return TrainingState(
        memories=own,
        velocity=velocity,
        size=torch.full_like(velocity[..., 0], -torch.inf),
        losses=own.new_empty((*runs, 0)),
        diverged=torch.full(runs, -1, device=own.device),
        in_logs=form.to(own.device).expand(runs).clone(),
        generator=None if generator is None else generator.get_state(),
    )


@_checks.door
@_checks.detached
def advance(
    state: TrainingState,
    patterns: Float[Tensor, "*_ B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    epochs: int,
    learning_rate: float | Float[Tensor, "..."],
    decay: float = 0.999,
    momentum: float = 0.0,
    error_exponent: int = 1,
    floor: float | None = 1e-30,
    on_nonfinite: str = "raise",
    **settings: Unpack[Settings],
) -> TrainingState:
    """Train a state for some epochs, and return the new state; the given one is not changed.

        V <- momentum V - dL/dzeta
        zeta <- clip(zeta + rate * V / max(max_j |V[mu, j]|, floor)),   rate = learning_rate * decay^epoch

    Epochs count from the start of the training, over all calls: with the same patterns and settings, E epochs and E
    more give the same bits as 2E epochs.

    Source: KH16 Eq. (12), (13); MRS24 Eq. (8), (14).

    Args:
        state: a state from `start`, `advance`, `train` or `TrainingState.load`. Patterns or settings with more leading
            axes continue it in several ways at once.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device; they are not changed.
        interaction: F.
        scaling: original or modified, with its temperature.
        epochs: the number of further passes over the patterns, at least 1.
        learning_rate: the rate of epoch 0, > 0, a number or a tensor (*runs).
        decay: the factor on the rate after each epoch, in (0, 1].
        momentum: the factor on the velocity before each step, in [0, 1).
        error_exponent: m, a whole number of at least 1.
        floor: the least value of the normalisation, or None, as in `train`.
        on_nonfinite: "raise" an error when a network leaves the range of its dtype, or "mark" it, as in `train`.
        **settings: those of `Settings`.

    Returns:
        The state after these epochs. The compiled loops run all of them in one call.

    Raises:
        ValueError: the shapes do not fit, a pattern is not bipolar, or a setting is out of range.
        TypeError: the dtypes differ or are not floating, or `state` is not a state.
        FloatingPointError: a network left the range of its dtype and `on_nonfinite` is "raise".

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.datasets import random_patterns
        >>> from damcore.interactions import Polynomial
        >>> from damcore.learning import advance, start
        >>> generator = torch.Generator().manual_seed(0)
        >>> patterns = random_patterns(2, 10, generator=generator)
        >>> memories = torch.rand(6, 10, generator=generator, dtype=torch.float64)
        >>> network = Polynomial(2), Scaling.modified(1.0, n_neurons=10)
        >>> half = advance(start(memories), patterns, *network, epochs=2, learning_rate=0.1)
        >>> whole = advance(half, patterns, *network, epochs=2, learning_rate=0.1)
        >>> at_once = advance(start(memories), patterns, *network, epochs=4, learning_rate=0.1)
        >>> torch.equal(whole.memories, at_once.memories)
        True
    """
    _checks.whole("epochs", epochs)
    task = _agreed(
        state.memories, patterns, interaction, scaling, learning_rate, decay, momentum, error_exponent, floor,
        on_nonfinite, **settings,
    )  # fmt: skip
    return _advance(state, task, epochs)


@_checks.door
@_checks.detached
def train(
    memories: Float[Tensor, "*_ K N"],
    patterns: Float[Tensor, "*_ B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    epochs: int,
    learning_rate: float | Float[Tensor, "..."],
    decay: float = 0.999,
    momentum: float = 0.0,
    error_exponent: int = 1,
    floor: float | None = 1e-30,
    on_nonfinite: str = "raise",
    **settings: Unpack[TrainSettings],
) -> TrainingState:
    """Learn the patterns by gradient descent with KH16's normalised step.

        V <- momentum V - dL/dzeta
        zeta <- clip(zeta + rate * V / max(max_j |V[mu, j]|, floor)),   rate = learning_rate * decay^epoch

    The leading axes of memories, patterns, temperature and learning rate broadcast to `runs`, and all these networks
    train together.

    The largest change of each memory equals the rate, whatever the size of the gradient, unless the velocity falls
    below the floor. At large n it often does, and then nothing is learned. `floor=None` sets no such threshold.

    `train` is one call of `start` and as many of `advance` as it takes.

    On the CPU a network has the same bits alone and in any batch. The four interactions of damcore in the plain form,
    with all neurons and no targets, in float32 and float64, have the same bits for any number of threads, too;
    otherwise matrix products of torch decide whether one thread and two threads give the same last bits.

    Source: KH16 Eq. (12), (13); MRS24 Eq. (8), (14).

    Args:
        memories: the initial zeta, finite; they are not changed.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device; they are not changed.
        interaction: F.
        scaling: original or modified, with its temperature.
        epochs: the number of passes over the patterns, at least 1.
        learning_rate: the rate of epoch 0, > 0, a number or a tensor (*runs).
        decay: the factor on the rate after each epoch, in (0, 1].
        momentum: the factor on the velocity before each step, in [0, 1).
        error_exponent: m, a whole number of at least 1.
        floor: the least value of the normalisation. MRS24's public code has 1e-30; with None there is no floor, and a
            memory whose velocity is zero does not move.
        on_nonfinite: "raise" an error when a network leaves the range of its dtype; or "mark" it in `diverged`, keep
            its last finite memories, and go on with the others.
        **settings: those of `TrainSettings`: form, batch_size, generator, targets, neurons, clip,
            sampler, temperature_schedule, progress.

    Returns:
        The state after the last epoch, with the memories, the losses and the epochs in which networks diverged.
        `advance` continues it.

    Raises:
        ValueError: the shapes do not fit, a pattern is not bipolar, or a setting is out of range.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: a network left the range of its dtype and `on_nonfinite` is "raise".

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.datasets import random_patterns
        >>> from damcore.interactions import Polynomial
        >>> from damcore.learning import train
        >>> generator = torch.Generator().manual_seed(1)
        >>> patterns = random_patterns(2, 10, generator=generator)
        >>> memories = 2 * torch.rand(6, 10, generator=generator, dtype=torch.float64) - 1
        >>> network = Polynomial(3), Scaling.modified(0.5, n_neurons=10)
        >>> trained = train(memories, patterns, *network, epochs=20, learning_rate=0.1)
        >>> trained.losses.shape, bool(trained.losses[-1] < trained.losses[0])
        (torch.Size([20]), True)
        >>> from damcore.recall import recall
        >>> torch.equal(recall(trained.memories, patterns, *network).states, patterns)
        True
    """
    form = settings.pop("form", "auto")
    generator = settings.pop("generator", None)
    progress = settings.pop("progress", None)
    _checks.whole("epochs", epochs)
    task = _agreed(
        memories, patterns, interaction, scaling, learning_rate, decay, momentum, error_exponent, floor,
        on_nonfinite, **settings,  # pyright: ignore[reportCallIssue]
    )  # fmt: skip
    _checks.one_of("form", form, FORMS)
    form = "plain" if form == "auto" and floor else form
    in_logs = log_form(form, memories, interaction, scaling, learning=True)
    if form == "auto" and settings.get("temperature_schedule") is not None:
        in_logs = _ever_in_logs(memories, interaction, [task.descent.scaling_at(epoch) for epoch in range(epochs)])
    state = start(memories, form=in_logs, generator=generator)
    # A tenth at a time: often enough for a progress bar and an early abort, too seldom to cost anything.
    piece = max(1, epochs // 10)
    while state.epoch < epochs:
        ahead = min(piece, epochs - state.epoch)
        state = _advance(state, task, ahead)
        if progress is not None:
            progress(ahead)
    if generator is not None and state.generator is not None:
        generator.set_state(state.generator)
    return state


@dataclass(frozen=True)
class _Task:
    """The arguments of `advance`, after their checks."""

    runs: torch.Size  # the leading axes of all
    descent: Descent  # of leading axes (*#runs)
    abort: bool  # when a network diverges


def _agreed(
    memories: Tensor,
    patterns: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    learning_rate: float | Tensor,
    decay: float,
    momentum: float,
    error_exponent: int,
    floor: float | None,
    on_nonfinite: str,
    *,
    temperature_schedule: Callable[[int], Temperature] | None = None,
    batch_size: int | None = None,
    clip: bool | Tensor = True,
    targets: Tensor | None = None,
    neurons: slice | None = None,
    sampler: Callable[[torch.Generator], Tensor] | None = None,
) -> _Task:
    """Refuse arguments that do not fit together, and return the others as one object."""
    runs = agreed_problem(memories, patterns, scaling, error_exponent, targets, neurons)
    n_patterns, n_neurons = patterns.shape[-2:]
    batch_size = n_patterns if batch_size is None else batch_size
    _checks.positive("learning_rate", learning_rate)
    _checks.number("decay", decay, above=0.0, most=1.0)
    _checks.fraction("momentum", momentum)
    _checks.whole("batch_size", batch_size)
    _checks.one_of("on_nonfinite", on_nonfinite, ("raise", "mark"))
    if floor is not None:
        _checks.number("floor", floor, least=0.0)
    rate = torch.as_tensor(learning_rate, dtype=memories.dtype, device=memories.device)
    clipped = torch.as_tensor(clip, dtype=torch.bool, device=memories.device)
    if clipped.shape not in ((), (n_neurons,)):
        _checks.refuse(
            f"`clip` must be True, False or one boolean per neuron, ({n_neurons},), got shape {tuple(clipped.shape)}."
        )
    runs = _checks.runs({"networks": runs, "learning rate": rate.shape})

    def scaling_at(epoch: int) -> Scaling:
        if temperature_schedule is None:
            return scaling
        temperature = temperature_schedule(epoch)
        _checks.positive(f"temperature_schedule({epoch})", temperature)
        axes = temperature.shape if isinstance(temperature, Tensor) else torch.Size()
        if _checks.runs({"networks": runs, "temperature_schedule": axes}) != runs:
            _checks.refuse(
                f"`temperature_schedule` must return a number or one temperature per network, {tuple(runs)}, "
                f"got shape {tuple(axes)}; give the memories these leading axes."
            )
        return scaling.at(temperature)

    descent = Descent(
        patterns=patterns,
        interaction=interaction,
        scaling_at=scaling_at,
        learning_rate=rate,
        decay=decay,
        momentum=momentum,
        error_exponent=error_exponent,
        floor=floor or 0.0,
        clip=clipped.expand(n_neurons).contiguous(),
        batch_size=batch_size,
        generator=None,
        sampler=sampler,
        targets=targets,
        neurons=neurons,
    )
    return _Task(runs, descent, on_nonfinite == "raise")


def _advance(state: TrainingState, task: _Task, epochs: int) -> TrainingState:
    """Do what `advance` does, without its checks."""
    generator = None
    if state.generator is None and task.descent.sampler is not None:
        _checks.refuse("`sampler` draws from a generator, and this training has none; give one to `start` or `train`.")
    if state.generator is not None:
        generator = torch.Generator()
        generator.set_state(state.generator)
    found = []
    for part, drawn_from in parts(state.in_logs, task.runs, generator):
        at = _progress(state, part, epochs)
        advance_part(at, task.descent.of(part, drawn_from), range(state.epoch, state.epoch + epochs))
        at.velocity, at.size = at.velocity.to(state.velocity), at.size.to(state.size)
        found.append((part, at))

    def joined(name: str) -> Tensor:
        return join([(part, getattr(at, name)) for part, at in found])

    diverged = joined("diverged")
    if task.abort:
        _abort_if_diverged(diverged, state.memories.dtype)
    return TrainingState(
        memories=joined("memories"),
        velocity=joined("velocity"),
        size=joined("size"),
        losses=torch.cat([state.losses.expand(*task.runs, -1), joined("losses")], -1),
        diverged=diverged,
        in_logs=state.in_logs.expand(task.runs),
        generator=None if generator is None else generator.get_state(),
    )


def _progress(state: TrainingState, part: Part, epochs: int) -> Progress:
    """Return a copy of the state of these networks, with room for the losses of the next epochs."""

    def own(values: Tensor, rank: int) -> Tensor:
        taken = part.take(values, rank)
        return taken.expand(part.size, *taken.shape[1:]).clone(memory_format=torch.contiguous_format)

    memories, velocity = own(state.memories, 2), own(state.velocity, 2)
    return Progress(
        memories=memories,
        # A velocity of the plain form is exact in float64, where it may be kept beside others.
        velocity=velocity if part.in_logs else velocity.to(memories.dtype),
        size=own(state.size, 1),
        losses=memories.new_full((part.size, epochs), torch.nan),
        diverged=own(state.diverged, 0),
        in_logs=part.in_logs,
    )


def _ever_in_logs(memories: Tensor, interaction: Interaction, scalings: list[Scaling]) -> Tensor:
    """Return which networks need the log domain in some epoch; the result broadcasts to *runs."""
    every = [torch.as_tensor(scaling.temperature, dtype=torch.float64).cpu() for scaling in scalings]
    temperatures = torch.stack(torch.broadcast_tensors(*every))
    # Each size is monotonic in T, so the two extremes decide for all temperatures.
    low, high = (
        log_form("auto", memories, interaction, scalings[0].at(extreme), learning=True)
        for extreme in (temperatures.amin(0), temperatures.amax(0))
    )
    return low | high


def _abort_if_diverged(diverged: Tensor, dtype: torch.dtype) -> None:
    sick = diverged >= 0
    if not sick.any():
        return
    _checks.refuse(
        f"{_counted(sick)} left the range of {dtype} in epoch {int(diverged[sick].min())}: a loss, gradient or memory "
        "is not finite. Raise the temperature, use Scaling.modified or a wider dtype, or go on with "
        'on_nonfinite="mark".',
        FloatingPointError,
    )


def _counted(sick: Tensor) -> str:
    return f"{int(sick.sum())} of {sick.numel()} networks" if sick.ndim else "the network"
