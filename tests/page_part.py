"""The interactive part of a page of the book alone, with data of a test: for a browser, without building the book."""

import re
from pathlib import Path

import build

LOOK = "<style>body { color-scheme: light dark; margin: 8px; font-family: sans-serif }</style>"


def write_part(page: str, folder: Path) -> str:
    """Write the part of a page that loads its scripts, and return its address.

    Args:
        page: name of the page, "live" or "explorer".
        folder: where to; its folder `data` holds what the book's `_static/data` would.
    """
    (part,) = re.findall(r"```\{raw\} html\n(.*?)```", (build.BOOK / f"{page}.md").read_text("utf8"), re.DOTALL)
    assets = (build.BOOK / "assets").as_uri()
    part = part.replace("_static/data/", "data/").replace("_static/", f"{assets}/")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">{LOOK}'
    head += f'<link rel="stylesheet" href="{assets}/book.css">'
    file = folder / "page.html"
    file.write_text(f'<!doctype html><html lang="en"><head>{head}</head><body>{part}</body></html>', "utf8")
    return file.as_uri()
