"""One choice for every vertex, on rows that are made by hand."""

import pytest

from damcompanion.mrs24.choices import choices, panels, serves_from, worst
from damcompanion.mrs24.experiments.beyond import CHOICE_MEMORIES, CHOICE_VERTICES, CHOICES, further
from damcompanion.mrs24.figures import Gallery
from synthetic import store_sweep

FIRST, SECOND = CHOICES


@pytest.fixture
def gallery(tmp_path) -> Gallery:
    """The first choice serves n up to 30 from K = 200 on; the second serves every n at K = 150 and at 512 only."""
    gallery = Gallery("paper", folder=tmp_path)

    def distance(memories):
        def of(cell):
            if (cell.inverse_temperature, cell.learning_rate) == FIRST:
                return 1.0 if cell.n <= 30 and memories >= 200 else 5.0
            if (cell.inverse_temperature, cell.learning_rate) == SECOND:
                return (0.0 if cell.repeat < 9 else 20.0) if memories in (150, 512) else 3.0
            return 9.0

        return of

    for memories in CHOICE_MEMORIES:
        store_sweep(gallery.store, gallery.sweeps[f"choice-k{memories}"], distance(memories))
    return gallery


def test_the_sweeps_of_a_choice_differ_in_the_number_of_memories_alone():
    found = [further("paper")[f"choice-k{memories}"] for memories in CHOICE_MEMORIES]
    assert [sweep.n_memories for sweep in found] == list(CHOICE_MEMORIES)
    assert {(s.seed, s.repeats, s.epochs, s.vertices, s.scaling) for s in found} == {
        (1, 10, 500, CHOICE_VERTICES, "modified")
    }


def test_a_choice_is_read_at_its_own_cell(gallery):
    table = choices(gallery)
    assert len(table) == len(CHOICE_MEMORIES) * len(CHOICES) * len(CHOICE_VERTICES)
    row = table[(table.memories == 150) & (table.inverse_temperature == SECOND[0]) & (table.n == 5)].iloc[0]
    assert (row.distance, row.least, row.largest) == (2.0, 0.0, 20.0)
    assert worst(table, FIRST, (2, 30)).to_dict() == {k: 1.0 if k >= 200 else 5.0 for k in CHOICE_MEMORIES}
    assert set(worst(table, FIRST, (2, 50))) == {5.0}


def test_a_choice_serves_from_the_number_after_which_it_never_fails(gallery):
    table = choices(gallery)
    small = [n for n in CHOICE_VERTICES if n <= 30]
    assert serves_from(table, FIRST, small) == 200
    assert serves_from(table, FIRST, CHOICE_VERTICES) is None
    assert serves_from(table, SECOND, CHOICE_VERTICES) == 512, "at 150 it serves, between it does not"


def test_a_panel_a_choice_has_a_cell_a_vertex_and_number_and_outlines_where_it_serves(gallery):
    table = choices(gallery)
    drawn = panels(table)
    assert [panel.title for panel in drawn] == [f"$1/T = {inverse}$, rate {rate}" for inverse, rate in CHOICES]
    for panel, (inverse, rate) in zip(drawn, CHOICES, strict=True):
        (axes,) = panel.picture.axes
        cells = axes.images[0].get_array()
        assert cells.shape == (len(CHOICE_MEMORIES), len(CHOICE_VERTICES))
        row = table[(table.inverse_temperature == inverse) & (table.learning_rate == rate) & (table.memories == 200)]
        assert cells[CHOICE_MEMORIES.index(200)].tolist() == row.sort_values("n").distance.tolist()
        assert [text.get_text() for text in axes.get_xticklabels()] == [str(n) for n in CHOICE_VERTICES]
        assert [text.get_text() for text in axes.get_yticklabels()] == [str(k) for k in CHOICE_MEMORIES]
    # Of the second choice, whole rows serve: the border of each is two lines of ten cells and two ends.
    borders = drawn[1].picture.axes[0].collections[0].get_segments()
    assert len(borders) == 2 * (2 * len(CHOICE_VERTICES) + 2)
    assert [panel.alt.partition("every n ")[2] for panel in drawn] == ["at no K that was tried.", "at K = 150, 512."]
