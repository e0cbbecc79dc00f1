"""Waiting for locks: with a limit, and with a word about who holds them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg

from warehouse.access import connect
from warehouse.connection.errors import LockHeldError, UserError
from warehouse.connection.sessions import holders_up, named

_BROKEN: Final = psycopg.pq.TransactionStatus.INERROR


@dataclass(slots=True)
class Waits:
    """What ``told_of_waits`` has said last; None if nobody had to wait."""

    last: str | None = None


@contextmanager
def told_of_waits(
    say: Callable[[str], object], *, application: str, every_seconds: float = 2
) -> Iterator[Waits]:
    """Tell of sessions that wait for a lock, and for whom, while the block runs.

    Args:
        say: Called with a sentence, from another thread, when the sessions waited for change.
        application: How the ``application_name`` of the sessions that may wait begins: ``dbt``.
        every_seconds: How often to look, by a connection of its own.
    """
    waits, ended = Waits(), threading.Event()

    def watch() -> None:
        try:
            with connect(autocommit=True) as connection:
                while not ended.wait(every_seconds):
                    holders = holders_up(connection, application=application)
                    known = {holder.pid for holder in holders}
                    if known and known != seen:
                        waits.last = f"waiting for {named(holders)}, whose lock is in the way"
                        say(waits.last)
                    seen.clear()
                    seen.update(known)
        except (psycopg.Error, UserError):
            return  # the server is lost: those who work with it will say so

    seen: set[int] = set()
    watcher = threading.Thread(target=watch, name="waits", daemon=True)
    watcher.start()
    try:
        yield waits
    finally:
        ended.set()
        watcher.join()


@contextmanager
def no_longer_than(seconds: float, connection: psycopg.Connection) -> Iterator[None]:
    """Let no statement of the block wait longer for a lock.

    Args:
        seconds: The limit of each wait.
        connection: Whose statements; in a transaction or in autocommit mode.

    Raises:
        LockHeldError: One would have had to; the message names who held the lock. The transaction
            is broken off.
    """
    name = connection.info.parameter_status("application_name") or ""
    before = connection.execute("show lock_timeout").fetchone()
    _set_lock_timeout(connection, f"{round(seconds * 1000)}ms")
    ignored: list[str] = []
    try:
        with told_of_waits(
            ignored.append, application=name, every_seconds=min(seconds / 4, 2)
        ) as waits:
            yield
    except psycopg.errors.LockNotAvailable as error:
        reason = waits.last or "waiting for a lock that another session holds"
        raise LockHeldError(
            f"gave up after {seconds:g} s of {reason}; let that end (or end it with `select "
            "pg_terminate_backend(PROCESS)`), then try again"
        ) from error
    finally:
        # A transaction that is broken off takes the limit back by itself.
        if before is not None and connection.info.transaction_status != _BROKEN:
            _set_lock_timeout(connection, before[0])


def _set_lock_timeout(connection: psycopg.Connection, value: str) -> None:
    connection.execute("select set_config('lock_timeout', %s, false)", (value,))
