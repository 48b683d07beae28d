"""What a training of MRS24 ends in, by scaling, dtype and what is clamped."""

import torch
from jaxtyping import Float
from torch import Tensor

from damcompanion.probes import share
from damcore import learning
from damcore.interactions import Interaction, Polynomial, RectifiedPolynomial
from damcore.network import energy_gap
from damcore.recall import recall
from damcore.scaling import Scaling


def vanished_gradients(n: int, memories: Float[Tensor, "K N"], patterns: Float[Tensor, "B N"]) -> float:
    """Share of memories of the modified network, T = 1, whose gradient is exactly zero, in the memories' dtype.

    Source: MRS24 Eq. (14).

    Args:
        n: interaction vertex of the polynomial.
        memories: zeta.
        patterns: to learn, bipolar, of the memories' dtype.
    """
    _, slope = learning.gradient(memories, patterns, Polynomial(n), Scaling.modified(1.0, memories.shape[-1]))
    return share((slope == 0).all(-1))


def equivalent(outer: float, n: int, n_neurons: int) -> float:
    """The 1/T_m at which the modified network is the original with this factor outside: 1/T_m = N outer^(1/n).

    Source: MRS24 Eq. (8), (14).

    Args:
        outer: beta, such as T^-n.
        n: degree of homogeneity.
        n_neurons: N.
    """
    return n_neurons * outer ** (1 / n)


def learned_apart(
    interaction: Interaction,
    memories: Float[Tensor, "K N"],
    patterns: Float[Tensor, "B N"],
    scalings: tuple[Scaling, Scaling],
    *,
    epochs: int,
) -> float:
    """Largest difference of a memory's entry between two trainings that differ in their scaling only.

    Source: MRS24 Eq. (8), (14).

    Args:
        interaction: F.
        memories: initial zeta.
        patterns: to learn, bipolar.
        scalings: such as the original at T and the modified at T / N.
        epochs: passes over the patterns.
    """
    ends = [
        learning.train(memories, patterns, interaction, scaling, epochs=epochs, learning_rate=0.1, floor=None).memories
        for scaling in scalings
    ]
    return (ends[0] - ends[1]).abs().max().item()


def learned_distance(
    interaction: Interaction,
    memories: Float[Tensor, "K N"],
    patterns: Float[Tensor, "B N"],
    scaling: Scaling,
    *,
    epochs: int,
    learning_rate: float,
) -> float:
    """Mean Euclidean distance from the learned patterns to where recall takes them; NaN where a number overflowed.

    Computed in the plain form, so that what leaves the range of the dtype does so here as well.

    Source: MRS24 Eq. (4), (8), (13), (14).

    Args:
        interaction: F.
        memories: initial zeta.
        patterns: to learn, bipolar.
        scaling: original or modified.
        epochs: passes over the patterns.
        learning_rate: of the first epoch.
    """
    learned = learning.train(
        memories, patterns, interaction, scaling, epochs=epochs, learning_rate=learning_rate, floor=None, form="plain",
        on_nonfinite="mark",
    )  # fmt: skip
    ends = recall(learned.memories, patterns, interaction, scaling, on_nonfinite="mark", form="plain")
    if learned.diverged >= 0 or not ends.finite.all():
        return float("nan")
    return (ends.states - patterns).square().sum(-1).sqrt().mean().item()


def plain_descent(
    interaction: Interaction,
    memories: Float[Tensor, "K N"],
    patterns: Float[Tensor, "B N"],
    scaling: Scaling,
    *,
    epochs: int,
) -> float:
    """Largest change of a memory's entry by gradient descent at rate 1, where the step is not normalised.

    Source: MRS24 Eq. (8), (14).

    Args:
        interaction: F.
        memories: initial zeta.
        patterns: to learn, bipolar.
        scaling: original or modified.
        epochs: passes over the patterns.
    """
    moved = memories
    for _ in range(epochs):
        _, slope = learning.gradient(moved, patterns, interaction, scaling)
        moved = moved - slope
    return (moved - memories).abs().max().item()


def largest_score(images: Float[Tensor, "B P"], labels: Tensor, *, clip: bool, epochs: int, seed: int = 0) -> float:
    """The largest normalised score |h| / N of a trained classifier, whose class weights are clamped or not.

    Source: MRS24 Eq. (13).

    Args:
        images: pixels in [-1, 1].
        labels: whole numbers 0 to 9.
        clip: keep the class weights in [-1, 1], too.
        epochs: passes over the images.
        seed: of the initial memories and the order of the images.
    """
    images = images.double()  # single precision would lose powers below 1e-38, which training counts as zero
    targets = 2 * torch.nn.functional.one_hot(labels.long(), 10).to(images) - 1
    states, generator = torch.cat([images, -torch.ones_like(targets)], 1), torch.Generator().manual_seed(seed)
    clamped = torch.ones(states.shape[1], dtype=torch.bool)
    clamped[-10:] = clip
    initial = (0.1 * torch.randn(50, states.shape[1], generator=generator)).clamp(-1, 1).to(images)
    scaling = Scaling(600.0, inner_power=1)  # the middle of KH16's window
    learned = learning.train(
        initial, states, RectifiedPolynomial(20), scaling, epochs=epochs, learning_rate=0.1, momentum=0.6,
        batch_size=200, generator=generator, targets=targets, neurons=slice(-10, None), clip=clamped, floor=None,
    )  # fmt: skip
    return (learned.memories @ states.mT).abs().max().item() / states.shape[1]


def readable(labels: Tensor, *, held: bool) -> float:
    """Share of class neurons whose target follows from the nine others: -1 where one of them is +1, else +1.

    Args:
        labels: whole numbers 0 to 9.
        held: the others are held at -1 (KH16), instead of at the true label.
    """
    targets = torch.nn.functional.one_hot(labels.long(), 10).bool()
    shown = torch.zeros_like(targets) if held else targets
    others = torch.stack([shown[:, torch.arange(10) != c].any(1) for c in range(10)], 1)
    return share(~others == targets)


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
