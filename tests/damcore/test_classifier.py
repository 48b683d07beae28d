import pickle
import subprocess
import sys

import jaxtyping
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

import oracles
from cases import refused
from damcore import datasets
from damcore.classifier import Classifier, estimator
from damcore.classifier._input import features
from damcore.interactions import LeakyRectifiedPolynomial
from damcore.learning import linear_anneal

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
    wanted = oracles.energy_gap(classifier.memories_, states, value, 1 / (59 * 20.0), 1.0)[:, -10:]
    np.testing.assert_allclose(classifier.decision_function(images[:3]), wanted, rtol=1e-9, atol=1e-15)
    np.testing.assert_array_equal(classifier.predict(images[:3]), wanted.argmax(-1))
    odds = np.exp(2 * wanted.numpy())
    np.testing.assert_allclose(classifier.predict_proba(images[:3]), odds / odds.sum(1, keepdims=True), rtol=1e-9)


def test_it_learns_real_digits_and_the_same_ones_again(device):
    images, labels = datasets.mnist()
    settings = dict(n_memories=30, epochs=20, batch_size=50, error_exponent=4, device=device)
    first = Classifier(**settings).fit(images[:1000], labels[:1000])
    again = Classifier(**settings).fit(images[:1000], labels[:1000])
    assert first.score(images[1000:2000], labels[1000:2000]) > 0.5  # chance is 0.1
    assert first.losses_[-1] < first.losses_[0]
    if device.type == "cpu":
        assert torch.equal(first.memories_, again.memories_)


def test_original_and_modified_are_one_classifier(digits):
    images, labels = digits
    # N = 59 neurons: 1/T_m = N/T. Rounding of the scales differs, so the trainings agree closely, not in every bit.
    original = Classifier(**QUICK, dtype=torch.float64).fit(images, labels)
    settings = QUICK | dict(temperature=20.0 / 59)
    modified = Classifier(**settings, scaling="modified", dtype=torch.float64).fit(images, labels)
    torch.testing.assert_close(original.memories_, modified.memories_, rtol=0, atol=1e-9)


def test_class_entries_are_clipped_or_not(digits):
    images, labels = digits
    free = Classifier(**(QUICK | dict(learning_rate=0.9, epochs=10)), clip=False).fit(images, labels)
    held = Classifier(**(QUICK | dict(learning_rate=0.9, epochs=10))).fit(images, labels)
    assert free.memories_[:, :-10].abs().max() <= 1 < free.memories_[:, -10:].abs().max()
    assert held.memories_.abs().max() <= 1


def test_another_interaction(digits):
    images, labels = digits
    classifier = Classifier(**QUICK, scaling="modified", interaction=LeakyRectifiedPolynomial(4)).fit(images, labels)
    assert classifier.decision_function(images).shape == (40, 10)


def test_the_context_counts_in_learning_alone(digits):
    images, labels = digits
    off = Classifier(**QUICK, dtype="float64").fit(images, labels)
    on = Classifier(**QUICK, dtype="float64", context="target").fit(images, labels)
    assert not torch.equal(off.memories_, on.memories_)
    off.memories_ = on.memories_
    np.testing.assert_array_equal(off.decision_function(images), on.decision_function(images))


def test_balanced_minibatches(digits):
    images, labels = digits
    labels = labels % 2
    balanced = Classifier(**QUICK, balanced=True).fit(images, labels)
    assert not torch.equal(balanced.memories_, Classifier(**QUICK).fit(images, labels).memories_)
    with refused(ValueError, "`batch_size` must be a multiple of 2 classes and at most 40 images, got 7"):
        Classifier(**QUICK | {"batch_size": 7}, balanced=True).fit(images, labels)
    few = Classifier(**QUICK | {"batch_size": 1000}, balanced=True)
    assert few.partial_fit(images[:9], labels[:9], classes=[0, 1]).n_iter_ == 1  # minibatches of eight
    with refused(ValueError, "images of each of the 2 classes, and `labels` has none of number 1"):
        few.partial_fit(images[labels == 0], labels[labels == 0])
    assert few.n_iter_ == 1


def test_rows_of_numbers_and_pictures_are_one(digits):
    images, labels = digits
    rows = images.reshape(40, -1) / 127.5 - 1
    pictures, numbers = Classifier(**QUICK).fit(images, labels), Classifier(**QUICK).fit(rows, labels)
    assert torch.equal(pictures.memories_, numbers.memories_)
    assert numbers.n_features_in_ == 49
    np.testing.assert_array_equal(pictures.predict(torch.tensor(images)), numbers.predict(rows.tolist()))


def test_labels_of_any_kind(digits):
    images, labels = digits
    words = np.array(["abcdefghij"[label] for label in labels])
    named, numbered = Classifier(**QUICK).fit(images, words), Classifier(**QUICK).fit(images, labels)
    assert torch.equal(named.memories_, numbered.memories_)
    assert named.predict(images).tolist() == ["abcdefghij"[label] for label in numbered.predict(images)]
    assert named.score(images, words) == numbered.score(images, labels)
    assert numbered.classes_.tolist() == [*range(10)]


def test_partial_fit_is_fit_in_pieces(digits):
    images, labels = digits
    whole, parts = Classifier(**QUICK), Classifier(**QUICK)
    whole.fit(images, labels)
    for _ in range(3):
        parts.partial_fit(images, labels, classes=range(10))
    assert torch.equal(whole.memories_, parts.memories_) and parts.n_iter_ == 3
    whole.partial_fit(images[:20], labels[:20])
    assert whole.n_iter_ == 4 and len(whole.losses_) == 4
    before = parts.memories_
    with refused(ValueError, r"`y` holds 15, which is none of the classes \[0, 1, 2, 3, 4, 5, 6, 7, 8, 9\]"):
        parts.partial_fit(images, labels + 10)
    with refused(ValueError, "The first call of `partial_fit` needs `classes`"):
        Classifier(**QUICK).partial_fit(images, labels)
    late = Classifier(**QUICK)
    with refused(ValueError, "which is none of the classes"):
        late.partial_fit(images, labels, classes=[0, 1])
    late.partial_fit(images, labels, classes=range(10))  # the call before left nothing behind
    assert late.n_iter_ == 1 and torch.equal(parts.memories_, before)
    with refused(ValueError, "`classes` must be those of the first call"):
        parts.partial_fit(images, labels, classes=[0, 1])
    with refused(ValueError, "X has 9 features, but Classifier is expecting 49 features"):
        parts.partial_fit(images[:, :3, :3], labels)


def test_a_schedule_decides_by_its_last_temperature(digits):
    images, labels = digits
    falling = Classifier(**QUICK, temperature_schedule=lambda epoch: 30.0 - 5 * epoch, dtype="float64")
    falling.fit(images, labels)
    constant = Classifier(**QUICK | {"temperature": 20.0}, dtype="float64").fit(images, labels)
    assert not torch.equal(falling.memories_, constant.memories_)
    constant.memories_ = falling.memories_
    np.testing.assert_array_equal(falling.decision_function(images), constant.decision_function(images))


def test_what_is_learned_keeps_its_settings(digits):
    images, labels = digits
    made = Classifier(**QUICK, temperature_schedule=linear_anneal(30.0, 20.0, 2)).fit(images, labels)
    wanted = made.decision_function(images)
    made.set_params(n=4, temperature=1.0, scaling="modified", dtype="float64", temperature_schedule=None)
    np.testing.assert_array_equal(made.decision_function(images), wanted)
    made.partial_fit(images, labels)
    whole = Classifier(**QUICK | {"epochs": 4}, temperature_schedule=linear_anneal(30.0, 20.0, 2)).fit(images, labels)
    assert torch.equal(made.memories_, whole.memories_)
    again = pickle.loads(pickle.dumps(whole))
    np.testing.assert_array_equal(again.decision_function(images), whole.decision_function(images))


def test_a_refused_fit_leaves_what_was_learned(digits, tmp_path):
    images, labels = digits
    made = Classifier(**QUICK).fit(images, labels)
    wanted = made.predict(images)
    for refusal in (
        dict(X=images, y=labels + 1, held_out=(images[:, :3, :3], labels)),
        dict(X=images, y=labels + 1, held_out=(images, labels.astype(str))),
        dict(X=images, y=labels + 1, checkpoint=tmp_path / "nowhere" / "kept"),
        dict(X=images, y=labels + 1, checkpoint=tmp_path),
    ):
        with pytest.raises((ValueError, FileNotFoundError)):
            made.fit(**refusal)
        np.testing.assert_array_equal(made.predict(images), wanted)
        assert made.classes_.tolist() == [*range(10)] and made.n_iter_ == 3


def test_half_precision(digits):
    images, labels = digits
    made = Classifier(**QUICK, dtype="bfloat16").fit(images, labels)
    assert made.decision_function(images).dtype == np.float32


def test_it_warns_where_nothing_is_learned(digits):
    images, labels = digits
    with pytest.warns(UserWarning, match="nothing was learned.* `temperature`, which is near 1 with this scaling"):
        Classifier(scaling="modified", epochs=3).fit(images, labels)


def test_labels_of_another_kind_are_refused(digits):
    images, labels = digits
    made = Classifier(**QUICK).fit(images, labels)
    with refused(ValueError, "`y` must hold labels of the kind that was learned, such as 0, got '5'"):
        made.score(images, labels.astype(str))
    with refused(TypeError, "`y` must hold labels of one kind"):
        made.fit(images[:3], [1, "a", 2])
    one = Classifier(**QUICK).fit(images, np.ones(40))
    assert one.predict_proba(images).shape == (40, 1) and set(one.predict(images)) == {1.0}


def test_held_out_errors_and_progress(digits, capsys):
    images, labels = digits
    called = []
    made = Classifier(**QUICK).fit(
        images[:30], labels[:30], held_out=(images[30:], labels[30:]), progress=called.append
    )
    assert called == [1, 1, 1]
    assert [epoch for epoch, _ in made.held_out_errors_] == [1, 2, 3]
    assert made.held_out_errors_[-1][1] == pytest.approx(1 - made.score(images[30:], labels[30:]))
    Classifier(**QUICK).fit(images[:30], labels[:30], held_out=(images[30:], labels[30:]), progress=True)
    shown = capsys.readouterr().err
    assert "3/3" in shown and "loss=" in shown and "error=" in shown


KILLED = """
import os, sys, numpy as np
from damcore import datasets
from damcore.classifier import Classifier, _checkpoint

_checkpoint.EVERY = 0.0
images, labels = datasets.mnist(source="bundled")
images, labels = images[:300], labels[:300]
settings = dict(n=5, n_memories=20, temperature=300.0, epochs=60, batch_size=50, momentum=0.9)


def step(ahead):
    global left
    left -= ahead
    if left <= 0:
        os._exit(9)  # as a kill ends it


left = int(sys.argv[1])
made = Classifier(**settings).fit(
    images, labels, checkpoint="kept", held_out=(images[:50], labels[:50]), progress=step if left else False
)
np.save("memories.npy", made.memories_.numpy())
print(len(made.held_out_errors_))
"""


def test_a_training_that_is_killed_ten_times_ends_in_the_same_bits(tmp_path):
    generator = np.random.default_rng(0)

    def runs(folder, *stops):
        folder.mkdir()
        for stop in stops:
            found = subprocess.run(
                [sys.executable, "-c", KILLED, str(stop)], cwd=folder, capture_output=True, text=True, timeout=120
            )
            assert found.returncode == (9 if stop else 0), found.stderr
        return np.load(folder / "memories.npy"), found.stdout

    wanted, looks = runs(tmp_path / "whole", 0)
    found, again = runs(tmp_path / "killed", *generator.integers(2, 6, 10).tolist(), 0)
    np.testing.assert_array_equal(found, wanted)
    assert looks == again == "60\n"


def test_a_checkpoint_of_another_training_is_refused_and_kept(digits, tmp_path):
    images, labels = digits
    path = tmp_path / "kept"
    done = Classifier(**QUICK).fit(images, labels, checkpoint=path)
    content = path.read_bytes()
    for changed in (dict(learning_rate=0.1), dict(seed=1), dict(interaction=LeakyRectifiedPolynomial(3))):
        with refused(ValueError, "`checkpoint` .* holds a training with other settings or images"):
            Classifier(**QUICK | changed).fit(images, labels, checkpoint=path)
    with refused(ValueError, "holds a training with other settings or images"):
        Classifier(**QUICK).fit(images[:39], labels[:39], checkpoint=path)
    with refused(ValueError, "held-out ones included"):
        Classifier(**QUICK).fit(images, labels, checkpoint=path, held_out=(images, labels))
    scheduled = Classifier(**QUICK, temperature_schedule=lambda epoch: [20.0, 19.0, 18.0][epoch])
    scheduled.fit(images, labels, checkpoint=tmp_path / "scheduled")
    scheduled.set_params(temperature_schedule=lambda epoch: [20.0, 19.0, 17.0, 16.0][epoch], epochs=4)
    with refused(ValueError, "holds a training with another schedule"):
        scheduled.fit(images, labels, checkpoint=tmp_path / "scheduled")
    with refused(ValueError, "has 3 epochs, and `epochs` is 2"):
        Classifier(**QUICK | {"epochs": 2}).fit(images, labels, checkpoint=path)
    assert path.read_bytes() == content
    path.write_bytes(content[:-1])
    with refused(ValueError, "is not a whole file written by Classifier.fit"):
        Classifier(**QUICK).fit(images, labels, checkpoint=path)
    path.write_bytes(content)
    again = Classifier(**QUICK).fit(images, labels, checkpoint=path)  # nothing is left to train
    assert torch.equal(again.memories_, done.memories_)
    longer = Classifier(**QUICK | {"epochs": 5}).fit(images, labels, checkpoint=path)
    assert torch.equal(longer.memories_, Classifier(**QUICK | {"epochs": 5}).fit(images, labels).memories_)


#: What scikit-learn's checks ask and this estimator does not do, with the reason.
OTHERWISE = {
    "check_supervised_y_2d": "labels in a column are refused, with what helps; scikit-learn reshapes them and warns",
}
IN_A_PIPELINE = OTHERWISE | {
    "check_estimators_overwrite_params": "a pipeline fits its last step in place",
    "check_dont_overwrite_parameters": "a pipeline fits its last step in place",
}


def small() -> Classifier:
    return Classifier(
        n=3, n_memories=20, temperature=3.0, error_exponent=1, epochs=60, learning_rate=0.1, batch_size=50
    )


@pytest.fixture
def untyped():
    """Without the types of the test run: scikit-learn makes objects with settings of any kind."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_behind_a_scaler(untyped):
    made = make_pipeline(MinMaxScaler((-1, 1), clip=True), small())
    outcomes = check_estimator(made, expected_failed_checks=IN_A_PIPELINE)
    assert len(outcomes) > 50
    assert {one["check_name"] for one in outcomes if one["status"] == "xfail"} == {*IN_A_PIPELINE}


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks_alone(monkeypatch, untyped):
    # Its data lie anywhere; here they are brought into the range on the way.
    def squashed(X):
        array = None if hasattr(X, "toarray") else np.asarray(X)
        plain = array is not None and array.dtype.kind in "fiu" and np.isfinite(array).all()
        return features(np.tanh(array) if plain else X)

    monkeypatch.setattr(estimator, "features", squashed)
    outcomes = check_estimator(small(), expected_failed_checks=OTHERWISE)
    assert len(outcomes) > 50
    assert {one["check_name"] for one in outcomes if one["status"] == "xfail"} == {*OTHERWISE}


def test_it_is_cloned_searched_and_cross_validated(digits):
    images, labels = datasets.mnist(source="bundled")
    images, labels = images[:300], labels[:300]
    made = Classifier(
        n=5, n_memories=30, temperature=200.0, error_exponent=2, learning_rate=0.1, epochs=60, batch_size=50
    )
    assert clone(made).get_params() == made.get_params()
    assert cross_val_score(made, images, labels, cv=2).min() > 0.5  # chance is 0.1
    found = GridSearchCV(made, {"epochs": [1, 60]}, cv=2).fit(images, labels)
    assert found.best_params_ == {"epochs": 60}
    assert made.set_params(n=4) is made and made.n == 4
    with pytest.raises(ValueError, match="There is no setting 'vertex'; there are n, n_memories"):
        made.set_params(vertex=3)
    assert repr(Classifier(n=3, clip=False)) == "Classifier(n=3, clip=False)"
    copied = pickle.loads(pickle.dumps(made.fit(images, labels)))
    np.testing.assert_array_equal(copied.predict(images), made.predict(images))


def test_without_scikit_learn():
    code = "import sys; sys.modules['sklearn'] = None; from damcore.classifier import Classifier as C; "
    code += "made = C(n=2, n_memories=4, temperature=9.0, error_exponent=1, epochs=9).fit([[1, -1], [-1, 1]], [0, 1]); "
    code += "print(made.predict([[1, -1]]).tolist())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert found.stdout == "[0]\n", found.stderr


def test_refuses_bad_input(digits):
    images, labels = digits
    for settings, says in {
        ("n_memories", 0): "`n_memories` must be at least 1, got 0",
        ("temperature", -1.0): "`temperature` must be positive",
        ("epochs", 0): "`epochs` must be at least 1",
        ("learning_rate", -1.0): "`learning_rate` must be positive, got -1",
        ("seed", 2**64): "`seed` must be a whole number of at most 64 bits",
        ("seed", "x"): "`seed` must be a whole number, got 'x'",
        ("dtype", torch.int64): "`dtype` must be a floating dtype or its name, got torch.int64",
        ("dtype", "float31"): "`dtype` must be a floating dtype or its name, got 'float31'",
        ("interaction", 3): "`interaction` must be a damcore.interactions.Interaction or None, got 3",
        ("device", "gpu"): "`device` must be a device that torch has here",
        ("temperature_schedule", 3.0): "`temperature_schedule` must be a function or None, got 3.0",
        ("clip", "False"): "`clip` must be True or False",
        ("balanced", 1): "`balanced` must be True or False",
        ("context", "on"): "`context` must be one of 'off', 'target', got 'on'",
        ("scaling", "new"): "`scaling` must be one of 'original', 'modified', got 'new'",
        ("n", 0): "`n` must be at least 1, got 0",
    }.items():
        name, value = settings
        with refused((ValueError, TypeError), says):
            Classifier(**QUICK | {name: value}).fit(images, labels)
    rows = images.reshape(40, -1) / 127.5 - 1
    for X, error, says in (
        (
            images.astype(np.float32),
            ValueError,
            r"`X` must hold pictures, uint8 \(n, height, width\), or rows of numbers",
        ),
        (rows[0], ValueError, "Reshape your data"),
        (2 * rows, ValueError, r"must lie in \[-1, 1\], got -2 to .*MinMaxScaler\(\(-1, 1\)\)"),
        (np.where(rows > 0.9, np.nan, rows), ValueError, "`X` must be finite, but it holds NaN or infinity"),
        (images[:0], ValueError, "at least one image"),
        (rows[:, :0], ValueError, "0 feature"),
        (1j * rows, ValueError, "Complex data not supported"),
        (torch.tensor(1j * rows), ValueError, "Complex data not supported"),
        (torch.tensor(rows).to_sparse(), TypeError, "`X` must be a dense tensor"),
        ([["a"]], ValueError, "`X` must hold numbers"),
    ):
        with refused(error, says):
            Classifier(**QUICK).fit(X, labels)
    for y, says in (
        (None, "requires y to be passed"),
        (labels[:, None], r"`y` must hold one label for each image, \(40,\), got \(40, 1\); use y.ravel"),
        (labels[1:], r"`y` must hold one label for each image, \(40,\), got \(39,\)"),
        (labels + 0.5, "Unknown label type"),
        (np.where(labels > 3, np.nan, labels), "Input y contains NaN"),
        (np.where(labels > 3, np.inf, labels), "Input y contains infinity"),
    ):
        with refused(ValueError, says):
            Classifier(**QUICK).fit(images, y)
    with refused(ValueError, "Nothing is learned yet"):
        Classifier().predict(images)
    fitted = Classifier(**QUICK).fit(images, labels)
    with refused(ValueError, "X has 81 features, but Classifier is expecting 49 features as input"):
        fitted.predict(np.zeros((1, 9, 9), np.uint8))
