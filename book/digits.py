"""The digits of the page on live recall, and the exponentials of damcore, as a plain script that the page loads.

A browser refuses to fetch a file from file://, but it runs a script: `digits.js` assigns everything to one global.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from damcore import Scaling
from damcore.datasets import binarise, mnist
from damcore.interactions import Exponential
from damcore.network import energy_gap

DIGITS = "window.DAMCORE_DIGITS"
SIDE = 14  # each pixel is the mean of 2 x 2 of MNIST: few enough neurons to watch one by one
INK = 90  # the largest grey value that counts as paper; a stroke stays one pixel wide or more
PER_CLASS = 5


def write(folder: Path) -> None:
    """Write `digits.js` into a folder that exists."""
    patterns, labels = stored()
    shown = {
        "side": SIDE,
        "labels": labels.tolist(),
        "digits": ["".join(".#"[value > 0] for value in pattern) for pattern in patterns.tolist()],
        "exponentials": exponentials(SIDE * SIDE),
    }
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"), allow_nan=False)
    (folder / "digits.js").write_text(f"{DIGITS} = {text};\n", "utf8")


def stored() -> tuple[Tensor, np.ndarray]:
    """The first digits of each class of the bundled MNIST, bipolar (K, N), and their labels: one of each class first,
    then the next of each."""
    images, labels = mnist("train", source="bundled")
    order = np.stack([np.flatnonzero(labels == label)[:PER_CLASS] for label in range(10)], -1).ravel()
    small = images[order].reshape(-1, SIDE, 28 // SIDE, SIDE, 28 // SIDE).mean((2, 4))
    return binarise(small.round().astype(np.uint8), threshold=INK), labels[order]


def exponentials(n_neurons: int) -> list[float]:
    """e^h for h = -N, -N + 2, ..., N, the overlaps that bipolar memories can have, to the last bit of damcore's loops.

    A browser's own exponential differs in the last bit, and where large terms of a gap cancel that bit may decide where
    a neuron goes. A gap is a difference F(h) - F(u); here u is so far below h that nothing is left of F(u).
    """
    overlap = torch.arange(-n_neurons, n_neurons + 1, 2, dtype=torch.float64)
    far = 2.0 * n_neurons + 100.0
    memories = torch.stack([torch.full_like(overlap, far), overlap - far], -1)[:, None, :]  # (N + 1, 1, 2)
    state, first = torch.ones(1, 2, dtype=torch.float64), slice(0, 1)
    gaps = energy_gap(memories, state, Exponential(), Scaling.original(1.0, n=1), neurons=first, form="plain")
    return gaps.flatten().tolist()
