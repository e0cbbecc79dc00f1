"""The year: what arrives in each of its twelve months, and what goes wrong."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import polars as pl

from synthetic.year.cutting import (
    Months,
    before,
    boomed,
    clouded,
    copy_masks,
    corrected,
    write_rows,
)

MONTHS: Final = 12
BOOM_FROM: Final = 9
EXTRA: Final = "extra.csv"

Deliver = Callable[[Path], None]
"""Puts files into the inbox, or takes them out."""


class Disturbance(StrEnum):
    """What befalls the run on a delivery."""

    NONE = "none"
    RESTART = "the database is restarted meanwhile"
    KILL = "the run is killed meanwhile"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the inbox.

    Attributes:
        month: Number of the month within the year; 0 is the history before it.
        what: In a few words.
        deliver: Does it.
        disturbance: What befalls the run on it.
        is_news: A run comes of it.
    """

    month: int
    what: str
    deliver: Deliver
    disturbance: Disturbance = Disturbance.NONE
    is_news: bool = True


class Year:
    """The deliveries of a year.

    Args:
        months: Generated data; their last twelve months are those that arrive.
        seed: Of what is drawn at random.
    """

    def __init__(self, months: Months, seed: int = 7) -> None:
        self.months = months
        self.seed = seed
        self.history, self.arriving = months.names[:-MONTHS], months.names[-MONTHS:]

    def events(self) -> list[Event]:
        """Return what happens, in order."""
        return [
            Event(0, f"{len(self.history)} months of history arrive, with masks", self._past),
            Event(1, "a month arrives", self._file(1)),
            Event(2, "a month under cloud arrives, and another source", self._cloud),
            Event(3, "the month does not arrive", lambda _inbox: None, is_news=False),
            Event(4, "the month arrives, and the late one with it", self._late),
            Event(5, "a month arrives, and last month's labels are corrected", self._correction),
            Event(6, "a month arrives without its masks", self._without_masks),
            Event(6, "its masks come alone", self._masks_alone),
            Event(7, "a file arrives that ends early", self._corrupt),
            Event(7, "it is sent again, whole", self._repaired),
            Event(8, "a month arrives, and the other source is withdrawn", self._withdrawal),
            Event(9, "a month arrives in which a boom begins", self._file(9)),
            Event(10, "a month of the boom arrives", self._file(10), Disturbance.RESTART),
            Event(11, "a month of the boom arrives", self._file(11), Disturbance.KILL),
            Event(12, "the last month arrives", self._file(12)),
        ]

    def _rows(self, number: int) -> pl.DataFrame:
        found = self.months.of(self.arriving[number - 1])
        booming = number - BOOM_FROM + 1
        return boomed(found, booming, self.seed) if booming > 0 else found

    def _file(self, number: int) -> Deliver:
        name = f"{self.arriving[number - 1]}.csv"
        return lambda inbox: write_rows(self._rows(number), inbox / name)

    def _labels(self, number: int, inbox: Path) -> Path:
        return inbox / self.arriving[number - 1] / "csvs" / "labels.csv"

    def _past(self, inbox: Path) -> None:
        masks = [mask for one in self.history for mask in self.months.masks_of(one)]
        copy_masks(masks, inbox / "history")
        write_rows(self.months.of(*self.history), inbox / "history" / "csvs" / "labels.csv")

    def _cloud(self, inbox: Path) -> None:
        seen = clouded(self._rows(2), inbox / self.arriving[1])
        write_rows(seen, self._labels(2, inbox))
        write_rows(before(self.months), inbox / EXTRA)

    def _late(self, inbox: Path) -> None:
        self._file(3)(inbox)
        self._file(4)(inbox)

    def _correction(self, inbox: Path) -> None:
        fewer = corrected(self._rows(4), self.seed)
        write_rows(fewer, inbox / f"{self.arriving[3]}-corrected.csv")
        self._file(5)(inbox)

    def _without_masks(self, inbox: Path) -> None:
        write_rows(self._rows(6), self._labels(6, inbox))

    def _masks_alone(self, inbox: Path) -> None:
        month = self.arriving[5]
        copy_masks(self.months.masks_of(month), inbox / month)

    def _packed(self) -> bytes:
        rows = self._rows(7).select("filename", "id", "geometry")
        return gzip.compress(rows.write_csv().encode())

    def _corrupt(self, inbox: Path) -> None:
        packed = self._packed()
        (inbox / f"{self.arriving[6]}.csv.gz").write_bytes(packed[: len(packed) // 2])

    def _repaired(self, inbox: Path) -> None:
        (inbox / f"{self.arriving[6]}.csv.gz").write_bytes(self._packed())

    def _withdrawal(self, inbox: Path) -> None:
        (inbox / EXTRA).unlink()
        self._file(8)(inbox)
