"""Each role may do its job on the built tables and nothing else."""

import psycopg
import pytest
from psycopg import errors, sql

from warehouse.connection import connect
from warehouse.roles import Role

TABLES = {
    "raw": "observation",
    "staging": "stg_images",
    "intermediate": "int_chip_months",
    "marts": "fact_chip_month",
    "features": "chip_month",
    "layers": "chips",
    "ml": "chip_forecast",
}
READERS = {
    "raw": {Role.LOADER, Role.TRANSFORMER, Role.ORCHESTRATOR},
    "staging": {Role.TRANSFORMER, Role.ORCHESTRATOR},
    "intermediate": {Role.TRANSFORMER, Role.ORCHESTRATOR},
    "marts": {Role.TRANSFORMER, Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
    "features": {Role.TRANSFORMER, Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
    "layers": {Role.TRANSFORMER, Role.ANALYST, Role.SERVICE},
    "ml": {Role.TRAINER, Role.ANALYST, Role.SERVICE, Role.ORCHESTRATOR},
}
WRITERS = {
    "raw": {Role.LOADER},
    "marts": {Role.TRANSFORMER},
    "features": {Role.TRANSFORMER},
    "ml": {Role.TRAINER},
}


def _may(role: Role, statement: str, schema: str) -> bool:
    table = sql.Identifier(schema, TABLES[schema])
    with connect(role=role) as connection:
        try:
            connection.execute(sql.SQL(statement).format(table=table))
        except errors.InsufficientPrivilege:
            return False
        finally:
            connection.rollback()
    return True


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reads_what_its_job_needs(built: str, role: Role) -> None:
    readable = {schema for schema in TABLES if _may(role, "select * from {table} limit 1", schema)}
    assert readable == {schema for schema, readers in READERS.items() if role in readers}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_writes_only_its_own_tables(built: str, role: Role) -> None:
    writable = {
        schema for schema in WRITERS if _may(role, "delete from {table} where false", schema)
    }
    assert writable == {schema for schema, writers in WRITERS.items() if role in writers}


@pytest.mark.parametrize("role", [Role.ANALYST, Role.SERVICE])
@pytest.mark.parametrize("schema", [*TABLES, "public"])
def test_a_reader_makes_no_tables(built: str, role: Role, schema: str) -> None:
    with connect(role=role) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(
            sql.SQL("create table {} ()").format(sql.Identifier(schema, "of_a_reader"))
        )


def test_roles_are_no_superusers(analyst: psycopg.Connection) -> None:
    rows = analyst.execute(
        """
        select rolname from pg_roles
        where rolname = any(%s)
            and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)
        """,
        ([role.value for role in Role],),
    ).fetchall()
    assert rows == []
