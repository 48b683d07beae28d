"""The experiments of KH16's appendix B, and those that ask what it leaves open."""

from typing import Any

from damcompanion.kh16.trial import Trial
from damcore import _checks
from damcore.capacity import max_memories
from damcore.sweeps import Endings, Experiment, HalfLoad, OneUpdate, Retrieval, StablePatterns

# profile -> numbers of patterns, as multiples of KH16 Eq. (6), and networks per number
PROFILES = {
    "smoke": ((0.5, 1.0), 2),
    "quick": ((0.5, 1.0, 1.5, 2.0, 3.0), 5),
    # The polynomial loses its patterns from 1 to 3, the rectified polynomial from 2 to 4 and beyond.
    "paper": ((0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0), 10),
}
NEURONS = 100
VERTICES = (2, 3)
#: The power and the rectified function.
FUNCTIONS = ("polynomial", "rectified")
#: Figure 4: memories and random states of the text, and the vertices of its figure and of its words.
FIGURE_4, STATES = 2000, 10_000
#: Its vertices.
ITS_VERTICES = (2, 3, 4, 5, 6)
#: Figure 5: numbers of neurons, and of memories.
SIZES = (50, 75, 100, 125, 150, 175, 200)
LOADS = tuple(range(50, 1501, 50))
SETS = 4  # of memories; the text has one
#: Sizes at which all neurons are updated at once, too.
AT_ONCE = (50, 100, 200)
#: Where K_1/2 is searched for: vertex -> numbers of neurons. At fewer neurons, a large part of all states are memories
#: before half of the starts miss them; at more, a search takes long.
SEARCHED = {
    2: (50, 100, 200, 350, 500),
    3: (30, 50, 75, 100, 150, 200, 300, 400, 500),
    4: (20, 30, 50, 75, 100, 150, 200),
    5: (24, 32, 50, 70, 100),
    6: (24, 32, 40, 50, 70),
}
#: Error of one update at which memories are counted, blocks of networks, and networks of a block.
ERROR, BLOCKS, NETWORKS = 0.01, 40, 2000
#: Sizes at which they are.
ERROR_SIZES = (20, 50, 100, 200)
#: Basins: N, and the loads in units of Eq. 6.
BASIN_NEURONS = {2: 100, 3: 100, 4: 100, 5: 50, 6: 32}
BASIN_LOADS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.0)
DAMAGES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
#: The classical network: N, and patterns per neuron.
CLASSICAL = (100, 200, 500, 1000, 2000)
PER_NEURON = (0.04, 0.06, 0.08, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.2, 0.24)
#: The exponential network: N, and the fraction of the neurons that is flipped.
EXPONENTIAL, FLIPPED = (8, 10, 12, 14, 16, 18, 20), (0.0, 0.2)
#: Means of an element of biased patterns.
BIASES = (-0.2, -0.5, -0.8)
#: Vertices that store digits.
DIGIT_VERTICES = (2, 3, 5, 10, 20, 40)
DIGIT_LOADS = (3, 10, 30, 100, 300, 1000, 3000)


@_checks.door
def experiments(profile: str = "quick") -> dict[str, Experiment]:
    """Describe every experiment of this text at one size, name -> experiment.

    - stable-F-n: the share of stored patterns that one update leaves as they are;
    - ends-F-n: the histograms of Figure 4, with each state a row;
    - every-F-n: the same states of ten sets of memories, n = 5 and 6, with a row for each set;
    - starts-F-N: how many random states end in a memory, n = 3, on the grid of Figure 5; starts-once-F-N: with all
      neurons updated at once;
    - half-F-n: K_1/2, searched for, with its interval; for an even power the inverse of a memory counts;
    - update-F-n-N: how often one neuron of a stored pattern turns over, where the exact law says once in a hundred;
    - basins-F-n: what damaged patterns end in, by damage and load;
    - classical-N: the polynomial x^2 from its own patterns, near 0.14 patterns per neuron;
    - exponential-DAMAGE: K at which half of the patterns come back;
    - biased-B, digits-n: correlated patterns;
    - plan-trial: what `damcore.plan` promises on forty settings, and what it keeps.

    Source: KH16 Eq. (6).

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        ValueError: no such profile.

    Example:
        >>> from damcompanion.kh16.experiments import experiments
        >>> experiments("smoke")["stable-rectified-3"].loads
        (181, 362)
        >>> len(experiments("paper")["ends-polynomial-4"])
        10000
    """
    _checks.one_of("profile", profile, tuple(PROFILES))
    multiples, draws = PROFILES[profile]
    paper = profile == "paper"
    found: list[Experiment] = [
        StablePatterns(
            f"stable-{interaction}-{n}",
            loads=tuple(round(multiple * max_memories(NEURONS, n)) for multiple in multiples),
            n=n,
            draws=draws,
            interaction=interaction,
            n_neurons=NEURONS,
        )
        for n in VERTICES
        for interaction in FUNCTIONS
    ]
    found += [
        *_figure_4(profile),
        *_every(paper),
        *_figure_5(profile),
        *_searches(paper),
        *_updates(paper),
        *_basins(paper),
    ]
    found += [*_classical(paper), *_correlated(paper)]
    found.append(
        Trial("plan-trial") if paper else Trial("plan-trial", count=3 if profile == "smoke" else 10, probes=200)
    )
    return {experiment.name: experiment for experiment in found}


def _figure_4(profile: str) -> list[Endings]:
    load, starts = {"smoke": (200, 20), "quick": (FIGURE_4, 300), "paper": (FIGURE_4, STATES)}[profile]
    return [
        Endings(name=f"ends-{interaction}-{n}", load=load, starts=starts, n=n, interaction=interaction)
        for n in ITS_VERTICES
        for interaction in FUNCTIONS
    ]


def _every(paper: bool) -> list[Retrieval]:
    return [
        Retrieval(
            name=f"every-{interaction}-{n}",
            loads=(FIGURE_4,),
            probes=STATES if paper else 50,
            draws=10 if paper else 1,
            start="random",
            n=n,
            interaction=interaction,
        )
        for n in ITS_VERTICES
        if n >= 5
        for interaction in FUNCTIONS
    ]


def _figure_5(profile: str) -> list[Retrieval]:
    loads, sets, probes = {
        "smoke": ((50, 300), 1, 20),
        "quick": (LOADS[1::4], 1, 100),
        "paper": (LOADS, SETS, 1000),
    }[profile]
    settings: dict[str, Any] = dict(n=3, loads=loads, probes=probes, start="random")
    return [
        Retrieval(
            name=f"starts{once}-{interaction}-{size}",
            n_neurons=size,
            interaction=interaction,
            order="synchronous" if once else "asynchronous",
            draws=1 if once else sets,
            **settings,
        )
        for once in ("", "-once")
        for interaction in FUNCTIONS
        for size in (AT_ONCE if once else SIZES)
    ]


def _searches(paper: bool) -> list[HalfLoad]:
    return [
        HalfLoad(
            name=f"half-{interaction}-{n}",
            sizes=sizes if paper else sizes[:2],
            guesses=tuple(max(2, round(max_memories(size, n) / 2)) for size in (sizes if paper else sizes[:2])),
            n=n,
            interaction=interaction,
            either=interaction == "polynomial" and n % 2 == 0,
            networks=30 if paper else 9,
        )
        for n, sizes in SEARCHED.items()
        for interaction in FUNCTIONS
    ]


def _updates(paper: bool) -> list[OneUpdate]:
    return [
        OneUpdate(
            name=f"update-{interaction}-{n}-{size}",
            loads=(int(max_memories(size, n, ERROR, interaction == "rectified", law="gaussian")),),
            n=n,
            networks=_most_networks(size, n, paper),
            blocks=BLOCKS if paper else 2,
            interaction=interaction,
            n_neurons=size,
        )
        for n in (2, 3, 4)
        for interaction in FUNCTIONS
        for size in ERROR_SIZES
        if n < 4 or size <= NEURONS
    ]


def _most_networks(n_neurons: int, n: int, paper: bool) -> int:
    """Networks of a block: fewer where each stores many patterns."""
    numbers = n_neurons * max_memories(n_neurons, n, ERROR, law="limit")
    return max(50, min(NETWORKS if paper else 100, int(4e8 / numbers / 10)))


def _basins(paper: bool) -> list[Retrieval]:
    return [
        Retrieval(
            name=f"basins-{interaction}-{n}",
            loads=_of_eq_6(BASIN_LOADS if paper else (0.2, 2.0), size, n),
            damages=DAMAGES if paper else (0.1, 0.3),
            probes=300 if paper else 50,
            draws=2 if paper else 1,
            n=n,
            interaction=interaction,
            n_neurons=size,
        )
        for n, size in BASIN_NEURONS.items()
        for interaction in FUNCTIONS
    ]


def _of_eq_6(multiples: tuple[float, ...], n_neurons: int, n: int) -> tuple[int, ...]:
    return tuple(sorted({max(2, round(multiple * max_memories(n_neurons, n))) for multiple in multiples}))


def _classical(paper: bool) -> list[Experiment]:
    found: list[Experiment] = [
        Retrieval(
            name=f"classical-{size}",
            loads=tuple(round(load * size) for load in (PER_NEURON if paper else (0.06, 0.2))),
            n=2,
            n_neurons=size,
            draws=max(1, 2000 // size) if paper else 1,
            probes=200 if paper else 20,
        )
        for size in CLASSICAL
    ]
    sizes = EXPONENTIAL if paper else EXPONENTIAL[:3]
    found += [
        HalfLoad(
            name=f"exponential-{round(100 * flipped)}",
            sizes=sizes,
            guesses=tuple(round(1.5**size) for size in sizes),
            n=1,
            interaction="exponential",
            damage=flipped,
            networks=30 if paper else 9,
        )
        for flipped in FLIPPED
    ]
    return found


def _correlated(paper: bool) -> list[Retrieval]:
    biased = [
        Retrieval(
            name=f"biased-{round(-100 * bias)}",
            loads=_of_eq_6((0.02, *BASIN_LOADS) if paper else (0.2,), NEURONS, 3),
            damages=(0.0, 0.1),
            n=3,
            bias=bias,
            draws=5 if paper else 1,
            probes=500 if paper else 50,
        )
        for bias in (0.0, *BIASES)
    ]
    digits = [
        Retrieval(
            name=f"digits-{n}",
            loads=DIGIT_LOADS if paper else DIGIT_LOADS[:4:2],
            damages=(0.0, 0.2),
            n=n,
            n_neurons=784,
            patterns="digits",
            draws=2 if paper else 1,
            probes=300 if paper else 20,
        )
        for n in DIGIT_VERTICES
    ]
    return biased + digits
