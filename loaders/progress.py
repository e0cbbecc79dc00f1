"""How far a load is: a bar on a terminal, a line now and then in a log, or the caller's own."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from warehouse.progress import Display, console_on, rate_of

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES: Final = 5.0

Advance = Callable[[int, int], None]
"""Called with the bytes and the rows that were read so far."""

Follow = Callable[[int, int, int], None]
"""Called with the bytes read so far, the bytes of the source, and the rows read so far."""


@contextmanager
def tracking(*, total_bytes: int, enabled: bool | Follow) -> Iterator[Advance]:
    """Show progress while the body runs.

    Args:
        total_bytes: Size of the source.
        enabled: Show anything at all; or who follows instead of a terminal.
    """
    if callable(enabled):
        follow = enabled
        yield lambda position, rows: follow(position, total_bytes, rows)
    elif not enabled:
        yield lambda _bytes, _rows: None
    elif sys.stderr.isatty():
        with Display(console_on(sys.stderr)) as display:
            display.start("loading")
            yield lambda position, rows: display.advance_bytes(position, total_bytes, rows)
    else:
        yield _lines(total_bytes)


def _lines(total_bytes: int) -> Advance:
    started = last = time.monotonic()

    def advance(position: int, rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES or not position:
            return
        last = now
        left = max(total_bytes - position, 0)
        logger.info(
            "%s, %d %%, %s",
            rate_of(rows, now - started),
            min(100 * position // max(total_bytes, 1), 99),
            f"about {(now - started) * left / position:.0f} s left" if left else "nearly done",
        )

    return advance
