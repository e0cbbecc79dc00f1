"""Which months are loaded, built and forecast, as events of partitions; and forgetting some.

``monitoring.month`` keeps a digest of what each month held when its last event was written, so
that an event is written for the months alone that a run has changed.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

import dagster as dg
import psycopg
from psycopg import sql

from orchestration.errors import UnknownMonthError
from warehouse.access import connect
from warehouse.connection.roles import Role

MONTHS: Final = dg.DynamicPartitionsDefinition(name="month")

_TABLE: Final = """
    create table if not exists monitoring.month (
        stage text not null,
        time_key integer not null,
        digest text not null,
        noted_at timestamptz not null default clock_timestamp(),
        primary key (stage, time_key)
    );
    comment on table monitoring.month is
    'One row per stage and month: digest of what it held when its last event was written.'
"""


class Stage(StrEnum):
    """How far a month has come."""

    LOADED = "loaded"
    BUILT = "built"
    FORECAST = "forecast"

    @property
    def key(self) -> dg.AssetKey:
        """The asset that shows it."""
        return dg.AssetKey(["months", str(self)])


_HELD: Final[Mapping[Stage, str]] = {
    Stage.LOADED: """
        select
            time_key,
            sum(hashtextextended(chip_key || ' ' || encode(content_digest, 'hex'), 0)::numeric),
            count(*) filter (where row_count > 0) as images,
            sum(row_count) as rows
        from raw.image
        group by time_key
    """,
    Stage.BUILT: """
        select
            time_key,
            sum(hashtextextended(concat_ws(
                ' ', chip_key, building_count, corrected_count, appeared, demolished, occluded,
                reappeared
            ), 0)::numeric),
            count(*) as chips,
            sum(building_count) as buildings
        from marts.fact_chip_month
        group by time_key
    """,
    Stage.FORECAST: """
        select
            as_of as time_key,
            sum(hashtextextended(concat_ws(
                ' ', chip_key, target, horizon, model_version, round(q50::numeric, 6)
            ), 0)::numeric),
            count(distinct chip_key) as chips,
            count(*) as forecasts
        from ml.chip_forecast
        group by as_of
    """,
}
"""By stage: month, digest, and two figures to show."""


def record_months(context: dg.AssetExecutionContext, stage: Stage) -> list[int]:
    """Write an event for each month that is another one than when it was last looked at.

    A month that the raw tables no longer have is no partition any more.

    Returns:
        The months with an event, in order.
    """
    with connect(role=Role.ORCHESTRATOR) as connection:
        held = _held(connection, stage)
        connection.execute(_TABLE)
        known: dict[int, str] = dict(
            connection.execute(
                "select time_key, digest from monitoring.month where stage = %s", (stage,)
            ).fetchall()
        )
        fresh = {month: row for month, row in held.items() if known.get(month) != row["digest"]}
        context.instance.add_dynamic_partitions(MONTHS.name or "", [str(one) for one in fresh])
        for month, row in fresh.items():
            metadata = {name: value for name, value in row.items() if name != "digest"}
            context.log_event(
                dg.AssetMaterialization(stage.key, partition=str(month), metadata=metadata)
            )
        gone = known.keys() - held.keys()
        if stage is Stage.LOADED:
            for month in gone:
                context.instance.delete_dynamic_partition(MONTHS.name or "", str(month))
        digests = {month: row["digest"] for month, row in fresh.items()}
        note_months(connection, stage, digests, gone)
    return sorted(fresh)


def _held(connection: psycopg.Connection, stage: Stage) -> dict[int, dict[str, Any]]:
    cursor = connection.execute(_HELD[stage])
    names = [column.name for column in cursor.description or ()]
    return {
        month: {"digest": str(digest), names[2]: int(first), names[3]: int(second)}
        for month, digest, first, second in sorted(cursor.fetchall())
    }


def note_months(
    connection: psycopg.Connection,
    stage: Stage,
    fresh: Mapping[int, str],
    gone: Collection[int] = (),
) -> None:
    """Write down what months hold now.

    Args:
        connection: As role orchestrator.
        stage: How far they have come.
        fresh: Digest of each that has changed.
        gone: Those that are no more.
    """
    connection.execute(_TABLE)
    connection.execute(
        "delete from monitoring.month where stage = %s and time_key = any(%s)",
        (stage, [*gone, *fresh]),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into monitoring.month (stage, time_key, digest) values (%s, %s, %s)",
            [(stage, month, digest) for month, digest in fresh.items()],
        )


def forget_built(connection: psycopg.Connection, months: Collection[int]) -> None:
    """Forget that months were built: the next build builds their images anew.

    Args:
        connection: As role transformer.
        months: Time keys.

    Raises:
        UnknownMonthError: Some of them hold no built image; nothing was changed.
    """
    with connection.transaction():
        gone = _deleted(connection, months)
        unknown = sorted(set(months) - gone)
        if unknown:
            raise UnknownMonthError(
                f"nothing is built of {', '.join(map(str, unknown))}; expected months such as "
                "201801 that the warehouse has built (marts.fact_chip_month)"
            )


def _deleted(connection: psycopg.Connection, months: Collection[int]) -> set[int]:
    table = "intermediate.int_built_images"
    if connection.execute("select to_regclass(%s)", (table,)).fetchone() == (None,):
        return set()
    rows = connection.execute(
        sql.SQL("delete from {} where time_key = any(%s) returning time_key").format(
            sql.Identifier(*table.split("."))
        ),
        (list(months),),
    ).fetchall()
    return {month for (month,) in rows}


def noted_months(stage: Stage) -> list[int]:
    """Return the months that have come so far, in order."""
    with connect(role=Role.ORCHESTRATOR) as connection:
        connection.execute(_TABLE)
        rows = connection.execute(
            "select time_key from monitoring.month where stage = %s order by time_key", (stage,)
        ).fetchall()
    return [month for (month,) in rows]
