"""Recall written plainly, a state at a time: the baseline that `recall.py` is measured against, and tested equal to.

Nothing is slowed down: the overlaps of a state are computed once a sweep and follow each flip, a neuron's entries lie
side by side, and torch uses all its threads.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def recall(
    memories: Tensor,
    states: Tensor,
    interaction: Callable[[Tensor], Tensor],
    inner: float,
    *,
    tie: str = "positive",
    max_sweeps: int = 100,
) -> tuple[Tensor, Tensor]:
    """Update the neurons of each state in the order of their indices until a sweep changes nothing.

        xi_i <- sign(xi_i sum_mu [F(inner h_mu) - F(inner (h_mu - 2 xi_i zeta_mu i))])

    Source: MRS24 Eq. (4), (13).

    Args:
        memories: zeta (K, N).
        states: xi (B, N), bipolar; not changed.
        interaction: F.
        inner: factor on the overlaps.
        tie: what a gap of zero does: "positive", "negative", or "keep".
        max_sweeps: sweeps before giving up.

    Returns:
        The states, and per state the number of sweeps that changed something.
    """
    columns = memories.T.contiguous()  # (N, K)
    ended, sweeps = states.clone(), torch.zeros(len(states), dtype=torch.int64)
    at_zero = {"positive": 1.0, "negative": -1.0}
    for b, state in enumerate(ended):
        for sweep in range(1, max_sweeps + 1):
            overlap, changed = memories @ state, False
            for i, old in enumerate(state.tolist()):
                flipped = overlap - 2 * old * columns[i]
                gap = old * (interaction(inner * overlap) - interaction(inner * flipped)).sum().item()
                new = 1.0 if gap > 0 else -1.0 if gap < 0 else at_zero.get(tie, old)
                if new != old:
                    state[i], overlap, changed = new, flipped, True
            if not changed:
                break
            sweeps[b] = sweep
    return ended, sweeps
