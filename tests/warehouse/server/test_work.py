"""A server is not stopped, and a home not deleted, under whatever is at work in it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.fixtures.databases import private_home
from warehouse.access import connect
from warehouse.connection.errors import AtWorkError
from warehouse.connection.roles import Role
from warehouse.connection.sessions import application_name
from warehouse.connection.settings import PROJECT_ROOT, Settings
from warehouse.server import lifecycle

RUN = """
import sys, time
sys.argv = ["/project/{module}/__main__.py", "{command}"]
from warehouse.access import connect
with connect(autocommit=True) as connection:
    if {locked}:
        connection.execute("select pg_advisory_lock(1)")
    print("connected", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with private_home() as folder:
        yield folder


@contextmanager
def command_of(module: str, command: str, *, locked: bool = True) -> Iterator[int]:
    """A process that calls itself as a command of ours does; between two statements."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(module=module, command=command, locked=locked)],
        stdout=subprocess.PIPE, text=True, cwd=PROJECT_ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "connected\n"
    yield process.pid
    process.kill()
    process.communicate()
    _wait_until_nothing_is_at_work()


def _wait_until_nothing_is_at_work() -> None:
    with connect(autocommit=True) as connection:
        query = "select count(*) from pg_stat_activity where application_name like 'sn7: %'"
        while connection.execute(query).fetchone() != (1,):
            time.sleep(0.05)


def _warehouse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "warehouse", *arguments],
        capture_output=True, text=True, check=False, cwd=PROJECT_ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["stop", "clean"])
@pytest.mark.parametrize(("module", "name"), [("orchestration", "run"), ("loaders", "load")])
def test_a_run_is_named_and_goes_on(home: Path, command: str, module: str, name: str) -> None:
    with command_of(module, name) as pid:
        refused = _warehouse(command)
        assert refused.returncode == 1
        assert refused.stderr.startswith(f"error: the database is at work: {module} {name} [{pid}]")
        assert "add --force" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert "running" in _warehouse("status").stdout


def test_a_command_that_waits_for_requests_is_no_run(home: Path) -> None:
    with command_of("orchestration", "ui", locked=False):
        assert _warehouse("stop").stdout == "stopped\n"


def test_an_open_transaction_is_named_with_its_user_and_time(home: Path) -> None:
    with connect(role=Role.ANALYST) as analyst:
        analyst.execute("select 1")
        with pytest.raises(AtWorkError, match=r"idle in transaction since \d{4}-\d\d-\d\d"):
            lifecycle.stop(Settings(home=home))


def test_forced_the_server_stops_all_the_same(home: Path) -> None:
    with command_of("orchestration", "run"):
        assert _warehouse("stop", "--force").stdout == "stopped\n"
    assert lifecycle.locate(Settings(home=home)) is not None


def test_a_session_says_its_command_and_process(home: Path) -> None:
    with closing(connect()) as connection:
        row = connection.execute("show application_name").fetchone()
    assert row == (application_name(),)
    assert row[0].startswith("sn7: ")
    assert row[0].endswith(f"[{os.getpid()}]")


def test_a_broken_server_can_be_stopped(home: Path) -> None:
    with connect(autocommit=True) as connection:
        connection.execute("select 1")
    known = lifecycle.locate(Settings(home=home))
    assert known is not None
    with psycopg.connect(known.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("drop database sn7 with (force)")
    assert lifecycle.stop(Settings(home=home)) is True
