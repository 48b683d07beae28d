"""The network of a classifier with the settings that it was fitted with, whatever becomes of the estimator's own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from damcore import _checks, learning, network
from damcore.classifier._problem import first_memories, states_of, targets_of
from damcore.classifier._settings import dtype_of
from damcore.classifier.sampling import minibatches
from damcore.interactions import Interaction, RectifiedPolynomial
from damcore.learning import TrainingState
from damcore.scaling import Scaling

AT_ONCE = 5000  # images that are classified together


@dataclass(frozen=True)
class Trainer:
    """How a classifier of some classes and pixels begins, trains and decides.

    Args:
        settings: those of the estimator, by name.
        n_classes: C.
        n_pixels: of an image.
    """

    settings: dict[str, Any]
    n_classes: int
    n_pixels: int

    def __getattr__(self, name: str) -> Any:
        if name != "settings" and name in self.settings:
            return self.settings[name]
        raise AttributeError(name)

    @property
    def dtype(self) -> torch.dtype:
        return dtype_of(self.settings["dtype"])

    @property
    def function(self) -> Interaction:
        return RectifiedPolynomial(self.n) if self.interaction is None else self.interaction

    @property
    def n_neurons(self) -> int:
        return self.n_pixels + self.n_classes

    def temperature_at(self, epoch: int) -> float:
        schedule = self.temperature_schedule
        return self.temperature if schedule is None else float(schedule(epoch))

    def _scaling(self, temperature: float) -> Scaling:
        if self.scaling == "modified":
            return Scaling.modified(temperature, self.n_neurons)
        scaling = Scaling.original(temperature, self.function.vertex)
        # T^-n F(h) = F(h / T) for a homogeneous F: the same network, and n = 20 fits float32.
        return scaling if self.function.degree is None else scaling.inside(self.function)

    def begun(self) -> TrainingState:
        _checks.room(n_memories=self.n_memories, n_neurons=self.n_neurons)
        generator = torch.Generator().manual_seed(self.seed)
        initial = first_memories(self.n_memories, self.n_neurons, generator)
        return learning.start(initial.to(self.device, self.dtype), form="plain", generator=generator)

    def _states(self, pixels: Tensor) -> Tensor:
        return states_of(pixels.to(self.device, self.dtype), self.n_classes)

    def problem(self, pixels: Tensor, numbers: Tensor) -> dict[str, Any]:
        """What `learning.advance` is to learn: patterns, targets, and how they come in minibatches.

        Args:
            pixels: (images, pixels).
            numbers: the number of the class of each image.
        """
        states = self._states(pixels)
        targets = targets_of(numbers, self.n_classes, self.dtype).to(self.device)
        if self.context == "target":
            states[:, -self.n_classes :] = targets
        drawn = minibatches(numbers, self.batch_size, self.n_classes, balanced=self.balanced)
        return dict(patterns=states, targets=targets, **drawn)

    def advanced(self, state: TrainingState, problem: dict[str, Any], epochs: int) -> TrainingState:
        clip = torch.arange(self.n_neurons) < self.n_neurons - (0 if self.clip else self.n_classes)
        return learning.advance(
            state,
            interaction=self.function,
            scaling=self._scaling(self.temperature),
            epochs=epochs,
            learning_rate=self.learning_rate,
            decay=self.decay,
            momentum=self.momentum,
            error_exponent=self.error_exponent,
            clip=clip,
            neurons=slice(-self.n_classes, None),
            temperature_schedule=self.temperature_schedule,
            **problem,
        )

    def gaps(self, memories: Tensor, pixels: Tensor, epochs: int) -> Tensor:
        """The gap of each class neuron at the temperature of the last of so many epochs, on the CPU."""
        scaling = self._scaling(self.temperature_at(epochs - 1))
        neurons = slice(-self.n_classes, None)
        found = [
            network.energy_gap(memories, self._states(part), self.function, scaling, neurons=neurons).cpu()
            for part in pixels.split(AT_ONCE)
        ]
        gaps = torch.cat(found)
        return gaps if gaps.dtype in (torch.float32, torch.float64) else gaps.float()  # numpy has no bfloat16

    def described(self) -> dict[str, str]:
        """What decides a training, in words: every setting but the epochs, their temperatures and the device."""
        apart = ("epochs", "device", "temperature_schedule", "interaction", "dtype")
        words = {name: str(value) for name, value in self.settings.items() if name not in apart}
        scheduled = self.temperature_schedule is not None
        return words | dict(interaction=str(self.function.described()), dtype=str(self.dtype), scheduled=str(scheduled))

    def temperatures(self, epochs: int) -> np.ndarray:
        """The temperature of each of the first epochs."""
        return np.array([self.temperature_at(epoch) for epoch in range(epochs)], float)
