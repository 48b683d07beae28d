"""Tensors in a safetensors file, which holds no code and whose checksum shows damage."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from damcore import _checks


def write(path: str | PathLike, tensors: dict[str, Tensor], settings: dict) -> None:
    """Write tensors, and settings that JSON can hold, to a file in an existing folder."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    noted = json.dumps(settings | {"sha256": _checksum(tensors)})
    try:
        save_file(tensors, Path(path), metadata={"damcore": noted})
    except (OSError, SafetensorError) as error:
        _checks.refuse(f"Cannot write {path}: {error}. Choose a file in a folder that exists and can be written.")


@contextmanager
def reading(path: str | PathLike, writer: str) -> Iterator[tuple[dict, dict[str, Tensor]]]:
    """Give the settings and the tensors of a file, and refuse a file that is damaged or that the body cannot use.

    Args:
        path: the file.
        writer: the name of the function that writes such files, for the message.
    """
    if not Path(path).is_file():
        _checks.refuse(f"There is no file {path}.", FileNotFoundError)
    try:
        with safe_open(Path(path), "pt") as file:
            settings = json.loads(file.metadata()["damcore"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is not a dict
        if settings.pop("sha256") != _checksum(tensors):
            raise ValueError("its content does not match its checksum")
        yield settings, tensors
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        _checks.refuse(f"{path} is not a whole file written by {writer} ({error}); save it again.")


def _checksum(tensors: dict[str, Tensor]) -> str:
    """Return the checksum of the bytes of all tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
