"""The figures of the report, read as the role that may read them all."""

from typing import Any, Final

import psycopg

MONTHS: Final = 12
"""How many months the report looks back."""

Row = tuple[Any, ...]

_BY_MONTH: Final = """
    select
        time_key, count(*), sum(building_count), sum(corrected_count), sum(appeared),
        sum(demolished), sum(occluded), avg(usable_share)
    from marts.fact_chip_month
    group by time_key
    order by time_key desc
    limit %s
"""
_INBOX: Final = """
    select to_char(taken_at, 'YYYY-MM-DD HH24:MI'), entry, state, coalesce(message, '')
    from monitoring.inbox
    order by taken_at desc
    limit 20
"""
_TRAININGS: Final = """
    select to_char(at, 'YYYY-MM-DD HH24:MI'), family, due_because, outcome
    from ml.training
    order by at desc
    limit 10
"""
_ERRORS: Final = """
    select
        horizon, count(*), avg(abs(error)), avg(abs(baseline_error)), avg(is_within::integer)
    from ml.forecast_error
    where target = 'building_count'
    group by horizon
    order by horizon
"""
_NEXT: Final = """
    select chip_id, q10, q50, q90
    from ml.current_forecast
    inner join marts.dim_chip using (chip_key)
    where horizon = 12 and target = 'building_count'
    order by q50 desc, chip_id
    limit 10
"""


def months(connection: psycopg.Connection) -> list[Row]:
    """Return the last months, the oldest first: chips, buildings, changes, share in sight."""
    return connection.execute(_BY_MONTH, (MONTHS,)).fetchall()[::-1]


def inbox(connection: psycopg.Connection) -> list[Row]:
    """Return what came into the inbox last; nothing where there is none."""
    return _of(connection, "monitoring.inbox", _INBOX)


def trainings(connection: psycopg.Connection) -> list[Row]:
    """Return the last trainings: when, of what, why, and what came of them."""
    return _of(connection, "ml.training", _TRAININGS)


def errors(connection: psycopg.Connection) -> list[Row]:
    """Return by horizon how the forecasts did whose month has come, beside the plain ones."""
    return _of(connection, "ml.forecast_error", _ERRORS)


def most_growth(connection: psycopg.Connection) -> list[Row]:
    """Return the chips where most is built within a year."""
    return _of(connection, "ml.current_forecast", _NEXT)


def _of(connection: psycopg.Connection, table: str, query: str) -> list[Row]:
    there = connection.execute("select to_regclass(%s)", (table,)).fetchone()
    return [] if there == (None,) else connection.execute(query.encode()).fetchall()
