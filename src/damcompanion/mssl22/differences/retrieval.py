"""What MSSL22 says of similarities, separations and retrieval of pictures, against its formulas and its public code."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.probes import ONE, share
from damcore.datasets import flip, random_patterns
from damcore.interactions import Polynomial, whole_power
from damcore.network import energy_gap


def softmax_direction(images: Float[Tensor, "K N"], *, beta: float) -> dict[str, float]:
    """Share of half-masked images whose own memory gets the largest weight, with e^(beta s) and with e^(-beta s).

    s is the dot product of rows that sum to 1, itself normalised to sum to 1 (MSSL22, appendix E).

    Args:
        images: memories, values in [0, 1]; the queries are the same with their upper half at 0.
        beta: inverse temperature.

    Returns:
        The two shares, and the mean largest weight of the first, times the number of memories: 1 for equal weights.
    """
    rows, asked = distributions(images), distributions(half_masked(images))
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
        images: memories, values in [0, 1]; the queries are the same with their upper half at 0.
        epsilon: the public code's.

    Returns:
        The share as coded, and with the reciprocal.
    """
    rows, asked = distributions(images), distributions(half_masked(images))
    log_rows, log_asked = (rows + epsilon).log(), (asked + epsilon).log()
    of_rows = (rows * log_rows).sum(1) - log_asked @ rows.mT
    of_asked = (asked * log_asked).sum(1, keepdim=True) - asked @ log_rows.mT
    coded = 1 / (0.5 / of_rows + 0.5 / of_asked)
    own = torch.arange(len(images))
    return {
        "as coded": share(coded.argmax(1) == own),
        "its reciprocal": share((1 / coded).argmax(1) == own),
    }


def noise_size(images: Float[Tensor, "K N"], deviation: float, *, absolute: bool = True, seed: int = 0) -> float:
    """Root mean square of what noise does to a pixel.

    Args:
        images: values in [0, 1].
        deviation: standard deviation of e.
        absolute: clamp(|x + e|, 0, 1), the public code's formula; else x + e clipped to [0, 1], as in the text.
        seed: of e.
    """
    return (noisy(images, deviation, absolute=absolute, seed=seed) - images).square().mean().sqrt().item()


def distributions(images: Float[Tensor, "K N"]) -> Float[Tensor, "K N"]:
    """The images with rows that sum to 1, the `norm` of MSSL22's Eq. 13; a row of zeros becomes NaN."""
    return images / images.sum(1, keepdim=True)


def half_masked(images: Float[Tensor, "K N"], *, lower: bool = False) -> Float[Tensor, "K N"]:
    """The images with their upper half at 0, as in the text; or with their lower half, as in the public code."""
    half, masked = images.shape[1] // 2, images.clone()
    masked[:, slice(half, None) if lower else slice(half)] = 0
    return masked


def noisy(
    images: Float[Tensor, "K N"], deviation: float, *, absolute: bool = False, seed: int = 0
) -> Float[Tensor, "K N"]:
    """The images with Gaussian noise, clipped to [0, 1]; arguments as in `noise_size`."""
    noise = deviation * torch.randn(images.shape, generator=torch.Generator().manual_seed(seed), dtype=images.dtype)
    return ((images + noise).abs() if absolute else images + noise).clamp(0, 1)


def scores(memories: Float[Tensor, "K N"], queries: Float[Tensor, "B N"], similarity: str) -> Float[Tensor, "B K"]:
    """Similarity scores that sum to 1, larger for more alike (MSSL22, appendix E).

    Args:
        memories: M, values in [0, 1].
        queries: q.
        similarity: "dot" of rows that sum to 1 (Eq. 13), or the reciprocal of "manhattan", of "euclidean" as Table 2
            has it, that is squared, or of its "root".
    """
    if similarity == "dot":
        raw = queries @ distributions(memories).mT
    else:
        order = 1.0 if similarity == "manhattan" else 2.0
        raw = torch.cdist(queries, memories, p=order, compute_mode="donot_use_mm_for_euclid_dist")
        raw = 1 / (raw.square() if similarity == "euclidean" else raw)
    return distributions(raw)


def own_first(found: Float[Tensor, "B K"], *, smallest: bool = False) -> float:
    """Share of queries, in the order of the memories, to which their own memory has the largest score.

    Args:
        found: scores; rows that are not finite are left out.
        smallest: the smallest score, instead.
    """
    own, finite = torch.arange(len(found)), found.isfinite().all(1)
    best = found.argmin(1) if smallest else found.argmax(1)
    return share((best == own)[finite])


def retrieved(
    memories: Float[Tensor, "K N"],
    queries: Float[Tensor, "B N"],
    separation: Callable[[Tensor], Tensor],
    *,
    similarity: str = "dot",
    threshold: float = 50.0,
) -> float:
    """Share of queries, in the order of the memories, that come back within a squared error (MSSL22, appendix E).

    Args:
        memories: M.
        queries: q.
        separation: of the scores; what it gives is divided by its sum.
        similarity: as in `scores`.
        threshold: largest squared error, summed over pixels; 50 in the text.
    """
    out = distributions(separation(scores(memories, queries, similarity))) @ memories
    return share((out - memories[: len(out)]).square().sum(1) < threshold)


def accepted(images: Float[Tensor, "K N"], threshold: float) -> tuple[float, float]:
    """Share of images within a squared error of the mean image, and of the most similar other image.

    Args:
        images: values in [0, 1].
        threshold: largest squared error, summed over pixels.
    """
    away = torch.cdist(images, images).square()
    away.fill_diagonal_(math.inf)
    mean = (images - images.mean(0)).square().sum(1)
    return share(mean < threshold), share(away.amin(1) < threshold)


def lost_by_the_dot_product(images: Float[Tensor, "K N"], *, norm: str) -> float:
    """Share of uncorrupted images that have a larger dot product with another image than with themselves.

    Args:
        images: memories and queries.
        norm: of the memories: "none", "sum" (MSSL22 Eq. 13) or "length".
    """
    of = {"none": 1.0, "sum": images.sum(1), "length": images.norm(dim=1)}[norm]
    return 1 - own_first(images @ images.mT / of)


def divergences(
    memories: Float[Tensor, "K N"], queries: Float[Tensor, "B N"], *, epsilon: float = 0.0
) -> dict[str, Float[Tensor, "B K"]]:
    """The rows of MSSL22's Table 2 that are divergences, with 0 ln 0 = 0, and the Jensen-Shannon divergence itself.

    Args:
        memories: M; its rows are made to sum to 1, as those of q.
        queries: q.
        epsilon: added inside the logarithms.

    Returns:
        "KL" sum q ln(M / q), "reverse KL" sum M ln(M / q), "as printed" KL(M, q) / 2 + KL(q, M) / 2, "Jensen-Shannon".
    """
    m, q = distributions(memories), distributions(queries)[:, None]

    def divergence(p: Tensor, other: Tensor) -> Tensor:
        return torch.where(p > 0, p * ((p + epsilon) / (other + epsilon)).log(), torch.zeros_like(p + other)).sum(-1)

    middle = (m + q) / 2
    of_q, of_m = divergence(q, m), divergence(m, q)
    return {
        "KL": -of_q,
        "reverse KL": of_m,
        "as printed": (of_m + of_q) / 2,
        "Jensen-Shannon": (divergence(m, middle) + divergence(q, middle)) / 2,
    }


def heteroassociation(
    memories: Float[Tensor, "K N"], projected: Float[Tensor, "K O"], queries: Float[Tensor, "K N"]
) -> tuple[Float[Tensor, "K N"], Float[Tensor, "K O"]]:
    """What comes out with P = M^T, and with another P, of normalised dot products without separation.

    Args:
        memories: M.
        projected: P, transposed.
        queries: q.
    """
    weights = scores(memories, queries, "dot")
    return weights @ memories, weights @ projected


def first_order(
    n: int, power: int, n_neurons: int, n_memories: int, *, own: bool, noise: float | None = None, seed: int = 0
) -> float:
    """Share of updates that sum_mu zeta_i h^power sends elsewhere than the bracket of x^n.

    Taylor's first order of the bracket has power n - 1 (the dual of KH16, the row DAM in Table 1 of MSSL22).

    Args:
        n: interaction vertex of the bracket.
        power: of the approximation.
        n_neurons: N.
        n_memories: K random bipolar memories.
        own: keep the neuron's own term in h, as P (Mq)^(n-1) does; the dual's h has the clamped neurons only.
        noise: the states are memories with this share of neurons flipped, instead of random.
        seed: of memories and states.
    """
    generator = torch.Generator().manual_seed(seed)
    memories = random_patterns(n_memories, n_neurons, generator=generator)
    if noise is None:
        states = random_patterns(20, n_neurons, generator=generator)
    else:
        states = flip(memories[:20], noise, generator=generator)
    overlap = (states @ memories.mT)[..., None].expand(-1, -1, n_neurons)
    if not own:
        overlap = overlap - memories * states[:, None, :]
    approximate = (memories * whole_power(overlap, power)).sum(-2)
    return share((approximate >= 0) != (energy_gap(memories, states, Polynomial(n), ONE) >= 0))
