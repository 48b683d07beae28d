"""What recall does on its way: the energy step by step, cycles, and the same way in every form of the network."""

from typing import NamedTuple

import torch
from torch import Tensor

from damcore import _checks
from damcore.datasets import random_patterns
from damcore.interactions import Interaction, Polynomial
from damcore.network import energy
from damcore.recall import recall
from damcore.scaling import Scaling

UNIT = 2.0**-53  # the rounding of a double


class Descent(NamedTuple):
    """The energies along recall.

    Args:
        steps: updates of one neuron of one state.
        changes: those that changed the neuron.
        rises: those after which the energy is larger by more than its rounding.
        largest: the largest rise of all, in units of the bound of the rounding; below 0 where none rose at all.
    """

    steps: int
    changes: int
    rises: int
    largest: float


@_checks.door
def descent(
    interaction: Interaction, n_neurons: int, n_memories: int, *, states: int = 1000, seed: int = 0, wrong: bool = False
) -> Descent:
    """Recall from random states, one neuron at a time, and compare the energy before and after each update.

    The overlaps are whole numbers and exact. The energy is a sum of K values of F. Each has a relative error of a few
    roundings and the sum one for each term, so that a computed energy is within

        (K + 8) 2^-53 sum_mu |F(h_mu)|

    of the true one, and a difference within the sum of two of these.

    Source: KH16 Eq. (4).

    Args:
        interaction: F.
        n_neurons: N.
        n_memories: K random patterns.
        states: random states.
        seed: of both.
        wrong: for a control: the energy with the other sign.

    Example:
        >>> from damcompanion.kh16.dynamics import descent
        >>> from damcore.interactions import Polynomial
        >>> found = descent(Polynomial(3), 20, 10, states=50)
        >>> found.rises, found.largest <= 0
        (0, True)
    """
    patterns, start = _drawn(n_neurons, n_memories, states, seed)
    before, count = [_measured(patterns, start, interaction), start], [0, 0, 0]
    largest = [-torch.inf]

    def watch(now: Tensor) -> None:
        (last, slack), there = before
        level, room = _measured(patterns, now, interaction)
        changed = (now != there).any(-1)
        rise = (last - level if wrong else level - last) / (slack + room).clamp_min(torch.finfo(torch.float64).tiny)
        count[0] += len(now)
        count[1] += int(changed.sum())
        count[2] += int((rise > 1).sum())
        if changed.any():
            largest[0] = max(largest[0], rise[changed].max().item())
        before[:] = [(level, room), now.clone()]

    recall(patterns, start, interaction, Scaling(1.0), watch=watch)
    return Descent(count[0], count[1], count[2], largest[0])


def _drawn(n_neurons: int, n_memories: int, states: int, seed: int) -> tuple[Tensor, Tensor]:
    """Random patterns (K, N) and random states (B, N)."""
    generator = torch.Generator().manual_seed(seed)
    patterns = random_patterns(n_memories, n_neurons, generator=generator)
    return patterns, random_patterns(states, n_neurons, generator=generator)


def _measured(patterns: Tensor, states: Tensor, interaction: Interaction) -> tuple[Tensor, Tensor]:
    """The energies of states, and the bound of their rounding."""
    size = interaction(states @ patterns.mT).abs().sum(-1)
    return energy(patterns, states, interaction, Scaling(1.0)), (len(patterns) + 8) * UNIT * size


@_checks.door
def cycles(
    interaction: Interaction, n_neurons: int, n_memories: int, *, states: int = 1000, seed: int = 0
) -> dict[int, float]:
    """Recall from random states with all neurons at once, and return the share of states by the period they end in.

    Args:
        interaction: F.
        n_neurons: N.
        n_memories: K random patterns.
        states: random states.
        seed: of both.

    Returns:
        period -> share; 1 is a fixed point, and 0 stands for what did not settle.

    Example:
        >>> from damcompanion.kh16.dynamics import cycles
        >>> from damcore.interactions import Polynomial
        >>> sorted(cycles(Polynomial(2), 30, 10, states=200))
        [1, 2]
    """
    patterns, start = _drawn(n_neurons, n_memories, states, seed)
    found = recall(patterns, start, interaction, Scaling(1.0), order="synchronous").period
    values, counts = found.unique(return_counts=True)
    return {int(period): count / states for period, count in zip(values.tolist(), counts.tolist(), strict=True)}


@_checks.door
def ways_apart(
    n: int, n_neurons: int, n_memories: int, *, states: int = 1000, seed: int = 0, other: int | None = None
) -> dict[str, float]:
    """Recall random states in the original network, the modified one and in logarithms: the share that ends elsewhere.

    With an even N and an odd K no gap is exactly zero. Otherwise rounding may break a tie, in logarithms or where N is
    no power of 2.

    Args:
        n: the vertex of F(x) = x^n.
        n_neurons: N.
        n_memories: K random patterns.
        states: random states.
        seed: of both.
        other: for a control: the vertex of the two other forms.

    Returns:
        form -> share of states that end elsewhere than in the original network.

    Example:
        >>> from damcompanion.kh16.dynamics import ways_apart
        >>> ways_apart(3, 32, 31, states=100)
        {'modified': 0.0, 'logarithms': 0.0}
    """
    patterns, start = _drawn(n_neurons, n_memories, states, seed)
    original = recall(patterns, start, Polynomial(n), Scaling.original(1.0, n), form="plain").states
    again, modified = Polynomial(other or n), Scaling.modified(1.0, n_neurons)
    found = {
        name: recall(patterns, start, again, modified, form=form).states
        for name, form in (("modified", "plain"), ("logarithms", "log"))
    }
    return {form: (states != original).any(-1).double().mean().item() for form, states in found.items()}
