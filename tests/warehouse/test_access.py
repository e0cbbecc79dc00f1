"""One connection string serves psycopg, libpq's programs and SQLAlchemy."""

import os
import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.access import connect, dsn, libpq_environment, sqlalchemy_url
from warehouse.connection.errors import DatabaseUnreachableError, PostgisMissingError, SettingsError
from warehouse.connection.roles import SCHEMA_OWNERS, SCHEMA_READERS, Role


def test_an_empty_database_is_prepared_on_first_use(empty_database: str) -> None:
    with connect() as connection:
        schemas = connection.execute("select nspname from pg_namespace").fetchall()
        version = connection.execute("select postgis_version()").fetchone()
    assert {name for (name,) in schemas} >= set(SCHEMA_OWNERS)
    assert version is not None


def test_parallel_first_uses_prepare_the_database_once(empty_database: str) -> None:
    command = [sys.executable, "-m", "warehouse", "init"]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0, 0], errors


def test_a_role_writes_its_own_schemas_only(database: str) -> None:
    for schema, owner in SCHEMA_OWNERS.items():
        for role in Role:
            with connect(role=role) as connection:
                allowed = connection.execute(
                    "select has_schema_privilege(current_user, %s, 'create')", (schema,)
                ).fetchone()
            assert allowed == (role is owner,), (schema, role)


def test_readers_read_tables_made_later_and_nobody_else_does(database: str) -> None:
    for schema, owner in SCHEMA_OWNERS.items():
        with connect(role=owner) as connection:
            connection.execute(f"create table {schema}.made_later (n integer)")
        may_read = {owner, *SCHEMA_READERS.get(schema, ())}
        for role in Role:
            with connect(role=role) as connection:
                try:
                    connection.execute(f"select * from {schema}.made_later")
                except psycopg.errors.InsufficientPrivilege:
                    assert role not in may_read, (schema, role)
                else:
                    assert role in may_read, (schema, role)


def test_libpq_variables_lead_to_the_same_database(database: str) -> None:
    variables = libpq_environment(role=Role.ANALYST)
    answer = subprocess.run(
        ["psql", "--no-psqlrc", "-Atc", "select current_database(), current_user"],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == f"{conninfo_to_dict(database)['dbname']}|analyst"


def test_sqlalchemy_creates_its_tables_in_the_named_schema(database: str) -> None:
    engine = sqlalchemy.create_engine(sqlalchemy_url(schema="mlflow", role=Role.TRAINER))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table runs (n integer)"))
    engine.dispose()
    with connect() as connection:
        row = connection.execute(
            "select schemaname, tableowner from pg_tables where tablename = 'runs'"
        ).fetchone()
    assert row == ("mlflow", "trainer")


def test_a_database_that_is_not_there_is_said_without_its_password(
    use_database: Callable[[str], str], server_dsn: str
) -> None:
    secret = {"password": "secret-word"}
    use_database(make_conninfo(server_dsn, dbname="no_such_database", **secret))
    with pytest.raises(DatabaseUnreachableError, match="no_such_database") as raised:
        dsn()
    assert "secret-word" not in str(raised.value)
    assert "check SN7_DSN" in str(raised.value)


def test_a_text_that_is_no_connection_string_is_said(use_database: Callable[[str], str]) -> None:
    use_database("this is not a connection string")
    with pytest.raises(SettingsError, match="SN7_DSN is no libpq connection string"):
        dsn()


def test_a_user_who_may_not_add_postgis_is_told_what_to_do(
    empty_database: str, use_database: Callable[[str], str]
) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "do $$ begin create role plain_user login; "
            "exception when duplicate_object or unique_violation then null; end $$"
        )
    use_database(make_conninfo(empty_database, options="-crole=plain_user"))
    with pytest.raises(PostgisMissingError, match="create extension postgis"):
        dsn()
