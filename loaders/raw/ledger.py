"""``raw.load_run``: one row per load, and the lock that lets one load at a time write.

The row of a load is committed before the load's own transaction starts, so a load that was killed
leaves a row in state ``running``. Whoever holds the lock next knows that such a row is stale.
"""

import logging
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from loaders.forms.origin import is_generated
from loaders.forms.sources import Kind, Source

logger = logging.getLogger(__name__)

LOAD_LOCK: Final = 7_702_018
"""Key of the advisory lock; the session holds it, so it ends with the loader, however that ends."""


@dataclass(frozen=True, slots=True)
class FinishedLoad:
    """The newest load of a source that ended well."""

    load_id: int
    size_bytes: int
    content_sha256: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    images: int
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load did, as the ledger keeps it."""

    state: str
    content_sha256: str
    rows_read: int
    rows_loaded: int
    rows_rejected: int
    images_changed: int
    images_unchanged: int
    images_removed: int
    message: str | None = None
    warnings: tuple[str, ...] = ()
    other_forms: dict[str, int] = field(default_factory=dict)


def take_lock(connection: psycopg.Connection) -> None:
    """Take the lock of loading until the connection ends; wait for another load, and say so.

    Args:
        connection: In autocommit mode, so that waiting holds no snapshot.
    """
    row = connection.execute("select pg_try_advisory_lock(%s)", (LOAD_LOCK,)).fetchone()
    if row is None or not row[0]:
        logger.warning("another load is running; waiting for it to finish")
        connection.execute("select pg_advisory_lock(%s)", (LOAD_LOCK,))


def start(connection: psycopg.Connection, source: Source) -> int:
    """Open the row of a load and return its ``load_id``; close the rows of killed loads."""
    with connection.transaction():
        stale = connection.execute(
            """
            update raw.load_run
            set
                state = 'interrupted',
                finished_at = clock_timestamp(),
                message = 'the loader ended without a word; nothing of it was kept'
            where state = 'running'
            """
        )
        if stale.rowcount:
            logger.info("%d earlier load(s) were interrupted and left nothing", stale.rowcount)
        row = connection.execute(
            """
            insert into raw.load_run (
                source, source_kind, tracker, size_bytes, is_generated, state
            )
            values (%s, %s, %s, %s, %s, 'running')
            returning load_id
            """,
            (
                source.name,
                source.kind,
                source.tracker,
                source.size_bytes(),
                _is_generated(source),
            ),
        ).fetchone()
    assert row is not None  # noqa: S101 (an insert that returns nothing cannot be)
    return int(row[0])


def newest_finished(connection: psycopg.Connection, source: Source) -> FinishedLoad | None:
    """Return the newest load of this source that ended well, if all that it brought is there.

    A tracker is one source, wherever its predictions lie.
    """
    with connection.cursor(row_factory=class_row(FinishedLoad)) as cursor:
        return cursor.execute(
            """
            select
                load_id,
                size_bytes,
                content_sha256,
                rows_read,
                rows_loaded,
                rows_rejected,
                images_changed + images_unchanged as images,
                warnings
            from raw.load_run
            where
                tracker is not distinct from %(tracker)s
                and (tracker is not null or source = %(source)s)
                and state in ('loaded', 'unchanged')
                and not exists (
                    select from raw.load_run as later
                    where
                        later.tracker is not distinct from load_run.tracker
                        and (later.tracker is not null or later.source = load_run.source)
                        and later.state = 'forgotten'
                        and later.load_id > load_run.load_id
                )
                and not exists (
                    select from raw.image_source
                    left join raw.image using (chip_key, time_key)
                    where
                        load_run.tracker is null
                        and image_source.source = %(source)s
                        and image.chip_key is null
                )
            order by load_id desc
            limit 1
            """,
            {"source": source.name, "tracker": source.tracker},
        ).fetchone()


def finish(connection: psycopg.Connection, load_id: int, outcome: Outcome) -> None:
    """Close the row of a load that ended well; part of the load's own transaction."""
    connection.execute(
        """
        update raw.load_run
        set
            finished_at = clock_timestamp(),
            state = %s,
            content_sha256 = %s,
            rows_read = %s,
            rows_loaded = %s,
            rows_rejected = %s,
            images_changed = %s,
            images_unchanged = %s,
            images_removed = %s,
            message = %s,
            warnings = %s,
            other_forms = %s
        where load_id = %s
        """,
        (
            outcome.state,
            outcome.content_sha256,
            outcome.rows_read,
            outcome.rows_loaded,
            outcome.rows_rejected,
            outcome.images_changed,
            outcome.images_unchanged,
            outcome.images_removed,
            outcome.message,
            list(outcome.warnings),
            Jsonb(outcome.other_forms) if outcome.other_forms else None,
            load_id,
        ),
    )


def refuse(
    connection: psycopg.Connection, load_id: int, *, rows_read: int, rows_rejected: int
) -> None:
    """Note what was read of a source of which nothing is loaded."""
    connection.execute(
        """
        update raw.load_run set rows_read = %s, rows_loaded = 0, rows_rejected = %s
        where load_id = %s
        """,
        (rows_read, rows_rejected, load_id),
    )


def note_forgotten(
    connection: psycopg.Connection, source: str | None, *, message: str, tracker: str | None = None
) -> int:
    """Note that a source is taken out, as if it had never been loaded; return the ``load_id``.

    Args:
        connection: Within a transaction that holds the lock of loading.
        source: Its identity; of a tracker, which has its own, None.
        message: Why.
        tracker: The tracker whose predictions it brought, if it did.
    """
    row = connection.execute(
        """
        insert into raw.load_run (
            source, source_kind, tracker, size_bytes, is_generated, finished_at, state, message
        )
        select
            source,
            source_kind,
            tracker,
            0,
            is_generated,
            clock_timestamp(),
            'forgotten',
            %(message)s
        from raw.load_run
        where
            tracker is not distinct from %(tracker)s
            and (tracker is not null or source = %(source)s)
        order by load_id desc
        limit 1
        returning load_id
        """,
        {"message": message, "source": source, "tracker": tracker},
    ).fetchone()
    assert row is not None  # noqa: S101 (who asks knows that the source is there)
    return int(row[0])


def note_removed(connection: psycopg.Connection, load_id: int, *, images: int) -> None:
    """Note how many images went with a source that is taken out."""
    connection.execute(
        "update raw.load_run set images_removed = %s where load_id = %s", (images, load_id)
    )


def fail(connection: psycopg.Connection, load_id: int, *, state: str, message: str) -> None:
    """Close the row of a load that did not end well."""
    connection.execute(
        """
        update raw.load_run
        set finished_at = clock_timestamp(), state = %s, message = %s
        where load_id = %s and state = 'running'
        """,
        (state, message, load_id),
    )


def _is_generated(source: Source) -> bool:
    return source.kind is not Kind.AOI and is_generated(source.path)
