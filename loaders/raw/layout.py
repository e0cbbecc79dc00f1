"""Which tables of ``raw`` a load writes: those of the truth, or those of one tracker's predictions.

The two have the same columns and never mix. Predictions lie in ``raw.prediction_*``, of all
trackers, with the tracker in front of every key; statements say where they differ by
``{is_mine}`` and ``{key}``.
"""

import re
from dataclasses import dataclass
from typing import Final, LiteralString

import polars as pl
from psycopg import sql

from loaders.errors import TrackerNameError

_TABLES: Final = ("image", "image_rows", "footprint", "observation")
_TRACKER_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of the truth, or the part of the others that is one tracker's.

    Attributes:
        tracker: Its name; None for the truth.
    """

    tracker: str | None = None

    @property
    def is_truth(self) -> bool:
        """Whether these are labels, which several sources may share."""
        return self.tracker is None

    def table(self, name: str) -> tuple[str, str]:
        """Return schema and name of the table that holds this."""
        return "raw", name if self.is_truth else f"prediction_{name}"

    def compose(self, statement: LiteralString, **parts: sql.Composable) -> sql.Composed:
        """Fill in a statement.

        Args:
            statement: May hold ``{image}``, ``{image_rows}``, ``{footprint}``, ``{observation}``
                (tables), ``{is_mine}`` (condition on their rows), ``{key}`` (of an image).
            parts: What else it holds.
        """
        tables = {name: sql.Identifier(*self.table(name)) for name in _TABLES}
        mine = sql.SQL("true" if self.is_truth else "tracker = {}")
        key = sql.SQL("chip_key, time_key" if self.is_truth else "tracker, chip_key, time_key")
        return sql.SQL(statement).format(
            **tables, is_mine=mine.format(sql.Literal(self.tracker)), key=key, **parts
        )

    def signed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows with the tracker in front, where the table has it."""
        if self.is_truth:
            return frame
        return frame.select(pl.lit(self.tracker).alias("tracker"), *frame.columns)


TRUTH: Final = Layout()


def layout_of(tracker: str) -> Layout:
    """Return where a tracker's predictions lie.

    Raises:
        TrackerNameError: The name is none that files and addresses can have.
    """
    if _TRACKER_FORM.fullmatch(tracker) is None:
        raise TrackerNameError(
            f"{tracker!r} is no name of a tracker; expected up to 63 letters, digits, '-', '_' and "
            "'.', the first of them a letter or digit"
        )
    return Layout(tracker)
