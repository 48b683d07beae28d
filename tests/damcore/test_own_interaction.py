"""A function of the user's own, defined in this file alone, does all that those of the texts do."""

import json
import math
import warnings
from dataclasses import dataclass
from fractions import Fraction

import pytest
import torch

from cases import bipolar, instance, refused
from damcompanion.floating_point.exact import exact_gap
from damcore import DenseAssociativeMemory, interactions, learning, network
from damcore.interactions import (
    Exponential,
    Interaction,
    LeakyRectifiedPolynomial,
    Polynomial,
    RectifiedPolynomial,
    log_size,
)
from damcore.numerics import log_gradient, plain_fits, signed_log_gap
from damcore.recall import recall
from damcore.scaling import Scaling
from damcore.sweeps import Store, Sweep, run, training, verify


@dataclass(frozen=True)
class Sharpened(Interaction):
    """F(x) = x^n + x, not homogeneous; no more than F."""

    n: int = 3

    def __call__(self, x):
        return x**self.n + x


@dataclass(frozen=True)
class AbsolutePower(Interaction):
    """F(x) = |x|^n, homogeneous, and told all about."""

    n: int = 3

    name = "absolute"
    parity = 1

    def __call__(self, x):
        return x.abs() ** self.n

    def derivative(self, x):
        return self.n * x.sign() * x.abs() ** (self.n - 1)

    @property
    def degree(self):
        return self.n

    @property
    def monomial(self):
        return self.n, 1

    def signed_log(self, x):
        return x.new_ones(()), self.n * log_size(x)

    def signed_log_derivative(self, x):
        return x.sign(), (self.n - 1) * log_size(x) + math.log(self.n)


class Plain(Interaction):
    """F(x) = x^2 + x^4: no dataclass, no fields."""

    def __call__(self, x):
        return x**2 + x**4

    def exact(self, x):
        return x**2 + x**4


class Faint(Interaction):
    """F(x) = x^2 / 10^12: its values lie below any tolerance that is not relative."""

    def __call__(self, x):
        return 1e-12 * x**2


class Root(Interaction):
    """F(x) = x^1.5, which no negative number has."""

    def __call__(self, x):
        return x**1.5


OWN = [Sharpened(3), AbsolutePower(3), Plain()]
ids = [type(own).__name__ for own in OWN]


@pytest.mark.parametrize("own", OWN, ids=ids)
def test_the_derivative_is_that_of_differences(own):
    x = torch.tensor([-1.3, -0.4, 0.2, 0.9], dtype=torch.float64)
    wanted = (own(x + 1e-6) - own(x - 1e-6)) / 2e-6
    torch.testing.assert_close(own.derivative(x), wanted, rtol=1e-8, atol=1e-8)
    with torch.inference_mode():
        torch.testing.assert_close(own.derivative(x.clone()), wanted, rtol=1e-8, atol=1e-8)
    assert not own.derivative(x).requires_grad


@pytest.mark.parametrize("own", OWN, ids=ids)
def test_the_gradient_is_that_of_autograd(own, generator):
    memories, patterns = instance(generator)
    memories.requires_grad_()
    scaling = Scaling.modified(0.5, 8)
    gap = network.energy_gap(memories, patterns, own, scaling)
    loss = ((patterns - torch.tanh(gap)) ** 2).sum()
    (wanted,) = torch.autograd.grad(loss, memories)
    got = learning.gradient(memories.detach(), patterns, own, scaling)
    torch.testing.assert_close(got, (loss.detach(), wanted), rtol=1e-10, atol=1e-12)


def test_what_is_not_homogeneous_is_not_taken_for_it(generator):
    memories, states = instance(generator)
    own, scaling = Sharpened(3), Scaling.modified(0.3, 8)
    assert own.degree is None and Sharpened(3).compiled is None
    cube, line = (signed_log_gap(memories, states, Polynomial(n), scaling) for n in (3, 1))
    sign, log = signed_log_gap(memories, states, own, scaling)
    wanted = cube[0] * cube[1].exp() + line[0] * line[1].exp()
    torch.testing.assert_close(sign * log.exp(), wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("own", OWN, ids=ids)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_forms_of_gap_training_and_recall_agree(own, dtype, generator):
    memories, states = instance(generator, n_memories=6, n_states=3, n_neurons=12, dtype=dtype)
    scaling = Scaling.modified(0.7, 12)
    close = dict(rtol=2e-3, atol=2e-4) if dtype == torch.float32 else dict(rtol=1e-8, atol=1e-10)
    gaps, trained, recalled = [], [], []
    for form in ("plain", "log", "auto"):
        gaps.append(network.energy_gap(memories, states, own, scaling, form=form))
        training = learning.train(
            memories, states, own, scaling, epochs=30, learning_rate=0.1, floor=None, momentum=0.3, form=form
        )
        assert training.losses[-1] < training.losses[0]
        trained.append(training.memories)
        recalled.append(recall(memories, states, own, scaling, form=form).states)
    for other in (1, 2):
        torch.testing.assert_close(gaps[other], gaps[0], **close)
        torch.testing.assert_close(trained[other], trained[0], **close)
        assert torch.equal(recalled[other], recalled[0])


@pytest.mark.parametrize("own", [AbsolutePower(3), AbsolutePower(4), Plain()], ids=["odd", "even", "plain"])
def test_the_log_domain_agrees_with_exact_arithmetic(own, generator):
    memories, states = instance(generator)
    neurons = torch.arange(8)
    sign, log = exact_gap(memories, states, own, neurons)
    got = signed_log_gap(memories, states, own, Scaling(1.0))
    assert torch.equal(got[0], sign)
    torch.testing.assert_close(got[1], log, rtol=1e-9, atol=1e-9)


def test_exact_arithmetic_of_any_rational_f_is_that_of_powers(generator):
    """The leaky F of slope 0 is the rectified one, and goes through fractions; integers are cut and shifted."""
    memories, states = instance(generator)
    fractions = exact_gap(memories, states, LeakyRectifiedPolynomial(5, 0.0), torch.arange(8))
    torch.testing.assert_close(fractions, exact_gap(memories, states, RectifiedPolynomial(5), torch.arange(8)))
    assert LeakyRectifiedPolynomial(3, -0.25).exact(Fraction(-2)) == Fraction(1, 2)


def test_equal_terms_of_an_even_f_cancel():
    memories = torch.tensor([[1.0, 1, 1, -1], [-1, -1, -1, 1]], dtype=torch.float64)
    sign, _ = signed_log_gap(memories, torch.tensor([[1.0, 1, -1, 1]]).double(), AbsolutePower(301), Scaling(1.0))
    wanted, _ = exact_gap(memories, torch.tensor([[1.0, 1, -1, 1]]).double(), AbsolutePower(301), torch.arange(4))
    assert torch.equal(sign, wanted)


def test_an_f_with_logarithms_leaves_the_plain_form_in_time(generator):
    memories, states = instance(generator, dtype=torch.float32)
    far = Scaling.original(1.0, 200)
    assert not plain_fits(torch.float32, 8, AbsolutePower(200), far)
    assert plain_fits(torch.float32, 8, Sharpened(200), far)  # its logarithms are those of F itself
    sign, log = signed_log_gap(memories, states, AbsolutePower(2000), far)
    assert log.isfinite().all() and (sign.abs() == 1).all()
    torch.testing.assert_close(
        recall(memories, states, AbsolutePower(200), far).states,
        recall(memories.double(), states.double(), Polynomial(200), far).states.float(),
    )


def test_an_f_without_logarithms_is_refused_where_it_would_need_them(generator):
    memories, states = instance(generator)
    for function in (
        lambda: signed_log_gap(memories, states, Sharpened(3000), Scaling(1.0)),
        lambda: network.energy_gap(memories, states, Sharpened(3000), Scaling(1.0), form="log"),
        lambda: log_gradient(memories, states, Sharpened(3000), Scaling(1.0)),
    ):
        with refused(
            FloatingPointError, "Sharpened defines no logarithms of its own; give it the methods `signed_log`"
        ):
            function()
    with refused(TypeError, "exact in rational numbers, but Sharpened.* is not; give Sharpened a method `exact"):
        exact_gap(memories, states, Sharpened(3), torch.arange(2))


# Saving and loading


@pytest.mark.parametrize("own", OWN, ids=ids)
def test_the_friendly_object_trains_saves_and_loads(own, tmp_path, generator):
    patterns = bipolar(generator, 3, 30)
    memory = DenseAssociativeMemory(own, temperature=0.7)
    losses = memory.train(patterns, epochs=100, learning_rate=0.2).losses
    assert losses[-1] < losses[0] and memory.retrieve(patterns).converged.all()
    memory.save(tmp_path / "own.safetensors")
    loaded = DenseAssociativeMemory.load(tmp_path / "own.safetensors")
    assert type(loaded.interaction) is type(own) and vars(loaded.interaction) == vars(own)
    assert torch.equal(loaded.memories, memory.memories)
    assert torch.equal(loaded.energy(patterns), memory.energy(patterns))


def test_the_four_of_the_library_are_saved_as_they_were():
    assert LeakyRectifiedPolynomial(4, -0.3).described() == {"name": "LeakyRectifiedPolynomial", "n": 4, "slope": -0.3}
    assert Polynomial(3).described() == {"name": "Polynomial", "n": 3}
    assert RectifiedPolynomial(3).described() == {"name": "RectifiedPolynomial", "n": 3}
    assert Exponential().described() == {"name": "Exponential"}


def test_a_description_goes_through_json():
    for own in OWN:
        again = interactions.restored(json.loads(json.dumps(own.described())))
        assert type(again) is type(own) and vars(again) == vars(own)
    assert Sharpened(5).described()["name"] == f"{__name__}.Sharpened"


def test_loading_imports_nothing_and_takes_no_other_function():
    description = Sharpened(3).described()
    with pytest.raises(LookupError, match=r"elsewhere.Own, is not defined here; import the module that defines it"):
        interactions.restored({**description, "name": "elsewhere.Own"})
    with pytest.raises(LookupError, match=r"had the fields \['m'\] and now has \['n'\]"):
        interactions.restored({**description, "fields": {"m": 3}})
    with pytest.raises(LookupError, match="had other values when it was saved"):
        interactions.restored({**description, "values": Sharpened(2).values()})
    assert type(interactions.restored(Root().described())) is Root, "its values are NaN in part, and are compared"
    close = lambda share: {**description, "values": [share * value for value in Sharpened(3).values()]}  # noqa: E731
    assert interactions.restored(close(1 + 1e-5)) == Sharpened(3)
    with pytest.raises(LookupError, match="had other values when it was saved"):
        interactions.restored(close(1 + 1e-3))
    with pytest.raises(LookupError, match="had other values when it was saved"):
        interactions.restored({**Faint().described(), "values": [2 * value for value in Faint().values()]})


def test_load_says_what_is_missing(tmp_path, generator, monkeypatch):
    memory = DenseAssociativeMemory(Sharpened(3))
    memory.store(bipolar(generator, 2, 6))
    memory.save(tmp_path / "own")
    monkeypatch.setattr(interactions, "defined", dict)
    with refused(LookupError, "Sharpened, is not defined here"):
        DenseAssociativeMemory.load(tmp_path / "own")


def test_refuses_to_save_what_it_could_not_load(tmp_path, generator):
    @dataclass(frozen=True)
    class Weighted(Interaction):
        weight: torch.Tensor

        def __call__(self, x):
            return self.weight * x

    class Loose(Interaction):
        def __init__(self):
            self.n = 3

        def __call__(self, x):
            return x**self.n

    for own, message in ((Weighted(torch.ones(1)), "`weight` must be a number or a string"), (Loose(), "a dataclass")):
        memory = DenseAssociativeMemory(own)
        memory.store(bipolar(generator, 2, 6))
        with refused(ValueError, f"cannot be saved: .*{message}"):
            memory.save(tmp_path / "own")


# The class itself


def test_a_function_cannot_be_derived_from_another():
    for base in (Polynomial, Sharpened):
        with pytest.raises(TypeError, match=f"{base.__name__} is final.*derive Another from Interaction"):
            type("Another", (base,), {})


def test_of_two_definitions_the_later_is_taken():
    def define(power):
        @dataclass(frozen=True)
        class Redefined(Interaction):
            def __call__(self, x):
                return x**power

        return Redefined

    first, second = define(2), define(4)
    assert first is not second and interactions.named("Redefined") is second


def test_a_name_that_two_functions_have_is_refused():
    class Double(Interaction):
        name = "absolute"

        def __call__(self, x):
            return x

    try:
        with pytest.raises(ValueError, match=r"`interaction` 'absolute' is .*AbsolutePower and .*Double; give one of"):
            interactions.named("absolute")
    finally:
        Double.name = "twice"


# Sweeps


def small(**settings) -> Sweep:
    return Sweep(
        **{
            **dict(
                name="own", vertices=(2, 3), inverse_temperatures=(0.5, 1.5), learning_rates=(0.1,), repeats=2,
                epochs=10, n_neurons=16, n_memories=8, n_states=3,
            ),
            **settings,
        }
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Sharpened", "absolute"])
def test_a_sweep_trains_stores_and_resumes(name, tmp_path, monkeypatch):
    whole = Sweep.shards
    monkeypatch.setattr(Sweep, "shards", lambda self, size=None: whole(self, size or 3))
    sweep = small(interaction=name, scaling="original")
    assert sweep.interaction_of(2).n == 2
    at_once = run(sweep, Store(tmp_path / "whole"), progress=False)
    train, calls = training.train_cells, []

    def interrupted(*arguments, **settings):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(*arguments, **settings)

    monkeypatch.setattr(training, "train_cells", interrupted)
    store = Store(tmp_path / "parts")
    with pytest.raises(KeyboardInterrupt):
        run(sweep, store, progress=False)
    assert len(store.missing(sweep)) == 2
    resumed = run(sweep, store, progress=False)
    assert len(calls) == 5 and len(resumed) == len(sweep)
    assert resumed[list(Sweep.metrics)].equals(at_once[list(Sweep.metrics)])
    assert (verify(sweep, store, sample=3, seed=0)["difference"] == 0).all()


def test_the_digest_of_an_own_f_stands_for_its_values(monkeypatch):
    sweep = small(interaction="Sharpened")
    before = sweep.digest
    monkeypatch.setattr(Sharpened, "__call__", lambda self, x: x**self.n + 2 * x)
    assert sweep.digest != before


def test_a_sweep_refuses_an_f_it_cannot_make():
    @dataclass(frozen=True)
    class Shifted(Interaction):
        shift: float

        def __call__(self, x):
            return (x + self.shift) ** 2

    with refused(ValueError, "give the field `shift` of Shifted a default"):
        small(interaction="Shifted")
    with refused(ValueError, "`interaction` must be one of 'polynomial', .*import the module that defines"):
        small(interaction="nobody's")


def test_no_warning_is_given_on_the_way(generator):
    memories, states = instance(generator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learning.train(memories, states, Sharpened(3), Scaling.modified(1.0, 8), epochs=2, learning_rate=0.1)
