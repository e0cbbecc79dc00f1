"""The user's own areas of interest into ``raw.aoi``, where they take the place of derived ones."""

import logging
from collections import Counter
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import psycopg
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from loaders.errors import SourceFormError, SourceMissingError
from loaders.forms.reading import content_sha256
from loaders.forms.sources import Kind, Source
from loaders.raw import ledger
from loaders.raw.ledger import Outcome
from loaders.runs import opened_run
from loaders.vector import FORMS, Features, UnreadableFileError, read_features

logger = logging.getLogger(__name__)

LONLAT = "EPSG:4326"
MERCATOR = "EPSG:3857"
SHARED_M2 = 1.0
"""What polygons may have in common, for rounding, as in ``shares_area`` of the dbt project."""
_POLYGONS = {"Polygon", "MultiPolygon"}


def load_aois(path: Path, *, name_field: str | None = None) -> int:
    """Make ``raw.aoi`` hold just the polygons of a file; return how many.

    Args:
        path: A vector file of a form in ``loaders.vector.FORMS``, in any reference system.
        name_field: The property with the names; without it, one called ``name``, else numbers.

    Raises:
        SourceMissingError: There is no such file.
        SourceFormError: It holds no usable polygons, or two of them overlap.
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
    crs = features.crs or LONLAT
    _check_that_none_overlap(names, shapes, crs, path)
    source = Source(path, str(path), Kind.AOI, csvs=(path,) if path.is_file() else ())
    with opened_run(source) as (connection, load_id):
        _replace(connection, load_id, names, shapes, crs)
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
        message = f"{path} cannot be read as a vector file ({error}); expected a {FORMS}"
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
    names = [str(name).strip() for name in features.properties[field]]
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


def _check_that_none_overlap(
    names: list[str], shapes: list[BaseGeometry], crs: str, path: Path
) -> None:
    """Refuse polygons that overlap on the plane on which the warehouse compares them."""
    projected = _projected(names, shapes, crs, path)
    pairs = shapely.STRtree(projected).query(projected, predicate="intersects")
    one, other = pairs[:, pairs[0] < pairs[1]]
    shared = shapely.area(shapely.intersection(projected[one], projected[other]))
    overlaps = int((shared > SHARED_M2).sum())
    if overlaps:
        worst = int(shared.argmax())
        more = f", and {overlaps - 1} more pairs overlap" if overlaps > 1 else ""
        raise SourceFormError(
            f"{path}: {names[one[worst]]!r} and {names[other[worst]]!r} share "
            f"{shared[worst]:,.0f} m2 ({MERCATOR}){more}; a place belongs to one area of interest, "
            "so cut one of the two back, or merge them"
        )


def _projected(
    names: list[str], shapes: list[BaseGeometry], crs: str, path: Path
) -> npt.NDArray[np.object_]:
    try:
        transform = Transformer.from_crs(crs, MERCATOR, always_xy=True).transform
    except ProjError as error:
        message = f"{path}: its reference system has no place on the globe ({error})"
        raise SourceFormError(message) from error
    projected = shapely.transform(np.array(shapes), transform, interleaved=False)
    for name, bounds in zip(names, shapely.bounds(projected), strict=True):
        if not np.isfinite(bounds).all():
            raise SourceFormError(
                f"{path}: {name!r} leaves the globe; expected coordinates of {crs}, longitude "
                "(or easting) before latitude"
            )
    return cast("npt.NDArray[np.object_]", shapely.make_valid(projected))


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
