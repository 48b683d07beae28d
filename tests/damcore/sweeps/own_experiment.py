"""How much noise does a network remove? An experiment of one's own, in one file."""

from dataclasses import dataclass
from typing import NamedTuple

from damcore.datasets import flip, random_patterns
from damcore.interactions import RectifiedPolynomial
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps import Experiment, generator


class Network(NamedTuple):
    """One network: the share of flipped neurons, and which draw of the patterns."""

    noise: float
    draw: int


@dataclass(frozen=True)
class Denoising(Experiment):
    """Store random patterns, and measure the share that recall restores from noise."""

    noises: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4)
    draws: int = 5
    n: int = 3
    n_neurons: int = 100
    n_memories: int = 150
    seed: int = 0

    Cell = Network
    metrics = ("restored",)
    unit = "network"

    @property
    def axes(self):
        return {"noise": self.noises, "draw": range(self.draws)}

    def measure(self, cells, *, device="cpu"):
        return [{"restored": self.restored(cell, device)} for cell in cells]

    def restored(self, cell, device):
        draw = generator(self.seed, cell.draw)  # the same patterns at every noise
        patterns = random_patterns(self.n_memories, self.n_neurons, generator=draw)
        probes = flip(patterns, cell.noise, generator=draw)
        memories, probes = patterns.to(device), probes.to(device)
        recalled = recall(memories, probes, RectifiedPolynomial(self.n), Scaling(1.0))
        return (recalled.states == memories).all(-1).double().mean().item()


def experiments(profile):
    """What the entry point of a package names: profile -> name -> experiment."""
    draws = {"smoke": 2, "quick": 5, "paper": 50}[profile]
    return {"denoising": Denoising("denoising", draws=draws)}
