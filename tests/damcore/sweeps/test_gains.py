"""Sweeps over the gain are those over the temperature, at the temperatures that follow from it."""

from dataclasses import replace

import pytest

from cases import refused
from damcore import Scaling
from damcore.interactions import LeakyRectifiedPolynomial
from damcore.sweeps import GainSweep, Store, Sweep, run, verify

USUAL = dict(learning_rates=(0.1, 1.0), repeats=2, n_neurons=24, n_memories=12, n_states=4, epochs=15)
GAINS = GainSweep(name="gains", vertices=(2, 7), gains=(0.5, 2.0), **USUAL)


@pytest.mark.parametrize("scaling", ["modified", "original"])
def test_rows_are_those_of_the_temperatures_that_have_these_gains(scaling):
    gains = replace(GAINS, scaling=scaling)
    for n in gains.vertices:
        interaction = LeakyRectifiedPolynomial(n, 0.01)
        inverse = tuple(
            float(1 / Scaling.calibrated(interaction, 24, 12, 4, gain=gain, original=scaling == "original").temperature)
            for gain in gains.gains
        )
        plain = Sweep(name="plain", vertices=(n,), inverse_temperatures=inverse, scaling=scaling, **USUAL)
        rows = gains.measure([cell for cell in gains.cells() if cell.n == n])
        assert {row.pop("inverse_temperature") for row in rows} == {*inverse}
        near = [row.pop("near") for row in rows]
        assert rows == plain.measure(list(plain.cells()))
        assert all(row["stable"] <= share <= 1 for row, share in zip(rows, near, strict=True))


def test_rows_are_stored_read_and_verified_and_hold_the_temperature(tmp_path):
    store = Store(tmp_path)
    rows = run(GAINS, store, progress=False)
    assert len(rows) == len(GAINS) == 16 and {"gain", "inverse_temperature"} <= {*rows}
    assert "inverse_temperatures" not in rows and "gains" not in rows
    assert store.missing(GAINS) == [] and (verify(GAINS, store, sample=3).difference == 0).all()
    assert {*store.array(GAINS).distance.dims} == {"n", "learning_rate", "gain", "repeat"}


def test_the_digest_stands_for_the_gains_and_differs_from_that_of_temperatures():
    assert replace(GAINS, gains=(0.5, 2.5)).digest != GAINS.digest
    assert Sweep(name="gains", vertices=(2, 7), inverse_temperatures=(0.5, 2.0), **USUAL).digest != GAINS.digest


def test_it_refuses_what_has_no_gain_or_two_temperatures():
    with refused(ValueError, "`gains` must be positive, got 0"):
        replace(GAINS, gains=(0.0,))
    with refused(ValueError, "`gains` must hold at least one value and none twice"):
        replace(GAINS, gains=())
    with refused(ValueError, "`scaling` must be one of 'original', 'modified', got 'outside'"):
        replace(GAINS, scaling="outside")
    with refused(ValueError, "`inverse_temperatures` must be left out"):
        replace(GAINS, inverse_temperatures=(1.0,))
