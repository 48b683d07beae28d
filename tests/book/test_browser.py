"""The built book in a headless Chromium, from file://, as a reader without a network sees it."""

import re

import pytest

import build

# What a reader would see of a formula that was not rendered, outside code.
RAW_TEX = re.compile(r"\$\$|\\[(\[]|\\(begin|frac|sum|operatorname|boldsymbol|xi|zeta)\b")
VISIBLE_TEXT = """() => {
    const main = document.querySelector('main').cloneNode(true);
    main.querySelectorAll('pre, code, script, style, mjx-container').forEach(element => element.remove());
    return main.textContent;
}"""


@pytest.mark.parametrize("name", build.expected_pages())
def test_page_is_complete_without_a_network(html, visit, name):
    page = visit.open((html / name).as_uri())
    assert [url for url in visit.requests if not url.startswith(("file:", "data:"))] == []
    assert visit.complaints == []
    unrendered = (
        "[...document.querySelectorAll('.math')].filter(math => !math.querySelector('mjx-container svg')).length"
    )
    assert page.evaluate(unrendered) == 0
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert RAW_TEX.findall(page.evaluate(VISIBLE_TEXT)) == []
    images = "[...document.images].filter(image => image.complete && !image.naturalWidth).map(image => image.src)"
    assert page.evaluate(images) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "wider than a phone"


def test_the_model_is_stated_in_formulas(html, visit):
    assert visit.open((html / "formalisation.html").as_uri()).locator("mjx-container svg").count() > 0


def test_search_finds_pages(html, visit):
    page = visit.open((html / "search.html").as_uri() + "?q=temperature")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 1
    assert visit.complaints == []


def test_search_finds_nothing_that_is_not_there(html, visit):
    page = visit.open((html / "search.html").as_uri() + "?q=xylophone")
    page.wait_for_selector("#search-results p.search-summary:has-text('did not match')")
    assert page.locator("#search-results li a").count() == 0


def test_dark_mode_can_be_switched_on(html, visit):
    page = visit.open((html / "index.html").as_uri())
    background = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(background)}
    for _ in range(3):  # the button goes round auto, light and dark
        page.locator(".theme-switch-button:visible").first.click()
        page.wait_for_timeout(400)
        seen.add(page.evaluate(background))
    assert "rgb(255, 255, 255)" in seen
    assert len(seen) == 2, seen


def test_a_raw_formula_would_be_seen():
    assert RAW_TEX.search("where $$x$$ is")
    assert RAW_TEX.search(r"where \(x\) is")
    assert not RAW_TEX.search("costs $5 (net)")
