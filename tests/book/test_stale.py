"""Which change makes which notebook stale."""

import shutil
from pathlib import Path

import pytest

from run import NAMES, ROOT
from stale import Packages, code_of, digest, stored
from toy_notebooks import write_notebook

FILES = {
    "__init__.py": "from toypack import low\nfrom toypack.top import Friendly\n",
    "low.py": "",
    "middle.py": "from toypack import low\n",
    "top.py": "from toypack.middle import low\n\n\nclass Friendly:\n    pass\n",
    "other.py": "",
    "digits/__init__.py": "from toypack.digits.load import load\n",
    "digits/load.py": "def load():\n    pass\n",
    "digits/data/digits.bin": "0123",
    "digits/__pycache__/load.nbc": "machine code",
    "sweeps/__init__.py": "from toypack.sweeps.gallery import Gallery\n",
    "sweeps/gallery.py": "from toypack.sweeps import store\n\n\nclass Gallery:\n    pass\n",
    "sweeps/store.py": "",
}
TEXTS = {
    "__init__.py": '"""Texts."""\n',
    "shared.py": "",
    "first/__init__.py": '"""A text."""\n',
    "first/figures.py": "from toypack.sweeps import store\nfrom toytexts import shared\n",
    "first/proofs/__init__.py": "from toytexts.first.proofs.one import prove\n",
    "first/proofs/one.py": "from toypack import other\n\n\ndef prove():\n    pass\n",
    "second/__init__.py": '"""Another text."""\n',
    "second/figures.py": "from toytexts import shared\n",
    "ledger.py": "from toytexts.first import figures\nfrom toytexts.second.figures import shared\n",
}
FRIENDLY = {"toypack.top", "toypack.middle", "toypack.low"}
DIGITS = {"toypack.digits", "toypack.digits.load"}
SWEEPS = {"toypack.sweeps", "toypack.sweeps.gallery", "toypack.sweeps.store"}
FIRST = {"toytexts.first", "toytexts.first.figures", "toytexts.shared"} | SWEEPS
SECOND = {"toytexts.second", "toytexts.second.figures", "toytexts.shared"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two packages that can be imported, `toypack` and, above it, `toytexts`.

    In toypack top imports middle, middle imports low; other and digits are alone.
    """
    for package, files in (("toypack", FILES), ("toytexts", TEXTS)):
        for name, text in files.items():
            file = tmp_path / package / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "toypack"


@pytest.mark.parametrize(
    "code, used",
    [
        ("import torch", set()),
        ("import toypack", set()),
        ("from toypack.low import x", {"toypack.low"}),
        ("from toypack import low as l", {"toypack.low"}),
        ("import toypack.middle as m", {"toypack.middle", "toypack.low"}),
        ("import toypack\ntoypack.other.run()", {"toypack.other"}),
        ("import toypack as t\nt.low", {"toypack.low"}),
        ("from toypack import Friendly", FRIENDLY),
        ("import toypack\ntoypack.Friendly().run()", FRIENDLY),
        ("def later():\n    from toypack.digits import load", DIGITS),
        ("from toypack import low\nfrom toypack import digits", {"toypack.low"} | DIGITS),
        ("from toytexts.first import figures", FIRST),
        ("import toytexts\ntoytexts.second.figures", SECOND),
        ("import toypack, toytexts\ntoypack.low, toytexts.shared", {"toypack.low", "toytexts.shared"}),
        ("from toytexts.ledger import x", {"toytexts.ledger"} | FIRST | SECOND),
        (
            "import toytexts.first.proofs.one as one",
            {"toytexts.first", "toytexts.first.proofs", "toytexts.first.proofs.one", "toypack.other"},
        ),
    ],
)
def test_modules_used_by_code(folder, code, used):
    assert Packages("toypack", "toytexts").used(code) == used


@pytest.mark.parametrize(
    "code", ["from toypack import unknown", "from toypack import *", "import toypack\ngetattr(toypack, 'x')"]
)
def test_what_cannot_be_followed_counts_as_everything(folder, code):
    packages = Packages("toypack", "toytexts")
    everything = {module for module in packages.graph.modules if module.split(".")[0] == "toypack"}
    assert packages.used(code) == everything >= FRIENDLY | DIGITS | {"toypack.other"}


def test_a_package_as_a_whole_brings_what_it_stands_on(folder):
    packages = Packages("toypack", "toytexts")
    assert packages.used("import toytexts\ngetattr(toytexts, 'x')") >= FIRST | SECOND | {"toypack.other"}


NOTEBOOKS = {
    "friendly": "from toypack import Friendly",
    "low": "import toypack\ntoypack.low",
    "digits": "from toypack.digits import load",
    "maps": "from toypack.sweeps import Gallery",
    "figures": "from toytexts.first import figures",
}


def digest_of(notebook: Path, root: Path, parameters: dict[str, object]) -> str:
    return digest(notebook, parameters, root / "requirements.lock", Packages("toypack", "toytexts"))


@pytest.mark.parametrize(
    "changed, stale",
    [
        ("toypack/low.py", {"friendly", "low"}),
        ("toypack/middle.py", {"friendly"}),
        ("toypack/top.py", {"friendly"}),
        ("toypack/other.py", set()),
        ("toytexts/shared.py", {"figures"}),
        ("toytexts/first/figures.py", {"figures"}),
        ("toytexts/first/proofs/one.py", set()),
        ("toytexts/second/figures.py", set()),
        ("toypack/sweeps/store.py", {"maps", "figures"}),
        ("toypack/digits/load.py", {"digits"}),
        ("toypack/digits/data/digits.bin", {"digits"}),
        ("toypack/digits/__pycache__/load.nbc", set()),
        ("toypack/__init__.py", set()),
        ("requirements.lock", {"friendly", "low", "digits", "maps", "figures"}),
        ("notebooks/low.ipynb", {"low"}),
    ],
)
def test_a_change_makes_stale_what_depends_on_it(folder, changed, stale):
    root = folder.parent
    (root / "requirements.lock").write_text("torch==2\n")
    for name, code in NOTEBOOKS.items():
        write_notebook(root / "notebooks" / f"{name}.ipynb", code)

    def digests():
        return {name: digest_of(root / "notebooks" / f"{name}.ipynb", root, {"n": 2}) for name in NOTEBOOKS}

    before = digests()
    assert digests() == before
    file = root / changed
    if file.suffix == ".ipynb":
        write_notebook(file, NOTEBOOKS[file.stem], "print(1)")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + "# changed\n")
    after = digests()
    assert {name for name in NOTEBOOKS if after[name] != before[name]} == stale


def test_parameters_count_and_outputs_do_not(folder):
    root = folder.parent
    (root / "requirements.lock").touch()
    notebook = write_notebook(root / "a.ipynb", "print(1)")
    first = digest_of(notebook, root, {"n": 2})
    assert digest_of(notebook, root, {"n": 3}) != first
    notebook.write_text(notebook.read_text().replace('"execution_count": null', '"execution_count": 7'))
    assert digest_of(notebook, root, {"n": 2}) == first


def test_the_state_of_an_experiment_is_its_files_names_and_bytes(tmp_path):
    file = tmp_path / "paper" / "modified-77ab" / "all-0123.parquet"
    other = tmp_path / "quick" / "modified-77ab" / "all-0123.parquet"
    states = [stored(tmp_path)]
    for change in (
        lambda: (file.parent.mkdir(parents=True), file.write_text("rows")),
        lambda: file.write_text("ROWS"),
        lambda: file.rename(file.with_name("all-89ab.parquet")),
        lambda: (other.parent.mkdir(parents=True), other.write_text("rows")),
    ):
        change()
        states.append(stored(tmp_path))
    assert states[0] == {} and len({state.get("paper/modified-77ab") for state in states}) == 4
    assert states[-1].keys() - states[-2].keys() == {"quick/modified-77ab"}
    assert states[-1]["paper/modified-77ab"] == states[-2]["paper/modified-77ab"]


def test_refuses_a_magic_because_it_could_hide_an_import(tmp_path):
    notebook = write_notebook(tmp_path / "magic.ipynb", "%run other.py")
    with pytest.raises(ValueError, match=r"magic.ipynb: a code cell is not plain Python"):
        code_of(notebook)


def test_refuses_a_package_that_is_not_there():
    with pytest.raises(ValueError, match="not installed here; run `make env`"):
        Packages("no_such_package_anywhere")


CODES = {name: code_of(ROOT / "notebooks" / f"{name}.ipynb") for name in NAMES}
ON_ALL_TEXTS = {name for name, code in CODES.items() if "damcompanion.ledger" in code}
ON_KH16 = {name for name, code in CODES.items() if "damcompanion.kh16" in code} | ON_ALL_TEXTS
ON_MAPS = {name for name, code in CODES.items() if "damcompanion.mrs24.figures" in code} - ON_ALL_TEXTS
ON_PROOFS = {name for name, code in CODES.items() if "damcompanion.mrs24 import proofs" in code}


@pytest.mark.parametrize(
    "changed, spared",
    [
        ("kh16", set(NAMES) - ON_KH16),
        ("mrs24/errata", ON_MAPS),
        ("mrs24/differences", ON_MAPS),
        ("mrs24/proofs", ON_MAPS - ON_PROOFS),
        ("mssl22", ON_MAPS),
    ],
)
def test_a_change_in_one_text_leaves_the_notebooks_on_others_alone(tmp_path, changed, spared):
    packages = Packages("damcore", "damcompanion")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    packages.folders = {name: tmp_path / "src" / name for name in packages.folders}

    def digests():
        return {
            name: digest(ROOT / "notebooks" / f"{name}.ipynb", {}, ROOT / "requirements.lock", packages)
            for name in NAMES
        }

    before = digests()
    for file in (tmp_path / "src" / "damcompanion" / changed).rglob("*.py"):
        file.write_text(file.read_text("utf8") + "# changed\n", "utf8")
    after = digests()
    stale = {name for name in NAMES if after[name] != before[name]}
    assert stale and not stale & spared
    assert len(ON_MAPS) >= 7
