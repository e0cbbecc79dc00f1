"""The server and the one database that everything measured uses, made anew for each run."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.measuring import Measurement, measure
from warehouse.access import libpq_environment
from warehouse.connection.settings import Settings, get_settings
from warehouse.server import lifecycle
from warehouse.setup.bootstrap import bootstrap

DATABASE: Final = "sn7_benchmark"
PEER_SCHEMA: Final = "peers"
"""Where the peers put their tables."""


@dataclass(frozen=True, slots=True)
class Arena:
    """A server, and a database on it that may be thrown away.

    Attributes:
        administration: Connection string of a database that is there already.
        conninfo: Connection string of the database that is measured.
        postmaster: The server's process id where it runs on this machine.
        home: Home of the private server; None where ``SN7_DSN`` names the server.
        logs: Folder for what the measured programs print.
    """

    administration: str
    conninfo: str
    postmaster: int | None
    home: Path | None
    logs: Path

    def fresh_database(self) -> None:
        """Drop the database and make it anew: PostGIS, schemas, roles, and nothing in it."""
        self.drop_database()
        create = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
        _execute(self.administration, create)
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            bootstrap(connection)
            create_schema = sql.SQL("create schema {}").format(sql.Identifier(PEER_SCHEMA))
            connection.execute(create_schema)

    def drop_database(self) -> None:
        """Drop the database; nothing happens where there is none."""
        drop = sql.SQL("drop database if exists {} with (force)")
        _execute(self.administration, drop.format(sql.Identifier(DATABASE)))

    def close(self) -> None:
        """Drop the database, and stop the server if it is private."""
        self.drop_database()
        if self.home is not None:
            lifecycle.stop(_private(self.home))

    def run(self, command: list[str], *, name: str, folder: Path | None = None) -> Measurement:
        """Run a program on the database after all earlier writes have reached the disk.

        Args:
            command: Program and arguments.
            name: Name of its log.
            folder: Its working folder.
        """
        self._settle()
        return measure(
            command,
            environment=os.environ | self.environment(),
            log=self.logs / f"{name}.log",
            folder=folder,
            postmaster=self.postmaster,
        )

    def environment(self) -> dict[str, str]:
        """The variables that send a program to the database: ours, and libpq's."""
        return {
            "SN7_DSN": self.conninfo,
            "DBT_TARGET_PATH": str(self.logs / "dbt"),
            "DBT_LOG_PATH": str(self.logs / "dbt"),
            "DO_NOT_TRACK": "true",
        } | libpq_environment()

    def rows_of(self, table: str) -> int:
        """Count the rows of a table, given as ``schema.table``."""
        schema, name = table.split(".")
        count = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, name))
        return int(self.value(count))

    def value(self, query: sql.SQL | sql.Composed, *parameters: object) -> int | str:
        """Return the single value of a query."""
        with psycopg.connect(self.conninfo) as connection:
            row = connection.execute(query, parameters).fetchone()
        if row is None:
            raise LookupError(query.as_string())
        value: int | str = row[0]
        return value

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        """Run one statement and commit it."""
        _execute(self.conninfo, statement)

    def _settle(self) -> None:
        # On a server of others its checkpoints may not be ours to order.
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            self.execute(sql.SQL("checkpoint"))
        os.sync()


def open_arena(folder: Path) -> Arena:
    """Find the server: that of ``SN7_DSN``, else a private one for benchmarks alone.

    Args:
        folder: Where the logs go.

    Raises:
        UserError: No server can be had, or it has no PostGIS.
    """
    settings = get_settings()
    home = None
    administration = settings.dsn
    if administration is None:
        home = settings.folder("benchmark")
        administration = lifecycle.ensure_running(_private(home))
    conninfo = make_conninfo(administration, dbname=DATABASE)
    logs = folder / "logs"
    (logs / "dbt").mkdir(parents=True, exist_ok=True)
    arena = Arena(administration, conninfo, _postmaster(administration), home, logs.resolve())
    arena.fresh_database()
    os.environ["SN7_DSN"] = conninfo  # from here on, the database of this process too
    return arena


def _private(home: Path) -> Settings:
    return Settings(home=home, dsn=None, port=None)


def _postmaster(conninfo: str) -> int | None:
    with psycopg.connect(conninfo) as connection:
        info = connection.info
        if (
            info.host
            and not info.host.startswith("/")
            and info.host not in {"localhost", "127.0.0.1"}
        ):
            return None
        try:
            parent = psutil.Process(info.backend_pid).parent()
        except psutil.Error:
            return None
    return parent.pid if parent is not None and "postgres" in parent.name() else None


def _execute(conninfo: str, statement: sql.SQL | sql.Composed) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement)
