"""The capacity calculator in a headless Chromium, from file://: it says what damcore says."""

import re

import pytest
from playwright.sync_api import Page

from damcore.capacity import error_probability, max_memories, nearest_probability
from page_part import write_part


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    return write_part("planner", tmp_path_factory.mktemp("planner"))


def answer(page: Page) -> str:
    return page.locator("#planner .answer").inner_text()


def cells(page: Page) -> dict[int, list[str]]:
    rows = page.locator("#planner tbody tr").all()
    texts = [row.locator("td").all_inner_texts() for row in rows]
    return {int(row[0]): row[1:] for row in texts}


def fill(page: Page, n_neurons: object, n_memories: object, percent: object) -> None:
    for label, value in (("Neurons N", n_neurons), ("Patterns K", n_memories), ("flipped", percent)):
        page.get_by_label(label).fill(str(value))


@pytest.mark.parametrize("size", [(100, 200, 20), (50, 3000, 0), (31, 40, 45), (500, 10000, 90), (20, 1, 10)])
def test_it_says_what_damcore_says(visit, address, size):
    page = visit.open(address)
    fill(page, *size)
    n_neurons, n_memories, percent = size
    shown = cells(page)
    assert [*shown] == [2, 3, 4, 5, 6]
    for n in (2, 3, 6):
        printed, *numbers = shown[n]
        assert float(printed) == pytest.approx(max_memories(n_neurons, n), rel=0.06)
        for column, rectified in enumerate((False, True)):
            wrong = error_probability(n_neurons, n, n_memories, rectified, law="gaussian", damage=percent / 100)
            assert float(numbers[column]) == pytest.approx(n_neurons * wrong, abs=0.006)
            kept = (1 - error_probability(n_neurons, n, n_memories, rectified, law="gaussian")) ** n_neurons
            assert numbers[2 + column] == f"{100 * kept:.1f} %"
    (found,) = re.findall(r"finds ([\d.]+) %", answer(page))
    assert float(found) == pytest.approx(100 * nearest_probability(n_neurons, n_memories, percent / 100), abs=0.051)
    assert (
        page.locator("#planner code").inner_text()
        == f"damcore.plan({n_neurons}, {n_memories}, damage={percent / 100:g})"
    )
    assert visit.complaints == []


def test_it_names_the_smallest_vertex_that_does(visit, address):
    page = visit.open(address)
    fill(page, 100, 200, 20)
    shown = cells(page)
    for word, column in (("power", 1), ("rectified", 2)):
        (n,) = re.findall(rf"n = (\d+) \({word}\)", answer(page))
        assert float(shown[int(n)][column]) < 1
        assert all(float(row[column]) >= 1 for vertex, row in shown.items() if vertex < int(n))
    fill(page, 20, 100000, 45)
    assert "n = above 6 (power)" in answer(page)


def test_a_wrong_number_is_refused_in_words(visit, address):
    page = visit.open(address)
    for size, words in (
        ((1, 5, 20), "Neurons N must be a whole number from 2 to 2000."),
        ((100, 2.5, 20), "Patterns K must be a whole number from 1 to 1000000000000."),
        ((100, 5, 101), "Neurons flipped, % must be a number from 0 to 100."),
        (("", 5, 20), "Neurons N must be a whole number from 2 to 2000."),
    ):
        fill(page, *size)
        assert answer(page) == words and not page.locator("#planner table").is_visible()
    fill(page, 100, 5, 12.5)
    assert answer(page).startswith("12 of 100 neurons are flipped.")
