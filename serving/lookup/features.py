"""Features of chips, by name and month."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from psycopg import sql

from ml.model.matrix import FeatureMatrix
from serving.edge.errors import NotFoundError
from serving.lookup.pool import Pool

NAMED_AT_MOST: Final = 10
"""Chips that an error names."""

# A month that was not asked for is the last one; one row per chip that the warehouse has.
_LOOKUP: Final = """
    select distinct on (dim_chip.chip_key)
        dim_chip.chip_id,
        {columns}
    from marts.dim_chip
    left join features.chip_month
        on
            dim_chip.chip_key = chip_month.chip_key
            and (%(as_of)s::integer is null or chip_month.as_of = %(as_of)s)
    where dim_chip.chip_id = any(%(chip_ids)s)
    order by dim_chip.chip_key, chip_month.as_of desc nulls last
"""
_MONTHS: Final = sql.SQL("""
    select dim_chip.chip_id, min(chip_month.as_of), max(chip_month.as_of)
    from marts.dim_chip
    inner join features.chip_month on dim_chip.chip_key = chip_month.chip_key
    where dim_chip.chip_id = any(%(chip_ids)s)
    group by dim_chip.chip_id
    order by dim_chip.chip_id
""")


@dataclass(frozen=True, slots=True)
class ChipFeatures:
    """Features of some chips, in the order asked.

    Attributes:
        as_of: Time key of each row.
        features: One row per chip.
    """

    as_of: tuple[int, ...]
    features: FeatureMatrix


class FeatureLookup:
    """Reads ``features.chip_month``.

    Args:
        pool: Connections to the warehouse.
        names: The columns to read, in order.
    """

    def __init__(self, pool: Pool, names: Sequence[str]) -> None:
        self._pool = pool
        self._names = tuple(names)
        columns = (sql.Identifier("chip_month", name) for name in ("as_of", *self._names))
        self._query = sql.SQL(_LOOKUP).format(columns=sql.SQL(", ").join(columns))

    async def look_up(self, chip_ids: Sequence[str], *, as_of: int | None) -> ChipFeatures:
        """Return the features of chips at a month, or at the last observed month of each.

        Raises:
            NotFoundError: A chip is unknown or was not observed then.
            DatabaseGoneError: The warehouse does not answer, or has no feature tables.
        """
        asked = {"chip_ids": list(set(chip_ids)), "as_of": as_of}
        known = {row[0]: row[1:] for row in await self._pool.fetch(self._query, asked)}
        unknown = [chip_id for chip_id in chip_ids if chip_id not in known]
        if unknown:
            raise NotFoundError(f"the warehouse has no chip {_listed(unknown)}")
        rows = [known[chip_id] for chip_id in chip_ids]
        unseen = [chip_id for chip_id in chip_ids if known[chip_id][0] is None]
        if unseen:
            raise NotFoundError(await self._not_observed(unseen, as_of))
        values = np.array([row[1:] for row in rows], dtype=np.float64)
        features = FeatureMatrix(self._names, values.reshape(len(rows), len(self._names)))
        return ChipFeatures(tuple(row[0] for row in rows), features)

    async def check(self) -> None:
        """Look up nothing.

        Raises:
            DatabaseGoneError: Features could not be looked up now.
        """
        await self._pool.fetch(self._query, {"chip_ids": [], "as_of": None})

    async def _not_observed(self, chip_ids: Sequence[str], as_of: int | None) -> str:
        when = "in any month" if as_of is None else f"in month {as_of}"
        found = await self._pool.fetch(_MONTHS, {"chip_ids": list(chip_ids[:NAMED_AT_MOST])})
        ranges = ", ".join(f"{name} from {first} to {last}" for name, first, last in found)
        known = f"; there are months of {ranges}" if ranges else ""
        return f"chip {_listed(chip_ids)} was not observed {when}{known}"


def _listed(chip_ids: Sequence[str]) -> str:
    names = list(dict.fromkeys(chip_ids))
    more = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
