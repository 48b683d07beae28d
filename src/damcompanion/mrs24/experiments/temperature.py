"""The sweeps behind the question which temperature to learn with: a gain, or one inverse temperature for every n.

The gain G is the energy gap of a neuron of a learned state, if the memories are copies of the states; see
`damcore.Scaling.gain`. What is asked of the rows, and how they are judged, was fixed before they existed; see
`damcompanion.mrs24.temperature`.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from damcore import _checks
from damcore.sweeps.experiment import logarithmic
from damcore.sweeps.gains import GainSweep
from damcore.sweeps.training import Sweep

#: Vertices at which both answers are tried.
VERTICES = (2, 3, 5, 10, 20, 30, 50, 70, 100)
#: N, K and A at which they are tried.
SIZES = (
    (50, 100, 10),
    (100, 50, 20),
    (100, 100, 20),
    (100, 200, 20),
    (100, 256, 20),
    (250, 250, 30),
    (250, 100, 30),
    (500, 200, 50),
    (100, 100, 40),
)
#: Those at which the pairs were chosen; the two largest were left out, to be new to them.
CHOSEN_AT = tuple(size for size in SIZES if size not in ((250, 250, 30), (500, 200, 50)))
#: Pairs to choose from: as many gains as inverse temperatures, with each of these rates.
GAINS = (0.25, 0.35, 0.5, 0.6, 0.75, 0.9, 1.0, 1.25, 1.5)
INVERSE_TEMPERATURES = (0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 1.0, 1.05)
RATES = (1.5, 2.0, 2.5, 3.0)
#: The pair of a gain and a rate that `best_pair` chose of the rows `choose-gain-...`.
CHOSEN_GAIN = (0.9, 3.0)
#: The pair of 1/T and a rate that it chose of the rows `choose-constant-...`.
CHOSEN_CONSTANT = (0.97, 3.0)
#: The pair of a gain and a rate that it chose of the rows `choose-even-...`.
CHOSEN_EVEN = (30.0, 0.1)
#: An even function (`DenseAssociativeMemory` has one by default) learns differently, so a pair of its own was chosen:
#: vertices, sizes (five memories a state are the default there), gains and rates to choose from.
EVEN = (2, 4, 10, 20, 40, 100)
EVEN_SIZES = ((50, 50, 10), (100, 50, 20), (100, 100, 20), (100, 256, 20), (250, 150, 30))
EVEN_FRESH = (*EVEN_SIZES, (100, 100, 40), (500, 200, 50))  # where it was then tried; the last two are new to it
EVEN_GAINS, EVEN_RATES = (0.3, 0.9, 3.0, 10.0, 30.0, 100.0), (0.03, 0.1, 0.3, 1.0, 3.0)
#: Seeds of what chooses, of the table and of the design that the law had not seen.
CHOOSING, TABLE, HELD_OUT = 2, 3, 4
#: The gain of the law, and the rate at which it and the constant are judged: that of both chosen pairs.
GAIN, RATE = 1.0, 3.0
#: Vertices that only logarithms reach.
DEEP = (300, 1000)
#: N, K and A at which they are tried.
DEEP_SIZES = ((100, 256, 20), (250, 250, 30))
#: N, K and A of the design, in two halves that are alike in N, K/A and A: N is 50 to 1000, K/A 1 to 20, A 5 to N/4.
HALVES = (
    (
        (50, 12, 12),
        (70, 40, 8),
        (100, 160, 8),
        (100, 300, 15),
        (150, 60, 30),
        (200, 200, 10),
        (300, 120, 40),
        (500, 60, 60),
    ),
    (
        (50, 60, 6),
        (70, 75, 15),
        (100, 40, 25),
        (150, 190, 19),
        (200, 100, 50),
        (300, 250, 25),
        (500, 300, 15),
        (1000, 120, 40),
    ),
)
DESIGN = (*HALVES[0], *HALVES[1])
#: Those at which other functions and networks are tried.
FEW = ((50, 60, 6), (100, 160, 8), (150, 60, 30), (200, 200, 10))
#: What else is tried there: name -> settings.
OTHERS = {
    "polynomial": dict(interaction="polynomial"),
    "rectified": dict(interaction="rectified"),
    "exponential": dict(interaction="exponential", vertices=(1,)),
    "original": dict(scaling="original"),
    "symmetric": dict(initial="symmetric"),
    "m2": dict(error_exponent=2),
    "m4": dict(error_exponent=4),
}
LINE = 1e-4, 1e2  # gains of a line, six a decade
MAP = (0.1, 10.0), (0.375, 6.0)  # gains and rates of a map; a gain of 1 and a rate of 3 are among them
LARGEST = 5_000_000  # A K N up to which there is a map
#: The planes of gain and rate: N, K and A, cells along an axis and repeats; and what is tried there besides the leaky
#: function in the modified network. A homogeneous function makes one plane for both networks.
PLANES = (((100, 256, 20), 21, 5), ((250, 250, 30), 11, 3))
ON_PLANES = {
    "leaky": dict(interaction="leaky"),
    "polynomial": dict(interaction="polynomial"),
    "original": dict(interaction="leaky", scaling="original"),
}
PLANE = (1e-4, 10.0), (0.05, 5.0)  # gains, four a decade; rates, ten a decade
#: Epochs after which a network is looked at early, at a gain of 1 and the rates of a plane.
EARLY = (1, 3, 10, 30, 100)
PROFILES = {
    # gains of a line, cells of a map along an axis, epochs
    "smoke": (3, 3, 20),
    "quick": (9, 5, 200),
    "paper": (37, 9, 500),
}


@_checks.door
@dataclass(frozen=True)
class NearSweep(Sweep):
    """A sweep over temperatures that also measures the share of states that come back with one wrong neuron at most.

    Example:
        >>> from damcompanion.mrs24.experiments.temperature import NearSweep
        >>> NearSweep.metrics[-1]
        'near'
    """

    metrics = (*Sweep.metrics, "near")

    def further(self) -> dict[str, Any]:
        return super().further() | {"near": 1}


@_checks.door
def temperatures(profile: str = "quick") -> dict[str, Sweep]:
    """All sweeps of the question, at one size.

    - choose-gain-N-K-A, choose-constant-N-K-A: pairs of a gain or of 1/T and a rate, of which one each is chosen;
    - choose-even-N-K-A: the same for the even polynomials, pairs of a gain and a rate;
    - table-gain-N-K-A, table-constant-N-K-A, table-even-N-K-A: what was chosen, five repeats on fresh seeds;
    - deep-DTYPE-N-K-A: n = 300 and 1000 in logarithms, at the chosen gain and at half and twice of it;
    - line-N-K-A, line-OTHER-N-K-A: a line of gains at one rate, three repeats, for the leaky function in the modified
      network, and for other functions, the original network, symmetric initial memories, and a larger m;
    - map-N-K-A: gains by rates, three repeats;
    - plane-leaky-N-K-A, plane-polynomial-N-K-A, plane-original-N-K-A: gains by rates up to 5, at the number of memories
      that the paper names and at 250 neurons;
    - epochs-E-N-K-A: fewer epochs, at a gain of 1 and the same rates.

    No step has a floor: with the one of the public code a network of a large vertex does not move.

    Args:
        profile: "smoke", "quick" or "paper".

    Returns:
        name -> sweep.

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.mrs24.experiments.temperature import temperatures
        >>> sweep = temperatures("paper")["line-100-160-8"]
        >>> sweep.gains[24], len(sweep)  # networks
        (1.0, 999)
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    points, cells, epochs = PROFILES[profile]
    repeats = 3 if profile == "paper" else 1
    settings: dict[str, Any] = dict(vertices=VERTICES if profile == "paper" else (2, 20), epochs=epochs, floor=None)
    few: dict[str, Any] = settings | dict(learning_rates=RATES, seed=CHOOSING, repeats=min(2, repeats))
    gains = GainSweep(name="choose-gain", gains=GAINS, **few)
    constants = NearSweep(name="choose-constant", inverse_temperatures=INVERSE_TEMPERATURES, **few)
    fresh: dict[str, Any] = dict(seed=TABLE, repeats=5 if profile == "paper" else 1)
    gain, rate = CHOSEN_GAIN
    inverse, its_rate = CHOSEN_CONSTANT
    served = [
        replace(gains, name="table-gain", gains=(gain,), learning_rates=(rate,), **fresh),
        replace(constants, name="table-constant", inverse_temperatures=(inverse,), learning_rates=(its_rate,), **fresh),
    ]
    even = replace(
        gains,
        name="choose-even",
        interaction="polynomial",
        vertices=EVEN if profile == "paper" else (2, 20),
        gains=EVEN_GAINS,
        learning_rates=EVEN_RATES,
    )
    table_even = replace(even, name="table-even", gains=CHOSEN_EVEN[:1], learning_rates=CHOSEN_EVEN[1:], **fresh)
    deep = [
        replace(
            served[0], name=f"deep-{dtype}", vertices=DEEP, gains=(gain / 2, gain, 2 * gain), dtype=dtype, form="log"
        )
        for dtype in ("float32", "float64")
    ]
    line = GainSweep(
        name="line",
        gains=logarithmic(*LINE, points),
        learning_rates=(RATE,),
        seed=HELD_OUT,
        repeats=repeats,
        **settings,
    )
    map_ = replace(line, name="map", gains=logarithmic(*MAP[0], cells), learning_rates=logarithmic(*MAP[1], cells))
    others = [replace(line, name=f"line-{other}", **changed) for other, changed in OTHERS.items()]
    planes = [
        _sized(
            replace(
                line,
                name=f"plane-{name}",
                gains=logarithmic(*PLANE[0], along if profile == "paper" else cells),
                learning_rates=logarithmic(*PLANE[1], along if profile == "paper" else cells),
                repeats=times if profile == "paper" else 1,
                **changed,
            ),
            size,
        )
        for size, along, times in PLANES
        for name, changed in ON_PLANES.items()
    ]
    leaky = planes[0]
    early = [
        replace(leaky, name=named(f"epochs-{epochs}", PLANES[0][0]), gains=(1.0,), epochs=epochs) for epochs in EARLY
    ]
    found = [
        *(_sized(sweep, size) for sweep in (gains, constants) for size in CHOSEN_AT),
        *(_sized(even, size) for size in EVEN_SIZES),
        *(_sized(sweep, size) for sweep in served for size in SIZES),
        *(_sized(table_even, size) for size in EVEN_FRESH),
        *(_sized(sweep, size) for sweep in deep for size in DEEP_SIZES),
        *(_sized(line, size) for size in DESIGN),
        *(_sized(sweep, size) for sweep in others for size in FEW),
        *(_sized(map_, size) for size in DESIGN if math.prod(size) <= LARGEST),
        *planes,
        *early,
    ]
    return {sweep.name: sweep for sweep in found}


def _sized(sweep: Sweep, size: tuple[int, int, int]) -> Sweep:
    n_neurons, n_memories, n_states = size
    name = named(sweep.name, size)
    return replace(sweep, name=name, n_neurons=n_neurons, n_memories=n_memories, n_states=n_states)


def named(kind: str, size: tuple[int, ...]) -> str:
    """The name of a sweep of a kind at N, K and A.

    Example:
        >>> from damcompanion.mrs24.experiments.temperature import named
        >>> named("line-polynomial", (100, 160, 8))
        'line-polynomial-100-160-8'
    """
    return "-".join(map(str, (kind, *size)))
