"""geopandas: WKT to geometries, then ``GeoDataFrame.to_postgis``.

As in https://geopandas.org/en/stable/docs/reference/api/geopandas.GeoDataFrame.to_postgis.html.
It copies the rows and always makes a spatial index.
"""

import sys

import geopandas as gpd
import pandas as pd
import sqlalchemy

path, target = sys.argv[1:]
schema, table = target.split(".")

engine = sqlalchemy.create_engine("postgresql+psycopg2://")
for frame in pd.read_csv(path, chunksize=500_000):
    geometry = gpd.GeoSeries.from_wkt(frame["geometry"])
    buildings = gpd.GeoDataFrame(frame[["filename", "id"]], geometry=geometry)
    buildings.to_postgis(table, engine, schema=schema, if_exists="append")
