"""The settings of a classifier: scikit-learn wants them as they were given, and looked at when it is fitted."""

from typing import Any

import numpy as np
import torch

from damcore import _checks
from damcore.interactions import Interaction

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def check(settings: Any) -> None:
    """Refuse settings that are out of range.

    Args:
        settings: an object with an attribute for each, a `Classifier`.
    """
    for size in ("n_memories", "epochs", "batch_size"):
        _checks.whole(size, getattr(settings, size))
    if settings.interaction is None:
        _checks.power("n", settings.n)
    elif not isinstance(settings.interaction, Interaction):
        _of_kind("interaction", settings.interaction, "a damcore.interactions.Interaction or None")
    _checks.power("error_exponent", settings.error_exponent)
    _checks.whole("seed", settings.seed, -(2**63), 2**64 - 1)
    _checks.number("learning_rate", settings.learning_rate, above=0.0)
    _checks.number("decay", settings.decay, above=0.0, most=1.0)
    _checks.fraction("momentum", settings.momentum)
    _checks.number("temperature", settings.temperature, above=0.0)
    _checks.one_of("scaling", settings.scaling, ("original", "modified"))
    _checks.one_of("context", settings.context, ("off", "target"))
    for flag in ("clip", "balanced"):
        if not isinstance(getattr(settings, flag), bool | np.bool_):
            _of_kind(flag, getattr(settings, flag), "True or False")
    if settings.temperature_schedule is not None and not callable(settings.temperature_schedule):
        _of_kind("temperature_schedule", settings.temperature_schedule, "a function or None")
    if dtype_of(settings.dtype) not in DTYPES:
        _of_kind("dtype", settings.dtype, "a floating dtype or its name")
    try:
        torch.empty(0, device=settings.device)
    except (RuntimeError, TypeError, AssertionError):
        _of_kind("device", settings.device, "a device that torch has here")


def dtype_of(named: Any) -> Any:
    """Return the dtype of this name; what is no string stays as it is."""
    return getattr(torch, named, None) if isinstance(named, str) else named


def _of_kind(name: str, value: Any, kind: str) -> None:
    _checks.refuse(f"`{name}` must be {kind}, got {_checks.said(value)}.", TypeError)
