"""The way into the warehouse: its server runs and its database is prepared.

The parts that do it stand below: ``connection`` (where), ``server`` (private one), ``setup``.
"""

import functools
import os

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.connection.conninfo import (
    checked_conninfo,
    environment_of,
    open_connection,
    url_of,
    with_settings,
)
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings
from warehouse.server import lifecycle
from warehouse.setup.bootstrap import bootstrap
from warehouse.setup.postgis import path_to_postgis


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
        conninfo = lifecycle.ensure_running(settings)
    else:
        conninfo = checked_conninfo(settings.dsn)
    return _prepared(conninfo)


def connect(*, role: Role | None = None, autocommit: bool = False) -> psycopg.Connection:
    """Connect to the warehouse.

    Args:
        role: Act as this role (``set role``); without it, as the user of the connection string.
        autocommit: Leave transactions to the caller's statements.

    Raises:
        UserError: As ``dsn`` does.
    """
    return open_connection(dsn(), role=role, autocommit=autocommit)


def libpq_environment(*, role: Role | None = None) -> dict[str, str]:
    """Return the connection as libpq's environment variables (``PGHOST``, ``PGPORT`` ...)."""
    return environment_of(dsn(), role=role)


def sqlalchemy_url(*, schema: str, role: Role | None = None) -> str:
    """Return the connection as a SQLAlchemy URL whose tables live in ``schema``.

    For MLflow and Dagster, which create tables of their own without naming a schema.
    """
    return url_of(dsn(), schema=schema, role=role)


def program_environment(*, role: Role | None = None) -> dict[str, str]:
    """Return the environment for a program on libpq: this process's, with the way in."""
    ours = libpq_environment(role=role)  # first: it takes the caller's own variables out
    return os.environ | ours


@functools.cache
def _prepared(conninfo: str) -> str:
    with open_connection(conninfo, autocommit=True) as connection:
        bootstrap(connection)
        search_path = path_to_postgis(connection)
    if search_path is None:
        return conninfo
    options = conninfo_to_dict(conninfo).get("options")
    return make_conninfo(conninfo, options=with_settings(options, search_path=search_path))
