"""One choice of inverse temperature and learning rate for every vertex: from how many memories on does it serve?

Reads the rows of the sweeps `choice-kK`, trains nothing.
"""

from collections.abc import Iterable

import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from damcompanion.mrs24.experiments.beyond import CHOICE_MEMORIES, CHOICE_VERTICES, CHOICES
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import NEAR, Maps
from damcore import _checks


@_checks.door
def choices(gallery: Gallery) -> pd.DataFrame:
    """The mean distance of each choice at each vertex and each number of memories.

    Args:
        gallery: holds the sweeps `choice-kK`.

    Returns:
        A row a number of memories, choice and vertex: memories, inverse_temperature, learning_rate, n, distance (mean
        over repeats), least and largest of the repeats.

    Raises:
        StoreError: a sweep is not stored.
    """
    table = []
    for memories in CHOICE_MEMORIES:
        values = gallery.distances(f"choice-k{memories}")
        maps = Maps(values)
        for inverse, rate in CHOICES:
            for n in maps:
                one = values.sel(n=n, inverse_temperature=inverse, learning_rate=rate)
                cell = {"memories": memories, "inverse_temperature": inverse, "learning_rate": rate, "n": n}
                ends = {"least": float(one.min()), "largest": float(one.max())}
                table.append({**cell, "distance": float(one.mean()), **ends})
    return pd.DataFrame(table)


@_checks.door
def worst(table: pd.DataFrame, choice: tuple[float, float], vertices: Iterable[int]) -> pd.Series:
    """The largest mean distance over some vertices, by number of memories.

    Args:
        table: what `choices` returns.
        choice: 1/T and learning rate.
        vertices: n.
    """
    inverse, rate = choice
    chosen = (table.inverse_temperature == inverse) & (table.learning_rate == rate) & table.n.isin([*vertices])
    return table[chosen].groupby("memories").distance.max()


@_checks.door
def serves_from(table: pd.DataFrame, choice: tuple[float, float], vertices: Iterable[int]) -> int | None:
    """The number of memories from which on, up to the largest tried, a choice serves all these vertices.

    It serves a vertex where the mean distance is at most 2, one wrong neuron a state.

    Args:
        table: what `choices` returns.
        choice: 1/T and learning rate.
        vertices: n.

    Returns:
        That number, or None where it does not serve them at the largest number tried.
    """
    found = None
    for memories, distance in worst(table, choice, vertices).sort_index(ascending=False).items():
        if distance > NEAR:
            break
        found = int(memories)  # pyright: ignore[reportArgumentType]
    return found


@_checks.door
def draw(picture: Figure, table: pd.DataFrame) -> None:
    """Mean distance against the vertex, a line a number of memories, a panel a choice.

    Args:
        picture: where to draw.
        table: what `choices` returns.
    """
    picture.set_size_inches(9.5, 4)
    panels = picture.subplots(1, len(CHOICES), sharey=True)
    shades = colormaps["viridis_r"]  # the more memories, the darker
    for axes, (inverse, rate) in zip(panels, CHOICES, strict=True):
        of_choice = table[(table.inverse_temperature == inverse) & (table.learning_rate == rate)]
        for k, (memories, line) in enumerate(of_choice.groupby("memories")):
            colour = shades(0.1 + 0.9 * k / (len(CHOICE_MEMORIES) - 1))
            axes.plot(line.n, line.distance, "o-", color=colour, label=f"K = {memories}")
        axes.axhspan(0, NEAR, color="0.5", alpha=0.15, linewidth=0)
        axes.set(xscale="log", xlabel="interaction vertex $n$", title=f"1/T = {inverse}, learning rate {rate}")
        axes.set_xticks(CHOICE_VERTICES, [str(n) if n not in (15, 25) else "" for n in CHOICE_VERTICES])
        axes.minorticks_off()
    panels[0].set_ylabel("mean distance of recalled and learned states")
    panels[0].legend(frameon=False)
