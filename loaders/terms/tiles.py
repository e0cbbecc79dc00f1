"""Where a chip lies: SpaceNet 7's chips are web-mercator tiles, addressed in pixels."""

import math
from typing import Final

ZOOM: Final = 13
TILES: Final = 2**ZOOM
"""Tiles along each axis; also the factor that makes ``chip_key`` of x and y."""
TILES_PER_QUAD: Final = 4
"""A quad of Planet's basemap grid at level 15 spans 4 x 4 tiles of zoom 13."""
PIXELS: Final = 1024
"""Pixels along each side of a chip."""
EARTH_RADIUS: Final = 6378137.0
"""Semi-major axis of WGS 84, the sphere of EPSG:3857, in metres."""
HALF_WORLD: Final = math.pi * EARTH_RADIUS
METRES_PER_PIXEL: Final = 2 * HALF_WORLD / TILES / PIXELS
"""4.777314267823516 m in EPSG:3857."""


def chip_key(tile_x: int, tile_y: int) -> int:
    """Return the integer key of the chip that is tile ``(tile_x, tile_y)`` of zoom 13."""
    return tile_x * TILES + tile_y


def quad_of(tile_x: int, tile_y: int) -> tuple[int, int]:
    """Return east and north number of the quad that holds a tile.

    Tiles count rows from the north, quads from the south.
    """
    return tile_x // TILES_PER_QUAD, (TILES - 1 - tile_y) // TILES_PER_QUAD
