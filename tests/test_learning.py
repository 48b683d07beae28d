import pytest
import torch

import oracles
from cases import INTERACTIONS, SCALINGS, bipolar, instance, refused, scaling_of
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import gradient, linear_anneal, train
from damcore.network import Scaling

ids = [str(kind) for kind, _ in INTERACTIONS]


@pytest.mark.parametrize("error_exponent", [1, 2, 3])
@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=ids)
def test_gradient_equals_autograd(kind, name, error_exponent, generator, device):
    memories, patterns = instance(generator, n_memories=6, n_states=7, n_neurons=12, device=device)
    scaling = scaling_of(name, kind, 12)
    differentiable = memories.clone().requires_grad_()
    reference = oracles.loss(differentiable, patterns, kind, *scaling.factors(memories), error_exponent)
    (wanted,) = torch.autograd.grad(reference, differentiable)
    loss, got = gradient(memories, patterns, kind, scaling, error_exponent=error_exponent)
    torch.testing.assert_close(loss, reference.detach(), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)


def test_gradient_of_chosen_neurons_with_targets_of_their_own_equals_autograd(generator, device):
    memories, patterns = instance(generator, n_neurons=12, device=device)
    targets = bipolar(generator, 5, 3, device=device)
    chosen = slice(-3, None)
    differentiable = memories.clone().requires_grad_()
    h = patterns @ differentiable.mT
    z = differentiable[:, chosen]
    rest = h[:, :, None] - patterns[:, None, chosen] * z
    gap = (((rest + z) / 12) ** 5 - ((rest - z) / 12) ** 5).sum(1)
    reference = ((targets - gap.tanh()) ** 4).sum()
    (wanted,) = torch.autograd.grad(reference, differentiable)
    arguments = (memories, patterns, Polynomial(5), Scaling.modified(1.0, 12))
    loss, got = gradient(*arguments, error_exponent=2, targets=targets, neurons=chosen)
    torch.testing.assert_close(loss, reference.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-12)


def test_gradient_batch_equals_one_by_one(generator, device):
    memories, patterns = instance(generator, 2, 3, device=device)
    temperature = (torch.rand(2, 3, generator=generator) + 0.5).double().to(device)
    kind, scaling = RectifiedPolynomial(3), Scaling.modified(temperature, 8)
    losses, slopes = gradient(memories, patterns, kind, scaling)
    for a in range(2):
        for b in range(3):
            loss, slope = gradient(memories[a, b], patterns[a, b], kind, scaling.at(temperature[a, b]))
            torch.testing.assert_close(losses[a, b], loss)
            torch.testing.assert_close(slopes[a, b], slope)


@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=ids)
def test_training_equals_gradient_and_step_by_hand(kind, name, path, generator):
    memories, patterns = instance(generator)
    scaling = scaling_of(name, kind, 8)
    trained = train(memories, patterns, kind, scaling, epochs=5, learning_rate=0.07, decay=0.9, momentum=0.6)
    velocity = torch.zeros_like(memories)
    for epoch in range(5):
        loss, slope = gradient(memories, patterns, kind, scaling)
        torch.testing.assert_close(trained.losses[epoch], loss, rtol=1e-9, atol=1e-12)
        memories, velocity = oracles.step(memories, velocity, slope, 0.07 * 0.9**epoch, 0.6, 1e-30)
    torch.testing.assert_close(trained.memories, memories, rtol=1e-8, atol=1e-10)
    assert trained.diverged == -1


def test_minibatches_schedule_and_partial_clip_equal_the_steps_by_hand(path, generator):
    memories, patterns = instance(generator, n_states=5)
    kind, clip = RectifiedPolynomial(3), torch.tensor([True] * 5 + [False] * 3)
    trained = train(
        memories, patterns, kind, Scaling.modified(9.0, 8), epochs=6, learning_rate=0.9, decay=1.0, batch_size=2,
        generator=torch.Generator().manual_seed(5), clip=clip, temperature_schedule=linear_anneal(1.0, 0.4, 3),
    )  # fmt: skip
    shuffle = torch.Generator().manual_seed(5)
    for epoch in range(6):
        scaling = Scaling.modified(linear_anneal(1.0, 0.4, 3)(epoch), 8)
        total = 0.0
        for batch in torch.randperm(5, generator=shuffle).split(2):
            loss, slope = gradient(memories, patterns[batch], kind, scaling)
            moved = memories - 0.9 * slope / slope.abs().amax(1, keepdim=True).clamp_min(1e-30)
            memories = torch.where(clip, moved.clamp(-1, 1), moved)
            total += loss
        torch.testing.assert_close(trained.losses[epoch], total, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(trained.memories, memories, rtol=1e-8, atol=1e-9)
    assert trained.memories[:, :5].abs().max() <= 1 < trained.memories[:, 5:].abs().max()


def test_training_a_batch_equals_training_one_by_one(path, generator):
    memories, patterns = instance(generator, 2, 2)
    temperature, rate = torch.tensor([[0.5], [1.0]]).double(), torch.tensor([0.05, 0.4]).double()
    kind = RectifiedPolynomial(4)
    batch = train(memories, patterns, kind, Scaling.modified(temperature, 8), epochs=20, learning_rate=rate)
    for a in range(2):
        for b in range(2):
            one = Scaling.modified(temperature[a, 0].item(), 8)
            single = train(memories[a, b], patterns[a, b], kind, one, epochs=20, learning_rate=rate[b].item())
            compare = torch.equal if path == "compiled" else torch.allclose
            assert compare(batch.memories[a, b], single.memories)
            assert compare(batch.losses[a, b], single.losses)


def test_training_on_the_device_equals_training_on_the_cpu(generator, device):
    memories, patterns = instance(generator, 3)
    settings = dict(epochs=10, learning_rate=0.1, momentum=0.3)
    there = train(memories.to(device), patterns.to(device), Polynomial(4), Scaling.modified(0.7, 8), **settings)
    here = train(memories, patterns, Polynomial(4), Scaling.modified(0.7, 8), **settings)
    assert there.memories.device.type == device.type
    torch.testing.assert_close(there.memories.cpu(), here.memories, rtol=1e-9, atol=1e-9)


def both(kind, n_neurons, temperature, generator, **settings):
    """Train original at T and modified at 1/T_m = N/T from the same memories."""
    memories = 2 * torch.rand(24, n_neurons, generator=generator, dtype=torch.float64) - 1
    patterns = bipolar(generator, 10, n_neurons)
    settings = dict(epochs=50, learning_rate=0.1) | settings
    n = getattr(kind, "n", 1)
    original = train(memories, patterns, kind, Scaling.original(temperature, n), **settings)
    modified = train(memories, patterns, kind, Scaling.modified(temperature / n_neurons, n_neurons), **settings)
    assert original.losses[-1] < 0.9 * original.losses[0], "the check would be empty if nothing were learned"
    return original, modified


@pytest.mark.parametrize(
    "kind", [Polynomial(2), Polynomial(3), Polynomial(8), RectifiedPolynomial(2), RectifiedPolynomial(5)]
)
def test_original_and_modified_are_bit_equal_where_all_scalings_are_powers_of_two(kind, path, generator):
    original, modified = both(kind, 64, 64.0, generator, momentum=0.5)
    assert torch.equal(original.memories, modified.memories)
    assert torch.equal(original.losses, modified.losses)


@pytest.mark.parametrize("kind", [Polynomial(2), Polynomial(3), RectifiedPolynomial(2), RectifiedPolynomial(5)])
def test_original_and_modified_agree_for_homogeneous_f(kind, path, generator):
    original, modified = both(kind, 100, 90.0, generator)
    torch.testing.assert_close(original.memories, modified.memories, rtol=0, atol=1e-10)
    torch.testing.assert_close(original.losses, modified.losses, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", [LeakyRectifiedPolynomial(3), LeakyRectifiedPolynomial(3, -0.01)])
def test_original_and_modified_differ_for_leaky_f(kind, path, generator):
    original, modified = both(kind, 64, 64.0, generator)
    assert (original.memories - modified.memories).abs().max() > 0.1


@pytest.mark.parametrize("n, slope", [(3, 0.01), (3, -0.01), (10, 0.25)])
def test_modified_leaky_is_original_leaky_with_a_steeper_slope(n, slope, path, generator):
    """F_s(c h) = c^n F_s'(h) with s' = s c^(1 - n): what normalising does to the leaky F is to weigh its leak."""
    n_neurons, temperature = 64, 0.5
    memories, patterns = instance(generator, n_memories=20, n_states=6, n_neurons=n_neurons)
    settings = dict(epochs=50, learning_rate=0.3, floor=None)
    scaling = Scaling.modified(temperature, n_neurons)
    modified = train(memories, patterns, LeakyRectifiedPolynomial(n, slope), scaling, **settings)
    steeper = LeakyRectifiedPolynomial(n, slope * (n_neurons * temperature) ** (n - 1))
    original = train(memories, patterns, steeper, Scaling.original(n_neurons * temperature, n), **settings)
    assert torch.equal(original.memories, modified.memories)
    assert torch.equal(original.losses, modified.losses)


def test_the_floor_is_a_threshold_and_none_removes_it(path, generator):
    memories, patterns = instance(generator)
    kind = Polynomial(4)
    faint = Scaling.original(1e14, 4)  # gaps, and with them gradients, of the order 1e-53
    settings = dict(epochs=3, learning_rate=0.1, decay=1.0)
    assert torch.equal(train(memories, patterns, kind, faint, **settings).memories, memories)
    free = train(memories, patterns, kind, faint, floor=None, **settings).memories
    assert (free - memories).abs().amax(1).min() > 0.05


def test_without_a_floor_a_memory_without_a_gradient_stays(path):
    # The second memory has a negative overlap with every state: a rectified F does not see it.
    patterns = torch.ones(2, 6, dtype=torch.float64)
    memories = torch.stack([torch.full((6,), 0.3), torch.full((6,), -0.3)]).double()
    after = train(
        memories, patterns, RectifiedPolynomial(3), Scaling.modified(1.0, 6), epochs=4, learning_rate=0.1, floor=None
    ).memories
    assert torch.equal(after[1], memories[1])
    assert (after[0] > memories[0]).all()


def test_learned_patterns_are_recalled(path, generator):
    from damcore.recall import recall

    patterns = bipolar(generator, 5, 40)
    memories = torch.rand(25, 40, generator=generator, dtype=torch.float64)
    scaling = Scaling.modified(0.7, 40)
    trained = train(memories, patterns, Polynomial(2), scaling, epochs=100, learning_rate=0.2)
    assert torch.equal(recall(trained.memories, patterns, Polynomial(2), scaling).states, patterns)


def test_a_network_that_diverges_stops_the_training_or_is_marked_alone(path, generator):
    memories, patterns = instance(generator, n_neurons=100, n_memories=4)
    memories = memories.float().abs()
    patterns = patterns.float()
    memories[0] = patterns[0]  # overlap 100, and 100^30 is infinite in float32
    runs = torch.stack([memories, 0.05 * memories])
    scaling = Scaling.original(30.0, 30)
    settings = dict(epochs=12, learning_rate=1e-4)
    with refused(FloatingPointError, "1 of 2 networks left the range of torch.float32 in epoch 0"):
        train(runs, patterns, RectifiedPolynomial(30), scaling, **settings)
    marked = train(runs, patterns, RectifiedPolynomial(30), scaling, on_nonfinite="mark", **settings)
    alone = train(runs[1], patterns, RectifiedPolynomial(30), scaling, **settings)
    assert marked.diverged.tolist() == [0, -1]
    assert torch.equal(marked.memories[0], memories) and torch.isnan(marked.losses[0]).all()
    torch.testing.assert_close(marked.memories[1], alone.memories)
    torch.testing.assert_close(marked.losses[1], alone.losses)


def test_progress_counts_the_epochs_and_inputs_are_not_changed(path, generator):
    memories, patterns = instance(generator)
    copies, seen = (memories.clone(), patterns.clone()), []
    train(
        memories, patterns, Polynomial(2), Scaling.modified(1.0, 8), epochs=23, learning_rate=0.1, progress=seen.append
    )
    assert sum(seen) == 23 and len(seen) > 5
    assert torch.equal(memories, copies[0]) and torch.equal(patterns, copies[1])


def test_linear_anneal_descends_then_stays():
    schedule = linear_anneal(400.0, 100.0, 200)
    assert [schedule(epoch) for epoch in (0, 100, 200, 300)] == [400.0, 250.0, 100.0, 100.0]


MEMORIES, PATTERNS = torch.full((2, 4), 0.5), torch.ones(3, 4)
GOOD = dict(epochs=2, learning_rate=0.1)


@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(epochs=0), ValueError, "`epochs` must be at least 1, got 0"),
        (dict(epochs=1.5), ValueError, "`epochs` must be a whole number, got 1.5"),
        (dict(learning_rate=0.0), ValueError, "`learning_rate` must be positive, got 0.0"),
        (
            dict(learning_rate=torch.tensor([0.1, -1.0])),
            ValueError,
            "`learning_rate` must be positive and finite, got -1.0",
        ),
        (dict(decay=1.5), ValueError, "`decay` must be .* 1, got 1.5"),
        (dict(momentum=-0.1), ValueError, "`momentum` must be at least 0, got -0.1"),
        (dict(momentum=1.0), ValueError, "`momentum` must be below 1, got 1.0"),
        (dict(targets=torch.full((3, 4), torch.nan)), ValueError, "`targets` must lie in"),
        (dict(targets=torch.ones(3, 4).double()), TypeError, "`targets` must have the dtype and device"),
        (dict(neurons=slice(2, 2)), ValueError, "`neurons` chooses none of the 4 neurons"),
        (dict(error_exponent=0), ValueError, "`error_exponent` must be at least 1"),
        (dict(floor=-1.0), ValueError, "`floor` must be at least 0"),
        (dict(batch_size=0), ValueError, "`batch_size` must be at least 1"),
        (dict(on_nonfinite="ignore"), ValueError, "`on_nonfinite` must be one of 'raise', 'mark'"),
        (dict(clip=torch.tensor([True, False])), ValueError, "`clip` must be True, False or one boolean a neuron"),
        (dict(targets=torch.ones(3, 2)), ValueError, r"`targets` must give a value .* \(3, 4\), got \(3, 2\)"),
        (
            dict(learning_rate=torch.ones(5) * 0.1, scaling=Scaling.modified(torch.ones(2), 4)),
            ValueError,
            "leading axes",
        ),
        (dict(patterns=torch.zeros(3, 4)), ValueError, "`patterns` must be bipolar"),
        (dict(patterns=torch.ones(0, 4)), ValueError, "`patterns` is empty"),
        (dict(patterns=torch.ones(3, 4).double()), TypeError, "share one dtype"),
        (dict(memories=torch.full((2, 4), torch.inf)), ValueError, "`memories` must be finite"),
        (dict(memories=torch.ones(0, 4)), ValueError, "`memories` is empty"),
    ],
)
def test_refuses_bad_input(change, error, message):
    arguments = {"memories": MEMORIES, "patterns": PATTERNS, "scaling": Scaling.modified(1.0, 4)} | GOOD | change
    memories, patterns, scaling = (arguments.pop(name) for name in ("memories", "patterns", "scaling"))
    with refused(error, message):
        train(memories, patterns, Polynomial(2), scaling, **arguments)


def test_refuses_a_gradient_of_bad_input():
    with refused(ValueError, "`error_exponent` must be at least 1, got 0"):
        gradient(MEMORIES, PATTERNS, Exponential(), Scaling.modified(1.0, 4), error_exponent=0)


def test_a_schedule_may_mix_numbers_and_tensors_and_needs_the_axes_of_the_networks(generator):
    memories, patterns = instance(generator, 2)
    settings = dict(epochs=2, learning_rate=0.1)
    each = torch.tensor([1.0, 2.0])
    for floor in (None, 1e-30):
        settings["floor"] = floor
        mixed = train(
            memories, patterns, Polynomial(3), Scaling.modified(1.0, 8),
            temperature_schedule=lambda epoch: 1.0 if epoch else each, **settings,
        )  # fmt: skip
        one = train(
            memories[1], patterns[1], Polynomial(3), Scaling.modified(1.0, 8),
            temperature_schedule=lambda epoch: 1.0 if epoch else 2.0, **settings,
        )  # fmt: skip
        torch.testing.assert_close(mixed.memories[1], one.memories, rtol=1e-12, atol=1e-12)
        with refused(ValueError, "`temperature_schedule` must return a number or one temperature a network"):
            train(
                memories[0], patterns[0], Polynomial(3), Scaling.modified(1.0, 8),
                temperature_schedule=lambda epoch: each, **settings,
            )  # fmt: skip


def test_a_schedule_is_asked_once_an_epoch_where_there_is_nothing_to_choose(generator):
    memories, patterns = instance(generator)
    temperatures = iter([1.0, 2.0])
    schedule = lambda epoch: next(temperatures)  # noqa: E731
    train(
        memories, patterns, Polynomial(3), Scaling.modified(1.0, 8), epochs=2, learning_rate=0.1, form="plain",
        temperature_schedule=schedule, batch_size=2,
    )  # fmt: skip
    assert next(temperatures, None) is None


def test_targets_of_other_networks_are_refused(generator):
    memories, patterns = instance(generator, 3)
    with refused(ValueError, "The leading axes do not fit together"):
        gradient(memories, patterns, Polynomial(2), Scaling.modified(1.0, 8), targets=torch.ones_like(patterns[:2]))


def test_an_empty_temperature_is_refused():
    with refused(ValueError, "`temperature` is empty"):
        Scaling.modified(torch.empty(0), 8)
