"""One run at a time: the second waits and says for whom; nobody waits for the dead."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO

import psycopg
import pytest

from warehouse.connection.errors import ConnectionLostError
from warehouse.connection.sessions import sessions_at_work
from warehouse.connection.settings import PROJECT_ROOT
from warehouse.running.lock import hold, holder, live_sessions

HOLD = """
import sys, time
from warehouse.access import dsn
from warehouse.running.lock import hold
with hold(dsn(), sys.argv[1]) as session:
    print(session.name, flush=True)
    time.sleep(120)
"""
SOON = 2.0


def start(what: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, what],
        cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def line_of(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


@pytest.fixture
def other(database: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = start("make run")
    assert line_of(process.stdout)
    yield process
    process.kill()
    process.communicate()


def test_the_second_waits_and_says_for_whom(database: str, other: subprocess.Popen[str]) -> None:
    second = start("make dbt build")
    try:
        started = time.monotonic()
        told = line_of(second.stderr)
        assert time.monotonic() - started < SOON + 3  # starting Python is part of it
        assert told.startswith(f"waiting for `make run` (process {other.pid} of ")
        assert ", since " in told
        assert second.poll() is None

        other.kill()
        assert line_of(second.stdout)
    finally:
        second.kill()
        second.communicate()


def test_who_holds_it_is_known_and_nobody_once_it_was_killed(
    database: str, other: subprocess.Popen[str]
) -> None:
    found = holder(database)
    assert found is not None
    assert (found.what, found.process) == ("make run", str(other.pid))

    other.kill()
    deadline = time.monotonic() + SOON
    while holder(database) is not None:
        assert time.monotonic() < deadline


def test_stop_and_clean_see_who_holds_it(database: str, other: subprocess.Popen[str]) -> None:
    with psycopg.connect(database) as connection:
        [found] = sessions_at_work(connection)
    assert str(found).startswith(f"make run [{other.pid} ")


def test_another_database_has_a_lock_of_its_own(
    database: str, other: subprocess.Popen[str], server_dsn: str
) -> None:
    assert holder(server_dsn) is None


def test_a_session_lives_as_long_as_its_process(database: str) -> None:
    process = start("make run")
    name = line_of(process.stdout)
    assert name in live_sessions(database)

    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + SOON
    while name in live_sessions(database):
        assert time.monotonic() < deadline


def test_a_process_that_holds_it_need_not_wait_for_itself(database: str) -> None:
    with hold(database, "make run") as one, hold(database, "dbt") as two:
        assert one is two
    assert holder(database) is None


def lose_the_lock_at_work(database: str) -> None:
    with hold(database, "make run") as session:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(%s)", (session.name.split("@")[0],))
        time.sleep(60)


def test_a_lost_lock_interrupts_the_work_in_one_sentence(database: str) -> None:
    started = time.monotonic()
    with pytest.raises(ConnectionLostError, match="the connection to the database broke"):
        lose_the_lock_at_work(database)
    assert time.monotonic() - started < SOON
    assert holder(database) is None


def test_the_end_of_the_lock_interrupts_nobody(database: str) -> None:
    with hold(database, "make run") as session:
        pass
    time.sleep(0.7)
    assert session.lost is None


def test_a_long_description_keeps_room_for_who_it_is(database: str) -> None:
    with hold(database, "make dbt " + "x" * 200):
        found = holder(database)
    assert found is not None
    assert found.process == str(os.getpid())
