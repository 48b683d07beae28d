"""One choice of inverse temperature and learning rate for every vertex: from how many memories on does it serve?

Reads the rows of the sweeps `choice-kK`, trains nothing.
"""

from collections.abc import Iterable

import pandas as pd

from damcompanion.components import Panel, canvas
from damcompanion.figures import heat_map, outline
from damcompanion.mrs24.experiments.beyond import CHOICE_MEMORIES, CHOICES
from damcompanion.mrs24.experiments.heat_maps import N
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.regions import NEAR, Maps
from damcore import _checks

#: The distance of states that have nothing in common.
LEVEL = (2 * N) ** 0.5


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

    Example:
        >>> from damcompanion.mrs24.choices import choices
        >>> from damcompanion.mrs24.figures import Gallery
        >>> found = choices(Gallery()).query("memories == 512 and n == 30")
        >>> found[["inverse_temperature", "distance"]].round(2).values.tolist()
        [[1.12, 1.8], [0.95, 0.0]]
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

    Example:
        >>> from damcompanion.mrs24.choices import choices, worst
        >>> from damcompanion.mrs24.figures import Gallery
        >>> worst(choices(Gallery()), (1.12, 0.25), range(2, 31)).round(2).to_dict()
        {50: 9.09, 100: 4.87, 150: 2.69, 200: 2.79, 256: 2.11, 512: 1.8}
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

    Example:
        >>> from damcompanion.mrs24.choices import choices, serves_from
        >>> from damcompanion.mrs24.figures import Gallery
        >>> table = choices(Gallery())
        >>> serves_from(table, (0.95, 2.5), range(2, 101))
        200
        >>> serves_from(table, (1.12, 0.25), range(2, 101)) is None
        True
    """
    found = None
    for memories, distance in worst(table, choice, vertices).sort_index(ascending=False).items():
        if distance > NEAR:
            break
        found = int(memories)  # pyright: ignore[reportArgumentType]
    return found


@_checks.door
def panels(table: pd.DataFrame) -> list[Panel]:
    """A map a choice: the mean distance over vertices and numbers of memories, and where the choice serves.

    Args:
        table: what `choices` returns.

    Example:
        >>> from damcompanion.mrs24.choices import choices, panels
        >>> from damcompanion.mrs24.figures import Gallery
        >>> panel = panels(choices(Gallery()))[1]
        >>> panel.title
        '$1/T = 0.95$, rate 2.5'
        >>> panel.alt
        'Distance over n and K; this choice serves every n at K = 200, 256, 512.'
    """
    return [_panel(table, inverse, rate) for inverse, rate in CHOICES]


def _panel(table: pd.DataFrame, inverse: float, rate: float) -> Panel:
    chosen = table[(table.inverse_temperature == inverse) & (table.learning_rate == rate)]
    mean = chosen.pivot(index="memories", columns="n", values="distance")
    serves = mean.to_numpy() <= NEAR
    picture = canvas(4.0, 2.8)
    axes = picture.subplots()
    heat_map(axes, mean.to_numpy(), mean.columns.to_numpy(), mean.index.to_numpy(), limits=(0, LEVEL))
    outline(axes, serves)
    axes.set(xlabel="interaction vertex n", ylabel="memories K")
    axes.set_xticks(range(len(mean.columns)), mean.columns)
    axes.set_yticks(range(len(mean.index)), mean.index)
    whole = [str(memories) for memories, row in zip(mean.index, serves, strict=True) if row.all()]
    where = f"at K = {', '.join(whole)}" if whole else "at no K that was tried"
    alt = f"Distance over n and K; this choice serves every n {where}."
    return Panel(picture, f"$1/T = {inverse}$, rate {rate}", alt=alt)
