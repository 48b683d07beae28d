"""The bound on the gap in the log domain against 900-digit arithmetic."""

import pytest
import torch

from damcompanion.floating_point import bounds
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.numerics import bound
from damcore.scaling import Scaling


@pytest.mark.parametrize("hurt", [False, True])
@pytest.mark.parametrize("n_cases", [1000, pytest.param(55_000, marks=pytest.mark.slow)])
def test_no_gap_is_beyond_its_bound_and_the_bound_is_not_far(n_cases, hurt):
    found = bounds.survey(n_cases, seed=20, hurt=hurt)
    print(f"{len(found.error)} gaps: {int(found.beyond.sum())} beyond, median bound / error {found.slack:.1f}")
    assert len(found.error) >= n_cases and not found.beyond.any()
    assert not (found.wrong & (found.bound < 1)).any()
    assert found.slack <= 50
    assert (found.bound < 1e-6).double().mean() > 0.75


@pytest.mark.parametrize("hurt", [False, True])
def test_the_bound_holds_in_torch_too(hurt, monkeypatch):
    from damcore.numerics import gap

    for module in (gap, bound):
        monkeypatch.setattr(module, "compiled_logs", lambda *_: None)
    assert not bounds.survey(1000, seed=21, hurt=hurt).beyond.any()


@pytest.mark.parametrize("distance", [1e-1, 1e-3, 1e-6, 1e-9, 1e-12])
@pytest.mark.parametrize("n", [21, 40, 100, 150])
def test_one_large_term_on_the_far_side_is_bounded(n, distance):
    """F(v) is much larger than every F(u): the overlap is near zero, and turning a neuron over moves it by 2a."""
    memories, state = torch.tensor([[0.3, 0.3 + distance]]).double(), torch.tensor([[1.0, -1.0]]).double()
    for slope in (1e-300, 1e-2, 1e8, -1e-2):
        for kind in (Polynomial(n), RectifiedPolynomial(n), LeakyRectifiedPolynomial(n, slope)):
            assert not bounds.compare(memories, state, kind, Scaling.modified(1.0, 2)).beyond.any()


def test_a_bound_that_forgets_a_step_is_found_out(monkeypatch):
    of = bound._Rounding.of

    def forgetful(*arguments):
        rule = of(*arguments)
        return bound._Rounding(rule.interaction, 0.0, 1.0, 0.0, 0.0, None)

    monkeypatch.setattr(bound._Rounding, "of", forgetful)
    monkeypatch.setattr(bound._Rounding, "of_logarithm", lambda *_: 0.0)
    assert bounds.survey(500, seed=22, hurt=False).beyond.any()


@pytest.mark.parametrize("size", [0.0, 5e-324, 1e-310, 1e-300, 1e150, 1e300])
def test_memories_of_any_size_have_a_bound_that_is_a_number(size):
    memories = size * torch.tensor([[0.3, 0.7, -0.2], [1.0, 0.1, 0.4]]).double()
    state = torch.ones(1, 3).double()
    for kind in (Polynomial(5), RectifiedPolynomial(40), LeakyRectifiedPolynomial(3)):
        error = bound.gap_error(memories, state, kind, Scaling.modified(1.0, 3))
        assert not error.isnan().any() and error.isfinite().all() == (size > 1e-305)
