"""The tables of schema ``ml``, made where they are not there yet."""

from pathlib import Path

import psycopg

_SCHEMA = Path(__file__).with_name("schema.sql")
_LOCK = 7_702_031
"""Key of the advisory lock under which one process at a time makes tables."""


def ensure_schema(connection: psycopg.Connection) -> None:
    """Make the tables and their comments, within the caller's transaction."""
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_SCHEMA.read_bytes())
