"""Rows of one chip out of ``raw``: the truth, or a tracker's predictions."""

from dataclasses import dataclass
from typing import Any, Final, LiteralString

import numpy as np
import psycopg
import shapely
from shapely.geometry.base import BaseGeometry

from loaders.raw.layout import Layout
from loaders.terms.projection import mercator, pixels_of_tile
from loaders.terms.tiles import TILES
from scoring.metric.rows import Bools, Ints, Polygons, Rows

_ROWS: Final = """
    select time_key, building_ids, footprint_nos
    from {image_rows}
    where chip_key = %(chip_key)s and {is_mine}
    order by time_key
"""
_FOOTPRINTS: Final = """
    select
        string_agg(int4send(building_id), ''),
        string_agg(int2send(footprint_no), ''),
        string_agg(polygon, e'\\t')
    from {footprint}
    where chip_key = %(chip_key)s and {is_mine}
"""
_MASKS: Final = """
    select time_key, polygon from raw.unusable_area where chip_key = %(chip_key)s
"""
_NUMBERS: Final = 2**16
"""More than a building has polygons."""


@dataclass(frozen=True, slots=True)
class Clouds:
    """What could not be seen of a chip.

    Attributes:
        areas: By time key, one shape in pixels of the chip.
    """

    areas: dict[int, BaseGeometry]

    def cover(self, rows: Rows) -> Bools:
        """Tell whose centre lies under a mask of its month, as the warehouse's own rules do."""
        found = np.zeros(len(rows), dtype=np.bool_)
        if not self.areas:
            return found
        centres = shapely.centroid(rows.polygons)
        for time_key, area in self.areas.items():
            at = np.flatnonzero(rows.time_keys == time_key)
            shapely.prepare(area)
            found[at] = shapely.intersects(area, centres[rows.footprints[at]])
        return found


def read_clouds(connection: psycopg.Connection, chip_key: int) -> Clouds:
    """Return the unusable areas of a chip."""
    by_month: dict[int, list[BaseGeometry]] = {}
    for time_key, text in connection.execute(_MASKS, {"chip_key": chip_key}):
        area = shapely.make_valid(shapely.from_wkt(text))
        by_month.setdefault(time_key, []).append(area)
    tile = divmod(chip_key, TILES)
    return Clouds(
        {
            time_key: shapely.transform(
                shapely.union_all(areas), lambda points: pixels_of_tile(mercator(points), *tile)
            )
            for time_key, areas in by_month.items()
        }
    )


def read_rows(
    connection: psycopg.Connection, layout: Layout, chip_key: int, clouds: Clouds
) -> Rows:
    """Return all rows of a chip, each distinct polygon once, and which lie under cloud.

    Args:
        connection: Of a role that reads ``raw``.
        layout: The truth, or a tracker.
        chip_key: The chip.
        clouds: Its unusable areas.
    """
    keys, polygons = _footprints(connection, layout, chip_key)
    months, ids, wanted = [], [], []
    for time_key, building_ids, footprint_nos in _run(connection, layout, _ROWS, chip_key):
        identities = np.array(building_ids, dtype=np.int64)
        months.append(np.full(len(identities), time_key, dtype=np.int64))
        ids.append(identities)
        wanted.append(identities * _NUMBERS + np.array(footprint_nos, dtype=np.int64))
    none = np.zeros(0, dtype=np.int64)
    rows = Rows(
        np.concatenate([none, *months]),
        np.concatenate([none, *ids]),
        np.searchsorted(keys, np.concatenate([none, *wanted])),
        polygons,
    )
    return Rows(rows.time_keys, rows.building_ids, rows.footprints, polygons, clouds.cover(rows))


def _footprints(
    connection: psycopg.Connection, layout: Layout, chip_key: int
) -> tuple[Ints, Polygons]:
    """Return keys of building and number, ascending, and the polygon of each."""
    (row,) = _run(connection, layout, _FOOTPRINTS, chip_key)
    if row[0] is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.object_)
    ids = np.frombuffer(row[0], dtype=">i4").astype(np.int64)
    keys = ids * _NUMBERS + np.frombuffer(row[1], dtype=">i2")
    # An array of objects: of a list NumPy would make texts as wide as the longest.
    texts = np.array(row[2].split("\t"), dtype=np.object_)
    polygons = np.asarray(shapely.from_wkt(texts), dtype=np.object_)
    order = np.argsort(keys)
    return keys[order], polygons[order]


def _run(
    connection: psycopg.Connection, layout: Layout, statement: LiteralString, chip_key: int
) -> list[tuple[Any, ...]]:
    cursor = connection.execute(layout.compose(statement), {"chip_key": chip_key}, binary=True)
    return cursor.fetchall()
