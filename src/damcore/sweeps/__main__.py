"""`python -m damcore.sweeps list|plan|run|status|verify NAME --profile quick --store results`.

A name may be a shell pattern, such as 'study-*'; without one, all there are. Experiments are found by name where an
installed package declares them: an entry point of the group `damcore.experiments` names a function of the profile that
returns name -> experiment.
"""

import argparse
import sys
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from pathlib import Path

import torch

from damcore.sweeps.executor import PlanError, plan, run, verify
from damcore.sweeps.experiment import Experiment
from damcore.sweeps.store import Store, StoreError

GROUP = "damcore.experiments"
PROFILES = ("smoke", "quick", "paper")
FEW = 12  # names that an error lists


def installed(profile: str) -> dict[str, Experiment]:
    """Every experiment that an installed package declares, name -> experiment.

    Args:
        profile: "smoke", "quick" or "paper".
    """
    found: dict[str, Experiment] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        found |= point.load()(profile)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    known = installed(options.profile)
    patterns = options.names or ["*"]
    if unknown := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]:
        named = ", ".join([*known][:FEW]) or "none, since no installed package declares any"
        more = f", and {len(known) - FEW} more (`list` names them)" if len(known) > FEW else ""
        print(f"error: there is no experiment {unknown[0]!r}; there are {named}{more}.", file=sys.stderr)
        return 2
    chosen = [found for name, found in known.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]
    if options.device == "cuda" and not torch.cuda.is_available():
        print("error: there is no CUDA device here; leave out --device.", file=sys.stderr)
        return 2
    store = Store(options.store / options.profile)
    try:
        return COMMANDS[options.command](chosen, store, options)
    except (StoreError, PlanError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What is stored is whole; the same command goes on from there.", file=sys.stderr)
        return 130


def _list(chosen: list[Experiment], store: Store, options) -> int:
    for experiment in chosen:
        print(f"{experiment.name:44s} {experiment.summary}")
    return 0


def _plan(chosen: list[Experiment], store: Store, options) -> int:
    for experiment in chosen:
        print(f"{experiment.name}: {plan(experiment, store, device=options.device)}")
    return 0


def _run(chosen: list[Experiment], store: Store, options) -> int:
    client = None
    if options.scheduler:
        try:
            from distributed import Client

            client = Client(options.scheduler, timeout=10)
        except ImportError:
            print("error: a cluster needs `pip install damcore[cluster]`.", file=sys.stderr)
            return 1
        except OSError as error:
            print(f"error: no Dask scheduler answers at {options.scheduler} ({error}).", file=sys.stderr)
            return 1
    for experiment in chosen:
        print(f"{experiment.name}: {plan(experiment, store, device=options.device)}")
        rows = run(experiment, store, client, device=options.device)
        place = store.of(experiment)
        print(f"{experiment.name}: {len(rows)} of {len(experiment)} {experiment.unit}s stored in {place}")
    return 0


def _status(chosen: list[Experiment], store: Store, options) -> int:
    for experiment in chosen:
        shards = experiment.shards()
        waiting = sum(len(shards[k]) for k in store.missing(experiment))
        done = len(experiment) - waiting
        print(f"{experiment.name:44s} {done:6d} of {len(experiment):6d} {experiment.unit}s")
    return 0


def _verify(chosen: list[Experiment], store: Store, options) -> int:
    differing = 0
    for experiment in chosen:
        compared = verify(experiment, store, sample=options.sample, seed=options.seed, device=options.device)
        off = compared[compared.difference != 0]
        again = len(compared) // len(experiment.metrics)
        print(f"{experiment.name}: {again} {experiment.unit}s measured again, {len(off)} metrics differ")
        if len(off):
            print(off.to_string(index=False))
        differing += len(off)
    return 1 if differing else 0


COMMANDS = {"list": _list, "plan": _plan, "run": _run, "status": _status, "verify": _verify}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m damcore.sweeps", description="Run named experiments.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="names or patterns such as 'study-*'; all by default")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="how large (default: quick)")
    parser.add_argument("--store", type=Path, default=Path("results"), help="folder of results (default: results)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--sample", type=int, default=20, help="verify: cells to measure again (default: 20)")
    parser.add_argument("--seed", type=int, help="verify: seed of the choice (default: a fresh one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
