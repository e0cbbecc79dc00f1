"""Masks of unusable data and the buildings under them.

A mask is the union of a few ellipses (16-gons), grown until exactly the planned number of buildings
lie under it; a building lies under it when the middle of its polygon does.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from synthetic.drawing.lots import TILE
from synthetic.drawing.settlement import Settlement
from synthetic.drawing.shapes import Footprints
from synthetic.planning.facts import Chip, lonlat
from synthetic.planning.plan import ChipPlan
from synthetic.steady import Bools, Floats, Ints, Purpose, cosine_sine, order, stream

EDGES = 16
"""Edges of one ellipse of a mask."""
LonLatRing = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Sky:
    """What is missing in a chip's observed months, and why.

    Attributes:
        hidden: Month → buildings (ascending) that stand under that month's mask.
        gaps: Month → buildings that are missing without a mask.
        masks: Month → polygons, each a list of rings in lon/lat; whole tiles for clouded months.
    """

    hidden: dict[int, Ints]
    gaps: dict[int, Ints]
    masks: dict[int, list[list[LonLatRing]]]


def cover(plan: ChipPlan, town: Settlement, shapes: Footprints, seed: int) -> Sky:
    """Draw the chip's masks and choose the buildings that are missing."""
    chip = plan.chip
    hidden, gaps, masks = {}, {}, {}
    for month in chip.observed:
        rng = stream(seed, Purpose.CLOUDS, chip.index * 1000 + month)
        standing = np.flatnonzero((town.born <= month) & (town.ended > month))
        under = np.zeros(len(standing), dtype=np.bool_)
        if month in chip.masked:
            middle = shapes.x[standing], shapes.y[standing]
            under, mask = _mask(middle, int(plan.hidden[month]), rng)
            hidden[month] = standing[under]
            masks[month] = _lonlat(chip, mask)
        if plan.gaps[month]:
            seen = standing[~under]
            gaps[month] = np.sort(seen[order(rng.random(len(seen)))[: int(plan.gaps[month])]])
    for month in chip.clouded:
        masks[month] = _lonlat(chip, shapely.box(0, 0, TILE, TILE))
    return Sky(hidden, gaps, masks)


def _mask(
    middle: tuple[Floats, Floats], number: int, rng: np.random.Generator
) -> tuple[Bools, BaseGeometry]:
    """Grow a cloud until ``number`` of the points lie under it.

    Returns:
        Which points lie under it, and its outline in pixels, cut to the tile.
    """
    corners, gauges = zip(
        *(_ellipse(middle, rng) for _ in range(int(rng.integers(1, 5)))), strict=True
    )
    gauge = np.min(np.stack(gauges), axis=0)
    ranked = order(gauge)
    under = np.zeros(len(gauge), dtype=np.bool_)
    under[ranked[:number]] = True
    inner = gauge[ranked[number - 1]] if number else 0.0
    size = (inner + gauge[ranked[number]]) / 2
    outlines = [Polygon(middle_at + size * edge) for middle_at, edge in corners]
    return under, shapely.intersection(shapely.union_all(outlines), shapely.box(0, 0, TILE, TILE))


def _ellipse(
    middle: tuple[Floats, Floats], rng: np.random.Generator
) -> tuple[tuple[Floats, Floats], Floats]:
    """Draw an ellipse as a polygon of ``EDGES`` edges.

    Returns:
        Its centre and its corners in relation to it, px; and for each point the factor by which
        the polygon must grow to reach it.
    """
    centre = rng.random(2) * TILE
    half = 60 + 200 * rng.random(2)
    turn, wave = cosine_sine(np.array([np.pi * rng.random()]))
    cosine, sine = cosine_sine(np.arange(EDGES, dtype=np.float64) * (2 * np.pi / EDGES))
    x, y = half[0] * cosine, half[1] * sine
    edge = np.stack([x * turn - y * wave, x * wave + y * turn], axis=1)
    across, down = middle[0] - centre[0], middle[1] - centre[1]
    factor = np.zeros(len(across))
    for (x0, y0), (x1, y1) in zip(edge, np.roll(edge, -1, axis=0), strict=True):
        normal = x0 * (y1 - y0) - y0 * (x1 - x0)
        factor = np.maximum(factor, (across * (y1 - y0) - down * (x1 - x0)) / normal)
    return (centre, edge), factor


def _lonlat(chip: Chip, mask: BaseGeometry) -> list[list[LonLatRing]]:
    """Return the polygons of a mask as rings in lon/lat; no polygon when it lies off the tile."""
    parts = [part for part in shapely.get_parts(mask) if isinstance(part, Polygon)]
    return [
        [
            [lonlat(chip, x, y) for x, y in ring.coords]
            for ring in (shapely.normalize(part).exterior, *shapely.normalize(part).interiors)
        ]
        for part in parts
        if not part.is_empty
    ]
