"""How good the dual of the classifier is while it learns, and what each form learns by itself."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from damcore import _checks
from damcore.classifier import dual_gap, train_dual
from damcore.datasets import mnist
from damcore.interactions import RectifiedPolynomial
from damcore.learning import advance, start
from damcore.network import energy_gap
from damcore.scaling import Scaling

CLASSES, BATCH = 10, 500


class Digits(NamedTuple):
    """The bundled digits: pixels from -1 to 1, targets and labels of those that are learned, and those held out."""

    pixels: Tensor
    targets: Tensor
    held_out: Tensor
    wanted: Tensor


@cache
def _digits() -> Digits:
    (images, labels), (tried, wanted) = (mnist(split, source="bundled") for split in ("train", "test"))
    pixels, held_out = (torch.from_numpy(part).flatten(1).float() / 127.5 - 1 for part in (images, tried))
    targets = 2 * torch.nn.functional.one_hot(torch.from_numpy(labels), CLASSES).float() - 1
    return Digits(pixels, targets, held_out, torch.from_numpy(wanted))


def _off(pixels: Tensor) -> Tensor:
    """States whose class neurons are off."""
    return torch.cat([pixels, pixels.new_full((len(pixels), CLASSES), -1.0)], 1)


@_checks.door
def along_training(
    n: int, temperature: float, error_exponent: int, looks: Sequence[int], *, n_memories: int = 100, seed: int = 0
) -> pd.DataFrame:
    """Train the associative form and the dual from the same memories on the same minibatches, and look on the way.

    The settings are those of KH16's public notebook, but for minibatches of 500 and the bundled digits.

    Args:
        n: the vertex of the rectified function.
        temperature: T of the original scaling.
        error_exponent: m.
        looks: numbers of epochs, ascending.
        n_memories: K.
        seed: of the memories and of the minibatches.

    Returns:
        A row a look: epoch; apart, the distance of the dual's gaps from those of the associative form on its memories,
        relative to the size of the latter, on held-out digits; other, the share of held-out digits that the dual's gaps
        decide otherwise; wrong_power, the same with the power n in place of n - 1; associative and dual, the share of
        held-out digits that each trained network gets wrong.

    Example:
        >>> from damcompanion.kh16.duality import along_training
        >>> found = along_training(3, 200.0, 2, (1, 3), n_memories=10)
        >>> found.columns.tolist()
        ['epoch', 'apart', 'other', 'wrong_power', 'associative', 'dual']
    """
    if list(looks) != sorted(set(looks)) or not looks or looks[0] < 1:
        _checks.refuse(f"`looks` must ascend from 1 or above, got {[*looks]}.")
    digits, interaction = _digits(), RectifiedPolynomial(n)
    scaling = Scaling.original(temperature, n).inside(interaction)
    draw = torch.Generator().manual_seed(seed)
    first = (0.3 * torch.randn(n_memories, digits.pixels.shape[1] + CLASSES, generator=draw) - 0.3).clamp(-1, 1)
    settings: dict[str, Any] = dict(
        learning_rate=0.04, decay=0.998, momentum=0.6, error_exponent=error_exponent, batch_size=BATCH
    )
    duals: dict[int, Tensor] = {}
    train_dual(
        first, digits.pixels, digits.targets, interaction, scaling, epochs=looks[-1], **settings,
        generator=torch.Generator().manual_seed(seed), watch=lambda epoch, now: duals.update({epoch: now}),
    )  # fmt: skip
    state, states, rows = start(first, generator=torch.Generator().manual_seed(seed)), _off(digits.pixels), []
    for look in looks:
        state = advance(
            state, states, interaction, scaling, epochs=look - state.epoch, targets=digits.targets,
            neurons=slice(-CLASSES, None), **settings,
        )  # fmt: skip
        exact = energy_gap(state.memories, _off(digits.held_out), interaction, scaling, neurons=slice(-CLASSES, None))
        first_order = dual_gap(state.memories, digits.held_out, interaction, scaling)
        one_more = dual_gap(state.memories, digits.held_out, RectifiedPolynomial(n + 1), scaling)
        decided = exact.argmax(-1)
        own = dual_gap(duals[look], digits.held_out, interaction, scaling).argmax(-1)
        rows.append((
            look,
            ((first_order - exact).norm() / exact.norm()).item(),
            _share(first_order.argmax(-1) != decided),
            ((one_more - exact).norm() / exact.norm()).item(),
            _share(decided != digits.wanted),
            _share(own != digits.wanted),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=["epoch", "apart", "other", "wrong_power", "associative", "dual"])


def _share(which: Tensor) -> float:
    return which.double().mean().item()
