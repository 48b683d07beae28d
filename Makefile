# The two commands of this repository are `make book` and `make test`; `make help` lists the others.
# Everything happens in .venv, with the exact versions of requirements.lock.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready
# torch and the libraries of its CUDA build, in requirements.lock.
TORCH := ^(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+)==
# What is installed is a file that the lock knows by its hash; nothing is compiled here, and nothing else is fetched for it.
INSTALL := $(PY) -m pip install --disable-pip-version-check --no-deps
LOCKED := $(INSTALL) --require-hashes --only-binary :all:

export PYTHONUTF8 := 1
# A thread that waits for another sleeps: spinning on a busy machine makes small networks a hundred times slower.
export OMP_WAIT_POLICY := passive
# Keeps the kernel's debugger from writing its notice about frozen modules to stderr.
export PYDEVD_DISABLE_FILE_VALIDATION := 1

.PHONY: help env book test results reference lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@echo "usage: make TARGET [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

env: $(READY)  ## create .venv and install the locked versions

book: $(READY)  ## execute what changed, build the book into book/_build/html
	@$(PY) book/build.py

test: book  ## build the book, then run every check
	@$(PY) book/checks.py

results: $(READY)  ## train what is missing of all sweeps: make results PROFILE=smoke|quick|paper
	@$(PY) -m damcore.sweeps run --profile $(or $(PROFILE),quick) --store results

reference: $(READY)  ## execute the notebooks in place, to refresh their committed outputs
	@$(PY) book/reference.py

lock: $(READY)  ## resolve pyproject.toml into requirements.lock; versions already locked stay where they can
	@cp requirements.lock .venv/lock.txt
	@.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --no-header --no-annotate \
	    --generate-hashes --quiet --output-file .venv/lock.txt
	@{ grep '^#' requirements.lock; cat .venv/lock.txt; } > .venv/lock.new
	@mv .venv/lock.new requirements.lock
	@echo "requirements.lock: $$(grep -c '==' requirements.lock) packages."

clean:  ## remove what was built, but not .venv
	rm -rf book/_build book/generated book/notebooks book/assets/tex-svg-full.js book/assets/data build

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2> /dev/null || { \
	    echo "damcore needs Python 3.11, 3.12 or 3.13; $(PYTHON) is" \
	        "$$($(PYTHON) --version 2> /dev/null || echo not there). Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	    exit 1; }
	@echo "Creating .venv with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	    echo "$(PYTHON) -m venv failed; on Debian and Ubuntu install python3-venv." >&2; exit 1; }

# A torch that is already there at the locked version (a CPU build, say) stays, and its CUDA libraries are not needed.
.venv/.locked: requirements.lock | $(PY)
	@echo "Installing the locked versions into .venv; the first time this downloads torch, and takes minutes."
	@awk '/^[^ #]/ { file = /$(TORCH)/ ? ".venv/torch.txt" : ".venv/others.txt" } /^[^#]/ { print > file }' $<
	@there=$$($(PY) -c 'from importlib.metadata import version; print(version("torch").split("+")[0])' 2> /dev/null || true); \
	    grep -q "^torch==$$there " $< || $(LOCKED) -r .venv/torch.txt
	@$(LOCKED) -r .venv/others.txt
	@touch $@

$(READY): .venv/.locked pyproject.toml
	@echo "Installing damcore into .venv, in place."
	@$(INSTALL) --quiet --no-build-isolation --editable .
	@$(PY) -m pip check --disable-pip-version-check
	@touch $@
