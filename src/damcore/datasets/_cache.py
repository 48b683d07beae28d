"""The cache of downloaded MNIST files, which is filled from the official mirrors."""

import os
import time
import warnings
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

from damcore import _checks

MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
# sha256 of the official files as they are downloaded, packed.
DOWNLOADS = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
LIMIT = 600.0  # seconds for a file, whatever the server does: 16 kB/s for the largest
SILENCE = 30.0  # seconds without a byte
MOST = 20_000_000  # bytes of a file, twice the largest


def cache_folder() -> Path:
    """Return the cache folder of this user, whether or not it exists."""
    return Path(_pooch().os_cache("damcore")) / "mnist"


def cache_is_whole() -> bool:
    """Return whether the cache has all files; after an interrupted download it lacks some, and is not used."""
    return all((cache_folder() / name).is_file() for name in DOWNLOADS)


def fill_cache(base_url: str | None = None) -> None:
    """Download each file that is missing or not the official one, from the first mirror that sends the right bytes.

    A file gets its name only after its hash was checked, so the cache never holds an incomplete file. What a download
    that was killed left behind is removed.

    Args:
        base_url: the only address to use; without one, the official mirrors are tried in turn.

    Raises:
        ValueError: a mirror sent wrong bytes, and none sent the right ones.
        ConnectionError: no mirror could be reached, or none sent the file in time.
        OSError: the cache folder cannot be written, or its disk is full.
    """
    folder = cache_folder()
    _make_writable(folder)
    for left in folder.glob("tmp*"):  # pooch's; one that is being written belongs to another process
        if time.time() - left.stat().st_mtime > LIMIT:
            left.unlink(missing_ok=True)
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
        _refuse_folder(folder, reason)


def _refuse_folder(folder: Path, reason: str) -> NoReturn:
    remedy = "Make room there, or download the files yourself and give their folder as `source`."
    _checks.refuse(f"The cache folder {folder} cannot be written ({reason}). {remedy}", OSError)


def _fetch(name: str, mirrors: tuple[str, ...], folder: Path) -> None:
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    known = f"sha256:{DOWNLOADS[name]}"
    failures: list[Exception] = []
    full = ""
    downloader: Any = _download  # pooch's annotation names other arguments than it passes
    for mirror in mirrors:
        try:
            _pooch().retrieve(f"{mirror.rstrip('/')}/{name}", known, name, folder, downloader=downloader)
            return
        except (RequestException, HTTPError, ValueError) as error:  # the connection failed, or the hash did
            failures.append(error)
        except OSError as error:
            full = error.strerror or str(error)
            break
    if full:
        _refuse_folder(folder, full)
    reasons = "; ".join(f"{mirror}: {error}" for mirror, error in zip(mirrors, failures, strict=True))
    _checks.refuse(
        f"{name} could not be downloaded with the expected {known} ({reasons}). Try again later, or get the file "
        "elsewhere and give its folder as `source`.",
        ValueError if any(isinstance(error, ValueError) for error in failures) else ConnectionError,
    )


def _download(url: str, output_file: str, _: object) -> None:
    """Write what a server sends to a file, within the limits of time and size; pooch's own has none.

    A server that sends a byte now and then is never silent, so that a limit on silence does not stop it.
    """
    import requests
    from tqdm import tqdm

    end = time.monotonic() + LIMIT
    answer: Future[requests.Response] = Future()

    def ask():
        try:
            answer.set_result(requests.get(url, stream=True, timeout=SILENCE))
        except BaseException as error:  # raised below, by `result`
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()  # the answer's first lines may come a byte at a time, too
    late = f"the server did not send the file within {LIMIT:.0f} seconds"
    try:
        response = answer.result(timeout=LIMIT)
    except TimeoutError:
        raise requests.Timeout(late) from None
    size = int(response.headers.get("Content-Length", 0)) or None
    with response, open(output_file, "wb") as file, tqdm(total=size, unit="B", unit_scale=True) as bar:
        response.raise_for_status()
        while part := response.raw.read1(1 << 16, decode_content=True):
            file.write(part)
            bar.update(len(part))
            if bar.n > MOST:
                raise ValueError(f"the server sent more than {MOST} bytes")
            if time.monotonic() > end:
                raise requests.Timeout(late)
