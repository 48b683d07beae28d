"""How the chosen pairs do on fresh draws: the gain, the constant, and the pair for even functions, with a rate each."""

import pandas as pd

from damcompanion.components import Panel, canvas
from damcompanion.figures import SCORE, heat_map, outline
from damcompanion.mrs24.experiments.temperature import EVEN_FRESH, SIZES, named
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.temperature import SIZE
from damcompanion.mrs24.windows import of_all
from damcompanion.results import NEAR
from damcore import _checks

SHARE = 0.95  # of states, the goal
#: The sweeps of what was chosen, on fresh draws: answer -> sweeps.
TABLES = {
    answer: [named(f"table-{answer}", size) for size in sizes]
    for answer, sizes in {"gain": SIZES, "constant": SIZES, "even": EVEN_FRESH}.items()
}


@_checks.door
def served(gallery: Gallery) -> pd.DataFrame:
    """How the chosen gain and the chosen 1/T do at every size and vertex, on seeds that chose neither.

    Args:
        gallery: holds the sweeps `table-...`.

    Returns:
        A row an answer ("gain" or "constant"), size and vertex: near, the share of states that come back with one wrong
        neuron at most; distance; serves, whether near is at least 0.95 and distance at most 2.

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.served import served
        >>> served(Gallery()).groupby("answer").serves.sum().to_dict()  # of 81 each
        {'constant': 56, 'gain': 76}
    """
    return pd.concat([_served(gallery, answer) for answer in ("gain", "constant")], ignore_index=True)


@_checks.door
def served_even(gallery: Gallery) -> pd.DataFrame:
    """How the pair that was chosen for the even polynomials does at every size and vertex, on fresh seeds.

    Args:
        gallery: holds the sweeps `table-even-...`.

    Returns:
        As `served`, for the answer "even".

    Raises:
        StoreError: a sweep is not stored.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.served import served_even
        >>> len(served_even(Gallery()))
        42
    """
    return _served(gallery, "even")


def _served(gallery: Gallery, answer: str) -> pd.DataFrame:
    rows = of_all(gallery, TABLES[answer])
    means = pd.DataFrame(rows.groupby([*SIZE, "n"], sort=False)[["near", "distance"]].mean()).reset_index()
    return means.assign(answer=answer, serves=(means.near >= SHARE) & (means.distance <= NEAR))


@_checks.door
def needs(gallery: Gallery, size: tuple[int, int, int], n: int) -> tuple[float, float, float]:
    """The gain and the rate that recall best at a size and a vertex, of the pairs that were tried.

    Args:
        gallery: holds the sweep `choose-gain-N-K-A`.
        size: N, K and A.
        n: the vertex.

    Returns:
        The gain, the rate, and the mean distance there.

    Raises:
        KeyError: no pair was chosen at this size.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.served import needs
        >>> gain, rate, distance = needs(Gallery(), (100, 100, 40), 2)
        >>> distance < 2
        True
    """
    rows = of_all(gallery, [named("choose-gain", size)])
    means = rows[rows.n == n].groupby(["gain", "learning_rate"]).distance.mean()
    gain, rate = means.idxmin()  # pyright: ignore[reportGeneralTypeIssues]
    return float(gain), float(rate), float(means.min())


@_checks.door
def served_panel(table: pd.DataFrame, title: str) -> Panel:
    """The share of states that come back with one wrong neuron at most, over n and size; what serves is outlined.

    Args:
        table: of one answer, from `served` or `served_even`.
        title: above it.

    Example:
        >>> from damcompanion.mrs24.figures import Gallery
        >>> from damcompanion.mrs24.served import served_even, served_panel
        >>> served_panel(served_even(Gallery()), "an even power").alt
        'an even power: it serves 39 of 42 sizes and vertices.'
    """
    shares = table.pivot(index=SIZE, columns="n", values="near")
    serves = table.pivot(index=SIZE, columns="n", values="serves")
    picture = canvas(3.3, 0.9 + 0.2 * len(shares))
    axes = picture.subplots()
    heat_map(axes, shares.to_numpy(float), shares.columns.to_numpy(), range(len(shares)), limits=(0, 1), colours=SCORE)
    outline(axes, serves.to_numpy(bool), colour="black")
    axes.set_xticks(range(len(shares.columns)), shares.columns)
    axes.set_yticks(range(len(shares)), [", ".join(map(str, size)) for size in shares.index])
    axes.set(xlabel="n", ylabel="N, K, A")
    alt = f"{title}: it serves {int(table.serves.sum())} of {len(table)} sizes and vertices."
    return Panel(picture, title, alt=alt)
