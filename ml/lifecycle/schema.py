"""The tables of schema ``ml``, made where they are not there yet."""

from pathlib import Path

import psycopg

from ml.model.grid import HORIZONS, QUANTILES

_SCHEMA = Path(__file__).with_name("schema.sql")
_LOCK = 7_702_031
"""Key of the advisory lock under which one process at a time makes tables."""


def ensure_schema(connection: psycopg.Connection) -> None:
    """Make the tables and their comments, within the caller's transaction."""
    connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_statements())


def _statements() -> bytes:
    """Return ``schema.sql`` with the horizons and quantiles of the grid in place of their names."""
    *earlier, last = (str(quantile) for quantile in QUANTILES)
    return (
        _SCHEMA.read_text("utf-8")
        .format(
            horizons=", ".join(str(months) for months in HORIZONS),
            quantiles=f"{', '.join(earlier)} and {last}",
            interval=f"{QUANTILES[-1] - QUANTILES[0]:.0%}".replace("%", " %"),
        )
        .encode()
    )
