"""Each role logs in with its password, does its job on the built tables, and can do no more."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from tests.fixtures.databases import free_port, private_home
from warehouse.connection.roles import SCHEMA_OWNERS, Role
from warehouse.server.private_server import DATABASE, SUPERUSER
from warehouse.setup.passwords import generate_password, set_password

TABLES = {
    "raw": "image_rows",
    "staging": "stg_images",
    "intermediate": "int_chip_months",
    "marts": "fact_chip_month",
    "features": "chip_month",
    "layers": "chips",
    "ml": "chip_forecast",
    "scores": "chip_score",
}
READERS = {
    "raw": {Role.LOADER, Role.TRANSFORMER, Role.SCORER, Role.ORCHESTRATOR},
    "staging": {Role.TRANSFORMER, Role.ORCHESTRATOR},
    "intermediate": {Role.TRANSFORMER, Role.ORCHESTRATOR},
    "marts": {Role.TRANSFORMER, Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
    "features": {Role.TRANSFORMER, Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
    "layers": {Role.TRANSFORMER, Role.ANALYST, Role.SERVICE},
    "ml": {Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
    "scores": {Role.SCORER, Role.TRANSFORMER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
}
WRITERS = {
    "raw": {Role.LOADER},
    "intermediate": {Role.TRANSFORMER},
    "marts": {Role.TRANSFORMER},
    "features": {Role.TRANSFORMER},
    "ml": {Role.TRAINER},
    "scores": {Role.SCORER},
}
MAKERS = {
    Role.LOADER: {"raw"},
    Role.TRANSFORMER: {
        "staging", "intermediate", "marts", "features", "layers", "dbt_test__audit",
        "partitions",
    },
    Role.TRAINER: {"ml", "mlflow"},
    Role.SCORER: {"scores"},
    Role.ANALYST: set(),
    Role.SERVICE: set(),
    Role.ORCHESTRATOR: {"dagster", "monitoring"},
}  # fmt: skip
NOBODY_MAY = (
    "create schema of_a_role",
    "create role another",
    "create extension hstore",
    "alter role current_user createrole",
    "select rolpassword from pg_authid",
    "select pg_read_file('postgresql.conf')",
    "copy (select 1) to program 'true'",
    "set role sn7",
    "set session authorization sn7",
)
Attempt = Callable[[Role, str | sql.Composed], bool]


@pytest.fixture(scope="module")
def logins(build: Callable[[], None]) -> Iterator[dict[Role, str]]:
    """Each role's own login at the port of a built warehouse, as a connection string.

    On a server of this module's own, since a role and its password belong to all of a server.
    """
    with private_home(), pytest.MonkeyPatch.context() as environment:
        port = free_port()
        environment.setenv("SN7_PORT", str(port))
        build()
        made = {}
        for role in Role:
            password = generate_password()
            set_password(role, password)
            made[role] = make_conninfo(
                "", host="127.0.0.1", port=port, dbname=DATABASE,
                user=role, password=password,
            )  # fmt: skip
        yield made


@pytest.fixture
def may(logins: dict[Role, str]) -> Attempt:
    """Log in as a role, try a statement, undo it, and tell whether the role may."""

    def attempt(role: Role, statement: str | sql.Composed) -> bool:
        with psycopg.connect(logins[role]) as connection:
            assert connection.execute("select session_user").fetchone() == (role.value,)
            try:
                connection.execute(sql.SQL(statement) if isinstance(statement, str) else statement)
            except errors.InsufficientPrivilege:
                return False
            finally:
                connection.rollback()
        return True

    return attempt


def _on_tables(statement: str) -> dict[str, sql.Composed]:
    return {
        schema: sql.SQL(statement).format(table=sql.Identifier(schema, table))
        for schema, table in TABLES.items()
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reads_what_its_job_needs(may: Attempt, role: Role) -> None:
    reads = _on_tables("select * from {table} limit 1")
    readable = {schema for schema, read in reads.items() if may(role, read)}
    assert readable == {schema for schema, readers in READERS.items() if role in readers}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("statement", ["delete from {table} where false", "truncate {table}"])
def test_a_role_writes_only_its_own_tables(may: Attempt, role: Role, statement: str) -> None:
    writes = _on_tables(statement)
    writable = {schema for schema in WRITERS if may(role, writes[schema])}
    assert writable == {schema for schema, writers in WRITERS.items() if role in writers}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_drops_only_its_own_tables(may: Attempt, role: Role) -> None:
    drops = _on_tables("drop table {table} cascade")
    droppable = {schema for schema in WRITERS if may(role, drops[schema])}
    assert droppable == {schema for schema, writers in WRITERS.items() if role in writers}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_makes_tables_in_its_own_schemas_only(may: Attempt, role: Role) -> None:
    makeable = {
        schema
        for schema in [*SCHEMA_OWNERS, "public"]
        if may(role, sql.SQL("create table {} ()").format(sql.Identifier(schema, "of_a_role")))
    }
    assert makeable == MAKERS[role]


@pytest.mark.parametrize("role", list(Role))
def test_a_role_becomes_no_other_role(may: Attempt, role: Role) -> None:
    reachable = {
        other for other in Role if may(role, sql.SQL("set role {}").format(sql.Identifier(other)))
    }
    assert reachable == {role}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("statement", NOBODY_MAY)
def test_no_role_rules_the_server(may: Attempt, role: Role, statement: str) -> None:
    assert not may(role, statement)


def test_roles_are_no_superusers(logins: dict[Role, str]) -> None:
    with psycopg.connect(logins[Role.ANALYST]) as analyst:
        rows = analyst.execute(
            """
            select rolname from pg_roles
            where rolname = any(%s)
                and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
            """,
            ([role.value for role in Role],),
        ).fetchall()
    assert rows == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_changes_no_other_password(may: Attempt, role: Role) -> None:
    changeable = {
        other
        for other in [*Role, SUPERUSER]
        if may(role, sql.SQL("alter role {} password 'x'").format(sql.Identifier(other)))
    }
    assert changeable == {role}
