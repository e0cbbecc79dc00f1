"""What a database needs before anything is loaded: PostGIS, schemas, roles and their rights."""

import logging
from typing import Final

import psycopg
from psycopg import sql

from warehouse.connection.errors import BootstrapError
from warehouse.connection.roles import SCHEMA_OWNERS, SCHEMA_READERS, Role
from warehouse.setup.limits import limit_roles
from warehouse.setup.postgis import create_postgis, open_postgis

logger = logging.getLogger(__name__)

BOOTSTRAP_LOCK: Final = 7_702_017
"""Key of the advisory lock that lets one process at a time prepare a database."""

REVISION: Final = 3
"""Of the roles' rights and limits; a database that was prepared for an older one gets the new."""

_IS_READY = """
    select
        (select count(*) from pg_extension where extname = 'postgis') = 1
        and (
            select count(*)
            from pg_namespace
            where
                nspname = any(%(schemas)s)
                and obj_description(oid, 'pg_namespace') like %(comment)s
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


def is_bootstrapped(connection: psycopg.Connection, *, revision: int | None = REVISION) -> bool:
    """Tell whether PostGIS, every schema and every role are there.

    Args:
        connection: To the database.
        revision: Of the rights and limits; None for whichever.
    """
    parameters = {
        "schemas": list(SCHEMA_OWNERS),
        "roles": [role.value for role in Role],
        "comment": "%" if revision is None else f"%(rights {revision})",
    }
    row = connection.execute(_IS_READY, parameters).fetchone()
    return row is not None and bool(row[0])


def bootstrap(connection: psycopg.Connection) -> None:
    """Prepare the database; where all is there already, change nothing.

    Args:
        connection: A connection outside any transaction, of a user who may create extensions,
            schemas and roles (on a server of one's own: its superuser).

    Raises:
        PostgisMissingError: The server has no PostGIS, or the user may not switch it on.
        BootstrapError: The database is in no encoding of all signs, or the user may not create
            the schemas or roles.
    """
    _check_encoding(connection)
    if is_bootstrapped(connection):
        return
    logger.info("preparing the database: PostGIS, schemas, roles")
    try:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", (BOOTSTRAP_LOCK,))
            if not is_bootstrapped(connection):
                _prepare(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        user = connection.info.user
        message = (
            f"user {user!r} of database {connection.info.dbname!r} may not prepare it "
            f"({error.diag.message_primary}); run `python -m warehouse init` once as a user "
            "with CREATEROLE and CREATE on the database"
        )
        if not is_bootstrapped(connection, revision=None):
            raise BootstrapError(message) from error
        logger.warning("the roles have the rights and limits of an older version: %s", message)


def _check_encoding(connection: psycopg.Connection) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        database = connection.info.dbname
        raise BootstrapError(
            f"database {database!r} is encoded in {encoding}, expected UTF8, as names of towns "
            "have signs of many alphabets; make one with `create database NAME encoding 'UTF8' "
            "template template0` and name it in SN7_DSN"
        )


def _prepare(connection: psycopg.Connection) -> None:
    create_postgis(connection)
    for role in Role:
        _create_role(connection, role)
    for schema, owner in SCHEMA_OWNERS.items():
        _create_schema(connection, schema, owner)
    open_postgis(connection)
    limit_roles(connection)


def _create_role(connection: psycopg.Connection, role: Role) -> None:
    name = sql.Identifier(role)
    exists = connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone()
    if exists is None:
        try:
            with connection.transaction():
                connection.execute(sql.SQL("create role {} login").format(name))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            logger.info("role %s was created by another database of this server meanwhile", role)
    _join(connection, name, role)


def _join(connection: psycopg.Connection, name: sql.Identifier, role: Role) -> None:
    # From 16 on, who creates a role may hand out membership in it but is no member: it can
    # neither act as the role nor use its rights, though `member` is true by ADMIN alone.
    explicit = connection.info.server_version >= 160_000
    privileges = ("set", "usage") if explicit else ("member",)
    for privilege in privileges:
        row = connection.execute("select pg_has_role(%s, %s)", (role, privilege)).fetchone()
        if row != (True,):
            options = sql.SQL(" with set true, inherit true" if explicit else "")
            connection.execute(sql.SQL("grant {} to current_user").format(name) + options)
            return


def _create_schema(connection: psycopg.Connection, schema: str, owner: Role) -> None:
    names = {"schema": sql.Identifier(schema), "owner": sql.Identifier(owner)}
    create = sql.SQL("create schema if not exists {schema} authorization {owner}")
    connection.execute(create.format(**names))
    for reader in SCHEMA_READERS.get(schema, ()):
        names["reader"] = sql.Identifier(reader)
        for statement in _READING_RIGHTS:
            connection.execute(sql.SQL(statement).format(**names))
    comment = sql.SQL("comment on schema {schema} is {text}")
    text = sql.Literal(f"Written by {owner} only. (rights {REVISION})")
    connection.execute(comment.format(schema=names["schema"], text=text))
