"""Connections to the warehouse, for psycopg, for libpq's programs and for SQLAlchemy."""

import functools
from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse import server
from warehouse.bootstrap import bootstrap
from warehouse.errors import DatabaseUnreachableError, SettingsError
from warehouse.roles import Role
from warehouse.settings import get_settings

CONNECT_TIMEOUT_SECONDS: Final = 10


def dsn() -> str:
    """Return the libpq connection string of the warehouse, ready for use.

    Starts the private server if ``SN7_DSN`` is not set and it does not run, and prepares the
    database (PostGIS, schemas, roles) if that has not been done.

    Raises:
        ServerUnavailableError: No server can be had here.
        DatabaseUnreachableError: The database does not answer.
        PostgisMissingError: It has no PostGIS.
        BootstrapError: It cannot be prepared by this user.
    """
    settings = get_settings()
    if settings.dsn is None:
        conninfo = server.ensure_running(settings)
    else:
        conninfo = _checked_conninfo(settings.dsn)
    _bootstrap_once(conninfo)
    return conninfo


def connect(*, role: Role | None = None, autocommit: bool = False) -> psycopg.Connection:
    """Connect to the warehouse.

    Args:
        role: Act as this role (``set role``); without it, as the user of the connection string.
        autocommit: Leave transactions to the caller's statements.

    Raises:
        WarehouseError: As ``dsn`` does.
    """
    return _connect(dsn(), role=role, autocommit=autocommit)


def libpq_environment(*, role: Role | None = None) -> dict[str, str]:
    """Return the connection as libpq's environment variables (``PGHOST``, ``PGPORT`` ...).

    psql, dbt, GDAL and every other program on libpq reads them. See "Environment Variables" in
    the PostgreSQL manual, chapter libpq.
    """
    parameters = conninfo_to_dict(dsn())
    if role is not None:
        parameters["options"] = _with_role(parameters.get("options"), role)
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


def sqlalchemy_url(*, schema: str, role: Role | None = None) -> str:
    """Return the connection as a SQLAlchemy URL whose tables live in ``schema``.

    For MLflow and Dagster, which create tables of their own without naming a schema.
    """
    parameters = {k: str(v) for k, v in conninfo_to_dict(dsn()).items() if v is not None}
    user, password = parameters.pop("user", ""), parameters.pop("password", "")
    database = parameters.pop("dbname", user)
    options = f"{parameters.get('options', '')} -csearch_path={schema},public".strip()
    parameters["options"] = _with_role(options, role) if role is not None else options
    credentials = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = urlencode(parameters, quote_via=quote)
    return f"postgresql+psycopg2://{credentials}@/{quote(database, safe='')}?{query}"


def _with_role(options: str | int | None, role: Role) -> str:
    return f"{options or ''} -crole={role}".strip()


def _checked_conninfo(text: str) -> str:
    try:
        return make_conninfo(text)
    except psycopg.ProgrammingError as error:
        message = (
            f"SN7_DSN is no libpq connection string ({str(error).strip()}); expected a form such "
            "as 'host=… dbname=… user=…' or 'postgresql://user@host/dbname'"
        )
        raise SettingsError(message) from error


@functools.cache
def _bootstrap_once(conninfo: str) -> None:
    with _connect(conninfo, autocommit=True) as connection:
        bootstrap(connection)


def _connect(
    conninfo: str, *, role: Role | None = None, autocommit: bool = False
) -> psycopg.Connection:
    parameters = conninfo_to_dict(conninfo)
    parameters.setdefault("connect_timeout", CONNECT_TIMEOUT_SECONDS)
    parameters.setdefault("application_name", "sn7")
    if role is not None:
        parameters["options"] = _with_role(parameters.get("options"), role)
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
