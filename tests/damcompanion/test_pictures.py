"""Pictures of arrays, by what they hold."""

import numpy as np
from matplotlib.figure import Figure

from damcompanion.figures import boundary, heat_map, scale


def test_a_boundary_has_a_height_a_column_and_leaves_the_axes_as_they_are():
    axes = Figure().subplots()
    heat_map(axes, np.zeros((3, 2)), [1, 2], [1, 2, 3], limits=(0, 1))
    before = axes.get_xlim(), axes.get_ylim()
    boundary(axes, [0.5, 1.5], dashes="--")
    assert [line.get_color() for line in axes.lines] == ["white", "black"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.5, 0.5, 1.5, 1.5]] * 2
    assert (axes.get_xlim(), axes.get_ylim()) == before


def test_the_values_of_a_scale_may_have_names():
    picture = Figure()
    scale(picture, limits=(0, 2), label="kind", names=["right", "zero", "not finite"])
    assert [tick.get_text() for tick in picture.axes[0].get_xticklabels()] == ["right", "zero", "not finite"]
