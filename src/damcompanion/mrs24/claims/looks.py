"""Stored maps as a claim sees them, and what it measures on them: a number per view, and how firm the verdict is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from damcompanion.claims import Between, Evidence, Kind, verdict
from damcompanion.mrs24.experiments.heat_maps import MEMORIES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import Maps, resamples
from damcompanion.results import NEAR
from damcore.sweeps.store import NotStoredError

GRIDS = ("coarse", "fine")
FACTORS = (0.5, 2.0)  # on the thresholds, of the region and of the rule
CENTRAL = (0.025, 0.975)  # what of the resamples an interval keeps

Alter = Callable[[str, str, xr.DataArray], xr.DataArray]


class Look:
    """Stored maps of one K, at one threshold of the region and with one choice of repeats.

    Args:
        gallery: the maps.
        memories: K, 256 or 100.
        near: largest mean distance of the optimal region.
        counts: how often each repeat enters the means; once by default.
        alter: for a control: what becomes of distances, (network, what, distances) -> distances.
        other: for a control: network -> the network whose maps stand in for it.
    """

    def __init__(
        self,
        gallery: Gallery,
        memories: int = MEMORIES,
        *,
        near: float = NEAR,
        counts: tuple[int, ...] | None = None,
        alter: Alter | None = None,
        other: dict[str, str] | None = None,
    ):
        self.gallery, self.memories, self.near, self.counts = gallery, memories, near, counts
        self.alter, self.other = alter, other or {}
        self._maps: dict[tuple[str, str], Maps] = {}
        self._draws: dict[int, list[tuple[Look, float]]] = {}
        self.read: dict[str, None] = {}  # names of the sweeps that were asked for, in order

    def name(self, network: str, what: str) -> str:
        """The sweep of a network, "original", "modified" or "modified-250": a grid, "size-N-A" or "learning-..."."""
        if what == "fresh":  # the settings study's grid on fresh seeds
            k = f"-memories-{MEMORIES}" if self.memories == MEMORIES else ""
            return f"confirm-{network}-leaky{k}"
        return f"{network}-k{MEMORIES}-{what}" if self.memories == MEMORIES else f"{network}-{what}"

    def maps(self, network: str, what: str) -> Maps:
        """Its maps.

        Raises:
            NotStoredError: they are not stored.
        """
        name = self.name(self.other.get(network, network), what)
        self.read[name] = None
        if (network, name) not in self._maps:
            values = self.gallery.distances(name)
            values = self.alter(network, what, values) if self.alter else values
            self._maps[network, name] = Maps(values, near=self.near, counts=self.counts)
        return self._maps[network, name]

    @cached_property
    def nears(self) -> list["Look"]:
        """The same maps with the threshold of the region halved and doubled."""
        return [Look(self.gallery, self.memories, near=factor * self.near, alter=self.alter, other=self.other)
                for factor in FACTORS]  # fmt: skip

    def draws(self, repeats: int) -> list[tuple["Look", float]]:
        """The same maps for every way to draw the repeats again, each with its probability."""
        if repeats not in self._draws:
            self._draws[repeats] = [
                (
                    Look(self.gallery, self.memories, near=self.near, counts=of, alter=self.alter, other=self.other),
                    chance,
                )
                for of, chance in resamples(repeats)
            ]
        return self._draws[repeats]


@dataclass(frozen=True)
class OnMaps:
    """A number on stored maps, with the rule that judges it.

    Attributes:
        rule: of the claim.
        quantity: what is measured.
        number: the number on one view of the maps; NaN where there is no such number.
        views: what is looked at: grids, or vertices of a sweep.
        single: the same on the maps of one setting of the settings study, where the study asks it.
    """

    rule: Between
    quantity: str
    number: Callable[[Look, str], float]
    views: tuple[str, ...] = GRIDS
    single: Callable[[Maps], float] | None = None

    def __call__(self, look: Look, *, robust: bool = True) -> Evidence:
        """Measure, and see how the verdict takes other thresholds and other draws of the repeats."""
        look.read.clear()
        try:
            found = {view: float(self.number(look, view)) for view in self.views}
        except NotStoredError:
            return Evidence(Kind.MISSING, quantity=self.quantity)
        names = tuple(look.read)
        plain = Evidence(Kind.MEASURED, found, quantity=self.quantity, experiments=names, fresh=self._fresh(look))
        if not robust:
            return plain
        outcome = verdict(self.rule, plain)
        others = [self._outcome(near) for near in look.nears] + [self._outcome(look, factor) for factor in FACTORS]
        repeats = min((look.gallery.sweeps[name].repeats for name in names), default=1)
        stays, numbers, chances = 0.0, [], []
        for drawn, chance in look.draws(repeats):
            again = Evidence(Kind.MEASURED, {view: float(self.number(drawn, view)) for view in self.views})
            stays += chance * (verdict(self.rule, again) == outcome)
            numbers.append([*again.measured.values()])
            chances.append(chance)
        return Evidence(
            Kind.MEASURED,
            found,
            interval=_intervals(self.views, np.array(numbers), np.array(chances)),
            quantity=self.quantity,
            experiments=names,
            fresh=plain.fresh,
            command="; ".join(look.gallery.command(name) for name in names),
            thresholds=others.count(outcome),
            resampled=stays,
        )

    def _fresh(self, look: Look) -> float | None:
        """The number on fresh seeds, on the settings study's grid; None where it cannot be told there."""
        if self.views != GRIDS:
            return None
        try:
            number = float(self.number(look, "fresh"))
        except (NotStoredError, KeyError):
            return None
        return None if np.isnan(number) else number

    def _outcome(self, look: Look, factor: float = 1.0):
        rule = self.rule
        scaled = Between(factor * rule.least, factor * rule.most, decades=rule.decades)
        return verdict(scaled, Evidence(Kind.MEASURED, {view: self.number(look, view) for view in self.views}))


def _intervals(views: tuple[str, ...], numbers: np.ndarray, chances: np.ndarray) -> dict[str, tuple[float, float]]:
    """The central 95 % of each view's numbers, weighted; absent where a draw has no number."""
    found = {}
    for view, column in zip(views, numbers.T, strict=True):
        if np.isnan(column).any():
            continue
        order = np.argsort(column)
        below = np.cumsum(chances[order])
        low, high = (column[order][min(np.searchsorted(below, part), len(column) - 1)] for part in CENTRAL)
        found[view] = float(low), float(high)
    return found
