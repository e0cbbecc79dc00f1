"""Connection strings and connections, for psycopg, for libpq's programs and for SQLAlchemy.

Every connection of the project, whoever opens it, speaks UTF-8 and reads what is committed.
"""

from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.connection.errors import DatabaseUnreachableError, PoolerError, SettingsError
from warehouse.connection.libpq import variables_of_keywords
from warehouse.connection.roles import Role
from warehouse.connection.sessions import application_name

CONNECT_TIMEOUT_SECONDS: Final = 10
ENCODING: Final = "UTF8"
_ARRIVED: Final = "sn7.options"
"""A setting of no meaning, by which a connection sees that its options reached the server."""


def checked_conninfo(text: str) -> str:
    """Return ``SN7_DSN`` as a libpq connection string of the form ``key=value``.

    Raises:
        SettingsError: It is none.
    """
    try:
        return make_conninfo(text)
    except psycopg.ProgrammingError as error:
        message = (
            f"SN7_DSN is no libpq connection string ({str(error).strip()}); expected a form such "
            "as 'host=… dbname=… user=…' or 'postgresql://user@host/dbname'"
        )
        raise SettingsError(message) from error


def with_settings(options: str | int | None, **settings: str) -> str:
    """Return libpq's ``options`` with which a connection begins with these settings as well."""
    added = (
        f"-c{name}={value.replace(chr(92), chr(92) * 2).replace(' ', chr(92) + ' ')}"
        for name, value in settings.items()
    )
    return " ".join([*([str(options)] if options else []), *added])


def with_role(options: str | int | None, role: Role) -> str:
    """Return libpq's ``options`` with which a connection acts as ``role``."""
    return with_settings(options, role=role)


def own_options(options: str | int | None, role: Role | None) -> str:
    """Return libpq's ``options`` of the project's connections, acting as ``role`` if given."""
    # A database may be set to `serializable`, at which two parts of a build refuse each other.
    ours = with_settings(options, default_transaction_isolation="read committed")
    return ours if role is None else with_role(ours, role)


def open_connection(
    conninfo: str, *, role: Role | None = None, autocommit: bool = False
) -> psycopg.Connection:
    """Connect to the database of a connection string.

    Args:
        conninfo: The connection string.
        role: Act as this role (``set role``); without it, as the user of the connection string.
        autocommit: Leave transactions to the caller's statements.

    Raises:
        DatabaseUnreachableError: It does not answer.
        PoolerError: What the connection asked for did not reach the server.
    """
    parameters = conninfo_to_dict(conninfo)
    parameters.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
    parameters.setdefault("application_name", application_name())
    parameters["client_encoding"] = ENCODING
    options = own_options(parameters.get("options"), role)
    parameters["options"] = with_settings(options, **{_ARRIVED: "arrived"})
    where = {k: parameters[k] for k in ("host", "port", "dbname", "user") if k in parameters}
    place = make_conninfo("", **where)
    try:
        connection = psycopg.connect(make_conninfo("", **parameters), autocommit=True)
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        hint = POOLER_HINT if "unsupported startup parameter" in reason else UNREACHABLE_HINT
        message = f"cannot connect to PostgreSQL at {place!r} ({reason}); {hint}"
        raise DatabaseUnreachableError(message) from error
    _check_options_arrived(connection, role, place)
    connection.autocommit = autocommit
    return connection


UNREACHABLE_HINT: Final = "check SN7_DSN, or unset it to use the private server"
POOLER_HINT: Final = (
    "a pooler stands before it that does not pass options on, such as PgBouncer; let SN7_DSN name "
    "the address of the database itself"
)


def _check_options_arrived(connection: psycopg.Connection, role: Role | None, place: str) -> None:
    row = connection.execute(
        "select current_user, current_setting(%s, true)", (_ARRIVED,)
    ).fetchone()
    user, arrived = row or (None, None)
    if arrived != "arrived" or user != (role or user):
        connection.close()
        asked = f"role {role}" if role else "its own settings"
        raise PoolerError(
            f"the connection to {place!r} asked for {asked} and acts as {user!r} without them: "
            f"{POOLER_HINT}"
        )


def environment_of(conninfo: str, *, role: Role | None = None) -> dict[str, str]:
    """Return a connection string as libpq's environment variables (``PGHOST``, ``PGPORT`` ...).

    psql, dbt, GDAL and every other program on libpq reads them.
    """
    parameters = conninfo_to_dict(conninfo)
    parameters["options"] = own_options(parameters.get("options"), role)
    parameters["client_encoding"] = ENCODING
    variables = variables_of_keywords() | {"service": "PGSERVICE"}
    return {
        variables[keyword]: str(value)
        for keyword, value in parameters.items()
        if keyword in variables and value is not None
    }


def url_of(conninfo: str, *, schema: str, role: Role | None = None) -> str:
    """Return a connection string as a SQLAlchemy URL whose tables live in ``schema``."""
    parameters = {k: str(v) for k, v in conninfo_to_dict(conninfo).items() if v is not None}
    user, password = parameters.pop("user", ""), parameters.pop("password", "")
    database = parameters.pop("dbname", user)
    options = with_settings(parameters.get("options"), search_path=f"{schema},public")
    parameters["options"] = own_options(options, role)
    parameters["client_encoding"] = ENCODING
    parameters.setdefault("application_name", application_name())
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = urlencode(parameters, quote_via=quote)
    return f"postgresql+psycopg2://{credentials}@/{quote(database, safe='')}?{query}"
