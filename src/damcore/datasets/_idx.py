"""The idx format of MNIST (type and rank, sizes, values), and a reader that refuses damaged files."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from damcore import _checks


@dataclass(frozen=True)
class IdxFile:
    """What a file must hold: its name without `.gz`, the shape of its values, the sha256 of its unpacked bytes."""

    name: str
    shape: tuple[int, ...]
    sha256: str


def pack(values: UInt8[np.ndarray, "..."]) -> bytes:
    """Return the bytes of an (unpacked) idx file that holds `values`."""
    return _header(values.shape) + values.tobytes()


def read(path: Path | Traversable, expected: IdxFile, remedy: str) -> UInt8[np.ndarray, "..."]:
    """Return the values of the idx file at `path`, verified against `expected`.

    The *unpacked* bytes are hashed, because another version of gzip packs the same data into another file. The full set
    of training images takes about half a second.

    Args:
        path: the file; it is unpacked when its name ends in `.gz`.
        expected: its shape and hash.
        remedy: the last sentence of every error message, which says what to do.

    Returns:
        The values, in the expected shape.

    Raises:
        ValueError: the file is truncated, corrupted, or another one; the message says what was expected and found.
    """
    header = _header(expected.shape)
    length = len(header) + int(np.prod(expected.shape))
    content = _content(path, length + 1, remedy)
    if len(content) >= 4 and content[:4] != header[:4]:
        found = f"begins with the bytes {content[:4].hex()}, expected the magic number {header[:4].hex()}"
        _checks.refuse(f"`{path}` {found} of an idx file of rank {len(expected.shape)}. {remedy}")
    if len(content) != length:
        got = len(content) if len(content) < length else "more"
        _checks.refuse(f"`{path}` has the wrong length: expected {length} bytes unpacked, got {got}. {remedy}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != expected.sha256:
        found = f"expected sha256 {expected.sha256} of the unpacked bytes, got {digest}"
        _checks.refuse(f"`{path}` is corrupted: {found}. {remedy}")
    # A copy, because an array over `bytes` is read-only, which torch.from_numpy warns about.
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(expected.shape).copy()


def _header(shape: tuple[int, ...]) -> bytes:
    """Return two zero bytes, 8 for uint8, the rank, and each size as four bytes, the most significant first."""
    return bytes((0, 0, 8, len(shape))) + b"".join(size.to_bytes(4, "big") for size in shape)


def _content(path: Path | Traversable, most: int, remedy: str) -> bytes:
    """Return the bytes of a file, unpacked, but at most so many: a small gzip file may unpack to more than fits."""
    with path.open("rb") as file:
        if not path.name.endswith(".gz"):
            return file.read(most)
        try:
            return gzip.GzipFile(fileobj=file).read(most)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            reason = str(error).rstrip(".")
    # Refused out here, so that the reader is shown one error and not two.
    _checks.refuse(f"`{path}` is truncated or corrupted: expected a whole gzip file, got an error ({reason}). {remedy}")
