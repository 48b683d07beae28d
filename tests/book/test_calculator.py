"""The temperature calculator in a headless Chromium, from file://, on maps that are made by hand."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

import data
from damcompanion.mrs24.figures import Gallery
from damcompanion.mrs24.planes import PLANE_NAMES
from damcore import Scaling, model
from page_part import write_part
from synthetic import store_sweep

LEAKY = PLANE_NAMES[0]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """The page with one map, of the leaky function: the distance is 1 at its second gain, else 9."""
    folder: Path = tmp_path_factory.mktemp("calculator")
    gallery = Gallery("smoke", folder=folder / "results")
    sweep = gallery.sweeps[LEAKY]
    near = lambda cell: 1.0 if cell.gain == sweep.gains[1] else 9.0  # noqa: E731
    store_sweep(gallery.store, sweep, near, further={"near": lambda cell: 1.0})
    data.write(folder / "data", gallery)
    return write_part("calculator", folder)


def answer(page: Page) -> str:
    return page.locator("#calculator .answer").inner_text()


def inverse(page: Page) -> float:
    (found,) = re.findall(r"1/T = ([\d.e-]+),", answer(page))
    return float(found)


@pytest.mark.parametrize("size", [(20, 100, 256, 20), (2, 50, 12, 12), (100, 784, 300, 60), (1, 2, 1, 1)])
@pytest.mark.parametrize("network", ["modified", "original"])
def test_it_says_what_damcore_says(visit, address, size, network):
    page = visit.open(address)
    page.get_by_label("Network").select_option(network)
    for label, value in zip(("vertex", "Neurons", "Memories", "Patterns"), size, strict=True):
        page.get_by_label(label).fill(str(value))
    gain, rate = model.OTHERS
    scaling = Scaling.calibrated(*size, gain=gain, original=network == "original")
    assert inverse(page) == pytest.approx(1 / scaling.temperature, rel=5e-3)  # three digits are shown
    assert f"learning rate {rate:g} (gain {gain:g})" in answer(page)
    code = page.locator("#calculator code").inner_text()
    assert eval(code.removeprefix("scaling = "), {"Scaling": Scaling}) == scaling
    assert visit.complaints == []


def test_an_even_polynomial_has_its_own_pair_and_an_odd_one_none(visit, address):
    page = visit.open(address)
    page.get_by_label("Function").select_option("polynomial")
    gain, rate = model.EVEN
    assert f"learning rate {rate:g} (gain {gain:g})" in answer(page)
    assert "No map of this function is stored." in page.locator("#calculator .origin").inner_text()
    page.get_by_label("vertex").fill("21")
    assert answer(page) == "No pair was chosen for an odd polynomial: take an even n."


def test_the_map_is_the_nearest_that_is_stored_and_its_axis_that_of_the_network(visit, address):
    page = visit.open(address)
    says = page.locator("#calculator .origin")
    assert says.inner_text().startswith("The map of this network: n = 20, N = 100, K = 256, 20 states")
    assert page.locator("#calculator .cells rect").count() == 9
    page.get_by_label("vertex").fill("4")
    assert says.inner_text().startswith("The nearest map that is stored: n = 2,")
    assert visit.complaints == []


def test_it_warns_where_memories_die(visit, address):
    page = visit.open(address)
    assert "memories die" not in page.locator("#calculator .origin").inner_text()
    page.get_by_label("Network").select_option("original")
    assert "memories die" in page.locator("#calculator .origin").inner_text()
    page.get_by_label("vertex").fill("3")
    assert "memories die" not in page.locator("#calculator .origin").inner_text()


def test_a_wrong_number_is_refused_in_words(visit, address):
    page = visit.open(address)
    for label, value, words in (
        ("Neurons", "1", "Neurons N must be a whole number of at least 2."),
        ("Neurons", "", "Neurons N must be a whole number of at least 2."),
        ("Memories", "2.5", "Memories K must be a whole number of at least 1."),
    ):
        page.get_by_label(label).fill(value)
        assert answer(page) == words and not page.locator("#calculator .map").is_visible()
        page.get_by_label(label).fill("100")
    assert answer(page).startswith("1/T = ")
