"""Run one notebook with papermill, strictly: what papermill would pass over in silence is refused here.

    python notebooks/run.py learning                          all defaults, result in build/learning.ipynb
    python notebooks/run.py learning out.ipynb -p n 5         another value
    python notebooks/run.py learning --list                   the parameters, their defaults and meaning
    python notebooks/run.py learning --traceback              shows where an error comes from

papermill runs a notebook with an unknown parameter (it only prints a line) and hands over text where a number was
wanted. Here the type of a parameter is the type of its default in the cell tagged `parameters`, and anything that
does not fit is an error that names the parameter and lists the valid ones.
"""

import ast
import json
import math
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click  # papermill's own command line; unlike argparse it accepts a value such as -1e-3
import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.stem for path in ROOT.glob("notebooks/*.ipynb"))
TYPES = {bool: "bool", int: "int", float: "float", str: "str", list: "list"}


class NotebookError(Exception):
    """A sentence for whoever ran the notebook; shown without a traceback."""


@dataclass(frozen=True)
class Parameter:
    """One assignment of the `parameters` cell: its name, default value and the comment behind it."""

    name: str
    default: bool | int | float | str | list
    help: str

    @property
    def type(self) -> str:
        """What a value has to be, in words; a list's elements are of the type of its default's first one."""
        if isinstance(self.default, list) and self.default:
            return f"list of {TYPES[type(self.default[0])]}"
        return TYPES.get(type(self.default), "a literal of type " + ", ".join(TYPES.values()))

    def check(self, value: object) -> object:
        """The value as the notebook gets it: an int becomes a float where the default is one.

        Args:
            value: what was given.

        Returns:
            `value`, converted from int to float, element by element in a list, where the default is a float.

        Raises:
            NotebookError: the type of `value` is not the default's, or a notebook cannot hold the value.
        """
        if isinstance(self.default, list) and isinstance(value, list):
            # An empty list says nothing of its elements, so each may have a type of its own.
            defaults = (self.default[:1] * len(value)) or value
            return [Parameter(self.name, d, self.help).check(item) for d, item in zip(defaults, value, strict=True)]
        if isinstance(self.default, float) and type(value) is int:
            value = float(value) if abs(value) <= sys.float_info.max else math.inf
        if type(value) is not type(self.default) or type(value) not in TYPES:
            raise NotebookError(f"`{self.name}` must be {self.type}, got {value!r}.")
        if isinstance(value, float) and not math.isfinite(value):
            raise NotebookError(f"`{self.name}` must be a finite float, got {value}.")
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise NotebookError(f"`{self.name}` must be text in UTF-8, got {value!r}.")
        return value

    def parse(self, text: str) -> object:
        """The value of a word of the command line: Python's literals, true and false; text needs no quotes."""
        if isinstance(self.default, str):
            return self.check(text)
        try:
            value = ast.literal_eval({"true": "True", "false": "False"}.get(text.lower(), text))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):  # what it says that it raises
            value = text
        return self.check(value)


def read(notebook: Path) -> NotebookNode:
    """A notebook from its file.

    Args:
        notebook: its path.

    Raises:
        NotebookError: there is no such file, or it is no notebook of version 4 with a kernel of Python.
    """
    try:
        text = notebook.read_text("utf8")
        content = json.loads(text)
        # nbformat takes this much for granted.
        match content:
            case {"nbformat": 4, "nbformat_minor": int(), "cells": [*cells]} if all(
                type(cell) is dict for cell in cells
            ):
                nbformat.validate(content)
            case _:
                raise NotebookError(f"{notebook} is no notebook of version 4.")
    except OSError as error:
        raise NotebookError(f"Cannot read the notebook {notebook}: {error.strerror}.") from None
    except (ValueError, RecursionError, nbformat.ValidationError) as error:
        raise NotebookError(f"{notebook} is no notebook: {str(error).splitlines()[0]}.") from None
    found = nbformat.reads(text, as_version=4)
    if found.metadata.get("kernelspec", {}).get("language") != "python":
        raise NotebookError(f"{notebook} names no kernel of Python in its metadata.")
    return found


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """The parameters of a notebook, by name, in the order of its `parameters` cell.

    Args:
        notebook: path of the notebook.

    Raises:
        NotebookError: there is no such notebook, or a default is no plain literal of a type in `TYPES`.
    """
    read(notebook)  # refuses what papermill would fail on
    parameters = {}
    for name, entry in papermill.inspect_notebook(notebook).items():
        try:
            default: Any = ast.literal_eval(str(entry["default"]))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            default = None
        if not isinstance(default, tuple(TYPES)):
            raise NotebookError(
                f"{notebook.name}: the default of `{name}`, {entry['default']}, must be a literal of type "
                f"{', '.join(TYPES.values())}, so that a value's type can be checked."
            )
        parameters[name] = Parameter(name, default, entry["help"].strip())
    return parameters


def table(parameters: dict[str, Parameter]) -> str:
    """The parameters as lines of name = default, type and meaning."""
    rows = [(f"{p.name} = {p.default!r}", p.type, p.help) for p in parameters.values()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return "\n".join(f"  {a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in rows) or "  (none)"


def checked(notebook: Path, values: dict[str, object], *, text: bool = False) -> dict[str, object]:
    """The values a notebook is to run with, each known and of the right type.

    Args:
        notebook: path of the notebook.
        values: parameter name to value.
        text: whether the values are words of the command line, still to be parsed.

    Raises:
        NotebookError: an unknown name or a wrong type; the message lists the valid parameters.
    """
    parameters = parameters_of(notebook)
    try:
        for name in values:
            if name not in parameters:
                raise NotebookError(f"`{name}` is not a parameter of {notebook.name}.")
        return {
            name: parameters[name].parse(str(value)) if text else parameters[name].check(value)
            for name, value in values.items()
        }
    except NotebookError as error:
        raise NotebookError(f"{error} Its parameters are:\n{table(parameters)}") from None


def execute(notebook: Path, output: Path, values: dict[str, object], *, progress: bool = True) -> float:
    """Execute a notebook with papermill and write the executed copy.

    Args:
        notebook: path of the notebook.
        output: path of the executed copy; written on failure, too, with the outputs up to the failing cell.
        values: parameter name to value, checked here; what is not named keeps its default.
        progress: whether to show a bar over the cells.

    Returns:
        The seconds it took.

    Raises:
        NotebookError: a value does not fit, a cell failed, or the output cannot be written.
    """
    values = checked(notebook, values)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.exists() and output.samefile(notebook):
            raise NotebookError(f"Cannot write {output}: it is the notebook itself. Choose another output.")
        with output.open("ab"):  # refuses a folder; a file that is there is kept until papermill writes
            pass
    except OSError as error:
        raise NotebookError(f"Cannot write {output}: {error.strerror}. Choose another output.") from None
    # A bar in a terminal, none in a log; papermill's annotation says bool.
    bar: Any = {"desc": notebook.stem, "leave": False, "disable": None} if progress else False
    given = ", ".join(f"{name} = {value!r}" for name, value in values.items()) or "all defaults"
    started = time.perf_counter()
    try:
        papermill.execute_notebook(
            notebook,
            output,
            values,
            progress_bar=bar,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],  # the kernel's notices would break into the progress bar
        )
    except PapermillExecutionError as error:
        lines = str(error.evalue).strip().splitlines() or [""]
        message = lines[0] if len(lines) == 1 else f"{lines[0]} ..."
        raise NotebookError(
            f"{notebook.name} ({given}) failed in cell [{error.exec_count}], {error.ename}: {message}\n"
            f"The outputs up to there are in {output}. Its parameters are:\n{table(parameters_of(notebook))}"
        ) from None
    except (DeadKernelError, CellTimeoutError) as error:
        raise NotebookError(f"{notebook.name} ({given}): {error}") from None
    except OSError as error:  # the disk is full, say
        raise NotebookError(f"{notebook.name} ({given}) could not be run and written to {output}: {error}.") from None
    return time.perf_counter() - started


def show(error: BaseException) -> None:
    """Print an error with its traceback, and those of the errors that it stands for."""
    cause: BaseException | None = error
    while cause is not None:
        cause.__suppress_context__ = False
        cause = cause.__context__
    traceback.print_exception(error)


@click.command(help=f"Execute NOTEBOOK: a path, or one of {', '.join(NAMES)}.")
@click.argument("notebook")
@click.argument("output", required=False, type=click.Path(path_type=Path))
@click.option("-p", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter; repeatable.")
@click.option("--list", "only_list", is_flag=True, help="Show the parameters and stop.")
@click.option("--traceback", "traced", is_flag=True, help="Show where an error comes from.")
def main(notebook: str, output: Path | None, pairs: tuple[tuple[str, str], ...], only_list: bool, traced: bool) -> None:
    path = Path(notebook) if notebook.endswith(".ipynb") else ROOT / "notebooks" / f"{notebook}.ipynb"
    try:
        if only_list:
            said = table(parameters_of(path))
        else:
            values = checked(path, dict(pairs), text=True)
            output = output or Path("build") / path.name
            seconds = execute(path, output, values)
            said = f"{path.stem}: {seconds:.1f} s, written to {output}"
    except NotebookError as error:
        if traced:
            show(error)
        sys.exit(f"error: {error}")
    try:
        click.echo(said)
    except BrokenPipeError:
        raise  # click ends in silence where nobody reads any more
    except OSError as error:
        sys.exit(f"error: Cannot write to the standard output: {error.strerror}.")


if __name__ == "__main__":
    main()
