"""Names of chips and their AOIs, for what people read and for what is counted by AOI."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
import psycopg

from ml.data.examples import MISSING_TABLE_ADVICE
from ml.errors import FeatureTableError

_PLACES: Final = """
    select dim_chip.chip_key, dim_chip.chip_id, dim_chip.aoi_key, dim_aoi.name
    from marts.dim_chip
    inner join marts.dim_aoi using (aoi_key)
    order by dim_chip.chip_key
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A chip and the AOI that it lies in."""

    chip_key: int
    chip: str
    aoi_key: int
    aoi: str


def aoi_frame(places: Sequence[Place]) -> pl.DataFrame:
    """Return columns ``chip_key`` and ``aoi``, the name of its AOI."""
    return pl.DataFrame(
        [(place.chip_key, place.aoi) for place in places],
        schema={"chip_key": pl.Int64, "aoi": pl.String},
        orient="row",
    )


def read_places(connection: psycopg.Connection) -> tuple[Place, ...]:
    """Return every chip with its AOI, ordered by chip.

    Raises:
        FeatureTableError: The tables of places are not there.
    """
    try:
        rows = connection.execute(_PLACES).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        message = f"{error.diag.message_primary}; {MISSING_TABLE_ADVICE}"
        raise FeatureTableError(message) from error
    return tuple(Place(*row) for row in rows)
