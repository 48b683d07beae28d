"""Recall: neurons follow the sign of the energy gap until nothing changes, and what came out is named."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from enum import IntEnum

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from damcore import _checks, _kernels
from damcore.interactions import Interaction
from damcore.network import compiled_form, energy_gap, log_form
from damcore.numerics.gap import bracket, log_gap
from damcore.scaling import Scaling


@dataclass(frozen=True)
class Recall:
    """What recall ended in.

    Attributes:
        states: the last states, bipolar.
        converged: True where a whole sweep changed nothing.
        sweeps: sweeps that changed something; 0 for a probe that was already stable.
        period: 1 where converged, 2 or more on a cycle of that many sweeps, 0 where neither was seen.
        finite: False where a gap overflowed (such a neuron keeps its value).
    """

    states: Float[Tensor, "*runs B N"]
    converged: Bool[Tensor, "*runs B"]
    sweeps: Int[Tensor, "*runs B"]
    period: Int[Tensor, "*runs B"]
    finite: Bool[Tensor, "*runs B"]


class Outcome(IntEnum):
    """What a recalled state is, compared with the stored patterns."""

    TARGET = 0  # the pattern that was asked for
    INVERSE = 1  # its negative
    OTHER = 2  # another stored pattern, or the negative of one
    MIXTURE = 3  # the sign of a sum of 3, 5 or 7 stored patterns (each or its negative)
    SPURIOUS = 4  # a stable state that is none of these
    CYCLE = 5  # two or more states in turn
    UNSETTLED = 6  # still changing after the last sweep


@_checks.door
def recall(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    order: str = "asynchronous",
    tie: str = "positive",
    max_sweeps: int = 100,
    generator: torch.Generator | None = None,
    at_temperature: bool = False,
    on_nonfinite: str = "raise",
    form: str = "auto",
    watch: Callable[[Tensor], object] | None = None,
) -> Recall:
    """Update the states until a whole sweep changes nothing, xi_i <- sign(gap_i).

    Asynchronous is the rule of the texts: one neuron after the other, each seeing the earlier changes, so the energy
    never rises. The public code of MRS24 updates all neurons at once ("synchronous"), which can end in a cycle; it also
    sends a zero gap to -1 (tie = "negative") where Eq. 3 sends it to +1. The scaling is that of recall, T = 1, whatever
    temperature the network was trained with; for an F that is not homogeneous the difference matters.

    Source: MRS24 Eq. (3), (4), (13); KH16 Eq. (4).

    Args:
        memories: zeta, finite.
        states: the probes, bipolar, of the memories' dtype and device; not changed.
        interaction: F.
        scaling: original or modified; `scaling.for_recall()` is used, unless `at_temperature`.
        order: "asynchronous" or "synchronous".
        tie: what a gap of exactly 0 does: "positive", "negative", or "keep" the neuron's value.
        max_sweeps: sweeps before giving up, at least 1.
        generator: without one, asynchronous neurons go in index order; with one, in a fresh random order a sweep,
            the same for every state.
        at_temperature: recall with the scaling as given, at the temperature of learning.
        on_nonfinite: "raise", or "mark" in `Recall.finite` and keep the neuron's value.
        form: "plain" takes the gap from F itself; "log" takes its sign from the log domain, in float64, which neither
            overflows nor mistakes an underflow for a tie, and is slower than compiled loops; "auto" takes the plain
            form for each network that it keeps in range (`numerics.plain_fits`), else the other.
        watch: called with the states after each update, of one neuron or of all, for an energy trace.

    Returns:
        The states, and for each one whether, when and into what it settled.

    Raises:
        ValueError: shapes do not fit, a state is not bipolar, a memory is not finite, an option is unknown.
        TypeError: dtypes differ or are not floating.
        FloatingPointError: a gap overflowed and `on_nonfinite` is "raise".
    """
    _checks.network(memories, states)
    _checks.one_of("order", order, ("asynchronous", "synchronous"))
    _checks.one_of("tie", tie, ("positive", "negative", "keep"))
    _checks.one_of("on_nonfinite", on_nonfinite, ("raise", "mark"))
    _checks.whole("max_sweeps", max_sweeps)
    scaling = scaling if at_temperature else scaling.for_recall()
    factor = scaling.factors(memories)[0]
    runs = _checks.runs({"memories": memories.shape[:-2], "states": states.shape[:-2], "temperature": factor.shape})
    in_logs = log_form(form, memories, interaction, scaling)
    log = bool(in_logs.all())
    if in_logs.any() and not log:
        if watch is not None:
            _checks.refuse('`watch` cannot follow networks of two forms at once; choose `form`, "plain" or "log".')
        settings = dict(order=order, tie=tie, max_sweeps=max_sweeps, on_nonfinite=on_nonfinite)
        return _each_form(in_logs, runs, memories, states, interaction, scaling, generator, settings)
    memories = memories.detach()
    states = states.detach().expand(*runs, *states.shape[-2:]).clone(memory_format=torch.contiguous_format)
    sweeps = torch.zeros(states.shape[:-1], dtype=torch.int64, device=states.device)
    period = torch.zeros_like(sweeps)
    finite = torch.ones_like(sweeps, dtype=torch.bool)
    loops = compiled_form(interaction, memories) if order == "asynchronous" and watch is None and not log else None
    if loops is not None:
        _settle(loops, memories, states, factor, tie, max_sweeps, generator, sweeps, period, finite)
        _refuse_overflow(finite, memories, on_nonfinite)
        return Recall(states, period == 1, sweeps, period, finite)
    seen = [_fingerprint(states)]
    for sweep in range(1, max_sweeps + 1):
        if order == "synchronous":
            gap = _gap(memories, states, interaction, scaling, log)
            finite &= torch.isfinite(gap).all(-1)
            updated = _sign(gap, states, tie)
            if watch is not None:
                watch(updated)
        else:
            turns = _turns(states, generator)
            updated = _one_by_one(memories, states, interaction, scaling, tie, turns, finite, watch, log)
        _refuse_overflow(finite, memories, on_nonfinite)
        # A state found on a cycle rests where it was found, whatever the others of its batch still do.
        updated = torch.where((period > 0)[..., None], states, updated)
        sweeps[(updated != states).any(-1)] = sweep
        states = updated
        seen.append(_fingerprint(states))
        if order == "synchronous":
            for back in range(1, sweep + 1):
                period[(seen[-1] == seen[-1 - back]) & (period == 0)] = back
        else:
            period[seen[-1] == seen[-2]] = 1
        if (period > 0).all():
            break
    return Recall(states, period == 1, sweeps, period, finite)


def _refuse_overflow(finite: Tensor, memories: Tensor, on_nonfinite: str) -> None:
    if on_nonfinite == "raise" and not finite.all():
        _checks.refuse(
            f"An energy gap left the range of {memories.dtype}; use Scaling.modified, a wider dtype or a smaller n.",
            FloatingPointError,
        )


def _settle(
    form: tuple[int, int, float],
    memories: Tensor,
    states: Tensor,
    factor: Tensor,
    tie: str,
    max_sweeps: int,
    generator: torch.Generator | None,
    sweeps: Tensor,
    period: Tensor,
    finite: Tensor,
) -> None:
    """Asynchronous recall by `_kernels`, which takes flat runs (R, ...); all tensors but `memories` change in place."""
    runs = states.shape[:-2]
    if generator is None:
        turns = torch.arange(states.shape[-1])[None]
    else:
        turns = torch.stack([torch.randperm(states.shape[-1], generator=generator) for _ in range(max_sweeps)])
    settled = torch.zeros_like(finite)
    flat = [tensor.view(-1, *tensor.shape[len(runs) :]).numpy() for tensor in (states, sweeps, settled, finite)]
    _kernels.settle(
        memories.expand(*runs, -1, -1).reshape(-1, *memories.shape[-2:]).contiguous().numpy(),
        flat[0],
        turns.numpy(),
        *form,
        factor.expand(runs).reshape(-1).contiguous().numpy(),
        {"positive": 1, "negative": -1, "keep": 0}[tie],
        max_sweeps,
        *flat[1:],
    )
    period[settled] = 1


def _one_by_one(
    memories: Tensor,
    states: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    tie: str,
    turns: Iterable[int],
    finite: Tensor,
    watch: Callable[[Tensor], object] | None,
    log: bool,
) -> Tensor:
    """One asynchronous sweep; the overlap follows each flip, so a neuron costs O(B K). `finite` is updated in place."""
    dtype = memories.dtype
    states = states.clone()
    if log:
        memories, states = memories.double(), states.double()
    inner = scaling.factors(memories)[0][..., None, None]
    overlap = states @ memories.mT  # (*runs, B, K)
    for i in turns:
        old = states[..., i, None]
        entries = memories[..., None, :, i]  # (*runs, 1, K)
        step = 2 * old * entries
        u, v = inner * overlap, inner * (overlap - step)
        if log:
            reach = (u - v).abs().amax(-1, keepdim=True)
            gap = old * bracket(interaction, u[..., None], v[..., None], reach)[0]  # the sign
        else:
            gap = old * (interaction(u) - interaction(v)).sum(-1, keepdim=True)
        finite &= torch.isfinite(gap[..., 0])
        new = _sign(gap, old, tie)
        overlap = overlap + (new - old) * entries
        states[..., i] = new[..., 0]
        if watch is not None:
            watch(states.to(dtype))
    return states.to(dtype)


def _gap(memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, log: bool) -> Tensor:
    """The gap, or what has its sign and is always finite."""
    if log:
        return log_gap(memories, states, interaction, scaling, None)[0].to(memories.dtype)
    return energy_gap(memories, states, interaction, scaling, form="plain")


def _each_form(
    in_logs: Tensor,
    runs: torch.Size,
    memories: Tensor,
    states: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    generator: torch.Generator | None,
    settings: dict,
) -> Recall:
    """Recall the networks of each form apart, in the same order of neurons, and put them together."""
    in_logs = in_logs.expand(runs)
    temperature = torch.as_tensor(scaling.temperature, device=memories.device).expand(runs)
    memories, states = (values.expand(*runs, *values.shape[-2:]) for values in (memories, states))
    before = [] if generator is None else [generator.get_state()]
    results = {}
    for log in (False, True):
        for state in before:
            generator.set_state(state)  # pyright: ignore[reportOptionalMemberAccess]
        chosen = in_logs == log
        results[log] = recall(
            memories[chosen],
            states[chosen],
            interaction,
            scaling.at(temperature[chosen]),
            at_temperature=True,
            generator=generator,
            form="log" if log else "plain",
            **settings,
        )
    whole = []
    for field in fields(Recall):
        plain, logs = (getattr(results[log], field.name) for log in (False, True))
        values = plain.new_empty(*runs, *plain.shape[1:])
        values[~in_logs], values[in_logs] = plain, logs
        whole.append(values)
    return Recall(*whole)


def _turns(states: Tensor, generator: torch.Generator | None) -> Iterable[int]:
    if generator is None:
        return range(states.shape[-1])
    return torch.randperm(states.shape[-1], generator=generator).tolist()


def _sign(gap: Tensor, states: Tensor, tie: str) -> Tensor:
    """The sign of the gap; a zero goes by `tie`, and what is not finite keeps the neuron's value."""
    one = torch.ones_like(gap)
    at_zero = {"positive": one, "negative": -one, "keep": states}[tie]
    sign = torch.where(gap > 0, one, torch.where(gap < 0, -one, at_zero))
    return torch.where(torch.isfinite(gap), sign, states)


def _fingerprint(states: Tensor) -> Tensor:
    """A 64-bit fingerprint of each state: the wrapping sum of one odd constant a positive neuron."""
    index = torch.arange(1, states.shape[-1] + 1, device=states.device)
    # Two rounds of a multiplicative mix (odd constants), so that sums of different neurons collide by chance only.
    weight = index * -7046029288634856825
    weight = (weight ^ (weight >> 31)) * -4417276706812531889
    weight = weight ^ (weight >> 29)
    return ((states > 0) * weight).sum(-1)


@_checks.door
def outcomes(
    recalled: Recall, patterns: Float[Tensor, "*#runs P N"], targets: Int[Tensor, "*#runs B"]
) -> Int[Tensor, "*_ B"]:
    """Name what each recalled state is, as a value of `Outcome`.

    A mixture is recognised where it can be without trying all triples: the sign of the sum of the 3, 5 or 7 patterns
    with the largest absolute overlaps, each with the sign of its overlap.

    Args:
        recalled: the result of `recall`.
        patterns: the stored patterns, bipolar.
        targets: for each state the index of the pattern that was asked for, 0 <= index < P.

    Returns:
        `Outcome` values as integers.

    Raises:
        ValueError: shapes do not fit, a pattern is not bipolar, a target is out of range.
    """
    states = recalled.states
    _checks.network(states, patterns, "patterns")
    n_patterns = patterns.shape[-2]
    if targets.shape[-1] != states.shape[-2]:
        _checks.refuse(
            f"`targets` must name one pattern a state, got {targets.shape[-1]} for {states.shape[-2]} states."
        )
    if ((targets < 0) | (targets >= n_patterns)).any():
        _checks.refuse(f"`targets` must lie in 0..{n_patterns - 1}, the rows of `patterns`.")
    overlap = states @ patterns.mT  # (*runs, B, P)
    n = states.shape[-1]
    asked = overlap.gather(-1, targets.expand(overlap.shape[:-1])[..., None])[..., 0]
    result = torch.full_like(recalled.sweeps, Outcome.SPURIOUS)
    strongest = overlap.abs().argsort(-1, descending=True)
    for count in (3, 5, 7):
        if count > n_patterns:
            break
        chosen = strongest[..., :count]
        weight = torch.zeros_like(overlap).scatter(-1, chosen, overlap.gather(-1, chosen).sign())
        mixture = (weight @ patterns).sign()  # an odd number of odd terms is never zero, unless an overlap is
        result[(mixture == states).all(-1)] = Outcome.MIXTURE
    result[(overlap.abs() == n).any(-1)] = Outcome.OTHER
    result[asked == -n] = Outcome.INVERSE
    result[asked == n] = Outcome.TARGET
    result[recalled.period > 1] = Outcome.CYCLE
    result[recalled.period == 0] = Outcome.UNSETTLED
    return result
