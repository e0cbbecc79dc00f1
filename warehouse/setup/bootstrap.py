"""What a database needs before anything is loaded: PostGIS, schemas, roles and their rights."""

import logging

import psycopg
from psycopg import sql

from warehouse.connection.errors import BootstrapError, PostgisMissingError
from warehouse.connection.roles import SCHEMA_OWNERS, SCHEMA_READERS, Role

logger = logging.getLogger(__name__)

BOOTSTRAP_LOCK = 7_702_017
"""Key of the advisory lock that lets one process at a time prepare a database."""

_IS_READY = """
    select
        (select count(*) from pg_extension where extname = 'postgis') = 1
        and (
            select count(*)
            from pg_namespace
            where nspname = any(%(schemas)s) and obj_description(oid, 'pg_namespace') is not null
        ) = cardinality(%(schemas)s)
        and (select count(*) from pg_roles where rolname = any(%(roles)s)) = cardinality(%(roles)s)
"""

_READING_RIGHTS = (
    "grant usage on schema {schema} to {reader}",
    "grant select on all tables in schema {schema} to {reader}",
    """
        alter default privileges for role {owner} in schema {schema}
        grant select on tables to {reader}
    """,
)


def is_bootstrapped(connection: psycopg.Connection) -> bool:
    """Tell whether PostGIS, every schema and every role are there."""
    parameters = {"schemas": list(SCHEMA_OWNERS), "roles": [role.value for role in Role]}
    row = connection.execute(_IS_READY, parameters).fetchone()
    return row is not None and bool(row[0])


def bootstrap(connection: psycopg.Connection) -> None:
    """Prepare the database; where all is there already, change nothing.

    Args:
        connection: A connection outside any transaction, of a user who may create extensions,
            schemas and roles (on a server of one's own: its superuser).

    Raises:
        PostgisMissingError: The server has no PostGIS, or the user may not switch it on.
        BootstrapError: The user may not create the schemas or roles.
    """
    if is_bootstrapped(connection):
        return
    logger.info("preparing the database: PostGIS, schemas, roles")
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (BOOTSTRAP_LOCK,))
        if is_bootstrapped(connection):
            return
        _create_extension(connection)
        try:
            for role in Role:
                _create_role(connection, role)
            for schema, owner in SCHEMA_OWNERS.items():
                _create_schema(connection, schema, owner)
        except psycopg.errors.InsufficientPrivilege as error:
            user = connection.info.user
            message = (
                f"user {user!r} of database {connection.info.dbname!r} may not prepare it "
                f"({error.diag.message_primary}); run `python -m warehouse init` once as a user "
                "with CREATEROLE and CREATE on the database"
            )
            raise BootstrapError(message) from error


def _create_extension(connection: psycopg.Connection) -> None:
    try:
        connection.execute("create extension if not exists postgis")
    except (
        psycopg.errors.UndefinedFile,
        psycopg.errors.FeatureNotSupported,
        psycopg.errors.InsufficientPrivilege,
    ) as error:
        message = (
            f"database {connection.info.dbname!r} has no PostGIS and `create extension postgis` "
            f"failed ({error.diag.message_primary}); install PostGIS on that server, or let an "
            "administrator run `create extension postgis` in that database"
        )
        raise PostgisMissingError(message) from error


def _create_role(connection: psycopg.Connection, role: Role) -> None:
    name = sql.Identifier(role)
    exists = connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
    if exists is None:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("create role {} login").format(name))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            logger.info("role %s was created by another database of this server meanwhile", role)
    is_member = connection.execute("select pg_has_role(%s, 'member')", (role,)).fetchone()
    if is_member is None or not is_member[0]:
        connection.execute(sql.SQL("grant {} to current_user").format(name))


def _create_schema(connection: psycopg.Connection, schema: str, owner: Role) -> None:
    names = {"schema": sql.Identifier(schema), "owner": sql.Identifier(owner)}
    create = sql.SQL("create schema if not exists {schema} authorization {owner}")
    connection.execute(create.format(**names))
    for reader in SCHEMA_READERS.get(schema, ()):
        names["reader"] = sql.Identifier(reader)
        for statement in _READING_RIGHTS:
            connection.execute(sql.SQL(statement).format(**names))
    comment = sql.SQL("comment on schema {schema} is {text}")
    text = sql.Literal(f"Written by {owner} only.")
    connection.execute(comment.format(schema=names["schema"], text=text))
