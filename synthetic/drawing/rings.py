"""Rings of polygons that are no plain boxes, and their text."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from synthetic.steady import Floats

Ring = list[tuple[float, float]]
HOLE = 0.4
"""Side of a hole in relation to the side of its building."""
VERTICES = (5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20)
VERTEX_WEIGHTS = (1, 9, 17, 64, 2, 7, 1, 6, 1, 3, 1, 2, 1, 1)
"""Polygons of the two suburbs with that many corners."""


def with_more_corners(corners: Floats, rng: np.random.Generator) -> Ring:
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


def with_hole(corners: Floats) -> list[Ring]:
    """Return the outer ring of a box and that of a hole in its middle."""
    outer = _placed(corners, [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)])
    low, high = 0.5 - HOLE / 2, 0.5 + HOLE / 2
    return [outer, _placed(corners, [(low, low), (low, high), (high, high), (high, low)])]


def extended(corners: Floats) -> Ring:
    """Draw a box anew, an eighth longer on each side."""
    return _placed(corners, [(1.125, 1.0), (-0.125, 1.0), (-0.125, 0.0), (1.125, 0.0)])


def area_of(ring: Ring) -> float:
    """Return the area within a ring, px2."""
    pairs = pairwise([*ring, ring[0]])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def wkt(rings: list[Ring]) -> str:
    """Return a polygon's text in the form of the real CSV: 16 digits, closed rings."""
    closed = [[*ring, ring[0]] for ring in rings]
    texts = ["(" + ", ".join(f"{x:.16g} {y:.16g}" for x, y in ring) + ")" for ring in closed]
    return "POLYGON (" + ", ".join(texts) + ")"
