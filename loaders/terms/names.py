"""SpaceNet 7's names: ``global_monthly_2018_01_mosaic_L15-1615E-1205N_6460_3370_13``.

The chip's name holds Planet's quad (level 15, east and north) and the web-mercator tile (x, y,
zoom 13). Both say where the chip is, so they are checked against each other. The trailing 13 is
the zoom and no UTM zone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from loaders.terms.reasons import Reason
from loaders.terms.tiles import TILES, ZOOM, chip_key, quad_of

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100

CHIP_FORM: Final = re.compile(
    r"L15-(?P<quad_e>\d{4})E-(?P<quad_n>\d{4})N"
    r"_(?P<tile_x>0|[1-9]\d{0,5})_(?P<tile_y>0|[1-9]\d{0,5})_(?P<zoom>\d{1,2})",
    re.ASCII,
)
FILENAME_FORM: Final = re.compile(
    r"(?P<mosaic>global_monthly_(?P<year>\d{4})_(?P<month>\d{2})_mosaic)_"
    rf"(?P<chip_id>{CHIP_FORM.pattern})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ImageName:
    """What a filename says about its image.

    Attributes:
        filename: The image's stem, without extension.
        mosaic: Name of Planet's monthly mosaic.
        year: Four digits.
        month: 1 to 12.
        chip_id: The chip's name.
        quad_e: East number of the quad.
        quad_n: North number of the quad.
        tile_x: Column of the tile, from the west.
        tile_y: Row of the tile, from the north.
        zoom: Always 13.
    """

    filename: str
    mosaic: str
    year: int
    month: int
    chip_id: str
    quad_e: int
    quad_n: int
    tile_x: int
    tile_y: int
    zoom: int

    @property
    def chip_key(self) -> int:
        """``tile_x * 8192 + tile_y``."""
        return chip_key(self.tile_x, self.tile_y)

    @property
    def time_key(self) -> int:
        """``year * 100 + month``."""
        return self.year * 100 + self.month


class NameRejectedError(ValueError):
    """A filename that names no image; the message is the reason to reject its rows with."""


def parse_filename(filename: str) -> ImageName:
    """Parse an image's stem and check quad against tile.

    Args:
        filename: ``global_monthly_YYYY_MM_mosaic_<chip_id>``, without extension.

    Raises:
        NameRejectedError: With the reason of ``loaders.terms.reasons``.
    """
    match = FILENAME_FORM.fullmatch(filename)
    if match is None:
        raise NameRejectedError(Reason.FILENAME_FORM.found(repr(filename)))
    numbers = {
        name: int(match[name])
        for name in ("year", "month", "quad_e", "quad_n", "tile_x", "tile_y", "zoom")
    }
    _check(numbers)
    return ImageName(filename=filename, mosaic=match["mosaic"], chip_id=match["chip_id"], **numbers)


def _check(numbers: dict[str, int]) -> None:
    year, month, zoom = numbers["year"], numbers["month"], numbers["zoom"]
    if not (1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR):
        raise NameRejectedError(Reason.FILENAME_MONTH.found(f"{year:04}_{month:02}"))
    today = datetime.now(UTC).date()
    if (year, month) > (today.year, today.month):
        detail = f"{year:04}_{month:02}, and the clock says {today:%Y_%m}"
        raise NameRejectedError(Reason.FILENAME_FUTURE.found(detail))
    if zoom != ZOOM:
        raise NameRejectedError(Reason.FILENAME_ZOOM.found(f"{zoom} instead of {ZOOM}"))
    tile = numbers["tile_x"], numbers["tile_y"]
    if max(tile) >= TILES:
        raise NameRejectedError(Reason.FILENAME_TILE.found(f"{tile} of {TILES} x {TILES}"))
    named, expected = (numbers["quad_e"], numbers["quad_n"]), quad_of(*tile)
    if named != expected:
        detail = f"quad {named}, but tile {tile} lies in quad {expected}"
        raise NameRejectedError(Reason.QUAD_TILE.found(detail))


def is_hidden(path: str) -> bool:
    """Tell whether a file within a source is none of its data: ``._x.csv``, ``__MACOSX/x.csv``."""
    return any(
        (part.startswith(".") and part not in {".", ".."}) or part == "__MACOSX"
        for part in path.split("/")
    )
