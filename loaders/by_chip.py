"""Where in a CSV the lines of each chip stand, so that one chip after the other can be read.

A file in which a chip's lines stand together, or a month's of a chip, has few such spans; any other
order is found as well, only slower.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from loaders.errors import SourceChangedError, SourceFormError
from loaders.forms.heads import Packing
from loaders.forms.sources import FileForm, Kind, form_of, shown_path
from loaders.forms.streams import count_lines, pieces

_PLAIN: Final = FileForm(Kind.CSV, Packing.NONE)
_FIRST_LINE: Final = 2
_BEFORE_CHIP: Final = b"_mosaic_"
NO_CHIP: Final = ""
"""Stands for the chip of lines that name none."""


@dataclass(slots=True)
class Span:
    """Lines that stand behind each other.

    Attributes:
        start, end: Offsets of the first byte and behind the last one.
        first_line: Number of the first line, the header being line 1.
        line_count: How many lines.
    """

    start: int
    end: int
    first_line: int
    line_count: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines as they stand, each with its line feed.

    Attributes:
        text: The lines.
        first_line: Number of the first of them in its file.
        line_count: How many.
    """

    text: bytes
    first_line: int
    line_count: int


@dataclass(frozen=True, slots=True)
class CsvByChip:
    """A CSV of which it is known where each chip's lines stand.

    Attributes:
        path: The file.
        spans: By the chip's name, in the order in which chips first come; ``NO_CHIP`` for lines
            that name none.
        state: Size and time of change when the file was looked through.
    """

    path: Path
    spans: dict[str, list[Span]]
    state: tuple[int, int]

    def read(self, chip_id: str) -> Iterator[Lines]:
        """Yield the lines of a chip, in the order of the file.

        Raises:
            SourceChangedError: The file is another one now, or gone.
        """
        with _opened(self.path, self.state) as file:
            for span in self.spans.get(chip_id, ()):
                file.seek(span.start)
                text = file.read(span.end - span.start)
                yield Lines(
                    text if text.endswith(b"\n") else text + b"\n",
                    span.first_line,
                    span.line_count,
                )


def _opened(path: Path, state: tuple[int, int]) -> BinaryIO:
    """Open a file if it is still the one that was looked through."""
    try:
        file = path.open("rb")
    except OSError:
        raise SourceChangedError(
            f"{shown_path(path)} went away while it was read; run again"
        ) from None
    if _state(file) != state:
        file.close()
        raise SourceChangedError(f"{shown_path(path)} changed while it was read; run again")
    return file


def _state(file: BinaryIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def csv_by_chip(path: Path) -> CsvByChip:
    """Read a CSV once and note where each chip's lines stand.

    Args:
        path: A plain CSV with the columns ``filename,id,geometry``.

    Raises:
        SourceMissingError: There is no such file, or it is empty.
        SourceFormError: It is compressed, an archive or a folder, or has other columns.
    """
    if path.is_dir() or form_of(path) != _PLAIN:
        raise SourceFormError(f"{shown_path(path)} is no plain CSV; unpack it and name the CSV")
    spans: dict[str, list[Span]] = {}
    with path.open("rb") as file:
        state = _state(file)
        offset = len(file.readline())
        file.seek(0)
        line = _FIRST_LINE
        for piece in pieces(file, source_file=shown_path(path)):
            for chip_id, span in _runs(piece.lines, line, piece.line_count):
                span.start, span.end = span.start + offset, span.end + offset
                _append(spans.setdefault(chip_id, []), span)
            offset += len(piece.lines)
            line += piece.line_count
    return CsvByChip(path, spans, state)


def _append(spans: list[Span], span: Span) -> None:
    if spans and spans[-1].end == span.start:
        spans[-1].end = span.end
        spans[-1].line_count += span.line_count
    else:
        spans.append(span)


def _runs(lines: bytes, first_line: int, line_count: int) -> Iterator[tuple[str, Span]]:
    """Halve a piece until every part names one chip in each of its lines."""
    parts = [Span(0, len(lines), first_line, line_count)]
    while parts:
        part = parts.pop()
        chip = _chip_of_line(lines, part.start)
        named = lines.count(_BEFORE_CHIP + chip + b",", part.start, part.end) if chip else 0
        if part.line_count in {1, named}:
            yield chip.decode("utf-8", errors="backslashreplace"), part
            continue
        middle = lines.find(b"\n", (part.start + part.end) // 2, part.end - 1) + 1
        if middle == 0:
            middle = lines.rfind(b"\n", part.start, part.end - 1) + 1
        before = count_lines(lines[part.start : middle])
        after = part.line_count - before
        parts.append(Span(middle, part.end, part.first_line + before, after))
        parts.append(Span(part.start, middle, part.first_line, before))


def _chip_of_line(lines: bytes, start: int) -> bytes:
    end = lines.find(b",", start, lines.index(b"\n", start))
    name = lines[start : max(start, end)]
    return name.partition(_BEFORE_CHIP)[2]
