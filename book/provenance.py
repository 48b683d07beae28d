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
from typing import NamedTuple

import nbformat
from bs4 import BeautifulSoup

from damcompanion.results import Results

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
    results: Results
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
        ran = _executed(f"notebooks/{fold[1]}" if fold and fold[1] else page)
        caption = BeautifulSoup(markup, "html.parser").figcaption
        # The label and the caption, without the fold.
        text = " ".join(caption.get_text(" ").split()).removesuffix("How this was made").strip() if caption else ""
        drawn = "".join(re.findall(r"<svg.*?</svg>", markup, re.DOTALL))
        rows = [self.results.rows(name) for name in names]
        self._note(
            page,
            text,
            ran,
            id=anchor,
            sha256=hashlib.sha256(drawn.encode()).hexdigest(),
            inputs=names,
            input_commands=[self.results.command(name) for name in names],
            rows=sum(len(each) for each in rows),
            machine=sorted({machine for each in rows for machine in each["device"].unique()}),
            seconds=round(sum(each["seconds"].to_numpy().sum() for each in rows), 1),
        )
        if not fold:
            return markup
        lines = [self._sentence(name) for name in names]
        if anchor and (BOOK / "assets" / "data" / f"{anchor}.csv").is_file():
            up = "../" * page.count("/")
            lines.append(f'Its numbers: <a href="{up}_static/data/{anchor}.csv" download>{anchor}.csv</a>.')
        if ran:
            lines.append(f"Drawn by a notebook that ran for {ran.seconds:.0f} s on {ran.day}: {_copied(ran.command)}")
        made = "".join(f"<p>{line}</p>" for line in lines)
        return markup.replace(fold[0], fold[0].replace("</summary>", f"</summary>{made}"))

    def _image(self, page: str, source: str, alt: str) -> None:
        if source and not source.startswith("data:"):
            self._note(page, alt, _executed(page), source=source, inputs=[])

    def _note(self, page: str, caption: str, ran: "Run | None", **more: object) -> None:
        self.pictures.append({
            "page": f"{page}.html",
            "caption": caption,
            "command": ran.command if ran else "",
            "notebook_seconds": ran.seconds if ran else None,
            "one_command": ran is not None,
            **more,
        })  # fmt: skip

    def _sentence(self, name: str) -> str:
        rows = self.results.rows(name)
        minutes = rows["seconds"].sum() / 60
        torch = ", ".join(sorted(set(rows["version_torch"].astype(str))))
        commits = ", ".join(f"<code>{html.escape(commit)}</code>" for commit in sorted(set(rows["commit"])))
        return (
            f"<strong>{html.escape(name)}</strong>: {len(rows):,} rows, computed in {minutes:.0f} minutes on "
            f"{html.escape(', '.join(sorted(set(rows['device']))))}, torch {html.escape(torch)}, commit {commits}, "
            f"seed {', '.join(sorted(set(rows['seed'].astype(str))))}. {_copied(self.results.command(name))}"
        )

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


class Run(NamedTuple):
    """The last run of a notebook of the book: the command that repeats it, its day, and how long it took."""

    command: str
    day: str
    seconds: float


@cache
def _executed(page: str) -> Run | None:
    """The run behind a page, or None where it is no notebook."""
    path = BOOK / f"{page}.ipynb"
    if not path.is_file():
        return None
    record = nbformat.read(path, as_version=4).metadata.papermill
    given = "".join(f" -p {name} {value}" for name, value in record.parameters.items())
    command = f"python notebooks/run.py {Path(record.input_path).stem}{given}"
    return Run(command, record.start_time[:10], round(record.duration, 1))
