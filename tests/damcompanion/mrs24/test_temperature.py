"""The rules that judge law and constant: each wins in a world that is made for it, and neither in an empty one."""

import numpy as np
import pandas as pd
import pytest

from damcompanion.claims import Verdict
from damcompanion.mrs24.experiments.temperature import (
    CHOSEN_AT,
    CHOSEN_CONSTANT,
    CHOSEN_EVEN,
    CHOSEN_GAIN,
    DESIGN,
    EVEN_SIZES,
    HALVES,
    RATE,
    VERTICES,
)
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.temperature import ENOUGH, Lines, best_pair, compared, is_law, judged
from damcore import Scaling, model

GAINS = np.geomspace(1e-4, 1e2, 37)
COLUMNS = ["n_neurons", "n_memories", "n_states", "n", "gain", "inverse_temperature", "distance", "overflow"]
SOME = (2, 20, 100)


def world(works, *, sizes=DESIGN, vertices=SOME) -> pd.DataFrame:
    """Lines whose distance is 0 where `works(log gain, n, size, 1/T at a gain of 1)`, and 5 elsewhere."""
    rows = []
    for size in sizes:
        for n in vertices:
            inverse = 1 / Scaling.calibrated(n, *size).temperature
            for gain in GAINS:
                distance = 0.0 if works(np.log(gain), n, size, inverse) else 5.0
                rows.append((*size, n, gain, inverse * gain ** (1 / n), distance, False))
    return pd.DataFrame(rows, columns=COLUMNS)


def of_the_law(log_gain, n, size, inverse):
    return abs(log_gain) <= 0.5


def of_a_constant(log_gain, n, size, inverse):
    return abs(log_gain - n * np.log(0.97 / inverse)) <= 0.5


def test_the_halves_share_nothing_and_span_the_design():
    assert not {*HALVES[0]} & {*HALVES[1]} and {*HALVES[0]} | {*HALVES[1]} == {*DESIGN} and len(DESIGN) == 16
    for half in HALVES:
        copies = [memories / states for _, memories, states in half]
        assert min(half)[0] == 50 and max(half)[0] >= 500 and min(copies) < 2 and max(copies) == 20
    assert all(5 <= states <= neurons / 4 and 1 <= memories / states <= 20 for neurons, memories, states in DESIGN)


def test_the_law_wins_where_it_holds_and_no_constant_follows_it():
    errors = judged(world(of_the_law), given={"0.95": 0.95})
    law = errors[errors.answer == "the law"]
    assert law.hits.all() and (law.error == 0).all()
    assert is_law(errors, SOME, ("a constant", "0.95")) == Verdict.REPRODUCED
    assert errors[errors.answer == "a gain"].error.max() < 0.05
    assert errors[errors.answer == "a constant"].error.mean() > 0.3


def test_the_constant_wins_where_it_holds():
    errors = judged(world(of_a_constant))
    assert is_law(errors, SOME) == Verdict.NOT
    means = errors.groupby("answer").error.mean()
    for constant in ("a constant", "a constant a vertex", "a constant, fitted on all", "c n^b", "c e^(b/n)"):
        assert means[constant] < 0.1 < means["the law"]
    assert (compared(errors, "a constant", "the law").difference < 0).all()


def test_where_everything_works_or_nothing_does_there_is_no_law():
    assert is_law(judged(world(lambda *_: True)), SOME) == Verdict.NOT
    few = world(of_the_law, sizes=DESIGN[: ENOUGH - 1])
    rest = world(lambda *_: False, sizes=DESIGN[ENOUGH - 1 :])
    assert is_law(judged(pd.concat([few, rest])), SOME) == Verdict.UNDECIDED
    assert is_law(judged(world(of_the_law)), (*SOME, 3)) == Verdict.UNDECIDED, "a vertex is not there"


def test_the_law_fails_where_it_knows_the_wrong_numbers_of_copies():
    shift = {
        size: np.log(other[1] / other[2] * size[2] / size[1]) for size, other in zip(DESIGN, DESIGN[::-1], strict=True)
    }
    errors = judged(world(lambda log_gain, n, size, inverse: abs(log_gain - shift[size]) <= 0.3))
    assert is_law(errors, SOME) == Verdict.NOT


def test_a_region_in_pieces_or_beyond_the_end_has_no_centre_to_miss():
    lines = Lines(world(lambda log_gain, *_: log_gain < -4 or 1 < log_gain < 2, sizes=DESIGN[:1], vertices=(2,)))
    (low, middle, near, far) = (float(lines.errors(np.array([at]))[0]) for at in (np.log(1e-7), -2.0, 1.5, 4.0))
    assert (low, near) == (0, 0) and 1.8 < middle < 2.2 and 1.5 < far < 2.3
    assert lines.unknown(np.array([np.log(1e-7)])).all() and not lines.unknown(np.array([1.5])).any()
    (row,) = lines.table.itertuples()
    assert row.open_low and not row.open_high and row.some and row.low == pytest.approx(np.log(1e-4))


def test_a_line_on_which_nothing_works_is_no_error_and_no_hit():
    rows = world(of_the_law)
    rows.loc[rows.n == 20, "distance"] = 5.0
    errors = judged(rows)
    assert errors[errors.n == 20].error.isna().all() and not errors[errors.n == 20].hits.any()
    assert 20 not in compared(errors).index


def test_a_cell_that_left_the_range_does_not_work_whatever_its_distance():
    rows = world(of_the_law, sizes=DESIGN[:1])
    assert not Lines(rows.assign(overflow=True)).table.some.any()
    assert Lines(rows, works=lambda cells: cells.distance >= 5).errors(np.zeros(len(SOME))).min() > 0.3


def test_the_interval_shrinks_with_more_sizes_and_a_single_one_has_none():
    errors = judged(world(lambda log_gain, n, size, inverse: abs(log_gain - (size[0] % 7) / 3) <= 0.3))
    table = compared(errors)
    assert (table.lines == 16).all() and (table.low < table.difference).all()
    alone = compared(errors[errors.n_neurons == 1000])
    assert np.isinf(alone.high).all()


@pytest.mark.parametrize("served, best", [([0.75, 1.0], (0.75, 2.5)), ([1.0], (1.0, 2.5))])
def test_the_pair_is_chosen_by_what_it_serves_and_then_by_distance(served, best):
    sizes = dict(n_neurons=100, n_memories=100, n_states=20, repeat=0)
    rows = [
        dict(gain=gain, learning_rate=rate, n=n, distance=(gain if gain in served and rate > 2 else 9.0), **sizes)
        for gain in (0.5, 0.75, 1.0)
        for rate in (1.5, 2.5)
        for n in (2, 3)
    ]
    assert best_pair(pd.DataFrame(rows), "gain") == best


def test_every_vertex_of_the_question_is_swept():
    assert set(SOME) < set(VERTICES)


@pytest.mark.parametrize(
    "kind, axis, chosen", [("gain", "gain", CHOSEN_GAIN), ("constant", "inverse_temperature", CHOSEN_CONSTANT)]
)
def test_the_chosen_pairs_are_those_that_the_stored_rows_choose(kind, axis, chosen):
    gallery = Gallery("paper")
    rows = [gallery.rows(f"choose-{kind}-{'-'.join(map(str, size))}") for size in CHOSEN_AT]
    assert best_pair(pd.concat(rows), axis) == chosen
    assert chosen[1] == RATE, "the lines are trained at the rate of both"


def test_so_is_the_pair_of_the_even_polynomials_and_training_takes_both_pairs():
    gallery = Gallery("paper")
    rows = [gallery.rows(f"choose-even-{'-'.join(map(str, size))}") for size in EVEN_SIZES]
    assert best_pair(pd.concat(rows), "gain") == CHOSEN_EVEN == model.EVEN
    assert model.OTHERS == CHOSEN_GAIN
