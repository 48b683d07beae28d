"""The map explorer in a headless Chromium, from file://, on maps that are made by hand."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

import build
import data
from damcompanion.mrs24.experiments.heat_maps import PROFILES
from damcompanion.mrs24.figures import Gallery
from damcore.sweeps.training import Cell
from synthetic import store_sweep

THEME = "#explorer { color-scheme: light dark } body { margin: 8px; font-family: sans-serif }"


def write_page(folder: Path, gallery: Gallery) -> str:
    """The explorer's part of its page, with the data of a gallery; returns its address."""
    data.write(folder / "data", gallery)
    (part,) = re.findall(r"```\{raw\} html\n(.*?)```", (build.BOOK / "explorer.md").read_text("utf8"), re.DOTALL)
    part = part.replace("_static/data/", "data/").replace("_static/", f"{(build.BOOK / 'assets').as_uri()}/")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{THEME}</style>'
    page = folder / "page.html"
    page.write_text(f'<!doctype html><html lang="en"><head>{head}</head><body>{part}</body></html>', "utf8")
    return page.as_uri()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """Both leaky networks on the coarse grid, 3 x 3 cells; the distance is 1 at 1/T_m = N/T = 1.732, else 9."""
    folder = tmp_path_factory.mktemp("explorer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "smoke", (3, 2, 2, 20))
        gallery = Gallery("smoke", folder=folder / "results")
    for name in ("original-coarse", "modified-coarse"):
        sweep = gallery.sweeps[name]
        x, y = sweep.inverse_temperatures, sweep.learning_rates
        near = lambda cell, x=x: (1.0 if cell.inverse_temperature == x[1] else 9.0) + cell.repeat / 4  # noqa: E731
        store_sweep(gallery.store, sweep, near, diverged=(Cell(5, x[2], y[0], 1),))
    return write_page(folder, gallery)


def numbers(page: Page, network: str) -> list[str]:
    return page.locator(f"tr[data-network={network}] td").all_inner_texts()


def spoken(page: Page) -> str:
    return page.locator("[aria-live]").inner_text()


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
    assert re.sub(r"\s+", " ", page.locator("caption").inner_text()) == (
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
