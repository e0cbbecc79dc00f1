# The commands of the project; `make help` lists them. Every one may be interrupted and repeated.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
GIVEN := $(PY) scripts/given.py
WITH_ARGS := $(GIVEN) $(PY)

# What is given on the command line (make run DATA=...) goes to programs as an environment variable,
# letter by letter: neither make nor the shell reads it as code. The environment's own DATA is
# another program's.
define as_given
ifeq ($$(origin $(1)),command line)
override $(1) := $$(value $(1))
else
$$(if $$(value $(1)),$$(warning $(1) of the environment is left aside; to use it: make ... $(1)=...))
override $(1) :=
endif
export $(1)
endef
$(foreach name,DATA SIZE ARGS ROLE FOLDER TESTS PAGE,$(eval $(call as_given,$(name))))
ifeq ($(origin SN7_HOME),command line)
override SN7_HOME := $(value SN7_HOME)
export SN7_HOME
endif
# Tests mirror the tree, so those of a folder lie at the same place.
override TESTS := $(or $(value TESTS),$(firstword $(wildcard tests/$(FOLDER) tests/$(dir $(FOLDER))) tests))

# No tool phones home.
export DO_NOT_TRACK := true
export BENTOML_DO_NOT_TRACK := True
export DAGSTER_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true
export PYTHONUNBUFFERED := 1
# dbt starts in whatever folder its caller is in.
export DBT_PROJECT_DIR := $(CURDIR)/dbt_project
export DBT_PROFILES_DIR := $(CURDIR)/dbt_project

.PHONY: help setup run test lint format ui simulate serve mlflow psql dbt status stop data docs cookbook bench bench-forecast bench-map bench-serving mutants hooks wheel trial backup restore lock clean

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## Set up the environment and PostGIS (run and test call it)
	@scripts/setup.sh

run: setup ## Run the main job; DATA=PATH loads your own data, SIZE=full generates data at full size
	@$(PY) -m orchestration run $${DATA:+--data="$$DATA"} $${SIZE:+--size="$$SIZE"}

test: setup ## Run all tests; ARGS="-k name" for some
	@$(WITH_ARGS) -m pytest --numprocesses 2 --dist loadfile

lint: setup ## Check code, SQL, types, containers and workflows
	@scripts/lint.sh

format: setup ## Format Python and SQL
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format . && .venv/bin/sqlfluff fix --quiet dbt_project

ui: setup ## Open the Dagster UI on 127.0.0.1:3001; ARGS="--port N" for another port
	@$(WITH_ARGS) -m orchestration ui

simulate: setup ## Play a year in minutes: arrivals, faults, drift, training, service; ARGS="--factor 0.5" for less
	@$(WITH_ARGS) -m orchestration simulate

serve: setup ## Start the forecast service on 127.0.0.1:3000; ARGS="--port N" for another port
	@$(WITH_ARGS) -m serving serve

mlflow: setup ## Open MLflow's runs and models on 127.0.0.1:5000; ARGS="--port N" for another port
	@$(WITH_ARGS) -m ml ui

psql: setup ## Open a SQL prompt; ROLE=analyst to act as that role, ARGS for psql
	@$(WITH_ARGS) -m warehouse psql $${ROLE:+--role="$$ROLE"} --

dbt: setup ## Run dbt; ARGS="build --select dim_chip+"
	@$(WITH_ARGS) -m warehouse exec -- .venv/bin/dbt

docs: setup ## Build the documentation site, dbt's docs and the data dictionary in it, in the home's artifacts
	@$(WITH_ARGS) -m docs.site

cookbook: setup ## Ask the questions of docs/cookbook on your warehouse; PAGE=docs/cookbook.md renews the project's page
	@$(WITH_ARGS) -m docs.cookbook $${PAGE:+--out="$$PAGE"}

status: setup ## Say which database is used and whether it answers
	@$(PY) -m warehouse status

stop: ## Stop the private server; ARGS=--force even while a run is on
	@$(WITH_ARGS) -m warehouse stop

data: setup ## Fetch the public SpaceNet 7 labels (about 0.5 GB) into the home's data folder
	@$(PY) -m loaders fetch

bench: setup ## Measure load and star beside other ways, at full size (about half an hour)
	@$(WITH_ARGS) -m benchmarks --size full

bench-serving: setup ## Measure the service beside a bare application; writes docs/service-speed.md and its picture
	@$(WITH_ARGS) -m benchmarks.service

bench-map: setup ## Measure the map in Chromium, on the package built last; writes docs/map-speed.md
	@$(WITH_ARGS) -m benchmarks.map

bench-forecast: setup ## Judge the forecast on three generated data sets, beside an oracle; ARGS="--histories FILE"
	@$(WITH_ARGS) -m benchmarks.forecast

mutants: setup ## Break the code of FOLDER=ml/training bit by bit, show what no test notices; TESTS=..., ARGS="patterns of names"
	@$(GIVEN) scripts/mutants.sh "$$FOLDER" "$$TESTS"

hooks: setup ## Check changed files before every commit, by pre-commit
	@.venv/bin/pre-commit install

wheel: setup ## Build the package as a wheel and a source archive, in dist/
	@.venv/bin/uv build --quiet --clear && ls dist/*.whl dist/*.tar.gz

trial: ## Try the containers for real: build, main job, forecast, restart, backup, restore, rotation
	@deploy/trial/run.sh

backup: setup ## Write database, models, packages and runs into a new folder below FOLDER
	@$(PY) -m sn7 backup "$${FOLDER:-backups}"

restore: setup ## Bring back the backup FOLDER; ARGS=--force in place of what is there
	@$(WITH_ARGS) -m sn7 restore "$$FOLDER"

lock: ## Write the lock files from pyproject.toml, keeping versions; ARGS="--upgrade-package NAME" raises one
	@$(GIVEN) .venv/bin/uv pip compile pyproject.toml --extra pipeline --extra dev --extra bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock
	@.venv/bin/uv pip compile pyproject.toml --extra serving --constraint requirements.lock --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file serving/bento/requirements.lock

clean: ## Stop the server and delete the private home: database, artefacts, logs; ARGS=--force
	@$(WITH_ARGS) -m warehouse clean
	@SN7_HOME=.warehouse-test $(WITH_ARGS) -m warehouse clean
