"""Whether a polygon's text can be loaded, and if not, why.

Texts are kept to the letter, so what is checked is what PostGIS will read. Checked once per
distinct polygon: the form, two dimensions, finite numbers, coordinates near the chip, closed
rings, validity as OGC's Simple Features define it.
"""

import math
import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from loaders.terms.reasons import Reason
from loaders.terms.tiles import PIXELS

Truths = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

LOWEST: Final = float(-PIXELS)
HIGHEST: Final = float(2 * PIXELS)
"""Labels leave the chip by a few pixels; a whole chip's side beside it is another place."""

_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_POINT: Final = rf"{_NUMBER} {_NUMBER}"
_RING: Final = rf"\({_POINT}(?:, ?{_POINT}){{3,}}\)"
_QUADRILATERAL: Final = rf"^POLYGON \(\({_POINT}(?:, {_POINT}){{4}}\)\)$"
_COORDINATES: Final = (
    pl.col("text")
    .str.slice(len("POLYGON (("))
    .str.strip_suffix("))")
    .str.replace_all(", ", " ", literal=True)
    .str.split(" ")
    .list.explode()
    .cast(pl.Float64)
)
LONGEST_BYTES: Final = 1024 * 1024
"""Of one polygon's text; what is longer is no building, and would cost what none may cost."""
_MARGIN: Final = 1e-9
"""Turns in square pixels that are told from a straight line; below it GEOS decides."""
POLYGON_FORM: Final = rf"^POLYGON ?\({_RING}(?:, ?{_RING})*\)$"
"""For Polars, whose patterns take time and memory linear in the text."""
_IS_POLYGON: Final = pl.col("text").str.contains(POLYGON_FORM) & (
    pl.col("text").str.len_bytes() <= LONGEST_BYTES
)
_OTHER_TYPES: Final = re.compile(
    r"\s*(MULTIPOLYGON|POINT|MULTIPOINT|LINESTRING|MULTILINESTRING|GEOMETRYCOLLECTION|LINEARRING"
    r"|CURVEPOLYGON|TRIANGLE)\b",
    re.IGNORECASE,
)
_TAGGED: Final = re.compile(r"\s*POLYGON\s*(?P<tag>ZM|Z|M|EMPTY)?", re.IGNORECASE)
_BODY: Final = re.compile(r"\s*POLYGON\s*\(\s*\(", re.IGNORECASE)


def suspects_among(texts: pl.Series) -> Positions:
    """Return the positions of polygon texts that are not plainly right.

    Args:
        texts: Polygon texts in pixels of their chip; String, without nulls.
    """
    suspects: Positions = np.flatnonzero(~_are_convex_quadrilaterals(texts))
    if not suspects.size:
        return suspects
    return suspects[~_are_valid(texts.gather(suspects))]


def reasons_of(texts: pl.Series, suspects: Positions) -> dict[int, str]:
    """Return why texts cannot be loaded, by position; those that can are left out."""
    found = ((position, reason_of(texts[position])) for position in suspects.tolist())
    return {position: reason for position, reason in found if reason is not None}


def reason_of(text: str) -> str | None:
    """Return why one polygon text cannot be loaded, or None."""
    if len(text) > LONGEST_BYTES or len(text.encode()) > LONGEST_BYTES:
        return Reason.POLYGON_LONG.found(f"{len(text):,} characters")
    if not pl.Series([text], dtype=pl.String).str.contains(POLYGON_FORM)[0]:
        return _reason_of_form(text)
    for ring in _rings(text):
        reason = _reason_of_ring(ring)
        if reason is not None:
            return reason
    polygon = shapely.from_wkt(text)
    if not polygon.is_valid:
        return Reason.POLYGON_INVALID.found(shapely.is_valid_reason(polygon))
    return None


def _are_convex_quadrilaterals(texts: pl.Series) -> Truths:
    """Tell which texts are one closed convex quadrilateral near the chip.

    97 of 100 labels are. Four turns to the same side cannot cross themselves, so nothing else has
    to be asked.
    """
    is_quadrilateral = texts.str.contains(_QUADRILATERAL).to_numpy(writable=True)
    coordinates = texts.filter(is_quadrilateral).to_frame("text").select(_COORDINATES)
    # One row per polygon: x and y of its five points in turn, one array each.
    numbers = coordinates.to_series().to_numpy().reshape(-1, 10).T
    x, y = numbers[0::2], numbers[1::2]
    edge_x, edge_y = np.diff(x, axis=0), np.diff(y, axis=0)
    turns = edge_x * np.roll(edge_y, -1, axis=0) - edge_y * np.roll(edge_x, -1, axis=0)
    is_quadrilateral[is_quadrilateral] = (
        ((numbers >= LOWEST) & (numbers <= HIGHEST)).all(axis=0)
        & (x[0] == x[4])
        & (y[0] == y[4])
        & ((turns > _MARGIN).all(axis=0) | (turns < -_MARGIN).all(axis=0))
    )
    return is_quadrilateral


def _are_valid(texts: pl.Series) -> Truths:
    """Tell which texts are valid polygons near the chip, the other ones left for a closer look."""
    is_polygon = texts.to_frame("text").select(_IS_POLYGON).to_series().to_numpy(writable=True)
    with np.errstate(over="ignore"):
        polygons = shapely.from_wkt(texts.filter(is_polygon).to_numpy(), on_invalid="ignore")
    bounds = shapely.bounds(polygons)
    is_polygon[is_polygon] = (
        (bounds >= LOWEST).all(axis=1)
        & (bounds <= HIGHEST).all(axis=1)
        & shapely.is_valid(polygons)
    )
    return is_polygon


def _reason_of_form(text: str) -> str:
    if not text.strip():
        return Reason.POLYGON_MISSING.value
    other = _OTHER_TYPES.match(text)
    if other is not None:
        return Reason.POLYGON_TYPE.found(other[1].upper())
    tagged = _TAGGED.match(text)
    if tagged is None:
        return Reason.POLYGON_FORM.found(repr(text))
    tag = (tagged["tag"] or "").upper()
    if tag == "EMPTY":
        return Reason.POLYGON_EMPTY.value
    if tag:
        return Reason.POLYGON_DIMENSION.found(f"POLYGON {tag}")
    return _reason_of_body(text)


def _reason_of_body(text: str) -> str:
    if _BODY.match(text) is None:
        return Reason.POLYGON_FORM.found(repr(text))
    points = [point.split() for point in re.sub(r"[()]", " ", text[text.index("(") :]).split(",")]
    widths = {len(point) for point in points}
    words = [word for point in points for word in point]
    strange = next((word for word in words if not _is_finite(word)), None)
    if strange is not None and strange.lower().strip("+-") in {"nan", "inf", "infinity"}:
        return Reason.POLYGON_NOT_FINITE.found(strange)
    if strange is None and widths & {3, 4}:
        return Reason.POLYGON_DIMENSION.found(f"{max(widths)} numbers in a point")
    if strange is None and widths == {2} and text.endswith("))"):
        rings = (ring.strip(" ,(") for ring in text[text.index("(") :].split(")"))
        short = min(ring.count(",") + 1 for ring in rings if ring)
        if short < 4:
            return Reason.POLYGON_SHORT.found(f"{short}")
    return Reason.POLYGON_FORM.found(repr(text))


def _is_finite(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _rings(text: str) -> Iterable[list[tuple[float, float]]]:
    for ring in text[text.index("(") + 1 : -1].split("),"):
        points = (point.split() for point in ring.strip(" ()").split(","))
        yield [(float(x), float(y)) for x, y in points]


def _reason_of_ring(ring: list[tuple[float, float]]) -> str | None:
    for number in (number for point in ring for number in point):
        if not math.isfinite(number):
            return Reason.POLYGON_NOT_FINITE.found(number)
        if not LOWEST <= number <= HIGHEST:
            return Reason.POLYGON_RANGE.found(number)
    if ring[0] != ring[-1]:
        return Reason.POLYGON_UNCLOSED.found(f"{ring[0]} is not {ring[-1]}")
    return None
