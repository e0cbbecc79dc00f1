from pathlib import Path

import numpy as np
import polars as pl
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from synthetic.planning.facts import chips

KEY = ["chip_id", "time_key", "building_id"]


def _standing(buildings: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Return every building and month in which the truth says that it stands."""
    return (
        months.join(buildings, on="chip_id")
        .filter(
            (pl.col("born") <= pl.col("time_key"))
            & (pl.col("ended").is_null() | (pl.col("ended") > pl.col("time_key")))
        )
        .select(KEY)
    )


@pytest.fixture(scope="module")
def seen(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("chip_id", "time_key", pl.col("id").cast(pl.Int32).alias("building_id"))


def test_rows_are_what_stands_and_is_not_occluded(
    seen: pl.DataFrame, buildings: pl.DataFrame, occlusions: pl.DataFrame
) -> None:
    standing = _standing(buildings, seen.select("chip_id", "time_key").unique())
    expected = standing.join(occlusions, on=KEY, how="anti")
    assert expected.sort(KEY).equals(seen.sort(KEY))
    assert standing.height - expected.height == occlusions.height > 500


def test_true_counts_are_the_buildings_that_stand(sample: Path, buildings: pl.DataFrame) -> None:
    counts = pl.read_parquet(sample / "truth" / "chip_months.parquet")
    standing = _standing(buildings, counts.select("chip_id", "time_key"))
    found = standing.group_by("chip_id", "time_key").agg(true_count=pl.len().cast(pl.Int32))
    order = ["chip_id", "time_key"]
    assert found.sort(order).equals(counts.select(found.columns).sort(order))
    assert counts["observed"].sum() == 1408


def test_occluded_buildings_come_back_with_their_id_and_polygon(
    rows: pl.DataFrame, occlusions: pl.DataFrame
) -> None:
    spans = rows.group_by("chip_id", pl.col("id").cast(pl.Int32).alias("building_id")).agg(
        first=pl.col("time_key").min(),
        last=pl.col("time_key").max(),
        texts=pl.col("geometry").n_unique(),
    )
    hidden = occlusions.join(spans, on=["chip_id", "building_id"])
    assert len(hidden) == len(occlusions), "every occluded building is seen at some time"
    back = hidden.filter(
        (pl.col("first") < pl.col("time_key")) & (pl.col("last") > pl.col("time_key"))
    )
    assert len(back) > 0.6 * len(hidden)
    assert (back["texts"] == 1).sum() > 0.99 * len(back)


def test_demolished_buildings_never_come_back(seen: pl.DataFrame, buildings: pl.DataFrame) -> None:
    gone = buildings.filter("demolished")
    assert len(gone) >= 5
    assert buildings["ended"].is_not_null().equals(buildings["demolished"])
    assert (gone["ended"] > gone["born"]).all()
    later = seen.join(gone, on=["chip_id", "building_id"]).filter(
        pl.col("time_key") >= pl.col("ended")
    )
    assert later.is_empty()


def test_buildings_under_the_mask_are_missing_and_the_others_are_not(
    sample: Path, rows: pl.DataFrame, occlusions: pl.DataFrame
) -> None:
    texts = rows.group_by("chip_id", building_id=pl.col("id").cast(pl.Int32)).agg(
        pl.col("geometry").first()
    )
    checked = 0
    for chip in chips():
        for month in chip.masked:
            stem = chip.stem(month)
            mask = _mask_in_pixels(chip.chip_id, sample, stem)
            time_key = int(stem[15:19]) * 100 + int(stem[20:22])
            image = rows.filter(pl.col("filename") == stem)["geometry"]
            hidden = occlusions.filter(
                (pl.col("chip_id") == chip.chip_id)
                & (pl.col("time_key") == time_key)
                & pl.col("under_mask")
            ).join(texts, on=["chip_id", "building_id"])["geometry"]
            assert shapely.distance(mask, _middles(hidden)).max(initial=0) < 0.01, stem
            inside = shapely.contains(shapely.buffer(mask, -0.01), _middles(image))
            assert not inside.any(), stem
            checked += len(hidden)
    assert checked > 500


def _middles(texts: pl.Series) -> np.ndarray:
    bounds = shapely.bounds(shapely.from_wkt(texts.to_numpy())).reshape(-1, 4)
    middles: np.ndarray = shapely.points((bounds[:, :2] + bounds[:, 2:]) / 2)
    return middles


def _mask_in_pixels(chip_id: str, sample: Path, stem: str) -> BaseGeometry:
    """Read a mask and turn lon/lat into pixels of its tile (spherical mercator, y down)."""
    tile_x, tile_y = (int(part) for part in chip_id.split("_")[1:3])
    text = (sample / "train" / chip_id / "labels" / f"{stem}_UDM.geojson").read_text()

    def to_pixels(lonlat: np.ndarray) -> np.ndarray:
        north = np.arcsinh(np.tan(np.radians(lonlat[:, 1]))) / np.pi
        across = (lonlat[:, 0] + 180) / 360 * 8192 - tile_x
        down = (1 - north) / 2 * 8192 - tile_y
        return 1024 * np.stack([across, down], axis=1)

    mask: BaseGeometry = shapely.transform(shapely.from_geojson(text), to_pixels)
    return mask


def test_a_redrawn_building_keeps_its_new_polygon(rows: pl.DataFrame) -> None:
    spells = rows.group_by("chip_id", "id", "geometry").agg(
        first=pl.col("time_key").min(), last=pl.col("time_key").max()
    )
    redrawn = spells.filter(pl.len().over("chip_id", "id") > 1).sort("chip_id", "id", "first")
    assert 1 <= redrawn.height / 2 <= 5
    for _, pair in redrawn.group_by("chip_id", "id", maintain_order=True):
        assert pair.height == 2
        assert pair["last"][0] < pair["first"][1]
