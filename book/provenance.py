"""How each picture of the book was made: filled into its fold when the book is built, and listed in `figures.json`.

A notebook's figure names the stored experiments whose rows it shows (`damcompanion.components.figure`). What they cost,
where they were trained and which command does it again stands in the rows; when the notebook ran, in its metadata.
"""

import hashlib
import html
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import pandas as pd
from bs4 import BeautifulSoup

from damcompanion.mrs24.figures import Gallery

BOOK = Path(__file__).resolve().parent
FOLD = re.compile(
    r'<details (?:data-notebook="([^"]*)" )?class="dam-made" data-sweeps="([^"]*)">'
    r"<summary>How this was made</summary></details>"
)
FIGURE = re.compile(r'<figure class="dam-figure"(?: id="([^"]*)")?>.*?</figure>', re.DOTALL)


@dataclass
class Album:
    """Every picture of the pages so far, as `figures.json` lists them."""

    commit: str
    gallery: Gallery
    pictures: list[dict[str, object]] = field(default_factory=list)

    def fill(self, page: str, body: str) -> str:
        """The body of a page with its folds filled; its pictures are noted.

        Args:
            page: its name, "notebooks/drift", say.
            body: its HTML.
        """
        body = FIGURE.sub(lambda found: self._figure(page, found), body)
        for image in BeautifulSoup(body, "html.parser").find_all("img"):
            self._image(page, str(image.get("src", "")), str(image.get("alt", "")))
        return body

    def _figure(self, page: str, found: re.Match) -> str:
        markup, anchor = found[0], found[1] or ""
        fold = FOLD.search(markup)
        names = fold[2].split() if fold else []
        caption = BeautifulSoup(markup, "html.parser").figcaption
        # The label and the caption, without the fold.
        text = " ".join(caption.get_text(" ").split()).removesuffix("How this was made").strip() if caption else ""
        rows = [self._rows(name) for name in names]
        notebook = _executed(f"notebooks/{fold[1]}" if fold and fold[1] else page)
        again = [self.gallery.command(name) for name in names]
        redraw = f"python notebooks/run.py {notebook['source']}{notebook['given']}" if notebook else ""
        self.pictures.append({
            "page": f"{page}.html",
            "id": anchor,
            "caption": text,
            "sha256": hashlib.sha256("".join(re.findall(r"<svg.*?</svg>", markup, re.DOTALL)).encode()).hexdigest(),
            "command": redraw,
            "inputs": names,
            "input_commands": again,
            "rows": sum(len(each) for each in rows),
            "machine": sorted({machine for each in rows for machine in each["device"].unique()}),
            "seconds": round(sum(each["seconds"].to_numpy().sum() for each in rows), 1),
            "notebook_seconds": notebook["seconds"] if notebook else None,
            "one_command": bool(redraw),
        })  # fmt: skip
        if not fold:
            return markup
        table = f"data/{anchor}.csv" if (BOOK / "assets" / "data" / f"{anchor}.csv").is_file() and anchor else ""
        lines = [self._sentence(name) for name in names]
        lines += [f'Its numbers: <a href="{"../" * page.count("/")}_static/{table}" download>{anchor}.csv</a>.'] * bool(
            table
        )
        if notebook:
            lines.append(
                f"Drawn by a notebook that ran for {notebook['seconds']:.0f} s on {notebook['day']}: {_copied(redraw)}"
            )
        inner = "".join(f"<p>{line}</p>" for line in lines)
        filled = fold[0].replace("</summary>", f"</summary>{inner}")
        return markup.replace(fold[0], filled)

    def _sentence(self, name: str) -> str:
        rows = self._rows(name)
        minutes = rows["seconds"].sum() / 60
        torch = ", ".join(sorted(set(rows["version_torch"].astype(str))))
        commits = ", ".join(f"<code>{html.escape(commit)}</code>" for commit in sorted(set(rows["commit"])))
        return (
            f"<strong>{html.escape(name)}</strong>: {len(rows):,} networks, trained in {minutes:.0f} minutes on "
            f"{html.escape(', '.join(sorted(set(rows['device']))))}, torch {html.escape(torch)}, commit {commits}, "
            f"seed {', '.join(sorted(set(rows['seed'].astype(str))))}. {_copied(self.gallery.command(name))}"
        )

    @cache  # noqa: B019  (one album a build)
    def _rows(self, name: str) -> pd.DataFrame:
        return self.gallery.rows(name)

    def __hash__(self) -> int:
        return id(self)

    def _image(self, page: str, source: str, alt: str) -> None:
        if not source or source.startswith("data:"):
            return
        notebook = _executed(page)
        self.pictures.append({
            "page": f"{page}.html",
            "source": source,
            "caption": alt,
            "command": f"python notebooks/run.py {notebook['source']}{notebook['given']}" if notebook else "",
            "inputs": [],
            "notebook_seconds": notebook["seconds"] if notebook else None,
            "one_command": bool(notebook),
        })  # fmt: skip

    def write(self, folder: Path) -> None:
        """Write `figures.json` beside the pages; a picture that is a file gets its hash."""
        for picture in self.pictures:
            if "source" in picture:
                file = (folder / str(picture["page"])).parent / str(picture["source"])
                picture["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        listed = {"commit": self.commit, "figures": self.pictures}
        (folder / "figures.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", "utf8")


def _copied(command: str) -> str:
    return f'<code class="dam-command">{html.escape(command)}</code>'


@cache
def _executed(page: str) -> dict[str, object] | None:
    """The notebook behind a page: its source, the parameters that are not defaults, when it ran and how long."""
    path = BOOK / f"{page}.ipynb"
    if not path.is_file():
        return None
    record = nbformat.read(path, as_version=4).metadata.papermill
    given = "".join(f" -p {name} {value}" for name, value in record.parameters.items())
    return {
        "source": Path(record.input_path).stem,
        "given": given,
        "day": record.start_time[:10],
        "seconds": round(record.duration, 1),
    }
