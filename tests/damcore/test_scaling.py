import pytest
import torch

from cases import refused
from damcore.network import Scaling

MEMORIES = torch.ones(2, 8, dtype=torch.float64)


def test_original_puts_the_temperature_outside_and_modified_inside():
    inner, outer = Scaling.original(2.0, 3).factors(MEMORIES)
    assert (inner.item(), outer.item()) == (1.0, 2.0**-3)
    inner, outer = Scaling.modified(2.0, 8).factors(MEMORIES)
    assert (inner.item(), outer.item()) == (1 / 16, 1.0)


def test_recall_has_no_temperature():
    assert [f.item() for f in Scaling.original(7.0, 20).for_recall().factors(MEMORIES)] == [1.0, 1.0]
    assert [f.item() for f in Scaling.modified(7.0, 8).for_recall().factors(MEMORIES)] == [1 / 8, 1.0]


def test_a_temperature_a_run_gives_factors_a_run():
    inner, outer = Scaling.original(torch.tensor([1.0, 2.0, 4.0]), 2).factors(MEMORIES)
    assert inner.expand(3).tolist() == [1.0, 1.0, 1.0]
    assert outer.tolist() == [1.0, 0.25, 0.0625]


def test_factors_take_the_dtype_of_the_memories():
    inner, outer = Scaling.modified(3.0, 8).factors(MEMORIES.float())
    assert inner.dtype == outer.dtype == torch.float32


def test_the_temperature_is_kept_as_given_where_its_power_would_vanish():
    scaling = Scaling.original(540.0, 20)
    assert scaling.temperature == 540.0
    assert scaling.factors(MEMORIES.float())[1] == 0.0  # KH16's own n = 20, T = 540 leaves float32
    assert scaling.at(1.0) == Scaling.original(1.0, 20)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan"), torch.tensor([1.0, 0.0])])
@pytest.mark.parametrize("make", [lambda t: Scaling.original(t, 2), lambda t: Scaling.modified(t, 8)])
def test_refuses_a_temperature_that_is_not_positive(make, temperature):
    with refused(ValueError, "`temperature` must be (positive|finite)"):
        make(temperature)


def test_refuses_bad_sizes():
    with refused(ValueError, "`n` must be at least 1, got 0"):
        Scaling.original(1.0, 0)
    with refused(ValueError, "`n_neurons` must be a whole number, got 2.5"):
        Scaling.modified(1.0, 2.5)  # pyright: ignore[reportArgumentType]


def test_equal_scalings_are_equal_and_hash_equally():
    def pair(values, dtype=torch.float64):
        return Scaling.modified(torch.tensor(values, dtype=dtype), 8)

    assert pair([0.5, 2.0]) == pair([0.5, 2.0]) and hash(pair([0.5, 2.0])) == hash(pair([0.5, 2.0]))
    others = [
        pair([0.5, 3.0]),
        pair([[0.5, 2.0]]),
        pair([0.5, 2.0], torch.float32),
        Scaling.modified(0.5, 8),
        "scaling",
    ]
    assert all(pair([0.5, 2.0]) != other for other in others)
    assert Scaling(2) == Scaling(2.0) and hash(Scaling(2)) == hash(Scaling(2.0))
    assert len({pair([0.5, 2.0]), pair([0.5, 2.0]), Scaling(1.0), Scaling(1.0)}) == 2


def test_the_power_inside_is_0_or_1():
    with refused(ValueError, "`inner_power` must be at most 1, got 2"):
        Scaling(1.0, inner_power=2)
