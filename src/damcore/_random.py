"""Random generators that depend on what is computed, never on when or where it is computed."""

import hashlib
from numbers import Integral, Real
from typing import SupportsFloat, SupportsIndex

import torch


def generator(seed: SupportsIndex, *key: str | SupportsFloat) -> torch.Generator:
    """A fresh CPU generator for the cell of an experiment that `seed` and `key` name.

        state = hash(seed, key_1, key_2, ...)

    Give everything that sets one cell apart from another (its vertex, its temperature, what the numbers are for), and
    neither the order of the cells, nor how they are batched, nor how many workers share them changes a number:

        generator(seed, "initial memories", n, temperature)

    The hash is BLAKE2b of a written form of the arguments, so it is the same in every process and on every machine,
    unlike Python's own `hash`. Equal numbers count as one key whatever their type: 2, 2.0 and numpy.int64(2) agree, so
    a configuration read back from a file names the same cell. The string "2" is another key.

    Torch's CPU generator takes 32 of the 64 bits. Among ten thousand cells there is about one chance in a hundred that
    some two share their numbers; each is still a fair sample.

    Args:
        seed: the seed of the whole experiment, any whole number.
        key: strings and numbers, in an order of your choice.

    Returns:
        A generator on the CPU: draw there, then move, and every device sees the same numbers.

    Raises:
        TypeError: `seed` is not whole, or a part of `key` is neither a string nor a number.
    """
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise TypeError(f"`seed` must be a whole number, got {seed!r}.")
    written = repr((int(seed), *map(_plain, key)))
    digest = hashlib.blake2b(written.encode(), digest_size=8).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest, "little"))


def _plain(part: str | SupportsFloat) -> str | int | float:
    """The one way to write `part`: a plain string, an int for every whole number, otherwise a float."""
    if isinstance(part, str):
        return str(part)
    if isinstance(part, bool) or not isinstance(part, Real):
        raise TypeError(f"`key` must be made of strings and numbers, got {part!r}; write it as a string.")
    if isinstance(part, Integral):
        return int(part)
    number = float(part)
    return int(number) if number.is_integer() else number
