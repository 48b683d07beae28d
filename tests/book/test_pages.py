"""What can be seen in the files of the built book without a browser."""

import re
from copy import copy
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

import build

PAGES = [*build.expected_pages(), "search.html", "genindex.html", "py-modindex.html"]


@cache
def soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf8"), "html.parser")


@cache
def anchors(page: Path) -> set[str]:
    return {str(tag["id"]) for tag in soup(page).find_all(id=True)}


def target(page: Path, link: str) -> tuple[Path, str]:
    """The file and the anchor that a link leads to."""
    parts = urlsplit(link)
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    return (file / "index.html" if file.is_dir() else file), unquote(parts.fragment)


def broken_links(page: Path) -> list[str]:
    """Links, images, scripts and styles of a page that lead nowhere; other sites are not asked."""
    broken = []
    for tag, name in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
        for element in soup(page).find_all(tag, attrs={name: True}):
            link = str(element[name])
            if urlsplit(link).scheme:
                continue
            file, anchor = target(page, link)
            known = not anchor or file.suffix != ".html" or (file.is_file() and anchor in anchors(file))
            if not file.is_file() or not known:
                broken.append(link)
    return broken


def test_the_table_of_contents_names_every_notebook_of_the_book():
    notebooks = [page for page in build.expected_pages() if page.startswith("notebooks/")]
    assert notebooks == [f"notebooks/{name}.html" for name in build.notebook_pages()]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_anchor_and_image_is_there(html, page):
    assert broken_links((html / page).resolve()) == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_another_machine(html, page):
    loaded = [
        str(element[name])
        for tag, name in (("img", "src"), ("script", "src"), ("iframe", "src"), ("link", "href"))
        for element in soup(html / page).find_all(tag, attrs={name: True})
    ]
    assert [link for link in loaded if urlsplit(link).scheme not in ("", "data")] == []


# How a number of numpy or torch is written where it was meant for a reader.
RAW = re.compile(r"\b(?:np\.\w+|tensor)\([^)]*\)")


@pytest.mark.parametrize("page", build.expected_pages())
def test_no_number_is_shown_as_code(html, page):
    article = copy(soup(html / page).select_one(".bd-article"))
    assert article is not None
    for code in article.select("pre, code, script, dl, details.hide"):
        code.extract()
    assert RAW.findall(article.get_text(" ")) == []


def test_a_number_that_is_shown_as_code_is_seen():
    assert RAW.findall("np.int64(7) of 7 figures, tensor(3.) of them") == ["np.int64(7)", "tensor(3.)"]
    assert RAW.findall("7 of 7 figures (np), a tensor (of rank 2)") == []


@pytest.mark.parametrize("name", build.notebook_pages())
def test_the_notebook_can_be_downloaded_from_its_page(html, name):
    page = (html / "notebooks" / f"{name}.html").resolve()
    links = [str(a["href"]) for a in soup(page).find_all("a", href=True) if str(a["href"]).endswith(f"{name}.ipynb")]
    assert links, "no download link"
    downloaded, _ = target(page, links[0])
    assert downloaded.read_bytes() == (build.BOOK / "notebooks" / f"{name}.ipynb").read_bytes()


def test_the_check_of_links_sees_what_is_broken(tmp_path):
    (tmp_path / "there.html").write_text('<p id="here">')
    page = tmp_path / "page.html"
    page.write_text(
        '<a href="there.html#here">1</a><a href="there.html#gone">2</a><a href="gone.html">3</a><img src="gone.png">'
        '<a href="https://example.org/gone">4</a><a href="#gone">5</a>'
    )
    assert broken_links(page) == ["there.html#gone", "gone.html", "#gone", "gone.png"]
