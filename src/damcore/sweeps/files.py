"""One file of a store: rows of some cells in Parquet, bound to their experiment, their cells and their columns.

A file is named `LABEL-<sha256>.parquet`, where the label is the number of a shard, or "all". It is sound where its
bytes match the checksum in its name, and where it holds exactly the cells that its label stands for, each once, with
the columns that every row has. Its metadata say what was written: the label, the number of rows, and the type of each
column. Files that have no such metadata are older, and are checked by their content alone.
"""

import hashlib
import io
import itertools
import json
import os
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from damcore import _checks
from damcore.sweeps.experiment import Experiment

ALL = "all"
LABEL = r"(all|\d{5}|[1-9]\d{5,})"
NAME = re.compile(LABEL + r"-([0-9a-f]{16})\.parquet")
SWEEP, WRITTEN = b"damcore.sweep", b"damcore.written"  # keys of the metadata


class UnsoundError(Exception):
    """A file is no sound part of an experiment; the message goes on after the path of the file."""


def label_of(shard: int | None) -> str:
    """Return the label of a shard; None stands for all cells."""
    return ALL if shard is None else f"{shard:05d}"


def encode(experiment: Experiment, label: str, frame: pd.DataFrame) -> tuple[str, bytes]:
    """Turn rows into the name and the bytes of a file.

    Args:
        experiment: the description.
        label: what the rows are.
        frame: the rows.

    Raises:
        ValueError: the rows are not those of the cells that the label stands for.
        TypeError: a column holds what Parquet cannot keep.
    """
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except pa.ArrowException as error:
        _checks.refuse(f"`rows` must hold numbers, strings and truth values ({error}).", TypeError)
    if fault := _fault(experiment, label, table):
        _checks.refuse(f"`rows` {fault}.")
    written = json.dumps(_written(label, table.schema, len(table)))
    buffer = io.BytesIO()
    table = table.replace_schema_metadata({SWEEP: experiment.digest, WRITTEN: written})
    pq.write_table(table, buffer, compression="zstd")
    content = buffer.getvalue()
    return f"{label}-{_checksum(content)}.parquet", content


def decode(path: Path, experiment: Experiment) -> tuple[str, pa.Table]:
    """Read the label and the rows of a file.

    Args:
        path: the file.
        experiment: what it should be of.

    Raises:
        UnsoundError: the file is no sound part of the experiment.
        FileNotFoundError: there is nothing of that name.
    """
    if not path.is_file():
        if os.path.lexists(path):
            raise UnsoundError("is no file")
        raise FileNotFoundError(path)
    named = NAME.fullmatch(path.name)
    if not named:
        raise UnsoundError("does not belong to the store")
    content = path.read_bytes()
    if _checksum(content) != named[2]:
        raise UnsoundError("is damaged (its bytes do not match the checksum in its name)")
    try:
        table = pq.ParquetFile(io.BytesIO(content)).read()
    except (pa.ArrowException, OSError):
        raise UnsoundError("is no Parquet file") from None
    metadata = table.schema.metadata or {}
    if metadata.get(SWEEP) != experiment.digest.encode():
        raise UnsoundError("belongs to another experiment")
    if WRITTEN in metadata and json.loads(metadata[WRITTEN]) != _written(named[1], table.schema, len(table)):
        raise UnsoundError("is not as it was written (label, rows or columns differ from its metadata)")
    if fault := _fault(experiment, named[1], table):
        raise UnsoundError(fault)
    return named[1], table


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _written(label: str, schema: pa.Schema, rows: int) -> dict[str, object]:
    # Parquet renames the element of a list.
    types = {column.name: re.sub(r"\w+: ", "", str(column.type)) for column in schema}
    return {"label": label, "rows": rows, "columns": types}


def _fault(experiment: Experiment, label: str, table: pa.Table) -> str:
    """Why these rows are not those that the label stands for; empty where they are."""
    if absent := experiment.columns - {*table.column_names}:
        return f"lacks the column {min(absent)!r}"
    numbers = (*experiment.metrics, "seconds")
    if words := [name for name in numbers if not _is_number(table.schema.field(name).type)]:
        return f"holds no numbers in the column {words[0]!r}"
    shards = experiment.shards()
    if label == ALL:
        expected, what = {*itertools.chain(*shards)}, "of the whole experiment"
    elif int(label) < len(shards):
        expected, what = {*shards[int(label)]}, f"of shard {int(label)}"
    else:
        return f"has the number of no shard: {experiment.name} has {len(shards)}"
    columns = (table.column(axis).to_pylist() for axis in experiment.Cell._fields)
    found = [tuple(map(_hashable, values)) for values in zip(*columns, strict=True)]
    if len(found) == len(expected) and {*found} == expected:
        return ""
    return f"does not hold the {len(expected)} cells {what}, each once ({len(found)} rows)"


def _is_number(kind: pa.DataType) -> bool:
    return any(
        check(kind) for check in (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean, pa.types.is_null)
    )


def _hashable(value: object) -> object:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
