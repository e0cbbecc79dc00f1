"""Cuts a generated data set into months, and makes of a month what can befall one."""

import json
import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from synthetic.planning.facts import CALENDAR
from synthetic.steady import Purpose, stream
from synthetic.writing import CSV

TILES: Final = 8192
"""Tiles along each axis of the web-mercator grid at zoom 13."""

NEW_IDS: Final = 9_000_000
"""Buildings of the boom are numbered from here; generated ones stay below."""

_SCHEMA: Final = {"filename": pl.String(), "id": pl.Int32(), "geometry": pl.String()}
_MONTH: Final = r"^global_monthly_(\d{4}_\d{2})_mosaic_.+$"
_CHIP: Final = r"^global_monthly_\d{4}_\d{2}_mosaic_(.+)$"


@dataclass(frozen=True, slots=True)
class Months:
    """A generated data set by month.

    Attributes:
        folder: Where the generator wrote it.
        rows: ``filename``, ``id``, ``geometry``, ``month`` (``2019_05``), ``chip``.
    """

    folder: Path
    rows: pl.DataFrame

    @classmethod
    def read(cls, folder: Path) -> "Months":
        """Read what the generator wrote."""
        rows = pl.read_csv(folder / CSV, schema=_SCHEMA).with_columns(
            month=pl.col("filename").str.extract(_MONTH),
            chip=pl.col("filename").str.extract(_CHIP),
        )
        return cls(folder, rows)

    @property
    def names(self) -> list[str]:
        """Months in order."""
        return sorted(self.rows["month"].unique().to_list())

    def of(self, *months: str) -> pl.DataFrame:
        """Return the rows of some months."""
        return self.rows.filter(pl.col("month").is_in(months))

    def masks_of(self, month: str) -> list[Path]:
        """Return the masks of a month."""
        return sorted(self.folder.glob(f"train/*/labels/global_monthly_{month}_*_UDM.geojson"))


def write_rows(rows: pl.DataFrame, path: Path) -> None:
    """Write rows as a delivery's CSV, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}")
    rows.select(*_SCHEMA).write_csv(aside)
    aside.rename(path)


def copy_masks(masks: list[Path], folder: Path) -> None:
    """Copy masks into a delivery's folder, where they stand in SpaceNet 7's tree."""
    for mask in masks:
        target = folder / "train" / mask.parent.parent.name / "labels" / mask.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(mask, target)


def clouded(rows: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Hide the western half of every other chip: write the masks, return the rows in sight."""
    chips = rows["chip"].unique().sort().to_list()[::2]
    for chip in chips:
        [filename] = rows.filter(pl.col("chip") == chip)["filename"].unique()
        target = folder / "train" / chip / "labels" / f"{filename}_UDM.geojson"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_mask(chip), encoding="utf-8")
    first_x = pl.col("geometry").str.extract(r"\(\(([-\d.]+) ").cast(pl.Float64)
    is_hidden = pl.col("chip").is_in(chips) & (first_x < 512)
    return rows.filter(~is_hidden)


def _mask(chip: str) -> str:
    tile_x, tile_y = (int(part) for part in chip.split("_")[1:3])
    west, east = (360 * x / TILES - 180 for x in (tile_x, tile_x + 0.5))
    north, south = (_latitude(y) for y in (tile_y, tile_y + 1))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}) + "\n"


def _latitude(tile_y: float) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * tile_y / TILES))))


def corrected(rows: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Drop one row in fifty, as somebody does who finds that they are no buildings."""
    random = stream(seed, Purpose.SETTLEMENT)
    return rows.filter(pl.Series(random.random(len(rows)) >= 0.02))


def boomed(rows: pl.DataFrame, months_of_boom: int, seed: int) -> pl.DataFrame:
    """Add the buildings of a boom: in each month of it each chip gains a dozen and a tenth."""
    added = []
    for number, (filename, count) in enumerate(_chips(rows)):
        random = stream(seed, Purpose.LOTS, number)
        gained = sum(12 + count // 10 for _ in range(months_of_boom))
        places = random.integers(0, 1_000, (gained, 2))
        added += [
            (filename, NEW_IDS + at, square(int(x), int(y)))
            for at, (x, y) in enumerate(places.tolist())
        ]
    fresh = pl.DataFrame(added, schema=_SCHEMA, orient="row")
    return pl.concat([rows.select(*_SCHEMA), fresh])


def _chips(rows: pl.DataFrame) -> list[tuple[str, int]]:
    found = rows.group_by("chip").agg(pl.col("filename").first(), pl.len()).sort("chip")
    return [(filename, int(count)) for _, filename, count in found.iter_rows()]


def square(x: int, y: int) -> str:
    """Return a footprint of 4 px a side as WKT in pixels of its chip."""
    points = ((x, y), (x + 4, y), (x + 4, y + 4), (x, y + 4), (x, y))
    return f"POLYGON (({', '.join(f'{px} {py}' for px, py in points)}))"


def before(months: Months) -> pl.DataFrame:
    """Return a chip's first month once more, as a month before it that nobody observed."""
    first = months.rows.group_by("chip").agg(pl.col("month").min()).sort("month", "chip")
    chip, month = first.row(-1)
    at = CALENDAR.index(int(month.replace("_", "")))
    earlier = f"{CALENDAR[at - 1] // 100}_{CALENDAR[at - 1] % 100:02}"
    rows = months.of(month).filter(pl.col("chip") == chip)
    return rows.with_columns(pl.col("filename").str.replace(month, earlier))
