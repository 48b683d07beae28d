import torch

from cases import bipolar, refused
from damcore import hopfield
from damcore.interactions import Polynomial
from damcore.network import Scaling, energy_gap
from damcore.recall import recall

PLAIN = Scaling.original(1.0, 2)


def test_weights_equal_the_loop_oracle(generator):
    patterns = bipolar(generator, 3, 6)
    weights = torch.zeros(6, 6, dtype=torch.float64)
    for pattern in patterns:
        for i in range(6):
            for j in range(6):
                weights[i, j] += pattern[i] * pattern[j]
    assert torch.equal(hopfield.hebb(patterns, self_coupling=True), weights)
    assert torch.equal(hopfield.hebb(patterns), weights - torch.diag(weights.diagonal()))


def test_polynomial_vertex_two_is_hopfield_without_self_coupling(generator, device):
    patterns, states = bipolar(generator, 8, 50, device=device), bipolar(generator, 40, 50, device=device)
    field = states @ hopfield.hebb(patterns)
    # (r + z)^2 - (r - z)^2 = 4 r z: the gap is four times the local field, in exact integers.
    assert torch.equal(energy_gap(patterns, states, Polynomial(2), PLAIN), 4 * field)
    assert torch.equal(
        recall(patterns, states, Polynomial(2), PLAIN).states, hopfield.recall(hopfield.hebb(patterns), states)
    )


def test_it_is_not_hopfield_with_the_self_coupling_of_the_printed_equation(generator):
    patterns, states = bipolar(generator, 8, 50), bipolar(generator, 200, 50)
    gap = energy_gap(patterns, states, Polynomial(2), PLAIN)
    printed = states @ hopfield.hebb(patterns, self_coupling=True)
    differs = ((gap >= 0) != (printed >= 0)).double().mean().item()
    assert 0.05 < differs < 0.4  # science notes: 9-24 % of signs, by the number of patterns


def test_batch_equals_one_by_one(generator):
    patterns, states = bipolar(generator, 2, 3, 20), bipolar(generator, 2, 4, 20)
    batch = hopfield.recall(hopfield.hebb(patterns), states)
    for run in range(2):
        for b in range(4):
            one = hopfield.recall(hopfield.hebb(patterns[run]), states[run, b : b + 1])
            assert torch.equal(batch[run, b : b + 1], one)


def test_a_stored_pattern_is_stable(generator):
    patterns = bipolar(generator, 3, 100)
    assert torch.equal(hopfield.recall(hopfield.hebb(patterns), patterns), patterns)


def test_refuses_bad_input():
    with refused(ValueError, "`patterns` must be bipolar"):
        hopfield.hebb(torch.zeros(2, 4))
    with refused(ValueError, "`patterns` is empty"):
        hopfield.hebb(torch.ones(0, 4))
    with refused(ValueError, "same number of neurons"):
        hopfield.recall(torch.ones(4, 4), torch.ones(1, 5))
