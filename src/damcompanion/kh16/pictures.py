"""The pictures of KH16's appendix B and of what goes beyond it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from damcompanion.components import Panel, canvas
from damcompanion.figures import SCORE, heat_map
from damcompanion.kh16.experiments import BIASES, CLASSICAL, DIGIT_VERTICES, FLIPPED, FUNCTIONS, SEARCHED, SIZES
from damcompanion.kh16.figures import ENDS, NAMES, Rows, column, halves, leading, means, perfect, searched, where
from damcore import _checks
from damcore.capacity import max_memories, max_perfect_memories, perfect_probability
from damcore.sweeps import Endings, HalfLoad, Retrieval, StablePatterns

COLOURS = {"polynomial": "C0", "rectified": "C1"}


@_checks.door
def histograms(rows: Rows, vertices: Sequence[int]) -> list[Panel]:
    """Figure 4: how many states end at which overlap with the closest memory, power and rectified in turn.

    Bars count as the text does; the line counts the inverse of a memory as a memory.

    Args:
        rows: holds the experiments `ends-F-n`.
        vertices: n, a pair of pictures for each.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import histograms
        >>> [panel.title for panel in histograms(Rows(), [2])]
        ['power, $n = 2$', 'rectified, $n = 2$']
    """
    panels = []
    for n in vertices:
        for interaction in FUNCTIONS:
            name = f"ends-{interaction}-{n}"
            experiment, found = rows.experiments[name], rows.rows(name)
            assert isinstance(experiment, Endings)
            size = experiment.n_neurons
            edges = np.arange(-1.0, size + 2, 2).tolist()  # overlaps go in steps of 2, and 100 is one of them
            picture = canvas(3.1, 2.0)
            axes = picture.subplots()
            axes.hist(column(found, "closest"), edges, color=COLOURS[interaction])
            axes.hist(column(found, "either"), edges, histtype="step", color="0.5", linewidth=0.9)
            axes.set(xlabel="overlap with the closest memory", ylabel="states", xlim=(0, size + 4))
            share = perfect(rows, interaction, n)
            alt = f"{NAMES[interaction]}, n = {n}: {share:.1%} of the states end exactly on a memory."
            panels.append(Panel(picture, f"{NAMES[interaction]}, $n = {n}$", alt=alt))
    return panels


@_checks.door
def capacity_against_size(rows: Rows) -> Panel:
    """Figure 5: K_1/2 against N for n = 3, a point for each set of memories, with Eq. 6 and the exact law.

    Args:
        rows: holds the experiments `starts-F-N`.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import capacity_against_size
        >>> capacity_against_size(Rows()).picture.axes[0].has_data()
        True
    """
    table, picture = halves(rows), canvas(6.4, 3.9)
    axes, sizes = picture.subplots(), np.arange(SIZES[0], SIZES[-1] + 1, 5)
    axes.plot(sizes, np.array([max_memories(int(size), 3) for size in sizes]), color="0.3", label="Eq. 6")
    for interaction, dashes in zip(FUNCTIONS, ("--", ":"), strict=True):
        kept = [max_perfect_memories(int(size), 3, 0.5, interaction == "rectified") for size in sizes[::5]]
        axes.plot(sizes[::5], kept, dashes, color=COLOURS[interaction], label=f"half are stored, {NAMES[interaction]}")
        of = where(table, "interaction", interaction)
        marker = "o" if interaction == "polynomial" else "s"
        label = f"$K_{{1/2}}$, {NAMES[interaction]}"
        axes.scatter(
            column(of, "n_neurons"), column(of, "half"), 20, marker=marker, facecolor="none",
            edgecolor=COLOURS[interaction], label=label,
        )  # fmt: skip
    axes.set(xlabel="neurons N", ylabel="memories K", ylim=(0, None))
    axes.legend(frameon=False)
    mean = {name: column(where(table, "interaction", name), "ratio") for name in FUNCTIONS}
    mean = {name: float(np.nanmean(ratios)) for name, ratios in mean.items()}
    alt = "K_1/2 against N: " + ", ".join(f"{NAMES[name]} {ratio:.2f} times Eq. 6" for name, ratio in mean.items())
    return Panel(picture, alt=f"{alt} on average.")


@_checks.door
def ratios(rows: Rows) -> list[Panel]:
    """K_1/2 over Eq. 6 against N, a line for each vertex, with intervals: power and rectified.

    Args:
        rows: holds the experiments `half-F-n`.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import ratios
        >>> len(ratios(Rows()))
        2
    """
    panels = []
    for interaction in FUNCTIONS:
        picture = canvas(3.4, 3.0)
        axes = picture.subplots()
        for number, n in enumerate(SEARCHED):
            of = searched(rows, interaction, n)
            middle, printed = column(of, "ratio"), column(of, "printed")
            reach = np.abs(np.stack([column(of, "low"), column(of, "high")]) / printed - middle)
            axes.errorbar(
                column(of, "n_neurons"), middle, reach, fmt="o-", markersize=3.5, color=f"C{number}", label=f"{n}"
            )
        axes.axhline(1, color="0.5", linewidth=0.8)
        axes.set(xscale="log", yscale="log", xlabel="neurons N", ylabel=r"$K_{1/2}$ over Eq. 6")
        axes.set_xticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
        axes.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
        axes.minorticks_off()
        axes.legend(frameon=False, title="n", ncols=2)
        alt = f"{NAMES[interaction]}: K_1/2 over Eq. 6, against N, for n = 2 to 6."
        panels.append(Panel(picture, NAMES[interaction], alt=alt))
    return panels


@_checks.door
def stable_shares(rows: Rows, n: int) -> Panel:
    """The share of stored patterns that one update leaves as they are, against the load, with the exact law.

    Args:
        rows: holds the experiments `stable-F-n`.
        n: the vertex.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import stable_shares
        >>> stable_shares(Rows(), 2).picture.axes[0].has_data()
        True
    """
    picture = canvas(3.4, 2.8)
    axes = picture.subplots()
    for interaction in FUNCTIONS:
        name = f"stable-{interaction}-{n}"
        experiment = rows.experiments[name]
        assert isinstance(experiment, StablePatterns)
        size, colour = experiment.n_neurons, COLOURS[interaction]
        loads, kept, error = means(rows.rows(name), "patterns", "stable")
        x = loads / max_memories(size, n)
        axes.errorbar(x, kept, 2 * error, fmt="o", markersize=3.5, color=colour, label=NAMES[interaction])
        law = [perfect_probability(size, n, int(load), interaction == "rectified") for load in loads]
        axes.plot(x, np.array(law), color=colour, linewidth=1)
    axes.set(xlabel="K over Eq. 6", ylabel="share of patterns kept", ylim=(0, 1.03))
    axes.legend(frameon=False)
    return Panel(picture, f"$n = {n}$", alt=f"Share of stored patterns that one update leaves as they are, n = {n}.")


@_checks.door
def basins(rows: Rows, n: int) -> list[Panel]:
    """How many damaged patterns come back, over damage and load: power and rectified.

    Args:
        rows: holds the experiments `basins-F-n`.
        n: the vertex.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import basins
        >>> len(basins(Rows(), 2))
        2
    """
    panels = []
    for interaction in FUNCTIONS:
        name = f"basins-{interaction}-{n}"
        found = rows.rows(name)
        loads, damages = np.unique(column(found, "patterns")), np.unique(column(found, "damage"))
        share = np.array([means(where(found, "damage", damage), "patterns", "target")[1] for damage in damages])
        picture = canvas(3.1, 2.5)
        axes = picture.subplots()
        heat_map(axes, share, loads, 100 * damages, limits=(0, 1), colours=SCORE)
        chosen = range(0, len(loads), max(1, len(loads) // 4))
        axes.set_xticks(chosen, [f"{loads[k]:.0f}" for k in chosen])
        axes.set(xlabel="patterns K", ylabel="neurons flipped, %")
        reach = (share >= 0.5).sum(0).tolist()
        alt = f"{NAMES[interaction]}, n = {n}: levels of damage from which half come back, by load: {reach}."
        panels.append(Panel(picture, f"{NAMES[interaction]}, $n = {n}$", alt=alt))
    return panels


@_checks.door
def phases(rows: Rows, n: int) -> list[Panel]:
    """The commonest end of damaged patterns, over damage and load: power and rectified.

    Args:
        rows: holds the experiments `basins-F-n`.
        n: the vertex.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import phases
        >>> phases(Rows(), 3)[0].title
        'power, $n = 3$'
    """
    panels = []
    for interaction in FUNCTIONS:
        name = f"basins-{interaction}-{n}"
        experiment, found = rows.experiments[name], rows.rows(name)
        assert isinstance(experiment, Retrieval)
        kinds = leading(found)
        damages, loads = kinds.index, kinds.columns / max_memories(experiment.n_neurons, n)
        picture = canvas(3.1, 2.5)
        axes = picture.subplots()
        colours = ListedColormap(list(ENDS.values()))
        numbers = kinds.map(list(ENDS).index).to_numpy(float)
        axes.imshow(numbers, cmap=colours, vmin=-0.5, vmax=len(ENDS) - 0.5, origin="lower", aspect="auto", alpha=0.85)
        columns, lines = (range(0, count, max(1, count // 4)) for count in (len(loads), len(damages)))
        axes.set_xticks(columns, [f"{loads[k]:.2g}" for k in columns])
        axes.set_yticks(lines, [f"{100 * damages[k]:.0f}" for k in lines])
        axes.set(xlabel="K over Eq. 6", ylabel="neurons flipped, %")
        there = ", ".join(f"{kind} {share:.0%}" for kind, share in kinds.stack().value_counts(normalize=True).items())
        alt = f"{NAMES[interaction]}, n = {n}: the commonest end, by share of the cells: {there}."
        panels.append(Panel(picture, f"{NAMES[interaction]}, $n = {n}$", alt=alt))
    return panels


@_checks.door
def ends(rows: Rows, n: int, damage: float) -> list[Panel]:
    """What damaged patterns end in, stacked, against the load: power and rectified.

    Args:
        rows: holds the experiments `basins-F-n`.
        n: the vertex.
        damage: the fraction of neurons that was flipped.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import ends
        >>> len(ends(Rows(), 2, 0.2))
        2
    """
    panels = []
    for interaction in FUNCTIONS:
        name = f"basins-{interaction}-{n}"
        experiment, found = rows.experiments[name], where(rows.rows(name), "damage", damage)
        assert isinstance(experiment, Retrieval)
        shares = np.array([means(found, "patterns", kind)[1] for kind in ENDS])
        loads = means(found, "patterns", "target")[0] / max_memories(experiment.n_neurons, n)
        picture = canvas(3.1, 2.4)
        axes = picture.subplots()
        axes.stackplot(loads, shares, colors=list(ENDS.values()), alpha=0.85)
        axes.set(xscale="log", xlabel="K over Eq. 6", ylabel="share of probes", ylim=(0, 1))
        axes.set_xticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
        axes.set_xlim(loads[0], loads[-1])
        axes.minorticks_off()
        last = ", ".join(
            f"{kind} {share:.0%}" for kind, share in zip(ENDS, shares[:, -1], strict=True) if share >= 0.005
        )
        alt = f"{NAMES[interaction]}, n = {n}: at the largest load probes end in: {last}."
        panels.append(Panel(picture, f"{NAMES[interaction]}, $n = {n}$", alt=alt))
    return panels


@_checks.door
def ends_key() -> Figure:
    """The colours of what a probe can end in.

    Example:
        >>> from damcompanion.kh16.pictures import ends_key
        >>> ends_key().axes[0].texts[0].get_text()
        'target'
    """
    bar = canvas(6.4, 0.4)
    axes = bar.subplots()
    axes.set_axis_off()
    for number, (kind, colour) in enumerate(ENDS.items()):
        axes.add_patch(Rectangle((number / len(ENDS), 0.25), 0.022, 0.5, color=colour, alpha=0.85, linewidth=0))
        axes.text(number / len(ENDS) + 0.03, 0.5, kind, va="center")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return bar


@_checks.door
def classical(rows: Rows) -> Panel:
    """The polynomial x^2 from its own patterns: overlap with the closest pattern against K / N, a line for each N.

    Args:
        rows: holds the experiments `classical-N`.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import classical
        >>> classical(Rows()).picture.axes[0].has_data()
        True
    """
    picture = canvas(6.4, 3.4)
    axes = picture.subplots()
    for number, size in enumerate(CLASSICAL):
        loads, mean, _ = means(rows.rows(f"classical-{size}"), "patterns", "closest")
        axes.plot(loads / size, mean, "o-", markersize=3, color=f"C{number}", label=f"{size}")
    axes.axvline(0.138, color="0.5", linewidth=0.8, linestyle="--")
    axes.set(xlabel="patterns per neuron", ylabel="overlap with the closest pattern", ylim=(0, 1.03))
    axes.legend(frameon=False, title="N")
    return Panel(picture, alt="The overlap falls between 0.12 and 0.16 patterns per neuron, more steeply at larger N.")


@_checks.door
def exponential(rows: Rows, law: dict[int, float]) -> Panel:
    """The exponential network: how many patterns come back at least half of the time, against N.

    Args:
        rows: holds the experiments `exponential-DAMAGE`.
        law: N -> the number that the exact law gives where none are flipped.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import exponential
        >>> exponential(Rows(), {8: 52.0}).picture.axes[0].has_data()
        True
    """
    picture = canvas(6.4, 3.6)
    axes = picture.subplots()
    for number, flipped in enumerate(FLIPPED):
        name = f"exponential-{round(100 * flipped)}"
        assert isinstance(rows.experiments[name], HalfLoad)
        found = rows.rows(name)
        middle = column(found, "memories")
        reach = np.abs(np.stack([column(found, "low"), column(found, "high")]) - middle)
        axes.errorbar(column(found, "n_neurons"), middle, reach, fmt="o-", color=f"C{number}", markersize=4,
                      label=f"measured, {flipped:.0%} flipped")  # fmt: skip
    sizes = column(rows.rows("exponential-0"), "n_neurons")
    axes.plot([*law], [*law.values()], "--", color="C0", label="exact law, none flipped")
    axes.plot(sizes, 2.0**sizes, ":", color="0.4", label="$2^N$, all states")
    axes.plot(sizes, 2.0 ** (sizes / 2), "-.", color="0.4", label="$2^{N/2}$")
    axes.set(yscale="log", xlabel="neurons N", ylabel="patterns K")
    axes.legend(frameon=False)
    return Panel(picture, alt="The number of patterns grows exponentially with N, with and without damage.")


@_checks.door
def correlated(rows: Rows) -> list[Panel]:
    """The share of patterns that stay as they are, against the load: biased random patterns at n = 3, and digits.

    Args:
        rows: holds the experiments `biased-B` and `digits-n`.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import correlated
        >>> len(correlated(Rows()))
        2
    """
    biased, digits = canvas(3.4, 3.2), canvas(3.4, 3.2)
    axes = biased.subplots()
    for number, bias in enumerate((0.0, *BIASES)):
        _kept(axes, rows.rows(f"biased-{round(-100 * bias)}"), f"{bias:g}", f"C{number}")
    biased.legend(frameon=False, title="mean of an element", loc="outside lower center", ncols=4)
    other = digits.subplots()
    for number, n in enumerate(DIGIT_VERTICES):
        _kept(other, rows.rows(f"digits-{n}"), f"{n}", f"C{number}")
    digits.legend(frameon=False, title="n", loc="outside lower center", ncols=6, columnspacing=0.8, handlelength=1.2)
    return [
        Panel(biased, "random patterns with a bias, $n = 3$", alt="The more biased, the fewer patterns are kept."),
        Panel(digits, "digits, $N = 784$", alt="Digits are kept at large n only."),
    ]


def _kept(axes: Axes, rows: pd.DataFrame, label: str, colour: str) -> None:
    loads, mean, _ = means(where(rows, "damage", 0.0), "patterns", "target")
    axes.plot(loads, mean, "o-", markersize=3, color=colour, label=label)
    axes.set(xscale="log", xlabel="patterns K", ylabel="share of patterns kept", ylim=(-0.02, 1.03))


@_checks.door
def promises(rows: Rows) -> Panel:
    """What `damcore.plan` promised on each setting of its trial, with its interval, against what was measured.

    Args:
        rows: holds the experiment `plan-trial`.

    Example:
        >>> from damcompanion.kh16.figures import Rows
        >>> from damcompanion.kh16.pictures import promises
        >>> promises(Rows()).picture.axes[0].has_data()
        True
    """
    found, picture = rows.rows("plan-trial"), canvas(6.4, 3.8)
    axes = picture.subplots()
    low, share, high, measured = (column(found, name) for name in ("low", "share", "high", "measured"))
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    axes.errorbar(measured, share, np.abs(np.stack([low, high]) - share), fmt="o", markersize=4, color="C0")
    axes.plot(measured, column(found, "nearest"), "x", markersize=5, color="C1")
    axes.set(xlabel="measured share of perfect recall", ylabel="promised")
    inside = int(((low <= measured) & (measured <= high)).sum())
    return Panel(picture, alt=f"{inside} of {len(found)} measured shares lie in the interval that plan gave.")
