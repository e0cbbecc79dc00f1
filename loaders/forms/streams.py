"""Bytes of a source in pieces of whole lines, read and hashed."""

import csv
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from loaders.errors import SourceChangedError, SourceFormError
from loaders.forms.heads import HEAD_BYTES, refuse_other_forms
from loaders.forms.parts import FileLines
from loaders.terms.reasons import printable, shorten

PIECE_BYTES: Final = 8 * 1024 * 1024
"""Fits the allocator's reuse: from 32 MB on every piece is mapped afresh, at twice the cost."""
LONGEST_LINE_BYTES: Final = 16 * 1024 * 1024
COLUMNS: Final = ("filename", "id", "geometry")

_HEADER_BYTES: Final = 4096
_NEAR_BYTES: Final = 64 * 1024
_BLOCK_BYTES: Final = 1024 * 1024
_LINE_FEED: Final = ord("\n")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class Readable(Protocol):
    """What pieces are cut from: a file, a decompressor, a member of an archive."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""
        ...


class HashingFile:
    """A file as it lies on disk, hashed while it is read.

    Also knows how far it was read, which is the progress of a load whatever the compression.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and note its size and time of change."""
        self._file = path.open("rb", buffering=0)
        self.path = path
        self._before = _state(path)
        self._digest = hashlib.sha256()
        self.position = 0

    def read(self, size: int, /) -> bytes:
        """Read at most ``size`` bytes; what was written behind the end meanwhile is left alone."""
        data = self._file.read(min(size, self._before[0] - self.position))
        self._digest.update(data)
        self.position += len(data)
        return data

    def size_of_lines(self, size: int) -> int:
        """Return how many of the next ``size`` bytes are whole lines; all where no end is near."""
        size = min(size, self._before[0] - self.position)
        near = min(size, _NEAR_BYTES)
        tail = os.pread(self._file.fileno(), near, self.position + size - near)
        beyond = near - tail.rfind(b"\n") - 1
        return size if beyond == near else size - beyond

    def finish(self) -> str:
        """Return the SHA-256 of the whole file, after reading what is left of it.

        Raises:
            SourceChangedError: The file changed since it was opened.
        """
        while self.read(PIECE_BYTES):
            pass
        if _state(self.path) != self._before or self.position != self._before[0]:
            message = (
                f"{self.path} changed while it was read ({self._before[0]:,} bytes at the start, "
                f"{_state(self.path)[0]:,} now); load it again when it is complete"
            )
            raise SourceChangedError(message)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class LinewiseFile:
    """A file of which each read ends with a line: nothing is carried on, so nothing is copied."""

    file: HashingFile

    def read(self, size: int, /) -> bytes:
        """Return whole lines of at most ``size`` bytes, where their end is near that."""
        return self.file.read(self.file.size_of_lines(size))


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, each with its line feed, without the header.

    Attributes:
        lines: The lines as they stand.
        line_count: How many there are.
        files: The file that they stand in, the header being line 1; of small files several.
        open_lines: Those, from 0, with which a file ends without a line feed of its own.
        position: How many bytes of the source were read for them and all before them.
    """

    lines: bytes
    line_count: int
    files: FileLines
    open_lines: tuple[int, ...] = ()
    position: int = 0


def pieces(stream: Readable, *, source_file: str) -> Iterator[Piece]:
    """Cut a CSV into pieces of whole lines.

    Args:
        stream: Read from its start.
        source_file: What to call it.

    Raises:
        SourceFormError: Its header names other columns, or a line is longer than a row could be.
    """
    found = _whole_lines(stream, source_file)
    first = next(found, Piece(b"\n", 1, FileLines((source_file,))))
    end = first.lines.index(b"\n") + 1
    _check_header(first.lines, end, source_file)
    if end < len(first.lines):
        yield Piece(first.lines[end:], first.line_count - 1, FileLines((source_file,), (2,)))
    yield from found


def joined(small: Iterable[Piece]) -> Iterator[Piece]:
    """Put small pieces together, so that a thousand tiny files cost about what one file does."""
    waiting: list[Piece] = []
    size = 0
    for piece in small:
        if waiting and size + len(piece.lines) > PIECE_BYTES:
            yield _join(waiting)
            waiting, size = [], 0
        waiting.append(piece)
        size += len(piece.lines)
        if size > PIECE_BYTES // 2:
            yield _join(waiting)
            waiting, size = [], 0
    if waiting:
        yield _join(waiting)


def _join(small: list[Piece]) -> Piece:
    if len(small) == 1:
        return small[0]
    counts = [piece.line_count for piece in small]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).tolist()
    files = FileLines(
        tuple(file for piece in small for file in piece.files.names),
        tuple(line for piece in small for line in piece.files.first_lines),
        tuple(
            start + before
            for start, piece in zip(starts, small, strict=True)
            for before in piece.files.starts
        ),
    )
    lines = b"".join(piece.lines for piece in small)
    open_lines = tuple(
        start + line
        for start, piece in zip(starts, small, strict=True)
        for line in piece.open_lines
    )
    return Piece(lines, sum(counts), files, open_lines, small[-1].position)


def _check_header(lines: bytes, end: int, source_file: str) -> None:
    header = lines[: min(end, _HEADER_BYTES)].removeprefix(_BYTE_ORDER_MARK)
    text = header.decode("utf-8", errors="backslashreplace").rstrip("\r\n")
    if "\r" in text:
        raise SourceFormError(_old_line_ends(source_file))
    if _columns_of(text) != COLUMNS:
        message = (
            f"{source_file} starts with {shorten(printable(text))!r}; "
            f"expected {','.join(COLUMNS)!r}"
        )
        raise SourceFormError(message)


def _columns_of(header: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([header]), ()))
    except csv.Error:
        return ()


def _old_line_ends(source_file: str) -> str:
    return (
        f"{source_file} ends its lines with carriage returns alone, as old Macs did; "
        "expected line feeds: write it again with those"
    )


def _whole_lines(stream: Readable, source_file: str) -> Iterator[Piece]:
    rest = b""
    line = 1
    while read := _read_fully(stream, PIECE_BYTES):
        if line == 1 and not rest:
            refuse_other_forms(read[:HEAD_BYTES], source_file)
        end = read.rfind(b"\n") + 1
        if end > 0:
            is_whole = not rest and end == len(read)
            lines = read if is_whole else b"".join((rest, memoryview(read)[:end]))
            piece = Piece(lines, count_lines(lines), FileLines((source_file,), (line,)))
            yield piece
            line += piece.line_count
            rest = b""
        rest += read[end:]
        if len(rest) > LONGEST_LINE_BYTES:
            raise SourceFormError(_too_long(rest, line, source_file))
    if rest:
        lines = rest + b"\n"
        yield Piece(lines, 1, FileLines((source_file,), (line,)), open_lines=(0,))


def _too_long(rest: bytes, line: int, source_file: str) -> str:
    if b"\r" in rest:
        return _old_line_ends(source_file)
    return (
        f"{source_file}: line {line:,} is longer than {LONGEST_LINE_BYTES:,} bytes; "
        "expected a CSV with one building per line"
    )


def _read_fully(stream: Readable, size: int) -> bytes:
    """Read until there are ``size`` bytes, or nearly as many that end with a line."""
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
        if left < _NEAR_BYTES and part.endswith(b"\n"):
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


def count_lines(lines: bytes) -> int:
    """Count line feeds; by blocks that stay in the cache, three times as fast as ``count``."""
    codes = np.frombuffer(lines, dtype=np.uint8)
    blocks = range(0, len(codes), _BLOCK_BYTES)
    return sum(int(np.count_nonzero(codes[at : at + _BLOCK_BYTES] == _LINE_FEED)) for at in blocks)


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
