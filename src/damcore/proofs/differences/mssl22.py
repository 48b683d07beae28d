"""What the appendix of MSSL22 says, against its public code."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcore.proofs.differences.probes import share


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
