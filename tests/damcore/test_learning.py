import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import oracles
from cases import INTERACTIONS, SCALINGS, bipolar, instance, refused, scaling_of
from damcore import DenseAssociativeMemory, learning
from damcore.interactions import Exponential, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import TrainingState, advance, gradient, linear_anneal, start, train
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


def test_advancing_equals_gradient_and_step_by_hand(path, generator):
    memories, patterns = instance(generator)
    kind, scaling = Polynomial(3), Scaling.modified(0.5, 8)
    state = start(memories)
    assert state.epoch == 0 and torch.equal(state.memories, memories) and not state.velocity.any()
    velocity = torch.zeros_like(memories)
    for epoch in range(4):
        state = advance(state, patterns, kind, scaling, epochs=1, learning_rate=0.07, decay=0.9, momentum=0.6)
        _, slope = gradient(memories, patterns, kind, scaling)
        memories, velocity = oracles.step(memories, velocity, slope, 0.07 * 0.9**epoch, 0.6, 1e-30)
        assert state.epoch == epoch + 1
        torch.testing.assert_close(state.memories, memories, rtol=1e-8, atol=1e-10)
        torch.testing.assert_close(state.velocity, velocity, rtol=1e-8, atol=1e-10)


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


def same(state, other):
    """The same bits, where NaN equals NaN."""
    return all(
        (a is b) or (a.dtype == b.dtype and torch.equal(a.isnan(), b.isnan()) and torch.equal(a[a == a], b[b == b]))
        for a, b in ((getattr(state, name), getattr(other, name)) for name in vars(state))
    )


# What a training can be made of; each names networks of `resumable` and settings.
KINDS_OF_TRAINING = {
    "all patterns": dict(),
    "float32": dict(dtype=torch.float32, momentum=0.3, batch_size=2),
    "minibatches": dict(batch_size=2, momentum=0.7, decay=0.9, shuffled=True),
    "a rate each": dict(learning_rate=torch.tensor([0.05, 0.1, 0.4]), momentum=0.5, floor=None),
    "a temperature each epoch": dict(temperature_schedule=linear_anneal(1.0, 0.4, 5), momentum=0.5),
    "a temperature each network and epoch": dict(
        temperature_schedule=lambda epoch: torch.tensor([0.4, 0.8, 1.5]) / (1 + epoch), batch_size=3, shuffled=True
    ),
    "chosen neurons": dict(neurons=slice(-3, None), clip=torch.arange(8) < 5, momentum=0.5, error_exponent=2),
    "log": dict(form="log", momentum=0.6, batch_size=2, shuffled=True, floor=None),
    "log in float32": dict(form="log", momentum=0.6, dtype=torch.float32),
    "two forms": dict(form=torch.tensor([True, False, True]), momentum=0.6, batch_size=2, shuffled=True),
    "two forms in float32": dict(form=torch.tensor([True, False, True]), momentum=0.6, dtype=torch.float32),
    "divergence": dict(
        overflows=True,
        on_nonfinite="mark",
        learning_rate=torch.tensor([1e20, 0.1, 0.1]),
        clip=False,
        dtype=torch.float32,
    ),
}


def resumable(dtype=torch.float64, form="plain", shuffled=False, overflows=False, **settings):
    """The start of three networks of this kind, and the arguments of `advance`."""
    memories, patterns = instance(torch.Generator().manual_seed(1), 3, dtype=dtype)
    kind, scaling = RectifiedPolynomial(4), Scaling.modified(0.7, 8)
    if overflows:
        memories[1] *= 1e20  # leaves the range at once, and the first network after its first step
    state = start(memories, form=form, generator=torch.Generator().manual_seed(5) if shuffled else None)
    return state, (patterns, kind, scaling), dict(learning_rate=0.1) | settings


@pytest.mark.parametrize("kind", KINDS_OF_TRAINING)
def test_saved_and_resumed_after_any_epoch_equals_never_stopped(kind, path, generator, tmp_path):
    state, arguments, settings = resumable(**KINDS_OF_TRAINING[kind])
    whole = advance(state, *arguments, epochs=7, **settings)
    assert whole.epoch == 7 and state.epoch == 0
    for stop in range(1, 7):  # each time for one epoch, from the file
        after = advance(state, *arguments, epochs=1, **settings)
        assert after.epoch == stop
        after.save(tmp_path / "state")
        state = TrainingState.load(tmp_path / "state")
        assert same(state, after), f"stopped after epoch {stop}"
    assert same(advance(state, *arguments, epochs=1, **settings), whole)
    if kind == "divergence":
        assert whole.diverged.tolist() == [1, 0, -1]


def test_resumed_in_a_new_process_equals_never_stopped(path, tmp_path):
    """Each kind of training is stopped here and goes on there, by the same loops."""
    for number, kind in enumerate(KINDS_OF_TRAINING):
        state, arguments, settings = resumable(**KINDS_OF_TRAINING[kind])
        advance(state, *arguments, epochs=3, **settings).save(tmp_path / f"{number}")
    script = """
import sys
from damcore import _kernels
from test_learning import KINDS_OF_TRAINING, TrainingState, advance, resumable
path, folder = sys.argv[1:]
if path == "plain":
    _kernels.available = lambda: False
for number, kind in enumerate(KINDS_OF_TRAINING):
    _, arguments, settings = resumable(**KINDS_OF_TRAINING[kind])
    state = TrainingState.load(f"{folder}/{number}")
    advance(state, *arguments, epochs=4, **settings).save(f"{folder}/{number}-on")
"""
    folders = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    subprocess.run([sys.executable, "-c", script, path, str(tmp_path)], check=True, env=os.environ | folders)
    for number, kind in enumerate(KINDS_OF_TRAINING):
        state, arguments, settings = resumable(**KINDS_OF_TRAINING[kind])
        whole = advance(state, *arguments, epochs=7, **settings)
        assert same(TrainingState.load(tmp_path / f"{number}-on"), whole), kind


@pytest.mark.parametrize("floor", [1e-30, None])
def test_training_is_start_and_advance(floor, path, generator):
    memories, patterns = instance(generator, dtype=torch.float32)
    temperature = torch.tensor([1e-6, 0.5, 1e6])  # without a floor the first and the last train in the log domain
    arguments = (patterns, RectifiedPolynomial(20), Scaling.modified(temperature, 8))
    settings = dict(learning_rate=0.1, momentum=0.5, batch_size=2, floor=floor, on_nonfinite="mark")
    shuffle, untouched = (torch.Generator().manual_seed(5) for _ in range(2))
    trained = train(memories, *arguments, epochs=23, generator=shuffle, **settings)
    assert trained.in_logs.tolist() == ([False] * 3 if floor else [True, False, True])
    state = start(memories, form=trained.in_logs, generator=untouched)
    assert same(advance(state, *arguments, epochs=23, **settings), trained)
    assert torch.equal(shuffle.get_state(), trained.generator)
    assert torch.equal(untouched.get_state(), torch.Generator().manual_seed(5).get_state())


def test_a_state_is_not_changed_and_can_be_taken_further_in_several_ways(path, generator):
    memories, patterns = instance(generator)
    arguments = (patterns, Polynomial(3), Scaling.modified(0.7, 8))
    state = advance(start(memories), *arguments, epochs=3, learning_rate=0.1, momentum=0.5)
    copies = [getattr(state, name).clone() for name in ("memories", "velocity", "size", "losses", "diverged")]
    rates = torch.tensor([0.1, 0.3]).double()
    both_ways = advance(state, *arguments, epochs=2, learning_rate=rates, momentum=0.5)
    for way, rate in enumerate(rates.tolist()):
        one = advance(state, *arguments, epochs=2, learning_rate=rate, momentum=0.5)
        torch.testing.assert_close(both_ways.memories[way], one.memories)
        torch.testing.assert_close(both_ways.losses[way], one.losses)
    now = [getattr(state, name) for name in ("memories", "velocity", "size", "losses", "diverged")]
    assert all(torch.equal(a, b) for a, b in zip(copies, now, strict=True))


def test_a_state_goes_on_on_the_device(generator, device, tmp_path):
    memories, patterns = instance(generator, 3, device=device)
    arguments = (patterns, Polynomial(4), Scaling.modified(0.7, 8))
    settings = dict(learning_rate=0.1, momentum=0.3, batch_size=2)
    state = start(memories, generator=torch.Generator().manual_seed(5))
    whole = advance(state, *arguments, epochs=6, **settings)
    advance(state, *arguments, epochs=4, **settings).save(tmp_path / "state")
    loaded = TrainingState.load(tmp_path / "state", device=device)
    assert same(advance(loaded, *arguments, epochs=2, **settings), whole)


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


def test_linear_anneal_refuses_what_is_no_number_of_epochs():
    with refused(ValueError, "`epochs` must be at least 1, got 0"):
        linear_anneal(1.0, 0.5, 0)


@pytest.mark.parametrize("exponent, remedy", [(60, "raise the temperature"), (66, "lower `error_exponent`")])
def test_the_remedy_is_that_of_what_overflows(exponent, remedy):
    """An error of 2 to the power of 2 m is in the range of float32 up to m = 63."""
    assert learning._remedy(torch.float32, Scaling.modified(1.0, 8), exponent).startswith(remedy)


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
        (dict(clip=torch.tensor([True, False])), ValueError, "`clip` must be True, False or one boolean per neuron"),
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


@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(memories=torch.full((2, 4), torch.nan)), ValueError, "`memories` must be finite, but it contains NaN"),
        (dict(memories=torch.ones(2, 4).long()), TypeError, "`memories` must have a floating dtype"),
        (dict(memories=torch.ones(4)), ValueError, r"`memories` must have shape \(\*runs, K, N\)"),
        (dict(form="auto"), ValueError, "`form` must be one of 'plain', 'log', got 'auto'"),
        (dict(form=torch.ones(3)), ValueError, '`form` must be "plain", "log" or a boolean tensor, got torch.float32'),
        (
            dict(memories=torch.ones(2, 2, 4), form=torch.tensor([True, False, True])),
            ValueError,
            r"The leading axes do not fit together: `memories` \(2,\), `form` \(3,\)",
        ),
    ],
)
def test_refuses_a_bad_start(change, error, message):
    with refused(error, message):
        start(**dict(memories=MEMORIES) | change)


@pytest.mark.parametrize(
    "change, error, message",
    [
        (dict(state=MEMORIES), TypeError, r"`state` must be a damcore.learning.TrainingState, got a tensor"),
        (dict(epochs=0), ValueError, "`epochs` must be at least 1, got 0"),
        (dict(patterns=torch.ones(3, 5)), ValueError, "same number of neurons, got 4 and 5"),
        (dict(batch_size=0), ValueError, "`batch_size` must be at least 1"),
        (dict(on_nonfinite="ignore"), ValueError, "`on_nonfinite` must be one of 'raise', 'mark'"),
    ],
)
def test_refuses_to_advance_with_bad_input(change, error, message):
    arguments = dict(state=start(MEMORIES), patterns=PATTERNS) | GOOD | change
    with refused(error, message):
        advance(interaction=Polynomial(2), scaling=Scaling.modified(1.0, 4), **arguments)


def test_a_setting_that_does_not_exist_is_refused():
    for public, first in ((train, MEMORIES), (advance, start(MEMORIES))):
        with pytest.raises(TypeError, match="has no argument `batchsize`"):
            public(first, PATTERNS, Polynomial(2), Scaling.modified(1.0, 4), **GOOD, batchsize=2)


def test_a_state_has_rows_of_memories_and_the_bytes_of_a_generator():
    state = start(MEMORIES, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"`memories` must have shape \(\*runs, K, N\), got \(4,\)"):
        replace(state, memories=MEMORIES[0])
    with pytest.raises(TypeError, match=r"`generator` must have the dtype torch\.uint8, got torch\.float32"):
        replace(state, generator=state.generator.float())


def test_refuses_damaged_and_foreign_states(tmp_path):
    good, foreign = tmp_path / "state", tmp_path / "foreign"
    start(MEMORIES).save(good)
    memory = DenseAssociativeMemory()
    memory.store(PATTERNS)
    memory.save(foreign)
    flipped = bytearray(good.read_bytes())
    flipped[-3] ^= 64
    (tmp_path / "flipped").write_bytes(flipped)
    (tmp_path / "cut").write_bytes(good.read_bytes()[:-9])
    for name in ("flipped", "cut", "foreign"):
        with refused(ValueError, f"{name} is not a whole file written by TrainingState.save .*; save it again"):
            TrainingState.load(tmp_path / name)
    with refused(FileNotFoundError, "There is no file"):
        TrainingState.load(tmp_path / "missing")
    with refused(ValueError, "Cannot write .*Choose a file in a folder that exists"):
        start(MEMORIES).save(good / "state")


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
        with refused(ValueError, "`temperature_schedule` must return a number or one temperature per network"):
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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_loss_has_the_dtype_of_the_memories(dtype, path, generator):
    memories, patterns = instance(generator, dtype=dtype)
    loss, slope = gradient(memories, patterns, Polynomial(2), Scaling.modified(1.0, 8))
    trained = train(memories, patterns, Polynomial(2), Scaling.modified(1.0, 8), epochs=1, learning_rate=0.1)
    assert loss.dtype == slope.dtype == trained.losses.dtype == dtype


@pytest.mark.parametrize("epochs, pieces", [(3, [1, 1, 1]), (19, [1] * 19), (45, [4] * 11 + [1])])
def test_progress_is_told_ten_times_or_after_every_epoch(epochs, pieces):
    told = []
    settings = dict(epochs=epochs, learning_rate=0.1, progress=told.append)
    train(MEMORIES, PATTERNS, Polynomial(2), Scaling.modified(1.0, 4), **settings)
    assert told == pieces


def test_a_network_may_have_one_neuron():
    state = start(torch.ones(2, 1), form="log")
    assert state.size.tolist() == [-torch.inf, -torch.inf] and state.velocity.shape == (2, 1)
