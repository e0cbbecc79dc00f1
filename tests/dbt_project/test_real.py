"""The real labels beside the project: places to the centimetre."""

import json
import math
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from loaders.load import load
from tests.fixtures.dbt import Dbt, MakeDbt

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

PIXEL_CHIP = 6460 * 8192 + 3370
LON_LAT_CHIP = 1327 * 8192 + 3160
CENTIMETRE = 0.01


@pytest.fixture(scope="module")
def dbt(make_dbt: MakeDbt, real_data: Path) -> Dbt:
    """The CSV of one chip and the lon/lat labels of another, built."""
    dbt = make_dbt()
    load(real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv")
    load(real_data / "train" / "L15-0331E-1257N_1327_3160_13")
    dbt("build")
    return dbt


Ring = list[tuple[float, float]]


def corners(wkt: str) -> Ring:
    """Return the points of a polygon's outer ring."""
    ring = wkt.removeprefix("POLYGON").strip().removeprefix("((").partition(")")[0]
    return [(float(x), float(y)) for x, y in (point.split() for point in ring.split(","))]


def test_csv_polygons_lie_where_their_pixels_are(dbt: Dbt, real_data: Path) -> None:
    csv = pl.read_csv(real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv")
    pixels = dict(csv.select("id", "geometry").iter_rows())
    rows = dbt.rows(
        f"select building_id, st_astext(geom, 15) from marts.dim_footprint "
        f"where chip_key = {PIXEL_CHIP}"
    )
    assert len(rows) == 2775
    # A pixel is a tile of zoom 23: the side of the world through 2^23.
    size = 2 * math.pi * 6378137 / 2**23
    west, north = 6460 * 1024 * size - math.pi * 6378137, math.pi * 6378137 - 3370 * 1024 * size
    for building_id, geom in rows:
        expected = [(west + x * size, north - y * size) for x, y in corners(pixels[building_id])]
        assert distance(corners(geom), expected) < CENTIMETRE


def test_areas_in_mercator_are_those_that_the_labels_carry(dbt: Dbt, real_data: Path) -> None:
    [path] = (real_data / "train").glob("*_6460_3370_13/labels_match_pix/*.geojson")
    features = json.loads(path.read_text())["features"]
    areas = {feature["properties"]["Id"]: feature["properties"]["area"] for feature in features}
    rows = dbt.rows(
        f"select building_id, st_area(geom) from marts.dim_footprint where chip_key = {PIXEL_CHIP}"
    )
    assert {building_id for building_id, _ in rows} == set(areas)
    for building_id, area in rows:
        # The labels' areas were taken before their pixels were rounded.
        assert area == pytest.approx(areas[building_id], rel=1e-3, abs=0.05)


def test_lon_lat_labels_come_back_where_they_were(dbt: Dbt, real_data: Path) -> None:
    [path] = (real_data / "train").glob("*_1327_3160_13/labels/*.geojson")
    features = json.loads(path.read_text())["features"]
    wanted: dict[tuple[int, int], list[Ring]] = defaultdict(list)
    for feature in features:
        if feature["geometry"] and feature["geometry"]["type"] == "Polygon":
            ring = [mercator(lon, lat) for lon, lat, *_ in feature["geometry"]["coordinates"][0]]
            wanted[place(ring)].append(ring)
    rows = dbt.rows(
        f"select st_astext(geom, 15) from marts.dim_footprint where chip_key = {LON_LAT_CHIP}"
    )
    assert len(rows) == pytest.approx(sum(len(rings) for rings in wanted.values()), rel=0.01)
    for (geom,) in rows:
        ring = corners(geom)
        x, y = place(ring)
        near = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        rings = [label for key in near for label in wanted.get(key, [])]
        assert min(distance(ring, label) for label in rings) < CENTIMETRE


def mercator(lon: float, lat: float) -> tuple[float, float]:
    radius = 6378137
    return math.radians(lon) * radius, math.asinh(math.tan(math.radians(lat))) * radius


def place(ring: Ring) -> tuple[int, int]:
    """Return the mean corner, to the metre."""
    points = ring[:-1]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return round(x), round(y)


def distance(one: Ring, other: Ring) -> float:
    """Return the largest distance of corners, whichever of them comes first."""
    if len(one) != len(other):
        return math.inf
    pairs = zip(sorted(one[:-1]), sorted(other[:-1]), strict=True)
    return max(math.dist(a, b) for a, b in pairs)
