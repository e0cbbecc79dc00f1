"""How far the step at work is: assets report, a terminal shows it, and without one nobody does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from warehouse.progress import Display, rate_of


@dataclass(slots=True)
class _Shown:
    display: Display | None = None


_SHOWN: Final = _Shown()


@contextmanager
def shown_on(display: Display) -> Iterator[None]:
    """Show what the assets of this process report on a display while the body runs."""
    _SHOWN.display = display
    try:
        yield
    finally:
        _SHOWN.display = None


def report(done: int, total: int, what: str) -> None:
    """Say how many of how many are done: ``12 of 123 nodes``."""
    if _SHOWN.display is not None:
        _SHOWN.display.advance(done, total, f"{done:,} of {total:,} {what}")


def report_rows(rows: int, total: int) -> None:
    """Say how many rows of how many are done."""
    if _SHOWN.display is not None:
        _SHOWN.display.advance(rows, total, rate_of(rows, _SHOWN.display.seconds))


def report_load(position: int, total_bytes: int, rows: int) -> None:
    """Say how many bytes of a source were read, and how many rows were in them."""
    if _SHOWN.display is not None:
        _SHOWN.display.advance_bytes(position, total_bytes, rows)


def say(sentence: str) -> None:
    """Tell a person something that holds the step up."""
    if _SHOWN.display is not None:
        _SHOWN.display.say(sentence)
