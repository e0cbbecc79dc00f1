"""IoU of every pair of distinct polygons that may match, each pair once whatever its months.

Boxes beside the axes, half of all buildings, have it by arithmetic. GEOS intersects the others,
and decides wherever a box comes near the threshold. An invalid polygon (a bow-tie) is treated as
the reference implementation does: its area as drawn, its intersection after a repair.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely

from scoring.metric.rows import Bools, Floats, Ints, Polygons

_BOX_POINTS: Final = 5
_BOX_TOLERANCE: Final = 1e-9
"""Relative difference of area and bounding box up to which a polygon is its box."""
_NEAR: Final = 1e-6
"""Distance to the threshold within which GEOS decides; far above the error of box arithmetic."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of polygons above the threshold, one element each.

    Attributes:
        truth: Position of the true polygon.
        predicted: Position of the predicted polygon.
        iou: Intersection over union.
    """

    truth: Ints
    predicted: Ints
    iou: Floats


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Polygons with what is asked of each of them more than once."""

    polygons: Polygons
    area: Floats
    bounds: Floats
    is_box: Bools
    is_repaired: Bools


def overlaps(truth: Polygons, predicted: Polygons, threshold: float) -> Pairs:
    """Return all pairs of polygons whose IoU is above the threshold.

    Args:
        truth: Shapely polygons, not empty.
        predicted: Likewise.
        threshold: IoU from 0 to below 1.

    Returns:
        By the predicted, then by the true polygon.
    """
    ours, theirs = _shapes(truth), _shapes(predicted)
    at_p, at_t = shapely.STRtree(ours.polygons).query(theirs.polygons)
    order = np.lexsort((at_t, at_p))
    at_p, at_t = at_p[order], at_t[order]
    box_area = _box_intersection(ours.bounds[at_t], theirs.bounds[at_p])
    areas = ours.area[at_t], theirs.area[at_p]
    most = _iou(np.minimum(box_area, np.minimum(*areas)), *areas)
    repaired = ours.is_repaired[at_t] | theirs.is_repaired[at_p]
    keep = repaired | (most > threshold - _NEAR)
    at_p, at_t, iou = at_p[keep], at_t[keep], most[keep]
    unsure = ~(ours.is_box[at_t] & theirs.is_box[at_p]) | (np.abs(iou - threshold) < _NEAR)
    t, p = at_t[unsure], at_p[unsure]
    common = shapely.area(shapely.intersection(ours.polygons[t], theirs.polygons[p]))
    iou[unsure] = _iou(common, ours.area[t], theirs.area[p])
    match = iou > threshold
    return Pairs(at_t[match], at_p[match], iou[match])


def _shapes(polygons: Polygons) -> _Shapes:
    area, bounds = shapely.area(polygons), shapely.bounds(polygons).reshape(-1, 4)
    box_area = (bounds[:, 2] - bounds[:, 0]) * (bounds[:, 3] - bounds[:, 1])
    is_box = (shapely.get_num_coordinates(polygons) == _BOX_POINTS) & (
        np.abs(area - box_area) <= _BOX_TOLERANCE * box_area
    )
    is_repaired = ~is_box
    is_repaired[is_repaired] = ~shapely.is_valid(polygons[is_repaired])
    if is_repaired.any():
        polygons = polygons.copy()
        polygons[is_repaired] = shapely.make_valid(polygons[is_repaired])
    return _Shapes(polygons, area, bounds, is_box & (box_area > 0), is_repaired)


def _box_intersection(one: Floats, other: Floats) -> Floats:
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, 2:], other[:, 2:])
    sides = np.maximum(high - low, 0.0)
    found: Floats = sides[:, 0] * sides[:, 1]
    return found


def _iou(common: Floats, one: Floats, other: Floats) -> Floats:
    """Return the IoU; of areas that do not fit each other (an invalid polygon's), 0 to 1."""
    union = one + other - common
    with np.errstate(divide="ignore", invalid="ignore"):
        iou = np.where(common > 0, common / union, 0.0)
    return np.where((iou < 0) | (iou > 1), 1.0, iou)
