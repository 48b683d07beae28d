"""Pictures that teach: what the corners of a cube say, and where its arrows go."""

import itertools

import numpy as np
from matplotlib.text import Annotation

from damcompanion.components import canvas
from damcompanion.figures import PIXELS, pictures
from damcompanion.teaching import CORNERS, cube, dots

STATES = [*itertools.product((-1, 1), repeat=3)]


def test_each_corner_of_the_cube_has_its_state_and_its_energy():
    axes = canvas().subplots()
    energies = [-(float(np.dot(state, (1, -1, 1))) ** 3) for state in STATES]
    cube(axes, energies)
    signs = [" ".join("+" if value > 0 else "-" for value in state) for state in STATES]
    found = dict(text.get_text().split("\nE = ") for text in axes.texts)
    assert found == {state: f"{energy:g}" for state, energy in zip(signs, energies, strict=True)}
    assert found["+ - +"] == "-27"


def test_an_edge_of_the_cube_changes_one_neuron():
    axes = canvas().subplots()
    cube(axes, range(8))
    assert len(axes.lines) == 12
    assert [tuple(corner) for corner in CORNERS] == STATES
    apart = {tuple(np.round(np.abs(np.ptp(np.asarray(line.get_data()), axis=1)), 6)) for line in axes.lines}
    assert len(apart) == 3  # as many directions as neurons


def test_only_the_lowest_corners_stand_out_and_none_where_all_are_level():
    for energies, count in ((range(8), 1), ([-9, 0, 0, 0, 0, 0, 0, -9], 2), ([0] * 8, 0)):
        axes = canvas().subplots()
        cube(axes, energies)
        others, lowest = axes.collections[:2]
        assert [np.shape(dots.get_offsets()) for dots in (others, lowest)] == [(8 - count, 2), (count, 2)]


def test_an_arrow_leads_from_each_state_of_a_path_to_the_next():
    axes = canvas().subplots()
    cube(axes, range(8), path=[(1, 1, 1), (1, -1, 1), (1, -1, -1)])
    arrows = [text for text in axes.texts if isinstance(text, Annotation)]
    assert len(arrows) == 2
    assert np.allclose(arrows[0].xy, arrows[1].xyann)  # the first ends where the second starts


def test_dots_show_the_sign_of_each_neuron():
    axes = canvas().subplots()
    dots(axes, {"stored": (1, -1, 1), "probe": (1, 1)}, ["E = 1"])
    assert [text.get_text() for text in axes.texts] == ["stored", "probe", "E = 1"]
    faces = [len(np.asarray(circle.get_facecolor(), dtype=float)) for circle in axes.collections[::2]]
    assert faces == [1, 0, 1, 1, 1]  # an open ring has no face


def test_the_least_pixel_lets_the_page_show_through():
    drawn = canvas(2, 2)
    pictures(drawn, {"stored": np.array([[[-1.0, 1.0]], [[1.0, -1.0]]]), "noisy": np.ones((2, 1, 2))})
    assert [axes.get_ylabel() for axes in drawn.axes] == ["stored", "", "noisy", ""]
    image = drawn.axes[0].images[0]
    assert image.cmap is PIXELS and PIXELS([0.0, 1.0])[:, 3].tolist() == [0.0, 1.0]
