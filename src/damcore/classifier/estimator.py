"""The associative memory as a classifier: the pixels are clamped, and the class neurons are predicted."""

import importlib
import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from damcore import _checks
from damcore.classifier._checkpoint import Checkpoint
from damcore.classifier._input import classes_of, comparable, distinct, features, labels_of, numbers_of
from damcore.classifier._settings import check
from damcore.classifier._trainer import Trainer
from damcore.interactions import Interaction
from damcore.learning import TrainingState

#: Where a temperature of each scaling usually lies.
TYPICAL = {"original": "the number of neurons", "modified": "1"}


class Classifier:
    """A classifier of pictures, whose class is decided by one update of the class neurons.

        C_alpha = tanh(gap_alpha),   class = the alpha with the largest gap

    A state holds the pixels, with grey values mapped to [-1, 1], and then one neuron per class. The pixels are clamped,
    and every class neuron is held at -1; C_alpha is the prediction for class alpha. Training moves C towards its
    target, which is +1 for the right class and -1 for the others. Nothing is approximated: this is the associative
    form, not its feed-forward dual.

    It is an estimator of scikit-learn, which it does not need: it can be cloned, put in a pipeline and cross-validated.
    As there, settings are looked at when it is fitted. Rows of numbers must lie in [-1, 1]; put `MinMaxScaler((-1, 1))`
    before it where they do not.

    The defaults are those of the notebook that KH16's authors published, except for the number of epochs (300 there).
    Their T is "in neurons", that is, for the original scaling.

    Source: KH16 Eq. (9), (12), (13), (14).

    Args:
        n: interaction vertex of the rectified polynomial, at least 1; `interaction` replaces it.
        n_memories: K, at least 1.
        temperature: T > 0 of the scaling; near the number of neurons for the original one (KH16: 500 to 700 for digits
            and large n), and near 1 for the modified one.
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
        context: where the other class neurons are while one is learned: "off", at -1 (KH16), or at their "target"
            (MRS24's public code). A prediction always has them off.
        balanced: True draws minibatches with as many images of each class (KH16), see `Balanced`.
        dtype: the dtype of the computation, or its name.
        device: the device of the computation.
        temperature_schedule: a function that gives the temperature of each epoch, in place of `temperature`; see
            `learning.linear_anneal`. Predictions use that of the last epoch.

    Attributes:
        classes_: the labels (classes), ascending.
        memories_: zeta (K, pixels + classes).
        losses_: the loss of each epoch.
        n_features_in_: pixels of an image.
        n_iter_: epochs done.
        held_out_errors_: (epoch, share of the held-out images that are wrong), where `fit` was given such images.

    What is learned keeps the settings it was learned with: those that are changed later count from the next `fit` on.

    Example:
        >>> import torch
        >>> from damcore.classifier import Classifier
        >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
        >>> images[0, 1, :] = 255  # a horizontal line
        >>> images[1, :, 1] = 255  # a vertical line
        >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
        >>> classifier.fit(images, ["horizontal", "vertical"]).predict(images).tolist()
        ['horizontal', 'vertical']
        >>> classifier.score(images, ["horizontal", "vertical"])
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
        context: str = "off",
        balanced: bool = False,
        dtype: str | torch.dtype = "float32",
        device: str | torch.device = "cpu",
        temperature_schedule: Callable[[int], float] | None = None,
    ) -> None:
        self.n = n
        self.n_memories = n_memories
        self.temperature = temperature
        self.error_exponent = error_exponent
        self.learning_rate = learning_rate
        self.decay = decay
        self.momentum = momentum
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.scaling = scaling
        self.interaction = interaction
        self.clip = clip
        self.context = context
        self.balanced = balanced
        self.dtype = dtype
        self.device = device
        self.temperature_schedule = temperature_schedule

    @_checks.door
    def fit(
        self,
        X: Any,
        y: Any,
        *,
        held_out: tuple[Any, Any] | None = None,
        progress: bool | Callable[[int], object] = False,
        checkpoint: str | PathLike | None = None,
    ) -> "Classifier":
        """Learn to classify these images.

        The initial memories are drawn from a normal distribution with mean -0.3 and standard deviation 0.3.

        Args:
            X: pictures, uint8 (images, height, width), 0 to 255; or rows (images, pixels) of numbers in [-1, 1].
            y: the class of each image, of any kind that has an order.
            held_out: images and labels whose error is measured on the way, about a hundred times or after each epoch;
                see `held_out_errors_`.
            progress: True shows a bar with the loss and the held-out error; or a function that is called with the
                number of epochs done since its last call.
            checkpoint: a file in which the training is kept, every half minute. Where it is there, the training goes on
                from it; on the same machine to the same bits as if it had never stopped.

        Returns:
            The classifier itself.

        Raises:
            ValueError: an image or a label does not fit, a setting is out of range, or the file is of another training.
            TypeError: a setting or `X` is of another kind.
            FloatingPointError: the training left the range of the dtype.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier.fit(images, [0, 1]).memories_.shape  # nine pixels and two classes
            torch.Size([4, 11])
        """
        check(self)
        pixels = features(X)
        labels = labels_of(y, len(pixels))
        classes = distinct("y", labels)
        trainer = Trainer(self.get_params(), len(classes), pixels.shape[1])
        problem = trainer.problem(pixels, numbers_of(labels, classes))
        aside = None if held_out is None else _held_out(held_out, pixels.shape[1], classes)
        kept = None if checkpoint is None else Checkpoint(checkpoint, trainer, (pixels, labels), aside)
        state, looks = (trainer.begun(), []) if kept is None else kept.read(trainer)
        # Only now is forgotten what was learned before.
        self._keep(trainer, classes, state, looks)
        self._train(trainer, state, problem, aside, progress, kept)
        return self

    @_checks.door
    def partial_fit(self, X: Any, y: Any, classes: Sequence[Any] | None = None) -> "Classifier":
        """Train one epoch on these images, after those of earlier calls or of `fit`.

        Args:
            X: as in `fit`.
            y: the class of each image.
            classes: all classes that will come; needed in the first call.

        Returns:
            The classifier itself.

        Raises:
            ValueError: as in `fit`; or the first call names no classes, or a label is none of them.
            TypeError: as in `fit`.
            FloatingPointError: as in `fit`.

        Example:
            >>> import numpy as np
            >>> from damcore.classifier import Classifier
            >>> rows = np.array([[1.0, -1.0], [-1.0, 1.0]])
            >>> classifier = Classifier(n=2, n_memories=4, temperature=2.0, error_exponent=1)
            >>> for _ in range(3):
            ...     classifier = classifier.partial_fit(rows, [0, 1], classes=[0, 1])
            >>> classifier.n_iter_
            3
        """
        check(self)
        pixels = features(X)
        labels = labels_of(y, len(pixels))
        first = not hasattr(self, "_state")
        if first and classes is None:
            _checks.refuse("The first call of `partial_fit` needs `classes`, all labels that will come.")
        named = self.classes_ if classes is None else classes_of(classes)
        if not first and not np.array_equal(named, self.classes_):
            wanted = self.classes_.tolist()
            _checks.refuse(f"`classes` must be those of the first call, {wanted}, got {named.tolist()}.")
        trainer = Trainer(self.get_params(), len(named), pixels.shape[1]) if first else self._trainer
        _same_size(pixels, trainer.n_pixels)
        problem = trainer.problem(pixels, numbers_of(labels, named))
        state = trainer.advanced(trainer.begun() if first else self._state, problem, 1)
        self._keep(trainer, named, state, [] if first else self.held_out_errors_)
        return self

    @_checks.door
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the gap of each class neuron, the argument of its tanh.

        Args:
            X: as in `fit`, of the size of the images that were learned.

        Returns:
            The gaps (images, classes); the predicted class has the largest. For two classes the gap of the second less
            that of the first, (images,), as scikit-learn has it.

        Raises:
            ValueError: nothing is learned yet, or an image does not fit.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> (classifier.fit(images, [0, 1]).decision_function(images) > 0).tolist()
            [False, True]
        """
        gaps = self._gaps(X)
        return (gaps[:, 1] - gaps[:, 0] if len(self.classes_) == 2 else gaps).numpy()

    @_checks.door
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, if exactly one class neuron is on.

            p_alpha = exp(2 gap_alpha) / sum_gamma exp(2 gap_gamma)

        C_alpha is the mean of a neuron that is on with the odds exp(2 gap_alpha) to 1, and else off, at 1 and -1.
        Training does not fit these to frequencies: with a large m it stops where C is merely right.

        Args:
            X: as in `decision_function`.

        Returns:
            (images, classes), a column for each of `classes_`.

        Raises:
            ValueError: as in `decision_function`.

        Example:
            >>> import numpy as np
            >>> from damcore.classifier import Classifier
            >>> rows = np.array([[1.0, -1.0], [-1.0, 1.0]])
            >>> classifier = Classifier(n=2, n_memories=4, temperature=2.0, error_exponent=1, epochs=50)
            >>> classifier.fit(rows, [0, 1]).predict_proba(rows).round().tolist()
            [[1.0, 0.0], [0.0, 1.0]]
        """
        return (2 * self._gaps(X).double()).softmax(-1).numpy()

    @_checks.door
    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each image.

        Args:
            X: as in `decision_function`.

        Returns:
            The labels (images,), of the kind that was learned.

        Raises:
            ValueError: as in `decision_function`.

        Example:
            >>> import torch
            >>> from damcore.classifier import Classifier
            >>> images = torch.zeros(2, 3, 3, dtype=torch.uint8)
            >>> images[0, 1, :], images[1, :, 1] = 255, 255  # a horizontal and a vertical line
            >>> classifier = Classifier(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=20)
            >>> classifier = classifier.fit(images, [0, 1])
            >>> images[0, 1, 2] = 0  # the horizontal line, damaged
            >>> classifier.predict(images).tolist()
            [0, 1]
        """
        best = self._gaps(X).argmax(-1).numpy()
        return self.classes_[best]

    @_checks.door
    def score(self, X: Any, y: Any) -> float:
        """Return the fraction of the images that are classified correctly.

        Args:
            X: as in `decision_function`.
            y: the class of each image.

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
            >>> classifier.fit(images, [0, 1]).score(images, [0, 0])  # the second label is wrong
            0.5
        """
        found = self.predict(X)
        return float((found == comparable(labels_of(y, len(found)), self.classes_)).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name, as scikit-learn asks for them.

        Args:
            deep: plays no part, since no setting is an estimator.

        Example:
            >>> from damcore.classifier import Classifier
            >>> Classifier(n=3).get_params()["n"]
            3
        """
        return {name: getattr(self, name) for name in _SETTINGS}

    def set_params(self, **params: Any) -> "Classifier":
        """Change settings by name; they count from the next `fit` on.

        Args:
            **params: settings of the constructor.

        Raises:
            ValueError: there is no such setting.

        Example:
            >>> from damcore.classifier import Classifier
            >>> Classifier().set_params(n=3).n
            3
        """
        for name, value in params.items():
            if name not in _SETTINGS:
                raise ValueError(f"There is no setting {name!r}; there are {', '.join(_SETTINGS)}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = Classifier().get_params()
        given = (f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name])
        return f"Classifier({', '.join(given)})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect of it; asked for by scikit-learn alone."""
        tags = importlib.import_module("sklearn.utils")  # who asks has it
        return tags.Tags(
            estimator_type="classifier",
            target_tags=tags.TargetTags(required=True),
            classifier_tags=tags.ClassifierTags(),
            input_tags=tags.InputTags(two_d_array=True, three_d_array=True),
        )

    def _keep(self, trainer: Trainer, classes: np.ndarray, state: TrainingState, looks: list) -> None:
        """Take this state as what is learned; before the first epoch nothing is."""
        self._trainer, self._state, self.classes_, self.held_out_errors_ = trainer, state, classes, looks
        self.n_features_in_, self.n_iter_, self.losses_ = trainer.n_pixels, state.epoch, state.losses
        self.__dict__.pop("memories_", None)
        if state.epoch:
            self.memories_ = state.memories

    def _train(
        self,
        trainer: Trainer,
        state: TrainingState,
        problem: dict[str, Any],
        aside: tuple[Tensor, np.ndarray] | None,
        progress: bool | Callable[[int], object],
        kept: Checkpoint | None,
    ) -> None:
        """Train the epochs that are left; look, report and save on the way."""
        looked_at = progress is True or aside is not None or kept is not None
        epochs, looks = trainer.epochs, self.held_out_errors_
        piece = max(1, epochs // (100 if looked_at else 10))
        with tqdm(total=epochs, initial=state.epoch, unit="epoch", disable=progress is not True) as bar:
            while state.epoch < epochs:
                ahead = min(piece, epochs - state.epoch)
                state = trainer.advanced(state, problem, ahead)
                self._keep(trainer, self.classes_, state, looks)
                words = {"loss": f"{state.losses[-1].item() / len(problem['patterns']):.3g}"}
                if aside is not None:
                    best = trainer.gaps(state.memories, aside[0], state.epoch).argmax(-1).numpy()
                    error = float((self.classes_[best] != aside[1]).mean())
                    looks.append((state.epoch, error))
                    words["error"] = f"{error:.2%}"
                bar.set_postfix(words, refresh=False)
                bar.update(ahead)
                if callable(progress):
                    progress(ahead)
                if kept is not None:
                    kept.write(state, looks, last=state.epoch == epochs)
        if len(state.losses) > 1 and state.losses[0] == state.losses[-1]:
            warnings.warn(
                "The loss did not change, so nothing was learned: the gaps are too small or too large for the dtype. "
                f"Choose another `temperature`, which is near {TYPICAL[trainer.scaling]} with this scaling.",
                stacklevel=4,
            )

    def _gaps(self, X: Any) -> Tensor:
        if not hasattr(self, "memories_"):
            unfitted = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", ValueError)
            _checks.refuse("Nothing is learned yet; call `fit` first.", unfitted)
        pixels = features(X)
        _same_size(pixels, self.n_features_in_)
        return self._trainer.gaps(self.memories_, pixels, self.n_iter_)


def _same_size(pixels: Tensor, wanted: int) -> None:
    if pixels.shape[1] != wanted:
        got = pixels.shape[1]
        _checks.refuse(
            f"X has {got} features, but Classifier is expecting {wanted} features as input; pass `X` as it was learned."
        )


def _held_out(held_out: tuple[Any, Any], n_pixels: int, classes: np.ndarray) -> tuple[Tensor, np.ndarray]:
    """The held-out images and labels."""
    if not isinstance(held_out, tuple | list) or len(held_out) != 2:
        _checks.refuse(f"`held_out` must be a pair of images and labels, got {_checks.said(held_out)}.", TypeError)
    pixels = features(held_out[0])
    _same_size(pixels, n_pixels)
    return pixels, comparable(labels_of(held_out[1], len(pixels)), classes)


_SETTINGS = tuple(inspect.signature(Classifier).parameters)
