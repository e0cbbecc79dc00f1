"""``raw.image_source``: which source has which images of the truth, each in its version."""

from collections.abc import Collection

import psycopg

from loaders.assembly.chips import ImageKey
from loaders.raw.images import arrays, held_images
from loaders.raw.layout import Layout


def drop_claims(connection: psycopg.Connection, source: str, keys: Collection[ImageKey]) -> None:
    """Drop a source's claims on images."""
    connection.execute(
        """
        delete from raw.image_source
        using unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
            as given_up (chip_key, time_key)
        where
            image_source.source = %(source)s
            and image_source.chip_key = given_up.chip_key
            and image_source.time_key = given_up.time_key
        """,
        arrays(keys) | {"source": source},
    )


def claims_of(connection: psycopg.Connection, layout: Layout, source: str) -> set[ImageKey]:
    """Return the images that a source has; a tracker has all of its own."""
    if not layout.is_truth:
        return set(held_images(connection, layout))
    rows = connection.execute(
        "select chip_key, time_key from raw.image_source where source = %s", (source,)
    )
    return {(chip_key, time_key) for chip_key, time_key in rows}


def write_claims(connection: psycopg.Connection, source: str, found: Collection[ImageKey]) -> None:
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
        arrays(found) | {"source": source},
    )


def other_versions(connection: psycopg.Connection, keys: Collection[ImageKey]) -> dict[str, int]:
    """Count, by source, those of the images that a source has though the warehouse has not."""
    rows = connection.execute(
        """
        select image_source.source, count(*)
        from raw.image_source
        inner join unnest(%(chip_keys)s::integer[], %(time_keys)s::integer[])
            as gone (chip_key, time_key)
            on image_source.chip_key = gone.chip_key and image_source.time_key = gone.time_key
        group by image_source.source
        order by image_source.source
        """,
        arrays(keys),
    )
    return dict(rows.fetchall())
