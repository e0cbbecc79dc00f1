"""The tables of schema ``scores``: made, filled chip by chip, and read again."""

from dataclasses import astuple, fields
from importlib import resources
from typing import Final

import polars as pl
import psycopg
from psycopg import sql

from scoring.metric.breakdown import add_up
from scoring.metric.chip import ScoredChip
from scoring.metric.options import Options
from scoring.metric.scores import ChipScore, total_score
from scoring.metric.whole import Part, Scope, TrackerScore

LOCK: Final = 7_702_041
"""Key of the advisory lock under which one process at a time scores."""
OF_CHIPS: Final = ("chip_score", "chip_part", "change", "image_match")
"""Tables with a tracker and a chip in their key."""
_COUNTS: Final = tuple(field.name for field in fields(ChipScore))
_PART: Final = ("dimension", "code", "part", "tp", "fp", "fn", "mismatches")
_CHANGE: Final = ("building_id", "time_key", "predicted_id", "told_key", "months_late")
_ARRAYS: Final = {
    "building_ids": pl.col("building_id"),
    "predicted_ids": pl.col("predicted_id"),
    "ious": pl.col("iou"),
    "mismatches": pl.col("mismatch"),
}


def take_lock(connection: psycopg.Connection) -> None:
    """Wait for others that score; the transaction then has the lock until its end."""
    connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))


def ensure_tables(connection: psycopg.Connection) -> None:
    """Make the tables, within a transaction of its own."""
    take_lock(connection)
    connection.execute(resources.files("scoring.kept").joinpath("schema.sql").read_bytes())


def start_run(connection: psycopg.Connection, tracker: str, options: Options, scope: Scope) -> int:
    """Note by what a tracker is scored; return the number of the run."""
    ((number,),) = connection.execute(
        """
        insert into scores.run (
            tracker, run_no, threshold, beta, least_area, test_chips, test_months
        )
        values (%s, nextval('scores.run_no'), %s, %s, %s, %s, %s)
        on conflict (tracker) do update set
            run_no = excluded.run_no,
            scored_at = clock_timestamp(),
            threshold = excluded.threshold,
            beta = excluded.beta,
            least_area = excluded.least_area,
            test_chips = excluded.test_chips,
            test_months = excluded.test_months
        returning run_no
        """,
        (
            tracker,
            options.threshold,
            options.beta,
            options.least_area,
            None if scope.chips is None else sorted(scope.chips),
            None if scope.months is None else sorted(scope.months),
        ),
    ).fetchall()
    return int(number)


def known_run(connection: psycopg.Connection, tracker: str) -> tuple[Options, Scope] | None:
    """Return by what a tracker was scored, or None."""
    row = connection.execute(
        """
        select threshold, beta, least_area, test_chips, test_months
        from scores.run
        where tracker = %s
        """,
        (tracker,),
    ).fetchone()
    if row is None:
        return None
    *values, chips, months = row
    return Options(*values), Scope(
        None if chips is None else frozenset(chips), None if months is None else frozenset(months)
    )


def delete_chips(connection: psycopg.Connection, tracker: str, chip_keys: list[int] | None) -> None:
    """Delete what is kept of a tracker on these chips; None for all."""
    for table in OF_CHIPS:
        connection.execute(
            sql.SQL(
                """
                delete from {}
                where
                    tracker = %(tracker)s
                    and (%(chip_keys)s::integer[] is null or chip_key = any(%(chip_keys)s))
                """
            ).format(sql.Identifier("scores", table)),
            {"tracker": tracker, "chip_keys": chip_keys},
        )


def delete_gone_trackers(connection: psycopg.Connection) -> None:
    """Delete what is kept of trackers whose predictions were taken out."""
    for table in ("run", *OF_CHIPS):
        connection.execute(
            sql.SQL(
                "delete from {} where tracker not in (select tracker from raw.prediction_image)"
            ).format(sql.Identifier("scores", table))
        )


def write_chip(
    connection: psycopg.Connection,
    key: tuple[str, int],
    version: tuple[int, str, str],
    part: Part,
    scored: ScoredChip | None,
) -> None:
    """Write what is kept of a chip, which is not there yet.

    Args:
        connection: Within a transaction.
        key: Tracker and chip key.
        version: Number of the run, digests of truth and predictions.
        part: What is kept of the chip.
        scored: Its matches; None where it has no truth.
    """
    counts = (None,) * len(_COUNTS) if part.score is None else astuple(part.score)
    row = (*key, *version, part.unscored, part.too_small, *counts)
    connection.execute(
        sql.SQL("insert into scores.chip_score values ({})").format(
            sql.SQL(", ").join([sql.Placeholder()] * len(row))
        ),
        row,
    )
    if scored is None or part.breakdown is None or part.changes is None:
        return
    _copy(connection, "chip_part", key, part.breakdown.select(_PART))
    _copy(connection, "change", key, part.changes.select(_CHANGE))
    _copy(connection, "image_match", key, _by_month(scored.matched.frame()))


def read_score(connection: psycopg.Connection, tracker: str) -> TrackerScore:
    """Put what is kept of a tracker together; it was scored."""
    rows = connection.execute(
        sql.SQL(
            """
            select (
                select min(chip_id) from raw.image where image.chip_key = chip_score.chip_key
            ) as chip_id, {}, unscored, too_small
            from scores.chip_score
            where tracker = %s
            order by chip_id
            """
        ).format(sql.SQL(", ").join(map(sql.Identifier, _COUNTS))),
        (tracker,),
    ).fetchall()
    chips = {row[0]: ChipScore(*row[1:-2]) for row in rows if row[-3] is not None}
    return TrackerScore(
        chips,
        total_score(chips.values()),
        add_up([_parts(connection, tracker)]),
        _lateness(connection, tracker),
        sum(row[-2] for row in rows),
        sum(row[-1] for row in rows),
    )


def _parts(connection: psycopg.Connection, tracker: str) -> pl.DataFrame:
    rows = connection.execute(
        """
        select dimension, code, part, tp, fp, fn, mismatches
        from scores.chip_part
        where tracker = %s
        """,
        (tracker,),
    ).fetchall()
    schema = dict.fromkeys(_PART, pl.Int64()) | {"dimension": pl.String(), "part": pl.String()}
    return pl.DataFrame(rows, schema, orient="row")


def _lateness(connection: psycopg.Connection, tracker: str) -> pl.DataFrame:
    rows = connection.execute(
        """
        select months_late, count(*)
        from scores.change
        where tracker = %s
        group by months_late
        order by months_late nulls last
        """,
        (tracker,),
    ).fetchall()
    schema = {"months_late": pl.Int32(), "changes": pl.UInt32()}
    return pl.DataFrame(rows, schema, orient="row")


def _by_month(matches: pl.DataFrame) -> pl.DataFrame:
    """Return a row per month with its matches as texts of PostgreSQL's arrays."""
    return matches.group_by("time_key", maintain_order=True).agg(
        pl.concat_str(
            pl.lit("{"),
            value.cast(pl.String).fill_null("NULL").str.join(","),
            pl.lit("}"),
        ).alias(name)
        for name, value in _ARRAYS.items()
    )


def _copy(
    connection: psycopg.Connection, table: str, key: tuple[str, int], frame: pl.DataFrame
) -> None:
    """Copy rows of a tracker's chip; a text may hold no tab."""
    tracker, chip_key = key
    keys = pl.lit(tracker).alias("tracker"), pl.lit(chip_key).alias("chip_key")
    text = frame.select(*keys, *frame.columns).write_csv(
        include_header=False, separator="\t", quote_style="never", null_value="\\N"
    )
    statement = sql.SQL("copy {} from stdin").format(sql.Identifier("scores", table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)
