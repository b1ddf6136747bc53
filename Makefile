# Every command works from a bare machine with Python 3.11 and make: the environment is made when it is missing or out of date.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export BEACONMART_HOME ?= $(CURDIR)/data
export BEACONMART_CONFIG ?= $(CURDIR)/config
# Nothing phones home: dagster.yaml says so for runs, and `dg` reads only this.
export DAGSTER_DISABLE_TELEMETRY := yes
# Where a shell forbids bytecode, every process compiles its imports anew: three seconds for each that runs Dagster and dbt.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo dev run status setup check test prove sql lint lock clean

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(READY)  ## simulate a shop's exports, run the daily job on them, say where the report is
	@$(BIN)/beaconmart demo

dev: $(READY)  ## the Dagster UI on http://127.0.0.1:3000, with the daily schedule on
	@$(BIN)/beaconmart dev

run: $(READY)  ## ingest what has landed, build the marts, publish
	@$(BIN)/beaconmart run

status: $(READY)  ## freshness, last run, failing checks, health
	@$(BIN)/beaconmart status

setup: $(READY)  ## make the environment only

check: $(READY)  ## the fast ring: lint, types, import rules and the fast tests, in under a minute
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -q -m "not slow and not browser" -n 2 --dist worksteal tests/unit tests/conventions

test: $(READY)  ## everything that proves the project
	@$(MAKE) --no-print-directory --jobs 2 lint prove sql

# Many tests wait for a daemon or a browser: a third process and the linters fill the gaps of two.
prove: $(READY)
	@echo "── tests ──"
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

sql: $(READY)
	@echo "── dbt parse, sqlfluff ──"
	@$(BIN)/dbt --quiet parse --project-dir dbt_project --profiles-dir dbt_project
	@$(BIN)/sqlfluff lint --processes 1 --disable-progress-bar dbt_project/models

lint: $(READY)
	@echo "── ruff, mypy, import rules ──"
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache

lock: $(READY)  ## pin what pyproject.toml asks for, with hashes and without index addresses
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
		--no-header --extra dev pyproject.toml -o requirements.lock

clean:  ## remove the environment and the caches; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dbt_project/target dbt_project/logs

# uv installs the lock file in seconds where pip takes a minute and a half. Where uv cannot (no wheel for the machine, an index or a
# certificate that only pip is told of), pip does.
PIP := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes
UV := VIRTUAL_ENV=$(VENV) UV_SYSTEM_CERTS=1 $(BIN)/uv pip
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Beaconmart needs Python 3.11 (found: $$($(PYTHON) --version 2>&1)). Install it, or say where it is: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "── setting up $(VENV) (first time only) ──"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on = 1; print; next} /^[a-z]/ {on = 0} on' requirements.lock > $(VENV)/uv.lock
	@{ $(PIP) --quiet -r $(VENV)/uv.lock && $(UV) sync --quiet --require-hashes requirements.lock; } || $(PIP) -r requirements.lock
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
