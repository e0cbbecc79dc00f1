"""The star: dbt after a load, one more month, and what lies on the disk."""

import logging
import sys
from pathlib import Path
from typing import Final

from psycopg import sql

from benchmarks.arena import Arena
from benchmarks.data import DataSet
from benchmarks.measuring import Measurement
from benchmarks.results import (
    DBT_START_UP,
    EVERYTHING,
    LOADER_START_UP,
    MODELS,
    MONTH_LOAD,
    MONTH_MODELS,
    MONTH_TESTS,
    Step,
)
from warehouse.settings import PROJECT_ROOT

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
    DBT_START_UP: "dbt's start-up (one view)",
    MODELS: "dbt build, all models",
    EVERYTHING: "dbt build, all models and tests",
    MONTH_LOAD: "one more month: load",
    MONTH_MODELS: "one more month: dbt build, all models",
    MONTH_TESTS: "one more month: dbt test",
}

Runs = dict[str, list[Measurement]]

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
    runs: Runs = {LOADER_START_UP: [], DBT_START_UP: [], MODELS: [], EVERYTHING: []}
    dbt(arena, "parse")  # so that no run below pays for reading the project the first time
    for number in range(rounds):
        for key, options in ((MODELS, WITHOUT_TESTS), (EVERYTHING, ())):
            # Beside the builds, so that a busy moment of the machine strikes both.
            arena.fresh_database()
            load(arena, rows[0].folder)  # a chip is named once, which takes a second
            runs[LOADER_START_UP].append(load(arena, rows[1].folder))
            arena.fresh_database()
            load(arena, data.folder)
            runs[DBT_START_UP].append(dbt(arena, "build", "--select", ONE_VIEW, *WITHOUT_TESTS))
            run = dbt(arena, "build", *options)
            runs[key].append(run)
            logger.info("%d/%d %s: %.1f s", number + 1, rounds, LABELS[key], run.seconds)
    return _steps(runs), schema_bytes(arena)


def measure_month(arena: Arena, before: DataSet, month: DataSet, *, rounds: int) -> dict[str, Step]:
    """Load one more month into a full warehouse, and build and test what follows from it."""
    runs: Runs = {MONTH_LOAD: [], MONTH_MODELS: [], MONTH_TESTS: []}
    for number in range(rounds):
        arena.fresh_database()
        load(arena, before.folder)
        dbt(arena, "build", *WITHOUT_TESTS)
        runs[MONTH_LOAD].append(load(arena, month.folder))
        runs[MONTH_MODELS].append(dbt(arena, "build", *WITHOUT_TESTS))
        runs[MONTH_TESTS].append(dbt(arena, "test"))
        seconds = [round(taken[-1].seconds, 1) for taken in runs.values()]
        logger.info("%d/%d one more month: load, build, test %s s", number + 1, rounds, seconds)
    return _steps(runs)


def schema_bytes(arena: Arena) -> dict[str, int]:
    """Return the bytes on disk of each schema's tables, with indexes and long values."""
    return {schema: int(arena.value(_SCHEMA_SIZES, schema)) for schema in SCHEMAS}


def _steps(runs: Runs) -> dict[str, Step]:
    return {key: Step(label=LABELS[key], runs=tuple(taken)) for key, taken in runs.items()}
