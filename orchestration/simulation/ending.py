"""The end of the year: the tables beside those of one build of everything."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from orchestration.dbt.project import DBT_EXECUTABLE
from orchestration.errors import SimulationError
from warehouse.access import dsn
from warehouse.connection.settings import PROJECT_ROOT

SCHEMAS: Final = ("marts", "features")
FRESH: Final = "sn7_fresh"

_TABLES: Final = """
    select relnamespace::regnamespace::text, relname, array_agg(attname::text order by attname)
    from pg_class
    inner join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    where
        relkind in ('r', 'p') and not relispartition
        and relnamespace::regnamespace::text = any(%s)
        and attname <> 'load_id'
    group by 1, 2
    order by 1, 2
"""
"""Loads are numbered as they come, so their numbers are no part of what is compared."""


def build_fresh(sources: list[Path]) -> str:
    """Load sources into a new database of the same server, build all, return its address.

    Raises:
        SimulationError: A command failed.
    """
    with psycopg.connect(dsn(), autocommit=True) as connection:
        name = sql.Identifier(FRESH)
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))
        connection.execute(
            sql.SQL("create database {} template template0 encoding 'UTF8'").format(name)
        )
    address = make_conninfo(dsn(), dbname=FRESH, options="")
    for source in sources:
        _run(address, "-m", "loaders", "load", str(source))
    _run(address, "-m", "warehouse", "exec", "--", str(DBT_EXECUTABLE), "--quiet", "run")
    return address


def _run(address: str, *command: str) -> None:
    folders = {
        name: str(PROJECT_ROOT / "dbt_project") for name in ("DBT_PROJECT_DIR", "DBT_PROFILES_DIR")
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT_ROOT,
        env=os.environ | folders | {"SN7_DSN": address},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise SimulationError(f"{' '.join(command[:4])} failed: {''.join(last)}")


def differences(one: str, other: str) -> dict[str, str]:
    """Compare all tables of two warehouses; return those that differ, and by what.

    Args:
        one: Address of a warehouse.
        other: Address of another one.
    """
    left, right = (_digests(address) for address in (one, other))
    return {
        table: f"{left.get(table, 'missing')} and {right.get(table, 'missing')}"
        for table in sorted(left.keys() | right.keys())
        if left.get(table) != right.get(table)
    }


def _digests(address: str) -> dict[str, str]:
    with psycopg.connect(address) as connection:
        found = {}
        for schema, table, columns in connection.execute(_TABLES, (list(SCHEMAS),)).fetchall():
            query = sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0) "
                "from {}"
            ).format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, table)
            )
            rows, digest = connection.execute(query).fetchone() or (0, 0)
            found[f"{schema}.{table}"] = f"{rows:,} rows ({digest})"
    return found
