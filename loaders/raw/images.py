"""Statements that make ``raw`` hold just what a source has, image by image.

A source claims the images it has. An image goes when its source no longer has it, unless another
source has the same version of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from loaders.assembly.chips import Image

ImageKey = tuple[int, int]
"""``chip_key`` and ``time_key``."""

SHARE_FOR_NEW_STATISTICS: Final = 0.2
"""Plans go wrong when a table is not what its statistics say; below this, autovacuum is in time."""

_IMAGE_COLUMNS: Final = (
    "chip_key",
    "time_key",
    "filename",
    "mosaic",
    "year",
    "month",
    "chip_id",
    "quad_e",
    "quad_n",
    "tile_x",
    "tile_y",
    "zoom",
    "row_count",
    "load_id",
    "content_digest",
)
_CHANGING_COLUMNS: Final = ("row_count", "load_id", "content_digest")


@dataclass(frozen=True, slots=True)
class Changes:
    """How many images a load changed, found equal, and removed."""

    changed: int
    unchanged: int
    removed: int


def is_empty(connection: psycopg.Connection) -> bool:
    """Tell whether there is no observation and no footprint."""
    row = connection.execute(
        """
        select
            not exists (select from raw.observation)
            and not exists (select from raw.footprint)
        """
    ).fetchone()
    return row is not None and bool(row[0])


def prepare_for_freezing(connection: psycopg.Connection) -> None:
    """Make the empty tables ready for rows that are copied already frozen.

    That needs tables that the same transaction truncated; where ``wal_level`` is minimal their
    rows skip the log, too. Indexes built afterwards cost a third of indexes kept on every row.
    """
    connection.execute("truncate raw.observation, raw.footprint")
    connection.execute("drop index raw.observation_image_brin")
    connection.execute("alter table raw.footprint drop constraint footprint_pkey")


def finish_freezing(connection: psycopg.Connection) -> None:
    """Build what ``prepare_for_freezing`` dropped, as ``schema.sql`` has it."""
    connection.execute(
        """
        alter table raw.footprint
        add constraint footprint_pkey primary key (chip_key, building_id, footprint_no)
        """
    )
    connection.execute(
        """
        create index observation_image_brin on raw.observation
        using brin (chip_key, time_key) with (pages_per_range = 32)
        """
    )


def digests(connection: psycopg.Connection) -> dict[ImageKey, bytes]:
    """Return the digest of every image's rows."""
    rows = connection.execute("select chip_key, time_key, content_digest from raw.image")
    return {(chip_key, time_key): digest for chip_key, time_key, digest in rows}


def give_up_claims(
    connection: psycopg.Connection, source: str, found: list[ImageKey]
) -> list[ImageKey]:
    """Drop a source's claims on images that it no longer has.

    Args:
        connection: Within the load's transaction.
        source: Identity of the source.
        found: The images that it has.

    Returns:
        The images whose present version no other source has: those have to go.
    """
    rows = connection.execute(
        """
        with given_up as (
            delete from raw.image_source
            where
                source = %(source)s
                and (chip_key, time_key) not in (
                    select found.chip_key, found.time_key
                    from unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                        as found (chip_key, time_key)
                )
            returning chip_key, time_key, image_load_id
        )

        select given_up.chip_key, given_up.time_key
        from given_up
        inner join raw.image
            on
                given_up.chip_key = image.chip_key
                and given_up.time_key = image.time_key
                and given_up.image_load_id = image.load_id
        where not exists (
            select from raw.image_source as other
            where
                other.source <> %(source)s
                and other.chip_key = image.chip_key
                and other.time_key = image.time_key
                and other.image_load_id = image.load_id
        )
        """,
        _arrays(found) | {"source": source},
    )
    return [(chip_key, time_key) for chip_key, time_key in rows]


def delete_rows(connection: psycopg.Connection, images: list[ImageKey]) -> None:
    """Delete the observations of images."""
    if not images:
        return
    connection.execute("select brin_summarize_new_values('raw.observation_image_brin')")
    connection.execute(
        """
        delete from raw.observation
        using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
            as stale (chip_key, time_key)
        where observation.chip_key = stale.chip_key and observation.time_key = stale.time_key
        """,
        _arrays(images),
    )


def delete_chips(connection: psycopg.Connection, chip_keys: list[int]) -> None:
    """Delete all observations of chips."""
    if chip_keys:
        connection.execute("delete from raw.observation where chip_key = any(%s)", (chip_keys,))


def delete_orphans(connection: psycopg.Connection, images: list[ImageKey]) -> None:
    """Delete footprints that no observation has any more, on the chips of these images."""
    chip_keys = sorted({chip_key for chip_key, _ in images})
    if not chip_keys:
        return
    connection.execute(
        """
        delete from raw.footprint
        where
            chip_key = any(%(chip_keys)s)
            and not exists (
                select from raw.observation
                where
                    observation.chip_key = any(%(chip_keys)s)
                    and observation.chip_key = footprint.chip_key
                    and observation.building_id = footprint.building_id
                    and observation.footprint_no = footprint.footprint_no
            )
        """,
        {"chip_keys": chip_keys},
    )


def delete_images(connection: psycopg.Connection, images: list[ImageKey]) -> None:
    """Delete images; their observations are gone already."""
    if images:
        connection.execute(
            """
            delete from raw.image
            using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                as gone (chip_key, time_key)
            where image.chip_key = gone.chip_key and image.time_key = gone.time_key
            """,
            _arrays(images),
        )


def write_images(
    connection: psycopg.Connection,
    load_id: int,
    images: Mapping[ImageKey, Image],
    digests: Mapping[ImageKey, bytes],
) -> None:
    """Insert images with the digests of their rows, or note that this load changed them."""
    statement = sql.SQL(
        "insert into raw.image ({columns}) values ({values}) "
        "on conflict (chip_key, time_key) do update set loaded_at = clock_timestamp(), {changes}"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, _IMAGE_COLUMNS)),
        values=sql.SQL(", ").join(map(sql.Placeholder, _IMAGE_COLUMNS)),
        changes=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column))
            for column in _CHANGING_COLUMNS
        ),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                {**_image_row(image), "load_id": load_id, "content_digest": digests[key]}
                for key, image in images.items()
            ],
        )


def write_claims(connection: psycopg.Connection, source: str, found: list[ImageKey]) -> None:
    """Note which version of which images a source has."""
    connection.execute(
        """
        insert into raw.image_source (source, chip_key, time_key, image_load_id)
        select %(source)s, image.chip_key, image.time_key, image.load_id
        from raw.image
        inner join unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
            as found (chip_key, time_key)
            on image.chip_key = found.chip_key and image.time_key = found.time_key
        on conflict (source, chip_key, time_key) do update
        set image_load_id = excluded.image_load_id
        where image_source.image_load_id <> excluded.image_load_id
        """,
        _arrays(found) | {"source": source},
    )


def refresh_statistics(connection: psycopg.Connection, changed: Iterable[Image]) -> None:
    """Analyze the tables if a good part of them is new."""
    row = connection.execute("select coalesce(sum(row_count), 0) from raw.image").fetchone()
    rows = 0 if row is None else int(row[0])
    if sum(image.row_count for image in changed) > SHARE_FOR_NEW_STATISTICS * rows:
        # A small sample tells of these columns as much as a large one, far sooner.
        connection.execute("set local default_statistics_target = 20")
        connection.execute("analyze raw.image, raw.footprint, raw.observation")


def _arrays(images: list[ImageKey]) -> dict[str, object]:
    return {
        "chip_keys": [chip_key for chip_key, _ in images],
        "time_keys": [time_key for _, time_key in images],
    }


def _image_row(image: Image) -> dict[str, object]:
    name = image.name
    return {
        "chip_key": name.chip_key,
        "time_key": name.time_key,
        "filename": name.filename,
        "mosaic": name.mosaic,
        "year": name.year,
        "month": name.month,
        "chip_id": name.chip_id,
        "quad_e": name.quad_e,
        "quad_n": name.quad_n,
        "tile_x": name.tile_x,
        "tile_y": name.tile_y,
        "zoom": name.zoom,
        "row_count": image.row_count,
    }
