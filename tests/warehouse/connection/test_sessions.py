"""Who holds up whom is said with process, user and time."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from warehouse.access import connect
from warehouse.connection.errors import LockHeldError
from warehouse.connection.roles import Role
from warehouse.connection.sessions import holders_of_lock, holders_up, named
from warehouse.waiting import no_longer_than, told_of_waits

KEY = 7_702_999


@pytest.fixture
def table(database: str) -> str:
    with connect(role=Role.LOADER) as connection:
        connection.execute("create table raw.wanted (n integer)")
    return "raw.wanted"


@contextmanager
def reader_of(table: str) -> Iterator[psycopg.Connection]:
    """Somebody's open transaction that has read a table."""
    with closing(connect(role=Role.TRANSFORMER)) as reader:
        reader.execute(f"select * from {table}")
        yield reader


def test_the_holder_of_an_advisory_lock_is_named(database: str) -> None:
    with connect(role=Role.LOADER, autocommit=True) as holder, connect() as other:
        assert holders_of_lock(other, KEY) == []
        holder.execute("select pg_advisory_lock(%s)", (KEY,))
        (found,) = holders_of_lock(other, KEY)
        assert found.pid == holder.info.backend_pid
        assert f"server process {found.pid}" in named([found])


def test_a_wait_that_is_too_long_ends_and_names_who_holds_the_lock(table: str) -> None:
    with reader_of(table) as reader, connect(role=Role.LOADER) as loader:
        pid = reader.info.backend_pid
        with (
            pytest.raises(LockHeldError, match=rf"server process {pid}, idle in transaction"),
            no_longer_than(1, loader),
        ):
            loader.execute(f"drop table {table}")


def test_a_wait_within_the_limit_passes(table: str) -> None:
    with reader_of(table) as reader, connect(role=Role.LOADER) as loader:
        threading.Timer(0.5, reader.rollback).start()
        with no_longer_than(30, loader):
            loader.execute(f"drop table {table}")
        assert loader.execute("show lock_timeout").fetchone() == ("0",)


def test_whoever_waits_is_told_for_whom_once(table: str) -> None:
    said: list[str] = []
    with reader_of(table) as reader, connect(role=Role.LOADER) as loader:
        pid = reader.info.backend_pid
        application = loader.execute("show application_name").fetchone()
        assert application is not None
        with told_of_waits(said.append, application=application[0], every_seconds=0.1) as waits:
            threading.Timer(1.5, reader.rollback).start()
            loader.execute(f"drop table {table}")
        assert len(said) == 1
        assert said[0] == waits.last
        assert said[0].startswith("waiting for ")
        assert f"server process {pid}, idle in transaction" in said[0]


def test_nobody_is_named_where_nobody_waits(table: str) -> None:
    said: list[str] = []
    with reader_of(table), connect() as other:
        with told_of_waits(said.append, application="sn7: ", every_seconds=0.05):
            time.sleep(0.3)
        assert holders_up(other, application="sn7: ") == []
    assert said == []
