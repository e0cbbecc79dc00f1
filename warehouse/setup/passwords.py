"""Passwords with which a role logs in; the server gets their hash and never the password.

Inside the project every part acts as a role by ``set role`` and needs no password (see
``warehouse.access``). This is for programs and people that are given one role and no more.
"""

import secrets
from typing import Final

import psycopg
from psycopg import sql

from warehouse.access import connect
from warehouse.connection.errors import PasswordError
from warehouse.connection.roles import Role

MIN_LENGTH: Final = 8
"""Shortest password that is taken: NIST SP 800-63B, section 5.1.1.2."""

_GENERATED_BYTES: Final = 24


def generate_password() -> str:
    """Return a random password of 32 letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def set_password(role: Role, password: str) -> None:
    """Let a role log in with this password, in place of one that it had.

    The hash (SCRAM-SHA-256) is made here, so that the password stands in no log of the server.

    Raises:
        PasswordError: The password is too short, or this user may not give one.
    """
    with connect() as connection:
        scram = encrypted(connection, role, password)
        _alter(connection, role, sql.SQL("login password {}").format(sql.Literal(scram)))


def encrypted(connection: psycopg.Connection, login: str, password: str) -> str:
    """Return what the server keeps of a login's password.

    Raises:
        PasswordError: The password is too short.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordError(
            f"the password is too short: expected {MIN_LENGTH} characters or more for {login}"
        )
    return connection.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    ).decode()


def remove_password(role: Role) -> None:
    """Take a role's password and its right to log in; sessions that are open stay open.

    Raises:
        PasswordError: This user may not do so.
    """
    with connect() as connection:
        _alter(connection, role, sql.SQL("nologin password null"))


def _alter(connection: psycopg.Connection, role: Role, change: sql.Composable) -> None:
    try:
        connection.execute(sql.SQL("alter role {} {}").format(sql.Identifier(role), change))
    except psycopg.errors.InsufficientPrivilege as error:
        raise PasswordError(
            f"user {connection.info.user!r} may not change the login of role {role} "
            f"({error.diag.message_primary}); run this as a user with CREATEROLE"
        ) from error
