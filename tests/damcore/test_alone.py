"""A network alone has the bits that it has in any batch, in every form of training and gradient on the CPU."""

from dataclasses import dataclass

import pytest
import torch

from cases import bipolar, instance, refused
from damcore.interactions import Exponential, Interaction, LeakyRectifiedPolynomial, Polynomial, RectifiedPolynomial
from damcore.learning import gradient, train
from damcore.scaling import Scaling


@dataclass(frozen=True)
class SharpenedAlone(Interaction):
    n: int

    def __call__(self, x):
        return x**self.n + x


R, K, B, N = 5, 23, 37, 41  # odd sizes: rows of a batch then lie at other offsets than those of one network
DTYPES = [torch.float64, torch.float32]


def same(one, other):
    return torch.equal(one.isnan(), other.isnan()) and torch.equal(one[one == one], other[other == other])


def networks(generator, dtype):
    memories, patterns = instance(generator, R, n_memories=K, n_states=B, n_neurons=N, dtype=dtype)
    temperature = torch.linspace(0.4, 1.3, R, dtype=torch.float64)
    return memories, patterns, temperature


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "kind",
    [Polynomial(3), RectifiedPolynomial(20), LeakyRectifiedPolynomial(5), Exponential(), SharpenedAlone(3)],
    ids=str,
)
@pytest.mark.parametrize("some", [False, True], ids=["all neurons", "some neurons"])
def test_gradient(kind, some, dtype, shared, path, generator):
    memories, patterns, temperature = networks(generator, dtype)
    targets = bipolar(generator, R, B, 5, dtype=dtype) if some else None
    settings = dict(neurons=slice(-5, None) if some else None, error_exponent=2)
    patterns = patterns[0] if shared else patterns
    losses, slopes = gradient(memories, patterns, kind, Scaling.modified(temperature, N), targets=targets, **settings)
    for r in range(R):
        own = patterns if shared else patterns[r]
        target = None if targets is None else targets[r]
        one = Scaling.modified(temperature[r].item(), N)
        loss, slope = gradient(memories[r].clone(), own.clone(), kind, one, targets=target, **settings)
        assert torch.equal(losses[r], loss) and torch.equal(slopes[r], slope)


TRAININGS = {
    "all patterns": dict(),
    "minibatches": dict(batch_size=8, shuffled=True, momentum=0.6, floor=None),
    "some neurons": dict(neurons=slice(-5, None), error_exponent=2),
    "log": dict(form="log", momentum=0.3, batch_size=20),
    "own F": dict(kind=SharpenedAlone(3), momentum=0.3),
    "divergence": dict(
        kind=Polynomial(3), learning_rate=torch.tensor([0.1, 1e200, 0.1, 0.3, 0.1], dtype=torch.float64), clip=False
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("training", TRAININGS)
def test_training(training, dtype, path, generator):
    settings = dict(learning_rate=0.1, epochs=6, on_nonfinite="mark") | TRAININGS[training]
    kind, shuffled = settings.pop("kind", RectifiedPolynomial(5)), settings.pop("shuffled", False)
    if dtype == torch.float32 and training == "divergence":
        settings["learning_rate"] = settings["learning_rate"].clamp_max(1e38)
    memories, patterns, temperature = networks(generator, dtype)
    rate = torch.as_tensor(settings.pop("learning_rate"), dtype=torch.float64).expand(R)

    def shuffle():
        return dict(generator=torch.Generator().manual_seed(3)) if shuffled else {}

    scaling = Scaling.modified(temperature, N)
    batch = train(memories, patterns, kind, scaling, learning_rate=rate, **settings, **shuffle())
    for r in range(R):
        one = Scaling.modified(temperature[r].item(), N)
        alone = train(
            memories[r].clone(), patterns[r], kind, one, learning_rate=rate[r].item(), **settings, **shuffle()
        )
        for name in ("memories", "velocity", "losses", "diverged"):
            assert same(getattr(batch, name)[r], getattr(alone, name)), f"{name} of network {r}"
    assert (batch.diverged >= 0).any() == (training == "divergence")


def test_a_network_whose_tensors_are_views_is_that_of_their_copies(path, generator):
    memories, patterns, _ = networks(generator, torch.float64)
    arguments = (patterns[0], SharpenedAlone(3), Scaling.modified(0.7, N))
    views = [memories[0], memories[0].mT.contiguous().mT, torch.cat([memories[0], memories[0]], 1)[:, :N]]
    first, *others = [gradient(view, *arguments) for view in views]
    for other in others:
        assert torch.equal(first[0], other[0]) and torch.equal(first[1], other[1])


# What leaves the range


@pytest.mark.parametrize(
    "kind, scaling, error_exponent, message",
    [
        (RectifiedPolynomial(20), Scaling.modified(0.001, N), 1, "raise the temperature or take a wider dtype"),
        (RectifiedPolynomial(30), Scaling.original(30.0, 30), 1, "take Scaling.modified or a wider dtype"),
        (Polynomial(2), Scaling.modified(1.0, N), 10**6, "lower `error_exponent`"),
        (SharpenedAlone(60), Scaling.original(1.0, 1), 1, "take Scaling.modified or a wider dtype"),
    ],
)
def test_a_gradient_out_of_range_is_refused(kind, scaling, error_exponent, message, path, generator):
    memories, patterns, _ = networks(generator, torch.float32)
    memories[:, 0] = patterns[:, 0]
    patterns = torch.cat([patterns, -patterns], 1)
    left = f"The loss or gradient of 5 of 5 networks left the range of torch.float32; {message}, or use `numerics.log_"
    with refused(FloatingPointError, left):
        gradient(memories, patterns, kind, scaling, error_exponent=error_exponent)
    with refused(FloatingPointError, "The loss or gradient of the network left"):
        gradient(memories[0], patterns[0], kind, scaling, error_exponent=error_exponent)
