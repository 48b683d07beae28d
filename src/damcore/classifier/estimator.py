"""The associative memory as a classifier: the pixels are clamped, and the class neurons are predicted."""

import inspect
import sys
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from damcore import _checks, learning, network
from damcore.classifier._checkpoint import Checkpoint
from damcore.classifier._input import classes_of, distinct, features, labels_of, numbers_of
from damcore.classifier._problem import first_memories, states_of, targets_of
from damcore.classifier._settings import check, dtype_of
from damcore.classifier.sampling import Balanced
from damcore.interactions import Interaction, RectifiedPolynomial
from damcore.learning import TrainingState
from damcore.scaling import Scaling

AT_ONCE = 5000  # images that are classified together


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
            held_out: images and labels whose error is measured a hundred times on the way; see `held_out_errors_`.
            progress: True shows a bar with the loss and the held-out error; or a function that is called with the
                number of epochs done since its last call.
            checkpoint: a file in which the training is kept. Where it is there, the training goes on from it, to the
                same bits as if it had never stopped.

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
        self._forget(pixels, distinct("y", labels))
        aside = None if held_out is None else self._aside(held_out)
        kept = None if checkpoint is None else Checkpoint(checkpoint, self, pixels, labels)
        if kept is None or not kept.exists():
            state = self._begun()
        else:
            state, self.held_out_errors_ = kept.read(self.device, self.epochs)
        self._train(state, self._problem(pixels, labels), aside, progress, kept)
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
        if not hasattr(self, "_state"):
            if classes is None:
                _checks.refuse("The first call of `partial_fit` needs `classes`, all labels that will come.")
            self._forget(pixels, classes_of(classes))
            self._state = self._begun()
        elif classes is not None and not np.array_equal(named := classes_of(classes), self.classes_):
            wanted = self.classes_.tolist()
            _checks.refuse(f"`classes` must be those of the first call, {wanted}, got {named.tolist()}.")
        self._same_size(pixels)
        self._keep(self._advanced(self._state, self._problem(pixels, labels), 1))
        return self

    @_checks.door
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the gap of each class neuron, in units of F at the temperature of the scaling.

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
            (images, classes), ascending in the gap.

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
        return float((found == labels_of(y, len(found))).mean())

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
        """Change settings by name; what was learned stays until the next `fit`.

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
        given = (f"{name}={value!r}" for name, value in self.get_params().items() if value is not defaults[name])
        return f"Classifier({', '.join(given)})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect of it; asked for by scikit-learn alone."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=True, three_d_array=True),
        )

    @property
    def _dtype(self) -> torch.dtype:
        return dtype_of(self.dtype)

    @property
    def _interaction(self) -> Interaction:
        return RectifiedPolynomial(self.n) if self.interaction is None else self.interaction

    def _scaling(self, temperature: float) -> Scaling:
        n_neurons = self.n_features_in_ + len(self.classes_)
        if self.scaling == "modified":
            return Scaling.modified(temperature, n_neurons)
        interaction, scaling = self._interaction, Scaling.original(temperature, self._interaction.vertex)
        # T^-n F(h) = F(h / T) for a homogeneous F: the same network, and n = 20 fits float32.
        return scaling if interaction.degree is None else scaling.inside(interaction)

    def _forget(self, pixels: Tensor, classes: np.ndarray) -> None:
        """Begin with these classes and this size."""
        self.__dict__.pop("_state", None)
        self.classes_, self.n_features_in_ = classes, pixels.shape[1]
        self.held_out_errors_: list[tuple[int, float]] = []

    def _aside(self, held_out: tuple[Any, Any]) -> tuple[Tensor, np.ndarray]:
        """The held-out images and labels."""
        if not isinstance(held_out, tuple | list) or len(held_out) != 2:
            _checks.refuse(f"`held_out` must be a pair of images and labels, got {_checks.said(held_out)}.", TypeError)
        pixels = self._known(held_out[0])
        return pixels, labels_of(held_out[1], len(pixels))

    def _begun(self) -> TrainingState:
        n_neurons = self.n_features_in_ + len(self.classes_)
        _checks.room(n_memories=self.n_memories, n_neurons=n_neurons)
        generator = torch.Generator().manual_seed(self.seed)
        initial = first_memories(self.n_memories, n_neurons, generator)
        return learning.start(initial.to(self.device, self._dtype), form="plain", generator=generator)

    def _states(self, pixels: Tensor) -> Tensor:
        return states_of(pixels.to(self.device, self._dtype), len(self.classes_))

    def _problem(self, pixels: Tensor, labels: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """States, targets, and the number of the class of each image."""
        numbers = numbers_of(labels, self.classes_)
        states, targets = self._states(pixels), targets_of(numbers, len(self.classes_), self._dtype).to(self.device)
        if self.context == "target":
            states[:, -len(self.classes_) :] = targets
        return states, targets, numbers

    def _advanced(self, state: TrainingState, problem: tuple[Tensor, Tensor, Tensor], epochs: int) -> TrainingState:
        states, targets, numbers = problem
        n_neurons, n_classes = states.shape[1], len(self.classes_)
        return learning.advance(
            state,
            states,
            self._interaction,
            self._scaling(self.temperature),
            epochs=epochs,
            learning_rate=self.learning_rate,
            decay=self.decay,
            momentum=self.momentum,
            error_exponent=self.error_exponent,
            batch_size=self.batch_size,
            sampler=Balanced(numbers, self.batch_size) if self.balanced else None,
            clip=torch.arange(n_neurons) < n_neurons - (0 if self.clip else n_classes),
            targets=targets,
            neurons=slice(-n_classes, None),
            temperature_schedule=self.temperature_schedule,
        )

    def _keep(self, state: TrainingState) -> None:
        self._state, self.memories_, self.losses_, self.n_iter_ = state, state.memories, state.losses, state.epoch

    def _train(
        self,
        state: TrainingState,
        problem: tuple[Tensor, Tensor, Tensor],
        aside: tuple[Tensor, np.ndarray] | None,
        progress: bool | Callable[[int], object],
        kept: Checkpoint | None,
    ) -> None:
        """Train the epochs that are left; look, report and save on the way."""
        looked_at = progress is True or aside is not None or kept is not None
        piece = max(1, self.epochs // (100 if looked_at else 10))
        self._keep(state)
        with tqdm(total=self.epochs, initial=state.epoch, unit="epoch", disable=progress is not True) as bar:
            while state.epoch < self.epochs:
                ahead = min(piece, self.epochs - state.epoch)
                state = self._advanced(state, problem, ahead)
                self._keep(state)
                words = {"loss": f"{state.losses[-1].item() / len(problem[0]):.3g}"}
                if aside is not None:
                    error = float((self._decided(aside[0]) != aside[1]).mean())
                    self.held_out_errors_.append((state.epoch, error))
                    words["error"] = f"{error:.2%}"
                bar.set_postfix(words, refresh=False)
                bar.update(ahead)
                if callable(progress):
                    progress(ahead)
                if kept is not None:
                    kept.write(state, self.held_out_errors_, last=state.epoch == self.epochs)

    def _same_size(self, pixels: Tensor) -> None:
        if pixels.shape[1] != self.n_features_in_:
            got, wanted = pixels.shape[1], self.n_features_in_
            _checks.refuse(f"X has {got} features, but Classifier is expecting {wanted} features as input.")

    def _known(self, X: Any) -> Tensor:
        """Pixels of the size that was learned."""
        pixels = features(X)
        self._same_size(pixels)
        return pixels

    def _gaps(self, X: Any) -> Tensor:
        if not hasattr(self, "memories_"):
            unfitted = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", ValueError)
            _checks.refuse("Nothing is learned yet; call `fit` first.", unfitted)
        return self._of(self._known(X))

    def _of(self, pixels: Tensor) -> Tensor:
        """The gap of each class neuron, on the CPU."""
        schedule = self.temperature_schedule
        scaling = self._scaling(self.temperature if schedule is None else float(schedule(self.n_iter_ - 1)))
        found = [
            network.energy_gap(
                self.memories_, self._states(part), self._interaction, scaling, neurons=slice(-len(self.classes_), None)
            ).cpu()
            for part in pixels.split(AT_ONCE)
        ]
        return torch.cat(found)

    def _decided(self, pixels: Tensor) -> np.ndarray:
        return self.classes_[self._of(pixels).argmax(-1).numpy()]


_SETTINGS = tuple(inspect.signature(Classifier).parameters)
