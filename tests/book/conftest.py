"""The built book, and a headless Chromium to read it with."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the built book."""
    assert not build.missing_pages(), f"{build.missing_pages()} are not there: run `make book` first"
    return build.HTML


# Not for the session: while it is open an event loop runs in this thread, and no notebook can be executed.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        message = "no Chromium on this machine, so nobody looked at the book in a browser"  # see tests/conftest.py
        (pytest.fail if os.environ.get("DAMCORE_REQUIRE_BROWSER") == "1" else pytest.skip)(message)
    with sync_playwright() as playwright:
        # As root, in a container, there is no sandbox; the other two keep it from needing a graphics card or a network.
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


class Visit:
    """A page of the browser that remembers what it asked for and what it complained of."""

    def __init__(self, page: Page):
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, url: str) -> Page:
        self.page.goto(url)
        self.page.evaluate("() => window.MathJax?.startup?.promise")
        return self.page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context.new_page())
    context.close()
