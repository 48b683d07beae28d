"""What KH16's main text says of XOR, as claims that are decided exactly."""

from collections.abc import Callable

from damcompanion.checks import checked
from damcompanion.claims import Claim, Control, Evidence, Holds
from damcompanion.exact_networks import LAWS
from damcompanion.kh16.xor import solves

FIXED = "59e6411"  # the commit that brought the checks
VERTICES = range(1, 41)


def _solved_by(names: tuple[str, ...], wanted: Callable[[int], bool]) -> Callable[[object], Evidence]:
    """The evidence that these functions solve XOR at these vertices and at no others; it reads no rows."""
    return lambda rows: checked(*(solves(LAWS[name], VERTICES, wanted=wanted) for name in names))


#: The claims, in the order of the page.
CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="kh16-main-xor-power",
        text="KH16",
        where="main text, XOR",
        statement="power: XOR is solved by odd n of 3 or more, and not by n = 1 and 2",
        rule=Holds("of n up to 40 the odd ones from 3 on solve it, and no even one", commit=FIXED),
        measure=_solved_by(("polynomial",), lambda n: n >= 3 and n % 2 == 1),
        control=Control("n = 1 among them", _solved_by(("polynomial",), lambda n: n % 2 == 1)),
    ),
    Claim(
        id="kh16-main-xor-rectified",
        text="KH16",
        where="main text, XOR",
        statement="rectified: XOR is solved by any n of 2 or more",
        rule=Holds("no other n up to 40 solves it, and each of these does", commit=FIXED),
        measure=_solved_by(("rectified",), lambda n: n >= 2),
        control=Control("n = 1 among them", _solved_by(("rectified",), lambda n: True)),
    ),
)
