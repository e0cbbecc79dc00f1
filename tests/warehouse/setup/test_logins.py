"""The logins of a deployment: each gets its password, and no more rights than its programs need."""

import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from tests.fixtures.databases import free_port, private_home
from warehouse.access import connect, dsn
from warehouse.connection.errors import PasswordError
from warehouse.connection.roles import Role
from warehouse.connection.settings import PROJECT_ROOT
from warehouse.setup.logins import PIPELINE, LoginPasswords, set_logins

SECRETS = {
    name: f"a long enough secret of {name}"
    for name in ("pipeline", "trainer", "service", "analyst")
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server of this module's own: logins belong to all of a server."""
    with private_home(), pytest.MonkeyPatch.context() as environment:
        found = free_port()
        environment.setenv("SN7_PORT", str(found))
        for name, secret in SECRETS.items():
            environment.setenv(f"SN7_{name.upper()}_PASSWORD", secret)
        dsn()
        assert set(set_logins(LoginPasswords())) == set(SECRETS)
        yield found


def log_in(port: int, user: str, password: str) -> psycopg.Connection:
    conninfo = make_conninfo(
        "", host="127.0.0.1", port=port, dbname="sn7", user=user, password=password
    )
    return psycopg.connect(conninfo)


@pytest.mark.parametrize("user", SECRETS)
def test_each_logs_in_with_its_password_and_with_no_other(port: int, user: str) -> None:
    with log_in(port, user, SECRETS[user]) as connection:
        row = connection.execute("select session_user::text, usesuper from pg_user "
                                 "where usename = session_user").fetchone()  # fmt: skip
    assert row == (user, False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        log_in(port, user, "another one")


@pytest.mark.parametrize(
    "role", [Role.LOADER, Role.TRANSFORMER, Role.TRAINER, Role.ORCHESTRATOR, Role.ANALYST]
)
def test_the_pipeline_acts_as_the_roles_that_a_run_takes(port: int, role: Role) -> None:
    with log_in(port, PIPELINE, SECRETS[PIPELINE]) as connection:
        connection.execute(f"set role {role}".encode())


def test_the_pipeline_neither_owns_the_server_nor_makes_roles(port: int) -> None:
    with log_in(port, PIPELINE, SECRETS[PIPELINE]) as connection:
        for statement in (
            "create role x",
            "set role service",
            "create schema x",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())


def test_the_whole_project_runs_as_the_pipeline(port: int) -> None:
    address = make_conninfo("", host="127.0.0.1", port=port, dbname="sn7", user=PIPELINE)
    done = subprocess.run(
        [sys.executable, "-m", "loaders", "sources"],
        cwd=PROJECT_ROOT, env={"SN7_DSN": address, "PGPASSWORD": SECRETS[PIPELINE]},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_second_time_the_passwords_are_others(port: int) -> None:
    given = LoginPasswords(pipeline_password=SecretStr("a newer secret"))
    assert PIPELINE in set_logins(given)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        log_in(port, PIPELINE, SECRETS[PIPELINE])
    log_in(port, PIPELINE, "a newer secret").close()
    set_logins(LoginPasswords())


def test_the_owner_gets_a_new_password_without_it_standing_in_a_log(port: int) -> None:
    assert "sn7" in set_logins(LoginPasswords(owner_password=SecretStr("the owner's newest")))

    log_in(port, "sn7", "the owner's newest").close()
    with connect() as connection:
        row = connection.execute(
            "select rolpassword from pg_authid where rolname = 'sn7'"
        ).fetchone()
    assert row is not None
    assert str(row[0]).startswith("SCRAM-SHA-256$")


def test_without_a_password_nothing_is_done(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(f"SN7_{name.upper()}_PASSWORD")
    with pytest.raises(PasswordError, match="set one or more of SN7_PIPELINE_PASSWORD"):
        set_logins(LoginPasswords())
    with pytest.raises(
        PasswordError, match="too short: expected 8 characters or more for pipeline"
    ):
        set_logins(LoginPasswords(pipeline_password=SecretStr("short")))
