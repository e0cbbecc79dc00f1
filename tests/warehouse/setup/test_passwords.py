"""A role gets its password without anybody seeing it, logs in with it, and can lose it again."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.fixtures.databases import free_port, private_home
from warehouse.access import connect
from warehouse.connection.errors import PasswordError
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT, get_settings
from warehouse.server import lifecycle
from warehouse.server.private_server import SUPERUSER
from warehouse.setup.passwords import MIN_LENGTH, remove_password, set_password

COMMAND = [sys.executable, "-m", "warehouse", "password"]
SECRET = "correct horse battery staple"  # noqa: S105


@dataclass(frozen=True, slots=True)
class OpenServer:
    """A private server that listens on a port, as ``SN7_PORT`` makes it."""

    log: Path
    port: int

    def who_logs_in(self, role: str, password: str | None, database: str = "sn7") -> str:
        """Log in through the port and return whom the server takes this session for."""
        conninfo = make_conninfo(
            "", host="127.0.0.1", port=self.port, dbname=database, user=role, password=password
        )
        with psycopg.connect(conninfo) as connection:
            row = connection.execute("select session_user").fetchone()
        assert row is not None
        return str(row[0])


@pytest.fixture(scope="module")
def open_server() -> Iterator[OpenServer]:
    """A server of this module's own: a role and its password belong to all of a server."""
    with private_home(), pytest.MonkeyPatch.context() as environment:
        port = free_port()
        environment.setenv("SN7_PORT", str(port))
        environment.delenv("SN7_ROLE_PASSWORD", raising=False)
        with connect(autocommit=True) as connection:
            connection.execute("alter system set log_statement = 'all'")
            connection.execute("select pg_reload_conf()")
        known = lifecycle.locate(get_settings())
        assert known is not None
        yield OpenServer(known.log, port)


def _run(*arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SN7_ROLE_PASSWORD": password}
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, cwd=PROJECT_ROOT, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_a_role_logs_in_with_its_password_only(open_server: OpenServer, role: Role) -> None:
    assert _run(role, password=SECRET).returncode == 0
    assert open_server.who_logs_in(role, SECRET) == role
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        open_server.who_logs_in(role, SECRET + "r")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        open_server.who_logs_in(role, None)


def test_at_the_socket_which_its_folder_guards_a_role_needs_no_password(
    open_server: OpenServer,
) -> None:
    set_password(Role.ANALYST, SECRET)
    with connect() as administrator:
        by_socket = make_conninfo(administrator.info.dsn, user="analyst")
    with psycopg.connect(by_socket) as connection:
        assert connection.info.user == "analyst"


def test_a_role_that_was_given_no_password_is_refused(open_server: OpenServer) -> None:
    remove_password(Role.SERVICE)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        open_server.who_logs_in(Role.SERVICE, SECRET)


def test_the_port_leads_to_the_warehouse_alone_and_not_to_its_superuser(
    open_server: OpenServer,
) -> None:
    set_password(Role.ANALYST, SECRET)
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            open_server.who_logs_in(Role.ANALYST, SECRET, database)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        open_server.who_logs_in(SUPERUSER, SECRET)


def test_the_password_stands_nowhere_in_clear(open_server: OpenServer) -> None:
    phrase = "a phrase of this test"
    said = _run(Role.ANALYST, password=phrase)
    assert phrase not in said.stdout + said.stderr
    with connect() as connection:
        stored = connection.execute(
            "select rolpassword from pg_authid where rolname = 'analyst'"
        ).fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")
    log = open_server.log.read_text()
    assert stored[0] in log, "the server did not log the statement, so this test shows nothing"
    assert phrase not in log


def test_a_generated_password_is_all_that_goes_to_standard_output(open_server: OpenServer) -> None:
    first, second = (_run(Role.ANALYST, "--generate").stdout for _ in range(2))
    assert len(first.strip()) >= 32
    assert first.count("\n") == 1
    assert first != second
    assert open_server.who_logs_in(Role.ANALYST, second.strip()) == "analyst"


def test_the_way_in_that_is_said_works(open_server: OpenServer) -> None:
    said = _run(Role.ANALYST, password=SECRET).stderr
    conninfo = said.partition("psql '")[2].rstrip().rstrip("'")
    assert conninfo_to_dict(conninfo)["port"] == str(open_server.port)
    with psycopg.connect(conninfo, password=SECRET) as connection:
        assert connection.info.user == "analyst"


def test_a_removed_password_lets_nobody_in_and_can_be_given_again(open_server: OpenServer) -> None:
    set_password(Role.ANALYST, SECRET)
    assert _run(Role.ANALYST, "--remove").stdout == "role analyst can no longer log in\n"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        open_server.who_logs_in(Role.ANALYST, SECRET)
    with connect() as connection, pytest.raises(psycopg.OperationalError, match="not permitted"):
        psycopg.connect(make_conninfo(connection.info.dsn, user="analyst"))  # by the socket
    with connect(role=Role.ANALYST) as connection:  # the project's own way in needs no login
        assert connection.execute("select current_user").fetchone() == ("analyst",)
    set_password(Role.ANALYST, SECRET)
    assert open_server.who_logs_in(Role.ANALYST, SECRET) == "analyst"


@pytest.mark.timeout(60)
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    open_server: OpenServer,
) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "analyst"], stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, cwd=PROJECT_ROOT, close_fds=True,
    ) as asking:  # fmt: skip
        os.close(theirs)
        shown = b""
        for question in (b"New password for role analyst: ", b"Repeat for confirmation: "):
            while question not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, b"typed at a terminal\n")
        while b"has its password" not in shown:
            shown += os.read(ours, 1000)
    os.close(ours)
    assert asking.returncode == 0
    assert b"typed" not in shown
    assert open_server.who_logs_in(Role.ANALYST, "typed at a terminal") == "analyst"


@pytest.mark.parametrize(
    ("arguments", "password", "message"),
    [
        (["analyst"], "", "error: found no password for role analyst: set SN7_ROLE_PASSWORD"),
        (["analyst"], "short", f"error: the password is too short: expected {MIN_LENGTH}"),
        (["visitor"], SECRET, "'visitor' is not one of 'loader', 'transformer'"),
        (["analyst", "--generate", "--remove"], "", "--generate or --remove, not both"),
    ],
)
def test_a_wrong_call_says_what_was_expected(
    open_server: OpenServer, arguments: list[str], password: str, message: str
) -> None:
    said = _run(*arguments, password=password)
    assert said.returncode != 0
    assert message in " ".join(said.stderr.replace("│", " ").split())
    assert "Traceback" not in said.stderr


def test_a_user_who_may_not_change_logins_is_told_who_may(
    open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_password(Role.LOADER, SECRET)
    as_loader = make_conninfo(
        "", host="127.0.0.1", port=open_server.port, dbname="sn7", user="loader", password=SECRET
    )
    monkeypatch.setenv("SN7_DSN", as_loader)
    with pytest.raises(PasswordError, match="'loader' may not change the login of role analyst"):
        set_password(Role.ANALYST, SECRET)
    with pytest.raises(PasswordError, match="run this as a user with CREATEROLE"):
        remove_password(Role.ANALYST)
