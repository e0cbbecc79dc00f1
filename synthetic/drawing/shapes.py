"""The polygons: sizes, boxes along the streets, the few with more corners or a hole, their text.

Coordinates are pixels, x to the right and y down. Axis-aligned boxes lie on the grid on which the
real ones were drawn. A ring starts at its right bottom corner and runs along the bottom edge first,
as the real ones do.
"""

from dataclasses import dataclass

import numpy as np

from synthetic.drawing.lots import TILE, Lots, character
from synthetic.drawing.rings import HOLE, area_of, extended, with_hole, with_more_corners, wkt
from synthetic.planning.facts import Chip
from synthetic.planning.params import ShapeParams, between
from synthetic.steady import (
    Bools,
    Floats,
    Ints,
    Purpose,
    cosine_sine,
    exp,
    normal,
    order,
    stream,
)

QUANTUM = 0.02769164
"""Grid of the axis-aligned boxes, px: a screen pixel of 1/96 inch at 1:500."""
COARSE = 4
"""Most of them lie on every fourth line."""
FILLED = 0.90
"""Part of a lot's side that a building may fill when it has neighbours."""
ASTRAY = (0.45, 1.0)
"""Range in which an oblique box with and without close neighbours leaves its street, radians."""
LEAST = -6.0
"""How far a polygon may reach over the left and upper edge of the tile, px."""
OUTSIDE = 2.0
"""How far over the right and lower edge."""
ROOMS = (7.0, 13.0, 26.0, 52.0)
"""Distances within which a building may be alone, px."""
LONGEST = (9.5, 19.0, 43.0, 96.0)
WIDEST = (8.0, 15.0, 32.0, 45.0)
"""Largest sides, px, of a building that is alone within the first, second, ... of them."""
BOX = "POLYGON ((" + ", ".join(["%.16g %.16g"] * 5) + "))"


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


def draw(chip: Chip, lots: Lots, lot: Ints, seed: int, tunables: ShapeParams) -> Footprints:
    """Draw the polygons of the buildings on ``lot``, one per building and in that order."""
    rng = stream(seed, Purpose.SHAPES, chip.index)
    kind = character(chip, seed)
    x, y = lots.x[lot], lots.y[lot]
    length, width = _sizes(x, y, lots, rng, kind=kind, tunables=tunables)
    oblique = lots.sine[lot] != 0
    axis = _axis_aligned(lots.district[lot], oblique, between(tunables.axis, kind), rng)
    turned = rng.random(len(lot)) < 0.5
    street = (
        np.where(oblique, lots.cosine[lot], lots.street[0]),
        np.where(oblique, lots.sine[lot], lots.street[1]),
    )
    close = _room(x, y) == 0
    off = rng.random(len(lot)) < between(tunables.astray, kind)
    turn = np.where(off, np.where(close, ASTRAY[0], ASTRAY[1]), 0.0) * (rng.random(len(lot)) - 0.5)
    direction = _directions(axis, street, turn)
    along, across = np.where(turned, width, length), np.where(turned, length, width)
    along, across = _fitted(along, across, close, axis == oblique, lots)
    corners = _corners(x, y, (along, across), direction)
    corners[axis] = _snapped(corners[axis], chip, rng)
    corners = _within(corners, rng)
    return _write(corners, rng, tunables)


def _sizes(
    x: Floats,
    y: Floats,
    lots: Lots,
    rng: np.random.Generator,
    *,
    kind: float,
    tunables: ShapeParams,
) -> tuple[Floats, Floats]:
    """Draw lengths and widths; the large ones go where there is room."""
    number = len(x)
    usual = normal(rng, number) * between(tunables.log_area_spread, kind)
    large = normal(rng, number) * between(tunables.large_log_area_spread, kind)
    log_area = np.where(
        rng.random(number) < between(tunables.large, kind),
        between(tunables.large_log_area, kind) + large,
        between(tunables.log_area, kind) + usual,
    )
    area = np.clip(exp(log_area), 2.5, 3000.0) * min(1.0, (lots.pitch / 5.3) ** 2)
    room = _room(x, y)
    placed = np.empty(number)
    placed[order(room + 0.9 * rng.random(number))] = area[order(area)]
    aspect = np.minimum(exp(np.abs(normal(rng, number)) * between(tunables.log_aspect, kind)), 8.0)
    level = room.astype(np.int64)
    longest = np.array([lots.depth, *LONGEST])[level]
    widest = np.array([lots.pitch, *WIDEST])[level]
    width = np.minimum(np.sqrt(placed / aspect), widest)
    return np.minimum(placed / width, longest), width


def _directions(axis: Bools, street: tuple[Floats, Floats], turn: Floats) -> tuple[Floats, Floats]:
    """Return cosine and sine of each box: along the axes, or ``turn`` radians off its street."""
    ahead, aside = cosine_sine(turn)
    cosine = np.where(axis, 1.0, street[0] * ahead - street[1] * aside)
    sine = np.where(axis, 0.0, street[0] * aside + street[1] * ahead)
    return cosine, sine


def _fitted(
    along: Floats, across: Floats, close: Bools, aslant: Bools, lots: Lots
) -> tuple[Floats, Floats]:
    """Cut buildings with close neighbours to their lot, more so where they stand aslant on it."""
    small = FILLED * FILLED * lots.pitch
    width = np.where(aslant, small, FILLED * lots.pitch)
    depth = np.where(aslant, small, FILLED * lots.depth)
    return (
        np.where(close, np.minimum(along, width), along),
        np.where(close, np.minimum(across, depth), across),
    )


def _room(x: Floats, y: Floats) -> Floats:
    """Tell how alone buildings stand: the number of ``ROOMS`` without a neighbour."""
    return sum(
        (np.where(_neighbours(x, y, room) == 1, 1.0, 0.0) for room in ROOMS), np.zeros(len(x))
    )


def _neighbours(x: Floats, y: Floats, bin_size: float) -> Ints:
    """Count the buildings in the 3 x 3 bins around each, itself included."""
    side = int(TILE / bin_size) + 3
    column, row = (x // bin_size).astype(np.int64) + 1, (y // bin_size).astype(np.int64) + 1
    counts = np.bincount(row * side + column, minlength=side * side).reshape(side, side)
    around = counts[1:-1].copy()
    around += counts[:-2] + counts[2:]
    wide = np.zeros_like(counts)
    wide[1:-1] = around
    total = wide.copy()
    total[:, 1:] += wide[:, :-1]
    total[:, :-1] += wide[:, 1:]
    return total[row, column]


def _axis_aligned(district: Ints, oblique: Bools, share: float, rng: np.random.Generator) -> Bools:
    """Choose exactly the chip's share of axis-aligned boxes, districts along the axes first."""
    grade = rng.random(int(district.max()) + 1)[district] + 0.15 * rng.random(len(district))
    grade = grade + np.where(oblique, 1.0, 0.0)
    chosen = np.zeros(len(district), dtype=np.bool_)
    chosen[order(grade)[: round(share * len(district))]] = True
    return chosen


def _corners(
    x: Floats,
    y: Floats,
    size: tuple[Floats, Floats],
    direction: tuple[Floats, Floats],
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
    moved: Floats = corners + (inwards - back)[:, None, :]
    return moved


def _write(corners: Floats, rng: np.random.Generator, tunables: ShapeParams) -> Footprints:
    """Write the texts; a few boxes get more corners, a hole, or another's polygon."""
    number = len(corners)
    luck = rng.random((4, number))
    first = corners[:, 0] - corners[:, 1]
    second = corners[:, 0] - corners[:, 3]
    area: Floats = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).round(6)
    middle = (corners[:, 0] + corners[:, 2]) / 2
    closed = np.concatenate([corners, corners[:, :1]], axis=1).reshape(number, 10)
    text = [BOX % tuple(row) for row in closed.tolist()]
    holes = _holes(luck[1], area, tunables.hole)
    for place in holes:
        text[place] = wkt(with_hole(corners[place]))
        area[place] = round(float(area[place]) * (1 - HOLE * HOLE), 6)
    many = set(np.flatnonzero(luck[0] < tunables.many_vertices).tolist()) - set(holes)
    for place in sorted(many):
        ring = with_more_corners(corners[place], rng)
        text[place], area[place] = wkt([ring]), round(area_of(ring), 6)
    for place in (np.flatnonzero(luck[2][1:] < tunables.duplicate) + 1).tolist():
        text[place], area[place], middle[place] = (
            text[place - 1],
            area[place - 1],
            middle[place - 1],
        )
    chosen = np.flatnonzero(luck[3] < tunables.redrawn).tolist()
    redrawn = {place: wkt([extended(corners[place])]) for place in chosen}
    return Footprints(middle[:, 0], middle[:, 1], area, text, redrawn)


def _holes(luck: Floats, area: Floats, share: float) -> list[int]:
    """Choose the polygons with a hole: only large ones can have one."""
    large = np.flatnonzero(area > 40)
    if not len(large):
        return []
    return [int(place) for place in large[luck[large] < share * len(area) / len(large)]]
