"""What a page says of commits: only of the repository that holds the code, and as text that cannot become markup."""

import shutil
import subprocess
import sys

import pytest

import pages
from damcompanion.mrs24.figures import Gallery
from damcore.sweeps import executor
from run import ROOT
from synthetic import store_sweep


@pytest.fixture
def around(tmp_path):
    """Somebody's repository, with a commit."""
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_package_in_somebody_elses_repository_has_no_commit(around):
    shutil.copytree(ROOT / "src", around / "site-packages", ignore=shutil.ignore_patterns("__pycache__"))
    code = "from damcore.sweeps import executor; print(executor.__file__, executor.provenance('cpu')['commit'])"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'site-packages'); {code}"]
    said = subprocess.run(command, cwd=around, check=True, capture_output=True, text=True).stdout
    assert said == f"{around / 'site-packages' / 'damcore' / 'sweeps' / 'executor.py'} unknown\n"


def test_the_code_of_this_repository_has_its_commit():
    head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if head.returncode:
        pytest.skip("these files are in no repository")
    executor._commit.cache_clear()
    assert head.stdout.strip() in executor.provenance("cpu")["commit"]
    assert pages.commit(ROOT).startswith(head.stdout.strip())


def test_a_copy_in_somebody_elses_repository_is_built_from_no_commit(around):
    (around / "copy").mkdir()
    shutil.copyfile(ROOT / "pyproject.toml", around / "copy" / "pyproject.toml")
    assert pages.commit(around / "copy") == "unknown (built outside a git repository)"


@pytest.mark.parametrize(
    "commit, shown",
    [
        ("abc1234-dirty", "`abc1234-dirty`"),
        ("`|<script>alert(1)</script>\n# x", "`???script?alert?1???script??? x`"),
        ("", "`?`"),
    ],
)
def test_a_commit_reaches_the_page_as_code_and_cannot_leave_it(tmp_path, commit, shown):
    gallery = Gallery("smoke", folder=tmp_path)
    store_sweep(gallery.store, gallery.sweeps["modified-coarse"], lambda cell: 1.0, commit=commit)
    (line,) = (line for line in pages.stored(gallery) if line.startswith("| modified-coarse "))
    assert line.endswith(f" | {shown} |")
