"""The pool of connections to the warehouse, each acting as role ``service`` and in limited time.

Where the warehouse is gone, the first who ask wait for a connection in vain; those of the next
half second get their reason without waiting. The next one after that tries again.
"""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from serving.edge.errors import DatabaseGoneError
from warehouse.connection.conninfo import ENCODING, POOLER_HINT, own_options
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings

logger = logging.getLogger(__name__)

STATEMENT_SECONDS: Final = 3
CONNECT_SECONDS: Final = 3
WAITING_SECONDS: Final = 2.0
"""For a connection of the pool."""

SILENT_SECONDS: Final = 0.5
"""After a failure, in which nobody waits for another one."""

MOST_WAITING: Final = 200
IDLE_SECONDS: Final = 120.0

_LIBPQ_NAMES: Final = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE")
_NOT_BUILT: Final = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)


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
    parameters["options"] = f"{options} -cstatement_timeout={STATEMENT_SECONDS}s"
    parameters["client_encoding"] = ENCODING
    parameters.setdefault("connect_timeout", CONNECT_SECONDS)
    parameters.setdefault("application_name", "sn7-service")
    return make_conninfo("", **parameters)


class _Connection(psycopg.AsyncConnection[TupleRow]):
    """A connection that acts as role ``service``, and remembers why the last one failed."""

    failure: str | None = None

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> "_Connection":
        try:
            connection = await super().connect(conninfo or service_conninfo(), **kwargs)
            row = await (await connection.execute("select current_user")).fetchone()
            if row != (Role.SERVICE,):
                await connection.close()
                raise psycopg.OperationalError(
                    f"it did not grant role {Role.SERVICE}: {POOLER_HINT}"
                )
        except (psycopg.OperationalError, DatabaseGoneError) as error:
            cls.failure = _first_line(error)
            raise
        cls.failure = None
        return connection


class Pool:
    """Connections to the warehouse, opened when first needed.

    Args:
        size: Most of them at once.
    """

    def __init__(self, size: int) -> None:
        # A class of its own, as a pool of another database fails for reasons of its own.
        self._kind: type[_Connection] = type("_Connection", (_Connection,), {})
        self._size = size
        self._pool: AsyncConnectionPool[_Connection] | None = None
        self._silent_until = 0.0

    async def open(self) -> None:
        """Start the pool in the running event loop; no connection is made yet."""
        self._pool = AsyncConnectionPool(
            connection_class=self._kind,
            kwargs={"autocommit": True},
            min_size=0,
            max_size=self._size,
            timeout=WAITING_SECONDS,
            max_waiting=MOST_WAITING,
            max_idle=IDLE_SECONDS,
            reconnect_timeout=WAITING_SECONDS,
            open=False,
            num_workers=1,
            name="warehouse",
        )
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    def numbers(self) -> Mapping[str, int]:
        """Return connections and waiting requests, for the metrics."""
        found = self._pool.get_stats() if self._pool is not None else {}
        return {
            "size": found.get("pool_size", 0),
            "idle": found.get("pool_available", 0),
            "waiting": found.get("requests_waiting", 0),
            "largest": self._size,
        }

    async def fetch(
        self,
        query: sql.Composed | sql.SQL,
        parameters: Mapping[str, object] | Sequence[object] | None = None,
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a query.

        Raises:
            DatabaseGoneError: The warehouse does not answer, or lacks what is asked for.
        """
        if time.monotonic() < self._silent_until:
            raise self._gone()
        try:
            return await self._fetch_once_more_if_lost(query, parameters)
        except _NOT_BUILT as error:
            raise DatabaseGoneError(
                f"the warehouse lacks what is asked for ({_first_line(error)}); run the main job "
                "first"
            ) from error
        except psycopg.errors.QueryCanceled as error:
            raise DatabaseGoneError(
                f"the warehouse took longer than {STATEMENT_SECONDS} s; ask for less, or later"
            ) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            if not isinstance(error, PoolTimeout | TooManyRequests):
                self._kind.failure = _first_line(error)
            raise self._gone() from error

    async def _fetch_once_more_if_lost(
        self,
        query: sql.Composed | sql.SQL,
        parameters: Mapping[str, object] | Sequence[object] | None,
    ) -> list[tuple[Any, ...]]:
        if self._pool is None:
            raise psycopg.OperationalError("the service is not started")
        async with self._pool.connection() as connection:
            try:
                return await _rows(connection, query, parameters)
            except psycopg.OperationalError:
                if not connection.broken:
                    raise
        # The server was restarted since: whatever else it closed is thrown out as well.
        await self._pool.check()
        async with self._pool.connection() as connection:
            return await _rows(connection, query, parameters)

    def _gone(self) -> DatabaseGoneError:
        reason = self._kind.failure or "all connections are busy"
        return DatabaseGoneError(f"the warehouse does not answer ({reason}); try again later")


async def _rows(
    connection: _Connection,
    query: sql.Composed | sql.SQL,
    parameters: Mapping[str, object] | Sequence[object] | None,
) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query, parameters, prepare=True)
    return await cursor.fetchall()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
