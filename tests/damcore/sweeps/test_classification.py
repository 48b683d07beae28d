"""The classifier's experiments: what they measure, the same again from any company, and trainings that go on."""

from dataclasses import replace

import pytest
import torch

from cases import refused
from damcore.classifier import Balanced, Classifier
from damcore.classifier._input import features
from damcore.datasets import mnist
from damcore.interactions import RectifiedPolynomial
from damcore.learning import TrainingState, advance, start, train
from damcore.scaling import Scaling
from damcore.sweeps import ClassifierMap, ErrorCurve, Store, classification, plan, run, verify
from damcore.sweeps.classification import macro_f1

FEW = dict(digits="bundled", n_images=600, batch_size=100, n_memories=12)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.delenv(classification.CHECKPOINTS, raising=False)
    classification._latest.clear()


def curve(**settings) -> ErrorCurve:
    given = dict(name="few", n=3, epochs=(1, 2, 4), temperature=300.0, learning_rate=0.04, error_exponent=2)
    return ErrorCurve(**FEW | given | settings)


def maps(**settings) -> ClassifierMap:
    axes = dict(vertices=(2, 5), inverse_temperatures=(0.8, 1.2), learning_rates=(0.05, 0.2), repeats=2)
    return ClassifierMap(
        **FEW | dict(name="few", held_out="validation", scaling="modified", epochs=3) | axes | settings
    )


def test_a_curve_is_the_error_of_the_classifier():
    # The same memories and minibatches, through the estimator.
    curve_of = curve(n_images=0, epochs=(2,), batch_size=1000)
    [row] = curve_of.measure(list(curve_of.cells()))
    task = curve_of._read("cpu")
    begun = curve_of._begin(task, 0)
    trained = train(
        begun.memories, task.states, RectifiedPolynomial(3), Scaling.original(300.0, 3).inside(RectifiedPolynomial(3)),
        epochs=2, learning_rate=0.04, decay=0.998, momentum=0.6, error_exponent=2, batch_size=1000,
        targets=task.targets, neurons=slice(-10, None), generator=classification.generator(0, "minibatches", 0),
    )  # fmt: skip
    made = Classifier(n=3, n_memories=12, temperature=300.0, epochs=1).fit(*mnist("train", "bundled"))
    assert torch.equal(made._trainer._states(features(mnist("train", "bundled")[0])), task.states)
    made.memories_ = trained.memories
    tried, wanted = mnist("test", "bundled")
    assert row["error"] == pytest.approx(1 - made.score(tried, wanted), abs=1e-12)
    assert 0 < row["loss"] < 4


def test_looks_do_not_depend_on_their_company(monkeypatch, tmp_path):
    cells = list(curve().cells())
    together = curve().measure(cells)
    classification._latest.clear()
    alone = []
    for cell in reversed(cells):
        classification._latest.clear()
        alone += curve().measure([cell])
    assert alone[::-1] == together
    assert len({row["loss"] for row in together}) == 3
    monkeypatch.setenv(classification.CHECKPOINTS, str(tmp_path / "kept"))
    for cell in cells:
        classification._latest.clear()  # a new process
        assert curve().measure([cell]) == [together[cells.index(cell)]]
    assert len(list((tmp_path / "kept").iterdir())) == 1
    # What is further than asked for is neither used nor lost, and another training has a file of its own.
    [file] = (tmp_path / "kept").iterdir()
    classification._latest.clear()
    assert curve().measure(cells[:1]) == together[:1]
    assert TrainingState.load(file).epoch == 4
    plan(curve(), Store(tmp_path))
    assert TrainingState.load(file).epoch == 4
    curve(learning_rate=0.03).measure(cells[:1])
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_each_look_is_stored_at_once_and_verified(tmp_path):
    rows = run(curve(repeats=2), Store(tmp_path), progress=False)
    assert len(rows) == 6 and len(curve(repeats=2).shards()) == 6
    assert rows.groupby("repeat").loss.first().nunique() == 2
    compared = verify(curve(repeats=2), Store(tmp_path), sample=3, seed=0)
    assert compared.promised.all() and compared.difference.max() == 0


def test_a_falling_temperature_counts_in_learning_and_in_the_look():
    falling = curve(first_temperature=600.0, anneal_epochs=3, epochs=(1, 2))
    first, second = falling.measure(list(falling.cells()))
    [constant] = curve(temperature=600.0, epochs=(1,)).measure([curve().Cell(0, 1)])
    assert first == constant
    [other] = curve(temperature=600.0, epochs=(2,)).measure([curve().Cell(0, 2)])
    assert second != other


def test_a_map_is_what_its_networks_are_alone():
    cells = [cell for cell in maps().cells() if (cell.n, cell.repeat) == (5, 1)]
    together = maps().measure(cells)
    assert [maps().measure([cell])[0] for cell in cells] == together
    assert all(row["diverged"] == -1 and 0 < row["f1"] < 1 for row in together)
    assert len({row["loss"] for row in together}) == len(cells)
    assert len(list(maps().cells())) == len(maps()) == 16
    assert {len(shard) for shard in maps().shards()} == {4}


def test_the_original_network_is_the_modified_one_at_another_temperature():
    cells = [cell for cell in maps().cells() if (cell.n, cell.repeat) == (5, 0)]
    wanted = maps(dtype="float64").measure(cells)
    original = maps(scaling="original", dtype="float64")
    found = original.measure([cell._replace(inverse_temperature=cell.inverse_temperature / 794) for cell in cells])
    for one, other in zip(found, wanted, strict=True):
        assert one["accuracy"] == other["accuracy"]
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)


@pytest.mark.parametrize(
    "settings",
    [
        dict(context="target"), dict(clip=False, learning_rates=(0.9,)),
        dict(interaction="leaky", slope=0.5, first=(0.0, 0.1)),
        dict(first=(0.0, 0.1)), dict(seed=1), dict(momentum=0.0), dict(error_exponent=3), dict(balanced=True),
        dict(held_out="test"), dict(n_images=500), dict(decay=0.5),
    ],
)  # fmt: skip
def test_every_setting_counts(settings):
    changed, usual = (maps(**{**settings, **given}) for given in ({}, _defaults(settings)))
    cell = usual.Cell(2, 0.8, settings.get("learning_rates", (0.2,))[0], 0)
    assert changed.measure([cell]) != usual.measure([cell])
    assert changed.digest != usual.digest or "learning_rates" in settings


def _defaults(settings):
    usual = maps()
    return {name: getattr(usual, name) for name in settings if name != "learning_rates"}


def test_f1_by_hand():
    wanted, found = torch.arange(10), torch.arange(10)
    assert macro_f1(found, wanted) == 1.0
    found[0] = 1  # class 0 is never found, class 1 twice
    assert macro_f1(found, wanted) == pytest.approx((0 + 2 / 3 + 8) / 10)


def test_balanced_minibatches():
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 16)
    order = Balanced(labels, 12)(torch.Generator().manual_seed(0))
    assert order.shape == (96,)
    for batch in labels[order].split(12):
        assert batch.bincount().tolist() == [4, 4, 4]
    times = order.bincount(minlength=96)
    assert times[:50].max() == 1 and times[:50].sum() == 32  # some are left out
    assert times[50:80].sum() == 32 and times[50:80].min() == 1  # some come twice
    assert set(times[80:].tolist()) == {2}
    again = Balanced(labels, 12)(torch.Generator().manual_seed(1))
    assert not torch.equal(order, again)


def test_a_sampler_in_training():
    generator = torch.Generator().manual_seed(1)
    memories = torch.rand(4, 8, generator=generator, dtype=torch.float64)
    patterns = torch.ones(3, 8, dtype=torch.float64)
    patterns[1, :4], patterns[2, ::2] = -1, -1
    network = RectifiedPolynomial(3), Scaling.modified(0.5, 8)
    draw = lambda: torch.Generator().manual_seed(0)  # noqa: E731
    first = train(
        memories, patterns, *network, epochs=2, learning_rate=0.1, batch_size=1, generator=draw(),
        sampler=lambda generator: torch.zeros(3, dtype=torch.int64),
    )  # fmt: skip
    alone = train(memories, patterns[:1].repeat(3, 1), *network, epochs=2, learning_rate=0.1, batch_size=1)
    assert torch.equal(first.memories, alone.memories)
    settings = dict(epochs=1, learning_rate=0.1)
    with refused(ValueError, "`sampler` draws from a generator, and this training has none"):
        advance(start(memories), patterns, *network, sampler=lambda generator: torch.arange(3), **settings)
    with refused(TypeError, "`sampler` must return the numbers of patterns"):
        train(memories, patterns, *network, generator=draw(), sampler=lambda generator: [0], **settings)
    with refused(ValueError, "`sampler` must return numbers from 0 to 2, got 3"):
        train(memories, patterns, *network, generator=draw(), sampler=lambda generator: torch.arange(4), **settings)
    lengths = iter([2, 3])
    with refused(ValueError, r"`sampler` must return as many numbers in each epoch, got \[2, 3\]"):
        advance(
            start(memories, generator=draw()), patterns, *network, epochs=2, learning_rate=0.1,
            sampler=lambda generator: torch.arange(next(lengths)),
        )  # fmt: skip


def test_refusals(monkeypatch):
    with refused(ValueError, "`epochs` must rise, from 1 at least"):
        curve(epochs=(2, 1))
    with refused(ValueError, "`context` must be one of 'off', 'target', got 'on'"):
        curve(context="on")
    with refused(ValueError, "`first` must hold a mean and a standard deviation"):
        curve(first=(0.0,))
    with pytest.raises(ValueError, match="`n_images` must be at most 5000, got 6000"):
        curve(n_images=6000).measure([curve().Cell(0, 1)])
    with pytest.raises(ValueError, match="`batch_size` must be a multiple of 10 classes"):
        curve(balanced=True, batch_size=25).measure([curve().Cell(0, 1)])
    with refused(
        ValueError, "Balanced minibatches need images of each of the 3 classes, and `labels` has none of number 1"
    ):
        Balanced(torch.tensor([0, 2]), 3)
    with refused(ValueError, "images of each of the 3 classes, and `labels` has none of number 2"):
        Balanced(torch.tensor([0, 1]), 3, n_classes=3)
    monkeypatch.setattr(classification, "mnist_origin", lambda: "the bundled subset")
    classification._task.cache_clear()
    with pytest.raises(FileNotFoundError, match="These cells need all of MNIST; name its folder in DAMCORE_DATA"):
        replace(curve(), digits="full").measure([curve().Cell(0, 1)])
