"""The classical Hopfield network; the polynomial interaction of vertex 2 is the same network without self-coupling."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks


@_checks.door
def hebb(patterns: Float[Tensor, "*runs K N"], *, self_coupling: bool = False) -> Float[Tensor, "*runs N N"]:
    """Return the Hebbian weights of the patterns.

        W_ji = sum_mu xi_j xi_i

    The printed sum gives W_ii = K, and this self-coupling holds every neuron at its value. By default W_ii = 0, the
    usual convention: then the network equals the dense associative memory with F(x) = x^2. With self-coupling it does
    not.

    Source: MRS24 Eq. (1).

    Args:
        patterns: the learned states xi, bipolar.
        self_coupling: keep W_ii = K, as printed.

    Returns:
        The symmetric weights W.

    Raises:
        ValueError: a pattern is not bipolar, or there is none.
        TypeError: `patterns` is not a floating tensor.

    Example:
        >>> import torch
        >>> from damcore.hopfield import hebb
        >>> hebb(torch.tensor([[1.0, 1.0, -1.0]])).tolist()
        [[0.0, 1.0, -1.0], [1.0, 0.0, -1.0], [-1.0, -1.0, 0.0]]
    """
    _checks.rows("patterns", patterns, "K", "N")
    _checks.bipolar("patterns", patterns)
    weights = patterns.mT @ patterns
    if not self_coupling:
        weights.diagonal(dim1=-2, dim2=-1).zero_()
    return weights


@_checks.door
def recall(
    weights: Float[Tensor, "*runs N N"], states: Float[Tensor, "*#runs B N"], *, max_sweeps: int = 100
) -> Float[Tensor, "*_ B N"]:
    """Update one neuron after the other until a whole sweep changes nothing.

        xi_i <- sign(sum_j W_ij xi_j),   sign(0) = +1

    Source: MRS24 Eq. (2), (3).

    Args:
        weights: W, symmetric; see `hebb`.
        states: the probes, bipolar; they are not changed.
        max_sweeps: the largest number of sweeps, at least 1.

    Returns:
        The states after the last sweep.

    Raises:
        ValueError: the shapes do not fit, or a state is not bipolar.
        TypeError: the dtypes differ or are not floating.

    Example:
        >>> import torch
        >>> from damcore import hopfield
        >>> weights = hopfield.hebb(torch.tensor([[1.0, 1.0, -1.0, -1.0]]))
        >>> hopfield.recall(weights, torch.tensor([[1.0, 1.0, 1.0, -1.0]])).tolist()
        [[1.0, 1.0, -1.0, -1.0]]
    """
    _checks.rows("weights", weights, "N", "N")
    if weights.shape[-1] != weights.shape[-2]:
        _checks.refuse(f"`weights` must have shape (*runs, N, N), got {tuple(weights.shape)}; see `hebb`.")
    _checks.network(weights, states, memories_name="weights")
    _checks.whole("max_sweeps", max_sweeps)
    runs = torch.broadcast_shapes(weights.shape[:-2], states.shape[:-2])
    states = states.expand(*runs, *states.shape[-2:]).clone()
    for _ in range(max_sweeps):
        before = states.clone()
        for i in range(states.shape[-1]):
            field = (states * weights[..., None, i, :]).sum(-1)
            states[..., i] = torch.where(field >= 0, 1.0, -1.0)
        if torch.equal(before, states):
            break
    return states
