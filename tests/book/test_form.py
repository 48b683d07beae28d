"""The form of a page: a short title and answer, tables that are tables, figures with captions, no typed result.

A number in prose is glued, asserted in a cell, or a setting; `settings_of_pages.yml` has the settings of each page.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat import NotebookNode

import build
from run import NAMES, ROOT

# Pages that are not in this form yet. Whoever brings one into it takes it off the list.
PENDING: set[str] = set()
CHAPTERS = [page.removesuffix(".html") for page in build.expected_pages() if "/" not in page]
SETTINGS = yaml.safe_load((Path(__file__).parent / "settings_of_pages.yml").read_text("utf8"))
WORDS, SYMBOLS, ALIGNED, TITLE = 60, 3, 3, 4

CODE = re.compile(r"^(`{3,})(?!\{(?:prf|admonition|glossary))[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^`{3,}[^\n]*$|^:\w+:.*$|^\([\w.-]+\)=$", re.MULTILINE)
ROLE = re.compile(r"\{[\w:.-]+\}`[^`]*`")
MATH = re.compile(r"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
# What is no result: code, addresses, places of a text, years, and a name that begins with a number (1/T).
NAMED = re.compile(
    r"`[^`]*`|arXiv:[\d.]+|\]\([^)]*\)|<[^>]*>|\b1/\(?\w+|\b(?:19|20)\d\d\b"
    r"|\b(?:[Ss]ections?|[Ff]igures?|Fig\.|[Tt]ables?|Eqs?\.|[Tt]heorems?|[Ll]emmas?|[Aa]ppendix|Algorithm|footnote)"
    r"(?:,?\s+(?:and |to |or )?[A-Z]?[\d][\d.]*(?:-\d+)?)+|\b[A-Z]\.\d+\b"
)
NUMBER = re.compile(r"(?<![\w.^])\d+(?:,\d{3})*(?:\.\d+)*(?!\w)")


def notebook(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def prose(name: str) -> str:
    """What an author wrote on a page, code apart."""
    if name in NAMES:
        return "\n\n".join(cell.source for cell in notebook(name).cells if cell.cell_type == "markdown")
    return (build.BOOK / f"{name}.md").read_text("utf8")


def faults_of_the_lead(text: str) -> Iterator[str]:
    """What is wrong with the title and the answer of a page."""
    title, *paragraphs = text.strip().split("\n\n")
    if not title.startswith("# ") or len(title.split()) > TITLE + 1:
        yield f"the title has more than {TITLE} words: {title}"
    if not paragraphs or not re.fullmatch(r"\*[^*]+\?\*", paragraphs[0].strip(), re.DOTALL):
        yield "no question in italics stands under the title"
    lead = next((part for part in paragraphs[:2] if part.startswith("**")), "")
    answer = re.match(r"\*\*(.*?)\*\*", lead, re.DOTALL)
    if answer is None:
        yield "no answer in bold stands under the question"
        return
    said = MATH.sub("x", ROLE.sub("x", answer[1]))
    if len(said.split()) > WORDS:
        yield f"the answer has {len(said.split())} words, not at most {WORDS}"
    if len(MATH.findall(ROLE.sub("x", answer[1]))) > SYMBOLS:
        yield f"the answer has more than {SYMBOLS} symbols"


def numbers(text: str) -> list[str]:
    """Numbers that are typed in prose; of mathematics only those with a point, which may be results."""
    text = ROLE.sub(" ", FENCE.sub(" ", CODE.sub(" ", text)))
    formulas = " ".join(MATH.findall(text))
    plain = NAMED.sub(" ", MATH.sub(" ", text))
    listed = re.sub(r"^\s*\d+\. ", " ", plain, flags=re.MULTILINE)
    return [*NUMBER.findall(listed), *(found for found in NUMBER.findall(formulas) if "." in found)]


def asserted(cells: list[NotebookNode]) -> set[str]:
    """Numbers that some cell asserts."""
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    checks = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    values = [part.value for check in checks for part in ast.walk(check) if isinstance(part, ast.Constant)]
    return {f"{value:g}" for value in values if isinstance(value, int | float)}


def faults_of_the_cells(cells: list[NotebookNode]) -> Iterator[str]:
    """What is wrong with the tables and the figures of a notebook."""
    for place, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if re.search(r"\bplt\.|pyplot", cell.source):
            yield f"cell {place} draws with pyplot; use `canvas` and `figure` of damcompanion.components"
        for output in cell.get("outputs", []):
            lines = output.get("text", "").splitlines() if output.output_type == "stream" else []
            if sum(bool(re.search(r"\S {2,}\S", line)) for line in lines) > ALIGNED:
                yield f"cell {place} prints a table; use `table` of damcompanion.components"
            if any(kind in output.get("data", {}) for kind in ("image/png", "image/svg+xml")):
                yield f"cell {place} shows a picture without a caption; use `figure` of damcompanion.components"


def faults(name: str) -> list[str]:
    cells = notebook(name).cells if name in NAMES else []
    allowed = {str(number) for number in SETTINGS.get(name, [])} | asserted(cells)
    typed = [f"{found} is typed" for found in dict.fromkeys(numbers(prose(name))) if found not in allowed]
    return [*faults_of_the_lead(prose(name)), *faults_of_the_cells(cells), *typed]


@pytest.mark.parametrize("name", sorted({*CHAPTERS, *NAMES} - PENDING))
def test_a_page_has_the_form_of_the_book(name):
    assert faults(name) == [], "a number is glued, asserted, or a setting in settings_of_pages.yml"


def test_what_is_pending_exists():
    pages = {*CHAPTERS, *NAMES}
    assert pages >= PENDING and pages >= SETTINGS.keys()


@pytest.mark.parametrize("page", [page for page in build.notebook_pages().values() if page.title])
def test_a_page_of_a_family_has_a_short_title(page):
    assert len(page.title.split()) <= TITLE


def test_no_setting_is_listed_that_a_page_does_not_have():
    for name in SETTINGS.keys() - PENDING:
        assert {str(number) for number in SETTINGS[name]} <= set(numbers(prose(name))), name


GOOD = "# Original maps\n\n*Where is it?*\n\n**Near {glue:text}`place` for $n = 2$.**\n\nText."


@pytest.mark.parametrize(
    "text, fault",
    [
        (GOOD.replace("Original maps", "Where does the original network learn"), "the title has more than 4 words"),
        (GOOD.replace("*Where is it?*\n\n", ""), "no question"),
        (GOOD.replace("**", ""), "no answer"),
        (GOOD.replace("Near", "Near " * 60), "the answer has 6"),
        (GOOD.replace("Near", "Near $a$ $b$ $c$"), "more than 3 symbols"),
    ],
)
def test_a_long_title_and_a_long_answer_are_seen(text, fault):
    assert any(fault in found for found in faults_of_the_lead(text)), [*faults_of_the_lead(text)]
    assert [*faults_of_the_lead(GOOD)] == []


@pytest.mark.parametrize(
    "text, found",
    [
        ("It lies at 0.03, for 1,024 networks and 35 % of them.", ["0.03", "1,024", "35"]),
        ("It lies at {glue:text}`place` in `x[3]`, at [a link](page-7.html), in float32.", []),
        ("See sections 5.1 and 5.2, Figures 1-4 and 7-12, Eq. 7, Theorem 4.2.1, A.3 of 2024.", []),
        ("As 1/T grows, with $n = 2$ and a floor of $10^{-30}$.", []),
        ("Around $1/T = 0.03$.", ["0.03"]),
        ("```python\nx = 3\n```\n\n```{prf:lemma} L\n:label: l-7\n\nIt is 4.\n```", ["4"]),
    ],
)  # fmt: skip
def test_a_typed_number_is_seen_and_a_setting_in_mathematics_is_not(text, found):
    assert numbers(text) == found


def cell(source: str, **output) -> NotebookNode:
    made = nbformat.v4.new_code_cell(source)
    made.outputs = [nbformat.from_dict(output)] if output else []
    return made


@pytest.mark.parametrize(
    "made, fault",
    [
        (cell("plt.plot(x)"), "draws with pyplot"),
        (cell("x", output_type="stream", name="stdout", text="a   1\n" * 4), "prints a table"),
        (cell("x", output_type="display_data", data={"image/png": "..."}, metadata={}), "without a caption"),
    ],
)
def test_printed_tables_and_bare_pictures_are_seen(made, fault):
    assert any(fault in found for found in faults_of_the_cells([made]))
    few = cell("x", output_type="stream", name="stdout", text="a   1\n" * 3)
    assert [*faults_of_the_cells([few])] == []


def test_what_a_cell_asserts_may_be_said():
    assert asserted([cell("assert best <= 2.5 and n == 20")]) == {"2.5", "20"}
