"""Columns into the bytes of PostgreSQL's ``COPY``.

Rows of images go in the binary format: per row a field count, then per field its length and its
big-endian value; an array is its dimensions, the OID of its elements and each element as a field
("Binary Format", PostgreSQL manual, chapter COPY; ``array_send`` for arrays). Texts go as CSV,
which Polars writes; where no value needs a quote, as plain text, which the server reads faster.
"""

import io
import struct
from collections.abc import Iterable
from typing import Final, LiteralString

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg
from psycopg import sql

from loaders.assembly.chips import ImageRows

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_FIELDS: Final = 4
_KEY: Final = struct.Struct(">iiii")
"""Length and value of ``chip_key``, length and value of ``time_key``."""
_ARRAY: Final = struct.Struct(">iiiIii")
"""Length of the field; dimensions, no nulls, OID of the elements; how many, the first is 1."""
_NO_ARRAY: Final = struct.Struct(">iiiI")
_INT2_OID: Final = 21
_INT4_OID: Final = 23


def encode_images(images: Iterable[ImageRows], tracker: str | None = None) -> bytes:
    """Return ``chip_key``, ``time_key``, ``building_ids`` and ``footprint_nos`` of images.

    A whole binary ``COPY`` stream; the arrays lie by building id. Where there is a tracker, it
    stands before them.
    """
    parts = [_SIGNATURE]
    head = _head(tracker)
    for image in images:
        parts += [
            head,
            _KEY.pack(4, image.chip_key, 4, image.time_key),
            _encode_array(image.building_ids, ">i4", _INT4_OID),
            _encode_array(image.footprint_nos, ">i2", _INT2_OID),
        ]
    parts.append(_TRAILER)
    return b"".join(parts)


def encode_csv(frame: pl.DataFrame) -> bytes:
    """Return a frame as a CSV ``COPY`` stream, every value quoted."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, quote_style="always")
    return buffer.getvalue()


def encode_text(frame: pl.DataFrame) -> bytes:
    """Return a frame as a text ``COPY`` stream.

    Args:
        frame: Without nulls; no text in it holds a tab, a line feed or a backslash.
    """
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, separator="\t", quote_style="never")
    return buffer.getvalue()


def copy_into(
    connection: psycopg.Connection, table: tuple[str, str], options: LiteralString, data: bytes
) -> None:
    """Copy an encoded stream into a table.

    Args:
        connection: Within its transaction.
        table: Schema and name.
        options: What stands in the parentheses of ``COPY``.
        data: The whole stream.
    """
    statement = sql.SQL("copy {} from stdin ({})").format(sql.Identifier(*table), sql.SQL(options))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def _head(tracker: str | None) -> bytes:
    """Return the number of a row's fields, and the tracker where there is one."""
    if tracker is None:
        return struct.pack(">h", _FIELDS)
    text = tracker.encode()
    return struct.pack(">hi", _FIELDS + 1, len(text)) + text


def _encode_array(values: npt.NDArray[np.integer], form: str, oid: int) -> bytes:
    if not len(values):
        return _NO_ARRAY.pack(_NO_ARRAY.size - 4, 0, 0, oid)
    elements = np.empty(len(values), dtype=[("length", ">i4"), ("value", form)])
    elements["length"] = elements.dtype["value"].itemsize
    elements["value"] = values
    body = _ARRAY.size - 4 + elements.nbytes
    return _ARRAY.pack(body, 1, 0, oid, len(values), 1) + elements.tobytes()
