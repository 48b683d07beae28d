"""What the disagreements between the texts, and with public code, amount to: each function measures one of them."""

from fractions import Fraction
from math import comb, log

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import hopfield, learning
from damcore.datasets import flip, random_patterns
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
    whole_power,
)
from damcore.network import energy, energy_gap
from damcore.recall import recall
from damcore.scaling import Scaling

ONE = Scaling(1.0)  # inner = outer = 1


def share(differs: Tensor) -> float:
    """Share of true elements, 0 to 1."""
    return differs.double().mean().item()


def self_coupling(n_neurons: int, n_memories: int, *, noise: float, seed: int = 0) -> tuple[float, float]:
    """Share of Hopfield updates that W_ii = K, as printed, sends elsewhere than W_ii = 0.

    Source: MRS24 Eq. (1), (2), (3).

    Args:
        n_neurons: N.
        n_memories: K random patterns.
        noise: the states are the patterns with this share of neurons flipped; 0.5 makes them unrelated.
        seed: of the patterns and the noise.

    Returns:
        That share, and the share in which W_ii = 0 differs from the polynomial of vertex 2.
    """
    generator = torch.Generator().manual_seed(seed)
    patterns = random_patterns(n_memories, n_neurons, generator=generator)
    states = flip(patterns, noise, generator=generator)
    without, printed = (states @ hopfield.hebb(patterns, self_coupling=kept) >= 0 for kept in (False, True))
    dense = energy_gap(patterns, states, Polynomial(2), ONE) >= 0
    return share(without != printed), share(without != dense)


def tie_rule(interaction: Interaction, n_neurons: int, n_memories: int, *, noise: float = 0.2, seed: int = 0):
    """Share of gaps that are exactly zero, and share of probes that sign(0) = -1 sends elsewhere than sign(0) = +1.

    Args:
        interaction: F.
        n_neurons: N.
        n_memories: K random bipolar memories.
        noise: the probes are the memories with this share of neurons flipped.
        seed: of the memories and the noise.
    """
    memories, probes = _stored(n_neurons, n_memories, noise, seed)
    zero = energy_gap(memories, probes, interaction, ONE) == 0
    ends = [recall(memories, probes, interaction, ONE, tie=tie).states for tie in ("positive", "negative")]
    return share(zero), share((ends[0] != ends[1]).any(-1))


def update_order(interaction: Interaction, n_neurons: int, n_memories: int, *, noise: float = 0.2, seed: int = 0):
    """Share of probes that end elsewhere when all neurons move at once, and share of those runs that end in a cycle.

    Args:
        interaction: F.
        n_neurons: N.
        n_memories: K random bipolar memories.
        noise: the probes are the memories with this share of neurons flipped.
        seed: of the memories and the noise.
    """
    memories, probes = _stored(n_neurons, n_memories, noise, seed)
    runs = [recall(memories, probes, interaction, ONE, order=order) for order in ("asynchronous", "synchronous")]
    return share((runs[0].states != runs[1].states).any(-1)), share(runs[1].period > 1)


def energy_of_the_sum(interaction: Interaction, n_neurons: int, n_memories: int, *, noise: float = 0.2, seed: int = 0):
    """Share of single flips of a probe that -F(sum_mu h_mu) ranks otherwise than -sum_mu F(h_mu), KH16's energy.

    Args:
        interaction: F.
        n_neurons: N.
        n_memories: K random bipolar memories.
        noise: the probes are the memories with this share of neurons flipped.
        seed: of the memories and the noise.
    """
    memories, probes = _stored(n_neurons, n_memories, noise, seed)
    flipped = (probes[:, None, :] * (1 - 2 * torch.eye(n_neurons, dtype=probes.dtype))).flatten(0, 1)  # (B N, N)
    whole = probes.repeat_interleave(n_neurons, 0)
    right = energy(memories, flipped, interaction, ONE) - energy(memories, whole, interaction, ONE)
    of_sum = interaction((whole @ memories.mT).sum(-1)) - interaction((flipped @ memories.mT).sum(-1))
    return share((right < 0) != (of_sum < 0))


def slope_sign(n: int, slope: float, n_neurons: int, n_memories: int, *, divisor: float, seed: int = 0) -> float:
    """Share of updates that the leaky function as printed (-slope) sends elsewhere than the public code's (+slope).

    Args:
        n: interaction vertex.
        slope: epsilon.
        n_neurons: N.
        n_memories: K random memories with entries in [-1, 1].
        divisor: what overlaps are divided by, 1 or N.
        seed: of memories and random states.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = 2 * torch.rand(n_memories, n_neurons, generator=generator, dtype=torch.float64) - 1
    states, scaling = random_patterns(100, n_neurons, generator=generator), Scaling(1.0, divisor=divisor)
    kinds = (LeakyRectifiedPolynomial(n, slope), LeakyRectifiedPolynomial(n, -slope))
    gaps = [energy_gap(memories, states, kind, scaling) for kind in kinds]
    return share((gaps[0] >= 0) != (gaps[1] >= 0))


def exponential_followers(
    factors: list[float], n_neurons: int, n_memories: int, *, noise: float = 0.1, seed: int = 0
) -> tuple[Float[Tensor, "factors"], Float[Tensor, "factors"]]:
    """Where the neurons of an exponential network go when the overlap is multiplied by a factor first.

    Args:
        factors: the factors a in F(a h) = e^(a h).
        n_neurons: N.
        n_memories: K random bipolar memories.
        noise: the states are the memories with this share of neurons flipped.
        seed: of the memories and the noise.

    Returns:
        For each factor the share of neurons that go where the memory has them, and the share, of those without a tie,
        that go where the majority of all memories points.
    """
    memories, states = _stored(n_neurons, n_memories, noise, seed)
    vote = memories.sum(0)
    ends = []
    for factor in factors:
        gaps = energy_gap(memories, states, Exponential(), Scaling(1.0, divisor=1 / factor))
        ends.append(torch.where(gaps >= 0, 1.0, -1.0))
    updates = torch.stack(ends)
    with_vote = (updates == vote.sign())[..., vote != 0]
    return (updates == memories).double().mean((1, 2)), with_vote.double().mean((1, 2))


def vanished_gaps(n: int, n_neurons: int, n_memories: int, dtype: torch.dtype, *, seed: int = 0) -> float:
    """Share of gaps of the modified network that are exactly zero, for random bipolar memories and probes.

    Args:
        n: interaction vertex of the polynomial.
        n_neurons: N.
        n_memories: K.
        dtype: of the computation.
        seed: of memories and probes.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator, dtype=dtype)
    probes = random_patterns(200, n_neurons, generator=generator, dtype=dtype)
    return share(energy_gap(memories, probes, Polynomial(n), Scaling(1.0, divisor=float(n_neurons))) == 0)


def noise_variance(n_neurons: int, n: int, *, rectified: bool) -> Fraction:
    """The variance of what one other random memory adds to a stored neuron's gap, E[(F(r + 1) - F(r - 1))^2], exactly.

    r, the overlap of the other N - 1 neurons, is a sum of N - 1 signs.

    Args:
        n_neurons: N.
        n: interaction vertex.
        rectified: of the rectified polynomial, instead of the polynomial.
    """
    total = Fraction(0)
    for plus in range(n_neurons):
        r = 2 * plus - (n_neurons - 1)
        on, off = ((max(h, 0) if rectified else h) ** n for h in (r + 1, r - 1))
        total += Fraction(comb(n_neurons - 1, plus) * (on - off) ** 2, 2 ** (n_neurons - 1))
    return total


def unstable(n: int, n_neurons: int, n_memories: int, *, rectified: bool, networks: int, seed: int = 0):
    """Share of neurons that leave a stored random pattern in one update, and share of patterns that lose a neuron.

    Args:
        n: interaction vertex.
        n_neurons: N.
        n_memories: K patterns.
        rectified: rectified polynomial, instead of the polynomial.
        networks: how many networks to average over.
        seed: of the patterns.
    """
    generator = torch.Generator().manual_seed(seed)
    kind, wrong = RectifiedPolynomial(n) if rectified else Polynomial(n), []
    for _ in range(networks):
        patterns = random_patterns(n_memories, n_neurons, generator=generator)
        wrong.append((energy_gap(patterns, patterns, kind, ONE) >= 0) != (patterns > 0))
    neurons = torch.stack(wrong)
    return share(neurons), share(neurons.any(-1))


def no_errors(n_neurons: int, n: int) -> float:
    """The largest number of memories without errors, K = N^(n-1) / (2 (2n-3)!! ln N), as KH16 quotes its Eq. (6).

    Args:
        n_neurons: N.
        n: interaction vertex, at least 2.
    """
    odd = 1
    for factor in range(2 * n - 3, 1, -2):
        odd *= factor
    return n_neurons ** (n - 1) / (2 * odd * log(n_neurons))


def first_order(n: int, power: int, n_neurons: int, n_memories: int, *, own: bool, seed: int = 0) -> float:
    """Share of updates that sum_mu zeta_i h^power sends elsewhere than the bracket of x^n.

    Taylor's first order of the bracket has power n - 1 (the dual of KH16, the row DAM in Table 1 of MSSL22).

    Args:
        n: interaction vertex of the bracket.
        power: of the approximation.
        n_neurons: N.
        n_memories: K random bipolar memories; the states are random, too.
        own: keep the neuron's own term in h, as P (Mq)^(n-1) does; the dual's h has the clamped neurons only.
        seed: of memories and states.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator)
    states = random_patterns(20, n_neurons, generator=generator)
    overlap = (states @ memories.mT)[..., None].expand(-1, -1, n_neurons)
    if not own:
        overlap = overlap - memories * states[:, None, :]
    approximate = (memories * whole_power(overlap, power)).sum(-2)
    return share((approximate >= 0) != (energy_gap(memories, states, Polynomial(n), ONE) >= 0))


def label_leak(
    images: Float[Tensor, "B N"],
    labels: Tensor,
    test_images: Float[Tensor, "A N"],
    test_labels: Tensor,
    *,
    epochs: int = 30,
    seed: int = 0,
) -> dict[str, float]:
    """Accuracy of a classifier trained with all other class neurons at -1 (KH16), or left at the true label.

    For the right class the others are -1 either way; for each of the nine others, one of them is +1 and gives it away.

    Args:
        images: pixels in [-1, 1].
        labels: whole numbers 0 to 9.
        test_images: as `images`; here the class neurons are at -1.
        test_labels: as `labels`.
        epochs: passes over the images.
        seed: of the initial memories and the order of the images.

    Returns:
        Accuracy on the test images, by what the class neurons are held at while training.
    """
    targets = 2 * torch.nn.functional.one_hot(labels.long(), 10).to(images) - 1
    scaling, kind = Scaling(540.0, inner_power=1), RectifiedPolynomial(20)  # KH16's notebook: T^-n F(h) = F(h / T)
    test = torch.cat([test_images, -test_images.new_ones(len(test_images), 10)], 1)
    found = {}
    for name, held in (("-1", -torch.ones_like(targets)), ("the true label", targets)):
        generator = torch.Generator().manual_seed(seed)
        states = torch.cat([images, held], 1)
        initial = (0.3 * torch.randn(50, states.shape[1], generator=generator) - 0.3).clamp(-1, 1).to(images)
        learned = learning.train(
            initial, states, kind, scaling, epochs=epochs, learning_rate=0.04, decay=0.998, momentum=0.6,
            error_exponent=30, batch_size=500, generator=generator, targets=targets, neurons=slice(-10, None),
        )  # fmt: skip
        gaps = energy_gap(learned.memories, test, kind, scaling, neurons=slice(-10, None))
        found[name] = share(gaps.argmax(-1) == test_labels)
    return found


def softmax_direction(images: Float[Tensor, "K N"], *, beta: float) -> dict[str, float]:
    """Share of half-masked images whose own memory gets the largest weight, with e^(beta s) and with e^(-beta s).

    s is the dot product of rows that sum to 1, itself normalised to sum to 1 (MSSL22, appendix E).

    Args:
        images: memories, values in [0, 1]; the queries are the same with their lower half at 0.
        beta: inverse temperature.

    Returns:
        The two shares, and the mean largest weight of the first, times the number of memories: 1 for equal weights.
    """
    rows, asked = _distributions(images)
    scores = asked @ rows.mT
    scores = scores / scores.sum(1, keepdim=True)
    own = torch.arange(len(images))
    weights = (beta * scores).softmax(1)
    return {
        "e^(beta s)": share(weights.argmax(1) == own),
        "e^(-beta s)": share((-beta * scores).softmax(1).argmax(1) == own),
        "largest weight times K": (weights.amax(1).mean() * len(images)).item(),
    }


def jensen_shannon_as_coded(images: Float[Tensor, "K N"], *, epsilon: float = 1e-4) -> dict[str, float]:
    """Share of half-masked images whose own memory scores highest, with the public code's 1 / (1/2 / KL + 1/2 / KL').

    KL and KL' are the two divergences of query and memory, each with epsilon inside its logarithms. The expression is
    their harmonic mean: small where the two are alike. Its reciprocal is a similarity.

    Args:
        images: memories, values in [0, 1]; the queries are the same with their lower half at 0.
        epsilon: the public code's.

    Returns:
        The share as coded, and with the reciprocal.
    """
    rows, asked = _distributions(images)
    log_rows, log_asked = (rows + epsilon).log(), (asked + epsilon).log()
    of_rows = (rows * log_rows).sum(1) - log_asked @ rows.mT
    of_asked = (asked * log_asked).sum(1, keepdim=True) - asked @ log_rows.mT
    coded = 1 / (0.5 / of_rows + 0.5 / of_asked)
    own = torch.arange(len(images))
    return {
        "as coded": share(coded.argmax(1) == own),
        "its reciprocal": share((1 / coded).argmax(1) == own),
    }


def noise_size(images: Float[Tensor, "K N"], deviation: float, *, seed: int = 0) -> float:
    """Root mean square of what the public code's noise, clamp(|x + e|, 0, 1), does to a pixel.

    Args:
        images: values in [0, 1].
        deviation: standard deviation of e.
        seed: of e.
    """
    noise = deviation * torch.randn(images.shape, generator=torch.Generator().manual_seed(seed), dtype=images.dtype)
    return ((images + noise).abs().clamp(0, 1) - images).square().mean().sqrt().item()


def _distributions(images: Tensor) -> tuple[Tensor, Tensor]:
    """The images, and the images with their lower half at 0, each with rows that sum to 1."""
    queries = images.clone()
    queries[:, images.shape[1] // 2 :] = 0
    return images / images.sum(1, keepdim=True), queries / queries.sum(1, keepdim=True)


def _stored(n_neurons: int, n_memories: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Random bipolar memories and the same with noise."""
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator)
    return memories, flip(memories, noise, generator=generator)
