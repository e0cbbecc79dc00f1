"""Unusable areas into ``raw.unusable_area``, within the load's transaction."""

import psycopg

from loaders.forms.parts import Mask
from loaders.terms.names import parse_filename

AreaKey = tuple[int, int, int]
"""``chip_key``, ``time_key`` and ``area_no``, which counts from 1 within the image."""


def replace_masks(
    connection: psycopg.Connection, load_id: int, source: str, masks: list[Mask]
) -> None:
    """Make the unusable areas of a source just those that it has; equal ones stay untouched.

    Args:
        connection: Within the load's transaction.
        load_id: The load.
        source: Identity of its source.
        masks: All masks of the source; one without polygons says that its image is usable.
    """
    names = {mask.filename: parse_filename(mask.filename) for mask in masks}
    images = {(name.chip_key, name.time_key) for name in names.values()}
    wanted: dict[AreaKey, str] = {
        (names[mask.filename].chip_key, names[mask.filename].time_key, number): polygon
        for mask in masks
        for number, polygon in enumerate(mask.polygons, start=1)
    }
    present = {
        key: polygon
        for key, (polygon, owner) in _present(connection).items()
        if owner == source or key[:2] in images
    }
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            delete from raw.unusable_area
            where chip_key = %s and time_key = %s and area_no = %s
            """,
            [key for key, polygon in present.items() if wanted.get(key) != polygon],
        )
        cursor.executemany(
            """
            insert into raw.unusable_area (chip_key, time_key, area_no, polygon, load_id)
            values (%s, %s, %s, %s, %s)
            """,
            [
                (*key, polygon, load_id)
                for key, polygon in wanted.items()
                if present.get(key) != polygon
            ],
        )


def _present(connection: psycopg.Connection) -> dict[AreaKey, tuple[str, str]]:
    """Return the text of each area, and the source that brought it."""
    rows = connection.execute(
        """
        select
            unusable_area.chip_key,
            unusable_area.time_key,
            unusable_area.area_no,
            unusable_area.polygon,
            load_run.source
        from raw.unusable_area
        inner join raw.load_run on unusable_area.load_id = load_run.load_id
        """
    )
    return {
        (chip_key, time_key, area_no): (polygon, owner)
        for chip_key, time_key, area_no, polygon, owner in rows
    }
