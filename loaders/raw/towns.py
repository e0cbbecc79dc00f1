"""``raw.town``: the town and country nearest to each chip, so that AOIs have readable names.

GeoNames' places come with the package ``reverse_geocode``, so nothing is asked of the network. A
chip keeps the place it was first given: names stay the same when the package's data is renewed.
"""

import logging
import math
from dataclasses import dataclass
from typing import Final

import psycopg

from loaders.terms.tiles import TILES

logger = logging.getLogger(__name__)

SMALLEST_TOWN: Final = 10_000
"""Inhabitants; below it the nearest place is often a hamlet that nobody knows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A town of GeoNames.

    Attributes:
        town: Its name.
        state: First administrative level, where GeoNames knows it.
        country: Name in plain order: Republic of Korea.
        country_code: ISO 3166-1, two letters.
    """

    town: str
    state: str | None
    country: str
    country_code: str


def centre_of(chip_key: int) -> tuple[float, float]:
    """Return longitude and latitude of a chip's centre, in degrees on WGS 84."""
    tile_x, tile_y = divmod(chip_key, TILES)
    northing = math.pi * (1 - 2 * (tile_y + 0.5) / TILES)
    return (tile_x + 0.5) / TILES * 360 - 180, math.degrees(math.atan(math.sinh(northing)))


def nearest_places(chip_keys: list[int]) -> list[Place]:
    """Return the nearest town of each chip, in the order of the chips."""
    if not chip_keys:
        return []
    # The package reads all towns of the world, which takes a second.
    import reverse_geocode  # noqa: PLC0415

    centres = [centre_of(chip_key) for chip_key in chip_keys]
    found = reverse_geocode.search([(lat, lon) for lon, lat in centres], SMALLEST_TOWN)
    return [
        Place(
            town["city"],
            town.get("state"),
            _in_plain_order(town["country"]) or town["country_code"],
            town["country_code"],
        )
        for town in found
    ]


def unnamed_chips(connection: psycopg.Connection, chip_keys: list[int]) -> list[int]:
    """Return those of the chips that have no row of ``raw.town``."""
    rows = connection.execute(
        """
        select chip_key
        from unnest(%s::integer[]) as found (chip_key)
        where not exists (select from raw.town where town.chip_key = found.chip_key)
        order by chip_key
        """,
        (chip_keys,),
    )
    return [chip_key for (chip_key,) in rows]


def write_places(connection: psycopg.Connection, chip_keys: list[int], places: list[Place]) -> None:
    """Give each chip its row of ``raw.town``.

    Args:
        connection: Within the load's transaction.
        chip_keys: Chips that have none.
        places: The place of each.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into raw.town (chip_key, town, state, country, country_code)
            values (%s, %s, %s, %s, %s)
            """,
            [
                (chip_key, place.town, place.state, place.country, place.country_code)
                for chip_key, place in zip(chip_keys, places, strict=True)
            ],
        )
    logger.info("%d new chip(s) named by the nearest town", len(chip_keys))


def _in_plain_order(country: str) -> str:
    """Turn ISO's ``Korea, Republic of`` into ``Republic of Korea``."""
    name, _, rank = country.partition(", ")
    return f"{rank} {name}" if rank else name
