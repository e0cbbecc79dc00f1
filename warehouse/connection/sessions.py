"""Sessions of the database: what ours are called, who is at work, who holds up whom."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import class_row

PREFIX: Final = "sn7: "
_LONGEST_NAME: Final = 63
"""PostgreSQL cuts ``application_name`` there."""

_COLUMNS: Final = """
    pid,
    usename as login,
    application_name as application,
    state,
    coalesce(xact_start, query_start, backend_start) as since
"""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of the database.

    Attributes:
        pid: The server's process.
        login: The user that it logged in as.
        application: What it calls itself; ours say command and process.
        state: ``active``, ``idle``, ``idle in transaction`` ...; None where this user may not see.
        since: When its transaction began, else its last statement, else the session.
    """

    pid: int
    login: str | None
    application: str
    state: str | None
    since: datetime | None

    def __str__(self) -> str:
        name = self.application.removeprefix(PREFIX) or "a session"
        since = f" since {self.since.astimezone():%Y-%m-%d %H:%M:%S}" if self.since else ""
        state = f", {self.state}" if self.state else ""
        return f"{name} (user {self.login}, server process {self.pid}{state}{since})"


def application_name() -> str:
    """Return what this process calls its sessions: its command, and its process."""
    program = Path(sys.argv[0])
    name = program.parent.name if program.name == "__main__.py" else program.stem
    command = next((word for word in sys.argv[1:2] if not word.startswith("-")), "")
    ending = f" [{os.getpid()}]"
    return f"{PREFIX}{name} {command}".strip()[: _LONGEST_NAME - len(ending)] + ending


def sessions_at_work(connection: psycopg.Connection) -> list[Session]:
    """Return the other sessions of this database that are in the middle of something.

    That is a statement or a transaction, or a run or a load: they pause, but hold their lock.
    """
    return _sessions(
        connection,
        """
        datname = current_database()
        and pid <> pg_backend_pid()
        and backend_type = 'client backend'
        and (
            state <> 'idle'
            or pid in (select pid from pg_locks where locktype = 'advisory' and granted)
        )
        """,
    )


def holders_of_lock(connection: psycopg.Connection, key: int) -> list[Session]:
    """Return the sessions that hold the advisory lock of a key below 2 to the 31st."""
    return _sessions(
        connection,
        """
        pid in (
            select pid from pg_locks
            where
                locktype = 'advisory'
                and database = (select oid from pg_database where datname = current_database())
                and (classid, objid, objsubid) = (0, %(key)s, 1)
                and granted
        )
        """,
        {"key": key},
    )


def holders_up(connection: psycopg.Connection, *, application: str) -> list[Session]:
    """Return whom the sessions of an application wait for, such as ``dbt``; empty if for nobody.

    Args:
        connection: Another connection than those that wait.
        application: Its ``application_name``, or how that begins.
    """
    return _sessions(
        connection,
        """
        pid in (
            select unnest(pg_blocking_pids(pid)) from pg_stat_activity
            where
                datname = current_database()
                and wait_event_type = 'Lock'
                and starts_with(application_name, %(application)s)
        )
        """,
        {"application": application},
    )


def named(sessions: Sequence[Session]) -> str:
    """Return sessions as a list within a sentence."""
    return ", ".join(map(str, sessions))


def _sessions(
    connection: psycopg.Connection, condition: str, parameters: dict[str, object] | None = None
) -> list[Session]:
    query = f"select {_COLUMNS} from pg_stat_activity where {condition} order by since, pid"  # noqa: S608 (our own texts)
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(query.encode(), parameters or {}).fetchall()
