"""Ctrl-C and SIGTERM end a run in order, and in a bounded time even where that hangs."""

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from warehouse.cli import EXIT_INTERRUPTED, EXIT_USER_ERROR, INTERRUPTED
from warehouse.running.lock import held_session
from warehouse.running.loss import LOST

PATIENCE_SECONDS: Final = 20.0
"""How long the step at work and its children may take to end."""

PATIENCE_WHEN_LOST_SECONDS: Final = 5.0
"""The same where the database is gone: nothing can be written down any more."""

AGAIN_AFTER_SECONDS: Final = 1.0
"""A second interrupt sooner is the same one: of the terminal, and of who waits for this process."""

_ENDING: Final = {signal.SIGINT, signal.SIGTERM}
_SHOW_CURSOR: Final = "\x1b[?25h"


@contextmanager
def bounded_end(
    errors: TextIO, terminal: TextIO, *, patience: float = PATIENCE_SECONDS
) -> Iterator[None]:
    """Leave the process by force when an interrupted body does not end, or is interrupted again.

    Python runs its handlers of signals between two of its own instructions alone, so a library
    that computes for a minute, or waits for a server that is gone, would hold up the end. The
    signals are seen here by a thread, besides whatever handler the body has.

    Args:
        errors: Takes the last words.
        terminal: Where a live line may have hidden the cursor.
        patience: Seconds that the end may take.
    """
    seen, told = socket.socketpair()
    told.settimeout(0)
    over = threading.Event()
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        if _must_leave(seen, over, patience):
            _leave(errors, terminal)

    watcher = threading.Thread(target=watch, name="stopping", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        told.close()
        watcher.join()
        seen.close()


def _must_leave(seen: socket.socket, over: threading.Event, patience: float) -> bool:
    """Wait for an interrupt, and then for another one or the end of patience."""
    first: float | None = None
    while True:
        left = None if first is None else max(first + patience - time.monotonic(), 0)
        is_readable = bool(select.select([seen], [], [], left)[0])
        if over.is_set():
            return False
        if is_readable and not _ENDING.intersection(seen.recv(64)):
            continue
        if first is None:
            first = time.monotonic()
            if _reason_of_loss() is not None:
                patience = min(patience, PATIENCE_WHEN_LOST_SECONDS)
        elif not is_readable or time.monotonic() - first > AGAIN_AFTER_SECONDS:
            return True


def _reason_of_loss() -> str | None:
    session = held_session()
    return None if session is None else session.lost


def _leave(errors: TextIO, terminal: TextIO) -> None:
    reason = _reason_of_loss()
    with contextlib.suppress(OSError, ValueError):
        if terminal.isatty():
            terminal.write(_SHOW_CURSOR)
            terminal.flush()
        errors.write(INTERRUPTED if reason is None else f"error: {LOST.format(reason=reason)}\n")
        errors.flush()
    os._exit(EXIT_INTERRUPTED if reason is None else EXIT_USER_ERROR)
