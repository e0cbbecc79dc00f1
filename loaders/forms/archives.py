"""Bytes out of gzip and tar, read as a stream and never unpacked to disk."""

import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Final, cast

from loaders.errors import SourceDamagedError, SourceMissingError, UnsafeArchiveError
from loaders.forms.streams import Piece, Readable, pieces

COMPRESSED_BYTES: Final = 1024 * 1024
_GZIP_WINDOW: Final = 31
"""``wbits`` of zlib: the largest window, with gzip's header, length and checksum verified."""


class Gunzip:
    """The unpacked bytes of a gzip stream, of one member or several."""

    def __init__(self, stream: Readable) -> None:
        """Read compressed bytes from ``stream``."""
        self._stream = stream
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)
        self._input = b""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` unpacked bytes; none at the end.

        Raises:
            EOFError: The stream ends within a member.
            zlib.error: The stream is damaged.
        """
        while True:
            if not self._input:
                self._input = self._stream.read(COMPRESSED_BYTES)
            if self._inflater.eof:
                self._input = self._input.lstrip(b"\x00")
                if not self._input:
                    if self._stream_ended():
                        return b""
                    continue
                self._inflater = zlib.decompressobj(_GZIP_WINDOW)
            elif not self._input:
                raise EOFError("the compressed data ends early")
            data = self._inflater.decompress(self._input, size)
            self._input = self._inflater.unconsumed_tail or self._inflater.unused_data
            if data:
                return data

    def _stream_ended(self) -> bool:
        self._input = self._stream.read(COMPRESSED_BYTES)
        return not self._input


@contextmanager
def naming_damage(source_file: str) -> Iterator[None]:
    """Say which file it is that cannot be read to its end."""
    try:
        yield
    except (zlib.error, EOFError, tarfile.TarError, OSError) as error:
        message = f"{source_file} is damaged or cut off ({error}); fetch or write it again"
        raise SourceDamagedError(message) from error


def tar_pieces(stream: Readable, *, source_file: str) -> Iterator[Piece]:
    """Cut every CSV of a tar archive into pieces.

    Args:
        stream: The archive, decompressed.
        source_file: What to call it.

    Raises:
        UnsafeArchiveError: A member is a link or a device, or lies outside the archive's folder.
        SourceMissingError: No member is a CSV.
    """
    found = False
    with tarfile.open(
        fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=COMPRESSED_BYTES
    ) as archive:
        for member in archive:
            check_member(member, source_file)
            content = archive.extractfile(member)
            if content is not None and member.name.endswith(".csv"):
                found = True
                yield from pieces(content, source_file=member.name)
    if not found:
        raise SourceMissingError(f"{source_file} holds no .csv; expected csvs/*.csv in it")


def check_member(member: tarfile.TarInfo, source_file: str) -> None:
    """Refuse a member that could do harm if it were unpacked.

    Raises:
        UnsafeArchiveError: It is a link or a device, or lies outside the archive's folder.
    """
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        message = f"{source_file} holds {member.name!r}, which lies outside its folder; not loaded"
        raise UnsafeArchiveError(message)
    if not (member.isfile() or member.isdir()):
        message = f"{source_file} holds {member.name!r}, a link or device; not loaded"
        raise UnsafeArchiveError(message)
