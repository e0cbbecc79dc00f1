"""A pooler that drops what a connection asks for is refused, before anything is written."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from serving.edge.errors import DatabaseGoneError
from serving.lookup.pool import Pool
from tests.fixtures.databases import free_port
from warehouse.access import connect, dsn
from warehouse.connection.errors import DatabaseUnreachableError, PoolerError
from warehouse.connection.roles import Role
from warehouse.server.owner import give_to_server_user, start_as_server_user

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
CONFIGURATION = """
[databases]
{database} = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = {ignored}
pidfile = {folder}/pid
"""
Pooler = Callable[[str], str]

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")


@pytest.fixture
def pooler(empty_database: str, use_database: Callable[[str], str]) -> Iterator[Pooler]:
    """Set PgBouncer before an empty database, in transaction mode, and point the project at it."""
    folder = Path(tempfile.mkdtemp(prefix="sn7-pooler-"))
    folder.chmod(0o755)
    give_to_server_user(folder)
    processes = []

    def start(ignored: str) -> str:
        server = conninfo_to_dict(empty_database)
        listen = free_port()
        configuration = folder / "pgbouncer.ini"
        text = CONFIGURATION.format(
            database=server["dbname"], host=server["host"], port=server["port"],
            user=server["user"], listen=listen, ignored=ignored, folder=folder,
        )  # fmt: skip
        configuration.write_text(text)
        log = folder / "log"
        log.touch()
        give_to_server_user(log)
        processes.append(start_as_server_user([str(PGBOUNCER), str(configuration)], log=log))
        conninfo = make_conninfo(
            "", host="127.0.0.1", port=listen, dbname=server["dbname"], user=server["user"]
        )
        _wait_for(conninfo, log)
        return use_database(conninfo)

    yield start
    subprocess.run(["kill", *map(str, processes)], check=True)
    shutil.rmtree(folder)


def _wait_for(conninfo: str, log: Path) -> None:
    for _attempt in range(100):
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(log.read_text())


def _schemas(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        return {name for (name,) in connection.execute("select nspname from pg_namespace")}


def test_a_pooler_that_drops_options_is_refused_and_nothing_is_made(pooler: Pooler) -> None:
    conninfo = pooler("options,extra_float_digits")
    before = _schemas(conninfo)
    with pytest.raises(PoolerError, match="without them: a pooler stands before it"):
        dsn()
    assert _schemas(conninfo) == before
    command = [sys.executable, "-m", "warehouse", "init"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("error: the connection to")
    assert len(outcome.stderr.splitlines()) == 1


def test_the_service_does_not_answer_with_more_rights_than_its_own(pooler: Pooler) -> None:
    pooler("options,extra_float_digits")

    async def ask() -> None:
        pool = Pool(1)
        await pool.open()
        try:
            await pool.fetch(sql.SQL("select 1"))
        finally:
            await pool.close()

    with pytest.raises(DatabaseGoneError, match="did not grant role service: a pooler stands"):
        asyncio.run(ask())


def test_a_pooler_that_refuses_options_is_named_as_the_cause(pooler: Pooler) -> None:
    pooler("extra_float_digits")
    with pytest.raises(DatabaseUnreachableError, match="let SN7_DSN name the address of the data"):
        connect(role=Role.LOADER)
