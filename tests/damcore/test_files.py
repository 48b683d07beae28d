"""Saved memories and trainings: damage anywhere is noticed, and a file is whole or not there."""

import hashlib
import json
import os
import stat
import subprocess
import sys
import warnings

import pytest
import safetensors.torch
import torch

from cases import bipolar, refused
from damcore import DenseAssociativeMemory
from damcore.interactions import Polynomial
from damcore.learning import TrainingState, start


@pytest.fixture
def memory(generator):
    made = DenseAssociativeMemory(Polynomial(10), scaling="original", temperature=0.5)
    made.store(bipolar(generator, 3, 8))
    return made


def test_every_changed_byte_of_a_file_is_noticed(memory, tmp_path):
    state = start(memory.memories, generator=torch.Generator().manual_seed(1))
    for kind, saved in ((DenseAssociativeMemory, memory), (TrainingState, state)):
        saved.save(tmp_path / "file")
        whole = (tmp_path / "file").read_bytes()
        header = 8 + int.from_bytes(whole[:8], "little")
        silent = []
        for place in [*range(header), *range(header, len(whole), 97)]:
            damaged = bytearray(whole)
            damaged[place] ^= 1
            (tmp_path / "damaged").write_bytes(damaged)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    kind.load(tmp_path / "damaged")
                    silent.append(place)
                except ValueError as error:
                    told = str(error)
            if "is not a whole file written by" not in told:
                silent.append(place)
        assert not silent, f"{kind.__name__}: changes go unnoticed in the bytes {silent}"


def of_first_format(path, tensors, settings):
    """Write a file as versions did whose checksum covers the bytes of the tensors alone."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().tobytes())
    noted = json.dumps(settings | {"sha256": digest.hexdigest()})
    safetensors.torch.save_file(tensors, path, metadata={"damcore": noted})


def test_a_file_of_the_first_format_is_read_with_a_warning(memory, tmp_path):
    settings = {"interaction": {"name": "Polynomial", "n": 10}, "scaling": "original", "temperature": 0.5}
    of_first_format(tmp_path / "old", {"memories": memory.memories}, settings)
    with pytest.warns(UserWarning, match="checksum does not cover settings and shapes"):
        loaded = DenseAssociativeMemory.load(tmp_path / "old")
    assert torch.equal(loaded.memories, memory.memories) and loaded.interaction == Polynomial(10)
    state = start(memory.memories)
    tensors = {name: value for name, value in vars(state).items() if value is not None}
    of_first_format(tmp_path / "training", tensors, {})
    with pytest.warns(UserWarning, match="checksum does not cover"):
        assert torch.equal(TrainingState.load(tmp_path / "training").memories, state.memories)
    loaded.save(tmp_path / "new")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DenseAssociativeMemory.load(tmp_path / "new")


@pytest.mark.parametrize(
    "memories, error, says",
    [
        (torch.ones(8), ValueError, r"`memories` must have shape \(\*runs, K, N\)"),
        (torch.ones(2, 3, 8), ValueError, r"`memories` must have shape \(K, N\)"),
        (torch.ones(3, 8, dtype=torch.int64), TypeError, "`memories` must have a floating dtype"),
        (torch.full((3, 8), torch.nan), ValueError, "`memories` must be finite"),
        (torch.ones(0, 8), ValueError, "`memories` is empty"),
    ],
)
def test_load_refuses_what_store_would(memory, tmp_path, memories, error, says):
    memory.memories = memories
    memory.save(tmp_path / "file")
    with refused(error, says):
        DenseAssociativeMemory.load(tmp_path / "file")


def test_load_refuses_settings_and_tensors_of_another_kind(memory, tmp_path):
    memory.save(tmp_path / "memory")
    start(memory.memories).save(tmp_path / "training")
    with refused(ValueError, "is not a whole file written by TrainingState.save .*it holds interaction, memories"):
        TrainingState.load(tmp_path / "memory")
    with refused(ValueError, "is not a whole file written by DenseAssociativeMemory.save .*it holds diverged"):
        DenseAssociativeMemory.load(tmp_path / "training")


@pytest.mark.parametrize("field, value", [("velocity", torch.zeros(3, 7)), ("diverged", torch.zeros(2).long())])
def test_a_training_whose_parts_do_not_belong_together_is_refused(memory, field, value):
    parts = vars(start(memory.memories)) | {field: value.to(torch.int64 if field == "diverged" else torch.float64)}
    with refused(ValueError, f"`{field}` must have shape .* to belong to `memories`"):
        TrainingState(**parts)


def test_a_link_stays_a_link_and_what_is_no_file_stays_what_it_is(memory, tmp_path):
    (tmp_path / "link").symlink_to("target")
    memory.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "target").is_file()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "loop", "folder"):
        with refused(ValueError, f"Cannot write .*{name}, which is there and is not a file"):
            memory.save(tmp_path / name)
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode) and (tmp_path / "loop").is_symlink()
    with refused(FileNotFoundError, "There is no file"):
        DenseAssociativeMemory.load(tmp_path / "pipe")


def test_a_new_file_obeys_the_umask_and_an_old_one_keeps_its_mode(memory, tmp_path):
    before = os.umask(0o027)
    try:
        memory.save(tmp_path / "new")
        (tmp_path / "old").touch(0o600)
        memory.save(tmp_path / "old")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o640, 0o600]


def test_what_a_killed_save_left_is_removed_by_the_next_but_not_what_is_being_written(memory, tmp_path):
    killed = (
        "import os, signal, sys, torch\n"
        "from damcore.learning import start\n"
        "os.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)\n"
        "start(torch.ones(2, 4)).save(sys.argv[1])\n"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path / "file")])
    left = [path.name for path in tmp_path.iterdir()]
    assert len(left) == 1 and left[0].startswith(".file.")
    memory.save(tmp_path / "another")
    assert left[0] in [path.name for path in tmp_path.iterdir()]
    import fcntl

    with open(tmp_path / ".file.written.part", "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        memory.save(tmp_path / "file")
        assert sorted(path.name for path in tmp_path.iterdir()) == [".file.written.part", "another", "file"]
    memory.save(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another", "file"]
