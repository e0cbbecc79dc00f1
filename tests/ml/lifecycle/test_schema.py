"""Tables of schema ml are made from the grid that the model forecasts on."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from ml.lifecycle.schema import ensure_schema
from ml.model.grid import HORIZONS, QUANTILE_NAMES
from warehouse.access import connect


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with connect() as connection:
        ensure_schema(connection)
        yield connection


@pytest.mark.parametrize("table", ["ml.chip_forecast", "ml.backtest"])
def test_the_server_holds_the_horizons_of_the_grid(
    connection: psycopg.Connection, table: str
) -> None:
    rows = connection.execute(
        "select pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = %s::regclass and conname like '%%horizon%%'",
        (table,),
    ).fetchall()
    [text] = [text for (text,) in rows]
    assert tuple(int(number) for number in re.findall(r"\d+", text)) == HORIZONS


def test_columns_are_called_by_their_quantiles(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select column_name, col_description('ml.chip_forecast'::regclass, ordinal_position) "
        "from information_schema.columns where table_schema = 'ml' "
        "and table_name = 'chip_forecast' and column_name ~ '^q[0-9]+$' order by ordinal_position"
    ).fetchall()
    assert tuple(name for name, _ in rows) == QUANTILE_NAMES == ("q10", "q50", "q90")
    assert rows[0][1] == "Lower end of the 80 % interval, in units of the target."


def test_making_the_tables_again_changes_nothing(connection: psycopg.Connection) -> None:
    asked = (
        "select oid, relname, obj_description(oid) from pg_class "
        "where relnamespace = 'ml'::regnamespace order by 1"
    )
    before = connection.execute(asked).fetchall()
    ensure_schema(connection)
    assert connection.execute(asked).fetchall() == before
    assert len(before) >= 3


def test_every_column_is_described(connection: psycopg.Connection) -> None:
    rows = connection.execute(
        "select attrelid::regclass::text, attname from pg_attribute inner join pg_class "
        "on attrelid = pg_class.oid where relnamespace = 'ml'::regnamespace "
        "and relkind in ('r', 'v') and attnum > 0 and col_description(attrelid, attnum) is null"
    ).fetchall()
    assert rows == []
