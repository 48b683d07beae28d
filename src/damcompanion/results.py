"""Stored rows: read whole or not at all, where they come from, and a random sample of them measured again."""

import ast
import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from damcompanion.shown import Shown, rendered
from damcore import _checks
from damcore.sweeps.executor import FALLBACK, provenance, run, verify
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.store import NotStoredError, Store, StoreError

#: A distance: one wrong neuron in every state.
NEAR = 2.0
AUDITS = "DAMCORE_AUDITS"  # the environment variable that names the folder of kept audits; none is kept without it
READ = "DAMCORE_READ"  # the environment variable that names a file, which notes whose rows were asked for
FOLDERS = [Path(_checks.__file__).parent, Path(__file__).parent]  # of damcore and of damcompanion

E = TypeVar("E", bound=Experiment)


@_checks.door
def results() -> Path:
    """The folder of committed results: `results` here or in a folder above, or of the source checkout.

    Raises:
        StoreError: there is none.
    """
    places = [*(folder / "results" for folder in (Path.cwd(), *Path.cwd().parents))]
    places.append(Path(__file__).resolve().parents[2] / "results")
    for place in places:
        if (place / "README.md").is_file():
            return place
    raise StoreError("There is no folder `results` here or above; work in a checkout of the repository.")


@dataclass(frozen=True)
class NotingStore(Store):
    """A store that notes each folder of an experiment it is asked for, stored or not, where DAMCORE_READ is set.

    The file that the variable names gets a line for each. The book learns in this way which rows a page shows.
    """

    def of(self, experiment: Experiment) -> Path:
        """Name the folder of an experiment."""
        folder = super().of(experiment)
        if note := os.environ.get(READ):
            with open(note, "a", encoding="utf8") as file:
                file.write(f"{folder.resolve()}\n")
        return folder


class Results(Generic[E]):
    """Rows of named experiments at one size: as stored, or measured now.

    Args:
        experiments: profile -> name -> experiment.
        profile: "smoke", "quick" or "paper".
        compute: measure everything that is asked for now, instead of reading what is stored.
        folder: where stored results are; those of the repository by default.

    Raises:
        ValueError: no such profile.
    """

    @_checks.door
    def __init__(
        self,
        experiments: Callable[[str], Mapping[str, E]],
        profile: str = "paper",
        *,
        compute: bool = False,
        folder: Path | None = None,
    ):
        self.profile = profile
        self.experiments: dict[str, E] = {**experiments(profile)}
        self.computed = compute
        # Kept until the object is gone: what is computed here is nobody else's.
        self._passing = tempfile.TemporaryDirectory() if compute else None
        self.store = NotingStore(Path(self._passing.name) if self._passing else (folder or results()) / profile)
        self._rows = cache(self._load)

    @_checks.door
    def rows(self, name: str) -> pd.DataFrame:
        """All rows of an experiment.

        Args:
            name: of the experiment.

        Raises:
            KeyError: no such experiment.
            NotStoredError: it is not stored, or not all of it: nothing is concluded from a part of its cells.
            StoreError: its folder cannot be read, or holds a file that is damaged. No file is moved.
        """
        return self._rows(name)

    def _load(self, name: str) -> pd.DataFrame:
        experiment = self.experiments[name]
        if self.computed:
            return run(experiment, self.store, progress=False)
        if missing := self.store.missing(experiment):
            raise NotStoredError(
                f"{len(missing)} of {len(experiment.shards())} shards of {name} are not computed; "
                f"{self.command(name)} computes them."
            )
        return self.store.frame(experiment)

    def stored(self, name: str) -> bool:
        """Whether all of an experiment is stored."""
        return not self.store.missing(self.experiments[name])

    def command(self, name: str) -> str:
        """The command that computes what the store lacks of an experiment."""
        return f"python -m damcore.sweeps run {name} --profile {self.profile}"

    @_checks.door
    def audit(self, names: Sequence[str], *, sample: int = 20, seed: int | None = None) -> pd.DataFrame:
        """Measure randomly chosen stored cells again, and compare.

        Where the environment variable DAMCORE_AUDITS names a folder, the comparison is kept there. The same call then
        returns it and measures nothing, until the stored rows, the code that measures or a version changes.

        Args:
            names: experiments, which share the sample and have the same axes.
            sample: cells in all.
            seed: of the choice; a fresh one by default.

        Returns:
            A row per cell: experiment, axes, stored and recomputed (the first metric), equal (every metric, bit for
            bit) and near: the new value lies among those of the repeats of its cell, or within one neuron per state (2)
            of them. Its `attrs` say when it was `made`, whether it was `kept`, and both in a sentence, `note`.
        """
        folder = os.environ.get(AUDITS)
        if not folder or self.computed:  # rows that were measured just now are measured again just now
            return _noted(self._compare(names, sample, seed), _now(), kept=False)
        file = Path(folder) / f"{self._state(names, sample, seed)}.json"
        if file.exists():
            found = json.loads(file.read_text("utf8"))
            return _noted(pd.DataFrame(found["cells"]), found["made"], kept=True)
        audit = _noted(self._compare(names, sample, seed), _now(), kept=False)
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        unfinished.write_text(json.dumps({"made": audit.attrs["made"], "cells": audit.to_dict("records")}), "utf8")
        unfinished.replace(file)
        return audit

    @_checks.door
    def check(self, names: Sequence[str], *, sample: int = 20) -> Shown:
        """Measure randomly chosen stored cells again, and say in a line how many are equal.

        Args:
            names: experiments, which share the sample and have the same axes.
            sample: cells in all.

        Raises:
            AssertionError: fewer than seven in ten are near what is stored.
        """
        audit = self.audit(names, sample=sample)
        equal, near = (audit[column].to_numpy().sum() for column in ("equal", "near"))
        assert near >= 0.7 * len(audit), f"only {near} of {len(audit)} are near what is stored"
        return rendered(
            f"Audit: {len(audit)} stored networks were trained again. {equal} are equal in every bit, and {near} are "
            f"near. {audit.attrs['note']}"
        )

    def _compare(self, names: Sequence[str], sample: int, seed: int | None) -> pd.DataFrame:
        table = []
        # Where the sample cannot be shared evenly, chance decides who gets a cell more.
        turns = np.random.default_rng(seed).permutation(len(names))
        for name, turn in zip(names, turns, strict=True):
            share = sample // len(names) + int(turn < sample % len(names))
            if not share:
                continue
            experiment, rows = self.experiments[name], self.rows(name)
            axes, metric = list(experiment.axes), experiment.metrics[0]
            for _, cell in verify(experiment, self.store, sample=share, seed=seed).groupby(axes, sort=False):
                first = cell[cell["metric"] == metric].iloc[0]
                place = axes[:-1]  # the last axis counts repeats
                here = rows[(rows[place] == [first[axis] for axis in place]).all(axis=1)][metric]
                table.append(
                    {"sweep": name, **{axis: first[axis] for axis in axes},
                     "stored": first["stored"], "recomputed": first["recomputed"],
                     "equal": bool((cell["difference"] == 0).all()),
                     "near": bool(here.min() - NEAR <= first["recomputed"] <= here.max() + NEAR)}
                )  # fmt: skip
        return pd.DataFrame(table)

    def _state(self, names: Sequence[str], sample: int, seed: int | None) -> str:
        """A digest of everything that an audit depends on but the choice of its sample."""
        experiments = [self.experiments[name] for name in names]
        # A file's name carries the checksum of its bytes.
        rows = [[each.digest, sorted(file.name for file in self.store.files(each).values())] for each in experiments]
        code = code_behind({__name__, *(type(each).__module__ for each in experiments)})
        versions = [importlib.metadata.version(package) for package in ("torch", "numpy", "numba", "llvmlite")]
        machine = [platform.python_version_tuple()[:2], versions, platform.machine(), FALLBACK in provenance("cpu")]
        state = hashlib.sha256(json.dumps([list(names), rows, sample, seed, machine, sorted(code)]).encode())
        for name in sorted(code):
            state.update(b"\0" + code[name])
        return state.hexdigest()[:32]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _noted(audit: pd.DataFrame, made: str, *, kept: bool) -> pd.DataFrame:
    since = "is kept from an earlier build, and neither the rows nor the training code have changed since"
    audit.attrs = {"made": made, "kept": kept, "note": f"This audit ({made}) {since if kept else 'was made now'}."}
    return audit


def code_behind(modules: Iterable[str]) -> dict[str, bytes]:
    """Read the sources of modules of damcore and damcompanion, and of all that these import from the two.

    An import inside a function counts too, as those of the compiled loops. The `__init__` of a package counts where
    something is imported from the package itself.

    Args:
        modules: dotted names.

    Returns:
        Dotted name -> source.

    Raises:
        KeyError: neither package has such a module.
    """
    files = {}
    for folder in FOLDERS:
        for file in folder.rglob("*.py"):
            name = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
            files[name.removesuffix(".__init__")] = file
    found: dict[str, bytes] = {}
    ahead = {*modules}
    while ahead:
        name = ahead.pop()
        found[name] = files[name].read_bytes()
        named = set()
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.ImportFrom):
                paths = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= {path if path in files else str(node.module) for path in paths}
            elif isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
        ahead |= (named & files.keys()) - found.keys()
    return found
