"""The cache of downloaded MNIST files, which is filled from the official mirrors."""

import os
import warnings
from pathlib import Path

from damcore import _checks

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# sha256 of the official files as they are downloaded, packed.
DOWNLOADS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}


def cache_folder() -> Path:
    """Return the cache folder of this user, whether or not it exists."""
    return Path(_pooch().os_cache("damcore")) / "mnist"


def cache_is_whole() -> bool:
    """Return whether the cache has all files; after an interrupted download it lacks some, and is not used."""
    return all((cache_folder() / name).is_file() for name in DOWNLOADS)


def fill_cache(base_url: str | None = None) -> None:
    """Download each file that is missing or not the official one, from the first mirror that sends the right bytes.

    A file gets its name only after its hash was checked, so the cache never holds an incomplete file.

    Args:
        base_url: the only address to use; without one, the official mirrors are tried in turn.

    Raises:
        ValueError: a mirror sent wrong bytes, and none sent the right ones.
        ConnectionError: no mirror could be reached.
        OSError: the cache folder cannot be written.
    """
    folder = cache_folder()
    _make_writable(folder)
    for name in DOWNLOADS:
        _fetch(name, (base_url,) if base_url else MIRRORS, folder)


def _pooch():
    """Return the library pooch, imported only when it is needed: that takes longer than importing `datasets`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # inside Jupyter its progress bar warns that there are no widgets
        import pooch
    return pooch


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = "" if os.access(folder, os.W_OK) else "permission denied"
    except OSError as error:
        reason = str(error)
    if reason:
        remedy = "Download the files yourself and give their folder as `source`."
        _checks.refuse(f"The cache folder {folder} cannot be written ({reason}). {remedy}", OSError)


def _fetch(name: str, mirrors: tuple[str, ...], folder: Path) -> None:
    known = f"sha256:{DOWNLOADS[name]}"
    failures: list[Exception] = []
    for mirror in mirrors:
        try:
            _pooch().retrieve(f"{mirror.rstrip('/')}/{name}", known, name, folder, progressbar=True)
            return
        except (OSError, ValueError) as error:  # the connection failed (requests raises OSErrors), or the hash did
            failures.append(error)
    reasons = "; ".join(f"{mirror}: {error}" for mirror, error in zip(mirrors, failures, strict=True))
    _checks.refuse(
        f"{name} could not be downloaded with the expected {known} ({reasons}). Try again later, or get the file "
        "elsewhere and give its folder as `source`.",
        ValueError if any(isinstance(error, ValueError) for error in failures) else ConnectionError,
    )
