"""Lines of a CSV into rows: at full speed where all is well, line by line where it is not.

A piece of lines is taken as it stands if Polars reads as many rows as there are lines and the
bytes add up: every line is then exactly ``filename,id,"geometry"``, its id a canonical integer.
Otherwise its lines are cut at their first two commas, each by itself but all at once; the few that
are not plain then are read one by one (``read_line``). So the cost grows with the bytes, whatever
they are.
"""

import csv
import re
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from loaders.errors import SourceDamagedError
from loaders.forms.parts import ROW_SCHEMA, Batch, Rejection, Rejections, Rows
from loaders.forms.streams import COLUMNS, Piece
from loaders.terms.other_forms import (
    CANONICAL_ID,
    HIGHEST_ID,
    PLAIN_ID,
    OtherForm,
    canonical_filename,
    whole_number,
)
from loaders.terms.reasons import Reason

LINES_AT_ONCE: Final = 100_000
"""Of lines that are not all plain: a piece has some 50,000 of labels, but may have millions."""
REJECTIONS_AT_ONCE: Final = 5_000
CHARACTERS_AT_ONCE: Final = 64 * 1024

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
_UNUSED: Final = b"\x01"
"""A byte that no text holds: as separator of a CSV it leaves each line whole."""
_UNPACKED_BY_POLARS: Final = (
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"x\x01",
    b"x^",
    b"x\x9c",
    b"x\xda",
)
"""What begins so, Polars takes for gzip, Zstandard or zlib, though it is a line among others."""
_LONGEST_NAME: Final = 1000
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)


_SCHEMA: Final = {**ROW_SCHEMA, "line": pl.Int64(), "is_other": pl.Boolean()}
_Row = tuple[str, int, str, int, bool]


class Value(NamedTuple):
    """One row, and whether its id had to be taken in another spelling."""

    row: tuple[str, int, str]
    id_is_other: bool


def read_lines(piece: Piece) -> Iterator[Batch | Rejections]:
    """Read a piece of a CSV: rows that have the form of a row, and lines that have not."""
    lines = piece.lines
    frame = _read_fast(lines, piece.line_count)
    if frame is None and b"\r" in lines and b"\r\n" in lines:
        lines = lines.replace(b"\r\n", b"\n")
        frame = _read_fast(lines, piece.line_count)
    if frame is None:
        yield from _read_each(lines, piece)
    else:
        yield Batch(frame, np.arange(frame.height, dtype=np.int64), piece.files)


def read_line(line: bytes) -> Value | str:
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
    filename, word, geometry = fields
    number = read_id(word)
    if isinstance(number, str):
        return number
    return Value((filename, number, geometry), word != str(number))


def read_id(text: str) -> int | str:
    """Return the building id that a text means, or why it means none."""
    number = int(text) if _INTEGER.fullmatch(text[:20]) and len(text) < 20 else whole_number(text)
    if number is None:
        if _INTEGER.fullmatch(text) is None:
            return Reason.ID_FORM.found(repr(text))
        reason = Reason.ID_NEGATIVE if text.startswith("-") else Reason.ID_TOO_LARGE
        return reason.found(text)
    if number < 0:
        return Reason.ID_NEGATIVE.found(text)
    return number if number <= HIGHEST_ID else Reason.ID_TOO_LARGE.found(text)


def shown(line: bytes) -> str:
    """Return a line as text that PostgreSQL can store, to the letter where it can be."""
    return line.decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")


def _read_fast(piece: bytes, lines: int) -> pl.DataFrame | None:
    if piece.startswith((b'"', *_UNPACKED_BY_POLARS)):
        return None
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


def _read_each(lines: bytes, piece: Piece) -> Iterator[Batch | Rejections]:
    """Read lines of which some are not plain; rows in the order of their lines."""
    for first, part in _portions(lines, piece.line_count):
        count = min(LINES_AT_ONCE, piece.line_count - first)
        plain = _plain_rows(part, count)
        rest = np.ones(count, dtype=np.bool_)
        rest[plain["line"].to_numpy()] = False
        others: list[_Row] = []
        if rest.any():
            yield from _read_one_by_one(part, np.flatnonzero(rest), first, piece, others)
        rows = pl.concat([plain, pl.DataFrame(others, _SCHEMA, orient="row")]) if others else plain
        rows = rows.sort("line") if others else rows
        if rows.height:
            is_other = rows["is_other"].to_numpy()
            forms = {OtherForm.ID_SPELLING: is_other} if is_other.any() else {}
            yield Batch(
                rows.select(*ROW_SCHEMA), rows["line"].to_numpy() + first, piece.files, forms
            )


def _portions(lines: bytes, line_count: int) -> Iterator[tuple[int, bytes]]:
    """Cut lines that are short and many, so that memory goes by bytes and not by lines."""
    if line_count <= LINES_AT_ONCE:
        yield 0, lines
        return
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == ord("\n")) + 1
    start = 0
    for first in range(0, line_count, LINES_AT_ONCE):
        end = int(ends[min(first + LINES_AT_ONCE, line_count) - 1])
        yield first, lines[start:end]
        start = end


def _plain_rows(lines: bytes, line_count: int) -> pl.DataFrame:
    """Return the rows whose values stand plainly between commas, quoted whole or not at all.

    Columns as in ``ROW_SCHEMA``, ``line`` Int64 (from 0) and ``is_other`` Boolean (of the id).
    """
    frame = _as_column(lines, line_count)
    values = pl.col("text").str.splitn(",", len(COLUMNS)).struct.rename_fields(list(COLUMNS))
    quotes = pl.col("text").str.count_matches('"', literal=True).alias("quotes")
    frame = frame.select(quotes, values).with_row_index("line").unnest("text")
    frame = frame.with_columns(_is_quoted(name).alias(f"{name}_quoted") for name in COLUMNS)
    is_plain = _is_plain()
    if b"\r" in lines:
        is_plain &= ~pl.any_horizontal(pl.col(*COLUMNS).str.contains("\r", literal=True))
    frame = frame.filter(is_plain).with_columns(_unquoted(name) for name in COLUMNS)
    word = pl.col("id")
    return (
        frame.with_columns(
            number=word.str.extract(PLAIN_ID).cast(pl.Int64, strict=False),
            is_other=~word.str.contains(CANONICAL_ID),
        )
        .filter(pl.col("number") <= HIGHEST_ID)
        .select(
            "filename",
            pl.col("number").cast(pl.Int32).alias("id"),
            "geometry",
            pl.col("line").cast(pl.Int64),
            "is_other",
        )
    )


def _as_column(lines: bytes, line_count: int) -> pl.DataFrame:
    """Return lines as one column ``text``; a line that is no UTF-8 as null."""
    schema = {"text": pl.String()}
    if _UNUSED not in lines and not lines.startswith(_UNPACKED_BY_POLARS):
        try:
            frame = pl.read_csv(
                lines, has_header=False, schema=schema, separator=_UNUSED.decode(), quote_char=None
            )
        except pl.exceptions.PolarsError:
            frame = pl.DataFrame(schema=schema)
        if frame.height == line_count and not frame["text"].has_nulls():
            return frame
    try:
        texts: list[str | None] = list(lines[:-1].decode("utf-8").split("\n"))
    except UnicodeDecodeError:
        texts = [_decoded(line) for line in lines[:-1].split(b"\n")]
    return pl.DataFrame({"text": texts}, schema=schema)


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_quoted(name: str) -> pl.Expr:
    value = pl.col(name)
    is_long = value.str.len_bytes() >= len('""')
    return is_long & value.str.starts_with('"') & value.str.ends_with('"')


def _is_plain() -> pl.Expr:
    """Every quote of the line stands at an end of a value; no comma in one without quotes."""
    are_quoted = pl.col(*(f"{name}_quoted" for name in COLUMNS)).cast(pl.UInt32)
    has_comma = pl.col("geometry").str.contains(",", literal=True)
    is_whole = pl.col("geometry_quoted") | ~has_comma
    return (pl.col("quotes") == 2 * pl.sum_horizontal(are_quoted)) & is_whole


def _unquoted(name: str) -> pl.Expr:
    inner = pl.col(name).str.strip_prefix('"').str.strip_suffix('"')
    return pl.when(f"{name}_quoted").then(inner).otherwise(name).alias(name)


def _read_one_by_one(
    lines: bytes, numbers: Rows, first: int, piece: Piece, rows: list[_Row]
) -> Iterator[Rejections]:
    """Yield lines that are no rows, a few thousand at a time; add those that are to ``rows``."""
    rejections: list[Rejection] = []
    characters = 0
    texts = lines[:-1].split(b"\n")
    for number in numbers.tolist():
        value = read_line(texts[number])
        if not isinstance(value, str):
            rows.append((*value.row, number, value.id_is_other))
            continue
        file, line = piece.files.place(first + number)
        if first + number in piece.open_lines:
            raise SourceDamagedError(
                f"{file} ends within line {line:,} ({value}), so it is cut off; fetch or write it "
                "again"
            )
        text = shown(texts[number])
        rejections.append(Rejection(file, line, text, value, _image_of(text)))
        characters += len(text)
        if len(rejections) >= REJECTIONS_AT_ONCE or characters >= CHARACTERS_AT_ONCE:
            yield Rejections(rejections)
            rejections, characters = [], 0
    if rejections:
        yield Rejections(rejections)


def _image_of(line: str) -> str:
    """Return what stands where the filename should, so that a bad line can tell its image."""
    return canonical_filename(line[:_LONGEST_NAME].partition(",")[0].strip('"'))[0]


def _split(text: str) -> list[str] | None:
    csv.field_size_limit(sys.maxsize)
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
