"""Coordinates of SpaceNet 7's label files into pixels of their chip.

x counts columns to the right and y rows down, from the top-left corner of the chip's tile.
"""

from enum import Enum

import numpy as np
import numpy.typing as npt

from loaders.terms.names import ImageName
from loaders.terms.tiles import EARTH_RADIUS, HALF_WORLD, METRES_PER_PIXEL, PIXELS

Points = npt.NDArray[np.float64]
"""Shape (n, 2)."""


class LabelForm(Enum):
    """The coordinates of a folder of labels; the value is the folder's name."""

    PIXEL = "labels_match_pix"
    MERCATOR = "labels_match"
    LONLAT = "labels"


def to_pixels(points: Points, form: LabelForm, image: ImageName) -> Points:
    """Return points as pixels of a chip.

    Args:
        points: Shape (n, 2); pixels, metres of EPSG:3857, or degrees of CRS84.
        form: Which of these.
        image: The image of the chip.
    """
    if form is LabelForm.PIXEL:
        return points
    if form is LabelForm.LONLAT:
        points = mercator(points)
    return pixels_of_tile(points, image.tile_x, image.tile_y)


def pixels_of_tile(points: Points, tile_x: int, tile_y: int) -> Points:
    """Return points in metres of EPSG:3857 as pixels of a tile."""
    corner = np.array([tile_x, tile_y], dtype=np.float64) * PIXELS
    from_northwest = np.column_stack([points[:, 0] + HALF_WORLD, HALF_WORLD - points[:, 1]])
    pixels: Points = from_northwest / METRES_PER_PIXEL - corner
    return pixels


def mercator(lonlat: Points) -> Points:
    """Project degrees of CRS84 to EPSG:3857 (spherical formulas on WGS 84's semi-major axis).

    Source: EPSG Guidance Note 7-2, method 1024, Popular Visualisation Pseudo Mercator.
    """
    longitude, latitude = np.radians(lonlat[:, 0]), np.radians(lonlat[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        northing = EARTH_RADIUS * np.log(np.tan(np.pi / 4 + latitude / 2))
    return np.column_stack([EARTH_RADIUS * longitude, northing])
