"""What MRS24 does say must not be called unsaid: 500 epochs and 256 memory vectors, at the end of its section 5.3."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VERBS = r"(?:says?|said|gives?|given|states?|stated|names?|named|specif\w+|reports?|reported|mentions?|mentioned)"
SILENCE = re.compile(
    rf"\b(?:names? (?:neither|no|none)|(?:not|never) {VERBS}|leaves? (?:open|out)|left (?:open|out)|silent|unstated"
    r"|unspecified|omits?|omitted|unnamed)\b",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"\bepochs?\b|\bnumbers? of (?:the )?memor(?:y|ies)|(?<![\w\\])\$?K\$?(?!\w)|\bhow many memor|\bmemory count",
    re.IGNORECASE,
)
# The preprint names neither; a sentence that says so is right.
EXCEPT = re.compile(r"preprint|first version|overlook", re.IGNORECASE)


def unsaid(text: str) -> list[str]:
    """Sentences, and rows of tables, that call K or the epochs unsaid."""
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z*$`(])|\n\s*\n|\n(?=[|#-])", text)
    found = [" ".join(sentence.split()) for sentence in sentences]
    return [s for s in found if SILENCE.search(s) and SUBJECT.search(s) and not EXCEPT.search(s)]


def prose(path: Path) -> str:
    """What a reader reads of a file: cells of a notebook, docstrings and comments and strings of a module, a page."""
    text = path.read_text("utf8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        return "\n\n".join("".join(cell["source"]) for cell in cells)
    if path.suffix == ".py":
        strings = [
            n.value for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        return "\n\n".join([*strings, *re.findall(r"#.*", text)])
    return text


PLACES = [
    *ROOT.glob("src/**/*.py"), *ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("book/*.md"), *ROOT.glob("*.md"),
    *ROOT.glob("results/*.md"), *ROOT.glob("benchmarks/*.md"),
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_says_that_the_text_is_silent_on_memories_or_epochs(path):
    assert unsaid(prose(path)) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "The text names neither the interaction function nor the number of memories, their initial values, the epochs.",
        "MRS24 leaves out the interaction function, the number of memories and the grids.",
        "The text names neither F, nor K, the initial memories, the epochs, the grids.",
        "| 5 | learning rate | not said: $F$, $K$, the initial memories, epochs, grids | settings |",
        "What matters more is one that the text does not name: with $K = 20$ memories there is no region.",
        "How many epochs it trained is not given.",
    ],
)
def test_the_sentences_that_were_wrong_are_caught(sentence):
    assert unsaid("Something before. " + sentence + " Something after.")


@pytest.mark.parametrize(
    "sentence",
    [
        "The text does not name the initial memories. It trains for 500 epochs with 256 memory vectors.",
        "The first preprint names neither the epochs nor the number of memories.",
        "The text does not say which vertices its panels have.",
    ],
)
def test_a_right_sentence_passes(sentence):
    assert unsaid(sentence) == []


def test_the_sentence_itself_is_quoted_where_the_settings_are_discussed():
    words = "500 epochs with 256 memory vectors"
    quoting = [path.name for path in PLACES if words in " ".join(prose(path).split())]
    assert {"index.md", "settings_study.ipynb", "memories.ipynb", "heat_maps.py"} <= set(quoting)
