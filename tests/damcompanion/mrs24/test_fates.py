"""What becomes of memories: the networks are those of the sweep, looked at on the way."""

import pytest

from cases import refused
from damcompanion.mrs24.experiments import experiments
from damcompanion.mrs24.fates import at_rates, fates

SWEEPS = experiments("smoke")
LEAKY, ORIGINAL = SWEEPS["plane-leaky-100-256-20"], SWEEPS["plane-original-100-256-20"]


def test_the_last_look_is_at_the_network_that_the_sweep_trains():
    cell = next(cell for cell in LEAKY.cells() if cell.n == 20 and cell.gain == LEAKY.gains[1])
    [row] = LEAKY.measure([cell])
    looked = fates(LEAKY, 20, LEAKY.inverse_temperature(cell), cell.learning_rate, (1, 2, 7, LEAKY.epochs))
    assert looked.epochs.tolist() == [1, 2, 7, LEAKY.epochs]
    assert looked.distance.iloc[-1] == pytest.approx(row["distance"])


def test_memories_die_where_nothing_is_left_of_the_leak():
    rates = (0.1, 0.3)
    original = at_rates(ORIGINAL, 20, 0.01, rates, epochs=20, repeats=1)
    modified = at_rates(LEAKY, 20, 1.0, rates, epochs=20, repeats=1)
    assert (original.dead > 0.25).all() and (modified.dead == 0).all()
    assert original.index.tolist() == [*rates]


def test_shares_of_what_is_seen():
    looked = fates(LEAKY, 20, 0.93, 3.0, (1, 60))
    first, last = (row for _, row in looked.iterrows())
    assert first.copies < 0.2 < 0.3 < first.turned and last.copies > 0.9 and last.states == 1 and last.turned < 0.1


def test_epochs_must_ascend():
    for epochs in ((), (3, 2), (0, 1), (2, 2)):
        with refused(ValueError, "`epochs` must ascend from 1 or above"):
            fates(LEAKY, 2, 1.0, 0.1, epochs)
