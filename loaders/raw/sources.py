"""What the ledger knows of each source, and how generated data make way for the user's own."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg.rows import class_row

from loaders.errors import MixedDataError
from loaders.raw.withdrawal import Withdrawn, take_out

logger = logging.getLogger(__name__)

_SOURCES: Final = """
    with newest as (
        select distinct on (source)
            source as name,
            source_kind as kind,
            is_generated,
            state
        from raw.load_run
        where source_kind <> 'aoi' and tracker is null
        order by source, load_id desc
    ),

    loaded as (
        select source as name, max(finished_at) as loaded_at
        from raw.load_run
        where state in ('loaded', 'unchanged') and tracker is null
        group by source
    ),

    brought as (
        select
            claim.source as name,
            count(*) as claims,
            count(image.load_id) as images,
            coalesce(sum(image.row_count), 0)::bigint as rows
        from raw.image_source as claim
        left join raw.image
            on
                claim.chip_key = image.chip_key
                and claim.time_key = image.time_key
                and claim.image_load_id = image.load_id
        group by claim.source
    )

    select
        name,
        newest.kind,
        newest.is_generated,
        coalesce(brought.claims, 0) as claims,
        coalesce(brought.images, 0) as images,
        coalesce(brought.rows, 0) as rows,
        loaded.loaded_at,
        newest.state
    from newest
    left join loaded using (name)
    left join brought using (name)
    where newest.state <> 'forgotten' or brought.claims > 0
    order by name
"""
_TRACKERS: Final = """
    with loaded as (
        select distinct on (tracker)
            tracker as name,
            source,
            finished_at as loaded_at
        from raw.load_run
        where tracker is not null and state in ('loaded', 'unchanged')
        order by tracker, load_id desc
    ),

    seen as (
        select tracker as name, count(*) as images, sum(row_count)::bigint as rows
        from raw.prediction_image
        group by tracker
    ),

    drawn as (
        select tracker as name, count(*) as polygons
        from raw.prediction_footprint
        group by tracker
    )

    select
        name,
        loaded.source,
        seen.images,
        seen.rows,
        coalesce(drawn.polygons, 0) as polygons,
        loaded.loaded_at
    from seen
    inner join loaded using (name)
    left join drawn using (name)
    order by name
"""


@dataclass(frozen=True, slots=True)
class KnownSource:
    """A source that was loaded at least once.

    Attributes:
        name: Its identity.
        kind: How it is read (``loaders.forms.sources.Kind``).
        is_generated: It is of a generated data set.
        claims: Images that it has, in whatever version.
        images: Those of them that the warehouse has in its version.
        rows: Rows of these.
        loaded_at: When it was last loaded well; None where it never was.
        state: How its newest load ended, as in ``raw.load_run``.
    """

    name: str
    kind: str
    is_generated: bool
    claims: int
    images: int
    rows: int
    loaded_at: datetime | None
    state: str


def list_sources(connection: psycopg.Connection) -> list[KnownSource]:
    """Return the sources that the warehouse has something of, or failed to load, by name.

    Args:
        connection: Of a role that reads schema ``raw``, whose tables are those of ``schema.sql``.
    """
    with connection.cursor(row_factory=class_row(KnownSource)) as cursor:
        return cursor.execute(_SOURCES).fetchall()


@dataclass(frozen=True, slots=True)
class KnownTracker:
    """A tracker of which predictions were loaded.

    Attributes:
        name: Its name.
        source: Where they came from.
        images: Images that it has, those that it found nothing in among them.
        rows: Predicted buildings in them.
        polygons: Distinct ones.
        loaded_at: When they were last loaded well.
    """

    name: str
    source: str
    images: int
    rows: int
    polygons: int
    loaded_at: datetime


def list_trackers(connection: psycopg.Connection) -> list[KnownTracker]:
    """Return the trackers of which the warehouse has predictions, by name.

    Args:
        connection: Of a role that reads schema ``raw``, whose tables are those of ``schema.sql``.
    """
    with connection.cursor(row_factory=class_row(KnownTracker)) as cursor:
        return cursor.execute(_TRACKERS).fetchall()


def refuse_mixture(connection: psycopg.Connection, name: str) -> None:
    """Refuse to load generated data beside the user's own.

    Args:
        connection: Within the load's transaction.
        name: The generated source.

    Raises:
        MixedDataError: The warehouse holds own data.
    """
    own = [
        source.name
        for source in list_sources(connection)
        if source.claims and not source.is_generated and source.name != name
    ]
    if own:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        raise MixedDataError(
            f"{name} is generated data, but the warehouse holds data of your own ({own[0]}{more}), "
            "and the two never mix; take those out with `python -m loaders forget SOURCE`, or "
            "generate into another home (SN7_HOME)"
        )


def make_way(connection: psycopg.Connection, load_id: int, name: str) -> dict[str, Withdrawn]:
    """Take out all generated data, once an own source has brought images.

    Args:
        connection: Within the load's transaction.
        load_id: The load of the own source.
        name: The own source.

    Returns:
        What left, by source.
    """
    sources = list_sources(connection)
    if not any(source.claims for source in sources if source.name == name):
        return {}
    left: dict[str, Withdrawn] = {}
    for source in sources:
        if source.is_generated and source.claims and source.name != name:
            message = f"generated data made way for {name} (load {load_id})"
            left[source.name] = take_out(connection, source.name, message=message)
            logger.info("%s: %s", source.name, message)
    return left
