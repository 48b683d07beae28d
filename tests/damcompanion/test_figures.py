"""Pictures of arrays."""

import numpy as np

from damcompanion.components import canvas
from damcompanion.figures import counts


def test_a_table_of_counts_has_its_numbers_in_its_cells_and_none_where_there_is_none():
    axes = canvas(3, 2).subplots()
    counts(axes, np.array([[0.0, 7.0, 3.0], [1.0, np.nan, 2.0]]), rows=["a", "b"], columns=["x", "y", "z"], most=7)
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "0", (1, 0): "7", (2, 0): "3", (0, 1): "1", (2, 1): "2",
    }  # fmt: skip
    shades = [patch.get_alpha() for patch in axes.patches]
    assert np.argsort(shades).tolist() == [0, 3, 4, 2, 1] and shades[0] == 0
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_ylim() == (1.5, -0.5), "the first row is above"
