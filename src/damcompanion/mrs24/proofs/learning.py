"""Theorem 4.3.1: with a homogeneous F, original at T and modified at T_m learn the same when 1 / T_m = N / T.

`same_bracket` shows that the brackets agree then, `temperature_is_forced` that they agree for no other T_m. That equal
brackets make equal trainings is a proof by hand, by induction over the steps; `trainings_agree` tries examples.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import Law, smallest
from damcompanion.provers import possible, reals
from damcore import _checks
from damcore.interactions import Interaction
from damcore.learning import train
from damcore.scaling import Scaling


def divided_by_size(temperature: Any, n_neurons: Any) -> Any:
    """The temperature T_m of the modified network that is the original at T: T / N."""
    return temperature / n_neurons


#: Wrong laws, by 1/T_m, that an example must be able to tell from 1/T_m = N / T.
RIVALS: dict[str, Callable[[Any, Any], Any]] = {
    "(T/N)^2": lambda temperature, n_neurons: (n_neurons / temperature) ** 2,
    "1": lambda temperature, n_neurons: 1.0,
    "T/N": lambda temperature, n_neurons: n_neurons / temperature,
    "1/T": lambda temperature, n_neurons: temperature,
}
EARLY = 5  # epochs in which a wrong law must part: too few for chaos to amplify rounding
VISIBLE = 1e-3  # by how much an entry in [-1, 1] must differ then


def same_bracket(
    law: Law,
    relation: Callable[[Any, Any], Any] = divided_by_size,
    *,
    outer: Callable[[Any, Any], Any] = lambda temperature, n: temperature**-n,
    derivative: bool = True,
) -> Check:
    """Whether T^-n F(h) = F(h / (N T_m)) for every overlap, and so the argument of tanh in Eq. (8) and in Eq. (14).

    Equal functions of the memories have equal gradients; with `derivative` that is checked, too: T^-n F'(h) =
    F'(h / (N T_m)) / (N T_m). What comes after (tanh, loss, momentum, normalised step, floor, clipping) takes these as
    its only input, so equal brackets and gradients make equal trainings.

    Source: MRS24 Eq. (8), (14).

    Args:
        law: F.
        relation: T_m as a function of T and N.
        outer: the factor outside F in the original network, a function of T and n.
        derivative: compare the derivatives as well.

    Returns:
        A symbolic check with n, N, T and h as symbols; the counterexample has the least vertex, then height.
    """
    import sympy as sp

    n, size = sp.symbols("n N", integer=True, positive=True)
    temperature, y = sp.symbols("T y", positive=True)
    other = relation(temperature, size)
    holds = law.above(sp.Integer(0), n) == 0
    for branch, x in ((law.above, y), (law.below, -y)):
        sides = [outer(temperature, n) * branch(x, n), branch(x / (size * other), n)]
        pairs = [sides] + ([[sp.diff(side, y) for side in sides]] if derivative else [])
        holds = holds and all(sp.simplify(sp.expand_power_base(a - b)) == 0 for a, b in pairs)
    found = None if holds else _smallest_difference(law, relation, outer)
    return Check(
        f"{law.name}: original with {outer(temperature, n)} outside F, and modified at T_m = {other}, have the same "
        f"bracket{' and gradient' * derivative}",
        Kind.SYMBOLIC,
        "every overlap h, every T > 0, every whole N and n >= 1",
        holds,
        found,
    )


def temperature_is_forced(
    relation: Callable[[Any, Any], Any] = divided_by_size, *, vertices: Iterable[int], bracket_not_zero: bool = True
) -> Check:
    """Whether T^-n S = (N T_m)^-n S leaves no T_m but the relation's, S being the bracket without either factor.

    Source: MRS24 Eq. (8), (14).

    Args:
        relation: T_m as a function of T and N.
        vertices: the vertices n.
        bracket_not_zero: ask for S != 0; without that any T_m does.

    Returns:
        A decided check (z3) of the "only if" at these vertices; the counterexample is z3's own.
    """
    vertices = list(vertices)
    temperature, other, size, total = reals("T T_m N S")
    domain = [temperature > 0, other > 0, size >= 1] + ([total != 0] if bracket_not_zero else [])
    found = None
    for n in vertices:
        equal = total * (size * other) ** n == total * temperature**n  # multiplied out, as both factors are positive
        numbers = possible(*domain, equal, other != relation(temperature, size))
        if numbers is not None:
            found = {"n": n, **numbers}
            break
    return Check(
        f"original at T and modified at T_m have the same bracket only if T_m = {relation(temperature, size)}",
        Kind.DECIDED,
        f"every real T, T_m > 0 and N >= 1, every bracket{' but 0' * bracket_not_zero}, n = {listed(vertices)}",
        found is None,
        found,
    )


def _smallest_difference(law: Law, relation: Callable, outer: Callable) -> dict[str, object]:
    for n in range(1, 6):

        def violated(temperature: Fraction, size: Fraction, h: Fraction, n: int = n) -> bool:
            if size.denominator != 1:
                return False
            return outer(temperature, n) * law(h, n) != law(h / (size * relation(temperature, size)), n)

        found = smallest(violated, positive=(0, 1), arguments=3)
        if found is not None:
            return dict(zip(("n", "T", "N", "h"), (n, *found), strict=True))
    raise AssertionError("the statement is false, but not at small fractions")


@dataclass(frozen=True)
class Trajectories:
    """Two trainings from the same memories on the same patterns, side by side.

    Attributes:
        difference: largest difference of a memory's entry after each epoch.
        loss_difference: largest relative difference of the losses of each epoch.
        moved: largest change of an entry from its initial value, after each epoch, in the first training.
    """

    difference: Float[Tensor, "epochs"]
    loss_difference: Float[Tensor, "epochs"]
    moved: Float[Tensor, "epochs"]


@_checks.door
def trainings(
    memories: Float[Tensor, "K N"],
    patterns: Float[Tensor, "B N"],
    interaction: Interaction,
    scalings: tuple[Scaling, Scaling],
    *,
    epochs: int,
    learning_rate: float = 0.1,
    decay: float = 0.999,
    floor: float | None = None,
) -> Trajectories:
    """Train one network with each of two scalings, epoch by epoch, and compare their memories after each.

    Source: MRS24 Eq. (8), (14).

    Args:
        memories: initial zeta.
        patterns: xi, bipolar.
        interaction: F.
        scalings: the two scalings, such as the original at T and the modified at T / N.
        epochs: passes over the patterns, at least 1.
        learning_rate: of the first epoch.
        decay: factor on the rate after each epoch.
        floor: least value of the normalisation; see `damcore.learning.train`.

    Returns:
        The differences.

    Raises:
        ValueError: shapes do not fit, a pattern is not bipolar, a setting is out of range.
        FloatingPointError: a network left the range of its dtype.
    """
    _checks.whole("epochs", epochs)
    rows, now = [], [memories, memories]
    for epoch in range(epochs):
        steps = [
            train(at, patterns, interaction, scaling, epochs=1, learning_rate=learning_rate * decay**epoch, floor=floor)
            for at, scaling in zip(now, scalings, strict=True)
        ]
        now = [step.memories for step in steps]
        losses = [step.losses[0] for step in steps]
        rows.append(
            [
                (now[0] - now[1]).abs().max(),
                (losses[0] - losses[1]).abs() / losses[0].abs().clamp_min(torch.finfo(losses[0].dtype).tiny),
                (now[0] - memories).abs().max(),
            ]
        )
    return Trajectories(*torch.tensor(rows, dtype=memories.dtype).T)


@_checks.door
def trainings_agree(
    interaction: Interaction,
    memories: Float[Tensor, "K N"],
    patterns: Float[Tensor, "B N"],
    temperature: float,
    relation: Callable[[float, int], float] = divided_by_size,
    *,
    n: int,
    epochs: int,
    tolerance: float,
    learning_rate: float = 0.1,
) -> Check:
    """Whether whole trainings of the original at T and the modified at T_m end in the same memories.

    An example says nothing where a wrong law agrees as well. At T = N, 1/T_m = N / T is 1, as is each of its powers; at
    a T so high that tanh is a straight line, the normalised step hardly depends on T or T_m. So where the check would
    hold, each of `RIVALS` must part from the original in the first epochs, or the example is refused.

    Source: MRS24 Eq. (8), (14).

    Args:
        interaction: F.
        memories: initial zeta.
        patterns: xi, bipolar.
        temperature: T of the original network.
        relation: T_m as a function of T and N.
        n: the power of T outside F in the original network; 1 for the exponential.
        epochs: passes over the patterns.
        tolerance: largest difference of an entry that still counts as the same; 0.0 asks for equal bits.
        learning_rate: of the first epoch.

    Returns:
        A sampled check; where it fails, the epoch and the difference.

    Raises:
        ValueError: neither network moves, or a wrong law would pass, too.
    """
    size = memories.shape[-1]
    scalings = (Scaling.original(temperature, n), Scaling.modified(relation(temperature, size), size))
    run = trainings(memories, patterns, interaction, scalings, epochs=epochs, learning_rate=learning_rate)
    if run.moved[-1] == 0:
        _checks.refuse("Neither network moved, so there is nothing to compare; choose other memories or a temperature.")
    apart = (run.difference > tolerance).nonzero()
    found = None
    if len(apart):
        first = int(apart[0])
        found = {"epoch": first + 1, "difference": f"{run.difference[first].item():.2g}"}
    else:
        for law, rival in RIVALS.items():
            wrong = (scalings[0], Scaling.modified(rival(temperature, size), size))
            early = trainings(
                memories, patterns, interaction, wrong, epochs=min(epochs, EARLY), learning_rate=learning_rate
            )
            if early.difference.max() <= VISIBLE:
                _checks.refuse(
                    f"At T = {temperature:g} and N = {size} the wrong law 1/T_m = {law} learns the same memories, so "
                    "the example cannot tell it from 1/T_m = N/T; choose a lower temperature, not N."
                )
    within = "bit by bit" if tolerance == 0 else f"within {tolerance:g}"
    return Check(
        f"{interaction}: original at T = {temperature:g} and modified at T_m = {relation(temperature, size):g} "
        "learn the same memories",
        Kind.SAMPLED,
        f"{within} through {epochs} epochs, N = {size}, K = {memories.shape[0]}, {len(patterns)} states, "
        f"{memories.dtype}",
        found is None,
        found,
    )
