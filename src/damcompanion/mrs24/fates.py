"""What becomes of memories while a network learns: copies of states, dead ones, and those that still move.

Trains the networks of a sweep again, and stops on the way to look at them.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from damcore import _checks
from damcore.learning import advance, start
from damcore.recall import recall
from damcore.sweeps.training import Sweep, task

ALIKE = 0.9  # overlap from which on a memory counts as a copy: it agrees in 95 % of the neurons


@_checks.door
def fates(
    sweep: Sweep, n: int, inverse_temperature: float, learning_rate: float, epochs: Sequence[int]
) -> pd.DataFrame:
    """Look at the networks of one cell after some numbers of epochs.

    Args:
        sweep: the settings; its repeats are looked at.
        n: the vertex.
        inverse_temperature: 1/T.
        learning_rate: of the first epoch.
        epochs: when to look, ascending.

    Returns:
        A row a repeat and number of epochs: repeat, epochs; distance, the mean distance of learned and recalled states;
        copies, the share of memories that agree (an even F: or disagree) with a state in more than 95 % of the neurons;
        states, the share of states of which there is such a copy; dead, the share of memories that have no positive
        overlap with any state; turned, the share of entries that changed their sign in the last epoch.

    Raises:
        ValueError: `epochs` does not ascend from 1 or above.

    Example:
        >>> from damcompanion.mrs24.experiments import experiments
        >>> from damcompanion.mrs24.fates import fates
        >>> sweep = experiments("smoke")["plane-leaky-100-256-20"]
        >>> found = fates(sweep, 20, 0.93, 3.0, (1, 50))
        >>> found[["epochs", "copies", "states"]].round(1).values.tolist()
        [[1.0, 0.0, 0.0], [50.0, 1.0, 1.0]]
    """
    if not epochs or [*epochs] != sorted({*epochs}) or epochs[0] < 1:
        _checks.refuse(f"`epochs` must ascend from 1 or above, got {[*epochs]}.")
    drawn = [task(sweep, repeat) for repeat in range(sweep.repeats)]
    memories, patterns = (torch.stack(part) for part in zip(*drawn, strict=True))
    interaction, scaling = sweep.interaction_of(n), sweep.scaling_of(n, 1 / inverse_temperature)
    settings: dict[str, Any] = dict(
        decay=sweep.decay, momentum=sweep.momentum, floor=sweep.floor, learning_rate=learning_rate
    )
    state, found = start(memories), []
    for look in epochs:
        if look - 1 > state.epoch:
            state = advance(state, patterns, interaction, scaling, epochs=look - 1 - state.epoch, **settings)
        before = state.memories
        state = advance(state, patterns, interaction, scaling, epochs=look - state.epoch, **settings)
        recalled = recall(state.memories, patterns, interaction, scaling.for_recall()).states
        distance = (recalled - patterns).norm(dim=-1).mean(-1)
        rows = zip(state.memories, before, patterns, distance.tolist(), strict=True)
        for repeat, (now, then, states, far) in enumerate(rows):
            cell = {"repeat": repeat, "epochs": look, "distance": far, **_looked_at(now, then, states)}
            found.append(cell)
    return pd.DataFrame(found)


def _looked_at(memories: Tensor, before: Tensor, states: Tensor) -> dict[str, float]:
    overlap = memories @ states.mT / states.shape[-1]
    copies = overlap.abs() > ALIKE
    return {
        "copies": copies.any(1).double().mean().item(),
        "states": copies.any(0).double().mean().item(),
        "dead": (overlap <= 0).all(1).double().mean().item(),
        "turned": (memories * before < 0).double().mean().item(),
    }


@_checks.door
def at_rates(
    sweep: Sweep, n: int, inverse_temperature: float, rates: Sequence[float], *, epochs: int, repeats: int
) -> pd.DataFrame:
    """Look at the networks of some rates after the last epoch.

    Args:
        sweep: the settings.
        n: the vertex.
        inverse_temperature: 1/T.
        rates: learning rates.
        epochs: how many.
        repeats: networks for each rate.

    Returns:
        By learning_rate: the means over the repeats of what `fates` returns.

    Example:
        >>> from damcompanion.mrs24.experiments import experiments
        >>> from damcompanion.mrs24.fates import at_rates
        >>> sweep = experiments("smoke")["plane-original-100-256-20"]
        >>> at_rates(sweep, 20, 0.01, (0.3, 3.0), epochs=20, repeats=2).dead.round(1).tolist()
        [0.4, 0.0]
    """
    several = replace(sweep, repeats=repeats)
    found = {rate: fates(several, n, inverse_temperature, rate, (epochs,)).mean() for rate in rates}
    return pd.DataFrame(found).T.rename_axis("learning_rate").drop(columns=["repeat", "epochs"])


@_checks.door
def in_both_networks(sweep: Sweep, count: int, *, seed: int = 0) -> pd.DataFrame:
    """Train a sample of a sweep over gains twice, in the modified network and in the original one.

    Args:
        sweep: the settings.
        count: networks of each kind, at least 1.
        seed: of the choice.

    Returns:
        A row for each pair: n, gain, learning_rate; modified and original, the mean distances.

    Example:
        >>> from damcompanion.mrs24.experiments import experiments
        >>> from damcompanion.mrs24.fates import in_both_networks
        >>> sweep = experiments("smoke")["plane-polynomial-100-256-20"]
        >>> found = in_both_networks(sweep, 3)
        >>> bool((found.modified - found.original).abs().max() < 1)
        True
    """
    _checks.whole("count", count)
    cells = list(sweep.cells())
    rows = []
    for cell in random.Random(seed).sample(cells, min(count, len(cells))):
        pair = {name: replace(sweep, scaling=name).measure([cell])[0]["distance"] for name in ("modified", "original")}
        rows.append({"n": cell.n, "gain": cell.gain, "learning_rate": cell.learning_rate, **pair})
    return pd.DataFrame(rows)
