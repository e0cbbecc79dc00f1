"""Columns into the bytes of PostgreSQL's ``COPY``.

Observations go in the binary format, built as one array of fixed-size records: per row a field
count, then per field its length and its big-endian value ("Binary Format", PostgreSQL manual,
chapter COPY). Texts go as CSV, which Polars writes.
"""

import io
from typing import Final, LiteralString

import numpy as np
import polars as pl
import psycopg
from psycopg import sql

from loaders.assembly.observations import Observations

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_OBSERVATION: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("chip_key_length", ">i4"),
        ("chip_key", ">i4"),
        ("time_key_length", ">i4"),
        ("time_key", ">i4"),
        ("building_id_length", ">i4"),
        ("building_id", ">i4"),
        ("footprint_no_length", ">i4"),
        ("footprint_no", ">i2"),
    ]
)
_EMPTY_OBSERVATION: Final = np.array((4, 4, 0, 4, 0, 4, 0, 2, 0), dtype=_OBSERVATION)


def encode_observations(observations: Observations) -> bytes:
    """Return observations as a whole binary ``COPY`` stream."""
    records = np.full(len(observations), _EMPTY_OBSERVATION)
    records["chip_key"] = observations.chip_key
    records["time_key"] = observations.time_keys
    records["building_id"] = observations.building_ids
    records["footprint_no"] = observations.footprint_nos
    return _SIGNATURE + records.tobytes() + _TRAILER


def encode_csv(frame: pl.DataFrame) -> bytes:
    """Return a frame as a CSV ``COPY`` stream, every value quoted."""
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, quote_style="always")
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
