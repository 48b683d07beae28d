"""What MRS24 says of its maps, sentence by sentence: one claim per clause.

Two sets of rules stand side by side. Those of the settings study were fixed before any row was computed; they are the
first where a sentence has one. Those of the corrections came after the rows with 100 memories and before those with
256: the same words have the same ends for both networks, on both grids, and edge cells of a grid do not count as
places. Where a sentence has both, the second is shown as post hoc.
"""

from damcompanion.claims import Between, Claim, Control, Evidence, Holds, Kind
from damcompanion.mrs24.claims import numbers
from damcompanion.mrs24.claims.changes import drifting, farther, frozen, levelled, moved, shuffled, squeezed
from damcompanion.mrs24.claims.clauses import CLAUSES
from damcompanion.mrs24.claims.looks import Look, OnMaps
from damcompanion.mrs24.claims.ranges import doubles_overflow, wide_enough
from damcompanion.mrs24.experiments.heat_maps import LARGE, MODIFIED, ORIGINAL

STUDY = "90e73a4"  # before any row of the study
CORRECTIONS = "7a5b697"  # after the maps with 100 memories, before those with 256
HOUSE = "55854a4"  # with the one family of claims, for clauses that had no rule

SMALL = (2, 3, 5, 10)  # vertices at which the original network has a region
LOST = (20, 30)
STABLE = (10, 15, 20, 25, 30)
NEAR_1 = ("near 1",)
SIZES = ("n = 5", "n = 20")

# The text's words as numbers; decades of 1/T or of the rate, but for the last two.
WORDS = {
    "considerably": (0.3, float("inf")),  # a factor of two
    "heavily": (0.3, float("inf")),
    "no longer heavily": (-float("inf"), 0.3),
    "slightly": (0.05, 0.3),
    "a digit": (-float("inf"), 0.15),  # a position given to a digit; a factor of 1.4
    "similar": (-float("inf"), 0.15),
    "stable": (-float("inf"), 0.15),
    "a power of ten": (-float("inf"), 0.5),
    "large": (0.5, float("inf")),  # half of what it was
    "substantial": (0.1, float("inf")),
}


def _word(word: str, commit: str = CORRECTIONS) -> Between:
    least, most = WORDS[word]
    return Between(least, most, word, commit, decades=word not in ("large", "substantial"))


def _count(least: float = -float("inf"), most: float = float("inf"), commit: str = CORRECTIONS) -> Between:
    return Between(least, most, commit=commit)


def _study(least: float, most: float, *, decades: bool = False) -> Between:
    return Between(least, most, commit=STUDY, decades=decades)


def _where(clause: str) -> str:
    return CLAUSES[clause][0]


def _claim(
    clause: str,
    statement: str,
    measure: OnMaps,
    control: Control,
    *,
    later: OnMaps | None = None,
    second: str = "",
) -> Claim:
    """A claim about maps: its id is its clause's."""
    return Claim(
        id=f"mrs24-{clause.replace('.', '-').lower()}",
        text="MRS24",
        where=_where(clause),
        statement=statement,
        rule=measure.rule,
        measure=measure,
        control=control,
        clause=clause,
        second=second,
        later=(later.rule, later) if later else None,
    )


def _control(words: str, measure: OnMaps, **changes) -> Control:
    """The same measure on maps that are changed: `other` networks, or maps that a function `alter`s."""

    def on_changed(look: Look) -> Evidence:
        memories = changes.get("memories", look.memories)
        changed = Look(look.gallery, memories, alter=changes.get("alter"), other=changes.get("other"))
        return measure(changed, robust=False)

    return Control(words, on_changed)


def _unanswered(clause: str, statement: str) -> Claim:
    """A clause whose rows do not exist: undecided, whatever the rule will be."""
    return Claim(
        id=f"mrs24-{clause.replace('.', '-').lower()}",
        text="MRS24",
        where=_where(clause),
        statement=statement,
        rule=Holds("fixed with the rows", commit=""),
        measure=lambda look: Evidence(Kind.MISSING, quantity="needs the classifier's maps"),
        clause=clause,
    )


# What the numbers are called.
FARTHEST = "farthest centroid, n = {}, in decades from it"
RANGE = "centroids of 1/T at n = {}, without the cells at the grid's edge: range in decades"
COMMON = "cells that lie in the region of every n"
OVER_N = "centroids of 1/T at N = 50, 100, 200: range in decades"
MOVED = "largest move of either network's centroid on the common axis, in decades"
SHARED = "cells of the region at n = 2, the fewer of the two networks"

SWAPPED = {"original": "modified", "modified": "original"}
OTHER_SIZES = tuple((f"size-{n}-{a}", n) for n in (100, 200) for a in numbers.STATES if (n, a) != (100, 20))


def _unusual(what: str) -> bool:
    return what != numbers.USUAL


def _smallest(what: str) -> bool:
    return what == "size-50-20"


def _coarse(what: str) -> bool:
    return what == "coarse"


def _in_floats(look: Look) -> Evidence:
    """The networks of the settings study that were trained in float32, and left its range."""
    rows = look.gallery.rows("study-original-leaky-float32")
    return Evidence(Kind.MEASURED, {"study": float(rows["overflow"].to_numpy().sum())})


def _moved_by(setting: str) -> OnMaps:
    return OnMaps(_word("similar"), MOVED, numbers.moved_by([(f"learning-{setting}", 100)]), SIZES)


_N_2 = OnMaps(_study(1, float("inf")), SHARED, numbers.worse_of(numbers.cells_at(2)), single=numbers.cells_at(2))
_PLACE = OnMaps(
    _study(0, 0.5, decades=True), "decades from it, mean of n = 2 and 5",
    numbers.on("original", numbers.mean_offset(0, 1e-2)), single=numbers.mean_offset(0, 1e-2),
)  # fmt: skip
_RATE = OnMaps(
    _study(0, 0.5, decades=True), "decades from it, mean of n = 2 and 5",
    numbers.on("original", numbers.mean_offset(1, 0.5)), single=numbers.mean_offset(1, 0.5),
)  # fmt: skip
_SHIFTS = OnMaps(
    _study(0.3, float("inf"), decades=True), "decades of 1/T from n = 2 to the last region",
    numbers.on("original", numbers.shift_to_last), single=numbers.shift_to_last,
)  # fmt: skip
_COST = OnMaps(
    _study(1, float("inf")), "distance at the largest rate less the least, mean of n = 2 and 5",
    numbers.on("original", numbers.mean_cost_of_rate), single=numbers.mean_cost_of_rate,
)  # fmt: skip
_LOST = OnMaps(
    _study(0, 0), "of n = 20 and 30 those with a region",
    numbers.on("original", numbers.with_region(LOST)), single=numbers.with_region(LOST),
)  # fmt: skip
_WORSE = OnMaps(
    _study(0.5, float("inf")), "by how much, n = 20",
    numbers.worse_than_around("original", (20,)), single=lambda maps: maps.worse_than_around(20),
)  # fmt: skip
_EARLY = OnMaps(
    _study(0.06, 1, decades=True), "decades of 1/T from n = 2 to 5",
    numbers.on("modified", numbers.shift_to_5), single=numbers.shift_to_5,
)  # fmt: skip
_PRESENT = OnMaps(
    _study(3, 3), "of n = 10, 20 and 30 those with a region",
    numbers.on("modified", numbers.with_region((10, 20, 30))), single=numbers.with_region((10, 20, 30)),
)  # fmt: skip
_STABLE = OnMaps(
    _study(0, 0.15, decades=True), "centroids of 1/T at n = 10, 20, 30: range in decades",
    numbers.on("modified", numbers.range_of((10, 20, 30))), single=numbers.range_of((10, 20, 30)),
)  # fmt: skip
_NEAR_09 = OnMaps(
    _study(0, 0.15, decades=True), FARTHEST.format("20 and 30"),
    numbers.on("modified", numbers.farthest_of((20, 30), 0.9)), single=numbers.farthest_of((20, 30), 0.9),
)  # fmt: skip
_SIZE = OnMaps(
    _study(0.5, float("inf")), "least area of n = 10, 20, 30 over that of n = 5",
    numbers.on("modified", numbers.size_kept), single=numbers.size_kept,
)  # fmt: skip
_RATES = OnMaps(
    _study(1, float("inf")), "largest rate of the region at n = 20",
    numbers.on("modified", numbers.largest_rate_at_20), single=numbers.largest_rate_at_20,
)  # fmt: skip
_SLIGHT = OnMaps(_word("slightly"), RANGE.format("2, 3, 5"), numbers.shift("original", (2, 3, 5)))
_ONE = OnMaps(_count(least=1), COMMON, numbers.in_common("modified", MODIFIED))
_NONE = OnMaps(_count(most=0), COMMON, numbers.in_common("original", ORIGINAL))
_NO_OVERFLOW = OnMaps(_count(most=0), "networks that left the range of a double", numbers.overflown("original"))
_RINGS = OnMaps(
    _count(least=0), "least rise from one ring of cells around it to the next, n = 20, four times the epochs",
    numbers.rings("original"), ("close up",),
)  # fmt: skip
_SUBSTANTIAL = OnMaps(_word("substantial"), "area in decades at n = 100 over that at n = 5", numbers.area_at_100)
_TO_100 = OnMaps(
    _count(least=1), "least number of cells of the region, n = 40 to 100", numbers.least_cells("modified", LARGE),
    NEAR_1,
)  # fmt: skip
_COARSE = OnMaps(
    _count(most=1), "widest region, n = 40 to 100, in columns of the coarse grid", numbers.width_in_columns, NEAR_1
)
_STABLE_250 = OnMaps(_word("stable"), RANGE.format("10, 20, 30"), numbers.shift("modified-250", (10, 20, 30)))
_FEW_N = OnMaps(_word("no longer heavily"), OVER_N, numbers.range_over_neurons("modified"), SIZES)
_BEFORE_N = OnMaps(_word("heavily"), OVER_N, numbers.range_over_neurons("original"), SIZES[:1])
_SIZES_1 = OnMaps(
    _word("a digit"), "farthest centroid of nine sizes, in decades from 1", numbers.farthest_from_1("modified"),
    SIZES[1:],
)  # fmt: skip
_SIZES = OnMaps(_word("similar", HOUSE), MOVED, numbers.moved_by(OTHER_SIZES), SIZES)
_EXPONENT = OnMaps(
    _count(least=1), "least number of cells of the region with m = 1, n = 10 to 30",
    numbers.least_cells("modified", STABLE),
)  # fmt: skip

CLAIMS = (
    _claim("1-neurons-modified", "modified: the optimum is “no longer heavily dependent on the size of the data”",
           _FEW_N, _control("its maps at N = 50 half a decade aside", _FEW_N,
                            alter=moved("modified", -0.5, only=_smallest))),
    _claim("1-neurons-original", "original: the optimum is heavily dependent on it",
           _BEFORE_N, _control("its maps at N = 50 half a decade aside", _BEFORE_N,
                               alter=moved("original", 0.5, only=_smallest))),
    _claim("5-original-changes", "original: no choice of hyperparameters serves every n from 2 to 30",
           _NONE, _control("the modified network in its place", _NONE, other=SWAPPED)),
    _claim("5-modified-reuse", "modified: one choice of hyperparameters serves every n from 2 to 30",
           _ONE, _control("the same network with 100 memories", _ONE, memories=100),
           second="a choice found on other draws, on fresh seeds with ten repeats (memories)"),
    _claim("5-decay", "a decay of 1.0 gives similar results",
           _moved_by("decay-1"), _control("one network's maps of the setting a factor of two aside",
                                          _moved_by("decay-1"), alter=moved("modified", 0.3, only=_unusual))),
    _claim("5-momentum", "a higher momentum (0.6) gives similar results",
           _moved_by("momentum-06"), _control("one network's maps of the setting a factor of two aside",
                                              _moved_by("momentum-06"), alter=moved("modified", 0.3, only=_unusual))),
    _claim("5-exponent", "modified: the error exponent m need not be raised for large n",
           _EXPONENT, _control("the original network in its place, n = 10 to 30", _EXPONENT, other=SWAPPED)),
    _claim("5-n-2", "n = 2 is “perfectly learnable”", _N_2,
           _control("every distance larger by 2.1", _N_2, alter=farther("original", 2.1)),
           later=OnMaps(_count(most=0), "larger of the networks' least distances", numbers.best_at_2)),
    _claim("5-sizes", "larger dimensions and other numbers of states are similar",
           _SIZES, _control("one network's maps of the other sizes a factor of two aside",
                            _SIZES, alter=moved("modified", 0.3, only=_unusual))),
    _claim("5-to-100", "modified: it works up to n = 100",
           _TO_100, _control("every distance larger by 2.1", _TO_100, alter=farther("modified", 2.1))),
    _claim("5.1-place", "original: the optimum lies around 1/T = 0.01", _PLACE,
           _control("its maps 0.9 decades aside", _PLACE, alter=moved("original", 0.9)),
           later=OnMaps(_word("a power of ten"), FARTHEST.format("2 to 10"), numbers.offset("original", SMALL, 1e-2))),
    _claim("5.1-rate", "original: and around a learning rate of 0.5", _RATE,
           _control("its maps 0.9 decades aside", _RATE, alter=moved("original", -0.9, "learning_rate")),
           later=OnMaps(_word("a power of ten"), FARTHEST.format("2 to 10"),
                        numbers.offset("original", SMALL, 0.5, axis=1))),
    _claim("5.1-shifts", "original: it “shifts considerably” with n", _SHIFTS,
           _control("the map of n = 2 at every n", _SHIFTS, alter=frozen("original")),
           later=OnMaps(_word("considerably"), RANGE.format("2, 3, 5, 10"), numbers.shift("original", SMALL))),
    _claim("5.1-cost", "original: higher learning rates are worse", _COST,
           _control("maps on which a higher rate is never worse", _COST, alter=levelled("original")),
           later=OnMaps(_count(least=1), "distance at the largest rate less the least, mean over the region's columns, "
                        "least of n = 2, 5, 10", numbers.cost_of_rate("original"))),
    _claim("5.1-lost", "original: at larger n no region is left on the grid", _LOST,
           _control("the modified network in its place", _LOST, other=SWAPPED),
           later=OnMaps(_count(most=0), "cells of the region at n = 20 and 30", numbers.cells_left("original", LOST))),
    _claim("5.1-worse", "original: where it was, distances exceed those around", _WORSE,
           _control("its cells shuffled", _WORSE, alter=shuffled("original")),
           later=OnMaps(_count(least=0.5), "by how much, the lesser of n = 20 and 30",
                        numbers.worse_than_around("original", LOST))),
    _claim("5.1-rings", "original: a very small region would be surrounded by an “increasingly suboptimal region”",
           _RINGS, _control("its cells shuffled", _RINGS, alter=shuffled("original"))),
    _claim("5.1-range", "original: overflow is not the reason",
           _NO_OVERFLOW, Control("the same network in float32, settings study", _in_floats)),
    Claim("mrs24-5-1-overflow", "MRS24", "5.1", "original: in general, larger vertices or dimensions overflow",
          Holds("both lead out of a double", HOUSE), lambda look=None: doubles_overflow(),
          Control("ten neurons", lambda look=None: wide_enough()), clause="5.1-overflow"),
    _claim("5.2-early", "modified: the region “shifts slightly” up to n = 5", _EARLY,
           _control("the map of n = 2 at every n", _EARLY, alter=frozen("modified")),
           later=OnMaps(_word("slightly"), RANGE.format("2, 3, 5"), numbers.shift("modified", (2, 3, 5)))),
    _claim("5.2-as-figure-1", "original: it does the same, “as in Figure 1”",
           _SLIGHT, _control("the map of n = 2 at every n", _SLIGHT, alter=frozen("original"))),
    _claim("5.2-substantial", "modified: it “remains substantial” at large n", _PRESENT,
           _control("the original network in its place", _PRESENT, other=SWAPPED), later=_SUBSTANTIAL),
    _claim("5.2-place", "modified: it stabilises around 1/T = 0.9", _NEAR_09,
           _control("its maps 0.3 decades aside", _NEAR_09, alter=moved("modified", 0.3)),
           later=OnMaps(_word("a digit"), FARTHEST.format("10 to 30"), numbers.offset("modified", STABLE, 0.9))),
    _claim("5.2-near-1", "modified: near 1 across dimensions and task sizes",
           _SIZES_1, _control("its maps 0.3 decades aside", _SIZES_1, alter=moved("modified", 0.3))),
    _claim("5.2-rates", "modified: it extends to much larger rates than the original's", _RATES,
           _control("its rates 0.7 decades lower", _RATES, alter=moved("modified", -0.7, "learning_rate")),
           later=OnMaps(_count(least=2), "largest rate over the original's, at the largest n at which both have one",
                        numbers.rate_ratio)),
    _claim("5.2-stable", "modified: its position “remains stable”", _STABLE,
           _control("each map a column beside the one before", _STABLE, alter=drifting("modified", 1)),
           later=OnMaps(_word("stable"), RANGE.format("10 to 30"), numbers.shift("modified", STABLE))),
    _claim("5.2-size", "modified: its “size remains large”", _SIZE,
           _control("the map of n = 2 at every n", _SIZE, alter=frozen("modified"))),
    _unanswered("5.3-near-1", "modified, MNIST: the optimum stabilises around 1"),
    _unanswered("5.3-shrinks", "MNIST: the region is large at n = 2 and shrinks slightly"),
    _unanswered("5.3-alike", "MNIST: by proportionally the same amount in both networks"),
    _unanswered("5.3-shape", "MNIST: the shape of the region remains consistent"),
    _unanswered("5.3-scales", "MNIST: the two networks' scales of beta differ, as they did not before"),
    _unanswered("5.3-range", "MNIST: the original's range of beta is that of KH16"),
    _unanswered("5.3-crosstalk", "MNIST: the effect of the class neurons on one another is negligible"),
    _claim("A.3-coarse", "modified: at large n the coarse grid does not capture the region well",
           _COARSE, _control("columns half as wide as theirs", _COARSE, alter=squeezed("modified", 0.5, only=_coarse))),
    _claim("A.4-stable", "modified, N = 250, 30 states: its position remains stable, too",
           _STABLE_250, _control("each map two columns beside the one before", _STABLE_250,
                                 alter=drifting("modified-250", 2))),
)  # fmt: skip
