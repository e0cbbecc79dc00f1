"""Geometries of label files as polygon texts.

With 16 significant digits, as SpaceNet 7's CSV has them: the pixel labels then give its text to
the letter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from shapely.geometry import LinearRing, Polygon
from shapely.geometry.base import BaseGeometry

from loaders.forms.projection import Points
from loaders.forms.vector import Wkb
from loaders.terms.reasons import Reason


@dataclass(frozen=True, slots=True)
class PolygonTexts:
    """The polygons of one feature, or why it has none.

    Attributes:
        texts: One WKT per polygon; where there is a reason, the geometry as it is.
        reason: Why the feature cannot be loaded, or None.
    """

    texts: tuple[str, ...]
    reason: str | None = None


def polygon_texts(geometry: Wkb, place: Callable[[Points], Points], *, split: bool) -> PolygonTexts:
    """Return the polygons of a feature as text.

    Args:
        geometry: WKB.
        place: Moves points, shape (n, 2), to where the text shall have them.
        split: Take a MultiPolygon apart, instead of refusing one of several parts.
    """
    if geometry is None:
        return PolygonTexts(("",), Reason.POLYGON_MISSING.value)
    shape = shapely.from_wkb(geometry)
    polygons = shapely.get_parts(shape).tolist()
    reason = _reason(shape, polygons, split=split)
    if reason is not None:
        return PolygonTexts((shape.wkt,), reason)
    return PolygonTexts(tuple(_text(polygon, place) for polygon in polygons))


def _reason(shape: BaseGeometry, parts: list[BaseGeometry], *, split: bool) -> str | None:
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        return Reason.POLYGON_TYPE.found(shape.geom_type.upper())
    if shape.is_empty:
        return Reason.POLYGON_EMPTY.value
    if shape.has_z:
        return Reason.POLYGON_DIMENSION.found(f"{shape.geom_type.upper()} Z")
    if len(parts) > 1 and not split:
        return Reason.POLYGON_TYPE.found(f"MULTIPOLYGON of {len(parts)} parts")
    return None


def _text(shape: BaseGeometry, place: Callable[[Points], Points]) -> str:
    polygon = cast("Polygon", shape)
    rings = [polygon.exterior, *polygon.interiors]
    return "POLYGON ({})".format(", ".join(_ring(ring, place) for ring in rings))


def _ring(ring: LinearRing, place: Callable[[Points], Points]) -> str:
    points = place(np.asarray(ring.coords, dtype=np.float64))
    form = ", ".join(["%.16g %.16g"] * len(points))
    return f"({form % tuple(points.ravel().tolist())})"
