"""`python -m damcore.sweeps list|plan|run|status|verify NAME --profile quick --store results`.

A name may be a shell pattern, such as 'study-*'; without a name the command takes all experiments. Installed packages
declare experiments by an entry point of the group `damcore.experiments`: a function that takes a profile and returns
name -> experiment.
"""

import argparse
import io
import os
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path

import torch

from damcore.sweeps.executor import LIKE, TOLERANCE, PlanError, plan, run, unlike, verify
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.store import Store, StoreError

GROUP = "damcore.experiments"
PROFILES = ("smoke", "quick", "paper")
FEW = 12  # names that an error lists


class CatalogueError(Exception):
    """The experiments of an installed package cannot be had; the message says which package and why."""

    refused = True


class OutputError(Exception):
    """What a command says cannot be written."""

    refused = True


def installed(profile: str) -> dict[str, Experiment]:
    """Find every experiment that an installed package declares, name -> experiment.

    Args:
        profile: "smoke", "quick" or "paper".

    Raises:
        CatalogueError: the code of a package fails, or two packages declare one name.
    """
    found: dict[str, Experiment] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            declared = point.load()(profile)
        except Exception as error:  # whatever the code of another package raises
            reason = f"{type(error).__name__}: {error}"
            raise CatalogueError(
                f"the experiments of the package {point.name} cannot be loaded from {point.value} ({reason}); repair "
                "or uninstall it."
            ) from error
        if twice := found.keys() & declared.keys():
            raise CatalogueError(f"{point.name} declares {min(twice)!r}, and so does another package; uninstall one.")
        found |= declared
    if not found:
        raise CatalogueError(f"no installed package declares experiments (entry points of the group {GROUP}).")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: of the command line; those of the process by default.

    Returns:
        The exit status: 0 where all is well; 1 where something failed, differs or is not finished; 2 where the command
        makes no sense here; 130 where it was interrupted.

    Raises:
        SystemExit: nobody reads the output any more (141), or the arguments make no sense (2).
    """
    options = _parser().parse_args(arguments)
    if options.traceback:
        os.environ["DAMCORE_TRACEBACK"] = "1"
    try:
        return _command(options)
    except KeyboardInterrupt:
        print("\nInterrupted. What is stored is whole; the same command resumes the run.", file=sys.stderr)
        return 130
    except Exception as error:
        if options.traceback or not getattr(error, "refused", False):
            raise
        return _say(str(error), 1)


def _command(options: argparse.Namespace) -> int:
    threads = os.environ.get("NUMBA_NUM_THREADS", "1")
    if not (threads.isdecimal() and int(threads)):
        return _say(f"NUMBA_NUM_THREADS must be a whole number of at least 1, got {threads!r}; unset it.", 2)
    known = installed(options.profile)
    patterns = options.names or ["*"]
    if unknown := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]:
        named = ", ".join([*known][:FEW])
        more = f", and {len(known) - FEW} more (`list` names them)" if len(known) > FEW else ""
        return _say(f"there is no experiment {unknown[0]!r}; there are {named}{more}.", 2)
    if options.device == "cuda" and not torch.cuda.is_available():
        return _say("there is no CUDA device here; leave out --device.", 2)
    chosen = [found for name, found in known.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]
    return COMMANDS[options.command](chosen, Store(options.store / options.profile), options)


def _say(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except OSError as error:
        # What is left in the buffer goes nowhere, or Python would fail again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(128 + signal.SIGPIPE)
        raise OutputError(f"the output cannot be written ({error.strerror}). What is stored is whole.") from error


def _list(chosen: list[Experiment], store: Store, options) -> int:
    for experiment in chosen:
        _print(f"{experiment.name:44s} {experiment.summary}")
    return 0


def _plan(chosen: list[Experiment], store: Store, options) -> int:
    for experiment in chosen:
        _print(f"{experiment.name}: {plan(experiment, store, device=options.device)}")
    return 0


def _run(chosen: list[Experiment], store: Store, options) -> int:
    status = 0
    with _cluster(options.scheduler) as client:
        for experiment in chosen:
            store.mend(experiment)
            if client is None:
                _print(f"{experiment.name}: {plan(experiment, store, device=options.device)}")
            done = len(run(experiment, store, client, device=options.device))
            where = store.of(experiment)
            _print(f"{experiment.name}: {done} of {len(experiment)} {experiment.unit}s stored in {where}")
            if done < len(experiment):
                status = _say(f"another process works on the rest of {experiment.name}; run it again later.", 1)
    return status


def _cluster(scheduler: str | None) -> AbstractContextManager:
    """A client of the Dask scheduler at an address; None without an address."""
    if scheduler is None:
        return nullcontext()
    try:
        from distributed import Client
    except ImportError:
        raise PlanError("a cluster needs `pip install damcore[cluster]`.") from None
    try:
        return Client(scheduler, timeout=10)
    except Exception as error:  # whatever Dask raises of an address that it cannot use
        raise PlanError(
            f"no Dask scheduler answers at {scheduler!r} ({error}); name one such as tcp://host:8786."
        ) from error


def _status(chosen: list[Experiment], store: Store, options) -> int:
    status = 0
    for experiment in chosen:
        shards = experiment.shards()
        try:
            waiting = sum(len(shards[k]) for k in store.missing(experiment))
        except StoreError as error:  # the others are told all the same
            status = _say(str(error), 1)
            continue
        _print(f"{experiment.name:44s} {len(experiment) - waiting:6d} of {len(experiment):6d} {experiment.unit}s")
    return status


def _verify(chosen: list[Experiment], store: Store, options) -> int:
    status = 0
    for experiment in chosen:
        compared = verify(experiment, store, sample=options.sample, seed=options.seed, device=options.device)
        off = compared[compared.difference != 0]
        again = len(compared) // len(experiment.metrics)
        _print(f"{experiment.name}: {again} {experiment.unit}s measured again, {len(off)} metrics differ")
        if len(off):
            _print(off.to_string(index=False))
        if not compared.promised.all():
            _print(f"    no row was measured on a machine like this one ({', '.join(LIKE)}): {TOLERANCE}")
        if faults := unlike(compared):
            status = _say(f"{experiment.name}: {', '.join(faults)} cannot be what is stored.", 1)
    return status


COMMANDS = {"list": _list, "plan": _plan, "run": _run, "status": _status, "verify": _verify}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m damcore.sweeps", description="Run named experiments.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="names, or patterns such as 'study-*'; default: all")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="size of the experiments (default: quick)")
    parser.add_argument("--store", type=Path, default=Path("results"), help="folder of the results (default: results)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--sample", type=int, default=20, help="verify: number of cells to measure again (default: 20)")
    parser.add_argument("--seed", type=int, help="verify: seed of the choice (default: a fresh one)")
    parser.add_argument("--traceback", action="store_true", help="show where an error comes from, for debugging")
    return parser


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # a path that the locale cannot spell is written all the same
    sys.exit(main())
