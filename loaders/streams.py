"""Bytes of a source in pieces of whole lines, read and hashed by a thread of its own."""

import csv
import hashlib
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from loaders.errors import SourceChangedError, SourceFormError
from loaders.reasons import shorten

PIECE_BYTES: Final = 32 * 1024 * 1024
LONGEST_LINE_BYTES: Final = 16 * 1024 * 1024
PIECES_AHEAD: Final = 2
COLUMNS: Final = ("filename", "id", "geometry")

_HEADER_BYTES: Final = 4096
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
        self._path = path
        self._before = _state(path)
        self._digest = hashlib.sha256()
        self.position = 0

    def read(self, size: int, /) -> bytes:
        """Read at most ``size`` bytes."""
        data = self._file.read(size)
        self._digest.update(data)
        self.position += len(data)
        return data

    def finish(self) -> str:
        """Return the SHA-256 of the whole file, after reading what is left of it.

        Raises:
            SourceChangedError: The file changed since it was opened.
        """
        while self.read(PIECE_BYTES):
            pass
        if _state(self._path) != self._before or self.position != self._before[0]:
            message = (
                f"{self._path} changed while it was read ({self._before[0]:,} bytes at the start, "
                f"{_state(self._path)[0]:,} now); load it again when it is complete"
            )
            raise SourceChangedError(message)
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines, each with its line feed; ``first_line`` counts from 1, the header included."""

    lines: bytes
    first_line: int


def pieces(stream: Readable, *, name: str) -> Iterator[Piece]:
    """Cut a stream into pieces of whole lines; carriage returns before line feeds are dropped.

    Args:
        stream: Read from where it stands.
        name: What to call it in errors.

    Raises:
        SourceFormError: A line is longer than any row could be.
    """
    rest = b""
    first_line = 1
    while read := _read_fully(stream, PIECE_BYTES - min(len(rest), PIECE_BYTES // 2)):
        end = read.rfind(b"\n") + 1
        if end == 0:
            rest += read
            _refuse_endless(rest, first_line, name)
            continue
        lines = _normalised(rest + read[:end])
        rest = read[end:]
        yield Piece(lines, first_line)
        first_line += lines.count(b"\n")
        _refuse_endless(rest, first_line, name)
    if rest:
        yield Piece(_normalised(rest + b"\n"), first_line)


def without_header(found: Iterator[Piece], *, name: str) -> Iterator[Piece]:
    """Take the header off the first piece.

    Raises:
        SourceFormError: It names other columns.
    """
    first = next(found, Piece(b"\n", 1))
    end = first.lines.index(b"\n") + 1
    header = first.lines[: min(end, _HEADER_BYTES)].removeprefix(_BYTE_ORDER_MARK)
    text = header.decode("utf-8", errors="backslashreplace").rstrip("\n")
    if tuple(next(csv.reader([text]), ())) != COLUMNS:
        message = f"{name} starts with {shorten(text)!r}; expected {','.join(COLUMNS)!r}"
        raise SourceFormError(message)
    if end < len(first.lines):
        yield Piece(first.lines[end:], first.first_line + 1)
    yield from found


@contextmanager
def read_ahead(items: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """Let a thread produce the items while the caller works on those before."""
    ahead: queue.Queue[Piece | BaseException | None] = queue.Queue(PIECES_AHEAD)
    stop = threading.Event()

    def produce() -> None:
        try:
            for item in items:
                if not _offer(ahead, item, stop):
                    return
            _offer(ahead, None, stop)
        except BaseException as error:  # noqa: BLE001 (handed to the thread that waits for it)
            _offer(ahead, error, stop)

    thread = threading.Thread(target=produce, name="reader", daemon=True)
    thread.start()
    try:
        yield _consume(ahead)
    finally:
        stop.set()
        thread.join()


def _consume(ahead: "queue.Queue[Piece | BaseException | None]") -> Iterator[Piece]:
    while (item := ahead.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _offer(
    ahead: "queue.Queue[Piece | BaseException | None]",
    item: Piece | BaseException | None,
    stop: threading.Event,
) -> bool:
    while not stop.is_set():
        try:
            ahead.put(item, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False


def _read_fully(stream: Readable, size: int) -> bytes:
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _normalised(lines: bytes) -> bytes:
    return lines.replace(b"\r\n", b"\n") if b"\r\n" in lines else lines


def _refuse_endless(rest: bytes, line: int, name: str) -> None:
    if len(rest) > LONGEST_LINE_BYTES:
        message = (
            f"{name}: line {line:,} is longer than {LONGEST_LINE_BYTES:,} bytes; expected a CSV "
            "with one building per line"
        )
        raise SourceFormError(message)


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
