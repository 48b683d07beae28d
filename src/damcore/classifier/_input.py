"""Images and labels as a caller has them: pictures of grey values, or rows of numbers between -1 and 1."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from damcore import _checks
from damcore.classifier._problem import pixels_of

SCALED = "scale them, for example with scikit-learn's MinMaxScaler((-1, 1))"


def features(X: Any) -> Tensor:
    """Return one row of numbers in [-1, 1] for each image, on the CPU, in float64 or the float dtype they have.

    Args:
        X: pictures, uint8 (images, height, width), whose grey values 0 to 255 become -1 to 1; or rows (images, pixels)
            of numbers in [-1, 1].
    """
    if hasattr(X, "toarray"):
        _checks.refuse("Sparse `X` is not supported; pass a dense array.", TypeError)
    values = _array("X", X)
    if np.iscomplexobj(values):
        _checks.refuse("Complex data not supported: `X` must hold real numbers.")
    if values.ndim == 3 and values.dtype == np.uint8:
        return pixels_of(torch.from_numpy(_some(values)))
    if values.ndim != 2:
        _checks.refuse(
            "`X` must hold pictures, uint8 (n, height, width), or rows of numbers, (n, pixels), got "
            f"{_checks.said(X)}. Reshape your data."
        )
    rows = torch.from_numpy(_floats(_some(values)))
    if not rows.isfinite().all():
        _checks.refuse("`X` must be finite, but it holds NaN or infinity.")
    if rows.abs().max() > 1:
        _checks.refuse(
            f"Numbers of `X` must lie in [-1, 1], got {rows.min():.3g} to {rows.max():.3g}; {SCALED}, or pass pictures "
            "as uint8 (n, height, width)."
        )
    return rows


def _array(name: str, values: Any) -> np.ndarray:
    """Return whatever a caller has as an array that can be written to."""
    if isinstance(values, Tensor):
        _checks.is_tensor(name, values)
        values = values.detach().cpu()
        values = values.float() if values.dtype == torch.bfloat16 else values
        return values.numpy()
    try:
        found = np.asarray(values)
    except Exception as error:  # of an object of any kind
        _checks.refuse(f"`{name}` must be an array, got {_checks.said(values)}: {error}.", TypeError)
    return found if found.flags.writeable else found.copy()


def _floats(values: np.ndarray) -> np.ndarray:
    if values.dtype in (np.float32, np.float64):
        return np.ascontiguousarray(values)
    try:
        return values.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        _checks.refuse(f"`X` must hold numbers: {error}.", TypeError if isinstance(error, TypeError) else ValueError)


def _some(values: np.ndarray) -> np.ndarray:
    """Refuse no image, and images of no pixel."""
    if not len(values):
        _checks.refuse(f"Found array with 0 sample(s) (shape={values.shape}): `X` must hold at least one image.")
    if not values[0].size:
        _checks.refuse(f"0 feature(s) (shape={values.shape}) while a minimum of 1 is required.")
    return values


def labels_of(y: Any, n_images: int) -> np.ndarray:
    """Return the label of each image, of any kind that has an order.

    Args:
        y: one label for each image.
        n_images: how many there are.
    """
    if y is None:
        _checks.refuse("`y` is missing: the classifier requires y to be passed, but the target y is None.")
    if isinstance(y, list | tuple) and len({isinstance(label, str) for label in y}) > 1:
        _checks.refuse("`y` must hold labels of one kind, and it holds words and numbers.", TypeError)
    values = _array("y", y)
    if values.ndim == 2 and values.shape[1] == 1:
        _checks.refuse(f"`y` must hold one label for each image, ({n_images},), got {values.shape}; use y.ravel().")
    if values.shape != (n_images,):
        _checks.refuse(f"`y` must hold one label for each image, ({n_images},), got {values.shape}.")
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            words = "NaN" if np.isnan(values).any() else f"infinity or a value too large for dtype('{values.dtype}')"
            _checks.refuse(f"Input y contains {words}.")
        if (values != np.floor(values)).any():
            _checks.refuse("Unknown label type: `y` must hold classes, but it is continuous.")
    return values


def comparable(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return labels that may be compared with the classes; refuse words against numbers."""
    words, known = (values.dtype.kind in "UST" for values in (labels, classes))
    if words != known and "O" not in (labels.dtype.kind, classes.dtype.kind):
        _checks.refuse(
            f"`y` must hold labels of the kind that was learned, such as {classes.tolist()[0]!r}, got "
            f"{labels.tolist()[0]!r}."
        )
    return labels


def classes_of(classes: Any) -> np.ndarray:
    """Return the classes that a caller names, ascending."""
    values = _array("classes", classes)
    if values.ndim != 1 or not len(values):
        _checks.refuse(f"`classes` must hold at least one label, got {_checks.said(classes)}.")
    return distinct("classes", values)


def distinct(name: str, labels: np.ndarray) -> np.ndarray:
    """Return each label once, ascending."""
    try:
        return np.unique(labels)
    except TypeError as error:
        _checks.refuse(f"`{name}` must hold labels that have an order: {error}.", TypeError)


def numbers_of(labels: np.ndarray, classes: np.ndarray) -> Tensor:
    """Return the number of the class of each image, int64 (images,).

    Args:
        labels: one for each image.
        classes: all of them, ascending.
    """
    known = np.isin(labels, classes)
    if not known.all():
        _checks.refuse(f"`y` holds {labels[~known].tolist()[0]!r}, which is none of the classes {classes.tolist()}.")
    return torch.from_numpy(np.searchsorted(classes, labels))
