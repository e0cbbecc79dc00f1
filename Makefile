# The commands of the project; `make help` lists them. Every one may be interrupted and repeated.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
SIZE ?= sample
ROLE ?=
# Tests mirror the tree, so those of a folder lie at the same place.
TESTS ?= $(firstword $(wildcard tests/$(FOLDER) tests/$(dir $(FOLDER))) tests)

# No tool phones home.
export DO_NOT_TRACK := true
export BENTOML_DO_NOT_TRACK := True
export DAGSTER_DISABLE_TELEMETRY := 1
export MLFLOW_DISABLE_TELEMETRY := true
export PYTHONUNBUFFERED := 1

.PHONY: help setup run test lint format ui serve psql dbt status stop data docs cookbook bench mutants hooks lock clean

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## Set up the environment and PostGIS (run and test call it)
	@scripts/setup.sh

run: setup ## Run the main job; DATA=PATH for your own data, SIZE=full for generated data at full size
	@$(PY) -m orchestration run $(if $(DATA),--data "$(DATA)",--size $(SIZE))

test: setup ## Run all tests; ARGS="-k name" for some
	@$(PY) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

lint: setup ## Check code, SQL, types, containers and workflows
	@scripts/lint.sh

format: setup ## Format Python and SQL
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format . && .venv/bin/sqlfluff fix --quiet dbt_project

ui: setup ## Open the Dagster UI on 127.0.0.1:3001; ARGS="--port N" for another port
	@$(PY) -m orchestration ui $(ARGS)

serve: setup ## Start the forecast service on 127.0.0.1:3000; ARGS="--port N" for another port
	@$(PY) -m serving serve $(ARGS)

psql: setup ## Open a SQL prompt; ROLE=analyst to act as that role, ARGS for psql
	@$(PY) -m warehouse psql $(if $(ROLE),--role $(ROLE)) -- $(ARGS)

dbt: setup ## Run dbt; ARGS="build --select dim_chip+"
	@$(PY) -m warehouse exec -- .venv/bin/dbt $(ARGS) --project-dir dbt_project --profiles-dir dbt_project

docs: setup ## Write the static site of tables, columns and lineage to the home's artifacts
	@$(PY) -m warehouse exec -- .venv/bin/dbt --quiet docs generate --static --project-dir dbt_project --profiles-dir dbt_project
	@out=$$($(PY) -c 'from warehouse.connection.settings import get_settings; print(get_settings().artifacts)') && \
		cp dbt_project/target/static_index.html "$$out/dbt-docs.html" && echo "open $$out/dbt-docs.html"

cookbook: setup ## Ask the questions of docs/cookbook on your warehouse; PAGE=docs/cookbook.md renews the project's page
	@$(PY) -m docs.cookbook $(if $(PAGE),--out "$(PAGE)") $(ARGS)

status: setup ## Say which database is used and whether it answers
	@$(PY) -m warehouse status

stop: ## Stop the private server; ARGS=--force even while a run is on
	@$(PY) -m warehouse stop $(ARGS)

data: setup ## Fetch the public SpaceNet 7 labels (about 0.5 GB) into the home's data folder
	@$(PY) -m loaders fetch

bench: setup ## Measure load and star beside other ways, at full size (about half an hour)
	@$(PY) -m benchmarks --size full $(ARGS)

mutants: setup ## Break the code of FOLDER=ml/training bit by bit, show what no test notices; TESTS=..., ARGS="patterns of names"
	@scripts/mutants.sh "$(FOLDER)" "$(TESTS)" $(ARGS)

hooks: setup ## Check changed files before every commit, by pre-commit
	@.venv/bin/pre-commit install

lock: ## Write requirements.lock from pyproject.toml, keeping versions; ARGS="--upgrade-package NAME" raises one
	@.venv/bin/uv pip compile pyproject.toml --extra dev --extra bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet $(ARGS) --output-file requirements.lock

clean: ## Stop the server and delete the private home: database, artefacts, logs; ARGS=--force
	@$(PY) -m warehouse clean $(ARGS)
	@SN7_HOME=.warehouse-test $(PY) -m warehouse clean $(ARGS)
