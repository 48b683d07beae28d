"""What MSSL22 says of energies and dynamics, against the derivatives of its energy function."""

from collections.abc import Callable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.functional import jacobian

from damcompanion.probes import share


def hopfield_energy_rises(patterns: Float[Tensor, "K N"], states: Float[Tensor, "B N"], *, sign: int) -> float:
    """Share of neurons' moves, by the classical update, that raise the energy sign * q^T W q; W_ii = 0.

    Args:
        patterns: bipolar.
        states: bipolar; of each, every neuron that the update would change is changed alone.
        sign: +1 as MSSL22 prints it, -1 as in Hopfield's energy.
    """
    weights = patterns.mT @ patterns
    weights = weights - weights.diagonal().diag()
    before, after = [], []
    for state in states:
        moved = state * (1 - 2 * torch.eye(len(state), dtype=state.dtype))
        moved = moved[((weights @ state) * state < 0)]
        after.append(((moved @ weights) * moved).sum(1))
        before.append(((state @ weights) * state).sum().expand(len(moved)))
    return share(sign * torch.cat(after) > sign * torch.cat(before))


def continuous_energy_rises(memories: Float[Tensor, "K N"], states: Float[Tensor, "B N"], *, printed: bool) -> float:
    """Share of updates z = W^T softmax(W q) that raise the energy of the modern continuous network.

    Args:
        memories: W.
        states: q.
        printed: q^T q + log sum exp(W q), instead of q^T q / 2 - log sum exp(W q).
    """

    def energy(q: Tensor) -> Tensor:
        square, scores = q.square().sum(1), (q @ memories.mT).logsumexp(1)
        return square + scores if printed else square / 2 - scores

    return share(energy((states @ memories.mT).softmax(1) @ memories) > energy(states))


def gradient_flow(size: int, *, draws: int = 50, seed: int = 0) -> dict[str, float]:
    """Eq. 2 of MSSL22 against the gradient of its Eq. 3, for the dot product, f(h) = h^2 and g(v) = v + v^3, tau = 1.

    Args:
        size: of v and of h: the indices as printed need as many memories as values.
        draws: random M, v, h and input currents I.
        seed: of the draws.

    Returns:
        "printed", "mended": largest relative difference from -dE/dv and -dE/dh, of Eq. 2 as printed, and with f_j,
        M_ji, v_j and the input current; "falls": share of draws in which the mended dynamics lower E; "indefinite":
        share of draws in which the Hessian of a Lagrangian is not positive definite; "eq10": share of draws in which
        the last line of Eq. 10 gives dE/dt to one per cent.
    """
    generator = torch.Generator().manual_seed(seed)
    found, seen = {"printed": 0.0, "mended": 0.0}, []
    for _ in range(draws):
        m = torch.randn(size, size, generator=generator, dtype=torch.float64)  # row: memory, column: value
        v, h, current = torch.randn(3, size, generator=generator, dtype=torch.float64)

        def energy(v: Tensor, h: Tensor, m: Tensor = m, current: Tensor = current) -> Tensor:
            values = ((v - current) * (v + v**3) - v**2 / 2 - v**4 / 4).sum()
            return values + (h * h**2 - h**3 / 3).sum() - h**2 @ (m @ v)

        dv, dh = (-part for part in jacobian(energy, (v, h)))
        slope = 1 + 3 * v**2
        mended = (m.mT @ h**2 - (v - current) * slope, 2 * h * (m @ v - h))
        printed = (m.sum(1) * h**2 - v * slope, 2 * h * (m.sum(1) * v - h))
        for name, (of_v, of_h) in (("printed", printed), ("mended", mended)):
            off = max(((of_v - dv).norm() / dv.norm()).item(), ((of_h - dh).norm() / dh.norm()).item())
            found[name] = max(found[name], off)
        change = -(dv @ mended[0] + dh @ mended[1])
        eq10 = -(slope * mended[0] ** 2).sum() - (2 * h * mended[1] ** 2).sum()
        seen.append(torch.stack([change < 0, h.min() <= 0, (eq10 - change).abs() < 0.01 * change.abs()]))
    return found | dict(zip(("falls", "indefinite", "eq10"), torch.stack(seen).double().mean(0).tolist(), strict=True))


def mixed_slope(scores: Callable[[Tensor], Tensor], size: int, *, seed: int = 0) -> float:
    """Largest mixed second derivative of the scores in two values: 0 for a sum over values, as Eq. 3 of MSSL22 needs.

    Args:
        scores: of one query, (N,) to (K,).
        size: N.
        seed: of the query, with values in (0, 1).
    """
    query = torch.rand(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    second = jacobian(lambda q: jacobian(scores, q, create_graph=True), query)  # (K, N, N)
    return (second - torch.diag_embed(second.diagonal(dim1=-2, dim2=-1))).abs().amax().item()


def without_lagrangian(separation: Callable[[Tensor], Tensor], size: int, *, seed: int = 0) -> float:
    """Largest asymmetry of a separation's Jacobian, relative to its largest entry: 0 where it has a Lagrangian.

    Args:
        separation: (K,) to (K,).
        size: K.
        seed: of the scores, in (0, 1).
    """
    scores = torch.rand(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    slope = jacobian(separation, scores)
    return ((slope - slope.mT).abs().amax() / slope.abs().amax()).item()


def smallest_slope(separation: Callable[[Tensor], Tensor], scores: Float[Tensor, "K"]) -> float:
    """Smallest singular value of a separation's Jacobian over the largest: 0 where f' cannot be divided out.

    Args:
        separation: (K,) to (K,), f.
        scores: h.
    """
    values = torch.linalg.svdvals(jacobian(separation, scores))
    return 0.0 if values[0] == 0 else (values[-1] / values[0]).item()


def hopfield_runs_away(patterns: Float[Tensor, "K N"], *, steps: int) -> list[float]:
    """Length of v over its first length, after each step v <- M^T M v (MSSL22 Eq. 9 without the sign).

    Args:
        patterns: M, bipolar; v starts at the first.
        steps: how many.
    """
    v, lengths = patterns[0], []
    for _ in range(steps):
        v = patterns.mT @ (patterns @ v)
        lengths.append((v.norm() / patterns[0].norm()).item())
    return lengths


def step_of_the_dynamics(
    memories: Float[Tensor, "K N"], queries: Float[Tensor, "K N"], similarity: Callable[[Tensor], Tensor], beta: float
) -> tuple[float, float]:
    """Mean squared error of one Euler step of the dynamics, and of P sep(sim(M, q)), with softmax.

    The step, of length tau_v, leads to sum_mu softmax(beta sim)_mu d sim_mu / dv.

    Args:
        memories: M and, transposed, P.
        queries: corrupted memories, in their order.
        similarity: of all queries with all memories, (B, N) to (B, K), larger for more alike.
        beta: inverse temperature.
    """
    asked = queries.clone().requires_grad_()
    scores = similarity(asked)
    (step,) = torch.autograd.grad((beta * scores).logsumexp(1).sum() / beta, asked)
    direct = (beta * scores.detach()).softmax(1) @ memories
    of_step, of_direct = ((out - memories).square().sum(1).mean().item() for out in (step, direct))
    return of_step, of_direct


def end_of_the_dynamics(
    memories: Float[Tensor, "K N"],
    queries: Float[Tensor, "K N"],
    similarity: Callable[[Tensor], Tensor],
    beta: float,
    *,
    steps: int = 500,
) -> float:
    """Mean squared error of where the dynamics of `step_of_the_dynamics` come to rest, followed in small steps.

    The k-th step is tau_v / (k + 10): a similarity with corners, such as minus the Manhattan distance, leaves a
    ripple of the size of a step.

    Args:
        memories: M.
        queries: corrupted memories, in their order.
        similarity: of all queries with all memories, (B, N) to (B, K), larger for more alike.
        beta: inverse temperature.
        steps: how many.
    """
    v = queries
    for k in range(steps):
        at = v.clone().requires_grad_()
        (force,) = torch.autograd.grad((beta * similarity(at)).logsumexp(1).sum() / beta, at)
        v = v + (force - v) / (k + 10)
    return (v - memories).square().sum(1).mean().item()


def second_step(memories: Float[Tensor, "K N"], queries: Float[Tensor, "B N"], beta: float) -> float:
    """Share of queries that the second update z = M^T softmax(beta M q) moves by over 1 % of what the first did.

    Args:
        memories: M.
        queries: q.
        beta: inverse temperature; MSSL22 Eq. 6 has none, that is 1.
    """
    states = [queries]
    for _ in range(2):
        states.append((beta * states[-1] @ memories.mT).softmax(1) @ memories)
    first, second = ((after - before).norm(dim=1) for before, after in pairwise(states))
    return share(second > 0.01 * first)
