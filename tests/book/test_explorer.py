"""The map explorer in a headless Chromium, from file://, on maps that are made by hand."""

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page

import data
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcore.sweeps.training import Cell
from page_part import write_part
from synthetic import store_sweep


def write_page(folder: Path, gallery: Gallery) -> str:
    """The explorer's part of its page, with the data of a gallery; returns its address."""
    data.write(folder / "data", gallery)
    return write_part("explorer", folder)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory) -> Gallery:
    """Both leaky networks on the coarse grid, 3 x 3 cells; the distance is 1 at 1/T_m = N/T = 1.732
    up to n = 10, else 9."""
    folder = tmp_path_factory.mktemp("explorer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "smoke", (3, 2, 2, 20))
        gallery = Gallery("smoke", folder=folder / "results")
    for name in ("original-coarse", "modified-coarse"):
        sweep = gallery.sweeps[name]
        x, y = sweep.inverse_temperatures, sweep.learning_rates
        inside = lambda cell, x=x: cell.n <= 10 and cell.inverse_temperature == x[1]  # noqa: E731
        near = lambda cell, inside=inside: (1.0 if inside(cell) else 9.0) + cell.repeat / 4  # noqa: E731
        store_sweep(gallery.store, sweep, near, diverged=(Cell(5, x[2], y[0], 1),))
    return gallery


@pytest.fixture(scope="module")
def address(tmp_path_factory, gallery) -> str:
    """The page that shows them."""
    return write_page(tmp_path_factory.mktemp("page"), gallery)


def numbers(page: Page, network: str) -> list[str]:
    return page.locator(f"tr[data-network={network}] td").all_inner_texts()


def spoken(page: Page) -> str:
    return page.locator(".spoken[aria-live]").inner_text()


def titles(page: Page) -> list[str]:
    return page.locator("#explorer .title").all_inner_texts()


def test_the_slider_chooses_the_vertex_and_a_gap_is_said(visit, address):
    page = visit.open(address)
    assert titles(page) == ["Original network, n = 2", "Modified network, n = 2"]
    page.get_by_label("Interaction vertex").focus()
    page.keyboard.press("ArrowRight")
    assert titles(page) == ["Original network, n = 3", "Modified network, n = 3"]
    assert page.locator("#explorer .cells").count() == 2
    for _ in range(3):  # 5, 10, 15; at 15 there is the modified network only
        page.keyboard.press("ArrowRight")
    assert titles(page)[1] == "Modified network, n = 15"
    assert page.locator("#explorer .cells").count() == 1
    assert "n = 15 is not among" in page.locator("#explorer svg").first.text_content()
    origin = page.locator(".origin").inner_text()
    assert "Not computed yet: original-k256-coarse" in origin and "original-fine, modified-fine" in origin
    assert visit.complaints == []


def test_pointing_at_a_cell_shows_it_in_both_maps(visit, address):
    page = visit.open(address)
    page.get_by_label("Interaction vertex").fill("2")  # the third: n = 5
    page.locator("#explorer .cells rect").nth(2).hover()  # lowest rate, largest N/T
    level = (9.0 + 200**0.5) / 2  # one of the two networks diverged
    assert numbers(page, "original") == [f"{level:.3f}", "9.000", "14.142", "1 of 2"] == numbers(page, "modified")
    assert re.sub(r"\s+", " ", page.locator(".reading caption").inner_text()) == (
        "N/T = 1/Tm = 30 (1/T = 0.3 of the original network), learning rate 0.02"
    )
    assert page.locator("#explorer rect.cursor:not(.under)").count() == 2
    page.mouse.move(0, 0)
    assert numbers(page, "original") == ["–"] * 4
    assert page.locator("#explorer rect.cursor").count() == 0
    assert spoken(page) == "", "the mouse must not make the live region talk"
    assert visit.complaints == []


def test_arrow_keys_move_from_cell_to_cell_and_escape_clears(visit, address):
    page = visit.open(address)
    page.get_by_label("Interaction vertex").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Original network, n = 2: map of the mean distance"
    assert "learning rate 0.02, mean distance 1.125, in the optimal region, least 1.000, largest 1.250" in spoken(page)
    page.keyboard.press("ArrowUp")
    assert "inverse temperature 1.73, learning rate 0.316, mean distance 1.125" in spoken(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # stays at the edge
    assert "inverse temperature 30, learning rate 0.316, mean distance 9.125, least 9.000" in spoken(page)
    page.keyboard.press("Tab")  # to the other map: the same cell
    assert "Modified network, n = 2: inverse temperature 30, learning rate 0.316" in spoken(page)
    page.keyboard.press("Escape")
    assert spoken(page) == "Cleared." and numbers(page, "modified") == ["–"] * 4
    assert visit.complaints == []


def test_the_optimal_region_is_outlined_along_its_cells(visit, address):
    page = visit.open(address)
    path = page.locator("#explorer path.region:not(.under)").first
    width, height = 264 / 3, 234  # of a column of three cells
    box = path.evaluate("path => { const b = path.getBBox(); return [b.x, b.y, b.width, b.height]; }")
    assert box == pytest.approx([48 + width, 6, width, height])
    assert path.evaluate("path => path.getTotalLength()") == pytest.approx(2 * (width + height))


def placed(page: Page, network: str) -> list[str]:
    return page.locator(f"tr[data-region={network}] td").all_inner_texts()


def told(page: Page) -> str:
    return page.locator("#explorer .told").inner_text().replace("\u00a0", " ")


def fragment(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(page.url).fragment))


def test_the_numbers_of_the_region_are_those_of_the_figures(visit, address, gallery):
    page = visit.open(address)
    for n in (2, 3, 5):
        page.goto(f"{address}#n={n}")
        for network, unit in (("original", 100), ("modified", 1)):
            found = gallery.map(f"{network}-coarse", n)
            inverse, rate = 10 ** np.array(found.place()) * (unit, 1)
            assert placed(page, network) == [
                f"{found.cells} of 9", f"{found.area_decades:.2f}", f"{inverse:.3g}", f"{rate:.3g}",
            ]  # fmt: skip
    page.goto(f"{address}#n=15")  # the original network has no map, and one has no region
    assert placed(page, "original") == ["–"] * 4 and placed(page, "modified") == ["0 of 9", "–", "–", "–"]
    assert visit.complaints == []


def test_a_link_brings_its_reader_to_the_same_state(visit, address):
    page = visit.open(address)
    assert "#" not in page.url, "nothing was chosen yet"
    page.get_by_label("Interaction vertex").fill("2")
    page.locator("#explorer .map").first.focus()
    page.keyboard.press("ArrowRight")
    assert fragment(page) == {"interaction": "leaky", "grid": "coarse-100-100", "n": "5", "x": "30", "rate": "0.02"}
    shown, link = numbers(page, "modified"), page.url
    page.mouse.move(0, 0)
    visit.page.goto("about:blank")
    page = visit.open(link)
    assert titles(page) == ["Original network, n = 5", "Modified network, n = 5"]
    assert numbers(page, "modified") == shown and shown[0] != "–"
    page.evaluate("location.hash = 'n=3'")  # a link that is followed from the page itself
    page.locator("#explorer .title", has_text="n = 3").first.wait_for()
    page.goto(f"{address}#interaction=none&grid=gone&n=x&rate=-1")
    assert titles(page) == ["Original network, n = 2", "Modified network, n = 2"]
    assert numbers(page, "original") == ["–"] * 4
    assert visit.complaints == []


def test_a_link_is_copied_or_stands_in_the_address(visit, address):
    page = visit.open(address)
    page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    page.get_by_role("button", name="Copy link").click()
    page.locator("#explorer .told", has_text="The link is copied.").wait_for()
    assert page.evaluate("window.copied") == page.url and fragment(page)["n"] == "2"
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.get_by_role("button", name="Copy link").click()
    page.locator("#explorer .told", has_text="The address bar has the link.").wait_for()
    assert visit.complaints == []


def test_the_tour_says_the_numbers_of_the_maps_it_shows(visit, address):
    """With both leaky networks stored there are two of the three findings."""
    page = visit.open(address)
    button = page.get_by_role("button", name="Next finding")
    button.click()
    assert told(page) == (
        "1 of 2: Cells in the optimal region of the original network: 3 at n = 2, 3 at n = 10, 0 at n = 20. "
        "The modified network has 0 at n = 20."
    )
    assert titles(page)[0] == "Original network, n = 20" and fragment(page)["n"] == "20"
    button.click()
    assert told(page) == (
        "2 of 2: Centroid of the modified network's region, as inverse temperature 1/Tₘ: 1.73 at n = 2, "
        "1.73 at n = 5, 1.73 at n = 10."
    )
    assert titles(page)[1] == "Modified network, n = 10"
    button.click()
    assert told(page).startswith("1 of 2")
    assert visit.complaints == []


def test_a_phone_sees_slider_both_maps_and_their_regions_at_once(visit, address):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open(address)
    slider, table = page.get_by_label("Interaction vertex").bounding_box(), page.locator(".regions").bounding_box()
    assert page.locator("#explorer .cells").count() == 2
    assert table["y"] + table["height"] - slider["y"] <= 844 - 60  # the theme's header
    high = page.locator("#explorer svg").first.bounding_box()["height"]
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_function("document.querySelector('#explorer svg').viewBox.baseVal.height === 290")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('#explorer svg').viewBox.baseVal.height < 290")
    assert page.locator("#explorer svg").first.bounding_box()["height"] == pytest.approx(high)
    assert visit.complaints == []


def test_an_empty_store_is_said_plainly_and_a_phone_sees_the_maps_under_one_another(visit, address, tmp_path):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    page = visit.open(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (page.locator("#explorer svg").nth(k).bounding_box() for k in (0, 1))
    assert second["y"] > first["y"] + first["height"] and second["x"] == first["x"]
    page = visit.open(write_page(tmp_path, Gallery("smoke", folder=tmp_path / "empty")))
    assert page.locator("#explorer").inner_text() == (
        "No map is computed yet. To compute one: python -m damcore.sweeps run original-k256-coarse --profile smoke"
    )
    assert visit.complaints == []
