"""Random generators that depend on what is computed, never on when or where it is computed."""

import hashlib
from numbers import Integral, Real
from typing import SupportsFloat, SupportsIndex

import torch

from damcore import _checks


@_checks.door
def generator(seed: SupportsIndex, *key: str | SupportsFloat) -> torch.Generator:
    """Return a new CPU generator for the cell of an experiment that `seed` and `key` name.

        state = hash(seed, key_1, key_2, ...)

    Give everything that tells one cell from another: its vertex, its temperature, the purpose of the numbers. Then
    neither the order of the cells nor their batches nor the number of workers changes a number:

        generator(seed, "initial memories", n, temperature)

    The hash is BLAKE2b of a written form of the arguments, so it is the same in every process and on every machine,
    unlike Python's own `hash`. Equal numbers of different types are the same key: 2, 2.0 and numpy.int64(2) agree, so
    a configuration that is read from a file names the same cell. The string "2" is another key.

    Torch's CPU generator takes 32 of the 64 bits. Among ten thousand cells there is a chance of about one in a hundred
    that two of them share their numbers; each is still a fair sample.

    Args:
        seed: the seed of the whole experiment, any whole number.
        key: strings and numbers, in any order that you keep.

    Returns:
        A generator on the CPU: draw there and move the numbers afterwards, so that every device has the same ones.

    Raises:
        TypeError: `seed` is not whole, or a part of `key` is neither a string nor a number.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        _checks.refuse(f"`seed` must be a whole number, got {_checks.said(seed)}.", TypeError)
    written = repr((int(seed), *map(_plain, key)))
    digest = hashlib.blake2b(written.encode(), digest_size=8).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest, "little"))


def _plain(part: str | SupportsFloat) -> str | int | float:
    """Return `part` in its one written form: a string, an int for every whole number, else a float."""
    if isinstance(part, str):
        return str(part)
    if isinstance(part, bool) or not isinstance(part, Real):
        _checks.refuse(
            f"`key` must be made of finite numbers and strings, got {_checks.said(part)}; write it as a string.",
            TypeError,
        )
    if isinstance(part, Integral):
        return int(part)
    number = float(part)
    return int(number) if number.is_integer() else number
