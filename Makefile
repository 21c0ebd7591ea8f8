# `make` alone prints this help; every target says in one line what it does.
PYTHON ?= python3
BIN := .venv/bin
KILLS := .venv-kills/bin
AIRFLOW_2 := .venv-airflow-2/bin
# Left out: what is about the compose file, about Airflow 3's API server, or imports `airflow.sdk` itself; and two tests that
# run operators in threads, which 2.11's own guard against a call of `execute` doesn't know.
AIRFLOW_2_TESTS := tests/unit $(addprefix tests/e2e/test_,both_airflows.py readme.py launch.py bad_input_protocol.py \
  launch_bad_input.py halting_operators.py outcome_operator.py estimate_operator.py relaunch.py start_errors.py guards.py \
  schedules.py publishing.py datasets.py kept_rows.py guards_of_audience.py) \
  --ignore tests/unit/test_compose.py --deselect tests/unit/test_operator_rules.py::test_every_operator_can_be_mapped \
  --deselect tests/e2e/test_launch.py::test_two_runs_of_one_key_at_once_launch_once \
  --deselect tests/e2e/test_guards.py::test_two_keys_at_once_never_launch_one_audience_twice
IN_AIRFLOW := $(addprefix tests/e2e/test_,refresh.py refresh_segments.py readme.py many_waits.py prepare_segment.py \
  audience_in_airflow.py import_deferred.py)
UV_VERSION := 0.13.9
# For the demo: your own customers (`make demo CSV=customers.csv SEGMENT="Country=FR, Balance>1000"`).
CSV ?=
SEGMENT ?=
quoted = '$(subst ','\'',$(1))'

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-chaos test-airflow test-airflow-2 test-warehouse test-kills lint format lock docs bench clean

help: ## show this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: .venv/.ready ## make .venv with the package, the emulator and all tools, from requirements.lock

.venv/.ready: requirements.lock pyproject.toml emulator/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else f"Python {sys.version.split()[0]} found, 3.11 or newer is needed; hint: make setup PYTHON=python3.11")'
	@echo "Making .venv (about a minute the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e . -e emulator
	@touch $@

demo: setup ## run the nightly DAG against a local emulator, twice: one launch
	@$(BIN)/python -m demo.run $(if $(CSV),--csv $(call quoted,$(CSV))) $(if $(SEGMENT),--segment $(call quoted,$(SEGMENT)))

test: setup lint ## lint, types, arrows, then all tests that pip packages suffice for
	@$(BIN)/python -m pytest

test-chaos: setup ## the launch protocol attacked: every schedule of the graph, 3,000 wire cases, the machine: 10 minutes
	@CHAOS=all $(BIN)/python -m pytest tests/chaos

test-airflow-2: .venv-airflow-2/.ready ## the package and its DAGs on Airflow 2.11
	@REAL_AIRFLOW=1 $(AIRFLOW_2)/python -m pytest $(AIRFLOW_2_TESTS)

.venv-airflow-2/.ready: requirements-airflow-2.lock pyproject.toml emulator/pyproject.toml
	@echo "Making .venv-airflow-2 (about a minute the first time) ..."
	@$(PYTHON) -m venv .venv-airflow-2
	@$(AIRFLOW_2)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(AIRFLOW_2)/uv pip install --quiet --python $(AIRFLOW_2)/python --require-hashes -r requirements-airflow-2.lock
	@$(AIRFLOW_2)/uv pip install --quiet --python $(AIRFLOW_2)/python --no-deps -e . -e emulator
	@touch $@

test-airflow: setup ## what takes a real Airflow minutes: README's DAGs, refresh and backfill, many waits, wrong audiences
	@REAL_AIRFLOW=1 $(BIN)/python -m pytest $(IN_AIRFLOW) -n 0 -q

test-warehouse: .venv-kills/.ready ## a segment out of a real Postgres, by dags/warehouse_segment.py in a real Airflow: 3 minutes
	@$(KILLS)/python -m tests.kills.programs initdb postgres
	@WAREHOUSE=1 $(KILLS)/python -m pytest tests/e2e/test_warehouse.py -n 0 -q

test-kills: .venv-kills/.ready ## kill the processes of a real Airflow (Postgres, Celery) in the midst of launches: 10 minutes
	@$(KILLS)/python -m tests.kills.programs
	@KILLS=1 $(KILLS)/python -m pytest tests/kills -n 0 -q -s --timeout 1500

.venv-kills/.ready: requirements.lock tests/kills/requirements.lock pyproject.toml emulator/pyproject.toml
	@echo "Making .venv-kills (about a minute the first time) ..."
	@$(PYTHON) -m venv .venv-kills
	@$(KILLS)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(KILLS)/uv pip install --quiet --python $(KILLS)/python --require-hashes -r requirements.lock -r tests/kills/requirements.lock
	@$(KILLS)/uv pip install --quiet --python $(KILLS)/python --no-deps -e . -e emulator
	@touch $@

lint: setup ## ruff (lint and format), mypy (strict), import-linter (who may import whom)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; exit 1; }
	@tail -n 2 .lint-imports.log

format: setup ## let ruff format the code and mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: setup ## resolve the dependencies anew into the requirements*.lock (uv)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-annotate \
	  --extra airflow --group dev pyproject.toml emulator/pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-annotate \
	  --group airflow-2 pyproject.toml emulator/pyproject.toml -o requirements-airflow-2.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" -c requirements.lock \
	  $$(sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p' requirements.lock) \
	  tests/kills/requirements.in -o tests/kills/requirements.lock

docs: setup ## write docs/command-line.md anew from the commands' own help
	@AIRFLOW_HOME=$$(mktemp -d) $(BIN)/python -m tests.unit.test_cli_reference

bench: setup ## speed and memory, each beside something else in the same run
	@for b in benchmarks/bench_*.py benchmarks/launch_rate.py; do $(BIN)/python $$b || exit 1; done

clean: ## remove .venv and what demo and tests left behind
	@rm -rf .venv .venv-airflow-2 .venv-kills .demo .lint-imports.log .pytest_cache .mypy_cache .ruff_cache .hypothesis
