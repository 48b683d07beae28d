"""Checks of values and their messages; every error is raised from the public call that received the bad value."""

import math

import torch
from torch import Tensor

from damcore._doors import FLOATS, NUMBER, OTHER, TENSOR, WHOLE
from damcore._doors import detached as detached
from damcore._doors import door as door
from damcore._doors import refuse as refuse
from damcore._doors import said as said


def is_tensor(name: str, value: object) -> None:
    """Refuse anything but a tensor."""
    if TENSOR.plain(name, value) is OTHER:
        refuse(f"`{name}` must be a torch tensor, got {said(value)}; use torch.as_tensor.", TypeError)


def has_dtype(name: str, value: Tensor, dtype: torch.dtype) -> None:
    """Refuse a tensor of another dtype."""
    if value.dtype != dtype:
        refuse(f"`{name}` must have the dtype {dtype}, got {value.dtype}; use `{name}.to({dtype})`.", TypeError)


def is_float(name: str, value: Tensor) -> None:
    """Refuse anything but a tensor of a floating dtype."""
    is_tensor(name, value)
    if value.dtype not in FLOATS:
        refuse(
            f"`{name}` must have a floating dtype, got {value.dtype}; use `{name}.double()`, or one of 16 or 32 bits.",
            TypeError,
        )


def whole(name: str, value: object, least: int = 1, most: int = 2**63 - 1) -> None:
    """Refuse anything but a whole number between `least` and `most`, by default the largest of 64 bits."""
    plain = WHOLE.plain(name, value)
    if plain is OTHER:
        refuse(f"`{name}` must be a whole number, got {said(value)}.")
    if plain < least:
        refuse(f"`{name}` must be at least {least}, got {plain}.")
    if plain > most:
        refuse(f"`{name}` must be at most {most}, got {plain}.")


def power(name: str, value: object) -> None:
    """Refuse anything but a whole number that powers may have: of 31 bits, so that twice as much is of 32."""
    whole(name, value, most=2**31 - 1)


def room(**sizes: int) -> None:
    """Refuse sizes whose product is more than a memory holds."""
    if math.prod(sizes.values()) > 2**40:
        named = " and ".join(f"`{name}`" for name in sizes)
        refuse(f"{named} must not ask for more than 2^40 numbers, got {' x '.join(map(str, sizes.values()))}.")


def fraction(name: str, value: object) -> None:
    """Refuse a number outside [0, 1)."""
    number(name, value, least=0.0)
    if value >= 1:  # pyright: ignore[reportOperatorIssue]
        refuse(f"`{name}` must be below 1, got {value}.")


def number(
    name: str, value: object, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> None:
    """Refuse a number outside (above, most] and [least, most], NaN and infinity."""
    plain = NUMBER.plain(name, value)
    if plain is OTHER:
        refuse(f"`{name}` must be a number, got {said(value)}.", TypeError)
    if not math.isfinite(plain):
        refuse(f"`{name}` must be finite, got {plain}.")
    if plain <= above:
        refuse(f"`{name}` must be {'positive' if above == 0 else f'greater than {above:g}'}, got {plain}.")
    if not least <= plain <= most:
        wanted = f"at least {least:g}" if most == math.inf else f"between {least:g} and {most:g}"
        refuse(f"`{name}` must be {wanted}, got {plain}.")


def positive(name: str, value: object) -> None:
    """Refuse a number, or a tensor with any element, that is not positive and finite."""
    if not isinstance(value, Tensor):
        return number(name, value, above=0.0)
    if not value.numel():
        refuse(f"`{name}` is empty: it must hold at least one number, got shape {tuple(value.shape)}.")
    if value.is_complex() or value.dtype == torch.bool:
        refuse(f"`{name}` must hold real numbers, got {value.dtype}.", TypeError)
    bad = ~((value > 0) & torch.isfinite(value))
    if bad.any():
        refuse(f"`{name}` must be positive and finite, got {value[bad].flatten()[0].item()}.")


def one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse anything but one of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        refuse(f"`{name}` must be one of {', '.join(map(repr, allowed))}, got {said(value)}.")


def finite(name: str, value: Tensor) -> None:
    """Refuse a tensor with an element that is NaN or infinite."""
    if not torch.isfinite(value).all():
        kind = "NaN" if torch.isnan(value).any() else "an infinite value"
        refuse(f"`{name}` must be finite, but it contains {kind}.")


def bipolar(name: str, value: Tensor) -> None:
    """Refuse states (*runs, B, N) with an element other than -1 and +1."""
    is_float(name, value)
    bad = value.abs() != 1
    if bad.any():
        got = value[bad].flatten()[0].item()
        hints = {
            0.0: "; map 0/1 to -1/+1 with `2 * x - 1`",
            255.0: "; -1 becomes 255 in uint8, so `2.0 * x - 1` before any change of type",
        }
        hint = hints.get(float(got), "")
        refuse(f"`{name}` must be bipolar (every element -1 or +1), got {got:g}{hint}.")


def rows(name: str, value: Tensor, row: str, column: str) -> None:
    """Refuse a tensor that is not (*runs, rows, columns) with at least one of each."""
    is_float(name, value)
    if value.ndim < 2:
        refuse(f"`{name}` must have shape (*runs, {row}, {column}), got {tuple(value.shape)}; add a leading axis.")
    if value.shape[-2] == 0:
        refuse(f"`{name}` is empty: it must hold at least one row, got shape {tuple(value.shape)}.")
    if 0 in value.shape:
        refuse(f"`{name}` is empty: no axis may have size 0, got shape {tuple(value.shape)}.")


def runs(shapes: dict[str, torch.Size]) -> torch.Size:
    """Return the leading axes to which all of these shapes broadcast, and refuse shapes that do not broadcast."""
    try:
        return torch.broadcast_shapes(*shapes.values())
    except RuntimeError:
        named = ", ".join(f"`{name}` {tuple(shape)}" for name, shape in shapes.items())
        refuse(f"The leading axes do not fit together: {named}.")


def network(
    memories: Tensor,
    states: Tensor,
    states_name: str = "states",
    free: slice | None = None,
    *,
    memories_name: str = "memories",
) -> None:
    """Refuse memories (*runs, K, N) and states (*runs, B, N) that do not belong together.

    Every neuron must be bipolar, or, where `free` is given, only those neurons; the others may hold any value in
    [-1, 1].
    """
    rows(memories_name, memories, "K", "N")
    rows(states_name, states, "B", "N")
    if memories.dtype != states.dtype:
        refuse(
            f"`{memories_name}` and `{states_name}` must share one dtype, got {memories.dtype} and {states.dtype}; "
            f"use `{states_name}.to(memories.dtype)`.",
            TypeError,
        )
    if memories.device != states.device:
        refuse(
            f"`{memories_name}` and `{states_name}` must be on one device, got {memories.device} and {states.device}; "
            f"use `{states_name}.to(memories.device)`."
        )
    if memories.shape[-1] != states.shape[-1]:
        refuse(
            f"`{memories_name}` and `{states_name}` must have the same number of neurons, "
            f"got {memories.shape[-1]} and {states.shape[-1]}."
        )
    runs({memories_name: memories.shape[:-2], states_name: states.shape[:-2]})
    if free is not None and not range(memories.shape[-1])[free]:
        refuse(f"`neurons` chooses none of the {memories.shape[-1]} neurons, got {free}.")
    finite(memories_name, memories)
    bipolar(states_name, states[..., free or slice(None)])
    if free is not None and not (states.abs() <= 1).all():
        refuse(f"`{states_name}` must lie in [-1, 1], got {states.abs().max().item():g} in absolute value.")


def targets(values: Tensor, patterns: Tensor, neurons: slice | None) -> None:
    """Refuse targets (*runs, B, M) that do not belong to these patterns and predicted neurons."""
    is_float("targets", values)
    if values.dtype != patterns.dtype or values.device != patterns.device:
        refuse("`targets` must have the dtype and device of `patterns`; use `targets.to(patterns)`.", TypeError)
    if not (values.abs() <= 1).all():
        refuse("`targets` must lie in [-1, 1], the range of tanh.")
    wanted = (patterns.shape[-2], len(range(patterns.shape[-1])[neurons or slice(None)]))
    if tuple(values.shape[-2:]) != wanted:
        refuse(
            f"`targets` must give a value for each pattern and predicted neuron, {wanted}, "
            f"got {tuple(values.shape[-2:])}."
        )
