"""Build the book: execute the stale notebooks, write the generated pages, run Sphinx, check that the pages exist.

    python book/build.py

Executed notebooks go to book/notebooks, generated pages to book/generated, the maps' numbers to book/assets/data, the
book to book/_build/html. Nothing of that is committed. A notebook is executed again when something it depends on
changed (see `stale`), Sphinx runs again when anything that goes into the HTML changed. An audit of stored rows is kept
in book/_build/audits until the rows or the code that trains changes, and its page says so.
"""

import ast
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import yaml
from tqdm import tqdm

import data
import digits
import pages
from damcompanion.kh16 import experiments as kh16
from damcompanion.mrs24 import experiments as mrs24
from damcompanion.mrs24.figures import Gallery
from damcompanion.results import AUDITS
from stale import Packages, digest, stored

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "notebooks"))
from run import NotebookError, checked, execute  # noqa: E402

BOOK = ROOT / "book"
LOCK = ROOT / "requirements.lock"
RESULTS = ROOT / "results"
HTML = BOOK / "_build" / "html"
DIGEST = BOOK / "_build" / "digest"
MATHJAX = "tex-svg-full.js"
INCLUDED = "tests/damcore/sweeps/own_experiment.py"  # what a page shows of another folder


def notebook_parameters(book: Path = BOOK) -> dict[str, dict[str, object]]:
    """Notebook -> the parameters that the book shows it with, in the order of notebooks.yml."""
    return {name: values or {} for name, values in yaml.safe_load((book / "notebooks.yml").read_text("utf8")).items()}


def is_fresh(executed: Path, wanted: str) -> bool:
    """Whether an executed notebook exists and carries the digest of what it would be made from now."""
    try:
        return nbformat.read(executed, as_version=4).metadata.get("damcore", {}).get("digest") == wanted
    except (OSError, ValueError):
        return False


def run_notebook(source: Path, executed: Path, values: dict[str, object], wanted: str) -> float:
    """Execute one notebook; the copy takes its place in the book only when every cell succeeded.

    Returns:
        The seconds it took.

    Raises:
        NotebookError: a parameter does not fit, or a cell failed.
    """
    unfinished = BOOK / "_build" / "executing" / executed.name
    seconds = execute(source, unfinished, values)
    notebook = nbformat.read(unfinished, as_version=4)
    notebook.metadata["damcore"] = {"digest": wanted}
    for path in ("input_path", "output_path"):  # they are this machine's, and readers download the file
        notebook.metadata.papermill[path] = source.name
    notebook.metadata.papermill.environment_variables = {}
    executed.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, unfinished)
    unfinished.replace(executed)
    return seconds


def stored_rows() -> dict[str, list[str]]:
    """The module that holds a text's experiments -> their stored files."""
    return {text.__name__: stored(RESULTS, text.experiments("paper")) for text in (mrs24, kh16)}


def run_stale(notebooks: dict[str, dict[str, object]], packages: Packages) -> None:
    """Execute the notebooks that are out of date, with a progress bar and a line for each."""
    todo = []
    rows = stored_rows()
    for name, given in notebooks.items():
        source = ROOT / "notebooks" / f"{name}.ipynb"
        values = checked(source, given)
        wanted = digest(source, values, LOCK, packages, rows)
        executed = BOOK / "notebooks" / source.name
        if not is_fresh(executed, wanted):
            todo.append((source, executed, values, wanted))
    print(f"Notebooks: {len(todo)} of {len(notebooks)} to execute.", flush=True)
    bar = tqdm(todo, desc="notebooks", unit="notebook", disable=None if todo else True)  # None: not in a log
    for number, (source, executed, values, wanted) in enumerate(bar, start=1):
        bar.write(f"  {number}/{len(todo)} {source.stem} ...")
        seconds = run_notebook(source, executed, values, wanted)
        bar.write(f"  {number}/{len(todo)} {source.stem}: {seconds:.1f} s")
    for old in (BOOK / "notebooks").glob("*.ipynb"):
        if old.stem not in notebooks:
            old.unlink()


def prepare_pages(notebooks: dict[str, dict[str, object]], packages: Packages) -> None:
    """Write the generated pages and the data they load, and put the installed MathJax where they find it offline."""
    executed = [BOOK / "notebooks" / f"{name}.ipynb" for name in notebooks]
    pages.write(BOOK / "generated" / "equations.md", pages.equations(ROOT, packages, list(notebooks)))
    pages.write(BOOK / "generated" / "api.md", pages.api(*packages.folders.values()))
    gallery = Gallery("paper", folder=RESULTS)
    pages.write(BOOK / "generated" / "status.md", pages.status(ROOT, executed, gallery))
    data.write(BOOK / "assets" / "data", gallery)
    digits.write(BOOK / "assets" / "data")
    # The full SVG component: the smaller ones load what \boldsymbol needs from a server.
    found = [
        file for file in importlib.metadata.files("sphinx-mathjax-offline") or [] if file.name == "tex-svg-full.js"
    ]
    shutil.copyfile(str(found[0].locate()), BOOK / "assets" / "tex-svg-full.js")


def expected_pages(book: Path = BOOK) -> list[str]:
    """The HTML pages that the table of contents promises."""
    toc = yaml.safe_load((book / "_toc.yml").read_text("utf8"))
    files = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
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


def missing_pages() -> list[str]:
    """The expected pages that were not built."""
    return [page for page in expected_pages() if not (HTML / page).is_file()]


def run_sphinx() -> None:
    """Build the HTML from nothing: an incremental build would not repeat the warnings of pages it leaves alone.

    Raises:
        NotebookError: Sphinx warned or failed, or a page of the table of contents is missing.
    """
    for folder in ("html", ".doctrees"):
        shutil.rmtree(BOOK / "_build" / folder, ignore_errors=True)
    log = BOOK / "_build" / "sphinx.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).with_name("jb")), "build", str(BOOK), "-W", "-n", "--keep-going"]
    print("Building the pages with Sphinx.", flush=True)
    with log.open("w", encoding="utf8") as output:
        result = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
    if result.returncode or missing_pages():
        text = log.read_text("utf8")
        faults = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line] or text.splitlines()[-30:]
        faults += [f"{page} was not built." for page in missing_pages()]
        raise NotebookError("The book was not built:\n" + "\n".join(faults) + f"\nEverything Sphinx said is in {log}.")


def build() -> None:
    """Bring the book up to date.

    Raises:
        NotebookError: a notebook or the book could not be made; the message says which and why.
    """
    started = time.perf_counter()
    notebooks = notebook_parameters()
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
    except (NotebookError, ValueError) as error:
        sys.exit(f"error: {error}")
