"""The tables of schema ``ml``, made where they are not there yet, and what they mean."""

import math
import tomllib
from pathlib import Path
from typing import Final

import polars as pl
import psycopg
from psycopg import sql

from ml.model.grid import (
    CELL_HORIZONS,
    CELL_TARGET,
    HORIZONS,
    QUANTILE_NAMES,
    QUANTILES,
    Target,
)

_SCHEMA = Path(__file__).with_name("schema.sql")
_ERRORS = Path(__file__).with_name("forecast_error.sql")
_DISTRIBUTE = Path(__file__).with_name("distribute.sql")
_COLUMNS = Path(__file__).with_name("columns.toml")
_TRUTH_IS_THERE = """
    select from pg_attribute
    where attrelid = to_regclass('features.chip_target') and attname = 'net_area_change'
"""
_LOCK = 7_702_031
"""Key of the advisory lock under which one process at a time makes tables."""

_SAID: Final = """
    select
        pg_class.relname,
        pg_class.relkind,
        pg_attribute.attname,
        case
            when pg_attribute.attname is null then obj_description(pg_class.oid, 'pg_class')
            else col_description(pg_class.oid, pg_attribute.attnum)
        end
    from pg_class
    cross join lateral (
        select null::name as attname, 0::smallint as attnum
        union all
        select attname, attnum from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped
    ) as pg_attribute
    where
        pg_class.relnamespace = 'ml'::regnamespace
        and pg_class.relname = any(%s)
        and pg_class.relkind in ('r', 'v')
"""
"""What the database says of tables and views (no column) and of their columns."""


def ensure_schema(connection: psycopg.Connection) -> None:
    """Make the tables, views and their comments, within the caller's transaction.

    ``ml.forecast_error`` needs the truth, so it waits for ``features.chip_target`` as it is now.
    """
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_filled(_SCHEMA).encode())
    connection.execute(_DISTRIBUTE.read_bytes())
    if connection.execute(_TRUTH_IS_THERE).fetchone() is not None:
        connection.execute(_filled(_ERRORS).encode())
    _describe(connection)


def write_backtest(connection: psycopg.Connection, run_id: str, scores: pl.DataFrame) -> None:
    """Write the scores of a run, as ``ml.reporting.frames.score_frame`` gives them."""
    columns = ("protocol", "target", "horizon", "forecaster", "rows", "mae", "pinball", "coverage")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.backtest (run_id, protocol, target, horizon, forecaster, rows_judged, "
            "mae, pinball, coverage) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(run_id, *row) for row in scores.select(columns).iter_rows()],
        )


def write_cell_backtest(connection: psycopg.Connection, run_id: str, scores: pl.DataFrame) -> None:
    """Write the scores of a run, as ``ml.reporting.cell_frames.cell_score_frame`` gives them."""
    rows = [
        (run_id, *(None if isinstance(one, float) and math.isnan(one) else one for one in row))
        for row in scores.drop("target").iter_rows()
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.cell_backtest (run_id, protocol, horizon, forecaster, rows_judged, "
            "rate, average_precision, lift, brier, skill, reliability) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def _describe(connection: psycopg.Connection) -> None:
    """Write what tables and columns mean, where the database does not say so yet."""
    meanings = tomllib.loads(_filled(_COLUMNS))
    shared = meanings.pop("shared")
    changes = []
    for table, kind, column, said in connection.execute(_SAID, (list(meanings),)):
        own = meanings[table]
        meant = own["table"] if column is None else own.get(column) or shared[column]
        if meant == said:
            continue
        names = ("ml", table) if column is None else ("ml", table, column)
        what = "column" if column is not None else "view" if kind == "v" else "table"
        changes.append(
            sql.SQL("comment on {} {} is {}").format(
                sql.SQL(what), sql.Identifier(*names), sql.Literal(meant)
            )
        )
    if changes:
        connection.execute(sql.SQL("; ").join(changes))


def _filled(path: Path) -> str:
    """Return a file with what the grid of forecasts says in place of its names."""
    *earlier, last = (str(quantile) for quantile in QUANTILES)
    return path.read_text("utf-8").format(
        horizons=", ".join(map(str, HORIZONS)),
        targets=", ".join(f"'{target}'" for target in Target),
        count=f"'{Target.COUNT}'",
        area=f"'{Target.AREA}'",
        cell_horizons=", ".join(map(str, CELL_HORIZONS)),
        cell_target=CELL_TARGET,
        quantiles=f"{', '.join(earlier)} and {last}",
        quantile_count=len(QUANTILES),
        interval=f"{QUANTILES[-1] - QUANTILES[0]:.0%}".replace("%", " %"),
        pinball="\n        + ".join(map(_pinball, QUANTILE_NAMES, QUANTILES)),
    )


def _pinball(name: str, quantile: float) -> str:
    """Return the loss of one quantile in SQL: its share of the miss, above or below."""
    miss = f"(truth.actual - chip_forecast.{name})"
    return f"greatest({quantile} * {miss}, ({quantile} - 1) * {miss})"
