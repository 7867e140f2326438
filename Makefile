# Everything starts here: `make demo` and `make test` need Python 3.11 or newer, git and make, and fetch the rest.
SHELL := /bin/bash
UV_VERSION := 0.13.9
UV := .uv/bin/uv
RUN := $(UV) run --no-sync
export UV_PROJECT_ENVIRONMENT := .venv
# A child of a virtual environment must not take its parent's for the project's.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo down test check unit soak bench translations format clean

help: ## Say what there is.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed"; exit 1; }
	@python3 -m venv .uv 2>/dev/null || { echo "python3 has no venv (Debian: apt-get install python3-venv)"; rm -rf .uv; exit 1; }
	@.uv/bin/python -m pip --quiet --disable-pip-version-check install uv==$(UV_VERSION)

.venv/.synced: $(UV) pyproject.toml uv.lock
	@$(UV) sync --locked --quiet --compile-bytecode
	@touch $@

setup: .venv/.synced ## Install uv and everything the lock names into .venv.

demo: setup ## Start everything with a pretend city, exported by the real DAG; ends with addresses and a log-in.
	@$(RUN) civic-archive demo

down: setup ## Stop what `make demo` started; its data stays.
	@$(RUN) civic-archive demo --stop

check: setup ## Style, types, and that arrows point one way.
	@$(RUN) ruff check .
	@$(RUN) ruff format --check --quiet .
	@$(RUN) mypy
	@$(RUN) lint-imports --no-cache

unit: setup ## The tests that need no server.
	@$(RUN) pytest tests/unit

test: setup check ## Everything, on real servers.
	@$(RUN) python tests/install_needs.py
	@$(RUN) pytest -m "not soak" -n auto --maxprocesses 4

soak: setup ## The long runs: crashes and faults over and over.
	@$(RUN) python tests/install_needs.py
	@$(RUN) pytest -m soak

bench: setup ## Measure beside a baseline of the same run; results go to bench/results/.
	@$(UV) sync --locked --quiet --group bench
	@$(RUN) python -m bench

translations: setup ## Collect the sentences of programs and pages into archiver/i18n/*.po, and say which want a translation.
	@$(RUN) python -m archiver.i18n.collect

format: setup ## Format the code.
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

clean: ## Remove what was installed here (not the data of any home).
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache
