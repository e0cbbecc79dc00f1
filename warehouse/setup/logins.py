"""The logins of a deployment, each with a password and with no more rights than its programs need.

Roles do one job each. Beside them stands the login ``pipeline``, of Dagster and the main job:
it may act as every role that writes, and is neither superuser nor owner.
"""

from typing import Final

import psycopg
from psycopg import sql
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.access import connect
from warehouse.connection.errors import PasswordError
from warehouse.connection.roles import LOCKERS, Role
from warehouse.setup.passwords import encrypted, set_password

PIPELINE: Final = "pipeline"

ACTS_AS: Final = (*LOCKERS, Role.ANALYST)
"""Roles of the pipeline: those that write, and the one by which a run looks at its result."""

MODERN: Final = 160_000
"""From this version of PostgreSQL on, membership says what it is good for."""


class LoginPasswords(BaseSettings):
    """Passwords of the logins; variables are ``SN7_PIPELINE_PASSWORD`` and so on.

    Attributes:
        pipeline_password: Of ``pipeline``.
        trainer_password: Of role ``trainer``, with which MLflow's pages log in.
        service_password: Of role ``service``.
        analyst_password: Of role ``analyst``, with which Grafana logs in.
        owner_password: A new one for the user of this connection; without it the old one stays.
    """

    model_config = SettingsConfigDict(env_prefix="SN7_", env_ignore_empty=True, frozen=True)

    pipeline_password: SecretStr | None = None
    trainer_password: SecretStr | None = None
    service_password: SecretStr | None = None
    analyst_password: SecretStr | None = None
    owner_password: SecretStr | None = None


def set_logins(given: LoginPasswords) -> list[str]:
    """Give every login whose password is given that password, and return their names.

    Args:
        given: The passwords.

    Raises:
        PasswordError: None is given, one is too short, or this user may not give one.
    """
    named = {
        Role.TRAINER: given.trainer_password,
        Role.SERVICE: given.service_password,
        Role.ANALYST: given.analyst_password,
    }
    done = []
    for role, password in named.items():
        if password is not None:
            set_password(role, password.get_secret_value())
            done.append(str(role))
    with connect() as connection:
        if given.pipeline_password is not None:
            _make_pipeline(connection)
            _set(connection, PIPELINE, given.pipeline_password)
            done.append(PIPELINE)
        if given.owner_password is not None:
            _set(connection, connection.info.user, given.owner_password)
            done.append(connection.info.user)
    if not done:
        names = ", ".join(f"SN7_{name.upper()}" for name in LoginPasswords.model_fields)
        raise PasswordError(f"found no password to give; set one or more of {names}")
    return done


def _make_pipeline(connection: psycopg.Connection) -> None:
    name = sql.Identifier(PIPELINE)
    there = connection.execute("select 1 from pg_roles where rolname = %s", (PIPELINE,)).fetchone()
    if there is None:
        connection.execute(sql.SQL("create role {} login").format(name))
    modern = connection.info.server_version >= MODERN
    options = sql.SQL(" with set true, inherit true" if modern else "")
    for role in ACTS_AS:
        grant = sql.SQL("grant {} to {}").format(sql.Identifier(role), name)
        connection.execute(grant + options)


def _set(connection: psycopg.Connection, login: str, password: SecretStr) -> None:
    scram = encrypted(connection, login, password.get_secret_value())
    statement = sql.SQL("alter role {} login password {}")
    connection.execute(statement.format(sql.Identifier(login), sql.Literal(scram)))
