"""Build the book: execute the stale notebooks, write the generated pages, run Sphinx, check that the pages exist.

    python book/build.py

Executed notebooks go to book/notebooks, generated pages to book/generated, the maps' numbers to book/assets/data, the
book to book/_build/html. Nothing of that is committed. A notebook is executed again when something it depends on, or
a stored row that it read, changed (see `stale`), Sphinx runs again when anything that goes into the HTML changed. An
audit of stored rows is kept in book/_build/audits until the rows or the code that trains changes, and its page says so.
"""

import ast
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import nbformat
import yaml
from tqdm import tqdm

import data
import digits
import pages
from api import api
from damcompanion import catalogue
from damcompanion.mrs24.figures import Gallery
from damcompanion.results import AUDITS, READ
from damcore.sweeps import Store, StoreError
from stale import Packages, digest, stored

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "notebooks"))
from run import NotebookError, checked, execute, read  # noqa: E402

BOOK = ROOT / "book"
LOCK = ROOT / "requirements.lock"
RESULTS = ROOT / "results"
HTML = BOOK / "_build" / "html"
DIGEST = BOOK / "_build" / "digest"
FRONT = ("ten_minutes", "drift")  # notebooks with a picture for the landing page
SPHINX = "from jupyter_book.cli.main import main; main()"
MATHJAX = "tex-svg-full.js"
INCLUDED = "tests/damcore/sweeps/own_experiment.py"  # what a page shows of another folder


@dataclass(frozen=True)
class Page:
    """A page of the book that is an executed notebook."""

    name: str
    notebook: str  # whose name the page has, unless it shows one of a family
    title: str  # in place of the notebook's own, or nothing
    parameters: dict[str, object]  # those that are not the defaults

    @property
    def source(self) -> Path:
        return ROOT / "notebooks" / f"{self.notebook}.ipynb"

    @property
    def executed(self) -> Path:
        return BOOK / "notebooks" / f"{self.name}.ipynb"


def notebook_pages(book: Path = BOOK) -> dict[str, Page]:
    """Name -> page, in the order of notebooks.yml."""
    pages = {}
    for name, values in yaml.safe_load((book / "notebooks.yml").read_text("utf8")).items():
        given = {**(values or {})}
        pages[name] = Page(name, str(given.pop("notebook", name)), str(given.pop("title", "")), given)
    return pages


def is_fresh(executed: Path, wanted: str, rows: dict[str, str]) -> bool:
    """Whether an executed notebook exists and carries the digest of what it would be made from now.

    Args:
        executed: its path.
        wanted: the digest of all but the stored rows.
        rows: folder of an experiment -> state, as `stale.stored` returns it.
    """
    try:
        found = read(executed).metadata.get("damcore")
    except NotebookError:
        return False
    match found:
        case {"digest": had, "rows": dict(seen)}:
            return had == wanted and all(rows.get(folder) == state for folder, state in seen.items())
    return False


def run_notebook(page: Page, values: dict[str, object], wanted: str, rows: dict[str, str]) -> float:
    """Execute one notebook; the copy takes its place in the book only when every cell succeeded.

    Args:
        page: the notebook, and where the copy goes.
        values: its parameters.
        wanted, rows: as in `is_fresh`; the copy remembers them, of the rows those that it asked for.

    Returns:
        The seconds it took.

    Raises:
        NotebookError: a parameter does not fit, or a cell failed.
    """
    unfinished = BOOK / "_build" / "executing" / page.executed.name
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "read"
        note.touch()
        os.environ[READ] = str(note)  # the notebook's kernel inherits it
        try:
            seconds = execute(page.source, unfinished, values)
        finally:
            del os.environ[READ]
        asked = {Path(line) for line in note.read_text("utf8").splitlines()}
    seen = sorted(path.relative_to(RESULTS).as_posix() for path in asked if path.is_relative_to(RESULTS))
    notebook = nbformat.read(unfinished, as_version=4)
    notebook.metadata["damcore"] = {"digest": wanted, "rows": {folder: rows.get(folder) for folder in seen}}
    for cell in notebook.cells:  # the values that papermill puts in are folded like the cell that has the defaults
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")
    if page.title:
        _, _, rest = notebook.cells[0].source.partition("\n")
        notebook.cells[0].source = f"# {page.title}\n{rest}"
    for path in ("input_path", "output_path"):  # they are this machine's, and readers download the file
        notebook.metadata.papermill[path] = page.source.name
    notebook.metadata.papermill.environment_variables = {}
    page.executed.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, unfinished)
    unfinished.replace(page.executed)
    return seconds


def run_stale(notebooks: dict[str, Page], packages: Packages) -> None:
    """Execute the notebooks that are out of date, with a progress bar and a line for each."""
    todo = []
    rows = stored(RESULTS)
    for page in notebooks.values():
        values = checked(page.source, page.parameters)
        wanted = digest(page.source, {**values, "title": page.title}, LOCK, packages)
        if not is_fresh(page.executed, wanted, rows):
            todo.append((page, values, wanted))
    print(f"Notebooks: {len(todo)} of {len(notebooks)} to execute.", flush=True)
    bar = tqdm(todo, desc="notebooks", unit="notebook", disable=None if todo else True)  # None: not in a log
    for number, (page, values, wanted) in enumerate(bar, start=1):
        bar.write(f"  {number}/{len(todo)} {page.name} ...")
        seconds = run_notebook(page, values, wanted, rows)
        bar.write(f"  {number}/{len(todo)} {page.name}: {seconds:.1f} s")
    for old in (BOOK / "notebooks").glob("*.ipynb"):
        if old.stem not in notebooks:
            old.unlink()


def prepare_pages(notebooks: dict[str, Page], packages: Packages) -> None:
    """Write the generated pages and the data they load, and put the installed MathJax where they find it offline."""
    executed = [page.executed for page in notebooks.values()]
    sources = list(dict.fromkeys(page.notebook for page in notebooks.values() if page.notebook in notebooks))
    pages.write(BOOK / "generated" / "equations.md", pages.equations(ROOT, packages, sources))
    written = {BOOK / "generated" / f"{name}.md": text for name, text in api(*packages.folders.values()).items()}
    for page, text in written.items():
        pages.write(page, text)
    for old in set((BOOK / "generated" / "api").glob("*.md")) - set(written):
        old.unlink()
    gallery = Gallery("paper", folder=RESULTS)
    pages.write(BOOK / "generated" / "status.md", pages.status(ROOT, executed, gallery))
    data.write(BOOK / "assets" / "data", gallery)
    digits.write(BOOK / "assets" / "data")
    for name in FRONT:
        pages.write(BOOK / "generated" / f"front-{name}.html", front_picture(notebooks[name].executed))
    # The full SVG component: the smaller ones load what \boldsymbol needs from a server.
    found = [
        file for file in importlib.metadata.files("sphinx-mathjax-offline") or [] if file.name == "tex-svg-full.js"
    ]
    shutil.copyfile(str(found[0].locate()), BOOK / "assets" / "tex-svg-full.js")


def expected_pages(book: Path = BOOK) -> list[str]:
    """The HTML pages that the table of contents promises."""
    toc = yaml.safe_load((book / "_toc.yml").read_text("utf8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    files = [toc["root"], *(entry["file"] for chapter in chapters for entry in (chapter, *chapter.get("sections", [])))]
    return [f"{Path(file).with_suffix('') if file.endswith(('.md', '.ipynb')) else file}.html" for file in files]


def html_digest() -> str:
    """A digest of everything that goes into the HTML."""
    inputs = [file for file in BOOK.rglob("*") if not {"_build", "__pycache__"} & set(file.parts)]
    inputs += [*(ROOT / "src").rglob("*.py"), ROOT / INCLUDED, LOCK]
    state = hashlib.sha256()
    for file in sorted(file for file in inputs if file.is_file()):
        state.update(f"\0{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return state.hexdigest()


def claims_of(executed: Path) -> str:
    """The claims that the executed ledger judged, as the JSON that it glued.

    Args:
        executed: the notebook of the ledger.

    Raises:
        NotebookError: it glued none.
    """
    for cell in nbformat.read(executed, as_version=4).cells:
        for output in cell.get("outputs", []):
            if output.get("metadata", {}).get("scrapbook", {}).get("name") == "claims-json":
                return ast.literal_eval(next(iter(output.data.values())))
    raise NotebookError(f"{executed.name} glued no `claims-json`; its cell that counts the claims must.")


def front_picture(executed: Path) -> str:
    """The figure that an executed notebook shows on the landing page too: what its cell tagged `front` returned.

    Args:
        executed: the notebook.

    Raises:
        NotebookError: no cell with this tag shows a figure.
    """
    for cell in nbformat.read(executed, as_version=4).cells:
        if "front" in cell.metadata.get("tags", []):
            for output in cell.outputs:
                if markup := output.get("data", {}).get("text/html"):
                    return markup.replace("<details ", f'<details data-notebook="{executed.stem}" ')
    raise NotebookError(f"{executed.name} has no figure in a cell tagged `front`.")


def missing_pages() -> list[str]:
    """The expected pages that were not built."""
    return [page for page in expected_pages() if not (HTML / page).is_file()]


def attended(code: str, arguments: list[str], output: IO[str]) -> int:
    """Run Python code in a process that ends when this one does, however that ends: its standard input is closed then.

    Args:
        code: what to run.
        arguments: its `sys.argv[1:]`.
        output: where its output and its errors go.

    Returns:
        The exit status.
    """
    watch = "threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()"
    command = [sys.executable, "-c", f"import os, sys, threading\n{watch}\n{code}", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT) as process:
        return process.wait()


def run_sphinx() -> None:
    """Build the HTML from nothing: an incremental build would not repeat the warnings of pages it leaves alone.

    Raises:
        NotebookError: Sphinx warned or failed, or a page of the table of contents is missing.
    """
    for folder in ("html", ".doctrees"):
        shutil.rmtree(BOOK / "_build" / folder, ignore_errors=True)
    log = BOOK / "_build" / "sphinx.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print("Building the pages with Sphinx.", flush=True)
    with log.open("w", encoding="utf8") as output:
        status = attended(SPHINX, ["build", str(BOOK), "-W", "-n", "--keep-going"], output)
    if status or missing_pages():
        text = log.read_text("utf8")
        faults = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line] or text.splitlines()[-30:]
        faults += [f"{page} was not built." for page in missing_pages()]
        raise NotebookError("The book was not built:\n" + "\n".join(faults) + f"\nEverything Sphinx said is in {log}.")


def check_rows() -> None:
    """Read the stored rows of every experiment, so that nothing is built where a file of them is damaged.

    Raises:
        StoreError: a file is not sound; it stays where it is.
    """
    store = Store(RESULTS / "paper")
    for experiment in catalogue.experiments("paper").values():
        store.files(experiment)


def build() -> None:
    """Bring the book up to date.

    Raises:
        NotebookError: a notebook or the book could not be made; the message says which and why.
        StoreError: a stored file is damaged.
    """
    started = time.perf_counter()
    check_rows()
    notebooks = notebook_pages()
    packages = Packages("damcore", "damcompanion")
    os.environ[AUDITS] = str(BOOK / "_build" / "audits")  # the notebooks' kernels inherit it
    run_stale(notebooks, packages)
    prepare_pages(notebooks, packages)
    wanted = html_digest()
    if DIGEST.exists() and DIGEST.read_text() == wanted and not missing_pages():
        print("The book is up to date: nothing that goes into it has changed.")
    else:
        DIGEST.unlink(missing_ok=True)
        run_sphinx()
        (HTML / "claims.json").write_text(claims_of(BOOK / "notebooks" / "ledger.ipynb"), "utf8")
        DIGEST.write_text(wanted)
        print(f"The book has {len(expected_pages())} pages; it took {time.perf_counter() - started:.0f} s.")
    print(f"Open {(HTML / 'index.html').relative_to(ROOT)} in a browser; no network is needed.")


if __name__ == "__main__":
    try:
        build()
    except (NotebookError, StoreError, ValueError) as error:
        sys.exit(f"error: {error}")
