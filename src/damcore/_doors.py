"""The door of a public call: each argument is of the kind that the signature names, and a refusal comes from the call.

Kinds are read from the annotations, once for each function. An argument of a kind that Python and numpy write in
several ways goes on in the plainest: numpy's 3 as 3, a device's name as the device.
"""

import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import numpy as np
import torch
from torch import Tensor

Public = TypeVar("Public", bound=Callable[..., Any])
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
OTHER = object()  # what a kind says of a value that is of another kind


def door(public: Public) -> Public:
    """Mark a public function or class: it refuses arguments of another kind, and checks refuse from the call itself.

    An error that is no refusal goes through as it is, with its whole traceback. With DAMCORE_TRACEBACK=1 in the
    environment refusals keep theirs, too.
    """
    if isinstance(public, type):
        public.__init__ = door(public.__init__)
        return public  # pyright: ignore[reportReturnType]
    positions, named = _kinds(public)
    passes_on = any(_names_keywords(parameter) for parameter in inspect.signature(public).parameters.values())

    @functools.wraps(public)
    def call(*args, **kwargs):
        try:
            if passes_on and (unknown := kwargs.keys() - named.keys()):
                keywords = ", ".join(name for name in named if name != "self")
                refuse(f"{public.__name__}() has no argument `{min(unknown)}`; it has {keywords}.", TypeError)
            known = [value if kind is None else kind(value) for kind, value in zip(positions, args, strict=False)]
            for name in kwargs:
                if (kind := named.get(name)) is not None:
                    kwargs[name] = kind(kwargs[name])
            return public(*known, *args[len(known) :], **kwargs)
        except Exception as error:
            if not getattr(error, "refused", False) or os.environ.get("DAMCORE_TRACEBACK") == "1":
                raise
            refusal = error
        raise refusal.with_traceback(None) from None

    return call  # pyright: ignore[reportReturnType]


def detached(public: Public) -> Public:
    """Mark a function whose results autograd cannot differentiate: tensors that require a gradient enter without."""

    def free(value: Any) -> Any:
        return value.detach() if isinstance(value, Tensor) and value.requires_grad else value

    @functools.wraps(public)
    def compute(*args, **kwargs):
        with torch.no_grad():
            return public(*map(free, args), **{name: free(value) for name, value in kwargs.items()})

    return compute  # pyright: ignore[reportReturnType]


def refuse(message: str, error: type[Exception] = ValueError) -> NoReturn:
    """Raise `error` and mark it, so that `door` can tell the refusal of a value from a defect of this package."""
    refusal = error(message)
    refusal.refused = True  # pyright: ignore[reportAttributeAccessIssue]
    raise refusal


def said(value: object) -> str:
    """Return a value in a few words, for a message."""
    if isinstance(value, Tensor):
        layout = "nested" if value.is_nested else f"{str(value.layout)[6:]} {value.dtype} {tuple(value.shape)}"
        return f"a tensor ({layout.removeprefix('strided ')})"
    if isinstance(value, np.ndarray):
        return f"an array ({value.dtype} {value.shape})"
    if isinstance(value, int) and value.bit_length() > 128:
        return f"a whole number of {value.bit_length()} bits"
    if value is None or isinstance(value, str | bytes | numbers.Number | slice | torch.dtype | torch.device):
        text = repr(value)
        return text if len(text) <= 80 else f"{text[:77]}..."
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


class Kind(NamedTuple):
    """A kind of argument."""

    words: str
    plain: Callable[[str, Any], Any]  # of a name and a value: the plain value, or OTHER for one of another kind
    remedy: str = ""


def _kinds(public: Callable) -> tuple[list[Callable | None], dict[str, Callable | None]]:
    """Return what each parameter's value goes through, by position and by name."""
    positions, named = [], {}
    for name, parameter in inspect.signature(public).parameters.items():
        asked = parameter.annotation
        if _names_keywords(parameter):
            settings = typing.get_args(asked)[0].__annotations__
            named |= {key: _through(key, _asked(kind)) for key, kind in settings.items()}
        elif parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            named[name] = _through(name, _asked(asked))
            if parameter.kind is not parameter.KEYWORD_ONLY:
                positions.append(named[name])
    return positions, named


def _names_keywords(parameter: inspect.Parameter) -> bool:
    """Whether these are further keywords, of which the annotation has the names and kinds."""
    return parameter.kind is parameter.VAR_KEYWORD and typing.get_origin(parameter.annotation) is typing.Unpack


def _through(name: str, allowed: list[Kind | None]) -> Callable[[Any], Any] | None:
    """Return the function that refuses a value of none of these kinds, or None where any value may come."""
    optional, kinds = NOTHING in allowed, [kind for kind in allowed if kind is not None and kind is not NOTHING]
    if None in allowed:
        return None
    error = ValueError if kinds == [WHOLE] else TypeError
    words = " or ".join(dict.fromkeys([kind.words for kind in kinds] + ["None"] * optional))
    remedy = next((f"; {kind.remedy}" for kind in kinds if kind.remedy), "")

    def through(value: Any) -> Any:
        if value is None and optional:
            return None
        for kind in kinds:
            plain = kind.plain(name, value)
            if plain is not OTHER:
                return plain
        return refuse(f"`{name}` must be {words}, got {said(value)}{remedy}.", error)

    return through


def _asked(annotation: Any) -> list[Kind | None]:
    """Return the kinds that an annotation allows; None stands for one that the function itself checks."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        found = [kind for part in typing.get_args(annotation) for kind in _asked(part)]
        # Text beside a path or a device names one; beside anything else the function knows which words it takes.
        covered = {None: PATH in found or DEVICE in found, WHOLE: NUMBER in found}
        return [kind for kind in found if not covered.get(kind, False)]
    array = getattr(annotation, "array_type", None)  # of jaxtyping
    if array is not None:
        return [_BOOLEAN if array is Tensor and annotation.dtypes[0] == "bool" else _OF_TYPE[array]]
    if origin is tuple and typing.get_args(annotation)[1:] == (...,):
        [element] = _asked(typing.get_args(annotation)[0])
        return [_several(element)]
    if annotation in _OF_TYPE:
        return [_OF_TYPE[annotation]]
    if origin is not None and origin in _OF_TYPE:
        return [_OF_TYPE[origin]]
    if isinstance(annotation, type) and annotation.__module__ not in ("builtins", "inspect", "typing"):
        return [_instance(annotation)]
    return [None]


def _instance(kind: type) -> Kind:
    words = f"a {kind.__module__}.{kind.__qualname__}"
    return Kind(words, lambda _, value: value if isinstance(value, kind) else OTHER)


def _several(element: Kind | None) -> Kind | None:
    """Return the kind of a tuple of any length, which a list, a range, or a line of an array may stand for."""
    if element is None:
        return None

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, Tensor) and _tensor(name, value).ndim == 1:
            value = value.tolist()
        if not isinstance(value, list | tuple | range) and not (isinstance(value, np.ndarray) and value.ndim == 1):
            return OTHER
        values = tuple(element.plain(name, one) for one in value)
        if OTHER in values:
            wrong = value[values.index(OTHER)]
            refuse(f"`{name}` must hold {plural}, got {said(wrong)}.", ValueError if element is WHOLE else TypeError)
        return values

    plural = f"{element.words.removeprefix('a ')}s"
    return Kind(f"a tuple of {plural}", plain)


def _whole(name: str, value: Any) -> Any:
    if type(value) is not int:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            return OTHER
        value = int(value)
    if not -(2**63) <= value < 2**64:
        refuse(f"`{name}` must be a whole number of at most 64 bits, got {said(value)}.")
    return value


def _number(name: str, value: Any) -> Any:
    if type(value) is float:
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return OTHER
    try:
        real = float(value)
    except OverflowError:
        refuse(f"`{name}` must be within the range of float64, got {said(value)}.")
    return int(value) if isinstance(value, numbers.Integral) and abs(real) < 2**63 else real


def _truth(name: str, value: Any) -> Any:
    return bool(value) if isinstance(value, bool | np.bool_) else OTHER


def _tensor(name: str, value: Any) -> Any:
    if not isinstance(value, Tensor):
        return OTHER
    if value.is_nested or value.layout is not torch.strided:
        refuse(f"`{name}` must be a dense tensor, got {said(value)}; use `{name}.to_dense()`.", TypeError)
    if value.is_meta or value.is_quantized:
        refuse(f"`{name}` must be a tensor with numbers, got one that is meta or quantized.", TypeError)
    return value.resolve_neg() if value.is_neg() else value


def _boolean(name: str, value: Any) -> Any:
    value = _tensor(name, value)
    return value if value is not OTHER and value.dtype == torch.bool else OTHER


def _array(name: str, value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return OTHER
    if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
        refuse(f"`{name}` must hold numbers, got {said(value)}.", TypeError)
    # Torch wants arrays that it could write to, in the machine's order of bytes and of elements.
    plain = value.dtype.isnative and value.flags.writeable and not any(stride < 0 for stride in value.strides)
    return value if plain else np.array(value, value.dtype.newbyteorder("="), order="C", subok=False)


def _generator(name: str, value: Any) -> Any:
    if not isinstance(value, torch.Generator):
        return OTHER
    if value.device.type != "cpu":
        refuse(f"`{name}` must be on the CPU, got {value.device}; use torch.Generator().")
    return value


def _dtype(name: str, value: Any) -> Any:
    if not isinstance(value, torch.dtype):
        return OTHER
    if value not in FLOATS:
        refuse(
            f"`{name}` must be a floating dtype, got {value}; use torch.float64, or one of 16 or 32 bits.", TypeError
        )
    return value


def _device(name: str, value: Any) -> Any:
    if not isinstance(value, str | torch.device):
        return OTHER
    try:
        device = torch.device(value)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        refuse(f'`{name}` must be a device that torch has here, such as "cpu", got {said(value)} ({reason}).')
    if device.type == "meta":
        refuse(f"`{name}` must be a device that holds numbers, got {said(value)}.")
    return device


def _path(name: str, value: Any) -> Any:
    if not isinstance(value, str | os.PathLike) or not isinstance(path := os.fspath(value), str):
        return OTHER
    try:
        fit = path and "\0" not in path and os.fsencode(path)
    except UnicodeEncodeError:
        fit = False
    if not fit:
        refuse(f"`{name}` must be the name of a file or folder, got {said(path)}.")
    return value


def _slice(name: str, value: Any) -> Any:
    if not isinstance(value, slice):
        return OTHER
    ends = value.start, value.stop, value.step
    if any(isinstance(end, bool) or not isinstance(end, numbers.Integral | None) for end in ends):
        refuse(f"`{name}` must be a slice between whole numbers, got {said(value)}.", TypeError)
    if ends[2] is not None and ends[2] < 1:
        refuse(f"`{name}` must be a slice with a positive step, got {said(value)}.")
    # Beyond any tensor's length the ends mean the same, and torch takes 63 bits.
    return slice(*(None if end is None else min(max(int(end), -(2**62)), 2**62) for end in ends))


NOTHING = Kind("None", lambda _, value: value if value is None else OTHER)
WHOLE = Kind("a whole number", _whole)
NUMBER = Kind("a number", _number)
PATH = Kind("a path", _path)
DEVICE = Kind("a device or its name", _device)
TENSOR = Kind("a torch tensor", _tensor, "use torch.as_tensor")
_BOOLEAN = Kind("a boolean tensor", _boolean)
_OF_TYPE = {
    type(None): NOTHING,
    int: WHOLE,
    float: NUMBER,
    bool: Kind("True or False", _truth),
    Tensor: TENSOR,
    np.ndarray: Kind("an array", _array),
    torch.Generator: Kind("a torch.Generator", _generator, "use `torch.Generator().manual_seed(0)`"),
    torch.dtype: Kind("a torch dtype", _dtype, "use torch.float64"),
    torch.device: DEVICE,
    os.PathLike: PATH,
    Path: Kind("a path", lambda name, value: OTHER if (path := _path(name, value)) is OTHER else Path(path)),
    slice: Kind("a slice", _slice, "use `slice(first, last + 1)`"),
    Callable: Kind("a function", lambda _, value: value if callable(value) else OTHER),
}
