"""The door of a public call: what kinds it takes, what it makes of them, and which errors it lets through."""

import os
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
import torch

from cases import instance, refused
from damcore import DenseAssociativeMemory, Scaling, _checks, learning, network, numerics
from damcore.datasets import mask, random_patterns
from damcore.interactions import Interaction, Polynomial
from damcore.recall import recall

GENERATOR = torch.Generator().manual_seed(3)
MEMORIES, STATES = instance(GENERATOR)
NETWORK = Polynomial(3), Scaling.modified(0.7, 8)


@dataclass(frozen=True)
class Widened(Interaction):
    n: int

    def __call__(self, x):
        return x**self.n + x


@_checks.door
def asked(
    whole: int = 1,
    real: float = 1.0,
    truth: bool = True,
    several: tuple[int, ...] = (1,),
    device: str | torch.device = "cpu",
    neurons: slice | None = None,
    images: np.ndarray | torch.Tensor | None = None,
):
    return whole, real, truth, several, device, neurons, images


def test_what_is_written_in_several_ways_goes_on_in_the_plainest():
    numpys = asked(np.int64(3), np.float64(0.5), np.bool_(False), np.array([2, 3]), "cpu", slice(np.int8(1), 10**30))
    assert repr(numpys) == repr((3, 0.5, False, (2, 3), torch.device("cpu"), slice(1, 2**62), None))
    assert repr(asked(np.array(3), Fraction(1, 2), several=range(2))[:4]) == "(3, 0.5, True, (0, 1))"
    backwards = np.arange(4)[::-1]
    assert asked(images=backwards)[-1].tolist() == [3, 2, 1, 0] and asked(images=backwards)[-1].strides == (8,)


@pytest.mark.parametrize(
    "arguments, says",
    [
        ({"whole": 2.0}, "`whole` must be a whole number, got 2.0"),
        ({"whole": True}, "`whole` must be a whole number, got True"),
        ({"whole": 10**5000}, "`whole` must be a whole number of at most 64 bits, got a whole number of 16610 bits"),
        ({"real": "1"}, "`real` must be a number, got '1'"),
        ({"real": 10**400}, "`real` must be within the range of float64"),
        ({"truth": "False"}, "`truth` must be True or False, got 'False'"),
        ({"several": 3}, "`several` must be a tuple of whole numbers, got 3"),
        ({"several": (1, "2")}, "`several` must hold whole numbers, got '2'"),
        ({"device": "gpu"}, "`device` must be a device that torch has here, such as \"cpu\", got 'gpu'"),
        ({"device": "meta"}, "`device` must be a device that holds numbers"),
        ({"device": 0}, "`device` must be a device or its name, got 0"),
        ({"neurons": 3}, r"`neurons` must be a slice or None, got 3; use `slice\(first, last \+ 1\)`"),
        ({"neurons": slice(None, None, -1)}, "`neurons` must be a slice with a positive step"),
        ({"neurons": slice(0.5)}, "`neurons` must be a slice between whole numbers"),
        ({"images": np.array([None])}, "`images` must hold numbers"),
        ({"images": [1]}, "`images` must be an array or a torch tensor or None, got list; use torch.as_tensor"),
        ({"images": torch.eye(2).to_sparse()}, r"`images` must be a dense tensor.*use `images.to_dense\(\)`"),
        ({"images": torch.empty(2, device="meta")}, "`images` must be a tensor with numbers"),
    ],
)
def test_another_kind_is_refused_by_name(arguments, says):
    with refused((TypeError, ValueError), says):
        asked(**arguments)


def test_a_fault_of_our_own_comes_through_as_what_it_is():
    @_checks.door
    def faulty(whole: int):
        return {}[whole]

    with pytest.raises(KeyError) as caught:
        faulty(3)
    assert caught.traceback[-1].name == "faulty"


def test_keywords_that_are_passed_on_are_checked_too():
    with refused(TypeError, "`progress` must be a function or None, got 3"):
        learning.train(MEMORIES, STATES, *NETWORK, epochs=1, learning_rate=0.1, progress=3)
    with refused(TypeError, "`neurons` must be a slice or None, got 2"):
        learning.train(MEMORIES, STATES, *NETWORK, epochs=1, learning_rate=0.1, neurons=2)
    with refused(TypeError, r"`temperature_schedule\(0\)` must be a number, got None"):
        learning.train(MEMORIES, STATES, *NETWORK, epochs=1, learning_rate=0.1, temperature_schedule=lambda epoch: None)


def test_a_keyword_that_is_passed_on_and_unknown_is_refused_by_the_call():
    says = r"train\(\) has no argument `rate`; it has .*learning_rate.*clip"
    with refused(TypeError, says):
        learning.train(MEMORIES, STATES, *NETWORK, epochs=1, learning_rate=0.1, rate=0.1)
    with refused(TypeError, says):
        DenseAssociativeMemory().train(STATES, rate=0.1)


def test_minus_one_in_unsigned_bytes_is_named():
    with refused(ValueError, "got 255; -1 becomes 255 in uint8"):
        DenseAssociativeMemory().store(torch.tensor([[255.0, 1.0]]))


@pytest.mark.parametrize("form", ["plain", "log"])
def test_tensors_that_require_a_gradient_are_numbers_where_none_can_be_had(form):
    def free(values):
        return values.clone().requires_grad_()

    temperature, rate = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.1, dtype=torch.float64)
    scaling, tracked = Scaling.modified(temperature, 8), Scaling.modified(free(temperature), 8)
    calls = [
        lambda m, s, t, r: learning.train(m, s, Polynomial(3), t, epochs=2, learning_rate=r, form=form).memories,
        lambda m, s, t, r: recall(m, s, Polynomial(3), t, form=form, at_temperature=True).states,
        lambda m, s, t, r: learning.gradient(m, s, Polynomial(3), t)[1],
        lambda m, s, t, r: numerics.log_gradient(m, s, Polynomial(3), t)[1],
        lambda m, s, t, r: numerics.signed_log_gap(m, s, Polynomial(3), t)[1],
    ]
    for call in calls:
        found = call(free(MEMORIES), free(STATES), tracked, free(rate))
        assert torch.equal(found, call(MEMORIES, STATES, scaling, rate)) and not found.requires_grad


def test_a_gradient_with_respect_to_the_temperature_can_be_had():
    temperature = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    for function in (network.energy, network.energy_gap):
        function(MEMORIES, STATES, Polynomial(3), Scaling.modified(temperature, 8)).sum().backward()
        assert temperature.grad is not None and temperature.grad != 0
        temperature.grad = None


def test_numbers_of_numpy_can_be_saved_and_give_the_bits_of_plain_ones(tmp_path):
    memory = DenseAssociativeMemory(Polynomial(np.int64(4)), temperature=np.float64(0.7))
    trained = memory.train(STATES, n_memories=np.int8(6), epochs=np.int64(3), batch_size=np.uint8(2), seed=np.int64(1))
    plain = DenseAssociativeMemory(Polynomial(4), temperature=0.7)
    again = plain.train(STATES, n_memories=6, epochs=3, batch_size=2, seed=1)
    assert torch.equal(trained.memories, again.memories)
    memory.save(tmp_path / "file")
    assert DenseAssociativeMemory.load(tmp_path / "file").interaction == Polynomial(4)
    own = DenseAssociativeMemory(Widened(np.int64(4)))
    own.store(STATES)
    own.save(tmp_path / "own")
    assert DenseAssociativeMemory.load(tmp_path / "own").interaction == Widened(4)


def test_sizes_that_no_memory_holds_are_refused():
    with refused(ValueError, "`n_patterns` and `n_neurons` must not ask for more than 2.40 numbers"):
        random_patterns(2**62, 8, generator=GENERATOR)
    with refused(ValueError, "`n` must be at most 2147483647"):
        Polynomial(2**31)


def test_a_gap_that_is_no_number_is_refused_where_the_form_was_not_chosen():
    with refused(FloatingPointError, "An energy gap is not a number in torch.float64; keep `memories`"):
        network.energy_gap(1e300 * STATES, STATES, *NETWORK)
    assert network.energy_gap(1e300 * STATES, STATES, *NETWORK, form="plain").isnan().any()


def test_a_mask_takes_what_its_signature_says():
    with refused(TypeError, "`neurons` must be a slice or a boolean tensor, got 3"):
        mask(STATES, 3)


def test_a_variable_of_the_environment_keeps_the_whole_traceback():
    code = "from damcore import Scaling; Scaling(-1.0)"
    for value, deeper in (("", False), ("1", True)):
        environment = {**os.environ, "DAMCORE_TRACEBACK": value}
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert "`temperature` must be positive" in found.stderr
        assert ("__post_init__" in found.stderr) == deeper
