import re
from pathlib import Path

import numpy as np
import polars as pl
import pyogrio
import pytest
import shapely

from synthetic.planning.facts import CALENDAR, chips

NUMBER = r"-?\d+(?:\.\d+)?"
POINT = f"{NUMBER} {NUMBER}"
RING = rf"\({POINT}(?:, {POINT}){{4,20}}\)"
POLYGON = re.compile(rf"POLYGON \({RING}(?:, {RING})?\)")


def test_the_csv_has_the_real_form(sample: Path) -> None:
    with (sample / "csvs" / "sn7_train_ground_truth_pix.csv").open("rb") as file:
        content = file.read()
    lines = content.decode("ascii").split("\n")
    assert lines[0] == "filename,id,geometry"
    assert lines[-1] == ""
    assert b"\r" not in content
    form = re.compile(r'global_monthly_\d{4}_\d{2}_mosaic_L15-[\dENSW_-]+,\d+,"POLYGON \(.*\)"')
    assert all(form.fullmatch(line) for line in lines[1:-1])


def test_polygons_are_written_like_the_real_ones(rows: pl.DataFrame) -> None:
    texts = rows["geometry"].unique().to_list()
    assert all(POLYGON.fullmatch(text) for text in texts)
    digits = [len(number.replace(".", "").lstrip("-0")) for number in re.findall(NUMBER, texts[0])]
    assert max(digits) in (15, 16)
    assert shapely.is_valid(shapely.from_wkt(texts)).all()


def test_rings_run_like_the_real_ones(rows: pl.DataFrame) -> None:
    rings = shapely.get_exterior_ring(shapely.from_wkt(rows["geometry"].unique().to_numpy()))
    corners = shapely.get_coordinates(rings[shapely.get_num_coordinates(rings) == 5])
    corners = corners.reshape(-1, 5, 2)
    edge, rise = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1]
    assert (edge[:, 0] * rise[:, 1] - edge[:, 1] * rise[:, 0] > 0).all()


def test_images_are_the_real_chip_months(rows: pl.DataFrame) -> None:
    real = {chip.stem(month) for chip in chips() for month in chip.observed}
    assert set(rows["filename"].unique()) == real


def test_rows_are_ordered_by_chip_and_month_and_ids_are_unique(rows: pl.DataFrame) -> None:
    images = rows.select("chip_id", "time_key")
    assert images.equals(images.sort("chip_id", "time_key", maintain_order=True))
    assert rows.select("filename", "id").is_unique().all()


def test_first_ids_go_by_area_and_later_ones_on_from_the_maximum(rows: pl.DataFrame) -> None:
    for (chip_id,), chip in rows.group_by("chip_id"):
        known = -1
        for _, image in chip.group_by("time_key", maintain_order=True):
            new = image.filter(pl.col("id") > known).sort("id")
            if not len(new):
                continue
            assert new["id"].to_list() == list(range(known + 1, known + 1 + len(new))), chip_id
            areas = shapely.area(shapely.from_wkt(new["geometry"].to_numpy()))
            assert (np.diff(areas) < 1e-5).all(), chip_id
            known = new["id"].to_list()[-1]


def test_months_without_rows_lie_wholly_under_their_mask(sample: Path) -> None:
    clouded = [(chip, month) for chip in chips() for month in chip.clouded]
    assert len(clouded) == 15
    for chip, month in clouded:
        path = sample / "train" / chip.chip_id / "labels" / f"{chip.stem(month)}_UDM.geojson"
        west, south, east, north = pyogrio.read_info(path)["total_bounds"]
        assert west == pytest.approx(chip.tile_x / 8192 * 360 - 180, abs=1e-8)
        assert east == pytest.approx((chip.tile_x + 1) / 8192 * 360 - 180, abs=1e-8)
        assert north - south == pytest.approx((east - west) * np.cos(np.radians(south)), rel=0.01)


def test_masks_are_those_of_the_real_chip_months(sample: Path) -> None:
    found = sorted(path.name for path in sample.glob("train/*/labels/*_UDM.geojson"))
    real = [
        f"{chip.stem(month)}_UDM.geojson"
        for chip in chips()
        for month in (*chip.masked, *chip.clouded)
    ]
    assert found == sorted(real)
    assert len(found) == 201


def test_masks_are_polygons_in_crs84_within_the_tile(sample: Path) -> None:
    chip = next(chip for chip in chips() if chip.chip_id.startswith("L15-0571E"))
    for path in sample.glob(f"train/{chip.chip_id}/labels/*_UDM.geojson"):
        meta, _, geometry, _ = pyogrio.raw.read(path)
        assert meta["crs"] == "EPSG:4326", "what GDAL calls CRS84 in GeoJSON"
        polygons = shapely.from_wkb(geometry)
        assert len(polygons) >= 1
        assert shapely.is_valid(polygons).all()
        west, _, east, _ = shapely.total_bounds(polygons)
        assert west >= chip.tile_x / 8192 * 360 - 180 - 1e-8
        assert east <= (chip.tile_x + 1) / 8192 * 360 - 180 + 1e-8


def test_the_calendar_has_the_month_that_no_chip_has() -> None:
    assert len(CALENDAR) == 31
    assert 201712 in CALENDAR
