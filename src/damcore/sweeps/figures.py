"""The sweeps behind the figures of the texts, as named descriptions, at three sizes.

MRS24 leaves out the interaction function, the number of memories, their initial values, the number of epochs and the
grids. Until a study of those settings has decided between them, each network is swept with the two functions that bear
on the claim: the leaky rectified polynomial of the authors' public example, and the polynomial, for which theory says
that both networks are one.
"""

from dataclasses import replace

from damcore import _checks
from damcore.sweeps.grid import Sweep, logarithmic

PROFILES = {
    # cells along an axis, repeats, epochs; the paper's five repeats, and the 500 epochs of the authors' public example
    "smoke": (3, 1, 20),
    "quick": (9, 1, 200),
    "paper": (21, 5, 500),
}
MODIFIED = (2, 3, 5, 10, 15, 20, 25, 30)
ORIGINAL = (2, 3, 5, 10, 20, 30)
LARGE = (40, 50, 60, 70, 80, 90, 100)


@_checks.door
def sweeps(profile: str = "quick") -> dict[str, Sweep]:
    """All named sweeps at one size.

    Args:
        profile: "smoke" (seconds), "quick" (minutes on a laptop) or "paper" (hours).

    Returns:
        name -> sweep.

    Raises:
        ValueError: no such profile.
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    cells, repeats, epochs = PROFILES[profile]
    # The common axis: N/T of the original network is 1/T of the modified one.
    inverse = logarithmic(0.1, 4.0, cells)
    modified = Sweep(
        name="modified-leaky",
        vertices=MODIFIED,
        inverse_temperatures=inverse,
        learning_rates=logarithmic(0.01, 5.0, cells),
        repeats=repeats,
        epochs=epochs,
    )
    original = replace(
        modified,
        name="original-leaky",
        scaling="original",
        vertices=ORIGINAL,
        inverse_temperatures=tuple(value / modified.n_neurons for value in inverse),
    )
    fine = logarithmic(0.8, 1.25, cells)  # where the text says the large vertices are best, near 0.9, and around it
    found = [
        modified,
        original,
        replace(modified, name="modified-polynomial", interaction="polynomial"),
        replace(original, name="original-polynomial", interaction="polynomial"),
        replace(modified, name="modified-leaky-large", vertices=LARGE, inverse_temperatures=fine),
        replace(modified, name="modified-leaky-250", n_neurons=250, n_states=30, vertices=ORIGINAL),
    ]
    return {sweep.name: sweep for sweep in found}
