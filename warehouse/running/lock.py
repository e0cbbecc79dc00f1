"""The run lock: whatever builds the warehouse holds it, one at a time.

It is an advisory lock of the database, held by a session of its own. The session ends with its
process, however that ends, so nothing has to be cleaned up; and as long as the session is there,
its process is at work. ``make run``, runs of Dagster's UI, dbt and training take it.
"""

import getpass
import os
import platform
import re
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from warehouse.connection.conninfo import open_connection
from warehouse.connection.errors import ConnectionLostError
from warehouse.connection.sessions import PREFIX, holders_of_lock
from warehouse.running.loss import LOST

RUN_LOCK: Final = 7_702_019
"""Key of the advisory lock."""

SESSION_VARIABLE: Final = "SN7_RUN_SESSION"
"""Tells a child, such as dbt, which session holds the lock on its behalf."""

SECONDS_BETWEEN_TRIES: Final = 0.3

_KEEPALIVE: Final = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_SESSION: Final = "pid || '@' || extract(epoch from backend_start)::text"

_NAME: Final = re.compile(r"(?P<what>.+) \[(?P<process>\d+) (?P<user>.*)@(?P<host>.*)\]")
_NAME_BYTES: Final = 63  # of application_name; PostgreSQL cuts off what is more


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the run lock.

    Attributes:
        what: What it does: ``make run``, ``make dbt build``.
        process: Number of its process on its machine.
        user: The user that started it.
        host: Its machine.
        since: Since when it has held the lock; None where this user may not see that.
    """

    what: str
    process: str
    user: str
    host: str
    since: datetime | None

    def __str__(self) -> str:
        """Name it in a sentence."""
        since = f", since {self.since.astimezone():%H:%M:%S}" if self.since else ""
        return f"`{self.what}` (process {self.process} of {self.user} on {self.host}{since})"


@dataclass(slots=True)
class RunSession:
    """The session that holds the run lock for this process.

    Attributes:
        name: Its name in ``pg_stat_activity``; see ``live_sessions``.
        lost: Why it was lost; None while it is there.
    """

    name: str
    _connection: psycopg.Connection
    lost: str | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        """What children need to know that the lock is held for them."""
        return {SESSION_VARIABLE: self.name}

    def take(self) -> bool:
        """Take the lock unless another session holds it, and tell whether it was taken."""
        taken = self._connection.execute("select pg_try_advisory_lock(%s)", (RUN_LOCK,)).fetchone()
        return taken is not None and bool(taken[0])

    def holder(self) -> Holder | None:
        """Return who holds the lock."""
        return _holder(self._connection)

    def watch(self) -> None:
        """Interrupt the main thread when the session is lost.

        A lost session is a lost lock: whoever builds has to stop. It is also the quickest sign
        that the server is gone, whatever the build does at the moment.
        """
        threading.Thread(target=self._wait_for_loss, name="run lock", daemon=True).start()

    def end(self) -> None:
        """Give the lock back."""
        self._ended.set()
        self._connection.close()

    def _wait_for_loss(self) -> None:
        while not self._ended.is_set():
            try:
                if select.select([self._connection.fileno()], [], [], SECONDS_BETWEEN_TRIES)[0]:
                    self._connection.pgconn.consume_input()
                    time.sleep(0.01)
            except (psycopg.Error, OSError, ValueError) as error:
                if not self._ended.is_set():
                    self.lost = (str(error).strip().splitlines() or ["no reason"])[0]
                    # A signal, as nothing else ends a wait for a child or a lock.
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return


@dataclass(slots=True)
class _Held:
    """What this process holds: one session, however many ask for it."""

    session: RunSession | None = None


_HELD: Final = _Held()


@contextmanager
def hold(
    conninfo: str,
    what: str,
    *,
    say: Callable[[str], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> Iterator[RunSession]:
    """Hold the run lock while the body runs; where another holds it, wait and say for whom.

    A process that holds it already goes on at once. When the lock is lost, the main thread is
    interrupted as by Ctrl-C.

    Args:
        conninfo: The warehouse's database.
        what: What is done under the lock, for those who wait.
        say: Takes the sentences of waiting; without it they go to standard error.
        announce: Takes the name of the session, which is there before the lock is taken.

    Raises:
        DatabaseUnreachableError: The database does not answer.
        ConnectionLostError: The lock was lost; the body has been interrupted.
    """
    announce = announce or (lambda _name: None)
    if _HELD.session is not None:
        announce(_HELD.session.name)
        yield _HELD.session
        return
    session = _connected(conninfo, what)
    try:
        announce(session.name)
        _wait_for_lock(session, say or _to_standard_error)
    except BaseException:
        session.end()
        raise
    _HELD.session = session
    session.watch()
    try:
        yield session
    except BaseException as error:
        if session.lost is not None:
            raise ConnectionLostError(LOST.format(reason=session.lost)) from error
        raise
    finally:
        _HELD.session = None
        session.end()


def held_session() -> RunSession | None:
    """Return the session that holds the lock for this process, if one does."""
    return _HELD.session


def holder(conninfo: str) -> Holder | None:
    """Return who holds the run lock of a database that answers, or None.

    Raises:
        DatabaseUnreachableError: The database does not answer.
    """
    with open_connection(conninfo, autocommit=True) as connection:
        return _holder(connection)


def live_sessions(conninfo: str) -> set[str]:
    """Return the names of all sessions of the server; a run whose session is not there is dead."""
    with open_connection(conninfo, autocommit=True) as connection:
        query = f"select {_SESSION} from pg_stat_activity where backend_start is not null"  # noqa: S608
        return {str(name) for (name,) in connection.execute(query).fetchall()}


def _connected(conninfo: str, what: str) -> RunSession:
    connection = open_connection(
        make_conninfo(conninfo, application_name=_application_name(what), **_KEEPALIVE),
        autocommit=True,
    )
    for setting in ("statement_timeout", "lock_timeout", "idle_session_timeout"):
        connection.execute(f"set {setting} = 0")
    row = connection.execute(
        f"select {_SESSION} from pg_stat_activity where pid = pg_backend_pid()"  # noqa: S608
    ).fetchone()
    return RunSession(str(row[0]) if row else "", connection)


def _wait_for_lock(session: RunSession, say: Callable[[str], None]) -> None:
    told = None
    while not session.take():
        found = session.holder()
        if found is not None and found != told:
            say(f"waiting for {found} to finish")
            told = found
        time.sleep(SECONDS_BETWEEN_TRIES)


def _holder(connection: psycopg.Connection) -> Holder | None:
    for session in holders_of_lock(connection, RUN_LOCK):
        found = _NAME.fullmatch(session.application.removeprefix(PREFIX))
        if found is None:
            who = f"{session.pid} of the server"
            return Holder(session.application, who, session.login or "?", "?", session.since)
        return Holder(**found.groupdict(), since=session.since)
    return None


def _application_name(what: str) -> str:
    who = f" [{os.getpid()} {_user()[:12]}@{platform.node()[:16]}]"
    text = f"{PREFIX}{what}"[: _NAME_BYTES - len(who)] + who
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _to_standard_error(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
