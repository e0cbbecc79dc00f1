"""What is known of the real data and may be copied: chips, months, masks, counts.

The figures are facts about SpaceNet 7 (Van Etten et al. 2021, arXiv 2102.04420); no label is here.
"""

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROWS = 6_664_652
"""Rows of the real ``sn7_train_ground_truth_pix.csv``."""
FOLDER = Path(__file__).parent / "facts"
CALENDAR = tuple(
    year * 100 + month
    for year in range(2017, 2021)
    for month in range(1, 13)
    if 201707 <= year * 100 + month <= 202001
)
"""Every calendar month of the data as time_key; no chip has 2017-12, yet buildings stood then."""
TILES = 8192
"""Tiles along a side of the world at zoom 13."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One real chip and what is known of its months.

    Attributes:
        index: Place in the list of chips, ascending by name.
        chip_id: SpaceNet 7's name.
        tile_x: Column of its web-mercator tile at zoom 13.
        tile_y: Row of that tile, counted from the north.
        observed: Months with rows in the CSV, as positions in ``CALENDAR``.
        clouded: Months with labels but without rows: the whole tile is under cloud.
        masked: Observed months with a mask of unusable data.
        mean_count: Mean buildings per observed month, where known.
        persistence: Share of buildings that are there in the next observed month, where known.
        two_year_growth: Growth from 2018-01 to 2020-01, where known.
        some_count: Mean of the few months whose count is known, where the mean of all is not.
    """

    index: int
    chip_id: str
    tile_x: int
    tile_y: int
    observed: tuple[int, ...]
    clouded: tuple[int, ...]
    masked: tuple[int, ...]
    mean_count: float | None = None
    persistence: float | None = None
    two_year_growth: float | None = None
    some_count: float | None = None

    @property
    def first(self) -> int:
        """Position of the first observed month."""
        return self.observed[0]

    @property
    def last(self) -> int:
        """Position of the last observed month."""
        return self.observed[-1]

    @property
    def latitude(self) -> float:
        """Latitude of the tile's middle in degrees."""
        return lonlat(self, 512.0, 512.0)[1]

    def stem(self, position: int) -> str:
        """Return the name of the image of the month at ``position`` of ``CALENDAR``."""
        year, month = divmod(CALENDAR[position], 100)
        return f"global_monthly_{year}_{month:02d}_mosaic_{self.chip_id}"


def lonlat(chip: Chip, x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude (degrees, CRS84) of a pixel of ``chip``, to 1e-9 degrees.

    Source: the web-mercator tile scheme, EPSG:3857, 1,024 pixels to a tile, y down.
    """
    across = (chip.tile_x + x / 1024) / TILES
    down = (chip.tile_y + y / 1024) / TILES
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))
    return round(across * 360 - 180, 9), round(latitude, 9)


@cache
def chips() -> tuple[Chip, ...]:
    """Return the 60 real chips, ascending by name."""
    known = {row["chip_id"]: row for row in _rows("known_chips.csv")}
    months: dict[str, list[dict[str, str]]] = {}
    for row in _rows("chip_months.csv"):
        months.setdefault(row["chip_id"], []).append(row)
    return tuple(
        _chip(index, chip_id, months[chip_id], known.get(chip_id, {}))
        for index, chip_id in enumerate(sorted(months))
    )


def _chip(index: int, chip_id: str, months: list[dict[str, str]], known: dict[str, str]) -> Chip:
    position = {key: month for month, key in enumerate(CALENDAR)}
    placed = [(position[int(row["year"]) * 100 + int(row["month"])], row) for row in months]
    placed.sort(key=lambda pair: pair[0])
    tile_x, tile_y, _zoom = chip_id.split("_")[1:]
    return Chip(
        index=index,
        chip_id=chip_id,
        tile_x=int(tile_x),
        tile_y=int(tile_y),
        observed=tuple(month for month, row in placed if row["in_csv"] == "1"),
        clouded=tuple(month for month, row in placed if row["in_csv"] == "0"),
        masked=tuple(
            month for month, row in placed if row["in_csv"] == "1" and row["has_udm"] == "1"
        ),
        mean_count=_number(known.get("mean_count")),
        persistence=_number(known.get("persistence")),
        two_year_growth=_number(known.get("two_year_growth")),
        some_count=_number(known.get("some_count")),
    )


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
