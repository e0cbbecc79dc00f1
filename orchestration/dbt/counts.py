"""Row counts of tables, the one figure that every asset of the warehouse reports."""

from collections.abc import Iterable

import psycopg
from psycopg import sql


def row_count(connection: psycopg.Connection, *, schema: str, table: str) -> int:
    """Count the rows of a table or view."""
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0


def row_counts(
    connection: psycopg.Connection, *, schema: str, tables: Iterable[str]
) -> dict[str, int]:
    """Count the rows of several tables of one schema."""
    return {table: row_count(connection, schema=schema, table=table) for table in tables}
