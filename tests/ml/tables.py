"""A made-up world, written into feature tables with the columns and owner of the real ones."""

import psycopg
from psycopg import sql

from tests.ml.worlds import Row, World

_TARGET_COLUMNS = ["chip_key", "as_of", "horizon", "net_change"]
_INTEGERS = {"chip_key", "as_of", "horizon", "net_change", "month"}


def write_world(connection: psycopg.Connection, world: World) -> None:
    """Replace the feature tables and marts.dim_chip by those of ``world``."""
    chips = sorted({int(row["chip_key"] or 0) for row in world.features})
    names: list[Row] = [{"chip_key": chip} for chip in chips]
    _replace(connection, "features", "chip_month", world.features)
    _replace(connection, "features", "chip_target", world.targets)
    _replace(connection, "marts", "dim_chip", names)
    connection.execute("set local role transformer")
    connection.execute("alter table marts.dim_chip add column chip_id text")
    connection.execute("update marts.dim_chip set chip_id = 'chip-' || chip_key")
    connection.execute("alter table marts.dim_chip add primary key (chip_key)")
    connection.execute("alter table features.chip_month add primary key (chip_key, as_of)")
    connection.commit()


def _replace(connection: psycopg.Connection, schema: str, table: str, rows: list[Row]) -> None:
    name = sql.Identifier(schema, table)
    columns = list(rows[0]) if rows else _TARGET_COLUMNS
    kinds = sql.SQL(", ").join(
        sql.SQL("{} {}").format(
            sql.Identifier(column),
            sql.SQL("integer" if column in _INTEGERS else "double precision"),
        )
        for column in columns
    )
    connection.execute(sql.SQL("set local role transformer"))
    connection.execute(sql.SQL("drop table if exists {} cascade").format(name))
    connection.execute(sql.SQL("create table {} ({})").format(name, kinds))
    statement = sql.SQL("copy {} from stdin").format(name)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row[column] for column in columns])
    connection.execute(sql.SQL("reset role"))
