"""Stored rows: read whole or not at all, where they come from, and a random sample of them measured again."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from damcore import _checks
from damcore.sweeps.executor import run, verify
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.store import Store, StoreError

NEAR = 2.0  # a distance: one wrong neuron in every state


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


class Results:
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
        experiments: Callable[[str], Mapping[str, Experiment]],
        profile: str = "paper",
        *,
        compute: bool = False,
        folder: Path | None = None,
    ):
        self.profile = profile
        self.experiments = {**experiments(profile)}
        self.computed = compute
        # Kept until the object is gone: what is computed here is nobody else's.
        self._passing = tempfile.TemporaryDirectory() if compute else None
        self.store = Store(Path(self._passing.name) if self._passing else (folder or results()) / profile)
        self._rows = cache(self._load)

    @_checks.door
    def rows(self, name: str) -> pd.DataFrame:
        """All rows of an experiment.

        Args:
            name: of the experiment.

        Raises:
            KeyError: no such experiment.
            StoreError: it is not stored, or not all of it: nothing is concluded from a part of its cells.
        """
        return self._rows(name)

    def _load(self, name: str) -> pd.DataFrame:
        experiment = self.experiments[name]
        if self.computed:
            return run(experiment, self.store, progress=False)
        if missing := self.store.missing(experiment):
            raise StoreError(
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

        Args:
            names: experiments, which share the sample and have the same axes.
            sample: cells in all.
            seed: of the choice; a fresh one by default.

        Returns:
            A row per cell: experiment, axes, stored and recomputed (the first metric), equal (every metric, bit for
            bit) and near: the new value lies among those of the repeats of its cell, or within one neuron per state (2)
            of them.
        """
        table = []
        for k, name in enumerate(names):
            share = sample // len(names) + (k < sample % len(names))
            if not share:
                continue
            experiment, rows = self.experiments[name], self.rows(name)
            *place, repeat = experiment.axes  # the last axis counts repeats
            metric = experiment.metrics[0]
            compared = verify(experiment, self.store, sample=share, seed=seed)
            for cell, metrics in compared.groupby([*place, repeat], sort=False):
                at = dict(zip([*place, repeat], cell, strict=True))  # pyright: ignore[reportArgumentType]
                here = rows[(rows[place] == [at[axis] for axis in place]).all(axis=1)]
                value = metrics.set_index("metric").loc[metric]
                low, high = here[metric].min() - NEAR, here[metric].max() + NEAR
                table.append(
                    {"sweep": name, **at, "stored": value["stored"], "recomputed": value["recomputed"],
                     "equal": bool((metrics["difference"] == 0).all()),
                     "near": bool(low <= value["recomputed"] <= high)}
                )  # fmt: skip
        return pd.DataFrame(table)
