"""PostGIS in the database: switched on, of use to every role, and found in whatever schema."""

import psycopg
from psycopg import sql

from warehouse.connection.errors import PostgisMissingError
from warehouse.connection.roles import Role

_SCHEMA = """
    select nspname, nspname = any(current_schemas(false))
    from pg_extension
    inner join pg_namespace on extnamespace = pg_namespace.oid
    where extname = 'postgis'
"""


def create_postgis(connection: psycopg.Connection) -> None:
    """Switch PostGIS on, where it is not.

    Raises:
        PostgisMissingError: The server has none, or this user may not.
    """
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


def open_postgis(connection: psycopg.Connection) -> None:
    """Let every role use PostGIS's schema, and find it where the role logs in by itself."""
    schema, _found = _schema(connection)
    path = path_to_postgis(connection)
    if path is not None:
        connection.execute("select set_config('search_path', %s, true)", (path,))
    for role in Role:
        names = {
            "schema": sql.Identifier(schema),
            "role": sql.Identifier(role),
            "database": sql.Identifier(connection.info.dbname),
        }
        if not _may_use(connection, role, schema):
            grant = sql.SQL("grant usage on schema {schema} to {role}")
            connection.execute(grant.format(**names))
        if path is not None:
            alter = "alter role {role} in database {database} set search_path from current"
            connection.execute(sql.SQL(alter).format(**names))


def path_to_postgis(connection: psycopg.Connection) -> str | None:
    """Return the search path that finds PostGIS; None if the connection's own does."""
    schema, found = _schema(connection)
    if found:
        return None
    row = connection.execute("show search_path").fetchone()
    own = row[0] if row else ""
    return ", ".join([*([own] if own else []), sql.Identifier(schema).as_string(connection)])


def _may_use(connection: psycopg.Connection, role: Role, schema: str) -> bool:
    query = "select has_schema_privilege(%s, %s, 'usage')"
    return connection.execute(query, (role, schema)).fetchone() == (True,)


def _schema(connection: psycopg.Connection) -> tuple[str, bool]:
    row = connection.execute(_SCHEMA).fetchone()
    if row is None:
        raise PostgisMissingError(f"database {connection.info.dbname!r} has no PostGIS")
    return row[0], row[1]
