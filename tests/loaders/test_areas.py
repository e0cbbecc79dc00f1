"""Unusable-data masks and the user's own areas of interest."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import Polygon

from loaders.aoi import load_aois, remove_aois
from loaders.errors import SourceFormError, SourceMissingError
from loaders.load import load
from loaders.terms.reasons import Reason
from tests.fixtures.sources import CHIP, Raw, csv_text, filename, row

RING = [[99.0, 30.0], [99.01, 30.0], [99.01, 30.01], [99.0, 30.0]]
OTHER = [[99.1, 30.0], [99.11, 30.0], [99.11, 30.01], [99.1, 30.0]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}
WKT = "POLYGON ((99 30, 99.01000000000001 30, 99.01000000000001 30.01, 99 30))"
WriteMask = Callable[..., Path]


def collection(*geometries: dict[str, Any] | None, names: tuple[str, ...] = ()) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"name": names[n]} if names else {},
            "geometry": geometry,
        }
        for n, geometry in enumerate(geometries)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.fixture
def write_mask(tmp_path: Path) -> WriteMask:
    """Write a mask beside a CSV and return the folder of both."""
    root = tmp_path / "data"
    (root / "csvs").mkdir(parents=True)
    (root / "csvs" / "labels.csv").write_text(csv_text([row(1)]), encoding="utf-8")

    def write(*geometries: dict[str, Any] | None, month: str = "2018_01") -> Path:
        folder = root / "train" / CHIP / "labels"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{filename(month)}_UDM.geojson"
        path.write_text(collection(*geometries), encoding="utf-8")
        return root

    return write


def areas(raw: Raw) -> list[tuple[object, ...]]:
    return raw.query("select time_key, area_no, polygon from raw.unusable_area order by 1, 2")


def test_masks_beside_a_csv_are_loaded(raw: Raw, write_mask: WriteMask) -> None:
    report = load(write_mask(POLYGON))
    assert report.rows_loaded == 1
    assert [found[:2] for found in areas(raw)] == [(201801, 1)]
    expected = Polygon(RING)
    assert shapely.from_wkt(str(areas(raw)[0][2])).equals_exact(expected, 1e-12)


def test_a_mask_without_features_says_that_all_is_usable(raw: Raw, write_mask: WriteMask) -> None:
    load(write_mask(POLYGON))
    load(write_mask())
    assert areas(raw) == []


def test_a_multipolygon_becomes_areas(raw: Raw, write_mask: WriteMask) -> None:
    load(write_mask({"type": "MultiPolygon", "coordinates": [[RING], [OTHER]]}))
    assert [found[:2] for found in areas(raw)] == [(201801, 1), (201801, 2)]


def test_an_equal_mask_keeps_its_load(raw: Raw, write_mask: WriteMask) -> None:
    first = load(write_mask(POLYGON))
    load(write_mask(POLYGON, month="2018_02"))
    found = raw.query("select load_id from raw.unusable_area where time_key = 201801")
    assert found == [(first.load_id,)]


def test_a_mask_that_is_gone_goes(raw: Raw, write_mask: WriteMask) -> None:
    root = write_mask(POLYGON)
    load(write_mask(POLYGON, month="2018_02"))
    (root / "train" / CHIP / "labels" / f"{filename('2018_02')}_UDM.geojson").unlink()
    load(root)
    assert [found[0] for found in areas(raw)] == [201801]


def test_masks_of_another_source_stay(raw: Raw, write_mask: WriteMask, tmp_path: Path) -> None:
    load(write_mask(POLYGON))
    path = tmp_path / "other.csv"
    path.write_text(csv_text([row(1, "2018_05")]), encoding="utf-8")
    load(path)
    assert len(areas(raw)) == 1


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, Reason.POLYGON_MISSING),
        ({"type": "Point", "coordinates": [1, 2]}, Reason.POLYGON_TYPE),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            Reason.POLYGON_INVALID,
        ),
    ],
)
def test_a_bad_area_is_rejected(
    raw: Raw, write_mask: WriteMask, geometry: dict[str, Any] | None, reason: Reason
) -> None:
    report = load(write_mask(geometry, POLYGON))
    assert report.rows_read == report.rows_loaded + report.rows_rejected == 2
    assert raw.rejected()[0][1].startswith(reason.value)
    assert len(areas(raw)) == 1


def test_an_unreadable_mask_is_rejected(raw: Raw, write_mask: WriteMask) -> None:
    root = write_mask(POLYGON)
    next((root / "train" / CHIP / "labels").iterdir()).write_text("{", encoding="utf-8")
    assert load(root).rows_rejected == 1
    assert raw.rejected()[0][1].startswith(Reason.FILE.value)


def test_areas_of_interest_are_stored_in_longitude_and_latitude(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    other = {"type": "Polygon", "coordinates": [OTHER]}
    path.write_text(collection(POLYGON, other, names=("Lhasa", "Elsewhere")), encoding="utf-8")
    assert load_aois(path) == 2
    found = raw.query("select name, polygon from raw.aoi order by name")
    assert [name for name, _ in found] == ["Elsewhere", "Lhasa"]
    assert shapely.from_wkt(str(found[1][1])).equals_exact(Polygon(RING), 1e-9)


@pytest.mark.parametrize(("driver", "ending"), [("GPKG", "gpkg"), ("FlatGeobuf", "fgb")])
def test_areas_of_interest_in_any_form_and_system_are_moved(
    raw: Raw, tmp_path: Path, driver: str, ending: str
) -> None:
    path = tmp_path / f"areas.{ending}"
    x, y = 500_000.0, 3_318_785.0
    square = shapely.box(x, y, x + 1000, y + 1000)
    pyogrio.raw.write(
        path,
        geometry=np.array([square.wkb], dtype=object),
        field_data=[np.array(["Middle"], dtype=object)],
        fields=np.array(["Name"], dtype=object),
        geometry_type="Polygon",
        crs="EPSG:32647",
        driver=driver,
    )
    assert load_aois(path) == 1
    centre = raw.query(
        "select name, st_x(c), st_y(c) from raw.aoi, st_centroid(st_geomfromtext(polygon)) as c"
    )[0]
    assert centre[0] == "Middle"
    assert float(str(centre[1])) == pytest.approx(99.005, abs=0.001)
    assert float(str(centre[2])) == pytest.approx(30.004, abs=0.001)


def test_a_new_file_of_areas_takes_the_place_of_the_old(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(collection(POLYGON, names=("First",)), encoding="utf-8")
    load_aois(path)
    path.write_text(collection(POLYGON, names=("Second",)), encoding="utf-8")
    load_aois(path)
    assert raw.query("select name from raw.aoi") == [("Second",)]
    assert remove_aois() == 1
    assert raw.query("select name from raw.aoi") == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read as a vector file"),
        (collection(), "holds no features"),
        (collection(None, names=("a",)), "has no geometry"),
        (collection({"type": "Point", "coordinates": [1, 2]}, names=("a",)), "has a Point"),
        (collection(POLYGON, POLYGON, names=("a", "a")), "'a' is not unique"),
        (collection(POLYGON, POLYGON, names=("a", "b")), "'a' and 'b' share"),
        (
            collection(
                {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
                names=("a",),
            ),
            "is not valid",
        ),
    ],
)
def test_bad_areas_of_interest_are_refused_and_the_old_ones_stay(
    raw: Raw, tmp_path: Path, content: str, words: str
) -> None:
    good = tmp_path / "good.geojson"
    good.write_text(collection(POLYGON, names=("Good",)), encoding="utf-8")
    load_aois(good)
    bad = tmp_path / "bad.geojson"
    bad.write_text(content, encoding="utf-8")
    with pytest.raises(SourceFormError, match=words):
        load_aois(bad)
    assert raw.query("select name from raw.aoi") == [("Good",)]


def write_boxes(path: Path, crs: str, **boxes: tuple[float, float, float, float]) -> Path:
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.box(*box).wkb for box in boxes.values()], dtype=object),
        field_data=[np.array(list(boxes), dtype=object)],
        fields=np.array(["name"], dtype=object),
        geometry_type="Polygon",
        crs=crs,
        driver="GPKG",
    )
    return path


@pytest.mark.parametrize(
    ("crs", "unit", "square_metres"),
    [
        ("EPSG:4326", 1.0, 111_319.49**2),
        ("EPSG:4326", 0.0001, 11.132**2),
        ("EPSG:3857", 1000.0, 1000.0**2),
        # New York's feet, at 40.15 degrees north
        ("EPSG:2263", 1000.0, (304.8 / 0.7643) ** 2),
    ],
)
def test_areas_of_interest_that_overlap_are_refused(
    raw: Raw, tmp_path: Path, crs: str, unit: float, square_metres: float
) -> None:
    path = write_boxes(
        tmp_path / "areas.gpkg",
        crs,
        apart=(5 * unit, 5 * unit, 6 * unit, 6 * unit),
        west=(0, 0, 2 * unit, unit),
        corner=(1.9 * unit, 0.9 * unit, 3 * unit, 2 * unit),
        east=(unit, 0, 3 * unit, unit),
    )
    with pytest.raises(
        SourceFormError, match=r"'west' and 'east' share .* m2 .*, and 2 more"
    ) as found:
        load_aois(path)
    shared = re.search(r"share ([\d,]+) m2", str(found.value))
    assert shared is not None
    assert int(shared[1].replace(",", "")) == pytest.approx(square_metres, rel=0.01)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_areas_of_interest_may_touch(raw: Raw, tmp_path: Path, crs: str) -> None:
    """Neighbours share an edge; those that rounding makes share less than 1 m2 pass, too."""
    a_little = 1e-12
    path = write_boxes(
        tmp_path / "areas.gpkg",
        crs,
        west=(0, 0, 1, 1),
        east=(1, 0, 2, 1),
        north=(0, 1 - a_little, 2, 2),
    )
    assert load_aois(path) == 3


@pytest.mark.parametrize(("side", "is_refused"), [(0.9, False), (1.1, True)])
def test_a_square_metre_in_common_is_rounding(
    raw: Raw, tmp_path: Path, side: float, *, is_refused: bool
) -> None:
    corner = 1000 - side
    path = write_boxes(
        tmp_path / "areas.gpkg",
        "EPSG:3857",
        low=(0, 0, 1000, 1000),
        high=(corner, corner, 2000, 2000),
    )
    if is_refused:
        with pytest.raises(SourceFormError, match="share 1 m2"):
            load_aois(path)
    else:
        assert load_aois(path) == 2


def test_areas_of_interest_off_the_globe_are_refused(raw: Raw, tmp_path: Path) -> None:
    path = write_boxes(tmp_path / "areas.gpkg", "EPSG:4326", swapped=(30, 99, 31, 100))
    with pytest.raises(SourceFormError, match="'swapped' leaves the globe"):
        load_aois(path)
    path = write_boxes(
        tmp_path / "plan.gpkg", 'LOCAL_CS["site plan",UNIT["metre",1]]', a=(0, 0, 1, 1)
    )
    with pytest.raises(SourceFormError, match="has no place on the globe"):
        load_aois(path)


def test_a_missing_file_of_areas_is_named(raw: Raw, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="does not exist"):
        load_aois(tmp_path / "nothing.gpkg")


def test_an_unknown_name_field_lists_the_known_ones(raw: Raw, tmp_path: Path) -> None:
    path = tmp_path / "areas.geojson"
    path.write_text(collection(POLYGON, names=("a",)), encoding="utf-8")
    with pytest.raises(SourceFormError, match="its properties are: name"):
        load_aois(path, name_field="title")
