"""A training of a classifier that is kept in a file, and goes on to the same bits."""

import hashlib
import json
import os
from os import PathLike
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from damcore import _checks, _files
from damcore.learning import TrainingState

EVERY = 30.0  # seconds of training that a kill may cost
SCHEDULED = 1000  # epochs whose temperatures tell schedules apart


class Checkpoint:
    """A file of one training.

    Args:
        path: the file.
        settings: the classifier.
        pixels: the images (images, pixels).
        labels: the label of each.
    """

    def __init__(self, path: str | PathLike, settings: Any, pixels: Tensor, labels: np.ndarray) -> None:
        self.path, self.saved = path, monotonic()
        self.training = _digest(settings, pixels, labels)

    def exists(self) -> bool:
        return os.path.lexists(os.path.expanduser(os.fspath(self.path)))

    def read(self, device: str | torch.device, epochs: int) -> tuple[TrainingState, list[tuple[int, float]]]:
        """Return the state, and the errors on held-out images so far."""
        settings, tensors = _files.read(self.path, "Classifier.fit")
        if settings.get("training") != self.training:
            _checks.refuse(f"`checkpoint` {self.path} holds a training with other settings or images; name another.")
        looks = [(int(epoch), error) for epoch, error in tensors.pop("looks").tolist()]
        generator = tensors.pop("generator")
        state = TrainingState(**{name: value.to(device) for name, value in tensors.items()}, generator=generator)
        if state.epoch > epochs:
            _checks.refuse(f"`checkpoint` {self.path} has {state.epoch} epochs, and `epochs` is {epochs}.")
        return state, looks

    def write(self, state: TrainingState, looks: list[tuple[int, float]], *, last: bool) -> None:
        """Keep a state, unless the last one was kept just now."""
        if not last and monotonic() - self.saved < EVERY:
            return
        tensors = {name: value for name, value in vars(state).items() if value is not None}
        tensors["looks"] = torch.tensor(looks, dtype=torch.float64).reshape(-1, 2)
        _files.write(self.path, tensors, {"training": self.training})
        self.saved = monotonic()


def _digest(settings: Any, pixels: Tensor, labels: np.ndarray) -> str:
    """What decides a training: every setting but the number of epochs and the device, and all images and labels."""
    values = {name: str(value) for name, value in settings.get_params().items() if name not in ("epochs", "device")}
    values["interaction"] = json.dumps(settings._interaction.described(), sort_keys=True)
    values["dtype"] = str(settings._dtype)
    if settings.temperature_schedule is not None:
        values["temperature_schedule"] = str([float(settings.temperature_schedule(e)) for e in range(SCHEDULED)])
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    digest.update(pixels.double().numpy().tobytes())
    digest.update(json.dumps(labels.tolist(), default=str).encode())
    return digest.hexdigest()
