"""The feed-forward network that is dual to the classifier: the first order of its gap in the class neurons.

Let u be the overlap of a memory with the pixels. The class neurons shift it by little. So in the gap of class alpha

    F(c (u + a + 2 zeta_alpha)) - F(c (u + a))  is about  2 c zeta_alpha F'(c u).

This is a network with one hidden layer: its hidden neurons have the activation function F', of power n - 1 where F is a
power of n, and its output weights are the class entries. The shift a of the other class neurons is left out.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from damcore import _checks
from damcore.interactions import Interaction, whole_power
from damcore.scaling import Scaling


@_checks.door
def dual_gap(
    memories: Float[Tensor, "K N"], pixels: Float[Tensor, "B P"], interaction: Interaction, scaling: Scaling
) -> Float[Tensor, "B C"]:
    """Return the gap of each class neuron to first order in the class neurons.

        gap_alpha = 2 outer inner sum_mu zeta[mu, alpha] F'(inner sum_i zeta[mu, i] v_i)

    Source: KH16 Eq. (9).

    Args:
        memories: zeta, the entries of the pixels and then those of the C = N - P classes.
        pixels: v, in [-1, 1], without class neurons.
        interaction: F.
        scaling: that of the associative form; its temperature is a number.

    Returns:
        The gaps.

    Raises:
        ValueError: the memories have no class entries beyond the pixels.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.classifier import dual_gap
        >>> from damcore.interactions import Polynomial
        >>> memories = torch.tensor([[1.0, -1.0, 0.5]])  # two pixels, one class
        >>> dual_gap(memories, torch.tensor([[1.0, -1.0]]), Polynomial(3), Scaling(1.0)).item()  # 2 * 0.5 * 3 * 2^2
        12.0
    """
    h, classes, inner, outer = _taken(memories, pixels, scaling)
    return 2 * outer * inner * interaction.derivative(inner * h) @ classes


@_checks.door
def dual_gradient(
    memories: Float[Tensor, "K N"],
    pixels: Float[Tensor, "B P"],
    targets: Float[Tensor, "B C"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    error_exponent: int = 1,
) -> tuple[Float[Tensor, ""], Float[Tensor, "K N"]]:
    """Return the loss of the dual network and its gradient, in closed form for a power and its rectified form.

        L = sum_b sum_alpha (t - tanh gap_alpha)^(2m)
        dL/dzeta[mu, alpha] = sum_b w_alpha F'(inner h)
        dL/dzeta[mu, i] = sum_b sum_alpha w_alpha zeta[mu, alpha] inner F''(inner h) v_i

    with w_alpha = dL/dgap_alpha 2 outer inner. For these functions F' is n times F of the vertex n - 1.

    Source: KH16 Eq. (14).

    Args:
        memories: as in `dual_gap`.
        pixels: as in `dual_gap`.
        targets: t, +1 for the right class and -1 for the others.
        interaction: F, x^n or its rectified form, with n of at least 2.
        scaling: as in `dual_gap`.
        error_exponent: m, at least 1.

    Returns:
        The loss and the gradient.

    Raises:
        ValueError: F is another function, or n is 1; or the shapes do not fit.
        FloatingPointError: the loss or the gradient leaves the range of the dtype.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.classifier import dual_gradient
        >>> from damcore.interactions import Polynomial
        >>> memories, pixels = torch.tensor([[1.0, -1.0, 0.5]]), torch.tensor([[0.1, -0.1]])
        >>> loss, gradient = dual_gradient(memories, pixels, torch.tensor([[1.0]]), Polynomial(2), Scaling(1.0))
        >>> round(loss.item(), 3), gradient.shape
        (0.384, torch.Size([1, 3]))
    """
    _checks.power("error_exponent", error_exponent)
    if interaction.monomial is None or interaction.vertex < 2:
        _checks.refuse(f"`interaction` must be x^n or its rectified form, with n of at least 2, got {interaction!r}.")
    h, classes, inner, outer = _taken(memories, pixels, scaling)
    _fit("targets", targets, memories.dtype, (len(pixels), classes.shape[1]))
    lower = interaction.of_vertex(interaction.vertex - 1, 0.0)
    first, second = interaction.derivative(inner * h), interaction.vertex * lower.derivative(inner * h)
    found = torch.tanh(2 * outer * inner * first @ classes)
    error = targets - found
    odd = whole_power(error, 2 * error_exponent - 1)
    w = -2 * error_exponent * odd * (1 - found * found) * 2 * outer * inner
    of_pixels = ((w @ classes.mT) * inner * second).mT @ pixels
    loss, gradient = (odd * error).sum(), torch.cat([of_pixels, first.mT @ w], 1)
    if not (loss.isfinite() and gradient.isfinite().all()):
        _checks.refuse(
            f"The loss or its gradient left the range of {memories.dtype}; raise the temperature, or take "
            "`scaling.inside(interaction)`.",
            FloatingPointError,
        )
    return loss, gradient


@_checks.door
def train_dual(
    memories: Float[Tensor, "K N"],
    pixels: Float[Tensor, "B P"],
    targets: Float[Tensor, "B C"],
    interaction: Interaction,
    scaling: Scaling,
    *,
    epochs: int,
    learning_rate: float,
    decay: float = 0.998,
    momentum: float = 0.6,
    error_exponent: int = 1,
    batch_size: int = 1000,
    floor: float | None = 1e-30,
    generator: torch.Generator | None = None,
    watch: Callable[[int, Tensor], object] | None = None,
) -> Float[Tensor, "K N"]:
    """Train the dual network with KH16's normalised step, as `learning.train` does the associative form.

        V <- momentum V - dL/dzeta
        zeta <- clip(zeta + rate V / max(max_j |V[mu, j]|, floor)),   rate = learning_rate decay^epoch

    Source: KH16 Eq. (12), (13).

    Args:
        memories: the initial zeta; they are not changed.
        pixels: v, in [-1, 1], without class neurons.
        targets: t.
        interaction: F, as in `dual_gradient`.
        scaling: that of the associative form.
        epochs: passes over the images, at least 1.
        learning_rate: of the first epoch, > 0.
        decay: the factor on the rate after each epoch, in (0, 1].
        momentum: the factor on the velocity before each step, in [0, 1).
        error_exponent: m, at least 1.
        batch_size: images a step, at least 1.
        floor: the least value of the normalisation, or None.
        generator: shuffles the images before each epoch, as in `learning.train`; without one they keep their order.
        watch: a function that is called after each epoch, with their number and the memories.

    Returns:
        The memories after the last epoch.

    Raises:
        ValueError: a setting is out of range, or as in `dual_gradient`.

    Example:
        >>> import torch
        >>> from damcore import Scaling
        >>> from damcore.classifier import dual_gap, train_dual
        >>> from damcore.interactions import RectifiedPolynomial
        >>> pixels, targets = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        >>> memories = 0.1 * torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
        >>> network = RectifiedPolynomial(3), Scaling(1.0)
        >>> trained = train_dual(memories, pixels, targets, *network, epochs=50, learning_rate=0.1)
        >>> dual_gap(trained, pixels, *network).argmax(1).tolist()
        [0, 1]
    """
    _checks.whole("epochs", epochs)
    _checks.whole("batch_size", batch_size)
    _checks.number("learning_rate", learning_rate, above=0.0)
    _checks.number("decay", decay, above=0.0, most=1.0)
    _checks.fraction("momentum", momentum)
    if floor is not None:
        _checks.number("floor", floor, least=0.0)
    _, classes, *_ = _taken(memories, pixels, scaling)
    _fit("targets", targets, memories.dtype, (len(pixels), classes.shape[1]))
    memories, velocity = memories.detach().clone(), torch.zeros_like(memories)
    for epoch in range(epochs):
        order = torch.arange(len(pixels)) if generator is None else torch.randperm(len(pixels), generator=generator)
        for batch in order.to(pixels.device).split(batch_size):
            given = memories, pixels[batch], targets[batch], interaction, scaling
            _, gradient = dual_gradient(*given, error_exponent=error_exponent)
            velocity = momentum * velocity - gradient
            largest = velocity.abs().amax(-1, keepdim=True).clamp_min(floor or 0.0)
            step = torch.where(largest > 0, velocity / largest, 0.0)
            memories = (memories + learning_rate * decay**epoch * step).clamp(-1, 1)
        if watch is not None:
            watch(epoch + 1, memories)
    return memories


def _fit(name: str, values: Tensor, dtype: torch.dtype, shape: tuple[int, int]) -> None:
    """Refuse a tensor of another dtype or shape."""
    _checks.is_tensor(name, values)
    _checks.has_dtype(name, values, dtype)
    if values.shape != shape:
        _checks.refuse(f"`{name}` must have shape {shape}, got {tuple(values.shape)}.")


def _taken(memories: Tensor, pixels: Tensor, scaling: Scaling) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The overlaps with the pixels, the class entries, and both factors of the scaling."""
    for name, values, row, column in (("memories", memories, "K", "N"), ("pixels", pixels, "B", "P")):
        _checks.rows(name, values, row, column)
        if values.ndim > 2:
            _checks.refuse(f"`{name}` must have shape ({row}, {column}), got {tuple(values.shape)}.")
    if isinstance(scaling.temperature, Tensor) and scaling.temperature.ndim:
        _checks.refuse(f"`scaling` must have one temperature, got {tuple(scaling.temperature.shape)}.")
    _checks.has_dtype("pixels", pixels, memories.dtype)
    n_pixels = pixels.shape[-1]
    if memories.shape[-1] <= n_pixels:
        _checks.refuse(f"`memories` must have class entries beyond the {n_pixels} pixels, got {tuple(memories.shape)}.")
    return pixels @ memories[:, :n_pixels].mT, memories[:, n_pixels:], *scaling.factors(memories)
