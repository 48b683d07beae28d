"""Tensors in a safetensors file, which holds no code and whose checksum shows damage anywhere in it.

The checksum is that of the whole file, with zeros in its own place. Files of the first format have one of their tensors
alone.
"""

import glob
import hashlib
import json
import os
import secrets
import stat
import warnings
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from damcore import _checks

try:
    import fcntl
except ModuleNotFoundError:  # Windows, which does not remove a file that a process has open
    fcntl = None

FORMAT = 2
BLANK = b"0" * 64


def write(path: str | PathLike, tensors: dict[str, Tensor], settings: dict) -> None:
    """Write tensors, and settings that JSON can hold, to a file in an existing folder; a link stays a link to it."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    noted = json.dumps(settings | {"format": FORMAT, "sha256": BLANK.decode()})
    content = safetensors.torch.save(tensors, metadata={"damcore": noted})
    content = content.replace(BLANK, _checksum(content), 1)
    target = Path(os.path.realpath(_expanded(path)))
    if os.path.lexists(target) and not target.is_file():
        _checks.refuse(f"Cannot write {target}, which is there and is not a file; choose another `path`.")
    try:
        _replace(target, content)
    except OSError as error:
        _checks.refuse(
            f"Cannot write {target}: {error.strerror}. Choose a file in a folder that exists and can be written, as "
            "`path`."
        )


def read(path: str | PathLike, writer: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the settings and the tensors of a file; refuse a file that is not whole.

    Args:
        path: the file.
        writer: the name of the function that writes such files, for messages.
    """
    if not os.path.isfile(_expanded(path)):
        _checks.refuse(f"There is no file {path}; `path` must name one that `{writer}` wrote.", FileNotFoundError)
    try:
        content = Path(_expanded(path)).read_bytes()
    except OSError as error:
        _checks.refuse(f"`path` {path} cannot be read: {error.strerror}.")
    length = int.from_bytes(content[:8], "little")
    try:
        settings = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["damcore"])
        noted, form = settings.pop("sha256"), settings.pop("format", 1)
        tensors = safetensors.torch.load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        refuse_content(path, writer, str(error))
    if form not in (1, FORMAT):
        refuse_content(path, writer, f"its format is {form}, and this version of damcore reads 1 and {FORMAT}")
    blank = content.replace(str(noted).encode(), BLANK, 1)
    if noted != (_checksum(blank).decode() if form == FORMAT else _checksum_of_tensors(tensors)):
        refuse_content(path, writer, "its content does not match its checksum")
    if form == 1:
        warnings.warn(
            f"{path} was saved by an earlier version, whose checksum does not cover settings and shapes. Look whether "
            "they are those that you saved, and save it again.",
            stacklevel=4,
        )
    return settings, tensors


def refuse_content(path: str | PathLike, writer: str, reason: str) -> NoReturn:
    """Refuse a file for what is in it."""
    _checks.refuse(f"`path` {path} is not a whole file written by {writer} ({reason}); save it again.")


def _expanded(path: str | PathLike) -> str:
    return os.path.expanduser(os.fspath(path))


def _replace(target: Path, content: bytes) -> None:
    """Write a file under a passing name before it gets its own, so that what has this name is always whole."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        _remove_if_left(left)
    passing = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open(passing, "xb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed, however this process ends
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                os.chmod(passing, stat.S_IMODE(target.stat().st_mode))
            if fcntl is not None:
                os.replace(passing, target)
        if fcntl is None:
            os.replace(passing, target)
    finally:
        passing.unlink(missing_ok=True)


def _remove_if_left(passing: Path) -> None:
    """Remove what a killed process left behind, but not what another process is writing."""
    try:
        with open(passing, "rb") as file:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        passing.unlink()
    except (BlockingIOError, PermissionError, FileNotFoundError):
        return


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _checksum_of_tensors(tensors: dict[str, Tensor]) -> str:
    """Return the checksum of the first format: of the bytes of all tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
