"""The tables of schema ``raw``: made, or carried over from those of an earlier version."""

import hashlib
import logging
from importlib import resources
from pathlib import Path
from typing import Final

import psycopg

from loaders.errors import RawTablesError
from loaders.forms.origin import is_generated
from loaders.raw.ledger import LOAD_LOCK

logger = logging.getLogger(__name__)

_FILES: Final = ("upgrade.sql", "schema.sql")


def ensure_tables(connection: psycopg.Connection) -> None:
    """Make the tables what ``schema.sql`` says; touch nothing where they are that already.

    To replace a view waits for everyone who reads it, so it is not done for nothing.

    Args:
        connection: In autocommit mode, as the role that owns the schema.

    Raises:
        RawTablesError: The server does not let this role change them, as Citus does not where
            other schemas have views on tables that it is to distribute.
    """
    folder = resources.files("loaders.raw")
    statements = [folder.joinpath(name).read_text(encoding="utf-8") for name in _FILES]
    digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
    version = _version(connection)
    if version == digest:
        return
    try:
        with connection.transaction():
            _make_tables(connection, statements, digest)
    except psycopg.errors.InsufficientPrivilege as error:
        message = (
            "the tables of schema raw cannot be made what this version expects "
            f"({error.diag.message_primary}); a cluster that an earlier version has loaded begins "
            "anew: load the sources into a new database"
        )
        raise RawTablesError(message) from error


def _make_tables(connection: psycopg.Connection, statements: list[str], digest: str) -> None:
    connection.execute("select pg_advisory_xact_lock(%s)", (LOAD_LOCK,))
    connection.execute("set local client_min_messages = warning")
    knows_origins = _knows_origins(connection)
    for statement in statements:
        connection.execute(statement.encode())
    if not knows_origins:
        _note_origins(connection)
    connection.execute("delete from raw.schema_version")
    connection.execute("insert into raw.schema_version (digest) values (%s)", (digest,))


def _version(connection: psycopg.Connection) -> str | None:
    made = connection.execute("select to_regclass('raw.schema_version') is not null").fetchone()
    if made is None or not made[0]:
        return None
    row = connection.execute("select digest from raw.schema_version").fetchone()
    return None if row is None else str(row[0])


def _knows_origins(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        """
        select from pg_attribute
        where attrelid = to_regclass('raw.load_run') and attname = 'is_generated'
        """
    ).fetchone()
    return row is not None


def _note_origins(connection: psycopg.Connection) -> None:
    """Tell of sources that were loaded before the ledger told it whether they are generated."""
    rows = connection.execute("select distinct source from raw.load_run").fetchall()
    generated = [source for (source,) in rows if is_generated(Path(source))]
    connection.execute(
        "update raw.load_run set is_generated = true where source = any(%s)", (generated,)
    )
