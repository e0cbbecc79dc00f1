"""Folders of SpaceNet 7's tree: pixel, EPSG:3857 and lon/lat labels end in the same geometry."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loaders.forms.labels import Identities
from loaders.load import load
from loaders.terms.names import parse_filename
from loaders.terms.projection import LabelForm, mercator, to_pixels
from loaders.terms.reasons import Reason
from loaders.terms.tiles import METRES_PER_PIXEL
from tests.fixtures.sources import CHIP, OTHER_CHIP, Raw, filename, square

Feature = dict[str, Any]
WriteLabels = Callable[..., Path]
Ring = list[list[float]]
RING: Ring = [[10, 20], [14, 20], [14, 24], [10, 24], [10, 20]]
HALF_WORLD = math.pi * 6378137


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings or [RING])}


def moved(x: float, y: float = 0) -> list[list[float]]:
    return [[px + x, py + y] for px, py in RING]


def feature(number: object, geometry: dict[str, Any] | None, **properties: object) -> Feature:
    return {
        "type": "Feature",
        "properties": {"Id": number, **properties},
        "geometry": geometry,
    }


@pytest.fixture
def write_labels(tmp_path: Path) -> WriteLabels:
    """Write a label file into a tree below ``tmp_path / "data"`` and return the data's folder."""

    def write(
        features: list[Feature],
        *,
        form: str = "labels_match_pix",
        month: str = "2018_01",
        chip: str = CHIP,
        ending: str = "_Buildings.geojson",
    ) -> Path:
        folder = tmp_path / "data" / "train" / chip / form
        folder.mkdir(parents=True, exist_ok=True)
        collection = {"type": "FeatureCollection", "features": features}
        path = folder / f"{filename(month, chip)}{ending}"
        path.write_text(json.dumps(collection), encoding="utf-8")
        return tmp_path / "data"

    return write


def to_mercator(ring: list[list[float]], tile: tuple[int, int] = (6460, 3370)) -> list[list[float]]:
    return [
        [
            (tile[0] * 1024 + x) * METRES_PER_PIXEL - HALF_WORLD,
            HALF_WORLD - (tile[1] * 1024 + y) * METRES_PER_PIXEL,
        ]
        for x, y in ring
    ]


def to_lonlat(ring: list[list[float]]) -> list[list[float]]:
    return [
        [
            math.degrees(x / 6378137),
            math.degrees(2 * math.atan(math.exp(y / 6378137)) - math.pi / 2),
        ]
        for x, y in to_mercator(ring)
    ]


def numbers_of(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", text)]


@pytest.mark.real_data
def test_pixel_labels_of_the_real_sample_give_the_texts_of_its_csv(
    raw: Raw, real_data: Path
) -> None:
    load(real_data / "csvs" / "sn7_train_ground_truth_pix_sample.csv")
    report = load(real_data / "train" / CHIP)
    assert (report.rows_loaded, report.images_unchanged) == (2775, 1)


@pytest.mark.real_data
def test_lonlat_labels_of_the_real_sample_end_where_postgis_puts_them(
    raw: Raw, real_data: Path
) -> None:
    report = load(real_data / "train" / OTHER_CHIP)
    assert (report.rows_loaded, report.rows_rejected) == (2108, 0)
    path = next((real_data / "train" / OTHER_CHIP / "labels").glob("*.geojson"))
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    truth = [json.dumps(feature["geometry"]) for feature in features]
    worst = raw.query(
        """
        with label as (
            select st_transform(st_setsrid(st_geomfromgeojson(geometry), 4326), 3857) as geom
            from unnest(%s::text[]) as geometry
        ),

        loaded as (
            select
                st_affine(
                    st_geomfromtext(geometry, 3857), 4.777314267823516, 0, 0, -4.777314267823516,
                    st_xmin(tile), st_ymax(tile)
                ) as geom
            from raw.pixel_row
            cross join (select st_tileenvelope(13, 1327, 3160) as tile) as chip
        )

        select count(*), max(st_hausdorffdistance(label.geom, nearest.geom))
        from label
        cross join lateral (
            select loaded.geom from loaded
            order by st_hausdorffdistance(loaded.geom, label.geom) limit 1
        ) as nearest
        where st_area(label.geom) > 0
        """,
        truth[:60],
    )
    assert worst[0][0] == 60
    assert float(str(worst[0][1])) < 0.001


@pytest.mark.real_data
def test_ids_of_unnamed_labels_follow_decreasing_area(raw: Raw, real_data: Path) -> None:
    load(real_data / "train" / OTHER_CHIP)
    areas = raw.query("select st_area(st_geomfromtext(geometry)) from raw.pixel_row order by id")
    found = [float(str(area)) for (area,) in areas]
    assert found == sorted(found, reverse=True)
    assert raw.query("select min(id), max(id) from raw.pixel_row") == [(0, 2107)]


def test_three_forms_of_a_label_end_in_the_same_geometry(
    raw: Raw, write_labels: WriteLabels, tmp_path: Path
) -> None:
    texts: list[list[float]] = []
    places: dict[str, Callable[[Ring], Ring]] = {
        "labels_match_pix": lambda ring: ring,
        "labels_match": to_mercator,
        "labels": to_lonlat,
    }
    for form, place in places.items():
        month = f"2018_0{1 + len(texts)}"
        root = write_labels([feature(0, polygon(place(RING)))], form=form, month=month)
        load(root / "train" / CHIP / form / "..", source=form)
        found = raw.query("select geometry from raw.pixel_row where filename = %s", filename(month))
        texts.append(numbers_of(str(found[0][0])))
        for path in (root / "train" / CHIP / form).iterdir():
            path.unlink()
    assert texts[0] == numbers_of(square(10, 20))
    np.testing.assert_allclose(texts[1], texts[0], atol=1e-8)
    np.testing.assert_allclose(texts[2], texts[0], atol=1e-8)


def test_the_best_form_of_a_chip_is_taken(raw: Raw, write_labels: WriteLabels) -> None:
    write_labels([feature(0, polygon(to_lonlat(RING)))], form="labels")
    write_labels([feature(7, polygon())], form="labels_match_pix")
    root = write_labels([feature(0, polygon(to_mercator(RING)))], form="labels_match")
    load(root)
    assert raw.rows() == [(filename(), 7, "POLYGON ((10 20, 14 20, 14 24, 10 24, 10 20))")]


def test_a_csv_is_taken_instead_of_labels(raw: Raw, write_labels: WriteLabels) -> None:
    root = write_labels([feature(7, polygon())])
    (root / "csvs").mkdir()
    (root / "csvs" / "labels.csv").write_text("filename,id,geometry\n", encoding="utf-8")
    assert load(root).rows_read == 0


def test_a_month_without_features_is_known_but_not_observed(
    raw: Raw, write_labels: WriteLabels
) -> None:
    report = load(write_labels([]))
    assert report.rows_read == 0
    assert raw.query("select filename, row_count from raw.image") == [(filename(), 0)]


def test_a_month_that_loses_its_features_loses_its_rows(
    raw: Raw, write_labels: WriteLabels
) -> None:
    load(write_labels([feature(7, polygon())]))
    load(write_labels([]))
    assert raw.query("select filename, row_count from raw.image") == [(filename(), 0)]
    assert raw.rows() == []
    assert raw.is_consistent()


BAD_FEATURES: dict[str, tuple[Feature, Reason]] = {
    "null geometry": (feature(9, None), Reason.POLYGON_MISSING),
    "point": (feature(9, {"type": "Point", "coordinates": [1, 2]}), Reason.POLYGON_TYPE),
    "multipolygon of two": (
        feature(9, {"type": "MultiPolygon", "coordinates": [[RING], [moved(50)]]}),
        Reason.POLYGON_TYPE,
    ),
    "empty polygon": (feature(9, {"type": "Polygon", "coordinates": []}), Reason.POLYGON_EMPTY),
    "no id": (feature(None, polygon(moved(30))), Reason.ID_FORM),
    "negative id": (feature(-1, polygon(moved(30))), Reason.ID_NEGATIVE),
    "fractional id": (feature(9.5, polygon(moved(30))), Reason.ID_FORM),
    "large id": (feature(2**31, polygon(moved(30))), Reason.ID_TOO_LARGE),
    "far away": (feature(9, polygon(moved(5000))), Reason.POLYGON_RANGE),
    "crossing itself": (
        feature(9, polygon([[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]])),
        Reason.POLYGON_INVALID,
    ),
    "another image": (
        feature(9, polygon(moved(30)), image_fname=filename("2018_02") + ".tif"),
        Reason.OTHER_IMAGE,
    ),
    "key read before": (feature(7, polygon(moved(30))), Reason.DUPLICATE),
}


@pytest.mark.parametrize(("bad", "reason"), BAD_FEATURES.values(), ids=BAD_FEATURES)
def test_a_bad_feature_is_rejected_and_the_rest_is_loaded(
    raw: Raw, write_labels: WriteLabels, bad: Feature, reason: Reason
) -> None:
    good = feature(7, polygon())
    if "image_fname" in bad["properties"]:
        good["properties"]["image_fname"] = filename() + ".tif"
    report = load(write_labels([good, bad]))
    assert (report.rows_read, report.rows_loaded, report.rows_rejected) == (2, 1, 1)
    assert [(at, why.partition(":")[0]) for at, why in raw.rejected()] == [(2, reason.value)]
    assert [number for _, number, _ in raw.rows()] == [7]


@pytest.mark.parametrize(
    "content", ["", "{", '{"type": "FeatureCollection", "features": [{', "hello"]
)
def test_a_file_that_cannot_be_read_is_rejected_and_the_rest_is_loaded(
    raw: Raw, write_labels: WriteLabels, content: str
) -> None:
    root = write_labels([feature(7, polygon())], month="2018_02")
    path = root / "train" / CHIP / "labels_match_pix" / f"{filename()}_Buildings.geojson"
    path.write_text(content, encoding="utf-8")
    report = load(root)
    assert (report.rows_loaded, report.rows_rejected) == (1, 1)
    found = raw.query("select source_file, line, reason from raw.rejected_row")
    assert found[0][:2] == (path.relative_to(root).as_posix(), 0)
    assert str(found[0][2]).startswith(Reason.FILE.value)


def test_a_file_whose_name_is_no_image_is_rejected(raw: Raw, write_labels: WriteLabels) -> None:
    write_labels([feature(7, polygon())], month="2018_13")
    report = load(write_labels([feature(7, polygon())]))
    assert (report.rows_loaded, report.rows_rejected) == (1, 1)
    assert raw.rejected()[0][1].startswith(Reason.FILENAME_MONTH.value)


def test_unnamed_buildings_keep_their_id_through_the_months(
    raw: Raw, write_labels: WriteLabels
) -> None:
    small, large, new = to_lonlat(RING), to_lonlat(moved(100)), to_lonlat(moved(200))
    large[1][0] = large[2][0] = to_lonlat(moved(190))[1][0]
    write_labels([feature(0, polygon(small)), feature(0, polygon(large))], form="labels")
    root = write_labels(
        [feature(0, polygon(new)), feature(0, polygon(small)), feature(0, polygon(large))],
        form="labels",
        month="2018_02",
    )
    load(root)
    ids = raw.query(
        "select time_key, array_agg(building_id order by building_id) "
        "from raw.observation group by 1 order by 1"
    )
    assert ids == [(201801, [0, 1]), (201802, [0, 1, 2])]
    assert raw.query("select count(*) from raw.footprint") == [(3,)]


def test_a_multipolygon_of_unnamed_labels_is_split(raw: Raw, write_labels: WriteLabels) -> None:
    parts = [[to_lonlat(RING)], [to_lonlat(moved(50))]]
    root = write_labels([feature(0, {"type": "MultiPolygon", "coordinates": parts})], form="labels")
    report = load(root)
    assert (report.rows_read, report.rows_loaded) == (2, 2)


def test_exact_duplicates_are_told_apart_by_their_order() -> None:
    identities = Identities()
    small, large = square(side=2), square(side=9)
    assert identities.assign([small, large, small]) == [1, 0, 2]
    assert identities.assign([large, small]) == [0, 1]
    assert identities.assign([small, small, small]) == [1, 2, 3]


def test_places_agree_with_the_tile_of_the_chip() -> None:
    image = parse_filename(filename())
    corner = np.array(
        [[6460 * 1024 * METRES_PER_PIXEL - HALF_WORLD, HALF_WORLD - 3370 * 1024 * METRES_PER_PIXEL]]
    )
    np.testing.assert_allclose(to_pixels(corner, LabelForm.MERCATOR, image), 0, atol=1e-8)


def test_the_pole_has_no_place_in_the_projection() -> None:
    assert not np.isfinite(mercator(np.array([[0.0, -90.0]]))).all()


def test_labels_load_the_same_again(raw: Raw, write_labels: WriteLabels) -> None:
    root = write_labels([feature(7, polygon())])
    load(root)
    assert load(root).state == "unchanged"
    assert load(write_labels([feature(7, polygon())], month="2018_02")).images_unchanged == 1
