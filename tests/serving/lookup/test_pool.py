"""The pool: a reason at once, time-outs by query, and recovery by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from serving.edge.errors import DatabaseGoneError
from serving.lookup import pool as pools
from serving.lookup.pool import Pool
from tests.fixtures.trained import drop_service_connections


def with_pool(work: Callable[[Pool], Awaitable[Any]], size: int = 2) -> Any:
    """Run something with an open pool."""

    async def run() -> Any:
        pool = Pool(size)
        await pool.open()
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


ONE = sql.SQL("select current_user::text")


def test_it_acts_as_role_service_alone(database: str) -> None:
    assert with_pool(lambda pool: pool.fetch(ONE)) == [("service",)]


def test_more_queries_than_connections_wait_for_their_turn(database: str) -> None:
    async def work(pool: Pool) -> int:
        await asyncio.gather(*(pool.fetch(ONE) for _ in range(40)))
        return pool.numbers()["size"]

    assert with_pool(work) <= 2


def test_a_slow_query_ends_by_itself_and_holds_up_no_other(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "STATEMENT_SECONDS", 1)

    async def work(pool: Pool) -> float:
        slow = asyncio.create_task(pool.fetch(sql.SQL("select pg_sleep(30)")))
        began = time.monotonic()
        await pool.fetch(ONE)
        quick = time.monotonic() - began
        with pytest.raises(DatabaseGoneError, match="took longer than 1 s"):
            await slow
        return quick

    assert with_pool(work) < 1


def test_connections_that_the_server_closed_are_replaced_without_an_error(database: str) -> None:
    async def work(pool: Pool) -> None:
        await asyncio.gather(*(pool.fetch(ONE) for _ in range(8)))
        await asyncio.to_thread(drop_service_connections, database)
        assert await pool.fetch(ONE) == [("service",)]

    with_pool(work)


def test_a_warehouse_that_comes_back_is_used_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "WAITING_SECONDS", 0.3)

    async def work(pool: Pool) -> None:
        monkeypatch.setenv("SN7_DSN", psycopg.conninfo.make_conninfo(database, dbname="not_there"))
        with pytest.raises(DatabaseGoneError, match='database "not_there" does not exist'):
            await pool.fetch(ONE)
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(DatabaseGoneError, match="does not exist"):
                await pool.fetch(ONE)
        assert time.monotonic() - began < 0.3, "those after the first are not kept waiting"
        monkeypatch.setenv("SN7_DSN", database)
        await asyncio.sleep(pools.SILENT_SECONDS)
        assert await pool.fetch(ONE) == [("service",)]

    with_pool(work)


def test_what_is_not_built_yet_is_said(database: str) -> None:
    with pytest.raises(DatabaseGoneError, match="lacks what is asked for"):
        with_pool(lambda pool: pool.fetch(sql.SQL("select * from marts.dim_chip")))
