"""The rules that judge the law and the constant: each wins in a world that is made for it."""

import numpy as np
import pandas as pd
import pytest

from damcompanion.mrs24.experiments.temperature import DESIGN, VERTICES
from damcompanion.mrs24.temperature import FITTED, JUDGED, best_pair, compared, is_law, judged, regions
from damcore import Scaling

GAINS = np.geomspace(0.01, 100, 25)


def world(centre, *, width: float = 1.0) -> pd.DataFrame:
    """Lines whose distance is 0 within `width` of `centre(n, N, K, A)` in the log of the gain, and 5 beyond."""
    rows = []
    for size in DESIGN:
        for n in VERTICES:
            inverse = 1 / Scaling.calibrated(n, *size).temperature
            middle = centre(n, *size, inverse)
            for gain in GAINS:
                distance = 0.0 if abs(np.log(gain) - middle) <= width else 5.0
                rows.append((*size, n, gain, inverse * gain ** (1 / n), distance))
    return pd.DataFrame(
        rows, columns=["n_neurons", "n_memories", "n_states", "n", "gain", "inverse_temperature", "distance"]
    )


def of_the_law(n, n_neurons, n_memories, n_states, inverse):
    return 0.0


def of_a_constant(n, n_neurons, n_memories, n_states, inverse):
    return n * np.log(0.95 / inverse)


def test_the_halves_span_the_design_and_share_nothing():
    assert not {*FITTED} & {*JUDGED} and {*FITTED} | {*JUDGED} == {*DESIGN}
    for half in (FITTED, JUDGED):
        assert min(half)[0] <= 50 and max(half)[0] >= 500


def test_the_law_wins_where_it_holds_and_no_rival_follows_it():
    errors = judged(world(of_the_law))
    law = errors[errors.answer == "the law"]
    assert law.hits.all() and law.error.max() < 1e-9
    assert is_law(errors)
    assert errors[errors.answer == "a constant"].error.mean() > 0.3


def test_the_constant_wins_where_it_holds():
    errors = judged(world(of_a_constant))
    assert not is_law(errors)
    means = errors.groupby("answer").error.mean()
    assert means["a constant"] < 0.25 < means["the law"]
    assert (compared(errors, "a constant", "the law").high < 0).sum() >= len(VERTICES) - 2


def test_a_line_on_which_nothing_works_counts_for_no_error_and_is_no_hit():
    rows = world(of_the_law)
    rows.loc[rows.n == 30, "distance"] = 5.0
    table, errors = regions(rows), judged(rows)
    assert table[table.n == 30].centre.isna().all() and table[table.n == 20].centre.abs().max() < 1e-9
    assert errors[errors.n == 30].error.isna().all() and not errors[errors.n == 30].hits.any()
    assert 30 not in compared(errors).index


def test_a_prediction_beyond_the_line_is_no_hit_even_where_the_end_works():
    rows = world(lambda *place: np.log(0.01))
    rows["distance"] = 5 * (rows.gain > 0.02)
    errors = judged(rows.assign(inverse_temperature=rows.inverse_temperature * 100 ** (1 / rows.n)))
    assert not errors[errors.answer == "the law"].hits.any()


def test_ends_and_centre_of_what_works_are_in_the_log_of_the_gain():
    table = regions(world(lambda *place: np.log(2), width=0.8))
    assert np.allclose(table.centre, np.log(2), atol=0.2) and (table.high - table.low).between(1.1, 1.6).all()


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
