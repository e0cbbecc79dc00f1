"""Lines of a CSV into rows: at full speed where all is well, line by line where it is not.

A piece of lines is taken as it stands if Polars reads as many rows as there are lines and the
bytes add up: every line is then exactly ``filename,id,"geometry"``, its id a canonical integer.
Otherwise the piece is halved until the lines at fault stand alone.
"""

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from loaders.forms.parts import ROW_SCHEMA, Batch, Rejection
from loaders.forms.streams import COLUMNS, Piece, count_lines
from loaders.terms.reasons import Reason

HIGHEST_ID: Final = 2**31 - 1
LINES_TO_READ_ONE_BY_ONE: Final = 256

_BYTES_BETWEEN_VALUES: Final = len(',,""\n')
_LOWEST_ID: Final = pl.col("id").min().alias("lowest")
_LENGTHS: Final = (
    pl.col("filename").str.len_bytes().sum(),
    pl.col("geometry").str.len_bytes().sum(),
    pl.sum_horizontal(
        pl.len(), *((pl.col("id") >= 10**power).sum() for power in range(1, 10))
    ).alias("id"),
)
"""Bytes of each column; a number has as many digits as there are powers of ten up to it."""
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)


def read_lines(piece: Piece) -> Iterator[Batch | Rejection]:
    """Read a piece of a CSV: rows that have the form of a row, and lines that have not."""
    frame = _read_fast(piece.lines, piece.line_count)
    if frame is None and b"\r\n" in piece.lines:
        piece = replace(piece, lines=piece.lines.replace(b"\r\n", b"\n"))
        frame = _read_fast(piece.lines, piece.line_count)
    if frame is not None:
        numbers = np.arange(frame.height, dtype=np.int64) + piece.first_line
        yield Batch(frame, numbers, piece.source_file)
    elif piece.line_count <= LINES_TO_READ_ONE_BY_ONE:
        yield from _read_one_by_one(piece)
    else:
        for half in _halves(piece):
            yield from read_lines(half)


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
    reason = reason_of_id(number)
    return reason if reason is not None else (filename, int(number), geometry)


def reason_of_id(number: str) -> str | None:
    """Return why a text is no building id, or None."""
    if _INTEGER.fullmatch(number) is None:
        return Reason.ID_FORM.found(repr(number))
    if number.startswith("-"):
        return Reason.ID_NEGATIVE.found(number)
    if len(number) > len(str(HIGHEST_ID)) or int(number) > HIGHEST_ID:
        return Reason.ID_TOO_LARGE.found(number)
    return None


def shown(line: bytes) -> str:
    """Return a line as text that PostgreSQL can store, to the letter where it can be."""
    return line.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")


def _read_fast(piece: bytes, lines: int) -> pl.DataFrame | None:
    try:
        frame = pl.read_csv(piece, has_header=False, schema=ROW_SCHEMA).rechunk()
    except pl.exceptions.PolarsError:
        return None
    return frame if _is_exact(frame, len(piece), lines) else None


def _is_exact(frame: pl.DataFrame, size: int, lines: int) -> bool:
    if frame.height != lines or any(frame.null_count().row(0)):
        return False
    lowest, *lengths = frame.select(_LOWEST_ID, *_LENGTHS).row(0)
    used = int(sum(lengths)) + lines * _BYTES_BETWEEN_VALUES
    return int(lowest) >= 0 and used == size


def _halves(piece: Piece) -> tuple[Piece, Piece]:
    lines = piece.lines
    half = len(lines) // 2
    middle = lines.rfind(b"\n", 0, half) + 1 or lines.index(b"\n", half) + 1
    before = count_lines(lines[:middle])
    return (
        Piece(lines[:middle], piece.first_line, before, piece.source_file),
        Piece(
            lines[middle:],
            piece.first_line + before,
            piece.line_count - before,
            piece.source_file,
        ),
    )


def _read_one_by_one(piece: Piece) -> Iterator[Batch | Rejection]:
    rows: list[tuple[str, int, str]] = []
    lines: list[int] = []
    for number, line in enumerate(piece.lines[:-1].split(b"\n"), start=piece.first_line):
        row = read_line(line)
        if isinstance(row, str):
            yield Rejection(piece.source_file, number, shown(line), row, _first_value(line))
        else:
            rows.append(row)
            lines.append(number)
    if rows:
        frame = pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")
        yield Batch(frame, np.array(lines, dtype=np.int64), piece.source_file)


def _first_value(line: bytes) -> str:
    """Return what stands where the filename should, so that a bad line can tell its image."""
    return shown(line.partition(b",")[0].strip(b'"'))


def _split(text: str) -> list[str] | None:
    csv.field_size_limit(sys.maxsize)
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
