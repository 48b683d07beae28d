"""`python -m damcore.sweeps list|plan|run|status|verify NAME --profile quick --store results`.

A name may be a shell pattern, such as 'study-*'; without one, all there are: those of the figures, those beyond them,
and those of the settings study.
"""

import argparse
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import torch

from damcore.sweeps.executor import PlanError, plan, run, verify
from damcore.sweeps.extensions import further
from damcore.sweeps.grid import Sweep
from damcore.sweeps.heat_maps import PROFILES, sweeps
from damcore.sweeps.settings_study import study
from damcore.sweeps.store import Store, StoreError
from damcore.sweeps.train import METRICS


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    figures, beyond, settings = sweeps(options.profile), further(options.profile), study(options.profile)
    known = {**figures, **beyond, **settings}
    patterns = options.names or ["*"]
    if unknown := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]:
        print(
            f"error: there is no sweep {unknown[0]!r}; there are {', '.join(figures)}, {len(beyond)} beyond the "
            f"figures, and {len(settings)} of the settings study, 'study-*' (`list` names them).",
            file=sys.stderr,
        )
        return 2
    chosen = [sweep for name, sweep in known.items() if any(fnmatchcase(name, pattern) for pattern in patterns)]
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


def _list(chosen: list[Sweep], store: Store, options) -> int:
    for sweep in chosen:
        print(f"{sweep.name:44s} {sweep.scaling}, {sweep.interaction}, N = {sweep.n_neurons}, n = {sweep.vertices}")
    return 0


def _plan(chosen: list[Sweep], store: Store, options) -> int:
    for sweep in chosen:
        print(f"{sweep.name}: {plan(sweep, store, device=options.device)}")
    return 0


def _run(chosen: list[Sweep], store: Store, options) -> int:
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
    for sweep in chosen:
        print(f"{sweep.name}: {plan(sweep, store, device=options.device)}")
        rows = run(sweep, store, client, device=options.device)
        print(f"{sweep.name}: {len(rows)} of {len(sweep)} networks stored in {store.of(sweep)}")
    return 0


def _status(chosen: list[Sweep], store: Store, options) -> int:
    for sweep in chosen:
        shards = sweep.shards()
        waiting = sum(len(shards[k]) for k in store.missing(sweep))
        print(f"{sweep.name:44s} {len(sweep) - waiting:6d} of {len(sweep):6d} networks")
    return 0


def _verify(chosen: list[Sweep], store: Store, options) -> int:
    differing = 0
    for sweep in chosen:
        compared = verify(sweep, store, sample=options.sample, seed=options.seed, device=options.device)
        off = compared[compared.difference != 0]
        print(f"{sweep.name}: {len(compared) // len(METRICS)} cells trained again, {len(off)} metrics differ")
        if len(off):
            print(off.to_string(index=False))
        differing += len(off)
    return 1 if differing else 0


COMMANDS = {"list": _list, "plan": _plan, "run": _run, "status": _status, "verify": _verify}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m damcore.sweeps", description="Train the networks of a figure.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="sweeps or patterns such as 'study-*'; all by default")
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="how large (default: quick)")
    parser.add_argument("--store", type=Path, default=Path("results"), help="folder of results (default: results)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--scheduler", help="address of a Dask scheduler, such as tcp://host:8786")
    parser.add_argument("--sample", type=int, default=20, help="verify: cells to train again (default: 20)")
    parser.add_argument("--seed", type=int, help="verify: seed of the choice (default: a fresh one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
