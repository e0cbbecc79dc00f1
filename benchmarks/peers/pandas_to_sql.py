"""pandas: ``read_csv`` and ``DataFrame.to_sql``.

As in https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_sql.html. Its ``method``
may be a function that does ``COPY``, which then is the work of another peer.
"""

import sys

import pandas as pd
import sqlalchemy

path, target = sys.argv[1:]
schema, table = target.split(".")

engine = sqlalchemy.create_engine("postgresql+psycopg2://")
for frame in pd.read_csv(path, chunksize=100_000):
    frame.to_sql(table, engine, schema=schema, index=False, if_exists="append")
