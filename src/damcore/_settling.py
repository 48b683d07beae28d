"""The numerics under `recall`: sweeps of updates until a state repeats, plain or fused.

The plain path runs on any device and dtype and for any interaction; `_kernels` runs the same asynchronous sweeps many
times faster where `_forms.compiled_form` says it can.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from damcore import _kernels
from damcore._forms import compiled_form
from damcore.interactions import Interaction
from damcore.network import energy_gap
from damcore.numerics.gap import compiled_logs, log_gap, per_network
from damcore.numerics.overlaps import log_factors, overlaps
from damcore.numerics.sums import bracket
from damcore.scaling import Scaling


@dataclass(frozen=True)
class Rule:
    """What the recall of R networks goes by, checked; the names are those of `recall.recall`."""

    memories: Tensor  # (R, K, N) or (1, K, N)
    interaction: Interaction
    scaling: Scaling
    order: str
    tie: str
    max_sweeps: int
    generator: torch.Generator | None
    in_logs: bool
    abort: bool  # at the first gap that is not finite
    watch: Callable[[Tensor], object] | None

    def turns(self) -> Tensor:
        """The order in which the next sweep visits the neurons."""
        n_neurons = self.memories.shape[-1]
        if self.generator is None:
            return torch.arange(n_neurons)
        return torch.randperm(n_neurons, generator=self.generator)


@dataclass
class Relaxed:
    """What recall changes: (R, B, N) and three times (R, B); the names are those of `recall.Recall`."""

    states: Tensor
    sweeps: Tensor
    period: Tensor
    finite: Tensor

    @classmethod
    def begin(cls, states: Tensor) -> "Relaxed":
        """From states (R, B, N), which do not change."""
        sweeps = torch.zeros(states.shape[:-1], dtype=torch.int64, device=states.device)
        own = states.detach().clone(memory_format=torch.contiguous_format)
        return cls(own, sweeps, torch.zeros_like(sweeps), torch.ones_like(sweeps, dtype=torch.bool))


def relax(at: Relaxed, rule: Rule) -> None:
    """Sweep in place until every state settled, was found on a cycle, or had its `max_sweeps`."""
    form = None
    if rule.order == "asynchronous" and rule.watch is None:
        if rule.in_logs:
            form = compiled_logs(rule.interaction, rule.memories.device, "settle")
        else:
            form = compiled_form(rule.interaction, rule.memories, "settle")  # which compiles
    if form is None:
        _relax_plain(at, rule)
    else:
        _relax_compiled(at, rule, form)


def _relax_plain(at: Relaxed, rule: Rule) -> None:
    seen = [_fingerprint(at.states)]  # of synchronous sweeps, which may come back to an earlier state
    for sweep in range(1, rule.max_sweeps + 1):
        updated = _all_at_once(at, rule) if rule.order == "synchronous" else _one_by_one(at, rule)
        if rule.abort and not at.finite.all():
            return
        # A state found on a cycle rests where it was found, whatever the others of its batch still do.
        updated = torch.where((at.period > 0)[..., None], at.states, updated)
        changed = (updated != at.states).any(-1)
        at.sweeps[changed] = sweep
        at.period[~changed & (at.period == 0)] = 1
        at.states = updated
        if rule.order == "synchronous":
            seen.append(_fingerprint(updated))
            for back in range(2, sweep + 1):
                at.period[(seen[-1] == seen[-1 - back]) & (at.period == 0)] = back
        if (at.period > 0).all():
            return


def _all_at_once(at: Relaxed, rule: Rule) -> Tensor:
    """One synchronous sweep."""
    problem = (rule.memories, at.states, rule.interaction, rule.scaling)
    # In the log domain the sign stands for the gap, and is always finite.
    gap = log_gap(*problem, None)[0].to(at.states.dtype) if rule.in_logs else energy_gap(*problem, form="plain")
    at.finite &= torch.isfinite(gap).all(-1)
    updated = _sign(gap, at.states, rule.tie)
    if rule.watch is not None:
        rule.watch(updated)
    return updated


def _one_by_one(at: Relaxed, rule: Rule) -> Tensor:
    """One asynchronous sweep; the overlap follows each flip, so a neuron costs O(B K)."""
    dtype = at.states.dtype
    states, memories = at.states.clone(), rule.memories
    if rule.in_logs:
        memories, states = memories.double(), states.double()
    inner = rule.scaling.factors(memories)[0][..., None, None]
    if rule.in_logs and rule.interaction.degree is not None:
        inner = torch.ones_like(inner)  # it changes no sign, and its rounding would break ties
    # Sums that are exact, and so have the same bits in any batch.
    overlap = overlaps(memories.double(), states.double()).to(memories.dtype)  # (R, B, K)
    for i in rule.turns().tolist():
        old = states[..., i, None]
        entries = memories[..., None, :, i]  # (R, 1, K)
        step = 2 * old * entries
        u, v = inner * overlap, inner * (overlap - step)
        if rule.in_logs:
            gap = old * bracket(rule.interaction, u[..., None], v[..., None])[0]  # the sign
        else:
            gap = old * (rule.interaction(u) - rule.interaction(v)).sum(-1, keepdim=True)
        at.finite &= torch.isfinite(gap[..., 0])
        new = _sign(gap, old, rule.tie)
        overlap = overlap + (new - old) * entries
        states[..., i] = new[..., 0]
        if rule.watch is not None:
            rule.watch(states.to(dtype))
    return states.to(dtype)


def _sign(gap: Tensor, states: Tensor, tie: str) -> Tensor:
    """The sign of the gap; a zero goes by `tie`, and what is not finite keeps the neuron's value."""
    one = torch.ones_like(gap)
    at_zero = {"positive": one, "negative": -one, "keep": states}[tie]
    sign = torch.where(gap > 0, one, torch.where(gap < 0, -one, at_zero))
    return torch.where(torch.isfinite(gap), sign, states)


def _fingerprint(states: Tensor) -> Tensor:
    """A 64-bit fingerprint of each state: the wrapping sum of one constant a positive neuron."""
    index = torch.arange(1, states.shape[-1] + 1, device=states.device)
    # Two rounds of a multiplicative mix (odd constants), so that sums of different neurons collide by chance only.
    weight = index * -7046029288634856825
    weight = (weight ^ (weight >> 31)) * -4417276706812531889
    weight = weight ^ (weight >> 29)
    return ((states > 0) * weight).sum(-1)


def _relax_compiled(at: Relaxed, rule: Rule, form: tuple[int, int, float]) -> None:
    n_networks = len(at.states)
    runs = torch.Size([n_networks])
    sweeps = 1 if rule.generator is None else rule.max_sweeps  # index order is the same in each
    turns = torch.stack([rule.turns() for _ in range(sweeps)]).numpy()
    settled = torch.zeros_like(at.finite)
    ending = {"positive": 1, "negative": -1, "keep": 0}[rule.tie], rule.max_sweeps, at.sweeps.numpy(), settled.numpy()
    if rule.in_logs:
        states = at.states.double()
        inner = per_network(rule.scaling.factors(rule.memories.double())[0], runs)
        log_inner = per_network(log_factors(rule.memories, rule.scaling)[0], runs)
        memories = rule.memories.double().contiguous().numpy()
        _kernels.logs.settle(memories, states.numpy(), turns, *form, inner, log_inner, *ending)
        at.states = states.to(at.states.dtype)
    else:
        memories = rule.memories.expand(n_networks, -1, -1).contiguous().numpy()
        inner = rule.scaling.factors(rule.memories)[0].expand(n_networks).contiguous().numpy()
        _kernels.settle(memories, at.states.numpy(), turns, *form, inner, *ending, at.finite.numpy())
    at.period[settled] = 1
