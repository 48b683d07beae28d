"""What is read off the rows of KH16's figures, on rows that are made by hand, and its pictures on small ones."""

import numpy as np
import pandas as pd
import pytest

from damcompanion.claims import Verdict, judge
from damcompanion.components import svg
from damcompanion.kh16 import figures, pictures
from damcompanion.kh16.claims import CLAIMS, Claim
from damcompanion.kh16.experiments import FUNCTIONS, SIZES
from damcompanion.kh16.figures import Rows, crossing, half, halves, means, perfect, searched, where
from damcore.capacity import max_memories
from damcore.sweeps import NotStoredError


class Made(Rows):
    """Rows whose K_1/2 and shares are known."""

    def __init__(self, power: float = 1.0, rectified: float = 1.3, growth: float = 0.0, perfect: float = 1.0):
        super().__init__()
        self.at = {"polynomial": power, "rectified": rectified}
        self.growth, self.perfect = growth, perfect

    def _load(self, name: str) -> pd.DataFrame:
        kind, interaction, number = name.rsplit("-", 2)
        if kind == "ends":
            n, states = int(number), 1000
            share = 0.0 if n < 4 else self.perfect if interaction == "rectified" or n % 2 else self.perfect / 2
            closest = np.where(np.arange(states) < round(share * states), 100.0, 40.0)
            either = np.where(np.arange(states) < (0 if n < 4 else round(self.perfect * states)), 100.0, 40.0)
            return pd.DataFrame({"closest": closest, "either": either})
        size = int(number)
        wanted = self.at[interaction] * max_memories(size, 3) * (size / 100) ** self.growth
        loads = np.arange(50, 3001, 50)
        lines = [
            (load, draw, 1 / (1 + (load / wanted / (1 + 0.01 * draw)) ** 6)) for load in loads for draw in range(4)
        ]
        return pd.DataFrame(lines, columns=["patterns", "draw", "memory"])


def outcomes(rows, control: bool = False) -> dict[str, Verdict]:
    found = {}
    for claim in CLAIMS:
        measure = claim.control.measure if control else claim.measure
        again = Claim(claim.id, claim.text, claim.where, claim.statement, claim.rule, measure)
        found[claim.id] = judge(again, rows).verdict
    return found


def test_claims_follow_rows_that_say_what_the_text_says():
    found = outcomes(Made())
    assert found["kh16-b-consistent"] == found["kh16-b-little"] == found["kh16-b-similar"] == Verdict.REPRODUCED
    assert found["kh16-b-unable"] == found["kh16-b-peaks"] == found["kh16-b-both"] == Verdict.REPRODUCED
    assert found["kh16-b-all"] == Verdict.PARTLY  # the even power ends at minus a memory half of the time


@pytest.mark.parametrize(
    "claim, rows",
    [
        ("kh16-b-consistent", Made(power=1.4)),
        ("kh16-b-consistent", Made(power=0.7)),
        ("kh16-b-little", Made(rectified=0.9)),
        ("kh16-b-little", Made(rectified=1.6)),
        ("kh16-b-similar", Made(growth=0.4)),
        ("kh16-b-peaks", Made(perfect=0.4)),
    ],
)
def test_claims_follow_rows_that_say_otherwise(claim, rows):
    assert outcomes(rows)[claim] == Verdict.NOT


def test_every_control_fails_where_its_claim_stands():
    held, controls = outcomes(Made()), outcomes(Made(), control=True)
    assert all(controls[name] not in (Verdict.REPRODUCED, held[name]) or held[name] == Verdict.PARTLY for name in held)


def test_without_rows_a_claim_is_undecided(tmp_path):
    rows = Rows(folder=tmp_path)
    found = outcomes(rows)
    assert found.pop("kh16-b-no-errors") == Verdict.REPRODUCED  # which needs none
    assert set(found.values()) == {Verdict.UNDECIDED}
    with pytest.raises(NotStoredError):
        perfect(rows, "polynomial", 2)


def test_a_half_is_read_off_a_straight_line():
    assert crossing(np.array([10.0, 20.0]), np.array([0.6, 0.4])) == pytest.approx(15)
    assert np.isnan(crossing(np.array([10.0, 20.0]), np.array([0.4, 0.2])))
    assert np.isnan(crossing(np.array([10.0, 20.0]), np.array([0.9, 0.8])))
    assert crossing(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0.25, 1.0, 0.0])) == pytest.approx(1 + 2 / 3)
    rows = Made()
    for draw in (0, 3):
        assert half(rows, "polynomial", 100, draw) == pytest.approx(362 * (1 + 0.01 * draw), rel=0.02)
    table = halves(rows)
    assert len(table) == len(FUNCTIONS) * len(SIZES) * 4
    assert where(table, "interaction", "rectified").ratio.mean() == pytest.approx(1.32, abs=0.03)


def test_means_and_their_errors():
    frame = pd.DataFrame({"patterns": [5, 2, 2, 2], "kept": [0.5, 0.0, 0.3, 0.6]})
    x, mean, error = means(frame, "patterns", "kept")
    assert x.tolist() == [2, 5] and mean.tolist() == pytest.approx([0.3, 0.5])
    assert error.tolist() == pytest.approx([0.3 / 3**0.5, 0])
    assert len(where(frame, "patterns", 2)) == 3


@pytest.fixture(scope="module")
def small() -> Rows:
    return Rows("smoke", compute=True)


@pytest.mark.parametrize(
    "draw, count",
    [
        (lambda rows: pictures.histograms(rows, [2, 4]), 4),
        (pictures.capacity_against_size, 1),
        (pictures.ratios, 2),
        (lambda rows: pictures.stable_shares(rows, 2), 1),
        (lambda rows: pictures.basins(rows, 3), 2),
        (lambda rows: pictures.ends(rows, 3, 0.3), 2),
        (pictures.classical, 1),
        (lambda rows: pictures.exponential(rows, {8: 50.0, 12: 500.0}), 1),
        (pictures.correlated, 2),
        (pictures.promises, 1),
    ],
    ids=["histograms", "five", "ratios", "stable", "basins", "ends", "classical", "exponential", "correlated", "plan"],
)
def test_each_picture_is_drawn_and_described(small, draw, count):
    found = draw(small)
    panels = found if isinstance(found, list) else [found]
    assert len(panels) == count and all(panel.alt for panel in panels)
    for panel in panels:
        assert panel.picture.axes[0].has_data()


def test_the_key_names_every_kind():
    key = pictures.ends_key()
    assert svg(key).startswith("<svg")  # which would warn of what does not fit
    texts = [text.get_text() for text in key.axes[0].texts]
    assert texts == [*figures.ENDS]


def test_searched_halves_stand_beside_eq_6(small):
    table = searched(small, "polynomial", 3)
    assert (table.low <= table.memories).all() and (table.memories <= table.high).all()
    assert table.printed.tolist() == [max_memories(int(size), 3) for size in table.n_neurons]
