"""Results on disk: one row per cell, in Parquet files whose names carry their own checksums.

An experiment has a folder, `NAME-DIGEST`, with one file per shard, `00007-<sha256>.parquet`. A file is written under
another name and then renamed, so a file with its final name is whole. Its bytes are compared with the checksum in its
name each time it is read. A file that fails is set aside, and its cells count as missing. The shards of a finished
experiment are packed into one file, `all-<sha256>.parquet`.
"""

import hashlib
import io
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr
from filelock import FileLock, Timeout

from damcore import _checks
from damcore.sweeps.experiment import Experiment

FILE = re.compile(r"(all|\d{5})-([0-9a-f]{16})\.parquet")


class StoreError(Exception):
    """A store cannot be read or written; the message says why and what to do."""

    refused = True  # raised from the public call, see `_checks.door`


@dataclass(frozen=True)
class Store:
    """Keep the results of experiments in a folder.

    Args:
        folder: where; it is created when something is written.

    Example:
        >>> from damcore.sweeps import StablePatterns
        >>> store = Store(Path("results"))
        >>> store.of(StablePatterns("few", loads=(2, 30), n=2)).as_posix()
        'results/few-d2abb3577b679b4f'
    """

    folder: Path

    def of(self, experiment: Experiment) -> Path:
        """Name the folder of an experiment."""
        return Path(self.folder) / f"{experiment.name}-{experiment.digest}"

    @_checks.door
    def write(
        self, experiment: Experiment, shard: int | None, rows: list[dict[str, object]], provenance: dict[str, str]
    ) -> Path:
        """Store the rows of one shard, or of all, each with the experiment's configuration and its provenance.

        Args:
            experiment: the description.
            shard: number of the shard in `experiment.shards()`; None for all cells.
            rows: one per cell: its axes, its metrics, and its seconds.
            provenance: commit, versions and device; each becomes a column.

        Returns:
            The file.

        Raises:
            StoreError: the folder cannot be written, or the disk is full.
        """
        shared = {**experiment.configuration, **provenance}
        frame = pd.DataFrame([{**shared, **row} for row in rows])
        return self._put(experiment, "all" if shard is None else f"{shard:05d}", frame)

    def _put(self, experiment: Experiment, label: str, frame: pd.DataFrame) -> Path:
        buffer = io.BytesIO()
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table.replace_schema_metadata({"damcore.sweep": experiment.digest}), buffer, compression="zstd")
        content = buffer.getvalue()
        target = self.of(experiment) / f"{label}-{_checksum(content)}.parquet"
        passing = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(passing, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(passing, target)
        except OSError as error:
            passing.unlink(missing_ok=True)
            raise StoreError(
                f"{target} could not be written ({error.strerror}). Nothing stored before is harmed: make room or name "
                "another store, and run the experiment again."
            ) from None
        return target

    @_checks.door
    def files(self, experiment: Experiment) -> dict[str, Path]:
        """List the sound files of an experiment, label -> path.

        A damaged or foreign file is set aside and named on stderr.

        Raises:
            StoreError: such a file cannot be moved away.
        """
        sound = {}
        for path in sorted(self.of(experiment).glob("*")):
            if path.is_dir() or path.name.startswith("."):
                continue
            try:
                reason = _fault(path, experiment)
            except FileNotFoundError:  # another process packed it just now
                continue
            if reason:
                self._set_aside(path, reason)
            else:
                sound[path.name.split("-")[0]] = path
        return sound

    def _set_aside(self, path: Path, reason: str) -> None:
        aside = path.parent / "set-aside"
        try:
            aside.mkdir(exist_ok=True)
            os.replace(path, aside / path.name)
        except OSError as error:
            raise StoreError(f"{path} {reason}, and it cannot be moved away ({error.strerror}); remove it.") from None
        print(f"{path} {reason}; moved to {aside.name}/, and its cells count as missing.", file=sys.stderr)

    def has(self, experiment: Experiment, shard: int) -> bool:
        """Say whether a shard is stored, by file name alone: cheap enough to ask before each shard is measured."""
        folder = self.of(experiment)
        return any(folder.glob(f"{shard:05d}-*.parquet")) or any(folder.glob("all-*.parquet"))

    @_checks.door
    def missing(self, experiment: Experiment) -> list[int]:
        """List the numbers of the shards that are not stored."""
        stored = self.files(experiment)
        return [] if "all" in stored else [k for k in range(len(experiment.shards())) if f"{k:05d}" not in stored]

    @_checks.door
    def frame(self, experiment: Experiment) -> pd.DataFrame:
        """Read all stored rows of an experiment, sorted by its axes. An unfinished experiment gives some rows.

        Raises:
            StoreError: nothing is stored.
        """
        while True:
            files = self.files(experiment)
            if not files:
                raise StoreError(
                    f"{self.of(experiment)} holds nothing yet; run {experiment.name} first, with "
                    f"`damcore.sweeps.run` or `python -m damcore.sweeps run {experiment.name}`."
                )
            chosen = [files["all"]] if "all" in files else list(files.values())
            try:
                frame = pd.concat([pd.read_parquet(path) for path in chosen], ignore_index=True)
            except FileNotFoundError:  # another process packed them in between; now there is one file
                continue
            return frame.sort_values(list(experiment.axes), ignore_index=True)

    @_checks.door
    def array(self, experiment: Experiment) -> xr.Dataset:
        """Read the metrics and seconds as arrays over the axes of the experiment, NaN where nothing is stored.

        Raises:
            StoreError: nothing is stored.
        """
        axes = experiment.axes
        indexed = self.frame(experiment).set_index(list(axes))
        whole = indexed.reindex(pd.MultiIndex.from_product(list(axes.values()), names=list(axes)))
        return xr.Dataset.from_dataframe(whole.loc[:, [*experiment.metrics, "seconds"]].astype(float))

    @_checks.door
    def pack(self, experiment: Experiment) -> None:
        """Pack the shards of a finished experiment into one file; an unfinished one stays as it is."""
        with self.hold(experiment, "pack") as held:
            files = self.files(experiment)
            if not held or "all" in files or self.missing(experiment):
                return
            self._put(experiment, "all", self.frame(experiment))
            for path in files.values():
                path.unlink(missing_ok=True)

    @contextmanager
    def hold(self, experiment: Experiment, label: str):
        """Try to lock a shard (or "pack") for this process, and yield whether that worked.

        The system releases the lock however the process ends.

        Raises:
            StoreError: the folder cannot be written.
        """
        folder = self.of(experiment) / ".locks"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / label)
            lock.acquire(timeout=0)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise StoreError(f"{folder} cannot be written ({error.strerror}); name another store.") from None
        try:
            yield True
        finally:
            lock.release()


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _fault(path: Path, experiment: Experiment) -> str:
    """Why a file is no sound part of the experiment's results; empty for a sound file."""
    named = FILE.fullmatch(path.name)
    if not named:
        return "does not belong to the store"
    content = path.read_bytes()
    if _checksum(content) != named[2]:
        return "is damaged (its bytes do not match the checksum in its name)"
    try:
        metadata = pq.read_schema(io.BytesIO(content)).metadata or {}
    except pa.ArrowInvalid:
        return "is no Parquet file"
    return "" if metadata.get(b"damcore.sweep") == experiment.digest.encode() else "belongs to another experiment"


def cells_of(experiment: Experiment, frame: pd.DataFrame) -> list[Any]:
    """Read the cell of each row.

    Args:
        experiment: the description.
        frame: rows of it.
    """
    values = frame[list(experiment.Cell._fields)].itertuples(index=False, name=None)
    return [experiment.Cell(*row) for row in values]
