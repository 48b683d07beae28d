"""Recall: neurons follow the sign of the energy gap until nothing changes, and `outcomes` names what they end in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from damcore import _checks
from damcore._forms import join, log_form, parts
from damcore._settling import Relaxed, Rule, relax
from damcore.interactions import Interaction
from damcore.scaling import Scaling, agreed_runs

__all__ = ["Outcome", "Recall", "outcomes", "recall"]


@_checks.door
@dataclass(frozen=True)
class Recall:
    """The result of recall.

    Attributes:
        states: the states after the last sweep, bipolar.
        converged: True where a whole sweep changed nothing. Any state that settled has, a wrong one too.
        sweeps: the number of sweeps that changed something; 0 for a probe that was already stable.
        period: 1 where converged, 2 or more on a cycle of that many sweeps, 0 where neither was seen.
        finite: False where a gap overflowed; such a neuron keeps its value.

    Example:
        >>> import torch
        >>> from damcore.interactions import Polynomial
        >>> from damcore.recall import recall
        >>> from damcore.scaling import Scaling
        >>> stored = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
        >>> recalled = recall(stored, torch.tensor([[1.0, 1.0, 1.0, -1.0]]), Polynomial(2), Scaling(1.0))
        >>> recalled.states.tolist(), recalled.converged.tolist(), recalled.sweeps.tolist()
        ([[1.0, 1.0, -1.0, -1.0]], [True], [1])
    """

    states: Float[Tensor, "*runs B N"]
    converged: Bool[Tensor, "*runs B"]
    sweeps: Int[Tensor, "*runs B"]
    period: Int[Tensor, "*runs B"]
    finite: Bool[Tensor, "*runs B"]


class Outcome(IntEnum):
    """The kinds of recalled states, in comparison with the stored patterns.

    Example:
        >>> from damcore.recall import Outcome
        >>> Outcome(4)  # one of the numbers that `outcomes` returns
        <Outcome.SPURIOUS: 4>
    """

    TARGET = 0  # the wanted pattern
    INVERSE = 1  # its negative
    OTHER = 2  # another stored pattern, or the negative of one
    MIXTURE = 3  # the sign of a sum of 3, 5 or 7 stored patterns (each or its negative)
    SPURIOUS = 4  # a stable state that is none of these
    CYCLE = 5  # two or more states that follow one another
    UNSETTLED = 6  # still changing after the last sweep


@_checks.door
@_checks.detached
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
    """Update the states until a whole sweep changes nothing.

        xi_i <- sign(gap_i)

    The texts update asynchronously: one neuron follows the other and sees the earlier changes, so the energy never
    rises. The public code of MRS24 updates all neurons at once ("synchronous"), which can end in a cycle. It also maps
    a gap of zero to -1 (tie = "negative"), where Eq. 3 maps it to +1. Recall uses T = 1, at whatever temperature the
    network was trained; this matters for an F that is not homogeneous.

    Source: MRS24 Eq. (3), (4), (13); KH16 Eq. (4).

    Args:
        memories: zeta, finite.
        states: the probes, bipolar, of the memories' dtype and device; they are not changed.
        interaction: F.
        scaling: original or modified; `scaling.for_recall()` is used, unless `at_temperature` is True.
        order: "asynchronous" or "synchronous".
        tie: the new value of a neuron whose gap is exactly 0: "positive", "negative", or "keep" for the present one.
        max_sweeps: the largest number of sweeps, at least 1.
        generator: the order of asynchronous updates. Without a generator neurons follow in the order of their indices;
            with one, each sweep has a new random order, the same for every state.
        at_temperature: recall with the scaling as given, at the temperature of learning.
        on_nonfinite: "raise" an error where a gap overflows, or "mark" the state in `Recall.finite` and keep the
            neuron's value.
        form: "plain" takes the gap from F itself. "log" takes its sign from the log domain, in float64, which neither
            overflows nor mistakes an underflow for a tie, but is slower than the compiled loops. "auto" takes the plain
            form for each network that it keeps in range (`numerics.plain_fits`), and the log domain for the others.
        watch: a function that is called with the states after each update of one neuron or of all, for example to
            record their energies.

    Returns:
        The states, and per state whether it settled, after how many sweeps, and in a fixed point or a cycle.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, a memory is not finite, or an option is unknown.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: a gap overflowed and `on_nonfinite` is "raise".

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.recall import recall
        >>> memories = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
        >>> probe = torch.tensor([[1.0, 1.0, 1.0, -1.0]])  # the third neuron is wrong
        >>> recalled = recall(memories, probe, Polynomial(2), Scaling.modified(1.0, n_neurons=4))
        >>> recalled.states.tolist(), recalled.converged.tolist(), recalled.sweeps.tolist()
        ([[1.0, 1.0, -1.0, -1.0]], [True], [1])
    """
    scaling = scaling if at_temperature else scaling.for_recall()
    runs = agreed_runs(memories, states, scaling)
    _checks.one_of("order", order, ("asynchronous", "synchronous"))
    _checks.one_of("tie", tie, ("positive", "negative", "keep"))
    _checks.one_of("on_nonfinite", on_nonfinite, ("raise", "mark"))
    _checks.whole("max_sweeps", max_sweeps)
    scaling = replace(scaling, outer_power=0)  # changes no sign, and could underflow
    apart = parts(log_form(form, memories, interaction, scaling), runs, generator)
    if watch is not None and len(apart) > 1:
        _checks.refuse('`watch` cannot follow networks of two forms at once; choose `form`, "plain" or "log".')
    relaxed = []
    for part, drawn_from in apart:
        rule = Rule(
            memories=part.take(memories.detach(), 2),
            interaction=interaction,
            scaling=part.scaling(scaling),
            order=order,
            tie=tie,
            max_sweeps=max_sweeps,
            generator=drawn_from,
            in_logs=part.in_logs,
            abort=on_nonfinite == "raise",
            watch=None if watch is None else lambda whole: watch(whole.reshape(*runs, *whole.shape[1:])),
        )
        at = Relaxed.begin(part.take(states, 2).expand(part.size, -1, -1))
        relax(at, rule)
        if rule.abort and not at.finite.all():
            _checks.refuse(
                f"An energy gap left the range of {memories.dtype}; use Scaling.modified, a wider dtype or a smaller "
                "n.",
                FloatingPointError,
            )
        relaxed.append((part, at))

    def joined(name: str) -> Tensor:
        return join([(part, getattr(at, name)) for part, at in relaxed])

    period = joined("period")
    return Recall(
        states=joined("states"),
        converged=period == 1,
        sweeps=joined("sweeps"),
        period=period,
        finite=joined("finite"),
    )


@_checks.door
@_checks.detached
def outcomes(
    recalled: Recall, patterns: Float[Tensor, "*#runs P N"], targets: Int[Tensor, "*#runs B"]
) -> Int[Tensor, "*_ B"]:
    """Compare each recalled state with the stored patterns, and return its `Outcome`.

    Not all triples of patterns are tried to recognise a mixture. A state is compared with the signs of three sums, of
    the 3, 5 and 7 patterns with the largest absolute overlaps, each times the sign of its overlap.

    Args:
        recalled: the result of `recall`.
        patterns: the stored patterns, bipolar.
        targets: per state, the index of the wanted pattern, 0 <= index < P.

    Returns:
        The values of `Outcome`, as integers.

    Raises:
        ValueError: the shapes do not fit, a pattern is not bipolar, or a target is out of range.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.recall import Outcome, outcomes, recall
        >>> memories = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
        >>> probe = torch.tensor([[1.0, 1.0, 1.0, -1.0]])  # the third neuron is wrong
        >>> recalled = recall(memories, probe, Polynomial(2), Scaling.modified(1.0, n_neurons=4))
        >>> kinds = outcomes(recalled, memories, targets=torch.tensor([0]))
        >>> [Outcome(kind).name for kind in kinds.tolist()]
        ['TARGET']
    """
    states = recalled.states
    _checks.network(states, patterns, "patterns", memories_name="states")
    if targets.ndim < 1 or targets.dtype not in (torch.int32, torch.int64) or targets.device != states.device:
        _checks.refuse(
            f"`targets` must hold the number of a pattern for each state, int64 on {states.device}, "
            f"got {_checks.said(targets)}.",
            TypeError,
        )
    n_patterns = patterns.shape[-2]
    if targets.shape[-1] != states.shape[-2]:
        _checks.refuse(
            f"`targets` must name one pattern per state, got {targets.shape[-1]} for {states.shape[-2]} states."
        )
    if ((targets < 0) | (targets >= n_patterns)).any():
        _checks.refuse(f"`targets` must lie between 0 and {n_patterns - 1}, since `patterns` has {n_patterns} rows.")
    axes = {"states": states.shape[:-2], "patterns": patterns.shape[:-2], "targets": targets.shape[:-1]}
    overlap = (states @ patterns.mT).expand(*_checks.runs(axes), -1, -1)  # (*runs, B, P)
    n = states.shape[-1]
    asked = overlap.gather(-1, targets.expand(overlap.shape[:-1])[..., None])[..., 0]
    result = torch.full(overlap.shape[:-1], Outcome.SPURIOUS, device=states.device)
    strongest = overlap.abs().topk(min(7, n_patterns), -1).indices
    for count in (3, 5, 7):
        if count > n_patterns:
            break
        chosen = strongest[..., :count]
        signs = overlap.gather(-1, chosen).sign()[..., None]
        # An odd number of odd terms is never zero, unless an overlap is.
        mixture = (signs * patterns[..., None, :, :].take_along_dim(chosen[..., None], -2)).sum(-2).sign()
        result[(mixture == states).all(-1)] = Outcome.MIXTURE
    result[(overlap.abs() == n).any(-1)] = Outcome.OTHER
    result[asked == -n] = Outcome.INVERSE
    result[asked == n] = Outcome.TARGET
    period = recalled.period.expand(result.shape)
    result[period > 1] = Outcome.CYCLE
    result[period == 0] = Outcome.UNSETTLED
    return result
