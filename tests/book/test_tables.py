"""What `figures.js` makes of tables, on a page of its own."""

from pathlib import Path

import pytest

import build


@pytest.fixture
def written(tmp_path) -> Path:
    """A page with a table of thirty rows, and one of three."""
    head = "<thead><tr><th>claim</th><th>verdict</th></tr></thead>"
    rows = [f"<tr><td>claim {k}</td><td>{'partly' if k % 10 else 'reproduced'}</td></tr>" for k in range(30)]
    tables = [f"<table>{head}<tbody>{''.join(body)}</tbody></table>" for body in (rows, rows[:3])]
    script = (build.BOOK / "assets" / "figures.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(f'<main class="bd-article">{"".join(tables)}</main><script src="{script}"></script>')
    return page


def test_a_very_long_table_can_be_filtered_by_words(visit, written):
    page = visit.open(written.as_uri())
    assert page.locator("input[type=search]").count() == 1, "a short table needs none"
    shown = page.locator("table").first.locator("tbody tr:visible")
    page.locator("input[type=search]").fill("Reproduced claim 2")
    assert shown.all_inner_texts() == ["claim 20\treproduced"]
    page.locator("input[type=search]").fill("")
    assert shown.count() == 30


def test_a_long_table_is_sorted_by_a_click(visit, written):
    page = visit.open(written.as_uri())
    page.locator("table").first.locator("th button").last.click()
    assert page.locator("table").first.locator("tbody tr").first.inner_text() == "claim 1\tpartly"
    assert visit.complaints == []
