"""The log domain against exact arithmetic and against the plain form; the predicted range against torch."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
import torch

from cases import INTERACTIONS, SCALINGS, instance, refused, scaling_of
from damcompanion.floating_point import atlas
from damcompanion.floating_point.exact import exact_gap
from damcore import _kernels
from damcore._kernels import logs
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
)
from damcore.learning import gradient, train
from damcore.network import energy_gap
from damcore.numerics import (
    first_overflow,
    gap_error,
    limits,
    log_gradient,
    overlaps,
    plain_fits,
    signed_log_gap,
    sizes,
)
from damcore.recall import recall
from damcore.scaling import Scaling

ids = [str(kind) for kind, _ in INTERACTIONS]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
GRID = [10, 30, 50, 100, 250, 500, 794, 1000, 2000, 5000, 10_000, 30_000, 100_000]


def original(kind, temperature):
    return lambda n: (kind(n), Scaling.original(temperature, n))


# The gap.


@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=ids)
def test_the_signed_log_gap_is_the_plain_gap_where_that_has_a_number(kind, name, generator, device):
    memories, states = instance(generator, 2, device=device)
    temperature = torch.tensor([1.5, 2.5]).double()
    scaling = scaling_of(name, kind, 8, temperature)
    plain = energy_gap(memories, states, kind, scaling, form="plain")
    sign, log = signed_log_gap(memories, states, kind, scaling)
    torch.testing.assert_close(sign * log.exp(), plain, rtol=1e-9, atol=1e-200)
    torch.testing.assert_close(energy_gap(memories, states, kind, scaling, form="log"), plain, rtol=1e-9, atol=1e-200)
    for b in range(2):
        one = signed_log_gap(memories[b], states[b], kind, scaling.at(temperature[b].item()))
        torch.testing.assert_close((sign[b], log[b]), one, rtol=1e-12, atol=0)
    part = signed_log_gap(memories, states, kind, scaling, neurons=slice(-3, None))
    assert torch.equal(part[0], sign[..., -3:]) and torch.equal(part[1], log[..., -3:])


def decimal_gap(memories, state, i: int, kind, inner: Decimal) -> Decimal:
    """sum_mu F(inner h_on) - F(inner h_off) in 500 digits."""
    total = Decimal(0)
    for row in memories.tolist():
        entries = [Decimal(z) * int(x) for z, x in zip(row, state.tolist(), strict=True)]
        rest = sum(entries) - entries[i]
        for side in (1, -1):
            x = inner * (rest + side * Decimal(row[i]))
            if isinstance(kind, Exponential):
                value = x.exp()
            elif isinstance(kind, Polynomial) or x >= 0:
                value = x**kind.n
            else:
                value = Decimal(getattr(kind, "slope", 0.0)) * x
            total += side * value
    return total


@pytest.mark.parametrize(
    "kind",
    [Polynomial(3), Polynomial(100), RectifiedPolynomial(301), LeakyRectifiedPolynomial(40),
     LeakyRectifiedPolynomial(5, -0.3), LeakyRectifiedPolynomial(1000), Exponential()], ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dtype", DTYPES)
def test_all_interactions_stay_within_their_bound_of_500_digits(dtype, kind, generator):
    memories, states = instance(generator, n_memories=4, n_states=3, n_neurons=30, dtype=dtype)
    scaling = Scaling.modified(0.75, 30)
    sign, log = signed_log_gap(memories.double(), states.double(), kind, scaling)
    error = gap_error(memories, states, kind, scaling)
    assert error.max() < 1e-6
    with localcontext(prec=500):
        inner = 1 / (Decimal(30) * Decimal("0.75"))
        for b in range(3):
            for i in range(0, 30, 7):
                exact = decimal_gap(memories, states[b], i, kind, inner)
                wanted = float(abs(exact).ln())
                assert sign[b, i] == math.copysign(1.0, exact)
                # What is left beside the bound is the rounding of the logarithm itself.
                assert abs(log[b, i].item() - wanted) < error[b, i].item() + 2**-50 * abs(wanted)


@pytest.mark.parametrize("n", [3, 20, 100, 300, 1000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sign_is_that_of_exact_arithmetic(dtype, n):
    counts = atlas.audit(dtype, n, 100, 300, seed=1)
    assert counts.cases >= 300 and counts.wrong_above == 0
    if dtype in (torch.float32, torch.float64):
        assert counts.below <= counts.cases / 1000


@pytest.mark.parametrize("n", [2, 3, 100, 101, 1000])
def test_the_sign_is_that_of_exact_arithmetic_among_ties(n):
    counts = atlas.audit(torch.float32, n, 30, 1000, seed=2, n_memories=4, bipolar=True)
    assert counts.ties > 10 and counts.wrong_above == counts.below == 0


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sign_is_that_of_exact_arithmetic_in_a_hundred_thousand_cases(dtype):
    total = atlas.Audit()
    for n in (3, 20, 100, 300, 1000):
        for n_neurons in (100, 1000, 10_000):
            total += atlas.audit(dtype, n, n_neurons, 7000, seed=n_neurons)
    print(dtype, total)
    assert total.cases >= 100_000 and total.wrong_above == 0
    if dtype in (torch.float32, torch.float64):
        assert total.below < total.cases / 1000


def test_exact_gaps_are_those_of_fractions(generator):
    memories, states = instance(generator, n_memories=3, n_states=2, n_neurons=6)
    memories[1] = -memories[0]  # odd powers of the first two cancel
    for kind in (Polynomial(2), Polynomial(3), RectifiedPolynomial(4)):
        sign, log = exact_gap(memories, states, kind, torch.arange(6))
        with localcontext(prec=500):
            for b in range(2):
                for i in range(6):
                    exact = decimal_gap(memories, states[b], i, kind, Decimal(1))
                    assert sign[b, i] == math.copysign(1.0, exact)
                    assert abs(log[b, i].item() - float(abs(exact).ln())) < 1e-13


@pytest.mark.parametrize("kind", [Polynomial(2), Polynomial(301), Polynomial(1000), RectifiedPolynomial(300)])
def test_exact_ties_of_bipolar_memories_stay_ties(kind):
    pattern = torch.ones(1, 6, dtype=torch.float64)
    other = torch.tensor([[1.0, 1.0, 1.0, 1.0, 1.0, -1.0]]).double()
    memories = torch.cat([pattern, other])
    # Neuron 5 is on in one memory and off in the other, at equal overlaps of the rest.
    sign, log = signed_log_gap(memories, torch.ones(1, 6).double(), kind, Scaling.modified(1.3, 6))
    assert sign[0].tolist() == [1, 1, 1, 1, 1, 0]
    assert log[0, 5] == -torch.inf and gap_error(memories, pattern, kind, Scaling.modified(1.3, 6))[0, 5] == torch.inf
    assert exact_gap(memories, pattern, kind, torch.tensor([5]))[0].item() == 0


def test_a_memory_that_does_not_enter_hides_no_other():
    # The first memory has all the overlap and no say on neuron 0; the second decides alone, 1e-660 times as large.
    memories = torch.full((2, 100), 0.002).double()
    memories[0], memories[0, 0] = 1.0, 0.0
    memories[1, 1:] = 0.002
    state = torch.ones(1, 100).double()
    sign, log = signed_log_gap(memories, state, Polynomial(301), Scaling.original(1.0, 301))
    exact = exact_gap(memories, state, Polynomial(301), torch.tensor([0]))
    assert sign[0, 0] == exact[0] == 1
    assert log[0, 0].item() == pytest.approx(exact[1].item(), rel=1e-13)
    assert gap_error(memories, state, Polynomial(301), Scaling.original(1.0, 301))[0, 0] < 1e-6


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_vertex_of_1000_and_100_000_neurons_give_finite_logarithms(dtype, generator):
    memories, states = instance(generator, n_memories=2, n_states=1, n_neurons=100_000, dtype=dtype)
    for scaling in (Scaling.original(500.0, 1000), Scaling.modified(1.0, 100_000)):
        sign, log = signed_log_gap(memories, states, Polynomial(1000), scaling)
        assert sign.dtype == log.dtype == dtype
        assert log.isfinite().float().mean() > 0.9 and (sign.abs() == 1).float().mean() > 0.9


def test_blocks_do_not_change_the_gap(generator, monkeypatch):
    memories, states = instance(generator, n_states=7)
    arguments = (memories, states, Polynomial(30), Scaling.modified(1.0, 8))
    own = (memories, states, Cubic(), Scaling.modified(1.0, 8))
    whole, error, of_own = signed_log_gap(*arguments), gap_error(*arguments), signed_log_gap(*own)
    monkeypatch.setattr(overlaps, "BLOCK", 2 * 4 * 8)
    monkeypatch.setattr(logs, "BLOCK", 2)
    for got, wanted in zip((*signed_log_gap(*arguments), *signed_log_gap(*own)), (*whole, *of_own), strict=True):
        assert torch.equal(got, wanted)
    torch.testing.assert_close(gap_error(*arguments), error, rtol=1e-6, atol=0)


class Cubic(Interaction):
    """x^3 that defines no logarithm of its own."""

    def __call__(self, x):
        return x**3

    def derivative(self, x):
        return 3 * x**2

    @property
    def degree(self):
        return 3


def test_an_interaction_of_one_s_own_is_taken_as_it_is(generator):
    memories, states = instance(generator)
    scaling = Scaling.modified(1.0, 8)
    wanted = signed_log_gap(memories, states, Polynomial(3), scaling)
    torch.testing.assert_close(signed_log_gap(memories, states, Cubic(), scaling), wanted, rtol=1e-10, atol=0)
    assert plain_fits(torch.float16, 10**6, Cubic(), scaling)


# The gradient and the step.


@pytest.mark.parametrize("error_exponent", [1, 2, 3])
@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=ids)
def test_the_log_gradient_is_the_plain_one_normalised(kind, name, error_exponent, generator, device):
    memories, patterns = instance(generator, 3, n_memories=6, n_states=7, n_neurons=12, device=device)
    scaling = scaling_of(
        name, kind, 12, torch.tensor([6.0, 7.0, 8.0] if name == "original" else [0.5, 0.6, 0.7]).double()
    )
    targets = 2 * torch.rand(3, 7, 4, generator=generator, dtype=torch.float64).to(device) - 1
    for settings in (dict(), dict(neurons=slice(-4, None), targets=targets)):
        loss, slope = gradient(memories, patterns, kind, scaling, error_exponent=error_exponent, **settings)
        got, direction, size = log_gradient(
            memories, patterns, kind, scaling, error_exponent=error_exponent, **settings
        )
        largest = slope.abs().amax(-1, keepdim=True)
        assert (largest > 0).double().mean() > 0.5
        torch.testing.assert_close(got, loss, rtol=1e-10, atol=0)
        torch.testing.assert_close(direction, torch.where(largest > 0, slope / largest, 0.0), rtol=0, atol=1e-10)
        torch.testing.assert_close(size.exp(), largest[..., 0], rtol=1e-10, atol=0)


@pytest.mark.parametrize("momentum", [0.0, 0.6])
@pytest.mark.parametrize("floor", [None, 1e-2])
@pytest.mark.parametrize("name", SCALINGS)
@pytest.mark.parametrize("kind", [kind for kind, _ in INTERACTIONS], ids=ids)
def test_training_in_logs_is_plain_training(kind, name, floor, momentum, generator):
    memories, patterns = instance(generator, 2)
    settings = dict(epochs=5, learning_rate=torch.tensor([0.05, 0.1]).double(), momentum=momentum, floor=floor)
    settings |= dict(batch_size=2, error_exponent=2, clip=torch.arange(8) < 6)
    scaling = scaling_of(name, kind, 8)
    plain, logs = (
        train(memories, patterns, kind, scaling, form=form, generator=torch.Generator().manual_seed(1), **settings)
        for form in ("plain", "log")
    )
    torch.testing.assert_close(logs.memories, plain.memories, rtol=0, atol=1e-9)
    torch.testing.assert_close(logs.losses, plain.losses, rtol=1e-8, atol=0)


def test_a_vertex_of_100_is_learned_in_float32_and_stands_still_in_the_plain_form(generator):
    memories, patterns = instance(generator, n_memories=20, n_states=4, n_neurons=30)
    memories, kind, scaling = memories.abs(), Polynomial(100), Scaling.modified(0.85, 30)
    settings = dict(epochs=120, learning_rate=0.1)
    narrow = memories.float(), patterns.float(), kind, scaling
    still = train(*narrow, form="plain", **settings).memories
    assert (still - memories.float()).abs().max() == 0
    for arguments in ((memories, patterns, kind, scaling), narrow):
        learned = train(*arguments, floor=None, **settings)
        assert learned.losses[-1] < 0.5 * learned.losses[0]
        assert torch.equal(recall(learned.memories, arguments[1], kind, scaling).states, arguments[1])


def test_auto_decides_for_each_network_and_keeps_the_bits_of_the_plain_form(generator):
    memories, patterns = instance(generator, n_neurons=20, n_memories=10, dtype=torch.float32)
    kind = Polynomial(60)
    temperature = torch.tensor([0.3, 10.0])
    scaling = Scaling.modified(temperature, 20)
    assert plain_fits(torch.float32, 20, kind, scaling, learning=True).tolist() == [True, False]
    settings = dict(epochs=4, learning_rate=0.1, floor=None, batch_size=2)
    both = train(memories, patterns, kind, scaling, generator=torch.Generator().manual_seed(3), **settings)
    for run, form in enumerate(("plain", "log")):
        draw = torch.Generator().manual_seed(3)
        one = train(memories, patterns, kind, scaling.at(temperature[run]), form=form, generator=draw, **settings)
        assert torch.equal(both.memories[run], one.memories) and torch.equal(both.losses[run], one.losses)
    floored = train(memories, patterns, kind, scaling, epochs=2, learning_rate=0.1)
    plain = train(memories, patterns, kind, scaling, epochs=2, learning_rate=0.1, form="plain")
    assert torch.equal(floored.memories, plain.memories)


def test_auto_looks_at_the_gradient_too(generator):
    """At n = 38 the plain gap fits into float32 here, and the plain gradient does not."""
    memories, patterns = instance(generator, n_neurons=10, dtype=torch.float32)
    network = Polynomial(38), Scaling.original(1.0, 38)
    assert plain_fits(torch.float32, 10, *network) and not plain_fits(torch.float32, 10, *network, learning=True)
    settings = dict(epochs=3, learning_rate=0.1, floor=None, on_nonfinite="mark")
    trained, logs = (train(memories, patterns, *network, form=form, **settings) for form in ("auto", "log"))
    assert torch.equal(trained.memories, logs.memories) and torch.equal(trained.size, logs.size)
    for epochs in (1, 3):  # and at the one temperature of a schedule
        settings |= dict(epochs=epochs, temperature_schedule=lambda _: 1.0)
        trained, logs = (train(memories, patterns, *network, form=form, **settings) for form in ("auto", "log"))
        assert torch.equal(trained.memories, logs.memories) and torch.equal(trained.size, logs.size)


def test_auto_looks_at_every_temperature_of_a_schedule(generator):
    memories, patterns = instance(generator, dtype=torch.float32)
    scaling = Scaling.modified(1.0, 8)
    settings = dict(epochs=3, learning_rate=0.1, floor=None, temperature_schedule=lambda epoch: 1.0 + 1000 * epoch)
    trained, logs, plain = (
        train(memories, patterns, Polynomial(20), scaling, form=form, **settings).memories
        for form in ("auto", "log", "plain")
    )
    assert torch.equal(trained, logs) and not torch.equal(trained, plain)


# Recall.


@pytest.mark.parametrize("order", ["asynchronous", "synchronous"])
def test_recall_in_logs_is_recall_in_float64_and_sees_no_false_ties(order, generator):
    patterns = torch.randint(0, 2, (12, 60), generator=generator).double() * 2 - 1
    memories = (0.9 * patterns * torch.rand(12, 60, generator=generator)).float()
    probes = patterns.clone()
    probes[:, :10] *= -1
    kind, scaling = Polynomial(90), Scaling.modified(1.0, 60)
    wanted = recall(memories.double(), probes, kind, scaling, order=order, form="plain")
    for form in ("log", "auto"):
        got = recall(memories, probes.float(), kind, scaling, order=order, form=form)
        assert torch.equal(got.states.double(), wanted.states) and torch.equal(got.sweeps, wanted.sweeps)
    ties = recall(memories, probes.float(), kind, scaling, order=order, form="plain", max_sweeps=1)
    assert not torch.equal(ties.states.double(), wanted.states)


def test_recall_of_networks_of_both_forms_is_that_of_each_alone(generator):
    memories, states = instance(generator, n_neurons=20, n_memories=5, dtype=torch.float32)
    temperature = torch.tensor([0.3, 50.0])
    kind, scaling = RectifiedPolynomial(30), Scaling.modified(temperature, 20)
    assert plain_fits(torch.float32, 20, kind, scaling).tolist() == [True, False]
    both = recall(memories, states, kind, scaling, at_temperature=True, generator=torch.Generator().manual_seed(2))
    for run in range(2):
        draw = torch.Generator().manual_seed(2)
        one = recall(memories, states, kind, scaling.at(temperature[run]), at_temperature=True, generator=draw)
        assert torch.equal(both.states[run], one.states) and torch.equal(both.sweeps[run], one.sweeps)


def test_an_overflowing_gap_is_exact_in_logs():
    memories, states = torch.ones(2, 794), torch.ones(1, 794)
    kh16 = Scaling.original(540.0, 20)
    assert energy_gap(memories, states, Polynomial(20), kh16, form="plain").isnan().all()  # 0 * infinity
    gap = energy_gap(memories, states, Polynomial(20), kh16)
    wanted = 2 * ((794 / 540) ** 20 - (792 / 540) ** 20)
    torch.testing.assert_close(gap, torch.full((1, 794), wanted), rtol=1e-6, atol=0)


# Ranges.


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_predicted_boundaries_of_f_are_the_measured_ones(dtype):
    for n_neurons in GRID:
        worst = torch.tensor(float(n_neurons), dtype=dtype)
        typical = math.sqrt(n_neurons / 3)
        random = torch.tensor(typical / n_neurons, dtype=dtype)
        power = {
            n: (Polynomial(n)(worst).isfinite().item(), (Polynomial(n)(random) != 0).item()) for n in range(2, 121)
        }
        overflow = next((n for n, (finite, _) in power.items() if not finite), None)
        underflow = next((n for n, (_, alive) in power.items() if not alive), None)
        assert first_overflow(dtype, "F", original(Polynomial, 1.0), float(n_neurons), 120) == overflow
        modified = lambda n: (Polynomial(n), Scaling.modified(1.0, n_neurons))  # noqa: B023, E731
        assert first_overflow(dtype, "F", modified, typical, 120, under=True) == underflow


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name, temperature", [("original", 1.0), ("original", 0.5), ("modified", 0.5), ("modified", 0.25)]
)
def test_the_gap_overflows_where_it_is_predicted_or_one_vertex_later(name, temperature, dtype, monkeypatch):
    """outer [F(N) - F(N - 2)] is smaller than outer F(N) by (1 - 2 / N)^n, and may stay finite one vertex longer."""
    for n_neurons in (10, 100, 2000):
        if name == "original":
            network = lambda n: (Polynomial(n), Scaling.original(temperature, n))  # noqa: E731
        else:
            network = lambda n: (Polynomial(n), Scaling.modified(temperature, n_neurons))  # noqa: B023, E731
        ones = torch.ones(1, n_neurons, dtype=dtype)

        def finite(n):
            # One neuron, since all are alike.
            gap = energy_gap(ones, ones, *network(n), neurons=slice(0, 1), form="plain")  # noqa: B023
            return bool(torch.isfinite(gap).all())

        stages = [
            first_overflow(dtype, stage, network, float(n_neurons), 120) or 121 for stage in ("F", "outer", "gap")
        ]
        first = min(stages)
        with monkeypatch.context() as patch:
            patch.setattr(_kernels, "available", lambda: False)
            measured = next((n for n in range(2, 121) if not finite(n)), 121)
        assert first <= measured <= first + 1
        # The compiled loops, which are made anew for each vertex, at the vertices on both sides.
        assert all(finite(n) == (n < first) for n in (first - 1, first + 1) if 2 <= n <= 120)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("temperature", [2.0, 30.0, 540.0])
def test_the_predicted_underflow_of_the_outer_factor_is_the_measured_one(dtype, temperature):
    memories = torch.zeros(1, 1, dtype=dtype)
    factors = {n: Scaling.original(temperature, n).factors(memories)[1].item() for n in range(2, 121)}
    measured = next((n for n, factor in factors.items() if factor == 0), None)
    assert first_overflow(dtype, "outer", original(Polynomial, temperature), 1.0, 120, under=True) == measured


def test_the_first_vertex_may_be_the_first_that_is_tried():
    assert first_overflow(torch.float16, "F", original(Polynomial, 1.0), 1000.0) == 2
    assert first_overflow(torch.float16, "F", original(Polynomial, 1.0), 100.0, 2) is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_what_rounds_to_the_largest_number_is_in_the_range(dtype):
    largest, eps = torch.finfo(dtype).max, torch.finfo(dtype).eps
    beyond = torch.tensor([largest * (1 + eps / 5), largest * (1 + eps / 3)], dtype=torch.float64)
    assert torch.isfinite(beyond.to(dtype)).tolist() == [True, False]
    assert (beyond.log() < limits(dtype).largest).tolist() == [True, False]


def test_sizes_are_logarithms_of_what_the_plain_form_makes():
    kind, scaling = RectifiedPolynomial(5), Scaling.original(3.0, 5)
    got = {stage: value.item() for stage, value in sizes(kind, scaling, 7.0).items()}
    wanted = {"F": 7.0**5, "outer": 3.0**-5, "gap": (7 / 3) ** 5, "gradient": 5 * 7.0**4 / 3.0**5}
    assert got == pytest.approx({stage: math.log(value) for stage, value in wanted.items()})


def test_limits_are_those_of_the_dtype():
    for dtype in DTYPES:
        bound, info = limits(dtype), torch.finfo(dtype)
        assert bound.largest == pytest.approx(math.log(info.max), rel=1e-2) and bound.normal == math.log(info.tiny)
        assert bound.smallest == pytest.approx(math.log(info.tiny * info.eps))


def test_the_plain_form_fits_where_the_sweeps_of_the_paper_are():
    for n in (2, 20, 100):
        assert plain_fits(torch.float64, 100, Polynomial(n), Scaling.original(1.0, n))
        assert plain_fits(torch.float64, 250, LeakyRectifiedPolynomial(n), Scaling.modified(1.0, 250))
    assert not plain_fits(torch.float32, 794, RectifiedPolynomial(20), Scaling.original(540.0, 20))
    assert not plain_fits(torch.float32, 100, Polynomial(100), Scaling.modified(1.0, 100))
    assert not plain_fits(torch.float64, 10_000, Exponential(), Scaling.original(1.0, 1))


@pytest.mark.parametrize("kind", [Polynomial, RectifiedPolynomial])
def test_what_fits_the_gap_need_not_fit_the_gradient(kind):
    for dtype, n_neurons, n, scaling in (
        (torch.float32, 10, 38, Scaling.original(1.0, 38)),
        (torch.float16, 1000, 2, Scaling.modified(1.0, 1000)),
    ):
        assert plain_fits(dtype, n_neurons, kind(n), scaling)
        assert not plain_fits(dtype, n_neurons, kind(n), scaling, learning=True)


# The atlas.


def test_the_verdict_counts_what_it_says():
    nan, inf = torch.nan, torch.inf
    exact = torch.tensor([[1.0, 1, 1, -1, 1, 0]]).double(), torch.zeros(1, 6).double()
    verdict = atlas.judge(torch.tensor([[nan, 1, 0, 1, 1, 1]]), torch.tensor([[nan, inf, -inf, 0, 1e-3, 0]]), exact)
    assert (verdict.finite, verdict.zero, verdict.wrong) == (0.6, 0.2, 0.2)
    kinds = [atlas.Verdict(*shares, 0.0).kind for shares in ((1, 0, 0), (1, 0, 0.1), (1, 0.1, 0.1), (0.9, 0.5, 0.1))]
    assert [atlas.KINDS[kind] for kind in [verdict.kind, *kinds]] == ["not finite", *atlas.KINDS]
    assert verdict.error == pytest.approx(1e-3, rel=1e-3)


def test_the_survey_tells_the_forms_apart():
    memories, states = atlas.instance(100, 4, 2, torch.float32, 0)
    forms = {
        "original": lambda *network: atlas.in_logs(energy_gap(*network, form="plain")),
        "modified": lambda *network: atlas.in_logs(energy_gap(*network, form="plain")),
        "log": signed_log_gap,
    }

    def scaling_of(name, n):
        return Scaling.original(100.0, n) if name == "original" else Scaling.modified(1.0, 100)

    seen = atlas.survey(forms, scaling_of, [3, 100], memories, states, 10)
    assert [seen[name, 3].finite for name in forms] == [1, 1, 1]
    assert [seen[name, 3].wrong for name in forms] == [0, 0, 0] and seen["log", 3].error < 1e-6
    assert seen["original", 100].finite < 0.5 and seen["modified", 100].zero > 0.9
    assert seen["log", 100].zero == seen["log", 100].wrong == 0 and seen["log", 100].error < 1e-4


def test_a_leaky_function_of_slope_zero_is_judged_as_the_rectified_one():
    for n in (3, 60):
        fits = [
            plain_fits(torch.float32, 100, kind, Scaling.modified(1.0, 100)).item()
            for kind in (LeakyRectifiedPolynomial(n, 0.0), RectifiedPolynomial(n))
        ]
        assert fits == [n == 3] * 2
    assert plain_fits(torch.float32, 100, LeakyRectifiedPolynomial(60, 0.01), Scaling.modified(1.0, 100))


def test_the_bound_knows_that_grey_neurons_round_the_overlap(generator):
    """With bipolar memories the overlaps of bipolar states are exact, and those of grey states are not."""
    memories = torch.tensor([[-1, 1, 1, 1, 1], [-1, 1, -1, -1, 1]]).double()
    states = torch.randint(-9, 10, (50_000, 5), generator=generator).double() / 10
    states[:, 0] = 1
    overlaps = states @ memories.mT
    # 0 and -2 in decimals: four terms that cancel but for rounding.
    states = states[(overlaps - torch.tensor([0.0, -2.0])).abs().amax(-1) < 1e-9][:100]
    kind, neuron = Polynomial(30), slice(0, 1)
    sign, _ = signed_log_gap(memories, states, kind, Scaling(1.0), neurons=neuron)
    bound = gap_error(memories, states, kind, Scaling(1.0), neurons=neuron)
    wrong = 0
    for b, state in enumerate(states.tolist()):
        h = [sum(Fraction(z) * Fraction(x) for z, x in zip(row, state, strict=True)) for row in memories.tolist()]
        exact = sum(u**30 - (u - 2 * Fraction(row[0])) ** 30 for u, row in zip(h, memories.tolist(), strict=True))
        if exact == 0 and sign[b, 0] != 0:
            assert bound[b, 0] >= 1
            wrong += 1
    assert wrong > 5


def test_gap_and_bound_of_several_temperatures_are_those_of_each(generator):
    memories, states = instance(generator, n_memories=4)
    memories[0] = memories[1]  # terms that cancel exactly
    temperatures = torch.tensor([0.5, 3.0, 1e5])
    for kind in (Polynomial(3), RectifiedPolynomial(40), LeakyRectifiedPolynomial(5)):
        for scaling in (Scaling.original(temperatures, 3), Scaling.modified(temperatures, 8)):
            gaps, bound = signed_log_gap(memories, states, kind, scaling), gap_error(memories, states, kind, scaling)
            for run, temperature in enumerate(temperatures):
                arguments = (memories, states, kind, scaling.at(temperature))
                torch.testing.assert_close(gaps[1][run], signed_log_gap(*arguments)[1], rtol=1e-12, atol=1e-12)
                assert torch.equal(gaps[0][run], signed_log_gap(*arguments)[0])
                torch.testing.assert_close(bound[run], gap_error(*arguments), rtol=1e-3, atol=0)


def test_auto_keeps_a_graph_of_autograd():
    memories = torch.ones(1, 10, requires_grad=True)
    assert energy_gap(memories, torch.ones(1, 10), Polynomial(60), Scaling.modified(1.0, 10)).requires_grad


# Refusals.

MEMORIES, STATES = torch.ones(2, 4), torch.ones(3, 4)
SCALING = Scaling.modified(1.0, 4)


@pytest.mark.parametrize("function", [signed_log_gap, gap_error, log_gradient])
@pytest.mark.parametrize(
    "memories, states, error, message",
    [
        (MEMORIES, 0.5 * STATES, ValueError, "must be bipolar"),
        (torch.full((2, 4), torch.nan), STATES, ValueError, "`memories` must be finite"),
        (MEMORIES, STATES.double(), TypeError, "must share one dtype"),
    ],
)
def test_refuses_bad_networks(function, memories, states, error, message):
    with refused(error, message):
        function(memories, states, Polynomial(2), SCALING)


def test_refuses_bad_settings():
    with refused(ValueError, "`form` must be one of 'auto', 'plain', 'log', got 'logs'"):
        energy_gap(MEMORIES, STATES, Polynomial(2), SCALING, form="logs")
    with refused(ValueError, "`form` must be one of"):
        recall(MEMORIES, STATES, Polynomial(2), SCALING, form="exact")
    with refused(ValueError, "`form` must be one of"):
        train(MEMORIES, STATES, Polynomial(2), SCALING, epochs=1, learning_rate=0.1, form="exact")
    with refused(ValueError, "`stage` must be one of"):
        first_overflow(torch.float32, "sum", original(Polynomial, 1.0), 10.0)
    with refused(ValueError, "`most` must be at least 2, got 1"):
        first_overflow(torch.float32, "F", original(Polynomial, 1.0), 10.0, 1)
    with refused(ValueError, "`overlap` must be positive"):
        sizes(Polynomial(2), SCALING, 0.0)
    with refused(ValueError, "`error_exponent` must be at least 1"):
        log_gradient(MEMORIES, STATES, Polynomial(2), SCALING, error_exponent=0)
    with refused(ValueError, "`targets` must lie in"):
        log_gradient(MEMORIES, STATES, Polynomial(2), SCALING, targets=2 * STATES)
    with refused(
        TypeError, r"must be exact in rational numbers, but Exponential\(\) is not; give Exponential a method `exact"
    ):
        exact_gap(MEMORIES, STATES, Exponential(), torch.arange(4))
    with refused(ValueError, "`watch` cannot follow networks of two forms"):
        two = Scaling.modified(torch.tensor([1.0, 1e4]), 4)
        recall(MEMORIES, STATES, Polynomial(12), two, at_temperature=True, watch=print)
