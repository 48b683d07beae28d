"""Learning: the loss of Eq. 8 / 14, its gradient in closed form, the max-normalised momentum step, and training."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from damcore import _checks
from damcore._descent import Descent, Progress, advance, loss_and_gradient
from damcore._parts import join, parts
from damcore.interactions import Interaction
from damcore.network import log_form
from damcore.numerics.gradient import agreed_problem
from damcore.scaling import Scaling, Temperature


@dataclass(frozen=True)
class Training:
    """A finished training.

    Attributes:
        memories: the learned memories zeta.
        losses: the loss of each epoch before its updates, summed over patterns, neurons and minibatches; infinite where
            it exceeds the memories' dtype, NaN from the epoch in which a marked network diverged.
        diverged: the epoch in which a network left the range of its dtype, -1 where it never did.
    """

    memories: Float[Tensor, "*runs K N"]
    losses: Float[Tensor, "*runs epochs"]
    diverged: Int[Tensor, "*runs"]


@_checks.door
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
    """The loss and its gradient with respect to the memories, in closed form for any interaction.

        L = sum_b sum_i (t[b, i] - C[b, i])^(2m),   C = tanh(gap)

    With c = inner, w[b, i] = dL/dgap[b, i] * xi_i * outer * c, p = f(c h) and P = f(c (h - 2 xi_i zeta_i)):

        dL/dzeta[mu, j] = sum_b [ xi_j (p[mu] sum_i w_i - sum_i w_i P[mu, i]) + 2 w_j xi_j P[mu, j] ]

    Autoassociative by default: every neuron is predicted and its target is its own value. A classifier predicts its
    class neurons only, whose targets differ from the values they are held at.

    Source: MRS24 Eq. (8), (14); KH16 Eq. (14).

    Args:
        memories: zeta, finite.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device.
        interaction: F, with derivative f.
        scaling: inner and outer, used as given.
        error_exponent: m, a whole number of at least 1.
        targets: t, in [-1, 1]; the patterns' own values by default.
        neurons: the predicted neurons, all by default; the others are clamped, at any value of [-1, 1].

    Returns:
        The loss (*runs) and the gradient (*runs, K, N). O(B K N) time for all neurons.

    Raises:
        ValueError: shapes do not fit, a pattern is not bipolar, a memory is not finite, `error_exponent` is below 1.
        TypeError: dtypes differ or are not floating.
    """
    agreed_problem(memories, patterns, scaling, error_exponent, targets, neurons)
    return loss_and_gradient(memories, patterns, interaction, scaling, error_exponent, targets, neurons)


@_checks.door
def linear_anneal(start: float, stop: float, epochs: int) -> Callable[[int], float]:
    """A temperature that goes linearly from `start` to `stop` over the first `epochs` epochs, then stays.

    KH16 uses it for small n: 250 <= start <= 400, 30 <= stop <= 100 "in neurons", over 200 epochs (supplement A).

    Args:
        start: temperature of epoch 0, > 0.
        stop: temperature from epoch `epochs` on, > 0.
        epochs: length of the descent, at least 1.

    Returns:
        A function of the epoch, for `train(temperature_schedule=...)`.

    Raises:
        ValueError: a temperature is not positive or `epochs` is below 1.
    """
    _checks.positive("start", start)
    _checks.positive("stop", stop)
    _checks.whole("epochs", epochs)
    return lambda epoch: start + (stop - start) * min(epoch / epochs, 1.0)


@_checks.door
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
    form: str = "auto",
    temperature_schedule: Callable[[int], Temperature] | None = None,
    batch_size: int | None = None,
    generator: torch.Generator | None = None,
    clip: bool | Bool[Tensor, "N"] = True,
    targets: Float[Tensor, "*#runs B M"] | None = None,
    neurons: slice | None = None,
    progress: Callable[[int], object] | None = None,
) -> Training:
    """Learn the patterns by gradient descent with KH16's normalised step; all networks of `runs` in lockstep.

    The leading axes of memories, patterns, temperature and learning rate broadcast to `runs`.

        V <- momentum V - dL/dzeta
        zeta <- clip(zeta + rate * V / max(max_j |V[mu, j]|, floor)),   rate = learning_rate * decay^epoch

    The largest change of each memory is the rate, whatever the size of the gradient, unless the gradient falls below
    the floor: at large n it often does, and then nothing is learned. `floor=None` has no such threshold.

    Source: KH16 Eq. (12), (13); MRS24 Eq. (8), (14).

    Args:
        memories: initial zeta, finite; not changed.
        patterns: xi, the states to learn, bipolar, of the memories' dtype and device; not changed.
        interaction: F.
        scaling: original or modified, with its temperature.
        epochs: passes over the patterns, at least 1.
        learning_rate: > 0, a number or a tensor (*runs).
        decay: factor on the rate after each epoch, in (0, 1].
        momentum: in [0, 1).
        error_exponent: m, a whole number of at least 1.
        floor: least value of the normalisation; 1e-30 is that of MRS24's public code, None has no floor and leaves a
            memory without a gradient where it is.
        on_nonfinite: "raise" when a network leaves the range of its dtype, or "mark" it in `Training.diverged`, keep
            its last finite memories, and go on with the others.
        form: "plain" computes the gradient itself; "log" its direction and the logarithm of its size, in float64, which
            no vertex, temperature or dtype can drive out of range (`numerics.log_gradient`); about ten times slower
            than compiled loops. "auto" takes the plain form for each network that it keeps in range
            (`numerics.plain_fits`) and wherever there is a floor: a floor is a choice of the public code's behaviour,
            and at 1e-30 a gradient is lost before its dtype loses it. Both forms obey the floor.
        temperature_schedule: temperature of each epoch, in place of the scaling's own; see `linear_anneal`. A function
            of the epoch alone: where "auto" has to choose, it is asked for all epochs before the first.
        batch_size: patterns a step, all by default.
        generator: shuffles the patterns anew each epoch; without one they keep their order.
        clip: keep entries in [-1, 1]; a boolean tensor (N,) chooses the neurons that are.
        targets: what the neurons should predict, the patterns' own values by default.
        neurons: the predicted neurons, all by default; the others are clamped, at any value of [-1, 1].
        progress: called with the number of epochs done since the last call, for a progress bar.

    Returns:
        The memories, the losses and which networks diverged.

    Raises:
        ValueError: shapes do not fit, a pattern is not bipolar, a setting is out of range.
        TypeError: dtypes differ or are not floating.
        FloatingPointError: a network left the range of its dtype and `on_nonfinite` is "raise".
    """
    runs = agreed_problem(memories, patterns, scaling, error_exponent, targets, neurons)
    n_patterns, n_neurons = patterns.shape[-2:]
    batch_size = n_patterns if batch_size is None else batch_size
    _checks.whole("epochs", epochs)
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
            f"`clip` must be True, False or one boolean a neuron, ({n_neurons},), got {tuple(clipped.shape)}."
        )
    runs = _checks.runs({"networks": runs, "learning rate": rate.shape})

    def scaling_at(epoch: int) -> Scaling:
        if temperature_schedule is None:
            return scaling
        temperature = temperature_schedule(epoch)
        axes = temperature.shape if isinstance(temperature, Tensor) else torch.Size()
        if _checks.runs({"networks": runs, "temperature_schedule": axes}) != runs:
            _checks.refuse(
                f"`temperature_schedule` must return a number or one temperature a network, {tuple(runs)}, "
                f"got {tuple(axes)}; give the memories these leading axes."
            )
        return scaling.at(temperature)

    found, descents = [], []
    form = "plain" if form == "auto" and floor else form
    in_logs = log_form(form, memories, interaction, scaling, learning=True)
    if form == "auto" and temperature_schedule is not None:
        in_logs = _ever_in_logs(memories, interaction, [scaling_at(epoch) for epoch in range(epochs)])
    for part, drawn_from in parts(in_logs, runs, generator):
        found.append((part, Progress.begin(part.take(memories, 2), part.size, epochs, part.in_logs)))
        descents.append(
            Descent(
                patterns=part.take(patterns, 2),
                interaction=interaction,
                scaling_at=lambda epoch, part=part: part.scaling(scaling_at(epoch)),
                learning_rate=part.take(rate, 0),
                decay=decay,
                momentum=momentum,
                error_exponent=error_exponent,
                floor=floor or 0.0,
                clip=clipped.expand(n_neurons).contiguous(),
                batch_size=batch_size,
                generator=drawn_from,
                targets=None if targets is None else part.take(targets, 2),
                neurons=neurons,
            )
        )
    # A tenth at a time: often enough for a progress bar and an early abort, too seldom to cost anything.
    piece = max(1, epochs // 10)
    for start in range(0, epochs, piece):
        stop = min(start + piece, epochs)
        for (_, at), descent in zip(found, descents, strict=True):
            advance(at, descent, start, stop)
        if on_nonfinite == "raise":
            _abort_if_diverged(join(found, "diverged"), memories.dtype)
        if progress is not None:
            progress(stop - start)
    return Training(join(found, "memories"), join(found, "losses"), join(found, "diverged"))


def _ever_in_logs(memories: Tensor, interaction: Interaction, scalings: list[Scaling]) -> Tensor:
    """Which networks (broadcasting to *runs) need the log domain in some epoch."""
    every = [torch.as_tensor(scaling.temperature, dtype=torch.float64).cpu() for scaling in scalings]
    temperatures = torch.stack(torch.broadcast_tensors(*every))
    # Sizes go up or down with T, never both, so the extremes speak for all.
    low, high = (
        log_form("auto", memories, interaction, scalings[0].at(extreme), learning=True)
        for extreme in (temperatures.amin(0), temperatures.amax(0))
    )
    return low | high


def _abort_if_diverged(diverged: Tensor, dtype: torch.dtype) -> None:
    sick = diverged >= 0
    if not sick.any():
        return
    which = f"{int(sick.sum())} of {sick.numel()} networks" if sick.ndim else "the network"
    _checks.refuse(
        f"{which} left the range of {dtype} in epoch {int(diverged[sick].min())}: a loss, gradient or memory is not "
        'finite. Raise the temperature, use Scaling.modified or a wider dtype, or go on with on_nonfinite="mark".',
        FloatingPointError,
    )
