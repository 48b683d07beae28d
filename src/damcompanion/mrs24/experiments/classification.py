"""The maps of MRS24's Figures 5 and 6: what a classifier of digits reaches over inverse temperature and rate.

The text gives 256 memories and 500 epochs, a decay of 0.999, no momentum, m = 1, and free class entries. It gives
neither the function, the vertices of the panels, the images, their grey values, the split, the minibatches, the first
memories nor the grid. These are ours: the leaky function of its public code and the rectified one, grey values in
[-1, 1], the last 10,000 training digits for validation, KH16's first memories, and its other class neurons off.
The largest profile has 6,000 images and 60 epochs, not 500.
"""

from dataclasses import replace
from typing import Any

from damcore import _checks
from damcore.sweeps import ClassifierMap
from damcore.sweeps.experiment import logarithmic

VERTICES = (2, 3, 5, 10, 20, 30)
NEURONS = 794  # pixels and class neurons
#: Inverse temperatures of the modified network; those of the original are N times smaller.
INVERSE_TEMPERATURES = 0.4, 10.0
LEARNING_RATES = 0.003, 1.0
# profile -> cells along 1/T, along the rate, images, epochs
PROFILES = {"smoke": (2, 2, 500, 2), "quick": (5, 3, 2000, 20), "paper": (19, 11, 6000, 60)}
#: Function and scaling of each family of maps. With the rectified function the two networks are one.
FAMILIES: dict[str, dict[str, Any]] = {
    "rectified": dict(interaction="rectified", scaling="modified"),
    "leaky": dict(interaction="leaky", scaling="modified"),
    "leaky-original": dict(interaction="leaky", scaling="original", dtype="float64"),  # T^-n leaves float32
}


@_checks.door
def classifications(profile: str = "quick") -> dict[str, ClassifierMap]:
    """All maps of the classifier, name -> experiment.

    - f1-rectified: the modified network; the original network at T N is the same;
    - f1-leaky, f1-leaky-original: both networks with the leaky function.

    Smaller profiles need only the bundled digits.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.mrs24.experiments.classification import classifications
        >>> len(classifications("paper")["f1-leaky"])  # networks
        1254
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    temperatures, rates, images, epochs = PROFILES[profile]
    paper = profile == "paper"
    first: dict[str, Any] = dict(
        vertices=VERTICES if paper else (2, 20),
        inverse_temperatures=logarithmic(*INVERSE_TEMPERATURES, temperatures),
        learning_rates=logarithmic(*LEARNING_RATES, rates),
        digits="full" if paper else "bundled",
        held_out="validation",
        n_images=images,
        epochs=epochs,
        batch_size=250,
        n_memories=256,
        decay=0.999,
        momentum=0.0,
        clip=False,
    )
    found = {}
    for name, settings in FAMILIES.items():
        one = ClassifierMap(name=f"f1-{name}", **first, **settings)
        if one.scaling == "original":
            inverses = tuple(float(f"{inverse / NEURONS:.4g}") for inverse in one.inverse_temperatures)
            one = replace(one, inverse_temperatures=inverses)
        found[one.name] = one
    return found
