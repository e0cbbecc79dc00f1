"""The tables of schema ``ml``, made where they are not there yet."""

from pathlib import Path

import polars as pl
import psycopg

from ml.model.grid import HORIZONS, QUANTILE_NAMES, QUANTILES, Target

_SCHEMA = Path(__file__).with_name("schema.sql")
_ERRORS = Path(__file__).with_name("forecast_error.sql")
_DISTRIBUTE = Path(__file__).with_name("distribute.sql")
_TRUTH_IS_THERE = """
    select from pg_attribute
    where attrelid = to_regclass('features.chip_target') and attname = 'net_area_change'
"""
_LOCK = 7_702_031
"""Key of the advisory lock under which one process at a time makes tables."""


def ensure_schema(connection: psycopg.Connection) -> None:
    """Make the tables, views and their comments, within the caller's transaction.

    ``ml.forecast_error`` needs the truth, so it waits for ``features.chip_target`` as it is now.
    """
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_statements(_SCHEMA))
    distribute(connection)
    if connection.execute(_TRUTH_IS_THERE).fetchone() is not None:
        connection.execute(_statements(_ERRORS))


def distribute(connection: psycopg.Connection) -> None:
    """Lay tables with a chip where it lies, on Citus; elsewhere do nothing."""
    connection.execute(_DISTRIBUTE.read_bytes())


def write_backtest(connection: psycopg.Connection, run_id: str, scores: pl.DataFrame) -> None:
    """Write the scores of a run, as ``ml.reporting.frames.score_frame`` gives them."""
    columns = ("protocol", "target", "horizon", "forecaster", "rows", "mae", "pinball", "coverage")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.backtest (run_id, protocol, target, horizon, forecaster, rows_judged, "
            "mae, pinball, coverage) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(run_id, *row) for row in scores.select(columns).iter_rows()],
        )


def _statements(path: Path) -> bytes:
    """Return a file of SQL with what the grid of forecasts says in place of its names."""
    *earlier, last = (str(quantile) for quantile in QUANTILES)
    text = path.read_text("utf-8").format(
        horizons=", ".join(str(months) for months in HORIZONS),
        targets=", ".join(f"'{target}'" for target in Target),
        count=f"'{Target.COUNT}'",
        area=f"'{Target.AREA}'",
        quantiles=f"{', '.join(earlier)} and {last}",
        quantile_count=len(QUANTILES),
        interval=f"{QUANTILES[-1] - QUANTILES[0]:.0%}".replace("%", " %"),
        pinball="\n        + ".join(map(_pinball, QUANTILE_NAMES, QUANTILES)),
    )
    return text.encode()


def _pinball(name: str, quantile: float) -> str:
    """Return the loss of one quantile in SQL: its share of the miss, above or below."""
    miss = f"(truth.actual - chip_forecast.{name})"
    return f"greatest({quantile} * {miss}, ({quantile} - 1) * {miss})"
