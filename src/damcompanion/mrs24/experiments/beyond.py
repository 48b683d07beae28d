"""Sweeps beyond the figures: the two networks that are one, other sizes and settings of learning, fresh seeds."""

from dataclasses import replace

from damcompanion.mrs24.experiments.heat_maps import MEMORIES, ORIGINAL, on_grid, sweeps
from damcompanion.mrs24.experiments.settings_study import study
from damcore.sweeps.experiment import logarithmic
from damcore.sweeps.training import Sweep

# profile -> cells along 1/T, along the rate, repeats
SIZES = {"smoke": (3, 3, 1), "quick": (7, 5, 1), "paper": (13, 9, 3)}
VERTICES = (5, 20)
#: Numbers of neurons of the sweeps over sizes.
NEURONS = (50, 100, 200)
#: Numbers of states of the sweeps over sizes.
STATES = (10, 20, 40)
#: Name -> what a sweep changes in learning.
LEARNING = {
    "decay-1": dict(decay=1.0),
    "momentum-0.6": dict(momentum=0.6),
    "m-2": dict(error_exponent=2),
    "m-3": dict(error_exponent=3),
}
# What shows most statements in the settings study, and five or more of Figures 1-2 with another F, another place of T,
# other initial memories or another K.
CONFIRMED = (
    "study-original-leaky",
    "study-original-leaky-memories-200",
    "study-original-leaky-memories-256",
    "study-original-leaky-symmetric",
    "study-original-polynomial",
    "study-outside-n-leaky",
    "study-outside-n-leaky-memories-50",
    "study-outside-n-leaky-memories-200",
    "study-outside-n-leaky-memories-256",
    "study-outside-n-leaky-symmetric",
    "study-outside-n-leaky-steep",
    "study-outside-n-polynomial",
    "study-outside-leaky-memories-20",
    "study-outside-leaky-memories-50",
    "study-outside-leaky-memories-256",
    "study-outside-leaky-symmetric",
    "study-outside-normalised-rectified",
    "study-modified-leaky",
    "study-modified-leaky-memories-200",
    "study-modified-leaky-memories-256",
    "study-modified-polynomial-no-floor",
)
RIVAL = 1e-5, 1.0  # 1/T of the network with 1/(nT) outside F
ISLAND = (0.02, 0.08), (0.06, 0.3)  # 1/T and rate around the original network's best cells at n = 20
#: 1/T and rate of the modified network: a pair that served n = 2 to 30 at K = 256, and one at a larger rate that served
#: larger n, both found on other draws.
CHOICES = (1.12, 0.25), (0.95, 2.5)
#: Numbers of memories at which the choices are tried.
CHOICE_MEMORIES = (50, 100, 150, 200, 256, 512)
#: Vertices at which the choices are tried.
CHOICE_VERTICES = (2, 3, 5, 10, 15, 20, 25, 30, 50, 100)
FRESH = 1  # seed; the study's is 0


def further(profile: str = "quick") -> dict[str, Sweep]:
    """All sweeps beyond the figures at one size.

    - original-polynomial-coarse, modified-polynomial-coarse: a homogeneous F on the common axis, without the floor;
    - outside-n-coarse: 1/(nT) outside F in place of T^-n, the rival of the original network in the settings study;
    - original-island, original-island-longer: closer still around what the original network learns best at n = 20, with
      the epochs of the figures and four times as many;
    - original-250-coarse: the original network with 250 neurons and 30 states, where the text shows the modified one;
    - original-size-N-A, modified-size-N-A: N neurons and A states, n = 5 and 20, for the drift with size;
    - original-learning-..., modified-learning-...: another decay, momentum or error exponent;
    - the same with k256 in the name: K = 256 memories instead of 100;
    - choice-kK: two choices of 1/T and rate, and the two that cross them, at K memories and n from 2 to 100, on fresh
      seeds with ten repeats;
    - confirm-...: leaders of the settings study on fresh seeds, with five repeats.

    Args:
        profile: "smoke", "quick" or "paper".

    Returns:
        name -> sweep.

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.mrs24.experiments.beyond import further
        >>> sweep = further("paper")["choice-k256"]
        >>> sweep.n_memories, sweep.inverse_temperatures, len(sweep)  # networks
        (256, (1.12, 0.95), 400)
    """
    figures = sweeps(profile)
    found = [sweep for coarse in ("coarse", f"k{MEMORIES}-coarse") for sweep in _around(figures, coarse, profile)]
    found += [_choice(figures["modified-coarse"], k, profile) for k in CHOICE_MEMORIES]
    settings = study(profile)
    repeats = 5 if profile == "paper" else 1
    found += [
        replace(settings[name], name=name.replace("study", "confirm"), seed=FRESH, repeats=repeats)
        for name in CONFIRMED
    ]
    return {sweep.name: sweep for sweep in found}


def _around(figures: dict[str, Sweep], coarse: str, profile: str) -> list[Sweep]:
    """What is swept around the coarse maps of one K, whose names end in `coarse`."""
    pair = {name: figures[f"{name}-{coarse}"] for name in ("original", "modified")}
    names = {name: sweep.name.removesuffix("-coarse") for name, sweep in pair.items()}
    found = [
        replace(sweep, name=f"{names[name]}-polynomial-coarse", interaction="polynomial", floor=None, vertices=ORIGINAL)
        for name, sweep in pair.items()
    ]
    rival = pair["original"]
    wide_axis = logarithmic(*RIVAL, len(rival.inverse_temperatures))
    found.append(
        replace(rival, name=f"outside-n-{coarse}", scaling="outside-n", inverse_temperatures=wide_axis),
    )
    close = replace(
        rival,
        name=f"{names['original']}-island",
        vertices=(20,),
        inverse_temperatures=logarithmic(*ISLAND[0], len(rival.inverse_temperatures)),
        learning_rates=logarithmic(*ISLAND[1], len(rival.learning_rates)),
    )
    found += [close, replace(close, name=f"{close.name}-longer", epochs=4 * close.epochs)]
    wide = figures[f"modified-250-{coarse}"]
    original = replace(wide, name=wide.name.replace("modified", "original").removesuffix("-coarse"), scaling="original")
    found.append(on_grid(original, "coarse", len(wide.inverse_temperatures)))
    for name, sweep in pair.items():
        found += [_sized(sweep, f"{names[name]}-size", profile, n, a) for n in NEURONS for a in STATES]
        usual = _sized(sweep, f"{names[name]}-size", profile, 100, 20)
        found += [
            replace(usual, name=f"{names[name]}-learning-{what.replace('.', '')}", **settings)
            for what, settings in LEARNING.items()
        ]
    return found


def _choice(sweep: Sweep, n_memories: int, profile: str) -> Sweep:
    return replace(
        sweep,
        name=f"choice-k{n_memories}",
        vertices=CHOICE_VERTICES,
        inverse_temperatures=tuple(inverse for inverse, _ in CHOICES),
        learning_rates=tuple(rate for _, rate in CHOICES),
        n_memories=n_memories,
        seed=FRESH,
        repeats=10 if profile == "paper" else 1,
    )


def _sized(sweep: Sweep, name: str, profile: str, n_neurons: int, n_states: int) -> Sweep:
    cells, rates, repeats = SIZES[profile]
    sized = replace(sweep, vertices=VERTICES, repeats=repeats, n_neurons=n_neurons, n_states=n_states)
    return replace(on_grid(sized, "coarse", cells, rates), name=f"{name}-{n_neurons}-{n_states}")
