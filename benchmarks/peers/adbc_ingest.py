"""ADBC: a stream of Arrow batches, read by pyarrow, into a new table.

As in "Create/append to a table from an Arrow dataset",
https://arrow.apache.org/adbc/current/python/recipe/postgresql.html
"""

import sys

import adbc_driver_postgresql.dbapi
from pyarrow import csv

path, target = sys.argv[1:]
schema, table = target.split(".")

with (
    csv.open_csv(path) as reader,
    adbc_driver_postgresql.dbapi.connect("postgresql://") as connection,
    connection.cursor() as cursor,
):
    cursor.adbc_ingest(table, reader, mode="create", db_schema_name=schema)
    connection.commit()
