"""The equations as loops over plain Python floats: slow, obvious, and independent of the package's own algebra."""

import math

import torch
from torch import Tensor


def interaction(kind: str, n: int, slope: float):
    """(F, f) of one number."""

    def value(x: float) -> float:
        if kind == "exponential":
            return math.exp(x)
        if kind == "polynomial" or x >= 0:
            return x**n
        return slope * x if kind == "leaky" else 0.0

    def derivative(x: float) -> float:
        if kind == "exponential":
            return math.exp(x)
        if kind == "polynomial" or x >= 0:
            return n * x ** (n - 1)
        return slope if kind == "leaky" else 0.0

    return value, derivative


def energy(memories: Tensor, states: Tensor, value, inner: float, outer: float) -> Tensor:
    """-outer sum_mu F(inner sum_j zeta_j xi_j), for memories (K, N) and states (B, N)."""
    rows = []
    for state in states.tolist():
        rows.append(
            -outer * sum(value(inner * sum(z * x for z, x in zip(m, state, strict=True))) for m in memories.tolist())
        )
    return torch.tensor(rows, dtype=memories.dtype)


def energy_gap(memories: Tensor, states: Tensor, value, inner: float, outer: float) -> Tensor:
    """MRS24 Eq. 4 / 8 / 13 / 14 as printed: neuron i clamped on, less neuron i clamped off."""
    gaps = []
    for state in states.tolist():
        row = []
        for i in range(len(state)):
            total = 0.0
            for memory in memories.tolist():
                rest = sum(z * x for j, (z, x) in enumerate(zip(memory, state, strict=True)) if j != i)
                total += value(inner * (memory[i] + rest)) - value(inner * (-memory[i] + rest))
            row.append(outer * total)
        gaps.append(row)
    return torch.tensor(gaps, dtype=memories.dtype)


def recall(memories: Tensor, states: Tensor, value, *, tie: float = 1.0, max_sweeps: int = 100) -> Tensor:
    """Asynchronous recall in index order, each neuron by a gap computed from scratch."""
    states = states.clone()
    for b in range(states.shape[0]):
        for _ in range(max_sweeps):
            before = states[b].clone()
            for i in range(states.shape[1]):
                gap = energy_gap(memories, states[b : b + 1], value, 1.0, 1.0)[0, i].item()
                states[b, i] = tie if gap == 0 else math.copysign(1.0, gap)
            if torch.equal(before, states[b]):
                break
    return states


def loss(memories: Tensor, patterns: Tensor, interaction, inner, outer, error_exponent: int) -> Tensor:
    """Eq. 8 / 14 in differentiable torch, with both clamped copies written out: the autograd reference."""
    h = patterns @ memories.mT
    own = patterns[..., :, None, :] * memories[..., None, :, :]
    z = memories[..., None, :, :]
    rest = h[..., None] - own
    gap = outer * (interaction(inner * (rest + z)) - interaction(inner * (rest - z))).sum(-2)
    return ((patterns - torch.tanh(gap)) ** (2 * error_exponent)).sum()


def step(memories, velocity, gradient, rate, momentum, floor):
    """KH16 Eq. 13 for memories (K, N), entry by entry; returns the new memories and velocity."""
    memories, velocity = memories.clone(), velocity.clone()
    for mu in range(memories.shape[0]):
        row = [momentum * velocity[mu, j].item() - gradient[mu, j].item() for j in range(memories.shape[1])]
        largest = max(max(abs(v) for v in row), floor)
        for j, v in enumerate(row):
            velocity[mu, j] = v
            moved = memories[mu, j].item() + (rate * v / largest if largest else 0.0)
            memories[mu, j] = min(1.0, max(-1.0, moved))
    return memories, velocity


def error_law(n: int, n_neurons: int, n_memories: int, *, rectified: bool) -> float:
    """The chance that a neuron leaves a stored random pattern: all its noise terms convolved, without a tilt."""

    def bracket(h: int) -> int:
        on, off = ((max(x, 0) if rectified else x) ** n for x in (h + 1, h - 1))
        return on - off

    ways = [(bracket(2 * plus - n_neurons + 1), math.comb(n_neurons - 1, plus)) for plus in range(n_neurons)]
    variance = sum(count * value**2 for value, count in ways) / 2 ** (n_neurons - 1)
    reach = int(12 * (variance * n_memories) ** 0.5) + bracket(n_neurons)
    length = 1 << (2 * reach).bit_length()
    law = torch.zeros(length, dtype=torch.float64)
    for value, count in ways:
        for sign in (1, -1):
            law[sign * value % length] += count / 2**n_neurons
    total = torch.fft.irfft(torch.fft.rfft(law) ** (n_memories - 1), length)
    signal = bracket(n_neurons - 1)
    negative = torch.arange(length // 2, length) - length  # what a place of the second half stands for
    lost = total[length // 2 :][negative < -signal].sum() + total[-signal] / 2  # a tie goes to +1, half the time wrong
    return lost.item()
