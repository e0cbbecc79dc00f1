"""How far a load is: a bar on a terminal, a line now and then in a log."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES: Final = 5.0

Advance = Callable[[int, int], None]
"""Called with the bytes and the rows that were read so far."""


@contextmanager
def tracking(*, total_bytes: int, enabled: bool) -> Iterator[Advance]:
    """Show progress while the body runs.

    Args:
        total_bytes: Size of the source.
        enabled: Show anything at all.
    """
    console = Console(stderr=True)
    if not enabled:
        yield lambda _bytes, _rows: None
    elif console.is_terminal:
        with _bar(console, total_bytes) as advance:
            yield advance
    else:
        yield _lines(total_bytes)


@contextmanager
def _bar(console: Console, total_bytes: int) -> Iterator[Advance]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:>11,} rows"),
        TextColumn("{task.fields[rate]:>10,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("loading", total=total_bytes, rows=0, rate=0.0)

        def advance(position: int, rows: int) -> None:
            rate = _rate(rows, started)
            progress.update(task, completed=position, rows=rows, rate=rate)
            if position >= total_bytes:
                progress.update(task, description="writing")

        yield advance


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
            "%s rows, %d %%, %s rows/s, %s",
            f"{rows:,}",
            min(100 * position // max(total_bytes, 1), 99),
            f"{_rate(rows, started):,.0f}",
            f"about {(now - started) * left / position:.0f} s left" if left else "nearly done",
        )

    return advance


def _rate(rows: int, started: float) -> float:
    return rows / max(time.monotonic() - started, 1e-3)
