"""Polars and psycopg: read the CSV, write it as CSV again into one ``COPY``.

As in https://www.psycopg.org/psycopg3/docs/basic/copy.html (block by block), with a frame of
Polars per block so that memory stays bounded.
"""

import sys

import polars as pl
import psycopg
from psycopg import sql

path, target = sys.argv[1:]
table = sql.Identifier(*target.split("."))

columns = sql.SQL("(filename text, id bigint, geometry text)")
with psycopg.connect() as connection, connection.cursor() as cursor:
    cursor.execute(sql.SQL("create table {} {}").format(table, columns))
    with cursor.copy(sql.SQL("copy {} from stdin (format csv)").format(table)) as copy:
        for frame in pl.scan_csv(path).collect_batches():
            copy.write(frame.write_csv(include_header=False))
