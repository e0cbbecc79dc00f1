"""What the warehouse knows of chips, AOIs and months, as rows for answers."""

from typing import Any, Final

from psycopg import sql

from serving.edge.errors import NotFoundError
from serving.lookup.pool import Pool

Row = dict[str, Any]
"""Fields of an answer by name; which they are is said in ``serving.api.answers``."""

_CHIPS: Final = """
    select
        dim_chip.chip_key,
        dim_chip.chip_id,
        dim_chip.aoi_key,
        dim_aoi.name as aoi_name,
        dim_chip.lon,
        dim_chip.lat,
        dim_chip.zoom,
        dim_chip.tile_x,
        dim_chip.tile_y,
        dim_chip.metres_per_pixel,
        months.first_month,
        months.last_month,
        coalesce(months.month_count, 0) as month_count
    from marts.dim_chip
    inner join marts.dim_aoi on dim_chip.aoi_key = dim_aoi.aoi_key
    left join lateral (
        select
            min(fact_chip_month.time_key) as first_month,
            max(fact_chip_month.time_key) as last_month,
            count(*)::integer as month_count
        from marts.fact_chip_month
        where dim_chip.chip_key = fact_chip_month.chip_key
        group by fact_chip_month.chip_key
    ) as months on true
"""
_CHIP: Final = sql.SQL(_CHIPS + "where dim_chip.chip_id = %(chip_id)s")
_CHIP_PAGE: Final = sql.SQL(
    _CHIPS
    + """
    where
        (%(aoi_key)s::integer is null or dim_chip.aoi_key = %(aoi_key)s)
        and (%(after)s::text is null or dim_chip.chip_id > %(after)s)
    order by dim_chip.chip_id
    limit %(limit)s
"""
)
_CHIP_FIELDS: Final = (
    "chip_key", "chip_id", "aoi_key", "aoi_name", "lon", "lat", "zoom", "tile_x", "tile_y",
    "metres_per_pixel", "first_month", "last_month", "month_count",
)  # fmt: skip

_AOIS: Final = """
    select
        aoi_key,
        name,
        chip_count,
        st_x(st_transform(centroid, 4326)) as lon,
        st_y(st_transform(centroid, 4326)) as lat
    from marts.dim_aoi
"""
_AOI: Final = sql.SQL(_AOIS + "where aoi_key = %(aoi_key)s")
_AOI_PAGE: Final = sql.SQL(
    _AOIS
    + """
    where %(after)s::integer is null or aoi_key > %(after)s
    order by aoi_key
    limit %(limit)s
"""
)
_AOI_FIELDS: Final = ("aoi_key", "name", "chip_count", "lon", "lat")

_MONTHS: Final = sql.SQL("""
    select dim_time.time_key, count(fact_chip_month.chip_key)::integer as chip_count
    from marts.dim_time
    left join marts.fact_chip_month on dim_time.time_key = fact_chip_month.time_key
    group by dim_time.time_key
    order by dim_time.time_key
""")

HISTORY_FIELDS: Final = (
    "building_count", "corrected_count", "built_area_m2", "appeared", "revealed", "reappeared",
    "demolished", "occluded", "open", "usable_share",
)  # fmt: skip
_HISTORY: Final = sql.SQL("""
    select fact_chip_month.time_key, {columns}
    from marts.fact_chip_month
    where fact_chip_month.chip_key = %(chip_key)s
    order by fact_chip_month.time_key
""").format(
    columns=sql.SQL(", ").join(sql.Identifier("fact_chip_month", name) for name in HISTORY_FIELDS)
)


class Places:
    """Reads chips, AOIs and months.

    Every method raises ``DatabaseGoneError`` where the warehouse does not answer.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def chip(self, chip_id: str) -> Row:
        """Return one chip.

        Raises:
            NotFoundError: There is none of that name.
        """
        rows = await self._pool.fetch(_CHIP, {"chip_id": chip_id})
        if not rows:
            raise NotFoundError(f"the warehouse has no chip {chip_id}; /chips lists them")
        return dict(zip(_CHIP_FIELDS, rows[0], strict=True))

    async def chips(self, *, aoi_key: int | None, after: str | None, limit: int) -> list[Row]:
        """Return chips by name, at most ``limit``, those that come after a name."""
        given = {"aoi_key": aoi_key, "after": after, "limit": limit}
        rows = await self._pool.fetch(_CHIP_PAGE, given)
        return [dict(zip(_CHIP_FIELDS, row, strict=True)) for row in rows]

    async def aoi(self, aoi_key: int) -> Row:
        """Return one AOI.

        Raises:
            NotFoundError: There is none of that key.
        """
        rows = await self._pool.fetch(_AOI, {"aoi_key": aoi_key})
        if not rows:
            raise NotFoundError(f"the warehouse has no AOI {aoi_key}; /aois lists them")
        return dict(zip(_AOI_FIELDS, rows[0], strict=True))

    async def aois(self, *, after: int | None, limit: int) -> list[Row]:
        """Return AOIs by key, at most ``limit``, those that come after a key."""
        rows = await self._pool.fetch(_AOI_PAGE, {"after": after, "limit": limit})
        return [dict(zip(_AOI_FIELDS, row, strict=True)) for row in rows]

    async def months(self) -> list[Row]:
        """Return the months of the warehouse with the number of chips observed in each."""
        rows = await self._pool.fetch(_MONTHS)
        return [{"month": month, "chip_count": count} for month, count in rows]

    async def history(self, chip_id: str) -> list[Row]:
        """Return what was seen of a chip, by observed month.

        Raises:
            NotFoundError: There is no such chip.
        """
        chip = await self.chip(chip_id)
        rows = await self._pool.fetch(_HISTORY, {"chip_key": chip["chip_key"]})
        fields = ("month", *HISTORY_FIELDS)
        return [dict(zip(fields, row, strict=True)) for row in rows]
