"""How each picture was made: the folds of the built pages, and `figures.json` beside them."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import build
from damcompanion.components import canvas, figure
from damcompanion.mrs24.figures import figures
from provenance import Album

KEYS = {"page", "caption", "sha256", "command", "inputs", "notebook_seconds", "one_command"}


@pytest.fixture(scope="module")
def listed(html: Path) -> list[dict]:
    return json.loads((html / "figures.json").read_text("utf8"))["figures"]


def test_every_picture_of_every_page_is_listed_with_what_makes_it_again(html, listed):
    for name in build.expected_pages():
        page = BeautifulSoup((html / name).read_text("utf8"), "html.parser").select_one(".bd-article")
        assert page is not None
        pictures = page.select("figure.dam-figure, img")
        assert len(pictures) == sum(each["page"] == name for each in listed), name
    for each in listed:
        assert each.keys() >= KEYS and each["caption"] and re.fullmatch(r"[0-9a-f]{64}", each["sha256"]), each
        assert each["one_command"] == bool(each["command"]), each
        name = each["command"].split()[2] if each["command"] else None
        assert name is None or (build.ROOT / "notebooks" / f"{name}.ipynb").is_file()


def test_a_figure_of_stored_rows_names_its_sweeps_their_rows_and_commands(listed):
    stored = {each["id"]: each for each in listed if each.get("id", "").startswith("mrs24-fig-")}
    assert stored.keys() == figures().keys()
    for anchor, each in stored.items():
        assert each["inputs"] == list(dict.fromkeys(name for name, _ in figures()[anchor].panels))
        assert each["rows"] > 0 and each["seconds"] > 0 and each["machine"]
        commands = [f"python -m damcore.sweeps run {name} --profile paper" for name in each["inputs"]]
        assert each["input_commands"] == commands


def test_a_fold_says_how_a_figure_was_made(html, listed):
    for each in listed:
        if "source" in each:
            continue
        page = BeautifulSoup((html / each["page"]).read_text("utf8"), "html.parser")
        folds = [fold.get_text() for fold in page.select(".dam-made")]
        assert any(all(part in fold for part in [*each["inputs"], each["command"]]) for fold in folds), each


class NoRows:
    """A gallery without rows."""


def test_the_list_sees_another_picture_and_a_picture_without_a_notebook():
    def record(height: float) -> dict:
        picture = canvas(2, 2)
        picture.subplots().plot([0, height])
        album = Album("abc", NoRows())  # pyright: ignore[reportArgumentType]
        filled = album.fill("nowhere", figure(picture, "A line.").markup)
        assert "How this was made" in filled and "dam-command" not in filled
        return album.pictures[0]

    first, again, other = record(1.0), record(1.0), record(2.0)
    assert first["sha256"] == again["sha256"] != other["sha256"]
    assert (first["caption"], first["one_command"], first["inputs"]) == ("A line.", False, [])


def test_a_picture_that_is_a_file_has_the_hash_of_its_bytes(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"picture")
    album = Album("abc", NoRows())  # pyright: ignore[reportArgumentType]
    album.fill("page", '<img src="picture.png" alt="A picture.">')
    album.write(tmp_path)
    (found,) = json.loads((tmp_path / "figures.json").read_text("utf8"))["figures"]
    assert found["sha256"] == hashlib.sha256(b"picture").hexdigest()
