"""A database on which the chain runs: the cluster, or one node beside it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from loaders.load import load
from tests.fixtures.dbt import Dbt
from warehouse.connection.roles import SCHEMA_OWNERS
from warehouse.setup.bootstrap import bootstrap

_TABLES = """
    select table_schema || '.' || table_name
    from information_schema.tables
    where
        table_schema in ('marts', 'features', 'layers')
        or table_schema = 'intermediate'
        and table_name like 'int_%'
        and table_name <> 'int_built_images'
    order by 1
"""


class Side:
    """The database, dbt's target for it, and a home."""

    def __init__(self, conninfo: str, target: str, home: Path) -> None:
        """Change nothing yet.

        Args:
            conninfo: Of the database, as its owner.
            target: ``citus`` or ``private``.
            home: A folder of its own.
        """
        self.target = target
        self.home = home
        self.dbt = Dbt(conninfo, home / "dbt")

    def empty(self) -> None:
        """Drop the project's schemas with all that is in them, and prepare the database anew."""
        with psycopg.connect(self.dbt.conninfo, autocommit=True) as connection:
            for schema in SCHEMA_OWNERS:
                drop = sql.SQL("drop schema if exists {} cascade")
                connection.execute(drop.format(sql.Identifier(schema)))
        self.prepare()

    def prepare(self) -> None:
        """Make schemas and roles."""
        with psycopg.connect(self.dbt.conninfo, autocommit=True) as connection:
            bootstrap(connection)

    @contextlib.contextmanager
    def named(self, *, home: Path) -> Iterator[None]:
        """Let the environment name this database."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SN7_DSN", self.dbt.conninfo)
            patch.setenv("SN7_HOME", str(home))
            yield

    def load(self, folder: Path) -> None:
        """Load a source; each step is the next version of the same one."""
        load(folder, source="world")

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Return the rows of all tables and views that are built, in order, as text."""
        return {
            name: self.dbt.rows(f"select t::text from {name} as t order by 1")
            for (name,) in self.dbt.rows(_TABLES)
        }
