"""The associative memory as a classifier: the pixels are clamped, and the class neurons are predicted."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from damcore import _checks, learning, network
from damcore.classifier._problem import first_memories, pixels_of, states_of, targets_of
from damcore.interactions import Interaction, RectifiedPolynomial
from damcore.scaling import Scaling

__all__ = ["Classifier"]

Images = UInt8[np.ndarray, "images height width"] | UInt8[Tensor, "images height width"]
Labels = Int[np.ndarray, "images"] | Int[Tensor, "images"] | UInt8[np.ndarray, "images"]


@_checks.door
class Classifier:
    """A classifier of pictures, whose class is decided by one update of the class neurons.

        C_alpha = tanh(gap_alpha),   class = the alpha with the largest gap

    A state holds the pixels, with grey values mapped to [-1, 1], and then one neuron per class. The pixels are clamped,
    and every class neuron is held at -1; C_alpha is the prediction for class alpha. Training moves C towards its
    target, which is +1 for the right class and -1 for the others. Nothing is approximated: this is the associative
    form, not its feed-forward dual.

    The defaults are those of the notebook that KH16's authors published, except for the number of epochs (300 there).
    Their T is "in neurons", that is, for the original scaling.

    Source: KH16 Eq. (9), (12), (13), (14).

    Args:
        n: interaction vertex of the rectified polynomial, at least 1; `interaction` replaces it.
        n_memories: K, at least 1.
        temperature: T > 0 of the scaling.
        error_exponent: m, at least 1.
        learning_rate: the rate of the first epoch, > 0.
        decay: the factor on the rate after each epoch, in (0, 1].
        momentum: the factor on the velocity before each step, in [0, 1).
        epochs: the number of passes over the images, at least 1.
        batch_size: images per step, at least 1.
        seed: the seed of the initial memories and of the order of the images.
        scaling: "original" or "modified".
        interaction: F, where it is not the rectified polynomial.
        clip: True keeps all entries of the memories in [-1, 1] (KH16), False only those of the pixels (MRS24).
        dtype: the dtype of the computation.
        device: the device of the computation.
        temperature_schedule: a function that gives the temperature of each epoch, in place of `temperature`.

    Attributes:
        memories: zeta (K, pixels + classes), None before `fit`.
        losses: the loss of each epoch, None before `fit`.

    Raises:
        ValueError: a setting is out of range.

    Example:
        >>> import torch
        >>> from damcore.classifier import Classifier
        >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
        >>> images[0, 1, :] = 255  # a horizontal line
        >>> images[1, :, 1] = 255  # a vertical line
        >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
        >>> classifier.fit(images, torch.tensor([0, 1])).predict(images).tolist()
        [0, 1]
        >>> classifier.score(images, torch.tensor([0, 1]))
        1.0
    """

    def __init__(
        self,
        n: int = 20,
        n_memories: int = 100,
        temperature: float = 540.0,
        error_exponent: int = 30,
        learning_rate: float = 0.04,
        decay: float = 0.998,
        momentum: float = 0.6,
        epochs: int = 100,
        batch_size: int = 1000,
        seed: int = 0,
        *,
        scaling: str = "original",
        interaction: Interaction | None = None,
        clip: bool = True,
        dtype: torch.dtype = torch.float32,
        device: str | torch.device = "cpu",
        temperature_schedule: Callable[[int], float] | None = None,
    ) -> None:
        self.interaction = RectifiedPolynomial(n) if interaction is None else interaction
        self.n_memories, self.temperature, self.scaling = n_memories, float(temperature), scaling
        self.error_exponent, self.learning_rate, self.decay, self.momentum = (
            error_exponent,
            learning_rate,
            decay,
            momentum,
        )
        self.epochs, self.batch_size, self.seed, self.clip = epochs, batch_size, seed, clip
        self.dtype, self.device, self.temperature_schedule = dtype, torch.device(device), temperature_schedule
        self.n_classes = 0
        self.memories: Tensor | None = None
        self.losses: Tensor | None = None
        self._check()

    @_checks.door
    def fit(self, images: Images, labels: Labels, *, progress: Callable[[int], object] | None = None) -> "Classifier":
        """Learn to classify these images.

        The initial memories are drawn from a normal distribution with mean -0.3 and standard deviation 0.3.

        Args:
            images: grey values, 0 to 255.
            labels: the class of each image, whole numbers from 0.
            progress: a function that is called with the number of epochs done since its last call.

        Returns:
            The classifier itself.

        Raises:
            ValueError: there is no image, there is not one label per image, or a setting is out of range.
            FloatingPointError: the training left the range of the dtype.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier.fit(images, torch.tensor([0, 1])).memories.shape  # nine pixels and two classes
            torch.Size([4, 11])
        """
        self._check()
        grey = _grey(images)
        labels = _labels(labels, len(grey)).to(self.device)
        n_classes = int(labels.max()) + 1
        states = self._states(grey, n_classes)
        targets = targets_of(labels, n_classes, self.dtype)
        _checks.room(n_memories=self.n_memories, n_neurons=states.shape[1])
        generator = torch.Generator().manual_seed(self.seed)
        initial = first_memories(self.n_memories, states.shape[1], generator)
        clipped = torch.arange(states.shape[1]) < states.shape[1] - (0 if self.clip else n_classes)
        trained = learning.train(
            initial.to(self.device, self.dtype),
            states,
            self.interaction,
            self._scaling(states.shape[1]),
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            decay=self.decay,
            momentum=self.momentum,
            error_exponent=self.error_exponent,
            batch_size=self.batch_size,
            generator=generator,
            clip=clipped,
            targets=targets,
            neurons=slice(-n_classes, None),
            temperature_schedule=self.temperature_schedule,
            progress=progress,
        )
        self.memories, self.losses, self.n_classes = trained.memories, trained.losses, n_classes
        return self

    @_checks.door
    def decision_function(self, images: Images) -> Float[Tensor, "images classes"]:
        """Return the gap of each class neuron, in units of F at the temperature of the scaling.

        Args:
            images: grey values, 0 to 255, of the size of the images that were learned.

        Returns:
            The gaps; the predicted class has the largest.

        Raises:
            ValueError: `fit` was not called, or an image does not fit.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier = classifier.fit(images, torch.tensor([0, 1]))
            >>> classifier.decision_function(images).argmax(-1).tolist()  # what `predict` gives
            [0, 1]
        """
        if self.memories is None:
            _checks.refuse("Nothing is learned yet; call `fit` first.")
        states = self._states(_grey(images), self.n_classes)
        return network.energy_gap(
            self.memories,
            states,
            self.interaction,
            self._scaling(states.shape[1]),
            neurons=slice(-self.n_classes, None),
        )

    @_checks.door
    def predict(self, images: Images) -> Int[Tensor, "images"]:
        """Return the class of each image.

        Args:
            images: as in `decision_function`.

        Returns:
            The classes, whole numbers from 0.

        Raises:
            ValueError: as in `decision_function`.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier = classifier.fit(images, torch.tensor([0, 1]))
            >>> images[0, 1, 2] = 0  # the horizontal line, damaged
            >>> classifier.predict(images).tolist()
            [0, 1]
        """
        return self.decision_function(images).argmax(-1)

    @_checks.door
    def score(self, images: Images, labels: Labels) -> float:
        """Return the fraction of the images that are classified correctly.

        Args:
            images: as in `decision_function`.
            labels: the class of each image.

        Returns:
            A number between 0 and 1.

        Raises:
            ValueError: as in `decision_function`, or there is not one label per image.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier = classifier.fit(images, torch.tensor([0, 1]))
            >>> classifier.score(images, torch.tensor([0, 0]))  # the second label is wrong
            0.5
        """
        wanted = _labels(labels, len(_grey(images)))
        return (self.predict(images).cpu() == wanted).double().mean().item()

    def _check(self) -> None:
        """Refuse settings that are out of range, also those that were changed after this object was made."""
        for size in ("n_memories", "epochs", "batch_size"):
            _checks.whole(size, getattr(self, size))
        _checks.power("error_exponent", self.error_exponent)
        _checks.whole("seed", self.seed, -(2**63), 2**64 - 1)
        _checks.number("learning_rate", self.learning_rate, above=0.0)
        _checks.number("decay", self.decay, above=0.0, most=1.0)
        _checks.fraction("momentum", self.momentum)
        _checks.one_of("scaling", self.scaling, ("original", "modified"))
        _checks.number("temperature", self.temperature, above=0.0)

    def _states(self, grey: Tensor, n_classes: int) -> Tensor:
        return states_of(pixels_of(grey.to(self.device), self.dtype), n_classes)

    def _scaling(self, n_neurons: int) -> Scaling:
        if self.scaling == "modified":
            return Scaling.modified(self.temperature, n_neurons)
        # T^-n F(h) = F(h / T) for the rectified polynomial: the same network, and n = 20 fits float32.
        return Scaling.original(self.temperature, self.interaction.vertex).inside(self.interaction)


def _grey(images: Images) -> Tensor:
    """Return grey values (images, height, width) on the CPU."""
    grey = images.cpu() if isinstance(images, Tensor) else torch.tensor(images)
    if grey.ndim != 3 or not grey.numel() or grey.dtype != torch.uint8:
        _checks.refuse(f"`images` must be uint8 of shape (n, height, width), got {grey.dtype} {tuple(grey.shape)}.")
    return grey


def _labels(labels: Labels, n_images: int) -> Tensor:
    """Return the class of each image on the CPU."""
    values = labels.cpu() if isinstance(labels, Tensor) else torch.tensor(labels)
    whole = not (values.is_floating_point() or values.is_complex() or values.dtype == torch.bool)
    if values.shape != (n_images,) or not whole or (values.long() < 0).any():
        _checks.refuse(
            f"`labels` must hold one whole number of at least 0 per image, ({n_images},), "
            f"got {values.dtype} {tuple(values.shape)}."
        )
    return values.long()
