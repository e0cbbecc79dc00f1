"""Lines of a CSV into rows: at full speed where all is well, line by line where it is not.

A piece of lines is taken as it stands if Polars reads as many rows as there are lines and the
bytes add up: every line is then exactly ``filename,id,"geometry"``, its id a canonical integer.
Otherwise the piece is halved until the lines at fault stand alone.
"""

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from loaders.reasons import Reason

COLUMNS: Final = ("filename", "id", "geometry")
SCHEMA: Final = {"filename": pl.String(), "id": pl.Int32(), "geometry": pl.String()}
HIGHEST_ID: Final = 2**31 - 1
LINES_TO_READ_ONE_BY_ONE: Final = 256

_BYTES_BETWEEN_VALUES: Final = len(',,""\n')
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that have the form of a row.

    Attributes:
        frame: ``filename`` String, ``id`` Int32 (not negative), ``geometry`` String; no nulls.
        lines: The line of each row in its file, from 1; int64.
    """

    frame: pl.DataFrame
    lines: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be loaded.

    Attributes:
        line: Line of the file, from 1; 0 where the whole file is meant.
        text: The line as it stands, bytes that are no UTF-8 shown escaped.
        reason: A phrase of ``loaders.reasons`` and what was found.
    """

    line: int
    text: str
    reason: str


def read_lines(piece: bytes, first_line: int) -> Iterator[Batch | Rejection]:
    """Read lines that all end in a line feed.

    Args:
        piece: One or more whole lines, without a header.
        first_line: Number of the first of them in its file.
    """
    lines = piece.count(b"\n")
    frame = _read_fast(piece, lines)
    if frame is not None:
        yield Batch(frame, np.arange(first_line, first_line + lines, dtype=np.int64))
    elif lines <= LINES_TO_READ_ONE_BY_ONE:
        yield from _read_one_by_one(piece, first_line)
    else:
        middle = _middle(piece)
        yield from read_lines(piece[:middle], first_line)
        yield from read_lines(piece[middle:], first_line + piece.count(b"\n", 0, middle))


def read_line(line: bytes) -> tuple[str, int, str] | str:
    """Read one line without its line feed: its three values, or the reason to reject it."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Reason.ENCODING.found(f"byte {error.object[error.start]:#04x}")
    if not text.strip():
        return Reason.EMPTY_LINE.value
    fields = _split(text)
    if fields is None:
        return Reason.QUOTES.found(text)
    if len(fields) != len(COLUMNS):
        return Reason.COLUMNS.found(f"{len(fields)} instead of {len(COLUMNS)}")
    filename, number, geometry = fields
    reason = _reason_of_id(number)
    return reason if reason is not None else (filename, int(number), geometry)


def shown(line: bytes) -> str:
    """Return a line as text that PostgreSQL can store, to the letter where it can be."""
    return line.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")


def _read_fast(piece: bytes, lines: int) -> pl.DataFrame | None:
    try:
        frame = pl.read_csv(piece, has_header=False, schema=SCHEMA).rechunk()
    except pl.exceptions.PolarsError:
        return None
    return frame if _is_exact(frame, len(piece), lines) else None


def _is_exact(frame: pl.DataFrame, size: int, lines: int) -> bool:
    if frame.height != lines or any(frame.null_count().row(0)):
        return False
    numbers = frame["id"].to_numpy()
    if numbers.min() < 0:
        return False
    digits = lines + sum(int(np.count_nonzero(numbers >= 10**power)) for power in range(1, 10))
    texts = sum(int(frame[name].str.len_bytes().sum()) for name in ("filename", "geometry"))
    return texts + digits + lines * _BYTES_BETWEEN_VALUES == size


def _middle(piece: bytes) -> int:
    half = len(piece) // 2
    before = piece.rfind(b"\n", 0, half) + 1
    return before if before > 0 else piece.index(b"\n", half) + 1


def _read_one_by_one(piece: bytes, first_line: int) -> Iterator[Batch | Rejection]:
    rows: list[tuple[str, int, str]] = []
    lines: list[int] = []
    for number, line in enumerate(piece[:-1].split(b"\n"), start=first_line):
        row = read_line(line)
        if isinstance(row, str):
            yield Rejection(number, shown(line), row)
        else:
            rows.append(row)
            lines.append(number)
    if rows:
        frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
        yield Batch(frame, np.array(lines, dtype=np.int64))


def _split(text: str) -> list[str] | None:
    csv.field_size_limit(sys.maxsize)
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _reason_of_id(number: str) -> str | None:
    if _INTEGER.fullmatch(number) is None:
        return Reason.ID_FORM.found(repr(number))
    if number.startswith("-"):
        return Reason.ID_NEGATIVE.found(number)
    if len(number) > len(str(HIGHEST_ID)) or int(number) > HIGHEST_ID:
        return Reason.ID_TOO_LARGE.found(number)
    return None
