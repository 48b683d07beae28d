"""What `make` installs: files that `requirements.lock` knows by their hash, and no second torch."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text("utf8")
ENTRIES = re.findall(r"^[^\s#](?:\\\n|.)*", LOCK, re.MULTILINE)

# In place of .venv/bin/python: notes what it is called with, and has the torch that the file `torch` names.
PYTHON = """#!/bin/sh
case "$1" in
    -c) test -f torch && cat torch ;;
    *) echo "$@" >> calls ;;
esac
"""


def names(entries: list[str]) -> set[str]:
    return {re.split("==", entry)[0] for entry in entries}


def test_every_locked_package_has_a_version_and_hashes():
    for entry in ENTRIES:
        first, *hashes = entry.split("\\\n")
        assert re.match(r"[a-z0-9-]+==[^\s;]+ ", first), entry
        assert hashes and all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64} ?", line) for line in hashes), entry
    assert {"torch", "triton", "numba", "pytest-xdist", "hatchling", "uv"} <= names(ENTRIES)
    assert "://" not in LOCK


@pytest.fixture
def folder(tmp_path):
    """A folder to run `make env` in, with an environment that installs nothing."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


VERSION = next(re.split(r"[= ]+", entry)[1] for entry in ENTRIES if entry.startswith("torch=="))


@pytest.mark.parametrize(
    "there, kept", [(VERSION, True), (f"{VERSION}\n", True), ("2.6.0", False), (f"{VERSION}1", False), (None, False)]
)
def test_a_torch_of_the_locked_version_stays_and_all_else_is_checked_by_its_hash(folder, there, kept):
    if there:
        (folder / "torch").write_text(there)
    subprocess.run(["make", "env"], cwd=folder, check=True, capture_output=True)
    installs = [call for call in (folder / "calls").read_text().splitlines() if " install " in call]
    assert all("--no-deps" in call for call in installs)
    *locked, in_place = installs
    assert in_place.endswith("--no-build-isolation --editable .")
    assert all("--require-hashes --only-binary :all:" in call for call in locked)
    assert [call.split()[-1] for call in locked] == [".venv/torch.txt"] * (not kept) + [".venv/others.txt"]


def test_torch_and_its_cuda_libraries_are_apart_and_nothing_is_lost(folder):
    subprocess.run(["make", "env"], cwd=folder, check=True, capture_output=True)
    torch, others = ((folder / ".venv" / name).read_text() for name in ("torch.txt", "others.txt"))
    assert sorted((torch + others).splitlines()) == sorted(line for line in LOCK.splitlines() if line[0] != "#")
    apart = set(re.findall(r"(?m)^([a-z][\w-]*)==", torch))
    assert {"torch", "triton"} == {name for name in apart if not name.startswith(("nvidia-", "cuda-"))}
    assert not re.search(r"(?m)^(torch|triton|nvidia|cuda)\b", others)
