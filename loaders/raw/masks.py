"""Unusable areas: what mask each source has of an image, and which of them holds.

``raw.image_mask`` remembers every source's mask, so that none is lost when sources alternate; the
one that came last stands, area by area, in ``raw.unusable_area``.
"""

from collections.abc import Collection
from typing import Final

import psycopg

from loaders.assembly.chips import ImageKey
from loaders.forms.parts import Mask
from loaders.terms.names import parse_filename

_CURRENT_AREAS: Final = """
    select
        newest.chip_key,
        newest.time_key,
        area.area_no::integer as area_no,
        area.polygon
    from (
        select distinct on (chip_key, time_key)
            chip_key,
            time_key,
            polygons
        from raw.image_mask
        order by chip_key, time_key, load_id desc
    ) as newest
    cross join lateral unnest(newest.polygons) with ordinality as area (polygon, area_no)
"""
_DELETE_AREAS: Final = f"""
    delete from raw.unusable_area
    using (
        select chip_key, time_key, area_no, polygon from raw.unusable_area
        except
        {_CURRENT_AREAS}
    ) as gone
    where
        unusable_area.chip_key = gone.chip_key
        and unusable_area.time_key = gone.time_key
        and unusable_area.area_no = gone.area_no
"""  # noqa: S608 (made of constants)
_INSERT_AREAS: Final = f"""
    insert into raw.unusable_area (chip_key, time_key, area_no, polygon, load_id)
    select chip_key, time_key, area_no, polygon, %(load_id)s
    from ({_CURRENT_AREAS}) as wanted
    on conflict (chip_key, time_key, area_no) do nothing
"""  # noqa: S608 (made of constants)


def write_masks(
    connection: psycopg.Connection, load_id: int, source: str, masks: Collection[Mask]
) -> None:
    """Note the masks that a source has; one without polygons says that its image is usable."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into raw.image_mask (source, chip_key, time_key, load_id, polygons)
            values (%s, %s, %s, %s, %s)
            on conflict (source, chip_key, time_key) do update
            set load_id = excluded.load_id, polygons = excluded.polygons
            """,
            [(source, *key_of(mask), load_id, list(mask.polygons)) for mask in masks],
        )


def masks_of(connection: psycopg.Connection, source: str) -> set[ImageKey]:
    """Return the images of which a source has a mask."""
    rows = connection.execute(
        "select chip_key, time_key from raw.image_mask where source = %s", (source,)
    )
    return {(chip_key, time_key) for chip_key, time_key in rows}


def drop_masks(connection: psycopg.Connection, source: str, keys: Collection[ImageKey]) -> None:
    """Drop masks of a source."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "delete from raw.image_mask where source = %s and chip_key = %s and time_key = %s",
            [(source, *key) for key in keys],
        )


def settle_areas(connection: psycopg.Connection, load_id: int) -> None:
    """Make the unusable areas those of each image's newest mask; equal ones stay untouched."""
    connection.execute(_DELETE_AREAS)
    connection.execute(_INSERT_AREAS, {"load_id": load_id})


def key_of(mask: Mask) -> ImageKey:
    """Return ``chip_key`` and ``time_key`` of a mask's image."""
    name = parse_filename(mask.filename)
    return name.chip_key, name.time_key
