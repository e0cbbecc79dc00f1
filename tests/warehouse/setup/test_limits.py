"""Readers have limits, and can neither fill the database nor stop a load."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from loaders.raw.ledger import LOAD_LOCK
from tests.fixtures.databases import free_port, private_home
from warehouse.access import connect
from warehouse.connection.roles import CONNECTION_LIMITS, LIMITS, Role
from warehouse.server.private_server import DATABASE
from warehouse.setup.passwords import generate_password, set_password

Login = Callable[[Role], psycopg.Connection]
READERS = (Role.ANALYST, Role.SERVICE)
WRITERS = (Role.LOADER, Role.TRANSFORMER, Role.TRAINER, Role.SCORER, Role.ORCHESTRATOR)


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    """Log in as a role; on a server of this module's own, which nothing is loaded into."""
    with private_home(), pytest.MonkeyPatch.context() as environment:
        port = free_port()
        environment.setenv("SN7_PORT", str(port))
        passwords = {role: generate_password() for role in Role}
        for role, password in passwords.items():
            set_password(role, password)

        def log_in(role: Role) -> psycopg.Connection:
            conninfo = make_conninfo(
                "", host="127.0.0.1", port=port, dbname=DATABASE, user=role,
                password=passwords[role],
            )  # fmt: skip
            return psycopg.connect(conninfo, autocommit=True)

        yield log_in


def _may(login: Login, role: Role, statement: str) -> bool:
    with closing(login(role)) as connection:
        try:
            connection.execute(statement.encode())
        except errors.InsufficientPrivilege:
            return False
    return True


@pytest.mark.parametrize("role", READERS)
def test_a_reader_logs_in_with_its_limits(login: Login, role: Role) -> None:
    with closing(login(role)) as connection:
        found = {
            name: connection.execute("select current_setting(%s)", (name,)).fetchone()
            for name in LIMITS[role]
        }
        limit = connection.execute("select rolconnlimit from pg_roles where rolname = %s", (role,))
        assert limit.fetchone() == (CONNECTION_LIMITS[role],)
    assert found == {name: (value,) for name, value in LIMITS[role].items()}
    assert set(found) >= {"statement_timeout", "temp_file_limit"}
    assert not _may(login, role, "set temp_file_limit = -1")


def test_a_reader_has_no_more_sessions_than_its_limit(login: Login) -> None:
    with ExitStack() as sessions:
        for _session in range(CONNECTION_LIMITS[Role.ANALYST]):
            sessions.enter_context(closing(login(Role.ANALYST)))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            login(Role.ANALYST)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "statement",
    ["select lo_create(0)", "select lo_creat(-1)", r"select lo_from_bytea(0, '\x00')"],
)
def test_no_role_makes_large_objects(login: Login, role: Role, statement: str) -> None:
    assert not _may(login, role, statement)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_needs_temporary_tables_makes_them(login: Login, role: Role) -> None:
    made = _may(login, role, "create temporary table filler (n integer)")
    assert made is (role in {Role.LOADER, Role.TRANSFORMER})


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "function",
    [
        "pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock",
        "pg_advisory_xact_lock", "pg_try_advisory_xact_lock_shared",
    ],
)  # fmt: skip
def test_a_reader_cannot_stop_a_load(login: Login, role: Role, function: str) -> None:
    assert _may(login, role, f"select {function}({LOAD_LOCK})") is (role in WRITERS)


def test_a_database_prepared_by_an_older_version_gets_the_limits(
    empty_database: str,
) -> None:
    init = [sys.executable, "-m", "warehouse", "init"]
    subprocess.run(init, check=True, capture_output=True)
    with connect(autocommit=True) as connection:
        connection.execute("grant execute on function pg_advisory_lock(bigint) to public")
        connection.execute("comment on schema raw is 'Written by loader only.'")
    subprocess.run(init, check=True, capture_output=True)
    with connect(role=Role.ANALYST) as analyst, pytest.raises(errors.InsufficientPrivilege):
        analyst.execute("select pg_advisory_lock(1)")
