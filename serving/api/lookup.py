"""Features of chips, looked up in the warehouse with the rights of role ``service``."""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ml.model.matrix import FeatureMatrix
from serving.api.errors import DatabaseGoneError, UnknownChipError
from warehouse.connection.conninfo import (
    ENCODING,
    POOLER_HINT,
    own_options,
)
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 3
_LIBPQ_NAMES = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")

_LOOKUP = """
    select requested.chip_id, dim_chip.chip_key, chip_month.*
    from unnest(%(chip_ids)s::text[]) with ordinality as requested (chip_id, place)
    left join marts.dim_chip on requested.chip_id = dim_chip.chip_id
    left join lateral (
        select {columns}
        from features.chip_month
        where
            chip_month.chip_key = dim_chip.chip_key
            and (%(as_of)s::integer is null or chip_month.as_of = %(as_of)s)
        order by chip_month.as_of desc
        limit 1
    ) as chip_month on true
    order by requested.place
"""


@dataclass(frozen=True, slots=True)
class ChipFeatures:
    """Features of some chips, in the order asked.

    Attributes:
        as_of: Time key of each row.
        features: One row per chip.
    """

    as_of: tuple[int, ...]
    features: FeatureMatrix


def service_conninfo() -> str:
    """Return the connection string of the warehouse, acting as role ``service``.

    ``SN7_DSN``, else libpq's own variables. The service never starts a server of its own.

    Raises:
        DatabaseGoneError: Neither is set.
    """
    given = get_settings().dsn
    if given is None and not any(name in os.environ for name in _LIBPQ_NAMES):
        raise DatabaseGoneError("no warehouse is named: set SN7_DSN, or PGHOST and its like")
    parameters = conninfo_to_dict(given or "")
    given_options = parameters.get("options") or os.environ.get("PGOPTIONS", "")
    options = own_options(given_options, Role.SERVICE)
    parameters["options"] = f"{options} -cstatement_timeout={TIMEOUT_SECONDS}s"
    parameters["client_encoding"] = ENCODING
    parameters.setdefault("connect_timeout", TIMEOUT_SECONDS)
    parameters.setdefault("application_name", "sn7-service")
    return make_conninfo("", **parameters)


async def _connected_as_service() -> psycopg.AsyncConnection:
    connection = await psycopg.AsyncConnection.connect(service_conninfo(), autocommit=True)
    row = await (await connection.execute("select current_user")).fetchone()
    if row != (Role.SERVICE,):
        await connection.close()
        raise DatabaseGoneError(f"the warehouse did not grant role {Role.SERVICE}: {POOLER_HINT}")
    return connection


class FeatureLookup:
    """One connection to the warehouse, opened when first needed and again after it was lost."""

    def __init__(self, names: Sequence[str]) -> None:
        """Look up the columns ``names`` of ``features.chip_month``."""
        self._names = tuple(names)
        self._connection: psycopg.AsyncConnection | None = None
        self._lock = asyncio.Lock()
        columns = sql.SQL(", ").join(map(sql.Identifier, ("as_of", *self._names)))
        self._query = sql.SQL(_LOOKUP).format(columns=columns)

    async def look_up(self, chip_ids: Sequence[str], *, as_of: int | None) -> ChipFeatures:
        """Return the features of chips at a month, or at the last observed month of each.

        Raises:
            UnknownChipError: A chip is unknown or was not observed then.
            DatabaseGoneError: The warehouse does not answer, or has no feature tables.
        """
        rows = await self._fetch({"chip_ids": list(chip_ids), "as_of": as_of})
        unknown = [row[0] for row in rows if row[1] is None]
        if unknown:
            raise UnknownChipError(f"the warehouse has no chip {', '.join(unknown)}")
        unseen = [row[0] for row in rows if row[2] is None]
        if unseen:
            when = "in any month" if as_of is None else f"in month {as_of}"
            raise UnknownChipError(f"chip {', '.join(unseen)} was not observed {when}")
        values = np.array([row[3:] for row in rows], dtype=np.float64)
        features = FeatureMatrix(self._names, values.reshape(len(rows), len(self._names)))
        return ChipFeatures(tuple(row[2] for row in rows), features)

    async def is_reachable(self) -> bool:
        """Tell whether features can be looked up now; the reason why not is logged."""
        try:
            await self._fetch({"chip_ids": [], "as_of": None})
        except DatabaseGoneError as error:
            logger.warning("not ready: %s", error)
            return False
        return True

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _fetch(self, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
        async with self._lock:
            try:
                return await self._execute(parameters)
            except psycopg.OperationalError:
                # The server may have been restarted since the last request: once more, anew.
                await self.close()
            try:
                return await self._execute(parameters)
            except psycopg.OperationalError as error:
                reason = str(error).strip().splitlines()[0]
                await self.close()
                raise DatabaseGoneError(
                    f"the warehouse does not answer ({reason}); try again later"
                ) from error

    async def _execute(self, parameters: dict[str, object]) -> list[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await _connected_as_service()
        try:
            cursor = await self._connection.execute(self._query, parameters, prepare=True)
            return await cursor.fetchall()
        except (
            psycopg.errors.UndefinedTable,
            psycopg.errors.UndefinedColumn,
            psycopg.errors.InsufficientPrivilege,
        ) as error:
            raise DatabaseGoneError(
                f"the warehouse cannot give features ({error.diag.message_primary}); "
                "run the main job first"
            ) from error
