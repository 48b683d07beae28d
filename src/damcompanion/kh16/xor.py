"""XOR, and the parity of more inputs, as patterns of a network: which interaction functions solve it, decided exactly.

The patterns are the rows of a truth table: N - 1 inputs and the output, each -1 or +1. The network solves the table
where the output, at whatever value, is updated to the right one for all inputs. The update compares two energies; where
they are equal there is a tie, and the table is not solved.
"""

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb

from damcompanion.checks import Check, listed
from damcompanion.claims import Kind
from damcompanion.exact_networks import LAWS, Law

Row = tuple[int, ...]
#: What the rectified function makes of the parity of d inputs at n = d, d - 1, d - 2 and d - 3, and again at d - 4.
BELOW = ("right", "tie", "wrong", "tie")


def parity(*inputs: int) -> int:
    """Return +1 where an odd number of inputs is +1, else -1: XOR of two inputs.

    Args:
        inputs: each -1 or +1.

    Example:
        >>> from damcompanion.kh16.xor import parity
        >>> [parity(*inputs) for inputs in ((-1, -1), (-1, 1), (1, -1), (1, 1))]
        [-1, 1, 1, -1]
    """
    return 1 if sum(value == 1 for value in inputs) % 2 else -1


def conjunction(*inputs: int) -> int:
    """Return +1 where all inputs are +1, else -1: a table that is not XOR, for a control.

    Args:
        inputs: each -1 or +1.

    Example:
        >>> from damcompanion.kh16.xor import conjunction
        >>> conjunction(1, 1), conjunction(1, -1)
        (1, -1)
    """
    return 1 if all(value == 1 for value in inputs) else -1


def table_of(output: Callable[..., int], n_inputs: int = 2) -> list[Row]:
    """Return the rows of a truth table, each the inputs and then the output.

    Args:
        output: of the inputs.
        n_inputs: how many there are.

    Example:
        >>> from damcompanion.kh16.xor import parity, table_of
        >>> table_of(parity)
        [(-1, -1, -1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)]
    """
    return [(*inputs, output(*inputs)) for inputs in itertools.product((-1, 1), repeat=n_inputs)]


def gaps(law: Law, n: int, rows: Sequence[Row]) -> list[Fraction]:
    """Return, for each row, how much lower the energy is with the right output than with the wrong one, exactly.

        gap = sum_mu [F(xi_mu . sigma) - F(xi_mu . sigma')],   sigma' = sigma with the last neuron turned over

    Source: KH16 Eq. (4).

    Args:
        law: F.
        n: the vertex.
        rows: the patterns xi, which are the states sigma, too.

    Example:
        >>> from damcompanion.exact_networks import LAWS
        >>> from damcompanion.kh16.xor import gaps, parity, table_of
        >>> [int(gap) for gap in gaps(LAWS["polynomial"], 3, table_of(parity))]  # 2 (3^3 - 3)
        [48, 48, 48, 48]
    """
    return [_energy(law, n, rows, (*row[:-1], -row[-1])) - _energy(law, n, rows, row) for row in rows]


def _energy(law: Law, n: int, rows: Sequence[Row], state: Row) -> Fraction:
    overlaps = (sum(a * b for a, b in zip(row, state, strict=True)) for row in rows)
    return -sum((law(Fraction(overlap), n) for overlap in overlaps), Fraction(0))


def difference(law: Law, n: int, n_neurons: int) -> Fraction:
    """Return the N-th difference of F, to which every gap of the parity of N - 1 inputs is equal.

        sum_k (-1)^k C(N, k) F(N - 2k)

    Args:
        law: F.
        n: the vertex.
        n_neurons: N, the inputs and the output.

    Example:
        >>> from damcompanion.exact_networks import LAWS
        >>> from damcompanion.kh16.xor import difference
        >>> [int(difference(LAWS["rectified"], n, 3)) for n in (1, 2, 3)]  # 3^n - 3
        [0, 6, 24]
    """
    terms = ((-1) ** k * comb(n_neurons, k) * law(Fraction(n_neurons - 2 * k), n) for k in range(n_neurons + 1))
    return sum(terms, Fraction(0))


def outcome(gaps: Sequence[Fraction]) -> str:
    """Return "wrong" where some gap is below zero, else "tie" where some gap is zero, else "right".

    Args:
        gaps: of all rows.

    Example:
        >>> from fractions import Fraction
        >>> from damcompanion.kh16.xor import outcome
        >>> outcome([Fraction(1), Fraction(0)]), outcome([Fraction(1)] * 4)
        ('tie', 'right')
    """
    if any(gap < 0 for gap in gaps):
        return "wrong"
    return "tie" if any(gap == 0 for gap in gaps) else "right"


def solves(
    law: Law, vertices: Sequence[int], *, wanted: Callable[[int], bool], output: Callable[..., int] = parity
) -> Check:
    """Whether F solves the table of two inputs at exactly the vertices that a text names.

    Args:
        law: F.
        vertices: n.
        wanted: whether a vertex should solve it.
        output: of the inputs.

    Returns:
        A check of every row in fractions; the counterexample has the least n.

    Example:
        >>> from damcompanion.exact_networks import LAWS
        >>> from damcompanion.kh16.xor import solves
        >>> solves(LAWS["rectified"], range(1, 10), wanted=lambda n: n >= 2).holds
        True
    """
    rows, vertices = table_of(output), list(vertices)
    found = {n: outcome(gaps(law, n, rows)) for n in vertices}
    failing = [n for n in vertices if (found[n] == "right") != wanted(n)]
    return Check(
        f"{law.name}: XOR is solved by {listed([n for n in vertices if wanted(n)]) or 'none'} of these vertices alone",
        Kind.EXACT,
        f"all four inputs, n = {listed(vertices)}",
        not failing,
        {"n": failing[0], "gaps": tuple(gaps(law, failing[0], rows))} if failing else None,
    )


def is_a_difference(laws: Sequence[Law] = (), *, output: Callable[..., int] = parity) -> Check:
    """Whether all gaps of the parity of N - 1 inputs equal the N-th difference of F.

    Args:
        laws: F; all of the companion by default.
        output: of the inputs.

    Returns:
        A check in fractions; the counterexample has the least N.

    Example:
        >>> from damcompanion.exact_networks import LAWS
        >>> from damcompanion.kh16.xor import is_a_difference
        >>> is_a_difference([LAWS["polynomial"]]).holds
        True
    """
    laws, found = [*laws] or [*LAWS.values()], None
    sizes, vertices = range(2, 7), range(1, 9)
    for size, law, n in itertools.product(sizes, laws, vertices):
        wanted, given = difference(law, n, size), gaps(law, n, table_of(output, size - 1))
        if set(given) != {wanted}:
            found = {"F": law.name, "N": size, "n": n, "gaps": tuple(given), "difference": wanted}
            break
    return Check(
        "every gap of the parity of N - 1 inputs is the N-th difference of F",
        Kind.EXACT,
        f"{len(laws)} functions, N = {listed(sizes)}, n = {listed(vertices)}",
        found is None,
        found,
    )


def rectified_pattern(most_inputs: int, most_vertex: int, *, below: Sequence[str] = BELOW) -> Check:
    """Whether the rectified function solves the parity of d inputs from n = d on, and what it does at a smaller n.

    Args:
        most_inputs: parities of 1 to this many inputs.
        most_vertex: n from 1 to this.
        below: the outcome at n = d, d - 1, d - 2, d - 3; it repeats every four.

    Returns:
        A check in fractions; the counterexample has the least d.

    Example:
        >>> from damcompanion.kh16.xor import rectified_pattern
        >>> rectified_pattern(4, 6).holds
        True
    """
    found = None
    inputs, vertices = range(1, most_inputs + 1), range(1, most_vertex + 1)
    for d, n in itertools.product(inputs, vertices):
        got = outcome([difference(LAWS["rectified"], n, d + 1)])
        if got != ("right" if n >= d else below[(d - n) % len(below)]):
            found = {"inputs": d, "n": n, "outcome": got}
            break
    return Check(
        "rectified polynomial: parity of d inputs is solved from n = d on; below, the outcome repeats every four",
        Kind.EXACT,
        f"d = {listed(inputs)}, n = {listed(vertices)}",
        found is None,
        found,
    )


def parities(law: Law, vertices: Sequence[int], sizes: Sequence[int]) -> dict[int, dict[int, str]]:
    """Return what becomes of the parity of N - 1 inputs: N -> n -> "right", "tie" or "wrong".

    Args:
        law: F.
        vertices: n.
        sizes: N.

    Example:
        >>> from damcompanion.exact_networks import LAWS
        >>> from damcompanion.kh16.xor import parities
        >>> parities(LAWS["polynomial"], (1, 2, 3, 4, 5), (3,))
        {3: {1: 'tie', 2: 'tie', 3: 'right', 4: 'tie', 5: 'right'}}
    """
    return {size: {n: outcome([difference(law, n, size)]) for n in vertices} for size in sizes}
