"""The polygons: sizes, boxes along the streets, the few with more corners or a hole, their text.

Coordinates are pixels, x to the right and y down. Axis-aligned boxes lie on the grid on which the
real ones were drawn. A ring starts at its right bottom corner and runs along the bottom edge first,
as the real ones do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loaders.synthetic.facts import Chip
from loaders.synthetic.params import ShapeParams
from loaders.synthetic.places import TILE, Lots
from loaders.synthetic.steady import Bools, Floats, Ints, Purpose, exp, normal, order, stream

QUANTUM = 0.02769164
"""Grid of the axis-aligned boxes, px: a screen pixel of 1/96 inch at 1:500."""
COARSE = 4
"""Most of them lie on every fourth line."""
LEAST = -6.0
"""How far a polygon may reach over the left and upper edge of the tile, px."""
OUTSIDE = 2.0
"""How far over the right and lower edge."""
SUBURBS = {"L15-1615E-1205N_6460_3370_13": 1.0, "L15-0331E-1257N_1327_3160_13": 0.0}
"""The two chips whose shapes are known; the others lie between them (0 small boxes, 1 mixed)."""
VERTICES = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20)
VERTEX_WEIGHTS = (1, 9, 17, 64, 2, 7, 1, 6, 1, 3, 1, 2, 1, 1)
"""Polygons of the two suburbs with that many corners."""
BOX = "POLYGON ((" + ", ".join(["%.16g %.16g"] * 5) + "))"
Ring = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Footprints:
    """The polygons of one chip's buildings.

    Attributes:
        x, y: Middle of the polygon's box, px.
        area: px², to 1e-6.
        text: WKT.
        redrawn: Building → second WKT, for the few that are drawn anew.
    """

    x: Floats
    y: Floats
    area: Floats
    text: list[str]
    redrawn: dict[int, str]


def character(chip: Chip, seed: int) -> float:
    """Return where the chip lies between the two known suburbs, 0..1."""
    known = SUBURBS.get(chip.chip_id)
    return (
        float(stream(seed, Purpose.SHAPES, 1000 + chip.index).random()) if known is None else known
    )


def draw(chip: Chip, lots: Lots, lot: Ints, seed: int, tunables: ShapeParams) -> Footprints:
    """Draw the polygons of the buildings on ``lot``, one per building and in that order."""
    rng = stream(seed, Purpose.SHAPES, chip.index)
    kind = character(chip, seed)
    x, y = lots.x[lot], lots.y[lot]
    length, width = _sizes(x, y, kind, lots, rng)
    axis = _axis_aligned(lots.district[lot], kind, rng)
    turned = rng.random(len(lot)) < 0.5
    cosine = np.where(axis, 1.0, lots.cosine[lot])
    sine = np.where(axis, 0.0, lots.sine[lot])
    along, across = np.where(turned, width, length), np.where(turned, length, width)
    corners = _corners(x, y, (along, across), (cosine, sine), rng)
    corners[axis] = _snapped(corners[axis], chip, rng)
    corners = _within(corners, rng)
    return _write(corners, rng, tunables)


def _sizes(
    x: Floats, y: Floats, kind: float, lots: Lots, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draw lengths and widths; the large ones go where there is room."""
    number = len(x)
    log_area = 2.63 + 0.27 * kind + normal(rng, number) * (0.43 + 0.03 * kind)
    tail = rng.random(number) < 0.05 + 0.085 * kind
    log_area = np.where(
        tail, 3.4 + 0.65 * kind + normal(rng, number) * (0.6 + 0.35 * kind), log_area
    )
    area = np.clip(exp(log_area), 2.5, 3000.0) * min(1.0, (lots.pitch / 5.3) ** 2)
    crowding = _neighbours(x, y) + 2.2 * rng.random(number)
    placed = np.empty(number)
    placed[order(crowding)] = area[order(-area)]
    aspect = np.minimum(exp(np.abs(normal(rng, number)) * (0.41 + 0.105 * kind)), 8.0)
    length = np.sqrt(placed * aspect)
    crowded = crowding > 3.5
    longest = np.where(crowded, lots.depth * 0.94, 190.0)
    widest = np.where(crowded, lots.pitch * 0.93, 45.0)
    return np.minimum(length, longest), np.minimum(np.sqrt(placed / aspect), widest)


def _neighbours(x: Floats, y: Floats) -> Floats:
    """Count the buildings in the 3 x 3 bins of 8 px around each, itself included."""
    side = 130
    column, row = (x // 8).astype(np.int64) + 1, (y // 8).astype(np.int64) + 1
    counts = np.bincount(row * side + column, minlength=side * side).reshape(side, side)
    around = sum(
        np.roll(counts, (down, across), (0, 1)) for down in (-1, 0, 1) for across in (-1, 0, 1)
    )
    return np.asarray(around, dtype=np.float64)[row, column]


def _axis_aligned(district: Ints, kind: float, rng: np.random.Generator) -> Bools:
    """Choose exactly the chip's share of axis-aligned boxes, whole districts first."""
    share = 0.868 + (0.457 - 0.868) * kind
    grade = rng.random(int(district.max()) + 1)[district] + 0.15 * rng.random(len(district))
    chosen = np.zeros(len(district), dtype=np.bool_)
    chosen[order(grade)[: round(share * len(district))]] = True
    return chosen


def _corners(
    x: Floats,
    y: Floats,
    size: tuple[Floats, Floats],
    direction: tuple[Floats, Floats],
    rng: np.random.Generator,
) -> Floats:
    """Return the corners of the boxes, shape (buildings, 4, 2)."""
    along, across = size[0] / 2, size[1] / 2
    cosine, sine = direction
    corners = np.empty((len(x), 4, 2))
    for place, (right, down) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        corners[:, place, 0] = x + right * along * cosine - down * across * sine
        corners[:, place, 1] = y + right * along * sine + down * across * cosine
    return corners


def _snapped(corners: Floats, chip: Chip, rng: np.random.Generator) -> Floats:
    """Move axis-aligned boxes onto the drawing grid of the chip."""
    origin = QUANTUM * np.array([chip.tile_x % 97, chip.tile_y % 89]) / 97
    step = np.where(rng.random(len(corners)) < 0.85, COARSE, 1)[:, None]
    low = np.round((corners[:, 2] - origin) / QUANTUM / step) * step
    span = np.maximum(np.round((corners[:, 0] - corners[:, 2]) / QUANTUM / step), 8) * step
    low, high = low * QUANTUM + origin, (low + span) * QUANTUM + origin
    right, bottom, left, top = high[:, 0], high[:, 1], low[:, 0], low[:, 1]
    box = ((right, bottom), (left, bottom), (left, top), (right, top))
    return np.stack([np.stack(corner, axis=1) for corner in box], axis=1)


def _within(corners: Floats, rng: np.random.Generator) -> Floats:
    """Shift boxes that reach too far over the edge of the tile back towards it."""
    reach = rng.random((len(corners), 2))
    inwards = np.maximum(LEAST * reach - corners.min(axis=1), 0.0)
    back = np.maximum(corners.max(axis=1) + inwards - TILE - OUTSIDE * reach, 0.0)
    return corners + (inwards - back)[:, None, :]


def _write(corners: Floats, rng: np.random.Generator, tunables: ShapeParams) -> Footprints:
    """Write the texts; a few boxes get more corners, a hole, or another's polygon."""
    number = len(corners)
    luck = rng.random((4, number))
    first = corners[:, 0] - corners[:, 1]
    second = corners[:, 0] - corners[:, 3]
    area = np.round(np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]), 6)
    middle = (corners[:, 0] + corners[:, 2]) / 2
    closed = np.concatenate([corners, corners[:, :1]], axis=1).reshape(number, 10)
    text = [BOX % tuple(row) for row in closed.tolist()]
    for place in np.flatnonzero(luck[0] < tunables.many_vertices).tolist():
        ring = _many(corners[place], rng)
        text[place], area[place] = wkt([ring]), round(_ring_area(ring), 6)
    for place in _holes(luck[1], area, tunables.hole):
        text[place] = wkt(_with_hole(corners[place]))
        area[place] = round(area[place] * 0.84, 6)
    for place in (np.flatnonzero(luck[2][1:] < tunables.duplicate) + 1).tolist():
        text[place], area[place], middle[place] = (
            text[place - 1],
            area[place - 1],
            middle[place - 1],
        )
    chosen = np.flatnonzero(luck[3] < tunables.redrawn).tolist()
    redrawn = {place: wkt([_extended(corners[place])]) for place in chosen}
    return Footprints(middle[:, 0], middle[:, 1], area, text, redrawn)


def _holes(luck: Floats, area: Floats, share: float) -> list[int]:
    """Choose the polygons with a hole: only large ones can have one."""
    large = np.flatnonzero(area > 40)
    if not len(large):
        return []
    return [int(place) for place in large[luck[large] < share * len(area) / len(large)]]


def _many(corners: Floats, rng: np.random.Generator) -> Ring:
    """Cut steps out of one corner of a box, and another corner off when the number is odd."""
    shares = np.cumsum(VERTEX_WEIGHTS) / sum(VERTEX_WEIGHTS)
    vertices = VERTICES[int(np.searchsorted(shares, rng.random()))]
    steps, odd = divmod(vertices - 4, 2)
    unit: Ring = [(1.0, 1.0), (0.0, 1.0)]
    unit += [(0.0, 0.3), (0.3, 0.0)] if odd else [(0.0, 0.0)]
    if steps:
        begin, deep = 0.45 + 0.3 * rng.random(), 0.2 + 0.3 * rng.random()
        for step in range(steps):
            u = begin + (1 - begin) * step / steps
            unit += [(u, deep * step / steps), (u, deep * (step + 1) / steps)]
        unit.append((1.0, deep))
    else:
        unit.append((1.0, 0.0))
    return _placed(corners, unit)


def _placed(corners: Floats, unit: Sequence[tuple[float, float]]) -> Ring:
    """Turn positions within a box (0..1 from its left top corner) into pixels."""
    (x0, y0), along, across = corners[2], corners[3] - corners[2], corners[1] - corners[2]
    return [
        (
            float(x0 + u * along[0] + v * across[0]),
            float(y0 + u * along[1] + v * across[1]),
        )
        for u, v in unit
    ]


def _with_hole(corners: Floats) -> list[Ring]:
    outer = _placed(corners, [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)])
    return [outer, _placed(corners, [(0.3, 0.3), (0.3, 0.7), (0.7, 0.7), (0.7, 0.3)])]


def _extended(corners: Floats) -> Ring:
    """Draw a box anew, an eighth longer on each side."""
    return _placed(corners, [(1.125, 1.0), (-0.125, 1.0), (-0.125, 0.0), (1.125, 0.0)])


def _ring_area(ring: Ring) -> float:
    pairs = pairwise([*ring, ring[0]])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def wkt(rings: list[Ring]) -> str:
    """Return a polygon's text in the form of the real CSV: 16 digits, closed rings."""
    closed = [[*ring, ring[0]] for ring in rings]
    texts = ["(" + ", ".join(f"{x:.16g} {y:.16g}" for x, y in ring) + ")" for ring in closed]
    return "POLYGON (" + ", ".join(texts) + ")"
