"""CSVs out of a tar archive, read as a stream and never unpacked to disk."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Final, cast

from loaders.errors import SourceDamagedError, SourceMissingError, UnsafeArchiveError
from loaders.forms.streams import Piece, Readable, pieces
from loaders.forms.unpacking import DAMAGES
from loaders.terms.names import is_hidden
from loaders.terms.reasons import printable

_BUFFER_BYTES: Final = 1024 * 1024


@contextmanager
def naming_damage(source_file: str) -> Iterator[None]:
    """Say which file it is that cannot be read to its end."""
    try:
        yield
    except (*DAMAGES, tarfile.TarError) as error:
        reason = printable(str(error))
        message = f"{source_file} is damaged or cut off ({reason}); fetch or write it again"
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
        fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=_BUFFER_BYTES
    ) as archive:
        for member in safe_members(archive, source_file):
            content = archive.extractfile(member)
            if content is not None and member.name.endswith(".csv") and not is_hidden(member.name):
                found = True
                yield from pieces(content, source_file=printable(member.name))
    if not found:
        raise SourceMissingError(f"{source_file} holds no .csv; expected csvs/*.csv in it")


def safe_members(archive: tarfile.TarFile, source_file: str) -> Iterator[tarfile.TarInfo]:
    """Yield the members, none of which could do harm if it were unpacked.

    Raises:
        UnsafeArchiveError: One is a link or a device, or lies outside the archive's folder.
        TarError: The archive is damaged.
    """
    while True:
        try:
            member = archive.next()
        except (ValueError, OverflowError) as error:  # a header with numbers that are none
            raise tarfile.ReadError(str(error)) from error
        if member is None:
            return
        _check(member, source_file)
        yield member
        # tarfile keeps every member, and memory would grow with their number.
        archive.members.clear()  # type: ignore[attr-defined]


def _check(member: tarfile.TarInfo, source_file: str) -> None:
    path = PurePosixPath(member.name)
    name = repr(printable(member.name))
    if path.is_absolute() or ".." in path.parts:
        message = f"{source_file} holds {name}, which lies outside its folder; not loaded"
        raise UnsafeArchiveError(message)
    if not (member.isfile() or member.isdir()):
        message = f"{source_file} holds {name}, a link or device; not loaded"
        raise UnsafeArchiveError(message)
