"""Connection strings and connections, for psycopg, for libpq's programs and for SQLAlchemy."""

from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.connection.errors import DatabaseUnreachableError, SettingsError
from warehouse.connection.roles import Role

CONNECT_TIMEOUT_SECONDS: Final = 10


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


def with_role(options: str | int | None, role: Role) -> str:
    """Return libpq's ``options`` with which a connection acts as ``role``."""
    return f"{options or ''} -crole={role}".strip()


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
    """
    parameters = conninfo_to_dict(conninfo)
    parameters.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
    parameters.setdefault("application_name", "sn7")
    if role is not None:
        parameters["options"] = with_role(parameters.get("options"), role)
    try:
        return psycopg.connect(make_conninfo("", **parameters), autocommit=autocommit)
    except psycopg.OperationalError as error:
        where = {k: parameters[k] for k in ("host", "port", "dbname", "user") if k in parameters}
        reason = str(error).strip().splitlines()[0]
        message = (
            f"cannot connect to PostgreSQL at {make_conninfo('', **where)!r} ({reason}); check "
            "SN7_DSN, or unset it to use the private server"
        )
        raise DatabaseUnreachableError(message) from error


def environment_of(conninfo: str, *, role: Role | None = None) -> dict[str, str]:
    """Return a connection string as libpq's environment variables (``PGHOST``, ``PGPORT`` ...).

    psql, dbt, GDAL and every other program on libpq reads them. See "Environment Variables" in
    the PostgreSQL manual, chapter libpq.
    """
    parameters = conninfo_to_dict(conninfo)
    if role is not None:
        parameters["options"] = with_role(parameters.get("options"), role)
    variables = {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar is not None
    }
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
    options = f"{parameters.get('options', '')} -csearch_path={schema},public".strip()
    parameters["options"] = with_role(options, role) if role is not None else options
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = urlencode(parameters, quote_via=quote)
    return f"postgresql+psycopg2://{credentials}@/{quote(database, safe='')}?{query}"
