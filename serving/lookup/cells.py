"""Forecasts of cells as they were written last: where building goes on within a chip."""

from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from serving.lookup.pool import Pool

_CELLS: Final = sql.SQL("""
    with

    chips as materialized (

        select dim_chip.chip_key, dim_chip.chip_id, dim_chip.tile_x, dim_chip.tile_y,
            newest.as_of, latest.model_version
        from marts.dim_chip
        inner join lateral (
            select max(as_of) as as_of
            from ml.cell_forecast
            where dim_chip.chip_key = cell_forecast.chip_key
            group by chip_key
        ) as newest on true
        inner join lateral (
            select max(model_version) as model_version
            from ml.cell_forecast
            where
                dim_chip.chip_key = cell_forecast.chip_key
                and newest.as_of = cell_forecast.as_of
            group by chip_key
        ) as latest on true
        where
            (%(chip_id)s::text is null or dim_chip.chip_id = %(chip_id)s)
            -- a chip is narrower than 0.05 degrees, and cells are looked at one by one below
            and dim_chip.lat between %(south)s - 0.05 and %(north)s + 0.05
            and dim_chip.chip_key >= coalesce(%(after)s::bigint / 1024, 0)

    ),

    cells as materialized (

        select
            chips.chip_key::bigint * 1024 + cell_forecast.cell_no as cell_key,
            chips.chip_id,
            cell_forecast.cell_no,
            chips.as_of,
            chips.model_version,
            (chips.tile_x * 32 + cell_forecast.cell_no %% 32 + 0.5::double precision) / 262144 * 360
                - 180 as lon,
            degrees(atan(sinh(
                pi() * (1 - (chips.tile_y * 32 + cell_forecast.cell_no / 32 + 0.5) / 131072)
            ))) as lat,
            cell_forecast.horizon,
            cell_forecast.probability
        from chips
        inner join ml.cell_forecast
            on
                chips.chip_key = cell_forecast.chip_key
                and chips.as_of = cell_forecast.as_of
                and chips.model_version = cell_forecast.model_version

    )

    select
        cell_key, chip_id, cell_no, as_of, model_version, lon, lat,
        array_agg(horizon order by horizon),
        array_agg(probability order by horizon)
    from cells
    where
        lat between %(south)s and %(north)s
        and case
            when %(west)s <= %(east)s then lon between %(west)s and %(east)s
            else lon >= %(west)s or lon <= %(east)s
        end
        and (%(after)s::bigint is null or cell_key > %(after)s)
    group by cell_key, chip_id, cell_no, as_of, model_version, lon, lat
    order by cell_key
    limit %(limit)s
""")
_FIELDS: Final = ("cell_key", "chip_id", "cell_no", "as_of", "model_version", "lon", "lat")


@dataclass(frozen=True, slots=True)
class Box:
    """A box in degrees; where ``west`` is greater than ``east`` it crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float


class Cells:
    """Reads ``ml.cell_forecast``.

    Args:
        pool: Connections to the warehouse.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def within(
        self, box: Box, *, chip_id: str | None, after: int | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return cells whose centres lie in a box, by key, each with its horizons.

        Raises:
            DatabaseGoneError: The warehouse does not answer, or has no forecasts of cells.
        """
        given = {
            "west": box.west,
            "south": box.south,
            "east": box.east,
            "north": box.north,
            "chip_id": chip_id,
            "after": after,
            "limit": limit,
        }
        rows = await self._pool.fetch(_CELLS, given)
        return [
            dict(zip(_FIELDS, row, strict=False)) | {"horizons": list(zip(*row[-2:], strict=True))}
            for row in rows
        ]
