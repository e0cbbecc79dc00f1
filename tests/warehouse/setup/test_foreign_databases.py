"""Databases of others: other settings, PostGIS elsewhere, an encoding that cannot hold the data."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
import sqlalchemy
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.access import connect, dsn, libpq_environment, sqlalchemy_url
from warehouse.connection.errors import BootstrapError
from warehouse.connection.roles import Role

SIGNS = "Pūķis Šiauliai 東京"
MAKE_POINT = "select st_astext(st_setsrid(st_makepoint(1, 2), 3857))"


@pytest.fixture
def other_encoding(
    server_dsn: str, use_database: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database in another encoding."""
    name = f"sn7_test_encoded_{os.getpid()}"
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        connection.execute(f"create database {name} encoding '{request.param}' template template0")
        yield use_database(make_conninfo(server_dsn, dbname=name))
        connection.execute(f"drop database {name} with (force)")


@pytest.mark.parametrize("other_encoding", ["SQL_ASCII", "LATIN1"], indirect=True)
def test_a_database_that_cannot_hold_every_sign_is_refused(other_encoding: str) -> None:
    with pytest.raises(BootstrapError, match=r"is encoded in .*, expected UTF8"):
        dsn()
    outcome = _warehouse("init")
    assert outcome.returncode == 1
    assert len(outcome.stderr.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_the_callers_client_encoding_does_not_matter(
    database: str, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", encoding)
    with connect(role=Role.LOADER) as connection:
        assert connection.execute("select %s::text", (SIGNS,)).fetchone() == (SIGNS,)
    assert libpq_environment()["PGCLIENTENCODING"] == "UTF8"
    engine = sqlalchemy.create_engine(sqlalchemy_url(schema="dagster", role=Role.ORCHESTRATOR))
    with engine.connect() as connection:
        row = connection.execute(sqlalchemy.text("select :signs"), {"signs": SIGNS})
        assert row.scalar() == SIGNS
    engine.dispose()


def test_a_database_set_to_serializable_is_used_at_read_committed(empty_database: str) -> None:
    _alter(empty_database, "set default_transaction_isolation = 'serializable'")
    query = "show transaction_isolation"
    with connect(role=Role.LOADER) as connection:
        assert connection.execute(query).fetchone() == ("read committed",)
    assert _through_psql(query) == "read committed"
    engine = sqlalchemy.create_engine(sqlalchemy_url(schema="mlflow", role=Role.TRAINER))
    with engine.connect() as session:
        assert session.execute(sqlalchemy.text(query)).scalar() == "read committed"
    engine.dispose()


def _in_schema(database: str, schema: str, *, found: bool) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("create schema {}").format(name))
        connection.execute(sql.SQL("create extension postgis schema {}").format(name))
    if found:
        _alter(database, "set search_path = public, extensions")


@pytest.mark.parametrize(
    ("schema", "found"), [("extensions", False), ("extensions", True), ("Post GIS", False)]
)
def test_postgis_is_found_in_whatever_schema(empty_database: str, schema: str, found: bool) -> None:
    _in_schema(empty_database, schema, found=found)
    for role in Role:
        with connect(role=role) as connection:
            assert connection.execute(MAKE_POINT.encode()).fetchone() == ("POINT(1 2)",)
    assert _through_psql(MAKE_POINT) == "POINT(1 2)"
    with connect(role=Role.LOADER) as connection:
        connection.execute("create table raw.places (place geometry(point, 3857))")


def test_a_role_that_logs_in_by_itself_finds_postgis(empty_database: str) -> None:
    _in_schema(empty_database, "extensions", found=False)
    dsn()
    with psycopg.connect(make_conninfo(empty_database, user="analyst")) as analyst:
        assert analyst.execute(MAKE_POINT.encode()).fetchone() == ("POINT(1 2)",)


def _alter(database: str, change: str) -> None:
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        name = conninfo_to_dict(database)["dbname"]
        connection.execute(f"alter database {name} {change}".encode())


def _warehouse(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "warehouse", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _through_psql(query: str) -> str:
    outcome = _warehouse("psql", "--role", "transformer", "--", "-XAtc", query)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.strip()
