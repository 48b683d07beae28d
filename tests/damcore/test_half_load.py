"""The search for K_1/2: on made-up networks whose K_1/2 is known, and what it refuses."""

import math

import pytest
import torch

from cases import refused
from damcore.capacity import half_load


def made_up(steep: float, spread: float, half: float, generator: torch.Generator, draws: int = 100):
    """The share of a network whose logit falls with log K, and differs from network to network."""

    def share(load: int) -> float:
        z = -steep * math.log(load / half) + spread * torch.randn(1, generator=generator).item()
        return torch.rand(draws, generator=generator).lt(1 / (1 + math.exp(-z))).double().mean().item()

    return share


@pytest.mark.parametrize("steep, spread, start", [(2, 0.0, 20), (4, 0.3, 500), (8, 0.1, 70), (4, 0.8, 1)])
def test_the_interval_holds_the_truth_as_often_as_it_says(steep, spread, start):
    inside, ratio = 0, 0.0
    for seed in range(60):
        generator = torch.Generator().manual_seed(seed)
        found = half_load(made_up(steep, spread, 70, generator), start, generator=generator)
        inside += found.low < 70 < found.high
        ratio += found.memories / 70 / 60
        assert found.low <= found.memories <= found.high
    assert inside >= 50  # 57 of 60 are expected; 49 has a chance of 1e-4
    assert abs(ratio - 1) < 0.03


def test_more_networks_make_it_narrower_and_a_lower_level_too(generator):
    def width(networks: int, level: float) -> float:
        draw = torch.Generator().manual_seed(1)
        found = half_load(made_up(4, 0.3, 70, draw), 70, networks=networks, level=level, generator=draw)
        return found.high - found.low

    assert width(200, 0.95) < width(12, 0.95) and width(30, 0.5) < width(30, 0.99)


def test_it_tries_as_many_networks_as_it_says_and_none_beyond_the_most(generator):
    tried = []

    def share(load: int) -> float:
        tried.append(load)
        return 1.0 if load < 60 else 0.0

    found = half_load(share, 10, networks=7, most=64, generator=generator)
    assert tried[:4] == [10, 20, 40, 64] and len(tried) == 11 and max(tried) <= 64
    assert 40 < found.memories < 64


def test_where_one_memory_is_too_many_there_is_none(generator):
    found = half_load(lambda load: 0.0, 8, networks=6, generator=generator)
    assert found.memories < 1


def test_refuses_what_cannot_be_searched(generator):
    with refused(ValueError, "`share` must fall below 1/2; with 100 memories it is still above."):
        half_load(lambda load: 1.0, 1, most=100, generator=generator)
    with refused(ValueError, "`share` must return a number from 0 to 1, got 1.5 for 4 memories."):
        half_load(lambda load: 1.5, 4, generator=generator)
    with refused(ValueError, "`start` must be at least 1"):
        half_load(lambda load: 0.5, 0, generator=generator)
    with refused(ValueError, "`networks` must be at least 6"):
        half_load(lambda load: 0.5, 4, networks=5, generator=generator)
    with refused(ValueError, "`level` must be below 1, got 1.0"):
        half_load(lambda load: 0.5, 4, level=1.0, generator=generator)
    with refused(ValueError, "`most` must be at least 9"):
        half_load(lambda load: 0.5, 9, most=8, generator=generator)
