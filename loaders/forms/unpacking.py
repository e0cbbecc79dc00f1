"""Bytes out of gzip, bzip2, xz and Zstandard, as a stream and within bounds."""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Final, Protocol

from loaders.errors import SourceFormError
from loaders.forms.heads import Packing
from loaders.forms.streams import Readable

COMPRESSED_BYTES: Final = 128 * 1024
MOST_TIMES: Final = 250
"""Labels repeat each polygon some 23 times, and unpack to at most some 60 times their size."""
FREE_BYTES: Final = 16 * 1024 * 1024
"""What a file may unpack to in any case."""
DAMAGES: Final = (zlib.error, lzma.LZMAError, EOFError, OSError)
"""What a damaged or truncated stream raises."""

_WINDOW_BYTES: Final = 256 * 1024 * 1024
"""For the window of xz, which at its strongest takes 65 MB."""
_GZIP_WINDOW: Final = 31
"""``wbits`` of zlib: the largest window, with gzip's header, length and checksum verified."""


class Unpacked:
    """The unpacked bytes of a compressed stream, of one member or several."""

    def __init__(self, stream: Readable, packing: Packing, *, source_file: str) -> None:
        """Read compressed bytes from ``stream``."""
        self._packed = _Portions(stream)
        self._unpacked = _opened(self._packed, packing)
        self._source_file = source_file
        self._given = 0

    @property
    def waiting(self) -> int:
        """Compressed bytes that were read and are still to be unpacked, as far as is known."""
        return self._unpacked.waiting if isinstance(self._unpacked, _Members) else 0

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` unpacked bytes; none at the end.

        Raises:
            SourceFormError: It unpacks to far more than labels do.
            OSError: The stream is damaged; others of ``DAMAGES`` as well.
        """
        data = self._unpacked.read(size)
        self._given += len(data)
        if self._given > max(FREE_BYTES, MOST_TIMES * self._packed.taken):
            raise SourceFormError(
                f"{self._source_file} unpacks to more than {MOST_TIMES} times its size "
                f"({self._given:,} bytes out of {self._packed.taken:,} so far), which no labels "
                "do; unpack it and look into it"
            )
        return data


class _Portions:
    """A stream read in small portions, as pyarrow likes to have a file."""

    closed = False

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.taken = 0

    def read(self, size: int = COMPRESSED_BYTES, /) -> bytes:
        data = self._stream.read(min(size, COMPRESSED_BYTES))
        self.taken += len(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Leave the stream to whoever opened it."""


class _Decompressor(Protocol):
    """What the decompressors of bz2 and lzma share."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Inflater:
    """zlib's decompressor as one of that kind."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(_GZIP_WINDOW)

    @property
    def eof(self) -> bool:
        return self._inflater.eof

    @property
    def waiting(self) -> int:
        return len(self._inflater.unconsumed_tail)

    @property
    def needs_input(self) -> bool:
        return not self._inflater.unconsumed_tail and not self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflater.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inflater.decompress(self._inflater.unconsumed_tail or data, max_length)


class _Members:
    """The members of a gzip, bzip2 or xz stream, one after the other; padding is passed over."""

    def __init__(self, packed: _Portions, new: Callable[[], _Decompressor]) -> None:
        self._packed = packed
        self._new = new
        self._decompressor = new()
        self._input = b""

    @property
    def waiting(self) -> int:
        return len(self._input) + int(getattr(self._decompressor, "waiting", 0))

    def read(self, size: int, /) -> bytes:
        while True:
            if self._decompressor.eof and not self._begin_next():
                return b""
            if self._decompressor.needs_input and not self._input:
                self._input = self._packed.read()
                if not self._input:
                    raise EOFError("the compressed data ends early")
            data, self._input = self._input, b""
            unpacked = self._decompressor.decompress(data, size)
            if unpacked:
                return unpacked

    def _begin_next(self) -> bool:
        rest = self._decompressor.unused_data.lstrip(b"\x00")
        while not rest:
            read = self._packed.read()
            if not read:
                return False
            rest = read.lstrip(b"\x00")
        self._decompressor, self._input = self._new(), rest
        return True


def _opened(packed: _Portions, packing: Packing) -> Readable:
    if packing is Packing.ZSTANDARD:
        # Python has had Zstandard since 3.14; pyarrow takes long to import, for this form alone.
        from pyarrow.lib import CompressedInputStream, PythonFile  # noqa: PLC0415

        stream: Readable = CompressedInputStream(PythonFile(packed, mode="r"), "zstd")
        return stream
    return _Members(packed, _DECOMPRESSORS[packing])


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_WINDOW_BYTES)


_DECOMPRESSORS: Final[dict[Packing, Callable[[], _Decompressor]]] = {
    Packing.GZIP: _Inflater,
    Packing.BZIP2: bz2.BZ2Decompressor,
    Packing.XZ: _xz,
}
