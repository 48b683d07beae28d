"""Which change makes which notebook stale."""

import pytest

from stale import Package, code_of, digest
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
FRIENDLY = {"toypack.top", "toypack.middle", "toypack.low"}
DIGITS = {"toypack.digits", "toypack.digits.load"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package `toypack` that can be imported: top imports middle, middle imports low; other and digits are alone."""
    for name, text in FILES.items():
        file = tmp_path / "toypack" / name
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
    ],
)
def test_modules_used_by_code(folder, code, used):
    assert Package("toypack").used(code) == used - ({"toypack"} if code == "import toypack" else set())


@pytest.mark.parametrize(
    "code", ["from toypack import unknown", "from toypack import *", "import toypack\ngetattr(toypack, 'x')"]
)
def test_what_cannot_be_followed_counts_as_everything(folder, code):
    package = Package("toypack")
    assert package.used(code) == package.graph.modules >= FRIENDLY | DIGITS | {"toypack.other"}


NOTEBOOKS = {
    "friendly": "from toypack import Friendly",
    "low": "import toypack\ntoypack.low",
    "digits": "from toypack.digits import load",
    "maps": "from toypack.sweeps import Gallery",
}


@pytest.mark.parametrize(
    "changed, stale",
    [
        ("toypack/low.py", {"friendly", "low"}),
        ("toypack/middle.py", {"friendly"}),
        ("toypack/top.py", {"friendly"}),
        ("toypack/other.py", set()),
        ("toypack/digits/load.py", {"digits"}),
        ("toypack/digits/data/digits.bin", {"digits"}),
        ("toypack/digits/__pycache__/load.nbc", set()),
        ("toypack/__init__.py", set()),
        ("requirements.lock", {"friendly", "low", "digits", "maps"}),
        ("results/paper/modified-77ab/all-0123.parquet", {"maps"}),
        ("results/paper/new-77ab/00000-4567.parquet", {"maps"}),
        ("results/README.md", set()),
        ("notebooks/low.ipynb", {"low"}),
    ],
)
def test_a_change_makes_stale_what_depends_on_it(folder, changed, stale):
    root = folder.parent
    (root / "requirements.lock").write_text("torch==2\n")
    for name, code in NOTEBOOKS.items():
        write_notebook(root / "notebooks" / f"{name}.ipynb", code)

    def digests():
        lock, results, package = root / "requirements.lock", root / "results", Package("toypack")
        return {
            name: digest(root / "notebooks" / f"{name}.ipynb", {"n": 2}, lock, package, results) for name in NOTEBOOKS
        }

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
    others = folder / "low.py", Package("toypack"), folder.parent / "results"
    notebook = write_notebook(folder.parent / "a.ipynb", "print(1)")
    first = digest(notebook, {"n": 2}, *others)
    assert digest(notebook, {"n": 3}, *others) != first
    notebook.write_text(notebook.read_text().replace('"execution_count": null', '"execution_count": 7'))
    assert digest(notebook, {"n": 2}, *others) == first


def test_a_stored_file_counts_by_its_name(folder):
    """Its name carries its checksum; a file that is gone or has another name makes the notebook stale."""
    root = folder.parent
    maps = write_notebook(root / "maps.ipynb", NOTEBOOKS["maps"])
    file = root / "results" / "paper" / "modified-77ab" / "all-0123.parquet"
    file.parent.mkdir(parents=True)
    seen = [digest(maps, {}, folder / "low.py", Package("toypack"), root / "results")]
    for change in (lambda: file.write_text(""), lambda: file.rename(file.with_name("all-89ab.parquet"))):
        change()
        seen.append(digest(maps, {}, folder / "low.py", Package("toypack"), root / "results"))
    assert len(set(seen)) == 3


def test_refuses_a_magic_because_it_could_hide_an_import(tmp_path):
    notebook = write_notebook(tmp_path / "magic.ipynb", "%run other.py")
    with pytest.raises(ValueError, match=r"magic.ipynb: a code cell is not plain Python"):
        code_of(notebook)


def test_refuses_a_package_that_is_not_there():
    with pytest.raises(ValueError, match="not installed here; run `make env`"):
        Package("no_such_package_anywhere")
