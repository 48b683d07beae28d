"""A training of a classifier that is kept in a file, and goes on to the same bits."""

import hashlib
import json
import os
from os import PathLike
from time import monotonic

import numpy as np
import torch
from torch import Tensor

from damcore import _checks, _files
from damcore.classifier._trainer import Trainer
from damcore.learning import TrainingState

EVERY = 30.0  # seconds of training that a kill may cost, if an epoch takes no longer

Looks = list[tuple[int, float]]
Images = tuple[Tensor, np.ndarray]


class Checkpoint:
    """A file of one training.

    Args:
        path: the file.
        trainer: the settings.
        learned: images (images, pixels), and the label of each.
        held_out: the same of those that are looked at on the way; None where there are none.
    """

    def __init__(self, path: str | PathLike, trainer: Trainer, learned: Images, held_out: Images | None) -> None:
        self.path, self.trainer, self.saved = path, trainer, monotonic()
        self.training = _digest(trainer, [learned] if held_out is None else [learned, held_out])

    def read(self, trainer: Trainer) -> tuple[TrainingState, Looks]:
        """Return the state, and the errors on held-out images so far; the first state where there is no file yet."""
        if not os.path.lexists(os.path.expanduser(os.fspath(self.path))):
            state = trainer.begun()
            self.write(state, [], last=True)  # a folder that cannot be written is found before the work
            return state, []
        settings, tensors = _files.read(self.path, "Classifier.fit")
        if settings.get("training") != self.training:
            _checks.refuse(
                f"`checkpoint` {self.path} holds a training with other settings or images, held-out ones included; "
                "name another file."
            )
        looks = [(int(epoch), error) for epoch, error in tensors.pop("looks").tolist()]
        temperatures, generator = tensors.pop("temperatures").numpy(), tensors.pop("generator")
        state = TrainingState(
            **{name: value.to(trainer.device) for name, value in tensors.items()}, generator=generator
        )
        if state.epoch > trainer.epochs:
            _checks.refuse(f"`checkpoint` {self.path} has {state.epoch} epochs, and `epochs` is {trainer.epochs}.")
        if not np.array_equal(temperatures, trainer.temperatures(state.epoch)):
            _checks.refuse(f"`checkpoint` {self.path} holds a training with another schedule; name another file.")
        return state, looks

    def write(self, state: TrainingState, looks: Looks, *, last: bool) -> None:
        """Keep a state, unless one was kept just now."""
        if not last and monotonic() - self.saved < EVERY:
            return
        tensors = {name: value for name, value in vars(state).items() if value is not None}
        tensors["looks"] = torch.tensor(looks, dtype=torch.float64).reshape(-1, 2)
        tensors["temperatures"] = torch.from_numpy(self.trainer.temperatures(state.epoch))
        _files.write(self.path, tensors, {"training": self.training})
        self.saved = monotonic()


def _digest(trainer: Trainer, images: list[Images]) -> str:
    digest = hashlib.sha256(json.dumps(trainer.described(), sort_keys=True).encode())
    for pixels, labels in images:
        digest.update(pixels.double().numpy().tobytes())
        digest.update(json.dumps(labels.tolist(), default=str).encode())
    return digest.hexdigest()
