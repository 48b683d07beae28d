"""The energy of the dense associative memory, and the energy gap that recall and learning share.

Memories zeta are (*runs, K, N) with entries in [-1, 1], and states xi are (*runs, B, N) with entries -1 and +1. The
overlap is h[b, mu] = sum_j zeta[mu, j] xi[b, j]. `runs` are leading axes; a single network has none, runs = ().
"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks, _kernels
from damcore._forms import FORMS, compiled_form, join, log_form, parts
from damcore._networks import at_once, one_by_one
from damcore.interactions import Interaction
from damcore.numerics.energy import signed_log_energy
from damcore.numerics.gap import check_range, log_gap
from damcore.scaling import Scaling, agreed_runs

__all__ = ["Scaling", "energy", "energy_gap"]

# Elements of one (runs, states, K, N) block: 32 MiB in float64, small against memory and large against call overhead.
BLOCK = 1 << 22


@_checks.door
def energy(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    form: str = "auto",
) -> Float[Tensor, "*_ B"]:
    """Return the energy of each state.

        E[b] = -outer * sum_mu F(inner h[b, mu])

    F acts on the overlap with each memory, and the sum over memories comes afterwards. (The public code of MRS24
    applies F to the sum over memories, which is another function.) To follow the energy during recall, use
    `scaling.for_recall()`.

    Source: KH16 Eq. (1).

    Args:
        memories: zeta, finite.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F.
        scaling: inner and outer, used as given.
        form: "plain" sums F itself. "log" sums in the log domain, in float64, and rounds the energy to the dtype at the
            end; autograd cannot differentiate it. "auto" takes the plain form for each network that it keeps in range
            (`numerics.plain_fits`), and for all networks where a gradient by autograd is wanted.

    Returns:
        The energies, in units of F.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an energy leaves the range of the dtype.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.network import energy
        >>> memories = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
        >>> states = torch.tensor([[1.0, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, -1.0]])
        >>> energy(memories, states, Polynomial(2), Scaling.original(1.0, n=2)).tolist()
        [-16.0, -4.0]
    """
    runs = agreed_runs(memories, states, scaling)
    _checks.one_of("form", form, FORMS)
    gradient = _wants_gradient(memories, states, scaling.temperature)
    in_logs = log_form("plain" if form == "auto" and gradient else form, memories, interaction, scaling)

    found = []
    for part, _ in parts(in_logs, runs, None):
        problem = (part.take(memories, 2), part.take(states, 2), interaction, part.scaling(scaling))
        energies = _energy_from_logs(*problem) if part.in_logs else _plain_energy(*problem, torch.Size([part.size]))
        found.append((part, energies))
    energies = join(found)
    if not torch.isfinite(energies).all():
        _checks.refuse(
            f"An energy leaves the range of {memories.dtype}; `numerics.signed_log_energy` gives its sign and its "
            "logarithm.",
            FloatingPointError,
        )
    return energies


def _wants_gradient(*values: object) -> bool:
    return torch.is_grad_enabled() and any(isinstance(value, Tensor) and value.requires_grad for value in values)


@_checks.detached
def _energy_from_logs(memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling) -> Tensor:
    sign, log = signed_log_energy(memories.detach().double(), states.detach().double(), interaction, scaling)
    return (sign * log.exp()).to(memories.dtype)


def _plain_energy(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, runs: torch.Size
) -> Tensor:
    def of_one(memories: Tensor, states: Tensor, temperature: Tensor) -> tuple[Tensor]:
        inner, outer = scaling.at(temperature).factors(memories)
        overlap = inner[..., None, None] * (states @ memories.mT)
        return (-outer[..., None] * interaction(overlap).sum(-1),)

    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)
    return one_by_one(of_one, runs, (memories, 2), (states, 2), (temperature, 0))[0]


@_checks.door
def energy_gap(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    neurons: slice | None = None,
    form: str = "auto",
) -> Float[Tensor, "*_ B M"]:
    """Return the energy with neuron i clamped off minus the energy with it clamped on, for every state and neuron.

        gap[b, i] = outer * sum_mu [F(inner h_on) - F(inner h_off)],   h_on/off = h - zeta_i xi_i +/- zeta_i

    The sign of the gap is the update of recall, and its tanh is the prediction of learning. For a bipolar neuron either
    h_on or h_off is h itself, so one evaluation of F per state, memory and neuron is enough:

        gap[b, i] = outer * xi_i * sum_mu [F(inner h) - F(inner (h - 2 xi_i zeta_i))]

    Source: MRS24 Eq. (4), (8), (13), (14); KH16 Eq. (4), (9).

    Args:
        memories: zeta, finite.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F.
        scaling: inner and outer, used as given.
        neurons: the neurons whose gap is wanted, all by default. The others are clamped and may hold any value in
            [-1, 1]: a classifier asks for its class neurons and clamps grey pixels.
        form: "plain" sums F itself. "log" sums in the log domain, in float64, and rounds the gap to the dtype at the
            end; autograd cannot differentiate it. "auto" takes the plain form for each network that it keeps in range
            (`numerics.plain_fits`), and for all networks where a gradient by autograd is wanted.

    Returns:
        The gaps, in units of F. A gap is infinite or zero where it leaves the range of the dtype, and in the plain form
        not a number where infinite terms cancel; `numerics.signed_log_gap` gives its sign and size there. The time is
        O(B K N) for all neurons, and the memory is bounded. On the CPU a network has the same bits alone and in any
        batch. The functions of damcore in float32 and float64 are compiled there: they have the same bits with any
        number of threads, and recall follows their sign. (It counts subnormal numbers as zero; a gap keeps them.)
        Other functions, other dtypes, and calls that want a gradient take torch, whose matrix products may depend on
        its number of threads.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: in the log domain, an F that defines no logarithm of its own left the range of float64; or,
            with "auto", a gap is not a number, because memories lie far outside [-1, 1].

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.network import energy_gap
        >>> memories = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
        >>> state = torch.tensor([[1.0, 1.0, 1.0, -1.0]])  # the third neuron is wrong
        >>> energy_gap(memories, state, Polynomial(2), Scaling.original(1.0, n=2)).tolist()
        [[4.0, 4.0, -12.0, -4.0]]
    """
    runs = agreed_runs(memories, states, scaling, free=neurons)
    _checks.one_of("form", form, FORMS)
    gradient = _wants_gradient(memories, states, scaling.temperature)
    in_logs = log_form("plain" if form == "auto" and gradient else form, memories, interaction, scaling)
    found = []
    for part, _ in parts(in_logs, runs, None):
        problem = (part.take(memories, 2), part.take(states, 2), interaction, part.scaling(scaling), neurons)
        found.append((part, _from_logs(*problem) if part.in_logs else _plain(*problem, torch.Size([part.size]))))
    gaps = join(found)
    if form == "auto" and gaps.isnan().any():
        _checks.refuse(
            f'An energy gap is not a number in {memories.dtype}; keep `memories` in [-1, 1], or choose form="log".',
            FloatingPointError,
        )
    return gaps


@_checks.detached
def _from_logs(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice | None
) -> Tensor:
    sign, log = log_gap(memories, states, interaction, scaling, neurons)
    check_range(interaction, log)
    return (sign * log.exp()).to(memories.dtype)


def _plain(
    memories: Tensor,
    states: Tensor,
    interaction: Interaction,
    scaling: Scaling,
    neurons: slice | None,
    runs: torch.Size,
) -> Tensor:
    """The gaps from F itself, of memories (#R, K, N) and states (#R, B, N)."""
    inner, outer = scaling.factors(memories)
    gradient = _wants_gradient(memories, states, inner)
    form = None if gradient else compiled_form(interaction, memories, "gaps")  # which compiles
    if form is not None:
        gaps = _kernels.gaps(
            memories.detach().contiguous().numpy(),
            states.detach().contiguous().numpy(),
            np.arange(memories.shape[-1])[neurons or slice(None)],
            *form,
            inner.detach().expand(runs).contiguous().numpy(),
            outer.detach().expand(runs).contiguous().numpy(),
        )
        return torch.from_numpy(gaps)

    def of_one(memories: Tensor, states: Tensor, temperature: Tensor) -> tuple[Tensor]:
        return (_torch_gap(memories, states, interaction, scaling.at(temperature), neurons or slice(None)),)

    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)
    return one_by_one(of_one, runs, (memories, 2), (states, 2), (temperature, 0))[0]


def _torch_gap(memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice) -> Tensor:
    """The gaps from F itself in torch, which autograd can differentiate."""
    _, outer = scaling.factors(memories)
    bipolar = states[..., neurons]
    runs = torch.broadcast_shapes(memories.shape[:-2], states.shape[:-2], outer.shape)
    # Filled block by block: results of their own would each keep the allocator from using a freed block again.
    gaps = memories.new_empty(*runs, *bipolar.shape[-2:])
    for block, whole, flipped in overlaps(memories, states, scaling, neurons):
        brackets = (interaction(whole)[..., None] - interaction(flipped)).sum(-2)
        gaps[..., block, :] = outer[..., None, None] * (bipolar[..., block, :] * brackets)
    return gaps


def overlaps(
    memories: Tensor, states: Tensor, scaling: Scaling, neurons: slice
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, per block of states, the block, the scaled overlaps (.., B, K), and those with neuron i flipped.

    The last are (.., B, K, M). This is the plain form of the energy gap in torch: `energy_gap` and `learning.gradient`
    are sums over it.

    Example:
        >>> memories, states = torch.tensor([[1.0, 1.0, -1.0]]), torch.tensor([[1.0, 1.0, 1.0]])
        >>> [(block, scaled, flipped)] = overlaps(memories, states, Scaling(1.0), slice(None))
        >>> scaled.tolist(), flipped.tolist()  # 1 + 1 - 1, and the same with one neuron flipped
        ([[1.0]], [[[-1.0, -1.0, 3.0]]])
    """
    inner, _ = scaling.factors(memories)
    inner = inner[..., None, None]
    entries = (2 * inner) * memories[..., neurons]
    runs = torch.broadcast_shapes(memories.shape[:-2], states.shape[:-2], inner.shape[:-2])
    size = at_once(runs.numel() * entries.shape[-2] * entries.shape[-1], memories.device, BLOCK)
    for start in range(0, states.shape[-2], size):
        block = slice(start, start + size)
        whole = inner * (states[..., block, :] @ memories.mT)
        flipped = whole[..., None] - states[..., block, None, neurons] * entries[..., None, :, :]
        yield block, whole, flipped
