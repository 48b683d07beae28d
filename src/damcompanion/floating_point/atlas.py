"""An atlas of what a form of the gap comes to: finite or not, zero or not, of the right sign or not, how accurate."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.floating_point.exact import exact_gap
from damcore import _checks
from damcore._random import generator
from damcore.interactions import Interaction, Polynomial
from damcore.numerics import gap_error, signed_log_gap
from damcore.numerics.ranges import sizes
from damcore.scaling import Scaling

Gap = Callable[[Tensor, Tensor, Interaction, Scaling], tuple[Tensor, Tensor]]


KINDS = ("right", "wrong signs", "zero", "not finite")


@dataclass(frozen=True)
class Verdict:
    """Shares of the gaps of one network, by what a form made of them; ties in exact arithmetic are left out.

    Attributes:
        finite: neither infinite nor NaN.
        zero: exactly zero, which recall reads as a tie.
        wrong: finite, not zero, and of the wrong sign.
        error: median relative error of the others, NaN where there are none.
    """

    finite: float
    zero: float
    wrong: float
    error: float

    @property
    def kind(self) -> int:
        """An index into `KINDS`: what one gap in a hundred suffers from, the worst first; 0 where nothing is wrong."""
        return next((k for k, share in ((3, 1 - self.finite), (2, self.zero), (1, self.wrong)) if share >= 0.01), 0)


def instance(
    n_neurons: int, n_memories: int, n_states: int, dtype: torch.dtype, seed: int
) -> tuple[Float[Tensor, "K N"], Float[Tensor, "B N"]]:
    """Memories uniform in [-1, 1], rounded to the dtype, and random states: the same for every form and vertex.

    Args:
        n_neurons: N.
        n_memories: K.
        n_states: B.
        dtype: of both.
        seed: of both.
    """
    draw = generator(seed, "atlas", n_neurons, n_memories, n_states)
    memories = 2 * torch.rand(n_memories, n_neurons, generator=draw, dtype=torch.float64) - 1
    states = 2 * torch.randint(2, (n_states, n_neurons), generator=draw).double() - 1
    return memories.to(dtype), states.to(dtype)


@_checks.door
def judge(
    sign: Float[Tensor, "B M"],
    log: Float[Tensor, "B M"],
    exact: tuple[Float[Tensor, "B M"], Float[Tensor, "B M"]],
) -> Verdict:
    """Compare gaps with exact ones, both as a sign and the logarithm of the absolute value.

    Args:
        sign: computed; NaN where the gap is NaN.
        log: computed; +inf where the gap is infinite.
        exact: sign and logarithm in exact arithmetic.
    """
    decided = exact[0] != 0
    finite = ~(sign.isnan() | log.isnan() | log.isposinf())
    zero = finite & (sign == 0)
    wrong = finite & ~zero & (sign != exact[0])
    right = decided & finite & ~zero & ~wrong
    cells = {"finite": finite, "zero": zero, "wrong": wrong}
    error = (log.double() - exact[1]).expm1().abs()[right]
    count = max(1, int(decided.sum()))
    share = {name: int((which & decided).sum()) / count for name, which in cells.items()}
    return Verdict(**share, error=error.median().item() if len(error) else torch.nan)


@_checks.door
def survey(
    forms: dict[str, Gap],
    scaling_of: Callable[[str, int], Scaling],
    vertices: list[int],
    memories: Float[Tensor, "K N"],
    states: Float[Tensor, "B N"],
    n_checked: int = 50,
) -> dict[tuple[str, int], Verdict]:
    """The verdict on each form at each vertex, for one network with a polynomial F.

    The exact gap of the unscaled network is computed once for all forms; inner^n outer is its factor.

    Args:
        forms: name -> a function that gives the sign and the logarithm of the absolute value of the gap.
        scaling_of: the scaling of a form's name and a vertex.
        vertices: the vertices n.
        memories: zeta.
        states: xi, bipolar.
        n_checked: neurons of each state that are compared, evenly spread.

    Returns:
        (form, n) -> verdict.
    """
    n_neurons = memories.shape[-1]
    neurons = torch.linspace(0, n_neurons - 1, min(n_checked, n_neurons)).long()
    verdicts = {}
    for n in vertices:
        interaction = Polynomial(n)
        sign, log = exact_gap(memories, states, interaction, neurons)
        for name, form in forms.items():
            scaling = scaling_of(name, n)
            size = sizes(interaction, scaling, 1.0)["gap"]  # inner^n outer, in logarithms
            computed = form(memories, states, interaction, scaling)
            verdicts[name, n] = judge(computed[0][:, neurons], computed[1][:, neurons], (sign, log + size))
    return verdicts


def in_logs(gap: Float[Tensor, "..."]) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """The sign and the logarithm of the absolute value of a gap that was computed as it stands.

    Args:
        gap: of any dtype, with what is not finite left as it is.
    """
    return torch.where(gap.isnan(), torch.nan, gap.double().sign()), gap.double().abs().log()


@dataclass(frozen=True)
class Audit:
    """Signs in the log domain against exact arithmetic, counted.

    Attributes:
        cases: (memories, state, neuron) compared.
        ties: those whose gap is exactly zero.
        below: those, ties apart, whose gap does not exceed its bound.
        wrong_below: those of `below` with the wrong sign.
        wrong_above: those with the wrong sign although the gap exceeds its bound, ties included.
    """

    cases: int = 0
    ties: int = 0
    below: int = 0
    wrong_below: int = 0
    wrong_above: int = 0

    def __add__(self, other: "Audit") -> "Audit":
        return Audit(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@_checks.door
def audit(
    dtype: torch.dtype, n: int, n_neurons: int, n_cases: int, *, seed: int, n_memories: int = 8, bipolar: bool = False
) -> Audit:
    """Compare `signed_log_gap` of a polynomial F with exact integer arithmetic on fresh random networks.

    Args:
        dtype: of the memories.
        n: vertex.
        n_neurons: N.
        n_cases: cases to reach, at least 1; up to 500 neurons of two states of each network are taken.
        seed: of memories and states.
        n_memories: K.
        bipolar: memories of -1 and +1, whose overlaps are whole numbers: many exact ties, and near ones.

    Returns:
        The counts.

    Raises:
        ValueError: `n_cases` is not a whole number of at least 1.
    """
    _checks.whole("n_cases", n_cases)
    total, network = Audit(), 0
    interaction, scaling = Polynomial(n), Scaling.modified(1.0, n_neurons)
    while total.cases < n_cases:
        memories, states = instance(n_neurons, n_memories, 2, dtype, generator(seed, n, network).initial_seed())
        memories = torch.where(memories < 0, -torch.ones_like(memories), 1.0) if bipolar else memories
        neurons = torch.linspace(0, n_neurons - 1, min(n_neurons, 500)).long()
        exact, _ = exact_gap(memories, states, interaction, neurons)
        sign = signed_log_gap(memories, states, interaction, scaling)[0][:, neurons].double()
        below = gap_error(memories, states, interaction, scaling)[:, neurons] >= 1
        tie, wrong = exact == 0, sign != exact
        counted = (torch.ones_like(tie), tie, below & ~tie, below & ~tie & wrong, ~below & wrong)
        total, network = total + Audit(*(int(which.sum()) for which in counted)), network + 1
    return total
