"""What any experiment is: its digest, its configuration, its cells and shards, and what it refuses."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from cases import refused
from damcore.sweeps import Experiment, Store, experiment, run
from damcore.sweeps.experiment import logarithmic


class Point(NamedTuple):
    x: float
    y: int


@dataclass(frozen=True)
class Product(Experiment):
    """x y + shift, over a grid."""

    xs: tuple[float, ...] = (0.5, 1.5, 2.5)
    count: int = 2
    shift: float = 0.0

    Cell = Point
    metrics = ("product",)

    @property
    def axes(self):
        return {"y": range(self.count), "x": self.xs}

    def measure(self, cells, *, device="cpu"):
        return [{"product": cell.x * cell.y + self.shift} for cell in cells]


def test_the_axes_give_cells_rows_and_arrays_in_their_order(tmp_path):
    product = Product("product")
    assert list(product.cells())[:3] == [Point(0.5, 0), Point(0.5, 1), Point(1.5, 0)], "the order of Cell's fields"
    rows = run(product, Store(tmp_path), progress=False)
    assert [*zip(rows.y, rows.x, strict=True)] == [(y, x) for y in range(2) for x in (0.5, 1.5, 2.5)]
    assert Store(tmp_path).array(product)["product"].values.tolist() == [[0, 0, 0], [0.5, 1.5, 2.5]]


# The digest


def test_a_field_that_is_added_at_its_default_keeps_the_digest():
    @dataclass(frozen=True)
    class Longer(Product):
        added: int = 7
        listed: tuple[int, ...] = field(default_factory=lambda: [1, 2])

    assert Longer("product").digest == Product("product").digest
    assert Longer("product", added=8).digest != Product("product").digest
    assert Longer("product", listed=[1, 3]).digest != Product("product").digest
    assert Longer("product", listed=[1, 2]).digest == Product("product").digest


def test_a_settled_field_is_always_in_the_digest():
    @dataclass(frozen=True)
    class Settled(Product):
        settled = frozenset(["shift"])

    @dataclass(frozen=True)
    class Other(Product):
        shift: float = 1.0
        settled = frozenset(["shift"])

    assert Settled("product").digest != Product("product").digest
    assert Settled("product").digest == Other("product", shift=0.0).digest, "a settled default may change"
    assert Settled("product").digest != Other("product").digest


def test_a_field_without_default_is_always_in_the_digest():
    @dataclass(frozen=True)
    class Required(Product):
        needed: int = field(kw_only=True)

    assert len({Product("product").digest, *(Required("product", needed=k).digest for k in (0, 1))}) == 3


def test_the_digest_leaves_out_the_name_and_holds_what_else_decides():
    @dataclass(frozen=True)
    class Further(Product):
        def further(self):
            return {"values": [1.0]}

    assert Product("other").digest == Product("product").digest != Further("product").digest
    pinned = Product("product", xs=(1.0, 2.0), shift=1.0).digest
    assert pinned == "abd020dabb3fa81a", "another digest would rename stored folders"


def test_lists_arrays_and_numbers_of_numpy_and_torch_are_settings_like_any():
    plain = Product("product", xs=(0.5, 1.0), shift=2.0)
    for xs in ([0.5, 1.0], np.array([0.5, 1.0]), torch.tensor([0.5, 1.0]), (np.float64(0.5), np.float64(1))):
        assert Product("product", xs=xs, shift=np.float32(2)) == plain
    assert Product("product", count=np.int64(2)).digest == Product("product").digest


def test_whole_numbers_in_a_field_of_floats_are_floats():
    @dataclass(frozen=True)
    class Optional(Product):
        floor: float | None = 1.0
        either: int | float = 1
        pair: tuple[float, int] = (1.0, 1)

    assert Product("product", shift=0, xs=[1, 2]).digest == Product("product", shift=0.0, xs=(1.0, 2.0)).digest
    settings = Optional("product", floor=0, either=2, pair=(2, 2), shift=np.int32(3), xs=np.arange(1, 3))
    assert repr(settings) == repr(Optional("product", floor=0.0, either=2, pair=(2.0, 2), shift=3.0, xs=(1.0, 2.0)))
    assert Optional("product", floor=None).floor is None
    with pytest.raises(ValueError, match="`shift` must lie in the range of a float"):
        Product("product", shift=10**400)


def test_annotations_that_python_cannot_read_change_nothing():
    @dataclass(frozen=True)
    class Foreign(Product):
        shift: "NoSuchName" = 0.0  # noqa: F821  # pyright: ignore

    assert Foreign("product", shift=2).shift == 2


# The configuration and the shards


def test_the_configuration_holds_every_field_that_is_no_axis():
    @dataclass(frozen=True)
    class Shaped(Product):
        shape: tuple[int, int] = (28, 28)

    assert Shaped("product").configuration == {"name": "product", "count": 2, "shift": 0.0, "shape": (28, 28)}


def test_shards_are_cut_by_kind_and_by_memory():
    @dataclass(frozen=True)
    class Heavy(Product):
        def together(self, cell):
            return cell.x

        def memory(self, cells):
            return cells * 2**29 + 1

    shards = Heavy("product", count=5).shards()
    assert [len(shard) for shard in shards] == [3, 2] * 3, "three take less than 2 GiB, four more"
    assert [cell for shard in shards for cell in shard] == list(Heavy("product", count=5).cells())
    assert [len(shard) for shard in Product("product", count=100).shards()] == [128, 128, 44]


def test_a_cell_larger_than_the_budget_has_a_shard_of_its_own():
    @dataclass(frozen=True)
    class Huge(Product):
        def memory(self, cells):
            return cells << 40

    assert [len(shard) for shard in Huge("product").shards()] == [1] * 6


def test_logarithmic_has_both_ends_and_even_steps():
    axis = logarithmic(1e-3, 10.0, 9)
    assert (axis[0], axis[-1]) == (1e-3, 10.0)
    assert np.diff(np.log10(axis)) == pytest.approx([0.5] * 8, abs=1e-3)
    assert logarithmic(3.0, 30.0, 1) == (3.0,)
    with refused(ValueError, "`points` must be at least 1, got 0"):
        logarithmic(1.0, 2.0, 0)
    with refused(ValueError, r"`low` must be positive, got 0\.0"):
        logarithmic(0.0, 2.0, 3)


# Refusals


@pytest.mark.parametrize(
    "settings, message",
    [
        (dict(name="a b"), "`name` must consist of letters, digits and hyphens, got 'a b'"),
        (dict(name=""), "`name` must consist of letters"),
        (dict(name=5), "`name` must consist of letters"),
        (dict(shift=object()), "`shift` must hold numbers, strings, truth values or None, or tuples of them"),
        (dict(xs=((0.5, {}),)), "`xs` must hold numbers"),
    ],
)
def test_refuses_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        Product(**{"name": "product", **settings})


@pytest.mark.parametrize("xs", [0.5, np.array(0.5), None, "ab"])
def test_refuses_a_single_value_where_there_must_be_several(xs):
    with pytest.raises(TypeError, match="`xs` must be a tuple, a list or an array of values, got"):
        Product("product", xs=xs)


@pytest.mark.parametrize("taken", ["x", "seconds"])
def test_refuses_a_metric_that_another_column_has_the_name_of(taken):
    @dataclass(frozen=True)
    class Clash(Product):
        metrics = (taken,)

    with pytest.raises(ValueError, match=f"`metrics` must not hold '{taken}'"):
        Clash("product")


@pytest.mark.parametrize("xs, gave", [((), 0), ((0.5, 0.5), 2)])
def test_refuses_an_axis_that_is_empty_or_repeats_a_value(xs, gave, tmp_path):
    for use in (lambda e: e.shards(), lambda e: run(e, Store(tmp_path))):
        with refused(ValueError, rf"at least one value and none twice.*it gave {gave}\."):
            use(Product("product", xs=xs))


@pytest.mark.parametrize("result", [[], [{"product": 1.0}], [{"sum": 1.0}] * 6, [{"product": 1.0, "sum": 2.0}] * 6])
def test_a_measure_that_gives_other_metrics_is_refused_and_nothing_is_stored(result, tmp_path):
    @dataclass(frozen=True)
    class Wrong(Product):
        def measure(self, cells, *, device="cpu"):
            return result

    with refused(TypeError, f"`measure` of Wrong must give product of each of 6 cells, got {len(result)} rows"):
        run(Wrong("product"), Store(tmp_path), progress=False)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("module", ["store.py", "executor.py", "__main__.py", "experiment.py"])
def test_the_engine_names_no_axis_of_any_experiment(module):
    text = (Path(experiment.__file__).parent / module).read_text("utf8")
    assert [word for word in ("inverse_temperature", "learning_rate", "vertices") if word in text] == []
