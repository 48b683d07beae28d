"""Minibatches with as many images of each class."""

import math
from typing import Any

import torch
from torch import Tensor

from damcore import _checks


@_checks.door
class Balanced:
    """Draw epochs of minibatches that hold as many images of each class, for the setting `sampler` of training.

    An epoch has `len(labels) // batch_size` minibatches. Of a class with more images than they take, some are left out;
    those of one with fewer are repeated.

    See KH16, appendix A.

    Args:
        labels: the class of each image, whole numbers from 0.
        batch_size: images per step, a multiple of the number of classes.
        n_classes: how many there are; by default the largest label and one.

    Raises:
        ValueError: a class has no image, the minibatches cannot be balanced, or there are fewer images than one holds.

    Example:
        >>> import torch
        >>> from damcore.classifier import Balanced
        >>> labels = torch.tensor([0, 0, 0, 0, 1, 1])
        >>> order = Balanced(labels, batch_size=2)(torch.Generator().manual_seed(0))
        >>> labels[order].reshape(3, 2).tolist()  # three minibatches
        [[0, 1], [0, 1], [0, 1]]
    """

    def __init__(self, labels: Tensor, batch_size: int, *, n_classes: int | None = None) -> None:
        _checks.whole("batch_size", batch_size)
        if n_classes is not None:
            _checks.whole("n_classes", n_classes)
        labels = torch.as_tensor(labels).cpu()
        if labels.ndim != 1 or not len(labels) or labels.is_floating_point() or int(labels.min()) < 0:
            _checks.refuse("`labels` must hold one whole number of at least 0 per image.")
        classes = range(int(labels.max()) + 1 if n_classes is None else n_classes)
        self.members = [torch.nonzero(labels == c).flatten() for c in classes]
        empty = [c for c, members in enumerate(self.members) if not len(members)]
        if empty:
            _checks.refuse(
                f"Balanced minibatches need images of each of the {len(classes)} classes, and `labels` has none of "
                f"number {empty[0]}."
            )
        if batch_size % len(self.members) or batch_size > len(labels):
            _checks.refuse(
                f"`batch_size` must be a multiple of {len(self.members)} classes and at most {len(labels)} images, "
                f"got {batch_size}."
            )
        self.batches, self.share = len(labels) // batch_size, batch_size // len(self.members)

    def __call__(self, generator: torch.Generator) -> Tensor:
        """Return the numbers of the images of one epoch, in order."""
        columns = []
        for members in self.members:
            wanted = self.batches * self.share
            times = math.ceil(wanted / len(members))
            drawn = torch.cat([members[torch.randperm(len(members), generator=generator)] for _ in range(times)])
            columns.append(drawn[:wanted].reshape(self.batches, self.share))
        return torch.cat(columns, 1).flatten()


def minibatches(numbers: Tensor, batch_size: int, n_classes: int, *, balanced: bool) -> dict[str, Any]:
    """The settings of training that draw minibatches; where there are fewer images, one holds them all.

    Args:
        numbers: the number of the class of each image.
        batch_size: images per step.
        n_classes: how many classes there are.
        balanced: as many images of each class.
    """
    size = min(batch_size, len(numbers))
    if not balanced:
        return dict(batch_size=size, sampler=None)
    if size < batch_size:
        size = max(size // n_classes, 1) * n_classes
    return dict(batch_size=size, sampler=Balanced(numbers, size, n_classes=n_classes))
