"""The command line: it finds what installed packages declare, does what it says, and refuses in one sentence."""

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from damcore.sweeps import StablePatterns, Store, __main__, executor
from damcore.sweeps.__main__ import main
from sweeping import changed, python

sys.path.insert(0, str(Path(__file__).parent))  # `own_experiment`

EPOCHS = {"smoke": 3, "quick": 5, "paper": 7}
STABLE = StablePatterns("stable-few", loads=(2, 5), n=2, draws=3, n_neurons=20)


def declared(profile):
    """The experiments of a package at one size."""
    return {"small": changed(epochs=EPOCHS[profile]), "stable-few": STABLE}


def failing(profile):
    raise KeyError(profile)


OURS, OWN = f"{__name__}:declared", "own_experiment:experiments"


@pytest.fixture
def installed(monkeypatch):
    """Declare entry points, name -> "module:function", as if no other package were installed."""

    def install(**packages):
        points = [EntryPoint(name, value, "damcore.experiments") for name, value in packages.items()]
        monkeypatch.setattr(__main__, "entry_points", lambda group: [p for p in points if p.group == group])

    return install


@pytest.fixture
def command(tmp_path, capsys):
    """Run the command on a store of its own, at profile smoke: (status, stdout, stderr)."""

    def run(*arguments):
        status = main([*arguments, "--profile", "smoke", "--store", str(tmp_path)])
        return status, *capsys.readouterr()

    return run


def test_list_names_the_experiments_of_every_package(installed, command):
    installed(ours=OURS, own=OWN)
    status, said, _ = command("list")
    assert status == 0
    assert [line.split(maxsplit=1) for line in said.splitlines()] == [
        ["small", "modified, leaky, N = 24, n = (2, 3)"],
        ["stable-few", "polynomial, N = 20, n = 2, K = 2 to 5"],
        ["denoising", "4 x noise, 2 x draw"],
    ]


@pytest.mark.parametrize("name, cells", [("small", 16), ("stable-few", 6), ("denoising", 8)])
def test_an_experiment_is_planned_run_resumed_and_verified(name, cells, installed, command, tmp_path):
    installed(ours=OURS, own=OWN)
    assert command("plan", name)[1].startswith(f"{name}: {cells} networks to do, ")
    assert command("status", name)[:2] == (0, f"{name:44s}      0 of {cells:6d} networks\n")
    status, said, _ = command("run", name)
    assert status == 0 and f"{cells} of {cells} networks stored in {tmp_path / 'smoke' / name}-" in said
    assert command("status", name)[1].split()[1:] == [str(cells), "of", str(cells), "networks"]
    assert command("run", name)[1].startswith(f"{name}: 0 networks to do, ")
    status, said, _ = command("verify", name, "--sample", "3", "--seed", "1")
    assert (status, said) == (0, f"{name}: 3 networks measured again, 0 metrics differ\n")


def test_a_pattern_takes_several_and_no_name_takes_all(installed, command):
    installed(ours=OURS, own=OWN)
    assert [line.split()[0] for line in command("status", "s*")[1].splitlines()] == ["small", "stable-few"]
    assert len(command("status")[1].splitlines()) == 3


def test_the_profile_decides_the_size(installed, tmp_path, capsys):
    installed(ours=OURS)
    for profile, epochs in EPOCHS.items():
        assert main(["run", "small", "--profile", profile, "--store", str(tmp_path)]) == 0
        assert set(Store(tmp_path / profile).frame(changed(epochs=epochs)).epochs) == {epochs}
    capsys.readouterr()


def test_verify_fails_where_a_row_differs(installed, command, tmp_path):
    installed(ours=OURS)
    store = Store(tmp_path / "smoke")
    rows = executor.measured(STABLE, list(STABLE.cells()), "cpu")
    store.write(STABLE, None, [{**row, "neurons": row["neurons"] / 2} for row in rows], {})
    status, said, _ = command("verify", "stable-few")
    assert status == 1 and "6 networks measured again, 6 metrics differ" in said
    assert said.count("neurons") == 6 and "stable " not in said


def test_a_run_that_another_process_shares_ends_as_not_finished(installed, command, tmp_path):
    installed(ours=OURS)
    with Store(tmp_path / "smoke").hold(STABLE, "00000"):
        status, said, error = command("run", "stable-few")
    assert status == 1 and "3 of 6 networks stored" in said
    assert error.splitlines()[-1] == "error: another process works on the rest of stable-few; run it again later."


def test_an_interrupt_is_said_in_one_sentence(installed, command, monkeypatch):
    installed(ours=OURS)
    monkeypatch.setattr(StablePatterns, "measure", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    status, _, error = command("run", "stable-few")
    assert status == 130 and error.endswith("What is stored is whole; the same command resumes the run.\n")


# Refusals


@pytest.mark.parametrize(
    "packages, message",
    [
        ({}, "no installed package declares experiments (entry points of the group damcore.experiments)."),
        (
            dict(ours=OURS, broken="no_such_module.catalogue:experiments"),
            "the experiments of the package broken cannot be loaded from no_such_module.catalogue:experiments "
            "(ModuleNotFoundError: No module named 'no_such_module'); repair or uninstall it.",
        ),
        (
            dict(broken=f"{__name__}:failing", ours=OURS),
            f"the experiments of the package broken cannot be loaded from {__name__}:failing (KeyError: 'smoke'); "
            "repair or uninstall it.",
        ),
        (dict(ours=OURS, again=OURS), "ours declares 'small', and so does another package; uninstall one."),
    ],
)
@pytest.mark.parametrize("word", ["list", "run"])
def test_a_package_whose_experiments_cannot_be_had_is_named_and_nothing_is_run(
    word, packages, message, installed, command, tmp_path
):
    installed(**packages)
    assert command(word) == (1, "", f"error: {message}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["run", "tiny"], 2, "there is no experiment 'tiny'; there are small, stable-few."),
        (["run", "small", "t*"], 2, "there is no experiment 't*'; there are small, stable-few."),
        (["verify", "small", "--sample", "0"], 1, "`sample` must be at least 1, got 0."),
        (["verify", "small", "--seed", "-1"], 1, "`seed` must be at least 0, got -1."),
    ],
)
def test_a_wrong_command_is_refused_in_one_sentence(arguments, status, message, installed, command):
    installed(ours=OURS)
    assert command(*arguments) == (status, "", f"error: {message}\n")


def test_what_is_not_stored_cannot_be_verified(installed, command):
    installed(ours=OURS)
    status, _, error = command("verify", "small")
    assert status == 1 and "holds nothing yet; run small first" in error


def test_a_scheduler_that_does_not_answer_is_said_in_one_sentence(installed, command, monkeypatch):
    distributed = pytest.importorskip("distributed")
    installed(ours=OURS)

    def silent(address, **_):
        raise OSError(f"Timed out trying to connect to {address}")

    with monkeypatch.context() as patch:
        patch.setattr(distributed, "Client", silent)
        status, said, error = command("run", "small", "--scheduler", "tcp://127.0.0.1:1")
    assert (status, said) == (1, "")
    assert error.startswith("error: no Dask scheduler answers at 'tcp://127.0.0.1:1' (Timed out")
    for address in ("host", "tcp://host", "http://host:1", "tcp://host:x", "inproc://x", "tls://127.0.0.1:1", ""):
        status, said, error = command("run", "small", "--scheduler", address)
        assert (status, said) == (1, "")
        assert error.startswith(f"error: no Dask scheduler answers at {address!r} (")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert command("run", "small", "--scheduler", "x")[2] == "error: a cluster needs `pip install damcore[cluster]`.\n"


@pytest.mark.parametrize("threads", ["0", "-1", "two", ""])
def test_a_number_of_threads_that_numba_refuses_is_said_in_one_sentence(threads, installed, command, monkeypatch):
    installed(ours=OURS)
    monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
    message = f"error: NUMBA_NUM_THREADS must be a whole number of at least 1, got {threads!r}; unset it.\n"
    assert command("run", "small") == (2, "", message)


def test_a_damaged_file_is_told_by_status_and_mended_by_run(installed, command, tmp_path):
    installed(ours=OURS)
    command("run")
    store = Store(tmp_path / "smoke")
    (path,) = store.files(STABLE).values()
    path.unlink()
    path.symlink_to("nowhere")
    status, said, error = command("status")
    assert status == 1 and said.split()[:2] == ["small", "16"]
    assert error.startswith(f"error: {path} is no file. Put the right file in its place, or run stable-few again")
    assert command("plan")[0] == command("verify")[0] == 1 and path.is_symlink()
    status, said, error = command("run")
    assert status == 0 and "6 of 6 networks stored" in said and "moved to set-aside/" in error
    assert command("status")[0] == 0


def test_verify_says_what_holds_on_another_type_of_machine(installed, command, tmp_path):
    installed(ours=OURS)
    rows = executor.measured(STABLE, list(STABLE.cells()), "cpu")
    store = Store(tmp_path / "smoke")
    (path,) = [store.write(STABLE, None, rows, {"device": "cpu: abacus"})]
    status, said, error = command("verify", "stable-few")
    assert status == 0 and not error
    assert "6 networks measured again, 0 metrics differ" in said
    assert "no row was measured on a machine like this one (device, fallback, version_torch" in said
    assert "the mean of each metric over the sample must agree within 4 standard errors" in said
    path.unlink()
    off = [{**row, "neurons": row["neurons"] - 0.5 - k / 100} for k, row in enumerate(rows)]
    store.write(STABLE, None, off, {"device": "cpu: abacus"})
    status, said, error = command("verify", "stable-few")
    assert status == 1 and error == "error: stable-few: neurons cannot be what is stored.\n"


# Processes of their own


@pytest.fixture
def package(tmp_path):
    """A package as installers leave it: its code, and the file of its entry points. Runs the command."""
    about = tmp_path / "noise-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: noise\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[damcore.experiments]\nnoise = {OWN}\n")

    def run(*arguments, stdout=subprocess.PIPE, **variables):
        return python(
            "-m", "damcore.sweeps", *arguments, "--profile", "smoke", folders=(tmp_path,), stdout=stdout, **variables
        )

    return run


def test_python_m_finds_an_installed_package(package, tmp_path):
    ran = package("run", "denoising", "--store", str(tmp_path / "results"))
    assert ran.returncode == 0 and "8 of 8 networks stored" in ran.stdout, ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_output_that_cannot_be_written_is_said_in_one_sentence(package):
    with open("/dev/full", "wb") as full:
        ran = package("list", stdout=full)
    said = "error: the output cannot be written (No space left on device). What is stored is whole.\n"
    assert (ran.returncode, ran.stderr) == (1, said)


def test_output_that_nobody_reads_ends_the_command_without_a_word(package):
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as nobody:
        ran = package("list", stdout=nobody)
    assert (ran.returncode, ran.stderr) == (141, "")


@pytest.mark.parametrize("variables", [{"PYTHONUTF8": "0"}, {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}])
def test_a_store_that_the_locale_cannot_spell(variables, package, tmp_path):
    folder = tmp_path / "störe"
    ran = package("run", "denoising", "--store", str(folder), LC_ALL="C", PYTHONCOERCECLOCALE="0", **variables)
    assert ran.returncode == 0 and "8 of 8 networks stored in " in ran.stdout, ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(list(folder.rglob("all-*.parquet"))) == 1


@pytest.mark.parametrize("where", ["x" * 300, "~nobody-of-this-name"])
def test_a_store_that_cannot_be_is_said_in_one_sentence_and_with_a_traceback_where_it_is_asked_for(where, package):
    ran = package("run", "denoising", "--store", where)
    assert ran.returncode == 1 and ran.stderr.startswith("error: ") and ran.stderr.count("\n") == 1
    ran = package("run", "denoising", "--store", where, "--traceback")
    assert ran.returncode == 1 and ran.stderr.startswith("Traceback")
    assert "/store.py" in ran.stderr
