"""The energy in the log domain, and energy differences that stay right where the energies themselves cancel.

Energies of neighbouring states agree in nearly all digits, and at large n they leave the range of every dtype. Their
difference is therefore formed from the terms of both, of which equal ones are merged first.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore._networks import one_by_one
from damcore.interactions import Interaction
from damcore.numerics.gap import check_range, factored
from damcore.numerics.overlaps import log_factors, overlaps
from damcore.numerics.sums import merged_sum
from damcore.scaling import Scaling, agreed_runs


@_checks.door
@_checks.detached
def signed_log_energy(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
) -> tuple[Float[Tensor, "*_ B"], Float[Tensor, "*_ B"]]:
    """Return the sign of the energy of each state and the logarithm of its absolute value, for any dtype and vertex.

        E[b] = -outer * sum_mu F(inner h[b, mu]) = sign * e^log

    Source: KH16 Eq. (1).

    Args:
        memories: zeta, finite, in [-1, 1] or at least of moderate size.
        states: xi, bipolar, of the memories' dtype and device.
        interaction: F, one of `damcore.interactions` or your own; the range is that of its `signed_log`.
        scaling: inner and outer, used as given; the temperature is taken in float64.

    Returns:
        The sign (-1, +1, or 0 where the energy is exactly zero) and the natural logarithm of the absolute value (-inf
        where the sign is 0), both in the memories' dtype.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an F that defines no logarithm of its own left the range of float64.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.numerics import signed_log_energy
        >>> state = torch.ones(1, 100)
        >>> sign, log = signed_log_energy(state, state, Polynomial(1000), Scaling.original(1.0, n=1000))
        >>> sign.item(), round(log.item())  # the energy is -100^1000
        (-1.0, 4605)
    """
    agreed_runs(memories, states, scaling)
    return _energy(memories, states, None, interaction, scaling)


@_checks.door
@_checks.detached
def signed_log_energy_difference(
    memories: Float[Tensor, "*runs K N"],
    states: Float[Tensor, "*#runs B N"],
    others: Float[Tensor, "*#runs B N"],
    interaction: Interaction,
    scaling: Scaling,
) -> tuple[Float[Tensor, "*_ B"], Float[Tensor, "*_ B"]]:
    """Return the sign and the logarithm of the absolute value of E[state] - E[other], state by state.

    Terms that both energies share cancel exactly, so that the sign is right where the energies agree in all their
    digits. Below zero the state is more stable than the other.

    Source: KH16 Eq. (1).

    Args:
        memories: zeta, finite, in [-1, 1] or at least of moderate size.
        states: xi, bipolar, of the memories' dtype and device.
        others: as many other states.
        interaction: F, one of `damcore.interactions` or your own; the range is that of its `signed_log`.
        scaling: inner and outer, used as given; the temperature is taken in float64.

    Returns:
        The sign and the logarithm, as in `signed_log_energy`.

    Raises:
        ValueError: the shapes do not fit, a state is not bipolar, or a memory is not finite.
        TypeError: the dtypes differ or are not floating.
        FloatingPointError: an F that defines no logarithm of its own left the range of float64.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.interactions import Polynomial
        >>> from damcore.network import energy
        >>> from damcore.numerics import signed_log_energy_difference
        >>> memories = torch.ones(2, 100, dtype=torch.float64)
        >>> memories[0, 0], memories[1, 1:] = 0.0, 0.01  # the first neuron matters to the second memory only
        >>> state = torch.ones(1, 100, dtype=torch.float64)
        >>> other = state.clone()
        >>> other[0, 0] = -1.0
        >>> network = Polynomial(30), Scaling.modified(1.0, n_neurons=100)
        >>> (energy(memories, state, *network) - energy(memories, other, *network)).item()
        0.0
        >>> sign, log = signed_log_energy_difference(memories, state, other, *network)
        >>> sign.item(), round(log.item())
        (-1.0, -118)
    """
    agreed_runs(memories, states, scaling)
    agreed_runs(memories, others, scaling, name="others")
    if states.shape[-2] != others.shape[-2]:
        _checks.refuse(
            f"`others` must hold one state for each of `states`, got {others.shape[-2]} for {states.shape[-2]}."
        )
    return _energy(memories, states, others, interaction, scaling)


def _energy(
    memories: Tensor, states: Tensor, others: Tensor | None, interaction: Interaction, scaling: Scaling
) -> tuple[Tensor, Tensor]:
    dtype, temperature = memories.dtype, torch.as_tensor(scaling.temperature, dtype=torch.float64)
    values = [memories.detach().double(), states.detach().double()]
    values += [] if others is None else [others.detach().double()]
    temperature = temperature.to(memories.device)
    runs = torch.broadcast_shapes(*(value.shape[:-2] for value in values), temperature.shape)

    def of_one(temperature: Tensor, memories: Tensor, *states: Tensor) -> tuple[Tensor, Tensor]:
        at = scaling.at(temperature)
        _, log_outer = log_factors(memories, at)
        at, factor = factored(memories, interaction, at)
        inner = at.factors(memories)[0][..., None, None]
        x = torch.cat([inner * overlaps(memories, some) for some in states], -1)
        sign, log = merged_sum(interaction, x.reshape(-1, x.shape[-1]), memories.shape[-2])
        return -sign.reshape(x.shape[:-1]), log.reshape(x.shape[:-1]) + factor[..., 0] + log_outer[..., None]

    sign, log = one_by_one(of_one, runs, (temperature, 0), *((value, 2) for value in values))
    check_range(interaction, log)
    return sign.to(dtype), log.to(dtype)
