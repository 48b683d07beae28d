"""The trial of `damcore.plan`: forty settings from a seed, which was fixed before `plan` was written.

Plan keeps its word where the measured share of perfect recall lies in its interval at least 36 times, with a mean width
of at most 0.15.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from damcore import DenseAssociativeMemory, _checks
from damcore.datasets import binarise, flip, mask, mnist, random_patterns
from damcore.planning import plan
from damcore.sweeps import Experiment, generator

#: The seed of the settings, fixed before `plan` was written.
SEED = 20261127
SETTINGS = 40
#: How many measured shares must lie in the interval.
KEPT = 36
#: The largest mean width of the intervals.
WIDTH = 0.15
PIXELS = 784
NETWORKS = 20  # of random patterns, in which a promise about their number is tried


class Setting(NamedTuple):
    """What is stored, how a probe is damaged, and in which dtype.

    Args:
        kind: "random", "biased" or "digits".
        n_neurons: N.
        n_patterns: K.
        bias: mean of an element; 0 but for biased patterns.
        damage: "flips" of random neurons, or a "mask" that sets the last ones to -1.
        fraction: of the neurons that is damaged.
        dtype: "float32" or "float64".
    """

    kind: str
    n_neurons: int
    n_patterns: int
    bias: float
    damage: str
    fraction: float
    dtype: str


@_checks.door
def settings(seed: int = SEED, count: int = SETTINGS) -> list[Setting]:
    """Draw settings: random patterns, biased ones and digits, in turn; flips and masks; float32 and float64.

    K is log-uniform from 10 to 3000, N uniform from 50 to 300. From 5 to 45 % of the neurons are flipped, or from 10 to
    70 % are masked. The mean of a biased element is from -0.8 to -0.2.

    Args:
        seed: of the draws.
        count: how many settings.

    Example:
        >>> from damcompanion.kh16.trial import settings
        >>> [setting.kind for setting in settings(count=4)]
        ['random', 'biased', 'digits', 'random']
    """
    draw, found = random.Random(seed), []
    for number in range(count):
        kind = ("random", "biased", "digits")[number % 3]
        damage = draw.choice(("flips", "mask"))
        low, high = (0.05, 0.45) if damage == "flips" else (0.1, 0.7)
        found.append(
            Setting(
                kind=kind,
                n_neurons=PIXELS if kind == "digits" else draw.randint(50, 300),
                n_patterns=round(10 * 300 ** draw.random()),
                bias=round(draw.uniform(-0.8, -0.2), 2) if kind == "biased" else 0.0,
                damage=damage,
                fraction=round(draw.uniform(low, high), 2),
                dtype=draw.choice(("float32", "float64")),
            )
        )
    return found


@_checks.door
def drawn(setting: Setting, *, generator: torch.Generator) -> Tensor:
    """The patterns of a setting, (K, N); digits are different ones of the bundled 5,000.

    Args:
        setting: one of `settings`.
        generator: a CPU generator.

    Example:
        >>> import torch
        >>> from damcompanion.kh16.trial import Setting, drawn
        >>> biased = Setting("biased", 200, 50, -0.6, "flips", 0.2, "float32")
        >>> patterns = drawn(biased, generator=torch.Generator().manual_seed(0))
        >>> patterns.shape, patterns.dtype, round(patterns.mean().item(), 1)
        (torch.Size([50, 200]), torch.float32, -0.6)
    """
    size, dtype = (setting.n_patterns, setting.n_neurons), getattr(torch, setting.dtype)
    if setting.kind == "random":
        return random_patterns(*size, generator=generator, dtype=dtype)
    if setting.kind == "biased":
        plus = torch.rand(size, generator=generator, dtype=torch.float64) < (1 + setting.bias) / 2
        return plus.to(dtype) * 2 - 1
    images, _ = mnist(source="bundled")
    chosen = torch.randperm(len(images), generator=generator)[: setting.n_patterns]
    return binarise(images[chosen.numpy()], dtype=dtype)


@_checks.door
def hidden(setting: Setting) -> float | slice:
    """The damage of a setting as `damcore.plan` takes it: the fraction that is flipped, or the neurons that are hidden.

    Args:
        setting: one of `settings`.

    Example:
        >>> from damcompanion.kh16.trial import Setting, hidden
        >>> hidden(Setting("random", 100, 50, 0.0, "mask", 0.3, "float32"))
        slice(70, 100, None)
    """
    if setting.damage == "flips":
        return setting.fraction
    return slice(setting.n_neurons - round(setting.fraction * setting.n_neurons), setting.n_neurons)


@_checks.door
def damaged(patterns: Tensor, damage: float | slice, *, generator: torch.Generator) -> Tensor:
    """The patterns with damage, which is drawn anew for each of them.

    Args:
        patterns: (B, N), bipolar.
        damage: from `hidden`.
        generator: a CPU generator.

    Example:
        >>> import torch
        >>> from damcompanion.kh16.trial import damaged
        >>> damaged(torch.ones(1, 4), slice(3, 4), generator=torch.Generator()).tolist()
        [[1.0, 1.0, 1.0, -1.0]]
    """
    if isinstance(damage, slice):
        return mask(patterns, damage)
    return flip(patterns, damage, generator=generator)


class Number(NamedTuple):
    """A setting by its number in `settings`."""

    setting: int


@_checks.door
@dataclass(frozen=True)
class Trial(Experiment):
    """Ask `damcore.plan` for each setting, and measure what it promises on other probes.

    The network is built as the plan says, through `DenseAssociativeMemory`. Random patterns are drawn anew for 20
    networks; biased patterns and digits are those that plan was given. Where neurons are hidden, every pattern is tried
    once, else about 2000 probes.

    Args:
        name: what the experiment is called in a store.
        count: how many settings.
        probes: that plan tries.
        seed: of the settings.

    Example:
        >>> from damcompanion.kh16.trial import Number, Trial
        >>> [row] = Trial("trial").measure([Number(15)])
        >>> row["low"] <= row["measured"] <= row["high"]
        True
    """

    count: int = SETTINGS
    probes: int = 1000
    seed: int = SEED

    Cell = Number
    metrics = ("vertex", "rectified", "low", "share", "high", "measured", "nearest", "nearest_low", "nearest_measured")
    unit = "setting"

    @property
    def axes(self) -> dict[str, Sequence[int]]:
        return {"setting": range(self.count)}

    def measure(self, cells: Sequence[Number], *, device: str = "cpu") -> list[dict[str, Any]]:
        """Measure what plan promised and what came of it, on the CPU."""
        every = settings(self.seed, self.count)
        return [self._measured(every[cell.setting], cell.setting) for cell in cells]

    def _measured(self, setting: Setting, number: int) -> dict[str, Any]:
        draw = generator(self.seed, "trial", number)
        given = setting.kind != "random"
        patterns = drawn(setting, generator=draw)
        promised = plan(
            setting.n_neurons,
            patterns if given else setting.n_patterns,
            hidden(setting),
            getattr(torch, setting.dtype),
            probes=self.probes,
            seed=number,
        )
        networks = [patterns] if given else [drawn(setting, generator=draw) for _ in range(NETWORKS)]
        back, nearest = [], []
        for stored in networks:
            memory = DenseAssociativeMemory(promised.interaction)
            memory.store(stored)
            repeats = 1 if setting.damage == "mask" else -(-2 * self.probes // (len(stored) * len(networks)))
            wanted = stored.repeat(repeats, 1)
            if not given:
                wanted = wanted[: 2 * self.probes // len(networks)]
            probes = damaged(wanted, hidden(setting), generator=draw)
            back.append((memory.retrieve(probes, form=promised.form).states == wanted).all(-1))
            overlap = probes @ stored.mT
            own = (probes * wanted).sum(-1, keepdim=True)
            nearest.append((overlap >= own).sum(-1) == 1)
        return {
            "vertex": promised.interaction.vertex,
            "rectified": promised.interaction.name == "rectified",
            "low": promised.share.low,
            "share": promised.share.share,
            "high": promised.share.high,
            "measured": torch.cat(back).double().mean().item(),
            "nearest": promised.nearest.share,
            "nearest_low": promised.nearest.low,
            "nearest_measured": torch.cat(nearest).double().mean().item(),
        }
