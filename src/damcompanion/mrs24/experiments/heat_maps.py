"""The sweeps behind the heat maps of MRS24, as named descriptions at three sizes.

MRS24 says at the end of section 5.3 that "in all experiments" it trained "for 500 epochs with 256 memory vectors". The
section is on MNIST, of which this is certain; that it holds for the maps on random states, too, is the plain reading
and probable. So K = 256 here; sweeps with K = 100 stand beside, to see what K changes. The text does not name the
interaction function of each figure, the initial memories, the grids, nor the vertices of the panels of Figures 1-4. For
these the settings here are those that the settings study (`settings_study`, `ranking`) found to show most of what the
text says. All axes are spaced evenly in their logarithm. Original and modified are swept over the same N/T and 1/T_m,
where theory says that they are one network for a homogeneous F.
"""

from dataclasses import replace

from damcore import _checks
from damcore.sweeps.experiment import logarithmic
from damcore.sweeps.training import Sweep

PROFILES = {
    # cells along an axis, the same at N = 250, repeats (the text's), epochs (its public example's)
    "smoke": (3, 3, 1, 20),
    "quick": (9, 7, 1, 200),
    "paper": (21, 15, 5, 500),
}
N = 100
# MRS24, end of section 5.3: "In all experiments we trained the network for 500 epochs with 256 memory vectors."
MEMORIES = 256
#: Vertices of the maps of the original network.
ORIGINAL = (2, 3, 5, 10, 20, 30)
#: Vertices of the maps of the modified network.
MODIFIED = (2, 3, 5, 10, 15, 20, 25, 30)
#: Vertices of Figures 21-27.
LARGE = (40, 50, 60, 70, 80, 90, 100)
# Least and largest of 1/T_m = N/T, and of the learning rate.
COARSE = (0.1, 30.0), (0.02, 5.0)
FINE = (0.5, 5.0), (0.05, 5.0)
NEAR_ONE = (0.8, 1.25), (0.05, 5.0)  # where the region of the large vertices lies


@_checks.door
def sweeps(profile: str = "quick") -> dict[str, Sweep]:
    """All sweeps of the figures at one size, with K = 256 memories and, for comparison, with K = 100.

    Args:
        profile: "smoke" (seconds), "quick" (minutes on a laptop) or "paper" (hours).

    Returns:
        name -> sweep.

    Raises:
        ValueError: no such profile.
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    cells, cells_250, repeats, epochs = PROFILES[profile]
    modified = Sweep(
        name="modified",
        vertices=MODIFIED,
        inverse_temperatures=(1.0,),  # of the grid, below
        learning_rates=(1.0,),
        repeats=repeats,
        epochs=epochs,
        interaction="leaky",
        slope=0.01,
    )
    original = replace(modified, name="original", scaling="original", vertices=ORIGINAL)
    wide = replace(modified, name="modified-250", n_neurons=250, n_states=30, vertices=ORIGINAL)
    few = [
        on_grid(original, "coarse", cells),
        on_grid(original, "fine", cells),
        on_grid(modified, "coarse", cells),
        on_grid(modified, "fine", cells),
        replace(on_grid(modified, "large", cells), vertices=LARGE),
        on_grid(wide, "coarse", cells_250),
        on_grid(wide, "fine", cells_250),
    ]
    found = [replace(sweep, name=with_memories(sweep.name), n_memories=MEMORIES) for sweep in few] + few
    return {sweep.name: sweep for sweep in found}


def with_memories(name: str) -> str:
    """The name of the sweep with K = 256 that belongs to one with K = 100: "modified-k256-fine" for "modified-fine"."""
    network, grid = name.rsplit("-", 1)
    return f"{network}-k{MEMORIES}-{grid}"


def on_grid(sweep: Sweep, grid: str, cells: int, rates: int | None = None) -> Sweep:
    """A sweep on one of the grids, "coarse", "fine" or "large".

    Args:
        sweep: its scaling and number of neurons say what 1/T is: that of the original network is the modified one's
            over N.
        grid: which.
        cells: points of 1/T.
        rates: points of the learning rate; as many by default.
    """
    inverse, range_of_rates = {"coarse": COARSE, "fine": FINE, "large": NEAR_ONE}[grid]
    unit = sweep.n_neurons if sweep.scaling == "original" else 1
    return replace(
        sweep,
        name=f"{sweep.name}-{grid}",
        inverse_temperatures=logarithmic(inverse[0] / unit, inverse[1] / unit, cells),
        learning_rates=logarithmic(*range_of_rates, rates or cells),
    )
