"""The star: dbt after a load, one more month, and what lies on the disk."""

import json
import logging
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

from psycopg import sql

from benchmarks.arena import Arena
from benchmarks.contenders import UNIT
from benchmarks.data import DataSet
from benchmarks.loading import load_once
from benchmarks.measuring import Measurement
from benchmarks.results import (
    BEFORE_LOAD,
    BEFORE_MODELS,
    DBT_START_UP,
    EVERYTHING,
    LOADER_START_UP,
    MODELS,
    MONTH_DBT_START_UP,
    MONTH_IDLE,
    MONTH_LOAD,
    MONTH_LOADER_START_UP,
    MONTH_MODELS,
    MONTH_TESTS,
    UNIT_BESIDE_BUILDS,
    Step,
)
from warehouse.connection.settings import PROJECT_ROOT

logger = logging.getLogger(__name__)

DBT_PROJECT: Final = PROJECT_ROOT / "dbt_project"
ONE_VIEW: Final = "stg_load_runs"
WITHOUT_TESTS: Final = (
    "--exclude-resource-type",
    "test",
    "--exclude-resource-type",
    "unit_test",
)
LABELS: Final = {
    LOADER_START_UP: "loader's start-up (one row)",
    UNIT_BESIDE_BUILDS: f"{UNIT.label}, beside the builds",
    DBT_START_UP: "dbt's start-up (one view)",
    MODELS: "dbt build, all models",
    EVERYTHING: "dbt build, all models and tests",
    MONTH_LOADER_START_UP: "loader's start-up, beside the months",
    MONTH_DBT_START_UP: "dbt's start-up, beside the months",
    BEFORE_LOAD: "all months but the last: load",
    BEFORE_MODELS: "all months but the last: dbt build, all models",
    MONTH_LOAD: "one more month: load",
    MONTH_MODELS: "one more month: dbt build, all models",
    MONTH_IDLE: "the same again: dbt build, nothing to do",
    MONTH_TESTS: "one more month: dbt test",
}

Runs = defaultdict[str, list[Measurement]]

_SCHEMA_SIZES: Final = sql.SQL("""
    select coalesce(sum(pg_total_relation_size(pg_class.oid)), 0)::bigint
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where pg_namespace.nspname = %s and pg_class.relkind in ('r', 'm')
""")
SCHEMAS: Final = ("raw", "intermediate", "marts", "features")


def dbt(arena: Arena, *arguments: str) -> Measurement:
    """Run dbt on the database and measure it."""
    program = str(Path(sys.executable).with_name("dbt"))
    command = [program, *arguments, "--profiles-dir", "."]
    return arena.run(command, name=f"dbt_{arguments[0]}", folder=DBT_PROJECT)


def build(arena: Arena, *options: str) -> Measurement:
    """Run `dbt build` on the database; the measurement tells its layers apart."""
    run = dbt(arena, "build", *options)
    target = arena.logs / "dbt"
    results = json.loads((target / "run_results.json").read_bytes())["results"]
    nodes = json.loads((target / "manifest.json").read_bytes())["nodes"]
    seconds: Counter[str] = Counter()
    for result in results:
        node = nodes.get(result["unique_id"])
        if node is not None and node["resource_type"] == "model":
            seconds[node["schema"]] += result["execution_time"]
    return run.model_copy(update={"layer_seconds": dict(seconds)})


def load(arena: Arena, source: Path) -> Measurement:
    """Load a folder, masks included, into the database as it is."""
    command = [sys.executable, "-m", "loaders", "load", str(source)]
    return arena.run(command, name="load_folder")


def measure_star(
    arena: Arena, data: DataSet, rows: list[DataSet], *, rounds: int
) -> tuple[dict[str, Step], dict[str, int]]:
    """Build the star on a freshly loaded database: all models, then (anew) with all tests.

    Args:
        arena: The database.
        data: The data set.
        rows: A first and a second row of it: what a load of the second takes is start-up.
        rounds: How often.

    Returns:
        The steps, and the bytes on disk of each schema.
    """
    runs: Runs = defaultdict(list)
    dbt(arena, "parse")  # so that no run below pays for reading the project the first time
    for number in range(rounds):
        for key, options in ((MODELS, WITHOUT_TESTS), (EVERYTHING, ())):
            # Beside each build, so that a busy moment of the machine strikes all of them.
            runs[LOADER_START_UP].append(_start_up_of_loader(arena, rows))
            runs[UNIT_BESIDE_BUILDS].append(load_once(arena, UNIT, data.csv, rows=data.rows))
            arena.fresh_database()
            load(arena, data.folder)
            runs[DBT_START_UP].append(_start_up_of_dbt(arena))
            run = build(arena, *options)
            runs[key].append(run)
            logger.info("%d/%d %s: %.1f s", number + 1, rounds, LABELS[key], run.seconds)
    return _steps(runs), schema_bytes(arena)


def measure_month(
    arena: Arena, before: DataSet, month: DataSet, rows: list[DataSet], *, rounds: int
) -> dict[str, Step]:
    """Load and build all months but the last, then the last, and build and test what follows.

    Args:
        arena: The database.
        before: All months but the last of each chip.
        month: The last ones, as one new month.
        rows: A first and a second row, as for ``measure_star``.
        rounds: How often.
    """
    runs: Runs = defaultdict(list)
    for number in range(rounds):
        runs[MONTH_LOADER_START_UP].append(_start_up_of_loader(arena, rows))
        arena.fresh_database()
        runs[BEFORE_LOAD].append(load(arena, before.folder))
        runs[MONTH_DBT_START_UP].append(_start_up_of_dbt(arena))
        runs[BEFORE_MODELS].append(build(arena, *WITHOUT_TESTS))
        runs[MONTH_LOAD].append(load(arena, month.folder))
        runs[MONTH_MODELS].append(build(arena, *WITHOUT_TESTS))
        runs[MONTH_IDLE].append(build(arena, *WITHOUT_TESTS))
        runs[MONTH_TESTS].append(dbt(arena, "test"))
        seconds = [round(taken[-1].seconds, 1) for taken in runs.values()]
        logger.info("%d/%d one more month: %s s", number + 1, rounds, seconds)
    return _steps(runs)


def _start_up_of_loader(arena: Arena, rows: list[DataSet]) -> Measurement:
    arena.fresh_database()
    load(arena, rows[0].folder)  # a chip is named once, which takes a second
    return load(arena, rows[1].folder)


def _start_up_of_dbt(arena: Arena) -> Measurement:
    return dbt(arena, "build", "--select", ONE_VIEW, *WITHOUT_TESTS)


def schema_bytes(arena: Arena) -> dict[str, int]:
    """Return the bytes on disk of each schema's tables, with indexes and long values."""
    return {schema: int(arena.value(_SCHEMA_SIZES, schema)) for schema in SCHEMAS}


def _steps(runs: Runs) -> dict[str, Step]:
    return {key: Step(label=LABELS[key], runs=tuple(taken)) for key, taken in runs.items()}
