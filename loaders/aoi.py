"""The user's own areas of interest into ``raw.aoi``, where they take the place of derived ones."""

import logging
from collections import Counter
from pathlib import Path
from typing import cast

import psycopg
import shapely
from shapely.geometry.base import BaseGeometry

from loaders import ledger
from loaders.errors import SourceFormError, SourceMissingError
from loaders.features import Features, UnreadableFileError, read_features
from loaders.ledger import Outcome
from loaders.load import opened_run
from loaders.reading import content_sha256
from loaders.sources import Kind, Source

logger = logging.getLogger(__name__)

LONLAT = "EPSG:4326"
_POLYGONS = {"Polygon", "MultiPolygon"}


def load_aois(path: Path, *, name_field: str | None = None) -> int:
    """Make ``raw.aoi`` hold just the polygons of a file; return how many.

    Args:
        path: Any vector file that GDAL reads, in any coordinate reference system.
        name_field: The property with the names; without it, one called ``name``, else numbers.

    Raises:
        SourceMissingError: There is no such file.
        SourceFormError: It holds no usable polygons.
    """
    if not path.exists():
        raise SourceMissingError(f"{path} does not exist; expected a vector file with polygons")
    path = path.expanduser().resolve()
    features = _read(path)
    names = _names(features, name_field, path)
    shapes = [
        _polygon(geometry, name, path)
        for geometry, name in zip(features.geometries, names, strict=True)
    ]
    source = Source(path, str(path), Kind.AOI, csvs=(path,) if path.is_file() else ())
    with opened_run(source) as (connection, load_id):
        _replace(connection, load_id, names, shapes, features.crs or LONLAT)
        content = content_sha256(source)
        ledger.finish(connection, load_id, Outcome("loaded", content, 0, 0, 0, 0, 0, 0))
    logger.info("%d areas of interest loaded from %s", len(names), path)
    return len(names)


def remove_aois() -> int:
    """Empty ``raw.aoi``, so that areas of interest are derived again; return how many went."""
    source = Source(Path(), "aoi --remove", Kind.AOI)
    with opened_run(source) as (connection, load_id):
        removed = connection.execute("delete from raw.aoi").rowcount
        ledger.finish(connection, load_id, Outcome("loaded", "", 0, 0, 0, 0, 0, 0))
    return removed


def _read(path: Path) -> Features:
    try:
        features = read_features(path)
    except UnreadableFileError as error:
        message = f"{path} cannot be read as a vector file ({error})"
        raise SourceFormError(message) from error
    if not features.geometries:
        raise SourceFormError(f"{path} holds no features; expected polygons")
    return features


def _names(features: Features, name_field: str | None, path: Path) -> list[str]:
    count = len(features.geometries)
    field = name_field or next(
        (name for name in features.properties if name.lower() == "name"), None
    )
    if field is None:
        return [f"AOI {number}" for number in range(1, count + 1)]
    if field not in features.properties:
        known = ", ".join(features.properties) or "none"
        raise SourceFormError(f"{path} has no property {field!r}; its properties are: {known}")
    names = [str(name).strip() for name in features.properties[field].tolist()]
    repeated = [name for name, times in Counter(names).items() if times > 1 or not name]
    if repeated:
        raise SourceFormError(f"{path}: the name {repeated[0]!r} is not unique or is empty")
    return names


def _polygon(geometry: bytes | None, name: str, path: Path) -> BaseGeometry:
    shape = None if geometry is None else shapely.force_2d(shapely.from_wkb(geometry))
    if shape is None or shape.is_empty or shape.geom_type not in _POLYGONS:
        kind = "no geometry" if shape is None or shape.is_empty else f"a {shape.geom_type}"
        raise SourceFormError(f"{path}: {name!r} has {kind}; expected a polygon")
    if not shape.is_valid:
        why = shapely.is_valid_reason(shape)
        raise SourceFormError(f"{path}: the polygon of {name!r} is not valid ({why})")
    return cast("BaseGeometry", shape)


def _replace(
    connection: psycopg.Connection,
    load_id: int,
    names: list[str],
    shapes: list[BaseGeometry],
    crs: str,
) -> None:
    connection.execute("delete from raw.aoi")
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into raw.aoi (name, polygon, load_id)
            select
                %s,
                st_astext(
                    case
                        when %s = %s then st_geomfromwkb(%s)
                        else st_transform(st_geomfromwkb(%s), %s::text, %s::text)
                    end
                ),
                %s
            """,
            [
                (name, crs, LONLAT, shape.wkb, shape.wkb, crs, LONLAT, load_id)
                for name, shape in zip(names, shapes, strict=True)
            ],
        )
