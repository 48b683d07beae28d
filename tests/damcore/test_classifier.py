import numpy as np
import pytest
import torch

import oracles
from cases import refused
from damcore import datasets
from damcore.classifier import Classifier
from damcore.interactions import LeakyRectifiedPolynomial

QUICK = dict(n=3, n_memories=6, temperature=20.0, error_exponent=2, epochs=3, batch_size=8)


@pytest.fixture
def digits():
    images, labels = datasets.mnist()
    return images[:40, ::4, ::4].copy(), labels[:40]


def test_the_decision_is_the_gap_of_each_class_neuron_alone(digits):
    images, labels = digits
    classifier = Classifier(**QUICK, scaling="modified", dtype=torch.float64).fit(images, labels)
    pixels = torch.tensor(images[:3]).reshape(3, -1).double() / 127.5 - 1
    states = torch.cat([pixels, -torch.ones(3, 10, dtype=torch.float64)], 1)
    value, _ = oracles.interaction("rectified", 3, 0)
    wanted = oracles.energy_gap(classifier.memories, states, value, 1 / (59 * 20.0), 1.0)[:, -10:]
    torch.testing.assert_close(classifier.decision_function(images[:3]), wanted, rtol=1e-9, atol=1e-15)
    assert torch.equal(classifier.predict(images[:3]), wanted.argmax(-1))


def test_it_learns_real_digits_and_the_same_ones_again(device):
    images, labels = datasets.mnist()
    settings = dict(n_memories=30, epochs=20, batch_size=50, error_exponent=4, device=device)
    first = Classifier(**settings).fit(images[:1000], labels[:1000])
    again = Classifier(**settings).fit(images[:1000], labels[:1000])
    assert first.score(images[1000:2000], labels[1000:2000]) > 0.5  # chance is 0.1
    assert first.losses[-1] < first.losses[0]
    if device.type == "cpu":
        assert torch.equal(first.memories, again.memories)


def test_original_and_modified_are_one_classifier(digits):
    images, labels = digits
    # N = 59 neurons: 1/T_m = N/T. Rounding of the scales differs, so the trainings agree closely, not in every bit.
    original = Classifier(**QUICK, dtype=torch.float64).fit(images, labels)
    settings = QUICK | dict(temperature=20.0 / 59)
    modified = Classifier(**settings, scaling="modified", dtype=torch.float64).fit(images, labels)
    torch.testing.assert_close(original.memories, modified.memories, rtol=0, atol=1e-9)


def test_class_entries_are_clipped_or_not(digits):
    images, labels = digits
    free = Classifier(**(QUICK | dict(learning_rate=0.9, epochs=10)), clip=False).fit(images, labels)
    held = Classifier(**(QUICK | dict(learning_rate=0.9, epochs=10))).fit(images, labels)
    assert free.memories[:, :-10].abs().max() <= 1 < free.memories[:, -10:].abs().max()
    assert held.memories.abs().max() <= 1


def test_another_interaction(digits):
    images, labels = digits
    classifier = Classifier(**QUICK, scaling="modified", interaction=LeakyRectifiedPolynomial(4)).fit(images, labels)
    assert classifier.decision_function(images).shape == (40, 10)


def test_refuses_bad_input(digits):
    images, labels = digits
    with refused(ValueError, "`n_memories` must be at least 1, got 0"):
        Classifier(n_memories=0)
    with refused(ValueError, "`temperature` must be positive"):
        Classifier(temperature=-1.0)
    with refused(ValueError, "`epochs` must be at least 1"):
        Classifier(epochs=0)
    with refused(ValueError, "`learning_rate` must be positive, got -1"):
        Classifier(learning_rate=-1.0)
    with refused(ValueError, r"one whole number of at least 0 per image, \(40,\), got torch.int64 \(40, 1\)"):
        Classifier(**QUICK).fit(images, labels).score(images, labels[:, None])
    with refused(
        ValueError, r"`labels` must hold one whole number of at least 0 per image, \(40,\), got torch.int64 \(39,\)"
    ):
        Classifier().fit(images, labels[1:])
    with refused(ValueError, r"`images` must be uint8 of shape \(n, height, width\)"):
        Classifier().fit(images.astype(np.float32), labels)
    with refused(ValueError, r"`images` must be uint8 .* got torch.uint8 \(0, 7, 7\)"):
        Classifier().fit(images[:0], labels[:0])
    with refused(ValueError, "Nothing is learned yet"):
        Classifier().predict(images)
    fitted = Classifier(**QUICK).fit(images, labels)
    with refused(ValueError, "same number of neurons"):
        fitted.predict(np.zeros((1, 9, 9), np.uint8))


@pytest.mark.parametrize(
    "setting, says",
    [
        ({"seed": "x"}, "`seed` must be a whole number, got 'x'"),
        ({"seed": 2**64}, "`seed` must be a whole number of at most 64 bits"),
        ({"dtype": torch.int64}, "`dtype` must be a floating dtype, got torch.int64"),
        ({"dtype": "float32"}, "`dtype` must be a torch dtype, got 'float32'; use torch.float64"),
        ({"interaction": 3}, "`interaction` must be a damcore.interactions.Interaction or None, got 3"),
        ({"device": "gpu"}, "`device` must be a device that torch has here"),
        ({"temperature_schedule": 3.0}, "`temperature_schedule` must be a function or None, got 3.0"),
        ({"clip": "False"}, "`clip` must be True or False"),
    ],
)
def test_refuses_settings_of_another_kind_when_made(setting, says):
    with refused((TypeError, ValueError), says):
        Classifier(**setting)


def test_refuses_settings_that_were_changed_before_any_work(digits):
    classifier = Classifier(**QUICK)
    classifier.seed = "x"
    with refused(ValueError, "`seed` must be a whole number, got 'x'"):
        classifier.fit(*digits)
