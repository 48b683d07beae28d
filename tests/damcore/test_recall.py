import pytest
import torch

import oracles
from cases import INTERACTIONS, bipolar, instance, refused
from damcore import _kernels
from damcore.interactions import LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.network import Scaling, energy
from damcore.recall import Outcome, outcomes, recall

ids = [str(kind) for kind, _ in INTERACTIONS]
PLAIN = Scaling.original(1.0, 1)


@pytest.mark.parametrize("tie, at_zero", [("positive", 1.0), ("negative", -1.0)])
@pytest.mark.parametrize("kind, oracle", INTERACTIONS, ids=ids)
def test_asynchronous_recall_equals_the_oracle(kind, oracle, tie, at_zero, generator, device, path):
    memories, states = instance(generator, n_states=8)
    settled = recall(memories.to(device), states.to(device), kind, PLAIN, tie=tie)
    assert settled.converged.all()
    assert torch.equal(settled.states.cpu(), oracles.recall(memories, states, oracle[0], tie=at_zero))


def test_synchronous_recall_takes_the_sign_of_every_gap_at_once(generator):
    memories, states = instance(generator)
    kind, (value, _) = INTERACTIONS[2]
    once = recall(memories, states, kind, PLAIN, order="synchronous", max_sweeps=1).states
    assert torch.equal(once, oracles.energy_gap(memories, states, value, 1.0, 1.0).sign())


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
def test_batch_equals_one_by_one(order, generator, device, path):
    memories, states = instance(generator, 3, n_neurons=9, device=device)
    kind = Polynomial(2)
    batch = recall(memories, states, kind, PLAIN, order=order)
    for run in range(3):
        for b in range(states.shape[-2]):
            one = recall(memories[run], states[run, b : b + 1], kind, PLAIN, order=order)
            for field in ("states", "converged", "sweeps", "period"):
                assert torch.equal(getattr(batch, field)[run, b : b + 1], getattr(one, field)), field


def test_random_order_is_the_same_for_every_state_of_a_batch(generator, path):
    memories, states = instance(generator, n_neurons=12)
    kind = Polynomial(3)
    batch = recall(memories, states, kind, PLAIN, generator=torch.Generator().manual_seed(3))
    for b in range(states.shape[0]):
        one = recall(memories, states[b : b + 1], kind, PLAIN, generator=torch.Generator().manual_seed(3))
        assert torch.equal(batch.states[b : b + 1], one.states)


@pytest.mark.parametrize("kind", [Polynomial(3), RectifiedPolynomial(4), LeakyRectifiedPolynomial(3)])
def test_energy_never_rises_in_asynchronous_recall(kind, generator):
    memories, states = instance(generator, n_memories=6, n_neurons=20, n_states=10)
    trace = [energy(memories, states, kind, PLAIN)]
    recall(
        memories, states, kind, PLAIN, generator=generator,
        watch=lambda now: trace.append(energy(memories, now, kind, PLAIN)),
    )  # fmt: skip
    trace = torch.stack(trace)
    assert (trace[1:] <= trace[:-1] + 1e-9 * trace[:-1].abs()).all()
    assert (trace[-1] < trace[0]).any() and len(trace) % 20 == 1


def test_watch_sees_every_synchronous_sweep():
    memories, states = two_cycle()
    seen = []
    recall(memories, states, Polynomial(2), PLAIN, order="synchronous", max_sweeps=4, watch=seen.append)
    assert [sweep[0].tolist() for sweep in seen] == [[-1, -1], [1, 1]]


def test_a_stored_pattern_is_stable_and_a_damaged_one_returns(generator, device, path):
    patterns = bipolar(generator, 10, 100, device=device)
    probes = patterns.clone()
    probes[:, :20] *= -1
    settled = recall(patterns, probes, RectifiedPolynomial(10), Scaling.modified(1.0, 100))
    assert torch.equal(settled.states, patterns)
    assert settled.sweeps.tolist() == [1] * 10
    assert recall(patterns, patterns, RectifiedPolynomial(10), Scaling.modified(1.0, 100)).sweeps.tolist() == [0] * 10


def test_inputs_are_not_changed_and_the_temperature_plays_no_part(generator):
    memories, states = instance(generator)
    copies = memories.clone(), states.clone()
    hot = recall(memories, states, Polynomial(3), Scaling.original(50.0, 3))
    cold = recall(memories, states, Polynomial(3), Scaling.original(0.02, 3))
    assert torch.equal(hot.states, cold.states)
    assert torch.equal(memories, copies[0]) and torch.equal(states, copies[1])


def test_the_three_tie_rules(path):
    memories = torch.tensor([[1.0, 1.0], [1.0, -1.0]])  # the second neuron has no preference
    states = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    ends = {tie: recall(memories, states, Polynomial(2), PLAIN, tie=tie).states[:, 1].tolist() for tie in
            ("positive", "negative", "keep")}  # fmt: skip
    assert ends == {"positive": [1, 1], "negative": [-1, -1], "keep": [1, -1]}


def test_compiled_and_plain_recall_agree(generator, monkeypatch):
    memories, states = instance(generator, 7, n_memories=12, n_states=20, n_neurons=30)
    temperature = torch.rand(7, generator=generator, dtype=torch.float64) + 0.5
    settings = dict(at_temperature=True, max_sweeps=3)
    for kind in (Polynomial(3), LeakyRectifiedPolynomial(5)):
        fast = recall(memories, states, kind, Scaling.modified(temperature, 30), **settings)
        with monkeypatch.context() as patch:
            patch.setattr(_kernels, "available", lambda: False)
            plain = recall(memories, states, kind, Scaling.modified(temperature, 30), **settings)
        for field in ("states", "converged", "sweeps", "period", "finite"):
            assert torch.equal(getattr(fast, field), getattr(plain, field)), field
        assert not fast.converged.all() and fast.converged.any()


def test_the_temperature_of_learning_changes_recall_of_a_leaky_network(generator):
    memories, states = instance(generator, n_neurons=40, n_states=20)
    kind, scaling = LeakyRectifiedPolynomial(10), Scaling.modified(0.2, 40)
    as_text, as_learned = (
        recall(memories, states, kind, scaling),
        recall(memories, states, kind, scaling, at_temperature=True),
    )
    assert not torch.equal(as_text.states, as_learned.states)
    by_hand = recall(memories, states, kind, Scaling.modified(1.0, 8))  # 1 / (N T) = 1 / 8
    assert torch.equal(as_learned.states, by_hand.states)


def two_cycle():
    """Two neurons that each copy the other's negative: synchronous updates swap (+, +) and (-, -) for ever."""
    return torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 1.0], [1.0, -1.0]])


def test_synchronous_recall_finds_the_cycle_and_rests_on_it():
    memories, states = two_cycle()
    settled = recall(memories, states, Polynomial(2), PLAIN, order="synchronous", max_sweeps=9)
    assert settled.period.tolist() == [2, 1]
    assert settled.converged.tolist() == [False, True]
    assert settled.sweeps.tolist() == [2, 0]


def test_a_state_that_still_changes_is_not_converged(generator):
    memories, states = two_cycle()
    settled = recall(memories, states[:1], Polynomial(2), PLAIN, order="synchronous", max_sweeps=1)
    assert settled.period.tolist() == [0] and settled.converged.tolist() == [False]


def test_outcomes_name_what_came_out(generator):
    patterns = bipolar(generator, 5, 101)
    mixture = (patterns[0] + patterns[1] - patterns[2]).sign()
    stray = bipolar(generator, 101)
    ends = torch.stack([patterns[0], -patterns[0], patterns[1], -patterns[1], mixture, stray])
    # Recall at high n from states that are memories themselves: each is stable, so the report is about `ends`.
    settled = recall(ends, ends, RectifiedPolynomial(20), Scaling.modified(1.0, 101))
    assert torch.equal(settled.states, ends)
    named = outcomes(settled, patterns, torch.zeros(6, dtype=torch.int64))
    assert [Outcome(value).name for value in named.tolist()] == [
        "TARGET", "INVERSE", "OTHER", "OTHER", "MIXTURE", "SPURIOUS",
    ]  # fmt: skip


def test_outcomes_of_states_that_never_settled():
    memories, states = two_cycle()
    patterns = torch.ones(1, 2)
    targets = torch.zeros(2, dtype=torch.int64)
    cycling = recall(memories, states, Polynomial(2), PLAIN, order="synchronous")
    assert [Outcome(v).name for v in outcomes(cycling, patterns, targets).tolist()] == ["CYCLE", "SPURIOUS"]
    stopped = recall(memories, states, Polynomial(2), PLAIN, order="synchronous", max_sweeps=1)
    assert outcomes(stopped, patterns, targets)[0] == Outcome.UNSETTLED


def test_an_overflowing_gap_is_an_error_or_marked(path):
    memories, states = torch.ones(2, 100), torch.ones(1, 100)
    with refused(FloatingPointError, "energy gap left the range of torch.float32; use Scaling.modified"):
        recall(memories, states, Polynomial(30), PLAIN, form="plain")
    marked = recall(memories, states, Polynomial(30), PLAIN, form="plain", on_nonfinite="mark")
    assert marked.finite.tolist() == [False]
    assert recall(memories, states, Polynomial(30), Scaling.modified(1.0, 100)).finite.tolist() == [True]
    assert recall(memories, states, Polynomial(30), PLAIN).finite.tolist() == [True]  # in the log domain


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(order="parallel"), "`order` must be one of 'asynchronous', 'synchronous', got 'parallel'"),
        (dict(tie="zero"), "`tie` must be one of"),
        (dict(max_sweeps=0), "`max_sweeps` must be at least 1, got 0"),
    ],
)
def test_refuses_bad_options(options, message):
    with refused(ValueError, message):
        recall(torch.ones(2, 4), torch.ones(1, 4), Polynomial(2), PLAIN, **options)


def test_one_gap_out_of_range_among_others_is_refused():
    memories = torch.stack([torch.full((2, 10), 1e30), torch.ones(2, 10)])
    with refused(FloatingPointError, "An energy gap left the range of torch.float32"):
        recall(memories, torch.ones(1, 10), Polynomial(2), PLAIN, form="plain")
    marked = recall(memories, torch.ones(1, 10), Polynomial(2), PLAIN, form="plain", on_nonfinite="mark")
    assert marked.finite.tolist() == [[False], [True]]


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
def test_the_form_is_the_one_that_was_asked_for(order, generator):
    """At n = 400 every gap is 0 in float32, and a tie keeps the neuron; logarithms restore the state."""
    memories = bipolar(generator, 3, 100, dtype=torch.float32)
    probe = memories[:1].clone()
    probe[0, :20] *= -1
    network = Polynomial(400), Scaling.modified(1.0, 100)
    plain, log = (recall(memories, probe, *network, form=form, order=order, tie="keep") for form in ("plain", "log"))
    assert torch.equal(plain.states, probe) and torch.equal(log.states, memories[:1])


def test_refuses_states_and_targets_that_do_not_fit():
    with refused(ValueError, "`states` must be bipolar"):
        recall(torch.ones(2, 4), torch.zeros(1, 4), Polynomial(2), PLAIN)
    settled = recall(torch.ones(2, 4), torch.ones(1, 4), Polynomial(2), PLAIN)
    with refused(ValueError, "`targets` must lie between 0 and 0, since `patterns` has 1 rows"):
        outcomes(settled, torch.ones(1, 4), torch.tensor([1]))
    with refused(ValueError, "one pattern per state, got 2 for 1"):
        outcomes(settled, torch.ones(1, 4), torch.tensor([0, 0]))
    for wrong in (torch.tensor([0.0]), torch.tensor([0], dtype=torch.int16), torch.tensor(0)):
        with refused(TypeError, "`targets` must hold the number of a pattern for each state, int64 on cpu"):
            outcomes(settled, torch.ones(1, 4), wrong)


@pytest.mark.parametrize("n", [3, 20])
def test_a_huge_memory_that_a_neuron_does_not_touch_does_not_drown_the_others(n, path):
    """sum(F) - sum(F) would lose the small memory's say to the rounding of the large one."""
    memories = torch.zeros(2, 100, dtype=torch.float64)
    memories[0, 1:] = 1.0  # overlap 99 whatever neuron 0 does
    memories[1, 0], memories[1, 1:30] = -1.0, 1.0  # and this one wants it off
    states = torch.ones(1, 100, dtype=torch.float64)
    settled = recall(memories, states, RectifiedPolynomial(n), Scaling.modified(1.0, 100))
    assert settled.states[0, 0] == -1


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
def test_a_neuron_whose_gap_overflows_keeps_its_value(order, path):
    memories, states = torch.ones(1, 100), torch.ones(1, 100)
    states[0, 0] = -1
    marked = recall(memories, states, Polynomial(20), PLAIN, form="plain", order=order, on_nonfinite="mark")
    assert not marked.finite.all() and marked.states[0, 0] == -1


def test_memories_that_carry_a_gradient_are_welcome(path):
    memories = torch.ones(2, 8, requires_grad=True)
    assert not recall(memories, -torch.ones(3, 8), Polynomial(3), PLAIN).states.requires_grad


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
def test_a_factor_outside_f_that_underflows_makes_no_ties(order, generator):
    patterns = bipolar(generator, 3, 40)
    cold = Scaling.original(1e11, 30)  # T^-30 is zero in float64
    settings = dict(order=order, at_temperature=True, form="plain")
    assert torch.equal(recall(patterns, patterns, Polynomial(30), cold, **settings).states, patterns)
