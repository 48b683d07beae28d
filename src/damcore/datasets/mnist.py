"""MNIST: the full set from a folder, the cache or a download, or else the bundled subset."""

import importlib.resources
import logging
import os
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Int64, Integer, UInt8

from damcore import _checks
from damcore.datasets._cache import cache_folder, cache_is_whole, fill_cache
from damcore.datasets._idx import IdxFile, read

Split = Literal["train", "test"]
Folder = str | os.PathLike[str]

# sha256 of the unpacked official files.
FULL = {
    "train": (
        IdxFile(
            "train-images-idx3-ubyte",
            (60_000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        IdxFile(
            "train-labels-idx1-ubyte",
            (60_000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        IdxFile(
            "t10k-images-idx3-ubyte",
            (10_000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        IdxFile(
            "t10k-labels-idx1-ubyte",
            (10_000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}
# The subset in `data/`; `data/README.md` says how it was chosen.
BUNDLED = {
    "train": (
        IdxFile(
            "train-images-5000-idx3-ubyte",
            (5_000, 28, 28),
            "36cb395b94762f0009909e61c7df0bc6d23da1b3e0251f38b10b10501b652034",
        ),
        IdxFile(
            "train-labels-5000-idx1-ubyte", (5_000,), "6bf07e4d2b09bd66291b74f06f4d0e8c9f34e62ddcb50269a3126f861d1e7d68"
        ),
    ),
    "test": (
        IdxFile(
            "test-images-1000-idx3-ubyte",
            (1_000, 28, 28),
            "b97c8bfeb834d8e7999eaa2d69239abe06653dc09c1e5d7eb0c974c5965bc6a9",
        ),
        IdxFile(
            "test-labels-1000-idx1-ubyte", (1_000,), "41cf2f530031915ba9fbb241407c369dba1acd7515053edff48cebeee8b260f4"
        ),
    ),
}

ORIGINS = {
    "source": "MNIST, 60,000 training and 10,000 test digits, from the folder given as `source`",
    "DAMCORE_DATA": "MNIST, 60,000 training and 10,000 test digits, from the folder in DAMCORE_DATA",
    "cache": "MNIST, 60,000 training and 10,000 test digits, from the cache",
    "bundled": "the bundled subset of MNIST, 5,000 training and 1,000 test digits, the same number of each class",
}
log = logging.getLogger("damcore")


@_checks.door
def mnist(
    split: Split = "train", source: Folder | None = None, *, download: bool = False, base_url: str | None = None
) -> tuple[UInt8[np.ndarray, "n 28 28"], Int64[np.ndarray, " n"]]:
    """Return handwritten digits of MNIST as grey values and labels, in the official order.

    The function looks for the official idx files, packed (`.gz`) or not, in three places: in `source`, in the folder
    that the environment variable DAMCORE_DATA names, and in the cache. The files may lie in the folder itself or in its
    subfolder `mnist`; the folder in DAMCORE_DATA may also hold nothing of MNIST.

    If no place has the files, the function returns the subset that comes with the package: 5,000 training and 1,000
    test digits, the same number per class. Then the logger `damcore` warns. `source="bundled"` asks for this subset,
    without a warning. `mnist_origin` says which digits a call returns. Every call verifies every file by its hash.

    Args:
        split: "train" or "test".
        source: a folder, which must hold the files; or "bundled".
        download: download the files that the cache lacks (11 MB, both splits), unless `source` or DAMCORE_DATA has
            them.
        base_url: the address to download from, instead of the official mirrors; its files must be the official ones.

    Returns:
        `(images, labels)`: images uint8 (n, 28, 28), 0 the background; labels int64 (n,), 0 to 9.

    Raises:
        ValueError: `split` is unknown; a file is truncated, corrupted or another one; no mirror sent the right file; or
            `base_url` is given without `download`.
        FileNotFoundError: the files are not in `source`, or the folder in DAMCORE_DATA does not exist.
        ConnectionError: no mirror could be reached.
        OSError: the cache cannot be written.

    Example:
        >>> from damcore.datasets import mnist
        >>> images, labels = mnist("test", source="bundled")
        >>> images.shape, labels[:5].tolist()
        ((1000, 28, 28), [7, 2, 1, 0, 4])
    """
    _checks.one_of("split", split, tuple(FULL))
    if base_url is not None and not isinstance(base_url, str):
        _checks.refuse(f"`base_url` must be the address of a folder, got {_checks.said(base_url)}.", TypeError)
    if base_url and not download:
        _checks.refuse("`base_url` says where to download from, but `download` is False; pass `download=True`.")
    origin, folder = _locate(source)
    if download and source is None and origin in ("cache", "bundled"):
        fill_cache(base_url)
        origin, folder = _locate(None)
    # A reader who expects 60,000 digits must not get 5,000 in silence.
    level = logging.WARNING if origin == "bundled" and source is None else logging.INFO
    log.log(level, "Using %s%s.", ORIGINS[origin], f" ({folder})" if folder else "")
    if folder is None:
        data = importlib.resources.files("damcore.datasets") / "data"
        images, labels = (read(data / f"{file.name}.gz", file, "Install damcore again.") for file in BUNDLED[split])
    else:
        remedy = "Delete it and get the official file again, for example by `mnist(download=True)`."
        images, labels = (read(_file(folder, file.name), file, remedy) for file in FULL[split])
    return images, labels.astype(np.int64)


@_checks.door
def mnist_origin(source: Folder | None = None) -> str:
    """Describe in words which digits `mnist(split, source)` returns, for a caption or a log, without reading them.

    Args:
        source: as in `mnist`.

    Returns:
        The description, such as "MNIST, 60,000 training and 10,000 test digits, from the cache".

    Raises:
        FileNotFoundError: as in `mnist`.

    Example:
        >>> from damcore.datasets import mnist_origin
        >>> mnist_origin("bundled")
        'the bundled subset of MNIST, 5,000 training and 1,000 test digits, the same number of each class'
    """
    return ORIGINS[_locate(source)[0]]


@_checks.door
def bundle(
    images: UInt8[np.ndarray, "n 28 28"], labels: Integer[np.ndarray, " n"], per_class: int
) -> tuple[UInt8[np.ndarray, "m 28 28"], Integer[np.ndarray, " m"]]:
    """Return the first `per_class` digits of each class, in their given order.

    The bundled subset was cut from the full set in this way.

    Args:
        images: grey values.
        labels: the class of each image.
        per_class: the number of digits to keep per class, at least 1.

    Returns:
        The images and the labels of the subset.

    Raises:
        ValueError: `per_class` is below 1, or a class has fewer digits.
    """
    _checks.whole("per_class", per_class)
    of_class = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
    for label, found in of_class.items():
        if len(found) < per_class:
            _checks.refuse(f"`per_class` is {per_class}, but class {label} has only {len(found)} images.")
    kept = np.sort(np.concatenate([found[:per_class] for found in of_class.values()]))
    return images[kept], labels[kept]


def _locate(source: Folder | None) -> tuple[str, Path | None]:
    """Return where the digits come from (a key of ORIGINS), and their folder; None for the bundled subset."""
    if source == "bundled":
        return "bundled", None
    if source is not None:
        folder = _holder(_existing("`source`", source))
        if folder is None:
            _checks.refuse(f"`source` holds no MNIST file, got {source}. {_needed()}", FileNotFoundError)
        return "source", folder
    named = os.environ.get("DAMCORE_DATA")
    if named and (folder := _holder(_existing("The environment variable DAMCORE_DATA", named))):
        return "DAMCORE_DATA", folder
    if cache_is_whole():
        return "cache", cache_folder()
    return "bundled", None


def _existing(name: str, folder: Folder) -> Path:
    path = Path(os.path.expanduser(folder))
    if not os.path.isdir(path):
        _checks.refuse(f"{name} must name an existing folder, got {folder}. {_needed()}", FileNotFoundError)
    return path


def _holder(folder: Path) -> Path | None:
    """Return `folder` or its subfolder `mnist`, whichever holds an MNIST file, else None."""
    names = [file.name + packed for files in FULL.values() for file in files for packed in ("", ".gz")]
    for place in (folder, folder / "mnist"):
        if any((place / name).is_file() for name in names):
            return place
    return None


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    _checks.refuse(f"`{folder}` lacks the file {name} (or {name}.gz). {_needed()}", FileNotFoundError)


def _needed() -> str:
    names = ", ".join(file.name for files in FULL.values() for file in files)
    return f"Put {names} (each may end in .gz) there or in its subfolder `mnist`."
