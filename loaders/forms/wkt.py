"""Geometries of label files as polygon texts.

With 16 significant digits, as SpaceNet 7's CSV has them: the pixel labels then give its text to
the letter.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import orjson

from loaders.terms.other_forms import Other, OtherForm
from loaders.terms.reasons import Reason, printable

Ring = list[list[float]]
Points = tuple[float, ...]
"""x and y of each point in turn."""
_NUMBERS: Final = {int, float}


@dataclass(frozen=True, slots=True)
class Polygons:
    """The polygons of one feature, or why it has none.

    Attributes:
        polygons: The rings of each, outer first; points of two numbers.
        forms: What the geometry had of another form with the same meaning.
        reason: Why the feature cannot be loaded, or None.
    """

    polygons: list[list[Ring]]
    forms: Other = ()
    reason: str | None = None


def polygons_of(geometry: object, *, split: bool) -> Polygons:
    """Take a GeoJSON geometry apart.

    Args:
        geometry: As JSON has it.
        split: Take a MultiPolygon apart, instead of refusing one of several parts.
    """
    if geometry is None:
        return Polygons([], reason=Reason.POLYGON_MISSING.value)
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(geometry, dict):
        return Polygons([], reason=Reason.POLYGON_TYPE.found(printable(str(kind)).upper()))
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(polygons, list) or not polygons or not any(polygons):
        return Polygons([], reason=Reason.POLYGON_EMPTY.value)
    if len(polygons) > 1 and not split:
        found = f"MULTIPOLYGON of {len(polygons)} parts"
        return Polygons([], reason=Reason.POLYGON_TYPE.found(found))
    forms = (OtherForm.MULTIPOLYGON,) if kind == "MultiPolygon" and not split else ()
    return _checked(polygons, forms)


def plain_polygons(geometries: list[Any]) -> list[list[Ring]] | None:
    """Return the rings of geometries that are polygons of two numbers a point, all of them.

    The same as ``polygons_of`` says of each, at a fraction of its cost; None where one is not so.
    """
    try:
        if {geometry["type"] for geometry in geometries} != {"Polygon"}:
            return None
        polygons = [geometry["coordinates"] for geometry in geometries]
        rings = list(chain.from_iterable(polygons))
        points = list(chain.from_iterable(rings))
        parts = {*map(type, polygons), *map(type, rings), *map(type, points)}
        numbers = set(map(type, chain.from_iterable(points)))
        is_plain = parts == {list} and set(map(len, points)) == {2} and numbers <= _NUMBERS
    except (TypeError, KeyError):
        return None
    return polygons if is_plain and all(map(any, polygons)) else None


def polygon_text(rings: list[Ring], known: dict[Points, str] | None = None) -> str:
    """Return a polygon as text.

    Args:
        rings: Outer first; points of two numbers.
        known: Texts of rings that were written before; takes in those of these.
    """
    texts = {} if known is None else known
    return "POLYGON ({})".format(", ".join([_ring_text(ring, texts) for ring in rings]))


def geometry_text(feature: dict[str, Any]) -> str:
    """Return the geometry of a feature as it stands, as JSON."""
    try:
        return orjson.dumps(feature.get("geometry")).decode("utf-8")
    except orjson.JSONEncodeError as error:
        return f"a geometry that cannot be shown ({error})"


def _checked(polygons: list[Any], forms: Other) -> Polygons:
    """Return polygons of which all points have two numbers, further ones dropped."""
    parts: set[type] = set(map(type, polygons))
    numbers: set[type] = set()
    widths: set[int] = set()
    try:
        for ring in chain.from_iterable(polygons):
            parts.add(type(ring))
            parts.update(map(type, ring))
            widths.update(map(len, ring))
            numbers.update(map(type, chain.from_iterable(ring)))
    except TypeError:
        parts.add(type(None))
    if parts != {list} or not numbers <= _NUMBERS:
        return Polygons([], reason=Reason.POLYGON_FORM.found("coordinates are no rings of points"))
    if widths and min(widths) < 2:
        return Polygons([], reason=Reason.POLYGON_FORM.found("a point has fewer than two numbers"))
    if widths and max(widths) > 2:
        flat = [[[point[:2] for point in ring] for ring in rings] for rings in polygons]
        return Polygons(flat, (*forms, OtherForm.DIMENSION))
    return Polygons(polygons, forms)


def _ring_text(ring: Ring, known: dict[Points, str]) -> str:
    points = tuple(chain.from_iterable(ring))
    text = known.get(points)
    if text is None:
        text = known[points] = f"({', '.join(['%.16g %.16g'] * len(ring)) % points})"
    return text
