"""What MRS24 says of the range of a double, decided by arithmetic instead of rows."""

import torch

from damcompanion.claims import Evidence, Kind
from damcore.interactions import Polynomial
from damcore.numerics import first_overflow
from damcore.scaling import Scaling

LAST = 100  # the largest vertex of the text
LARGE = 10_000  # neurons, of the example in its section 4


def _first(n_neurons: int) -> int | None:
    """The smallest vertex at which F of the largest overlap leaves a double in the original network."""
    return first_overflow(torch.float64, "F", lambda n: (Polynomial(n), Scaling.original(1.0, n)), n_neurons)


def doubles_overflow() -> Evidence:
    """Whether a larger vertex, and a larger dimension, leave the range of a double."""
    vertex, dimension = _first(100), _first(LARGE)
    assert vertex and dimension, "every power leaves the range of a dtype"
    return Evidence(
        Kind.EXACT,
        parts={"a larger vertex": vertex > LAST, "a larger dimension": dimension <= LAST},
        quantity=f"F(N) leaves a double from n = {vertex} at N = 100, and from n = {dimension} at N = {LARGE}",
        scope="N^n against the largest double",
    )


def wide_enough() -> Evidence:
    """The control of `doubles_overflow`: ten neurons, at the vertices of the text."""
    vertex = _first(10)
    return Evidence(
        Kind.EXACT, parts={"a larger dimension": vertex is not None and vertex <= LAST}, quantity=f"n = {vertex}"
    )
