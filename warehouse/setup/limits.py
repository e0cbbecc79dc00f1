"""Limits of the roles: how long and how large, and what readers are not given at all.

Some need the database's owner or a superuser; where this user is neither, they are left out.
"""

import logging
from collections.abc import Sequence

import psycopg
from psycopg import sql

from warehouse.connection.roles import (
    CONNECTION_LIMITS,
    LIMITS,
    LOCKERS,
    TEMPORARY_TABLES,
    Role,
)

logger = logging.getLogger(__name__)

_OWNERSHIP = """
    select datdba = current_user::regrole, rolsuper
    from pg_database, pg_roles
    where datname = current_database() and rolname = current_user
"""

_LOCKING = "^pg_(try_)?advisory_.*lock"
_MAKING_LARGE_OBJECTS = "^lo_(creat|create|from_bytea|import)$"
_FUNCTIONS = """
    select oid::regprocedure::text from pg_proc
    where pronamespace = 'pg_catalog'::regnamespace and proname ~ %s
"""


def limit_roles(connection: psycopg.Connection) -> None:
    """Give the roles their limits; part of the caller's transaction."""
    for role, settings in LIMITS.items():
        for name, value in settings.items():
            _limit(connection, role, name, value)
    for role, most in CONNECTION_LIMITS.items():
        _limit_sessions(connection, role, most)
    is_owner, is_superuser = connection.execute(_OWNERSHIP).fetchone() or (False, False)
    if is_owner:
        _keep_temporary_tables(connection)
    if is_owner and is_superuser:
        # Another's database may hold programs of others, which count on these functions.
        _keep_functions(connection, _LOCKING, LOCKERS)
        _keep_functions(connection, _MAKING_LARGE_OBJECTS, ())


def _limit(connection: psycopg.Connection, role: Role, name: str, value: str) -> None:
    statement = sql.SQL("alter role {role} in database {database} set {name} = {value}").format(
        role=sql.Identifier(role),
        database=sql.Identifier(connection.info.dbname),
        name=sql.Identifier(name),
        value=sql.Literal(value),
    )
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        logger.info("only a superuser may limit %s of role %s", name, role)


def _limit_sessions(connection: psycopg.Connection, role: Role, most: int) -> None:
    known = connection.execute("select rolconnlimit from pg_roles where rolname = %s", (role,))
    if known.fetchone() == (most,):
        return
    statement = sql.SQL("alter role {role} connection limit {most}")
    try:
        with connection.transaction():
            connection.execute(statement.format(role=sql.Identifier(role), most=sql.Literal(most)))
    except psycopg.errors.InternalError:
        logger.info("role %s was limited from another database of this server meanwhile", role)
    except psycopg.errors.InsufficientPrivilege:
        logger.info("only who made role %s may limit its sessions", role)


def _keep_temporary_tables(connection: psycopg.Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    revoke = sql.SQL("revoke temporary on database {} from public").format(database)
    connection.execute(revoke)
    for role in TEMPORARY_TABLES:
        grant = sql.SQL("grant temporary on database {} to {}")
        connection.execute(grant.format(database, sql.Identifier(role)))


def _keep_functions(connection: psycopg.Connection, pattern: str, roles: Sequence[Role]) -> None:
    for (function,) in connection.execute(_FUNCTIONS, (pattern,)).fetchall():
        connection.execute(f"revoke execute on function {function} from public".encode())
        for role in roles:
            connection.execute(f"grant execute on function {function} to {role}".encode())
