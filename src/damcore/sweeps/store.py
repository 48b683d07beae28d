"""Results on disk: one row per cell, in Parquet files whose names carry their own checksums.

An experiment has a folder, `NAME-DIGEST`, with one file per shard, `00007-<sha256>.parquet`. A file is written under
another name and then renamed, so a file with its final name is whole. The shards of a finished experiment are packed
into one file, `all-<sha256>.parquet`.

A shard is stored where a sound file has its label (see `files`), and every question is answered by that one rule.
Whoever reads is told of an unsound file, and nothing is moved. A run sets it aside and measures its cells again.
"""

import itertools
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import xarray as xr
from filelock import FileLock, Timeout

from damcore import _checks
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.files import ALL, LABEL, NAME, UnsoundError, decode, encode, label_of

ASIDE = "set-aside"
PASSING = re.compile(rf"\.{LABEL}-[0-9a-f]{{16}}\.parquet\.\d+")  # of a file that is being written
LOOKS = 5  # at a folder whose files change: they are packed once, so that the second look finds them


class StoreError(Exception):
    """A store cannot be read or written; the message says why and what to do."""

    refused = True  # raised from the public call, see `_checks.door`


class NotStoredError(StoreError):
    """An experiment is not stored, or not all of it; the message says which command computes it."""


@_checks.door
@dataclass(frozen=True)
class Store:
    """Keep the results of experiments in a folder.

    Args:
        folder: where; it is created when something is written. A `~` at its start stands for the home directory.

    Raises:
        TypeError: `folder` is no path.
        ValueError: it names no folder.

    Example:
        >>> from damcore.sweeps import StablePatterns
        >>> store = Store(Path("results"))
        >>> store.of(StablePatterns("few", loads=(2, 30), n=2)).as_posix()
        'results/few-d2abb3577b679b4f'
    """

    folder: Path

    def __post_init__(self):
        try:
            object.__setattr__(self, "folder", Path(self.folder).expanduser())
        except RuntimeError:
            _checks.refuse(f"`folder` must name a home directory that exists after its `~`, got {str(self.folder)!r}.")

    def of(self, experiment: Experiment) -> Path:
        """Name the folder of an experiment."""
        return self.folder / f"{experiment.name}-{experiment.digest}"

    # Reading

    @_checks.door
    def files(self, experiment: Experiment) -> dict[str, Path]:
        """List the sound files of an experiment, label -> path.

        Args:
            experiment: the description.

        Raises:
            StoreError: the folder cannot be read, or holds a file that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     list(store.files(few))  # all shards in one file
            ['all']
        """
        return {label: path for label, (path, _) in self._sound(experiment).items()}

    def has(self, experiment: Experiment, shard: int) -> bool:
        """Say whether a shard is stored: `files` has it, or all shards in one. Reads no other shard.

        Args:
            experiment: the description.
            shard: number of the shard in `experiment.shards()`.

        Raises:
            StoreError: the folder cannot be read, or holds a file of this label that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     store.has(few, 0)
            True
        """
        return bool(self._sound(experiment, label_of(shard), ALL))

    @_checks.door
    def missing(self, experiment: Experiment) -> list[int]:
        """List the numbers of the shards that are not stored.

        Args:
            experiment: the description.

        Raises:
            StoreError: the folder cannot be read, or holds a file that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     Store(Path(folder)).missing(few)  # nothing is stored yet; each load is a shard
            [0, 1]
        """
        stored = self.files(experiment)
        return [] if ALL in stored else [k for k in range(len(experiment.shards())) if label_of(k) not in stored]

    @_checks.door
    def frame(self, experiment: Experiment) -> pd.DataFrame:
        """Read all stored rows of an experiment, sorted by its axes. An unfinished experiment gives some rows.

        Args:
            experiment: the description.

        Raises:
            NotStoredError: nothing is stored.
            StoreError: the folder cannot be read, or holds a file that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     store.frame(few)[["patterns", "draw"]].values.tolist()
            [[2, 0], [2, 1], [2, 2], [30, 0], [30, 1], [30, 2]]
        """
        tables = {label: table for label, (_, table) in self._sound(experiment).items()}
        if not tables:
            raise NotStoredError(
                f"{self.of(experiment)} holds nothing yet; run {experiment.name} first, with "
                f"`damcore.sweeps.run` or `python -m damcore.sweeps run {experiment.name}`."
            )
        chosen = [tables[ALL]] if ALL in tables else tables.values()
        frame = pd.concat([table.to_pandas() for table in chosen], ignore_index=True)
        return frame.sort_values(list(experiment.axes), ignore_index=True)

    @_checks.door
    def array(self, experiment: Experiment) -> xr.Dataset:
        """Read the metrics and seconds as arrays over the axes of the experiment, NaN where nothing is stored.

        Args:
            experiment: the description.

        Raises:
            NotStoredError: nothing is stored.
            StoreError: the folder cannot be read, or holds a file that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     dict(store.array(few).sizes)
            {'patterns': 2, 'draw': 3}
        """
        axes = experiment.axes
        indexed = self.frame(experiment).set_index(list(axes))
        whole = indexed.reindex(pd.MultiIndex.from_product(list(axes.values()), names=list(axes)))
        return xr.Dataset.from_dataframe(whole.loc[:, [*experiment.metrics, "seconds"]].astype(float))

    def _names(self, experiment: Experiment) -> list[str]:
        """The names of everything in the folder of an experiment, in order."""
        folder = self.of(experiment)
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{folder} cannot be read ({error.strerror}); name another store.") from None

    def _each(self, experiment: Experiment, *labels: str) -> Iterator[tuple[Path, str, pa.Table | None]]:
        """Each file, what is wrong with it, if anything, and the rows of a sound one.

        Args:
            experiment: the description.
            labels: of the files to look at; all by default.

        Raises:
            FileNotFoundError: another process packed or moved one just now.
        """
        for name in self._names(experiment):
            if name.startswith(".") or name == ASIDE or (labels and name.split("-")[0] not in labels):
                continue
            path = self.of(experiment) / name
            try:
                _, table = decode(path, experiment)
            except UnsoundError as error:
                yield path, str(error), None
            except FileNotFoundError:
                raise
            except OSError as error:
                raise StoreError(f"{path} cannot be read ({error.strerror}).") from None
            else:
                yield path, "", table

    def _sound(self, experiment: Experiment, *labels: str) -> dict[str, tuple[Path, pa.Table]]:
        """What is stored: label -> file and rows, as they were at one time. All others rest on this."""
        for _ in range(LOOKS):
            sound = {}
            try:
                for path, fault, table in self._each(experiment, *labels):
                    if fault:
                        raise StoreError(
                            f"{path} {fault}. Put the right file in its place, or run {experiment.name} again: a run "
                            "sets it aside and measures its cells."
                        )
                    sound.setdefault(path.name.split("-")[0], (path, table))
                return sound
            except FileNotFoundError:
                continue
        raise StoreError(f"{self.of(experiment)} changes whenever it is read; wait for what changes it.")

    # Writing

    @_checks.door
    def write(
        self, experiment: Experiment, shard: int | None, rows: list[dict[str, object]], provenance: dict[str, str]
    ) -> Path:
        """Store the rows of one shard, or of all, each with the experiment's configuration and its provenance.

        Where several processes write, `hold` the shard.

        Args:
            experiment: the description.
            shard: number of the shard in `experiment.shards()`; None for all cells.
            rows: one per cell: its axes, its metrics, and its seconds.
            provenance: commit, versions and device; each becomes a column.

        Returns:
            The file.

        Raises:
            ValueError: the rows are not those of the shard's cells.
            StoreError: the folder cannot be written, or the disk is full.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> from damcore.sweeps import StablePatterns
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> shard = few.shards()[0]
            >>> measured = few.measure(shard)
            >>> rows = [{**cell._asdict(), **row, "seconds": 0.1} for cell, row in zip(shard, measured, strict=True)]
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     path = store.write(few, 0, rows, {"commit": "0123abc"})
            ...     store.frame(few)["stable"].tolist()
            [1.0, 1.0, 1.0]
        """
        shared = {**experiment.configuration, **provenance}
        return self._put(experiment, label_of(shard), pd.DataFrame([{**shared, **row} for row in rows]))

    def _put(self, experiment: Experiment, label: str, frame: pd.DataFrame) -> Path:
        name, content = encode(experiment, label, frame)
        target = self.of(experiment) / name
        passing = target.with_name(f".{name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(passing, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(passing, target)
        except OSError as error:
            if os.path.lexists(passing):
                passing.unlink()
            raise StoreError(
                f"{target} could not be written ({error.strerror}). Nothing stored before is harmed: make room or name "
                "another store, and run the experiment again."
            ) from None
        return target

    @_checks.door
    def mend(self, experiment: Experiment) -> None:
        """Set aside each file that is not sound and say so on stderr, and remove what a killed process left.

        A run does this first.

        Args:
            experiment: the description.

        Raises:
            StoreError: the folder cannot be read, or such a file cannot be moved away.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     _ = (store.of(few) / ".partial").write_text("left by a killed process")
            ...     store.mend(few)
            ...     len(store.frame(few))
            6
        """
        for name in self._names(experiment):
            if (passing := PASSING.fullmatch(name)) and self._can_be_written(experiment):
                with self.hold(experiment, "pack" if passing[1] == ALL else passing[1]) as held:
                    if held:  # nobody is writing it
                        (self.of(experiment) / name).unlink(missing_ok=True)
        for _ in range(LOOKS):
            try:
                for path, fault, _ in self._each(experiment):
                    if fault:
                        _set_aside(path, fault)
                return
            except FileNotFoundError:
                continue

    @_checks.door
    def pack(self, experiment: Experiment) -> None:
        """Pack the shards of a finished experiment into one file; an unfinished one stays as it is.

        Args:
            experiment: the description.

        Raises:
            StoreError: the folder cannot be read or written, or holds a file that is not sound.

        Example:
            >>> from damcore.sweeps import StablePatterns, run
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2, draws=3, n_neurons=50)
            >>> with TemporaryDirectory() as folder:
            ...     store = Store(Path(folder))
            ...     rows = run(few, store, progress=False)
            ...     store.pack(few)  # `run` has done it: this changes nothing
            ...     list(store.files(few))
            ['all']
        """
        single = [NAME.fullmatch(name) is not None for name in self._names(experiment)].count(True) < 2
        if (single and ALL in self.files(experiment)) or not self._can_be_written(experiment):
            return
        with self.hold(experiment, "pack") as held:
            if not held or self.missing(experiment):
                return
            packed = self.files(experiment).get(ALL) or self._put(experiment, ALL, self.frame(experiment))
            for name in self._names(experiment):
                if NAME.fullmatch(name) and name != packed.name:
                    (packed.parent / name).unlink(missing_ok=True)

    def _can_be_written(self, experiment: Experiment) -> bool:
        """Whether an existing folder is on a disk, and has a mode, that allows changes."""
        return os.access(self.of(experiment), os.W_OK)

    @contextmanager
    def hold(self, experiment: Experiment, label: str) -> Iterator[bool]:
        """Try to lock a shard (or "pack") for this process, and yield whether that worked.

        The system releases the lock however the process ends.

        Args:
            experiment: the description.
            label: five digits, the number of the shard; or "pack".

        Raises:
            StoreError: the folder cannot be written.

        Example:
            >>> from damcore.sweeps import StablePatterns
            >>> from tempfile import TemporaryDirectory
            >>> few = StablePatterns("few", loads=(2, 30), n=2)
            >>> with TemporaryDirectory() as folder:
            ...     with Store(Path(folder)).hold(few, "pack") as held:
            ...         held
            True
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


def _set_aside(path: Path, fault: str) -> None:
    aside = path.parent / ASIDE
    places = (aside / f"{path.name}{number or ''}" for number in itertools.count())
    try:
        aside.mkdir(exist_ok=True)
        os.replace(path, next(place for place in places if not os.path.lexists(place)))
    except OSError as error:
        if not os.path.lexists(path):  # another process set it aside
            return
        raise StoreError(f"{path} {fault}, and it cannot be moved away ({error.strerror}); remove it.") from None
    print(f"{path} {fault}; moved to {aside.name}/, and its cells count as missing.", file=sys.stderr)


def cells_of(experiment: Experiment, frame: pd.DataFrame) -> list[Any]:
    """Read the cell of each row.

    Args:
        experiment: the description.
        frame: rows of it.
    """
    values = frame[list(experiment.Cell._fields)].itertuples(index=False, name=None)
    return [experiment.Cell(*row) for row in values]
