"""``raw.rejected_row``: rows that cannot be loaded, written many at a time, and their limit."""

from collections import Counter
from typing import Final

import polars as pl
import psycopg

from loaders.errors import TooManyRejectedError
from loaders.forms.parts import Rejection
from loaders.raw.copying import copy_into, encode_csv

ROWS_AT_ONCE: Final = 10_000
CHARACTERS_AT_ONCE: Final = 16 * 1024 * 1024
ROWS_OF_REFUSED: Final = 1_000
"""Rejected rows that are kept of a source that is refused as a whole."""


class RejectedRows:
    """The rejected rows of one load, on their way to the table."""

    def __init__(self, *, load_id: int, limit: int) -> None:
        """Start with none.

        Args:
            load_id: The load.
            limit: How many there may be.
        """
        self._load_id = load_id
        self._limit = limit
        self._first: list[Rejection] = []
        self._waiting: list[Rejection] = []
        self._waiting_characters = 0
        self.reasons: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """How many there were."""
        return self.reasons.total()

    @property
    def is_much(self) -> bool:
        """Whether so much waits that it should be written."""
        return len(self._waiting) >= ROWS_AT_ONCE or self._waiting_characters >= CHARACTERS_AT_ONCE

    def add(self, rejections: list[Rejection]) -> None:
        """Take in rows, and count them by the phrase that opens their reason.

        Raises:
            TooManyRejectedError: There are more than the limit.
        """
        self.reasons.update(rejection.reason.partition(":")[0] for rejection in rejections)
        self._waiting += rejections
        self._waiting_characters += sum(len(rejection.text) for rejection in rejections)
        if len(self._first) < ROWS_OF_REFUSED and self._waiting_characters < CHARACTERS_AT_ONCE:
            self._first += rejections[: ROWS_OF_REFUSED - len(self._first)]
        if self.count > self._limit:
            raise TooManyRejectedError(
                f"more than {self._limit:,} rows cannot be loaded (the last: "
                f"{rejections[-1].reason}); nothing was changed; look at raw.rejected_row where "
                f"load_id = {self._load_id} and mend the source, or allow more (--reject-limit)"
            )

    def take(self) -> list[Rejection]:
        """Return what waits."""
        taken, self._waiting, self._waiting_characters = self._waiting, [], 0
        return taken

    def first(self) -> list[Rejection]:
        """Return those that are kept of a source that is refused."""
        return self._first

    def write(self, connection: psycopg.Connection, rejections: list[Rejection]) -> None:
        """Write rows, all at once."""
        if not rejections:
            return
        columns = {
            "load_id": [self._load_id] * len(rejections),
            "source_file": [rejection.source_file for rejection in rejections],
            "line": [rejection.line for rejection in rejections],
            "text": [rejection.text for rejection in rejections],
            "reason": [rejection.reason.replace("\x00", "\\x00") for rejection in rejections],
        }
        table = ("raw", "rejected_row")
        copy_into(connection, table, "format csv", encode_csv(pl.DataFrame(columns)))
