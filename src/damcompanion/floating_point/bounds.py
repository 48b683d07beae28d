"""How the bound on the gap in the log domain fares against 900-digit arithmetic, on cases that are built to hurt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import mpmath
import torch
from jaxtyping import Float
from torch import Tensor

from damcore._random import generator as seeded
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
)
from damcore.numerics import gap_error, signed_log_gap
from damcore.scaling import Scaling

BITS = 3000  # 900 digits
VERTICES = (1, 2, 3, 4, 7, 20, 21, 40, 60, 100, 150, 301, 1000)
SLOPES = (1e-300, 1e-30, 1e-2, 0.7, 1e8, -1e-300, -1e-12, -0.3, -1e8)


@dataclass(frozen=True)
class Comparison:
    """The errors of some gaps, and their bounds.

    Attributes:
        error: |computed - exact| / |computed|; infinite where the computed gap is zero and the exact one is not.
        bound: what `gap_error` says.
        wrong: True where the sign is wrong.
    """

    error: Float[Tensor, "cases"]
    bound: Float[Tensor, "cases"]
    wrong: Tensor

    @property
    def beyond(self) -> Tensor:
        """True where the error is larger than its bound."""
        return ~(self.error <= self.bound)

    @property
    def slack(self) -> float:
        """The median of bound / error, over the gaps with an error and a finite bound."""
        some = (self.error > 0) & self.bound.isfinite()
        return (self.bound[some] / self.error[some]).median().item()


def compare(
    memories: Float[Tensor, "K N"],
    states: Float[Tensor, "B N"],
    interaction: Interaction,
    scaling: Scaling,
    neurons: slice | None = None,
) -> Comparison:
    """Compute all gaps of a network in the log domain and with 900 digits.

    Args:
        memories: zeta, in float64; each number is taken for exactly what it is.
        states: xi, bipolar in the chosen neurons.
        interaction: F, one of the four of `damcore.interactions`.
        scaling: inner and outer, of one temperature.
        neurons: the chosen neurons, all by default.
    """
    sign, log = signed_log_gap(memories, states, interaction, scaling, neurons=neurons)
    bound = gap_error(memories, states, interaction, scaling, neurons=neurons)
    errors, wrong = [], []
    with mpmath.workprec(BITS):
        temperature = mpmath.mpf(float(scaling.temperature))
        inner = 1 / (mpmath.mpf(scaling.divisor) * temperature**scaling.inner_power)
        outer = temperature**-scaling.outer_power
        F, rows = _exact(interaction), [[mpmath.mpf(z) for z in row] for row in memories.tolist()]
        chosen = range(memories.shape[-1])[neurons or slice(None)]
        for b, state in enumerate(states.tolist()):
            x = [mpmath.mpf(value) for value in state]
            h = [mpmath.fdot(row, x) for row in rows]
            on = [F(inner * u) for u in h]
            for column, i in enumerate(chosen):
                off = [F(inner * (u - 2 * x[i] * row[i])) for u, row in zip(h, rows, strict=True)]
                gap = outer * x[i] * (mpmath.fsum(on) - mpmath.fsum(off))
                if abs(gap) <= outer * mpmath.fsum([*on, *off], absolute=True) * mpmath.mpf(2) ** (80 - BITS):
                    gap = mpmath.mpf(0)
                computed = mpmath.mpf(sign[b, column].item())
                wrong.append(computed != mpmath.sign(gap))
                if computed == 0:
                    errors.append(0.0 if gap == 0 else float("inf"))
                else:
                    ratio = gap / (computed * mpmath.exp(log[b, column].item()))
                    errors.append(float(min(abs(1 - ratio), mpmath.mpf(10) ** 300)))
    return Comparison(torch.tensor(errors, dtype=torch.float64), bound.flatten(), torch.tensor(wrong))


def _exact(interaction: Interaction) -> Callable:
    if isinstance(interaction, Exponential):
        return mpmath.exp
    n, slope = interaction.vertex, mpmath.mpf(getattr(interaction, "slope", 0.0))
    if isinstance(interaction, Polynomial):
        return lambda x: x**n
    return lambda x: x**n if x >= 0 else slope * x


def cases(seed: int, *, hurt: bool) -> Iterator[tuple]:
    """Yield arguments of `compare` without end: small random networks, or networks that are built to hurt.

    Overlaps near zero, slopes from 1e-300 to 1e8 of either sign, bipolar memories whose terms cancel, memories that
    nearly repeat each other, memories of very different sizes, grey clamped neurons; vertices to 1000.

    Args:
        seed: of everything that is drawn.
        hurt: whether they are built to hurt.
    """
    draw = seeded(seed, "bounds", int(hurt))
    number = 0
    while True:
        pick = lambda values: values[int(torch.randint(len(values), (1,), generator=draw))]  # noqa: E731
        uniform = lambda *shape: 2 * torch.rand(*shape, generator=draw, dtype=torch.float64) - 1  # noqa: E731
        n, n_neurons, n_memories = pick(VERTICES), pick((2, 3, 5, 8, 13)), pick((1, 2, 3, 5))
        slope = pick(SLOPES) if hurt else pick((1e-2, 0.5, -0.3))
        interaction = pick(
            (Polynomial(n), RectifiedPolynomial(n), LeakyRectifiedPolynomial(n, slope), Exponential())
        )  # fmt: skip
        memories = uniform(n_memories, n_neurons)
        states = uniform(pick((1, 2, 4)), n_neurons).sign()
        neurons = None
        if pick((True, False)):
            memories = memories.float().double()
        if hurt:
            memories, states, neurons = _hurt(number % 6, memories, states, uniform, pick)
            n_neurons = memories.shape[-1]
        temperature = float(torch.exp(2 * uniform(1)))
        scaling = pick((Scaling.original(temperature, interaction.vertex), Scaling.modified(temperature, n_neurons)))
        yield memories, states, interaction, scaling, neurons
        number += 1


def _hurt(
    way: int, memories: Tensor, states: Tensor, uniform: Callable, pick: Callable
) -> tuple[Tensor, Tensor, slice | None]:
    small = 10.0 ** -pick((1, 3, 6, 9, 12, 15))
    neurons = None
    if way == 0:  # overlaps near zero
        a = uniform(1)
        memories, states = torch.cat([a, a + small])[None], torch.tensor([[1.0, -1.0]]).double()
    elif way == 1:  # bipolar memories, whose terms cancel or nearly do
        memories = memories.sign()
    elif way == 2:  # memories that nearly repeat each other, or their negatives
        memories = torch.cat([memories, memories * (1 + small * uniform(*memories.shape)), -memories])
    elif way == 3:  # memories of very different sizes
        memories = memories * 10.0 ** (20 * uniform(len(memories), 1))
    elif way == 4:  # grey clamped neurons
        states = uniform(*states.shape)
        states[:, -1] = 1.0
        neurons = slice(-1, None)
    else:  # nearly orthogonal to the state
        overlap = memories @ states[0] / states.shape[-1]
        memories = memories - (1 - small) * overlap[:, None] * states[0]
    return memories, states, neurons


def survey(n_cases: int, seed: int, *, hurt: bool, progress: Callable[[int], object] | None = None) -> Comparison:
    """Compare at least `n_cases` gaps.

    Args:
        n_cases: how many.
        seed: of the cases.
        hurt: whether they are built to hurt.
        progress: a function that is called with the number of gaps done since its last call.
    """
    found, done = [], 0
    for case in cases(seed, hurt=hurt):
        found.append(compare(*case))
        done += len(found[-1].error)
        if progress is not None:
            progress(len(found[-1].error))
        if done >= n_cases:
            break
    return Comparison(*(torch.cat([getattr(c, name) for c in found]) for name in ("error", "bound", "wrong")))
