"""The numbers of the errata page: each against a count made in another way, or where the answer is known."""

import pytest
import torch

from damcompanion import probes
from damcompanion.mssl22 import differences
from damcore import datasets


@pytest.fixture(scope="module")
def digits():
    images, labels = datasets.mnist(source="bundled")
    return torch.tensor(images).flatten(1), torch.tensor(labels)


def test_first_order_is_exact_at_vertex_2_without_the_own_term():
    assert differences.first_order(2, 1, 30, 50, own=False) == 0
    assert differences.first_order(2, 1, 30, 50, own=True) > 0.1
    assert differences.first_order(3, 3, 30, 50, own=False) > 0.3  # the wrong power
    # Unrelated states are as good as random ones.
    random, unrelated = (differences.first_order(3, 2, 100, 1000, own=True, noise=noise) for noise in (None, 0.5))
    assert random == pytest.approx(unrelated, abs=0.02)


def test_signs_of_similarities_decide_what_is_retrieved(digits):
    grey = digits[0][:50].double() / 255
    direction = differences.softmax_direction(grey, beta=100)
    assert direction["e^(beta s)"] > 0.7 and direction["e^(-beta s)"] == 0
    assert differences.softmax_direction(grey, beta=1e-9)["largest weight times K"] == pytest.approx(1)
    assert differences.jensen_shannon_as_coded(grey) == {"as coded": 0, "its reciprocal": 1}


def test_noise_is_cut_to_the_range_of_pixels(digits):
    grey = digits[0][:20].double() / 255
    assert differences.noise_size(grey, 0.0) == 0
    assert 0.5 * 0.6 < differences.noise_size(grey, 0.5) < 0.5
    assert differences.noise_size(grey, 0.5) < differences.noise_size(grey, 0.7) < 0.7


def test_capacity_exponents_are_those_of_the_leading_power():
    for n in (1, 2, 3, 4):
        assert differences.capacity_exponent(n, 1000, energy=False) == pytest.approx(n, abs=0.01)
        assert differences.capacity_exponent(n, 1000, energy=True) == pytest.approx(n - 1, abs=0.01)


def test_hamming_identities_by_hand():
    # One bit: (0, 0) and (1, 1) have distance 0 and products 0 and 1; (0, 1) and (1, 0) have distance 1, product 0.
    assert differences.hamming_identities(1) == {"mod 2": 1 / 4, "bipolar": 1}


def test_sparse_distributed_memory_returns_the_only_address():
    memories, probed = probes.stored(40, 1, noise=0.1)
    found = differences.sparse_distributed_memory(memories, probed, 4)
    assert found == {"fewest": 1, "most": 1, "near": 1, "far": 0}
    assert differences.sparse_distributed_memory(memories, probed, 3) == {"fewest": 0, "most": 0, "near": 0, "far": 1}


def test_tail_slope_by_hand():
    assert differences.tail_slope(2, 1) == pytest.approx(torch.tensor(3.0).log().item())  # 1 + 2 over 1
    assert differences.tail_slope(2, 2) == pytest.approx(torch.tensor(4 / 3).log().item())


def test_the_update_never_raises_the_usual_energies():
    patterns, states = probes.stored(30, 8, noise=0.5)
    assert differences.hopfield_energy_rises(patterns, states, sign=-1) == 0
    assert differences.hopfield_energy_rises(patterns, states, sign=1) == 1
    drawn = torch.randn(2, 9, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert differences.continuous_energy_rises(drawn[0], drawn[1], printed=False) == 0


def test_the_mended_dynamics_are_a_gradient_flow():
    flow = differences.gradient_flow(4, draws=20)
    assert flow["mended"] < 1e-12 and flow["falls"] == 1
    assert flow["printed"] > 0.1


def test_derivatives_of_scores_and_separations():
    weights = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=torch.float64)
    assert differences.mixed_slope(lambda q: weights @ q**3, 2) == 0
    assert differences.mixed_slope(lambda q: q[:1] * q[1:] * 7, 2) == pytest.approx(7)
    assert differences.without_lagrangian(lambda x: torch.stack([x[1], -x[0]]), 2) == 2
    assert differences.without_lagrangian(lambda x: x.softmax(0), 4) < 1e-15
    assert differences.smallest_slope(lambda x: x * torch.tensor([1.0, 4.0]), weights[0]) == pytest.approx(1 / 4)
    assert differences.smallest_slope(torch.zeros_like, weights[0]) == 0


def test_the_linear_network_grows_by_its_largest_eigenvalue():
    one, _ = probes.stored(10, 1)
    assert differences.hopfield_runs_away(one, steps=3) == pytest.approx([10, 100, 1000])


def test_a_step_of_the_dynamics_is_the_projection_for_the_dot_product_only():
    memories = probes.digits(5)
    dot = differences.step_of_the_dynamics(memories, memories, lambda q: q @ memories.mT, 1.0)
    assert dot[0] == pytest.approx(dot[1])
    # One memory: d(-|m - q|^2)/dq = 2 (m - q), of which the error is |m - 2 q|^2, here |m|^2 with q = m.
    alone = memories[:1]
    step, direct = differences.step_of_the_dynamics(
        alone, alone.clone(), lambda q: -(q[:, None] - alone).square().sum(-1), 1.0
    )
    assert (step, direct) == pytest.approx((alone.square().sum().item(), 0))


def test_the_dynamics_end_at_the_memory_for_the_manhattan_and_at_two_thirds_for_the_euclidean_distance():
    memory, query = probes.digits(1), torch.full((1, 784), 0.5, dtype=torch.float64)
    size = memory.square().sum().item()
    ends = [
        differences.end_of_the_dynamics(memory, query, similarity, 1.0)
        for similarity in (
            lambda q: q @ memory.mT,
            lambda q: -(q[:, None] - memory).square().sum(-1),
            lambda q: -(q[:, None] - memory).abs().sum(-1),
        )
    ]
    assert ends[0] < 1e-3 * size and ends[2] < 1e-3 * size
    assert ends[1] == pytest.approx(size / 9, rel=1e-3)


def test_one_memory_is_reached_in_one_step():
    memories = probes.digits(3)
    assert differences.second_step(memories[:1], memories, 1.0) == 0


def test_halves_and_noise_of_pictures():
    pictures = probes.digits(4) * 0.8 + 0.1
    upper, lower = differences.half_masked(pictures), differences.half_masked(pictures, lower=True)
    assert torch.equal(upper + lower, pictures) and (upper[:, :392] == 0).all()
    assert torch.equal(differences.noisy(pictures, 0.0), pictures)
    assert differences.noise_size(pictures, 0.5) != differences.noise_size(pictures, 0.5, absolute=False)


def test_scores_sum_to_one_and_rank_as_distances_do():
    memories, asked = probes.digits(30), differences.half_masked(probes.digits(30))
    for name in ("dot", "manhattan", "euclidean", "root"):
        found = differences.scores(memories, asked, name)
        assert torch.allclose(found.sum(1), torch.ones(30, dtype=torch.float64))
    loop = torch.stack([(memories - q).abs().sum(1) for q in asked])
    assert torch.equal(differences.scores(memories, asked, "manhattan").argmax(1), loop.argmin(1))
    by_hand = 1 / (memories - asked[3]).square().sum(1)
    assert torch.allclose(differences.scores(memories, asked, "euclidean")[3], by_hand / by_hand.sum())
    assert differences.own_first(-loop) == differences.own_first(loop, smallest=True)


def test_clean_digits_come_back_with_max_and_their_mean_with_equal_weights():
    memories = probes.digits(20)
    # Clean but for the last digit of a pixel: a distance of 0 has no reciprocal.
    hottest = differences.retrieved(
        memories,
        memories + 1e-9,
        lambda x: (x == x.amax(1, keepdim=True)).double(),
        similarity="manhattan",
        threshold=0.1,
    )
    assert hottest == 1
    equal = differences.retrieved(memories, memories, torch.ones_like)
    assert equal == probes.share((memories - memories.mean(0)).square().sum(1) < 50)
    assert differences.accepted(memories, 50.0)[0] == equal
    assert differences.accepted(memories, 0.0) == (0, 0) and differences.accepted(memories, 1e6) == (1, 1)


def test_only_the_length_keeps_every_picture_to_itself():
    pictures = torch.tensor([[0.6, 0.4], [1.0, 0.0]], dtype=torch.float64)
    assert differences.lost_by_the_dot_product(pictures, norm="sum") == 0.5
    assert differences.lost_by_the_dot_product(pictures, norm="length") == 0


def test_divergences_against_torch():
    p, q = torch.rand(2, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) + 0.1
    found = differences.divergences(p, q)
    p, q = differences.distributions(p), differences.distributions(q)
    divergence = torch.nn.functional.kl_div
    for b in range(3):
        for k in range(3):
            forward = divergence(p[k].log(), q[b], reduction="sum")  # sum q ln(q / p)
            back = divergence(q[b].log(), p[k], reduction="sum")
            assert found["KL"][b, k] == pytest.approx(-forward)
            assert found["reverse KL"][b, k] == pytest.approx(back)
            assert found["as printed"][b, k] == pytest.approx((forward + back) / 2)
    apart = torch.eye(2, dtype=torch.float64)
    assert differences.divergences(apart, apart)["Jensen-Shannon"][0, 1] == pytest.approx(
        torch.tensor(2.0).log().item()
    )


def test_a_part_of_the_memory_comes_out_as_that_part():
    memories = probes.digits(10)
    whole, part = differences.heteroassociation(memories, memories[:, 300:], memories)
    assert torch.allclose(whole[:, 300:], part)
