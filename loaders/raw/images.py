"""Statements that make ``raw`` hold just what its sources have, image by image.

An image is one row of ``raw.image`` and one of ``raw.image_rows``. A source claims the images it
has, each in the version that it brought; an image whose present version nobody claims goes. A
tracker's images (``loaders.raw.layout``) are nobody else's, so nobody claims them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from loaders.assembly.chips import Image, ImageKey
from loaders.raw.layout import Layout

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

DELETE_ORPHANS: Final[LiteralString] = """
    with orphan as materialized (
        select chip_key, building_id, footprint_no
        from {footprint}
        where chip_key = any(%(chip_keys)s) and {is_mine}
        except
        select chip_key, building_id, footprint_no
        from {observation}
        where chip_key = any(%(chip_keys)s) and {is_mine}
    )

    delete from {footprint} as footprint
    using orphan
    where
        footprint.chip_key = orphan.chip_key
        and footprint.building_id = orphan.building_id
        and footprint.footprint_no = orphan.footprint_no
        and {is_mine}
"""
"""Each row is looked at once, whatever the statistics know of the chips (no anti-join)."""
_IS_UNCLAIMED: Final = """
    not exists (
        select from raw.image_source
        where
            image_source.chip_key = image.chip_key
            and image_source.time_key = image.time_key
            and image_source.image_load_id = image.load_id
    )
"""


@dataclass(frozen=True, slots=True)
class Held:
    """An image as the warehouse has it."""

    digest: bytes
    row_count: int


def is_empty(connection: psycopg.Connection) -> bool:
    """Tell whether there is no image with rows and no footprint."""
    row = connection.execute(
        """
        select
            not exists (select 1 from raw.image_rows)
            and not exists (select 1 from raw.footprint)
        """
    ).fetchone()
    return row is not None and bool(row[0])


def prepare_for_freezing(connection: psycopg.Connection) -> None:
    """Make the empty tables ready for rows that are copied already frozen.

    That needs tables that the same transaction truncated; where ``wal_level`` is minimal their
    rows skip the log, too. An index built afterwards costs a third of one kept on every row.
    """
    connection.execute("truncate raw.image_rows, raw.footprint")
    connection.execute("alter table raw.footprint drop constraint footprint_pkey")


def finish_freezing(connection: psycopg.Connection) -> None:
    """Build what ``prepare_for_freezing`` dropped, as ``schema.sql`` has it."""
    connection.execute(
        """
        alter table raw.footprint
        add constraint footprint_pkey primary key (chip_key, building_id, footprint_no)
        """
    )


def held_images(connection: psycopg.Connection, layout: Layout) -> dict[ImageKey, Held]:
    """Return what is known of every image's rows."""
    rows = connection.execute(
        layout.compose(
            "select chip_key, time_key, content_digest, row_count from {image} where {is_mine}"
        )
    )
    return {(chip_key, time_key): Held(digest, count) for chip_key, time_key, digest, count in rows}


def delete_unclaimed(
    connection: psycopg.Connection, layout: Layout, keys: Collection[ImageKey]
) -> list[ImageKey]:
    """Delete those of the images whose present version no source has, and return them."""
    if not keys:
        return []
    rows = connection.execute(
        layout.compose(
            """
            delete from {image} as image
            using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                as given_up (chip_key, time_key)
            where
                image.chip_key = given_up.chip_key
                and image.time_key = given_up.time_key
                and {is_mine}
                and {is_unclaimed}
            returning image.chip_key, image.time_key
            """,
            is_unclaimed=sql.SQL(_IS_UNCLAIMED if layout.is_truth else "true"),
        ),
        arrays(keys),
    )
    gone = [(chip_key, time_key) for chip_key, time_key in rows]
    delete_rows(connection, layout, gone)
    return gone


def delete_rows(connection: psycopg.Connection, layout: Layout, keys: Collection[ImageKey]) -> None:
    """Delete the rows of images."""
    if keys:
        connection.execute(
            layout.compose(
                """
                delete from {image_rows} as image_rows
                using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
                    as stale (chip_key, time_key)
                where
                    image_rows.chip_key = stale.chip_key
                    and image_rows.time_key = stale.time_key
                    and {is_mine}
                """
            ),
            arrays(keys),
        )


def delete_orphans(
    connection: psycopg.Connection, layout: Layout, keys: Collection[ImageKey]
) -> None:
    """Delete footprints that no image has any more, on the chips of these images."""
    chip_keys = sorted({chip_key for chip_key, _ in keys})
    if chip_keys:
        connection.execute(layout.compose(DELETE_ORPHANS), {"chip_keys": chip_keys})


def write_images(
    connection: psycopg.Connection,
    layout: Layout,
    load_id: int,
    images: Mapping[ImageKey, Image],
    digests: Mapping[ImageKey, bytes],
) -> None:
    """Insert images with the digests of their rows, or note that this load changed them."""
    columns = _IMAGE_COLUMNS if layout.is_truth else ("tracker", *_IMAGE_COLUMNS)
    statement = layout.compose(
        "insert into {image} ({columns}) values ({values}) "
        "on conflict ({key}) do update set loaded_at = clock_timestamp(), {changes}",
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(map(sql.Placeholder, columns)),
        changes=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(column))
            for column in _CHANGING_COLUMNS
        ),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                {
                    **_image_row(image),
                    "tracker": layout.tracker,
                    "load_id": load_id,
                    "content_digest": digests[key],
                }
                for key, image in images.items()
            ],
        )


def refresh_statistics(
    connection: psycopg.Connection,
    layout: Layout,
    changed: Iterable[Image],
    *,
    has_new_chip: bool,
) -> None:
    """Analyze the tables if a good part of them is new, or a chip that they do not know."""
    row = connection.execute(
        layout.compose("select coalesce(sum(row_count), 0) from {image} where {is_mine}")
    ).fetchone()
    rows = 0 if row is None else int(row[0])
    share = SHARE_FOR_NEW_STATISTICS * rows
    if has_new_chip or sum(image.row_count for image in changed) > share:
        # A small sample tells of these columns as much as a large one, far sooner.
        connection.execute("set local default_statistics_target = 20")
        connection.execute(layout.compose("analyze {image}, {footprint}, {image_rows}"))


def arrays(keys: Collection[ImageKey]) -> dict[str, object]:
    """Return the keys of images as the parameters ``chip_keys`` and ``time_keys``."""
    return {
        "chip_keys": [chip_key for chip_key, _ in keys],
        "time_keys": [time_key for _, time_key in keys],
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
