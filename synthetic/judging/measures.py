"""What the written files hold, measured: counts, persistence, shapes, placement.

Works on any folder with ``csvs/*.csv`` of SpaceNet 7's form and ``*_UDM.geojson`` files, so the
real data can be measured with the same code. The CSV is streamed twice; no more than its keys and
its distinct polygons are held.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from synthetic.drawing.lots import CELL, SIDE, TILE
from synthetic.errors import SyntheticDataError
from synthetic.steady import Bools, Floats, Ints

ID_BITS = 24
"""An id is below 2 to the power of this; row keys are image and id in one number."""
SCHEMA = {"filename": pl.String, "id": pl.Int64, "geometry": pl.String}
NAME = r"^global_monthly_(\d{4})_(\d{2})_mosaic_(.+)$"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows and persistence.

    Attributes:
        images: One row per image, ascending by chip and month: ``filename``, ``chip_id``,
            ``time_key``, ``rows``, ``kept`` (buildings that are there in the chip's next observed
            month), ``masked``, ``is_last`` (the chip's last month).
        footprints: One row per distinct polygon of a building: ``chip_id``, ``id``, ``geometry``,
            ``rows``, ``first`` (first month), ``last``.
        masks: Chip-months with a mask, with or without rows: ``chip_id``, ``time_key``.
        size: Bytes of the CSV.
    """

    images: pl.DataFrame
    footprints: pl.DataFrame
    masks: pl.DataFrame
    size: int


def count(folder: Path) -> Counts:
    """Count rows, months, masks and distinct polygons of the data set in ``folder``.

    Raises:
        SyntheticDataError: There is no CSV or it has no rows.
    """
    files = sorted((folder / "csvs").glob("*.csv"))
    if not files:
        raise SyntheticDataError(f"{folder} holds no csvs/*.csv; write one with synthesize --out")
    scan = pl.scan_csv(files, schema=SCHEMA)
    names = scan.select(pl.col("filename").unique()).collect(engine="streaming")["filename"]
    parts = pl.DataFrame({"filename": names}).with_columns(
        chip_id=pl.col("filename").str.extract(NAME, 3),
        time_key=(
            pl.col("filename").str.extract(NAME, 1) + pl.col("filename").str.extract(NAME, 2)
        ).cast(pl.Int32),
    )
    if not len(parts) or parts["chip_id"].null_count():
        raise SyntheticDataError(f"{files[0]} has no rows of SpaceNet 7's form; write it anew")
    parts = parts.sort("chip_id", "time_key")
    masks = _masks(folder)
    image = pl.Enum(parts["filename"])
    keyed = scan.with_columns(image=pl.col("filename").cast(image).to_physical())
    return Counts(
        _persistence(keyed, parts)
        .join(masks.with_columns(masked=True), on=["chip_id", "time_key"], how="left")
        .with_columns(pl.col("masked").fill_null(value=False))
        .sort("chip_id", "time_key"),
        _footprints(keyed, parts),
        masks,
        sum(file.stat().st_size for file in files),
    )


def _persistence(keyed: pl.LazyFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Count each image's rows and how many of its ids the chip's next image has."""
    keys = (
        keyed.select(key=pl.col("image").cast(pl.Int64) * 2**ID_BITS + pl.col("id"))
        .collect(engine="streaming")["key"]
        .sort()
        .to_numpy()
    )
    following = keys + (1 << ID_BITS)
    place = np.minimum(np.searchsorted(keys, following), len(keys) - 1)
    images = keys >> ID_BITS
    kept = np.bincount(images, weights=keys[place] == following, minlength=len(parts))
    last = (parts["chip_id"] != parts["chip_id"].shift(-1)).fill_null(value=True).to_numpy()
    return parts.with_columns(
        rows=np.bincount(images, minlength=len(parts)),
        kept=np.where(last, 0, kept).astype(np.int64),
        is_last=last,
    )


def _footprints(keyed: pl.LazyFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct polygons, told apart by a 64-bit hash of their text."""
    numbered = parts.with_columns(
        chip=pl.col("chip_id").rank("dense").cast(pl.UInt32), image=pl.int_range(pl.len())
    )
    chip_of = numbered["chip"]
    found = (
        keyed.with_columns(
            chip=pl.col("image").replace_strict(numbered["image"], chip_of, return_dtype=pl.UInt32)
        )
        .group_by("chip", "id", pl.col("geometry").hash().alias("hash"))
        .agg(
            pl.len().alias("rows"),
            pl.col("image").min().alias("first"),
            pl.col("image").max().alias("last"),
            pl.col("geometry").first(),
        )
        .collect(engine="streaming")
    )
    names = numbered.unique("chip").sort("chip")["chip_id"]
    keys = parts["time_key"]
    return found.with_columns(
        chip_id=names.gather(found["chip"] - 1),
        first=keys.gather(found["first"]),
        last=keys.gather(found["last"]),
    ).sort("chip_id", "id", "first")


def image_texts(folder: Path, chip_id: str, time_key: int) -> pl.Series:
    """Return the polygons of one image as WKT, in file order."""
    year, month = divmod(time_key, 100)
    name = f"global_monthly_{year}_{month:02d}_mosaic_{chip_id}"
    scan = pl.scan_csv(sorted((folder / "csvs").glob("*.csv")), schema=SCHEMA)
    return scan.filter(pl.col("filename") == name).select("geometry").collect()["geometry"]


def _masks(folder: Path) -> pl.DataFrame:
    stems = [
        path.name.removesuffix("_UDM.geojson")
        for path in sorted(folder.glob("train/*/labels/*_UDM.geojson"))
        if '"Polygon"' in path.read_text(encoding="utf-8")
    ]
    return pl.DataFrame({"stem": pl.Series(stems, dtype=pl.String)}).select(
        chip_id=pl.col("stem").str.extract(NAME, 3),
        time_key=(pl.col("stem").str.extract(NAME, 1) + pl.col("stem").str.extract(NAME, 2)).cast(
            pl.Int32
        ),
    )


def steps(images: pl.DataFrame, masks: pl.DataFrame) -> pl.DataFrame:
    """Return the steps from one observed month of a chip to the next.

    Returns:
        Columns ``chip_id``, ``before``, ``after`` (rows), ``clear``: no mask on either side and
        no clouded month between them.
    """
    every = pl.concat(
        [
            images.select("chip_id", "time_key", "rows", "masked"),
            masks.join(images, on=["chip_id", "time_key"], how="anti").with_columns(
                rows=pl.lit(None, dtype=pl.Int64), masked=True
            ),
        ],
        how="diagonal_relaxed",
    ).sort("chip_id", "time_key")
    return (
        every.with_columns(
            before=pl.col("rows").forward_fill().shift().over("chip_id"),
            clear=~pl.col("masked") & ~pl.col("masked").shift().over("chip_id"),
        )
        .filter(pl.col("before").is_not_null() & pl.col("rows").is_not_null())
        .select("chip_id", "before", pl.col("rows").alias("after"), "clear")
    )


@dataclass(frozen=True, slots=True)
class Shapes:
    """Polygons of one chip and month, or of a whole data set, measured in px.

    Attributes:
        vertices: Corners of the outer ring.
        holes: Holes.
        area: px².
        aspect: Long side by short side of the smallest box around it.
        axis_aligned: It is a box along the axes.
        angle: Direction of its first edge, 0 to 90 degrees; nan when it has not four corners.
        crosses: It reaches over the edge of the tile.
        bounds: x and y, lowest and highest, of all: xmin, ymin, xmax, ymax.
        x, y: Centroids.
    """

    vertices: Ints
    holes: Ints
    area: Floats
    aspect: Floats
    axis_aligned: Bools
    angle: Floats
    crosses: Bools
    bounds: Floats
    x: Floats
    y: Floats


def shapes(wkt: pl.Series) -> Shapes:
    """Measure polygons given as WKT."""
    polygons = shapely.from_wkt(wkt.to_numpy())
    bounds = shapely.bounds(polygons)
    area = shapely.area(polygons)
    boxes = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    vertices = shapely.get_num_coordinates(shapely.get_exterior_ring(polygons)) - 1
    centre = shapely.centroid(polygons)
    sides = _sides(polygons)
    return Shapes(
        vertices=vertices,
        holes=shapely.get_num_interior_rings(polygons),
        area=area,
        aspect=sides.max(axis=1) / np.maximum(sides.min(axis=1), 1e-9),
        axis_aligned=(vertices == 4) & (np.abs(area - boxes) < 1e-6 * boxes),
        angle=_angles(polygons, vertices),
        crosses=(bounds[:, :2] < 0).any(axis=1) | (bounds[:, 2:] > TILE).any(axis=1),
        bounds=np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)]),
        x=shapely.get_x(centre),
        y=shapely.get_y(centre),
    )


def _sides(polygons: npt.NDArray[np.object_]) -> Floats:
    """Return the two sides of the smallest box around each polygon, px."""
    boxes = shapely.get_exterior_ring(shapely.oriented_envelope(polygons))
    corners = [shapely.get_point(boxes, place) for place in (0, 1, 2)]
    return np.stack(
        [shapely.distance(corners[0], corners[1]), shapely.distance(corners[1], corners[2])], axis=1
    )


def _angles(polygons: npt.NDArray[np.object_], vertices: Ints) -> Floats:
    """Return the direction of the first edge of polygons with four corners, 0 to 90 degrees."""
    rings = shapely.get_exterior_ring(polygons)
    start, end = (shapely.get_point(rings, place) for place in (0, 1))
    rise = shapely.get_y(end) - shapely.get_y(start)
    run = shapely.get_x(end) - shapely.get_x(start)
    return np.where(vertices == 4, np.degrees(np.arctan2(rise, run)) % 90, np.nan)


def street_share(found: Shapes) -> float:
    """Return the share of the oblique boxes within 4.5 degrees of the two commonest directions."""
    oblique = found.angle[(found.angle > 0.5) & (found.angle < 89.5)]
    counts = np.bincount(oblique.astype(np.int64), minlength=90)
    around = sum((np.roll(counts, turn) for turn in range(-4, 5)), np.zeros(90, dtype=np.int64))
    first = int(around.argmax())
    apart = np.abs((np.arange(90) - first + 45) % 90 - 45)
    return float((around[first] + around[apart > 9].max()) / max(1, len(oblique)))


@dataclass(frozen=True, slots=True)
class Placement:
    """How buildings of one chip and month lie to each other.

    Attributes:
        clark_evans: Mean distance to the nearest neighbour by that of random points.
        nearest: Median distance to the nearest neighbour, px.
        empty: Share of the 32 px cells without a building.
        densest_tenth: Share of the buildings in the tenth of the cells with most of them.
    """

    clark_evans: float
    nearest: float
    empty: float
    densest_tenth: float


def placement(found: Shapes) -> Placement:
    """Measure placement from centroids. Source: Clark and Evans 1954, Ecology 35(4)."""
    points = shapely.points(found.x, found.y)
    _, distance = shapely.STRtree(points).query_nearest(
        points, exclusive=True, return_distance=True, all_matches=False
    )
    cells = np.clip(found.x // CELL, 0, SIDE - 1) + SIDE * np.clip(found.y // CELL, 0, SIDE - 1)
    counts = np.sort(np.bincount(cells.astype(np.int64), minlength=SIDE * SIDE))[::-1]
    return Placement(
        clark_evans=float(distance.mean() / (0.5 * TILE / np.sqrt(len(points)))),
        nearest=float(np.median(distance)),
        empty=float((counts == 0).mean()),
        densest_tenth=float(counts[: round(len(counts) / 10)].sum() / len(points)),
    )


def overlapping(wkt: pl.Series) -> float:
    """Return the share of polygons that share ground with another one."""
    polygons = shapely.from_wkt(wkt.to_numpy())
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    left, right = left[left != right], right[left != right]
    shared = shapely.area(shapely.intersection(polygons[left], polygons[right])) > 1e-6
    return len(np.unique(left[shared])) / len(polygons)
