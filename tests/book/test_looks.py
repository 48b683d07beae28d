"""How every page looks, in a headless Chromium: on a phone, a tablet and a desk, light, dark and on paper.

Each day a third of the pages is looked at; `pytest -m slow tests/book/test_looks.py` looks at all of them.
"""

import pytest

import build
from today import of_today

WIDTHS = {"phone": 390, "tablet": 800, "desk": 1400}
PAGES = build.expected_pages()
TODAY = of_today(PAGES)

# What is cut off: the page itself, code, and tables where there is room for them.
CLIPPED = """phone => {
    const found = [];
    const beyond = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (beyond > 1) found.push(`the page is ${beyond} pixels too wide`);
    const kinds = phone ? "pre" : "pre, table";
    for (const element of document.querySelectorAll(`.bd-article :is(${kinds})`)) {
        if (!element.offsetParent || element.scrollWidth <= element.clientWidth + 2) continue;
        const text = element.textContent.trim().slice(0, 40);
        found.push(`${element.tagName} ${element.scrollWidth} > ${element.clientWidth}: ${text}`);
    }
    for (const cell of document.querySelectorAll(".dam-cards td")) {
        const end = cell.getBoundingClientRect().right;
        const wide = [...cell.querySelectorAll(":not(mjx-assistive-mml, mjx-assistive-mml *)")]
            .find(element => element.getBoundingClientRect().right > end + 2);
        if (phone && cell.offsetParent && wide) found.push(`TD ${wide.tagName}: ${wide.textContent.slice(0, 40)}`);
    }
    return found;
}"""

# Text that is hard to read: the contrast of its colour with what lies behind it, as WCAG 2 defines it.
FAINT = """() => {
    const rgba = text => {
        const numbers = text.match(/[\\d.]+/g).map(Number);
        return numbers.length === 3 ? [...numbers, 1] : numbers;
    };
    const over = (a, b) => [0, 1, 2].map(k => a[k] * a[3] + b[k] * (1 - a[3]));
    const light = colour => {
        const [r, g, b] = colour.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgba(getComputedStyle(at).backgroundColor);
            if (colour[3] === 1) return colour;
            if (colour[3] > 0) return [...over(colour, behind(at.parentElement)), 1];
        }
        return [255, 255, 255, 1];
    };
    const found = new Map();
    const walk = document.createTreeWalker(document.querySelector(".bd-article"), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const element = node.parentElement;
        const skipped = "mjx-container, script, style, .headerlink, [hidden], title";
        if (!node.textContent.trim() || element.closest(skipped)) continue;
        if (!element.getClientRects().length || element.closest("details:not([open]) > :not(summary)")) continue;
        const style = getComputedStyle(element);
        if (style.visibility === "hidden") continue;
        const ink = rgba(element instanceof SVGElement ? style.fill : style.color);
        let opacity = ink[3];
        for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
        if (opacity === 0) continue;
        const ground = behind(element);
        const [a, b] = [light(over([...ink.slice(0, 3), opacity], ground)), light(ground)].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
        const wanted = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
        const ratio = (a + 0.05) / (b + 0.05);
        const where = `${element.tagName}.${element.getAttribute("class") ?? ""}`;
        if (ratio < wanted) found.set(where, `${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 30)}`);
    }
    return [...found].map(([where, what]) => `${where} ${what}`);
}"""


def faults(visit, url: str, width: int, scheme: str, *, media: str = "screen") -> list[str]:
    """What is wrong with the look of a page at one width, in one theme."""
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.emulate_media(color_scheme=scheme, media=media)
    page = visit.open(url)
    found = [*page.evaluate(CLIPPED, width < 600), *page.evaluate(FAINT)]
    found += [f"asks for {request}" for request in visit.requests if not request.startswith(("file:", "data:"))]
    return [f"{width} {scheme} {media}: {fault}" for fault in [*found, *visit.complaints]]


def looked_at(visit, url: str) -> list[str]:
    found = []
    for width in WIDTHS.values():
        for scheme in ("light", "dark"):
            found += faults(visit, url, width, scheme)
    return found + faults(visit, url, 700, "light", media="print")


@pytest.mark.parametrize("name", TODAY)
def test_a_page_of_today_looks_well(html, visit, name):
    assert looked_at(visit, (html / name).as_uri()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_every_page_looks_well(html, visit, name):
    assert looked_at(visit, (html / name).as_uri()) == []


@pytest.mark.parametrize(
    "body, fault",
    [
        ("<pre style='overflow: auto; width: 100px'>a line of code that goes on and on</pre>", "PRE"),
        ("<table class='dam-cards'><td style='display: block; width: 9px'><code>wide</code></td></table>", "TD CODE"),
        ("<p style='width: 2000px'>text</p>", "pixels too wide"),
        ("<p style='color: #999'>text</p>", "P. 2."),
        ("<p style='opacity: 0.4'>text</p>", "P. "),
        ("<svg><text y='20' style='fill: #bbb'>text</text></svg>", "text. 1."),
        ("<script>console.error('no')</script>", "no"),
    ],
)
def test_the_look_sees_what_is_wrong(visit, tmp_path, body, fault):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><article class='bd-article'>{body}</article>")
    assert any(fault in found for found in faults(visit, page.as_uri(), 390, "light"))
    page.write_text("<!doctype html><article class='bd-article'><p>text</p></article>")
    visit.complaints.clear()
    assert faults(visit, page.as_uri(), 390, "light") == []
