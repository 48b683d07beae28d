"""The energy gap in the log domain: its sign and the logarithm of its size, also where the gap itself is out of range.

Everything is computed in float64, whatever the dtype of the memories. Overlaps are moderate numbers in every dtype, and
so are the logarithms of their powers. With u = inner h and v = inner (h - 2 xi_i zeta_i) the gap is

    gap_i = outer xi_i e^peak sum_mu [F(u) e^-peak - F(v) e^-peak],

and no F(u) or F(v) exceeds e^peak. Compiled loops compute it for the interactions of damcore (`_kernels.logs`), and
torch for any other and on other devices (`sums.bracket`). `bound` derives how large the error can be.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks, _kernels
from damcore._kernels import logs
from damcore._networks import flat, one_by_one
from damcore.interactions import Interaction
from damcore.numerics.overlaps import arguments, log_factors
from damcore.numerics.sums import bracket
from damcore.scaling import Scaling, agreed_runs


@_checks.door
@_checks.detached
def signed_log_gap(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    neurons: slice | None = None,
) -> tuple[Float[Tensor, "*_ B M"], Float[Tensor, "*_ B M"]]:
    """Return the sign of the energy gap and the logarithm of its absolute value, for any dtype and vertex.

        gap = sign * e^log

    `network.energy_gap` forms F itself, which leaves the range of every dtype as n grows. The logarithm does not. On
    the CPU the result has the same bits alone and in any batch, and for the interactions of damcore with any number of
    threads.

    Source: MRS24 Eq. (4), (8), (13), (14); KH16 Eq. (4), (9).

    Args:
        memories: zeta, finite, in [-1, 1] or at least of moderate size.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F, one of `damcore.interactions` or your own; the range is that of its `signed_log`.
        scaling: inner and outer, used as given; the temperature is taken in float64.
        neurons: the neurons whose gap is wanted, all by default; the others may hold any value in [-1, 1].

    Returns:
        The sign (-1, +1, or 0 where the computed gap is exactly zero) and the natural logarithm of the absolute value
        (-inf where the sign is 0), both in the memories' dtype. Autograd cannot differentiate them. Subnormal memories
        may count as zero. The time is O(B K N).

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an F that defines no logarithm of its own left the range of float64.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import signed_log_gap
        >>> state = torch.ones(1, 100)
        >>> sign, log = signed_log_gap(state, state, Polynomial(1000), Scaling.original(1.0, n=1000))
        >>> sign[0, 0].item(), round(log[0, 0].item())  # the gap is about 100^1000 = e^4605
        (1.0, 4605)
    """
    agreed_runs(memories, states, scaling, free=neurons)
    sign, log = log_gap(memories, states, interaction, scaling, neurons)
    check_range(interaction, log)
    return sign.to(memories.dtype), log.to(memories.dtype)


def log_gap(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice | None
) -> tuple[Tensor, Tensor]:
    """Do what `signed_log_gap` does in float64, without its checks."""
    memories, states = memories.detach().double(), states.detach().double()
    temperature = torch.as_tensor(scaling.temperature, dtype=torch.float64, device=memories.device)
    runs = torch.broadcast_shapes(memories.shape[:-2], states.shape[:-2], temperature.shape)
    log_inner, log_outer = log_factors(memories, scaling)
    form = compiled_logs(interaction, memories.device, "gap")
    if form is None:

        def of_one(memories: Tensor, states: Tensor, temperature: Tensor) -> tuple[Tensor, Tensor]:
            return _torch_gap(memories, states, interaction, scaling.at(temperature), neurons)

        sign, log = one_by_one(of_one, runs, (memories, 2), (states, 2), (temperature, 0))
    else:
        found = logs.gaps(
            flat(memories, 2, runs).contiguous().numpy(),
            flat(states, 2, runs).contiguous().numpy(),
            *form,
            per_network(scaling.factors(memories)[0], runs),
            per_network(log_inner, runs),
            np.arange(memories.shape[-1])[neurons or slice(None)],
        )
        sign, log = (torch.from_numpy(values).reshape((*runs, *values.shape[1:])) for values in found)
        log[sign == 0] = -torch.inf
    return sign, log + log_outer[..., None, None]


def compiled_logs(interaction: Interaction, device: torch.device, task: str) -> tuple[int, int, float] | None:
    """Return (kind, n, slope) where the loops of `_kernels.logs` can do a task, else None: torch does it."""
    form = interaction.compiled
    if form is None or device.type != "cpu":
        return None
    return form if _kernels.works(f"{task} in logs", form[0], form[1], np.dtype(np.float64)) else None


def per_network(values: Tensor, runs: torch.Size) -> np.ndarray:
    """Return one number per network, (R,)."""
    return values.double().expand(runs).reshape(-1).contiguous().numpy()


def check_range(interaction: Interaction, *values: Tensor) -> None:
    """Refuse infinite logarithms of an F that defines no logarithms of its own."""
    if interaction.has_logs or all((value < torch.inf).all() for value in values):  # nothing is < NaN
        return
    _checks.refuse(
        f"F or f leaves the range of float64, and {type(interaction).__name__} defines no logarithms of its own; give "
        "it the methods `signed_log` and `signed_log_derivative`.",
        FloatingPointError,
    )


def factored(memories: Tensor, interaction: Interaction, scaling: Scaling) -> tuple[Scaling, Tensor]:
    """Return a scaling without the factor that can leave F, and the logarithm of that factor, (*runs, 1, 1).

    A factor inside a homogeneous F becomes one outside, F(c h) = c^n F(h). Then no term is scaled.
    """
    log_inner, _ = log_factors(memories, scaling)
    if interaction.degree is None:
        return scaling, torch.zeros_like(log_inner)[..., None, None]
    return Scaling(1.0), interaction.degree * log_inner[..., None, None]


def _torch_gap(
    memories: Tensor, states: Tensor, interaction: Interaction, scaling: Scaling, neurons: slice | None
) -> tuple[Tensor, Tensor]:
    """The sign and the logarithm of the gap without its outer factor."""
    chosen = neurons or slice(None)
    scaling, factor = factored(memories, interaction, scaling)
    signs, sizes = [], []
    for block, u, v in arguments(memories, states, scaling, neurons):
        sign, log = bracket(interaction, u[..., None], v)
        signs.append(sign.mul_(states[..., block, chosen]))
        sizes.append(log)
    return torch.broadcast_tensors(torch.cat(signs, -2), torch.cat(sizes, -2) + factor)
