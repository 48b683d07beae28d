"""Run every check of the repository, each with its time, and stop at the first that fails.

    python book/checks.py

pytest comes last: its closing line ends the output.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECKS = {
    "format": "ruff format --check .",
    "lint": "ruff check .",
    "types": "basedpyright",
    "imports": "lint-imports --no-cache",  # its cache overlooks modules that are added
    # The unit tests with shapes and types checked at every call, and nbval on the committed notebooks.
    # Each of two processes takes the next test, or the next notebook, when it is free (notebooks/conftest.py); more
    # would fight over the cores, since much of what is tested uses all of them.
    "tests": "pytest tests notebooks --nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg"
    " --nbval-cell-timeout=600 --durations=10 --numprocesses=2",
}


def run() -> int:
    """The exit status of the first check that fails, or 0."""
    done = []
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for name, command in CHECKS.items():
        print(f"\n{name}: {command}", flush=True)
        if name == "tests":
            print(f"Passed before: {', '.join(done)}.", flush=True)
        started = time.perf_counter()
        status = subprocess.run(command.split(), cwd=ROOT, env=environment).returncode
        seconds = time.perf_counter() - started
        if status:
            print(f"{name} failed after {seconds:.0f} s: {command}", file=sys.stderr)
            return status
        if name != "tests":
            print(f"{name}: passed in {seconds:.0f} s", flush=True)
        done.append(f"{name} ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(run())
