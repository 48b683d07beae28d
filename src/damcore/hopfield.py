"""The classical Hopfield network; without self-coupling, the polynomial interaction of vertex 2 reproduces it."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks


@_checks.door
def hebb(patterns: Float[Tensor, "*runs K N"], *, self_coupling: bool = False) -> Float[Tensor, "*runs N N"]:
    """Hebbian weights, W_ji = sum_mu xi_j xi_i.

    As printed the sum leaves W_ii = K. That term holds every neuron where it is, and with it the equality with the
    polynomial dense associative memory at n = 2 is lost; without it (the usual convention, and the default) it holds.

    Source: MRS24 Eq. (1).

    Args:
        patterns: the learned states xi, bipolar.
        self_coupling: keep W_ii = K as printed, instead of 0.

    Returns:
        The symmetric weights W.

    Raises:
        ValueError: a pattern is not bipolar, or there is none.
        TypeError: `patterns` is not a floating tensor.
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
    """Update neuron after neuron, xi_i <- sign(sum_j W_ij xi_j) with sign(0) = +1, until a sweep changes nothing.

    Source: MRS24 Eq. (2), (3).

    Args:
        weights: W, symmetric; see `hebb`.
        states: the probes, bipolar; not changed.
        max_sweeps: sweeps before giving up, at least 1.

    Returns:
        The last states.

    Raises:
        ValueError: shapes do not fit or a state is not bipolar.
        TypeError: dtypes differ or are not floating.
    """
    if weights.ndim < 2 or weights.shape[-1] != weights.shape[-2]:
        _checks.refuse(f"`weights` must have shape (*runs, N, N), got {tuple(weights.shape)}; see `hebb`.")
    _checks.network(weights, states)
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
