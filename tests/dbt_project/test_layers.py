"""Map layers are what GIS programs expect: one typed geometry each, and files others open."""

import os
import shutil
import subprocess
from pathlib import Path

import geopandas
import psycopg
import pyogrio
import pytest

from serving.files.export import export_layer
from serving.files.formats import ExportFormat
from serving.files.layers import list_layers
from warehouse.access import libpq_environment
from warehouse.connection.roles import Role

LAYERS = {
    "aois": "MULTIPOLYGON",
    "cells": "POLYGON",
    "chip_centres": "POINT",
    "chip_months": "POLYGON",
    "chips": "POLYGON",
    "footprints": "POLYGON",
    "hot_spots": "POLYGON",
    "tracker_changes": "POLYGON",
    "tracker_ghosts": "POLYGON",
    "tracker_misses": "POLYGON",
    "tracker_switches": "POLYGON",
}


def test_every_layer_has_one_geometry_with_type_and_srid(analyst: psycopg.Connection) -> None:
    rows = analyst.execute(
        """
        select f_table_name, f_geometry_column, type, srid
        from geometry_columns where f_table_schema = 'layers' order by 1
        """
    ).fetchall()
    assert rows == [(name, "geom", kind, 3857) for name, kind in sorted(LAYERS.items())]


@pytest.mark.parametrize("layer", sorted(LAYERS.keys() - {"hot_spots"}))  # nothing is forecast
def test_pyogrio_reads_every_layer_back(built: str, layer: str, tmp_path: Path) -> None:
    path = tmp_path / f"{layer}.gpkg"
    count = export_layer(layer, path, ExportFormat.GPKG)
    info = pyogrio.read_info(path)
    assert count > 0
    assert (info["features"], info["crs"]) == (count, "EPSG:3857")
    assert info["geometry_type"].upper() == LAYERS[layer]


def test_geoparquet_and_geojson_hold_the_same_places(built: str, tmp_path: Path) -> None:
    export_layer("chips", tmp_path / "chips.parquet", ExportFormat.PARQUET)
    export_layer("chips", tmp_path / "chips.geojson", ExportFormat.GEOJSON)
    squares = geopandas.read_parquet(tmp_path / "chips.parquet").set_index("chip_key")
    lonlat = geopandas.read_file(tmp_path / "chips.geojson").set_index("chip_key")
    assert lonlat.crs.to_epsg() == 4326
    distance = squares.centroid.distance(lonlat.to_crs(3857).centroid.reindex(squares.index))
    assert len(squares) == 60
    # GeoJSON keeps seven decimals of a degree: a centimetre.
    assert distance.max() < 0.02


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="GDAL's programs are not installed")
def test_gdal_lists_every_layer_of_the_database_with_its_type(built: str) -> None:
    environment = os.environ | libpq_environment(role=Role.ANALYST)
    listed = subprocess.run(
        ["ogrinfo", "-ro", "PG:schemas=layers"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = {line.split()[1]: line.split("(")[1].rstrip(")") for line in listed if "(" in line}
    expected = {
        name: kind.replace("MULTIPOLYGON", "MULTI POLYGON") for name, kind in LAYERS.items()
    }
    assert {name: kind.upper() for name, kind in found.items()} == expected


def test_cells_tile_their_chip_and_hold_its_buildings(analyst: psycopg.Connection) -> None:
    rows = analyst.execute(
        """
        select chips.chip_id, chips.building_count, sum(cells.building_count)
        from layers.chips
        inner join layers.cells
            on chips.chip_key = cells.chip_key and st_coveredby(cells.geom, chips.geom)
        group by chips.chip_id, chips.building_count
        having chips.building_count <> sum(cells.building_count)
        """
    ).fetchall()
    assert rows == []
    outside = analyst.execute(
        """
        select count(*)
        from layers.cells
        inner join layers.footprints using (chip_key)
        inner join marts.dim_footprint using (chip_key, building_id, footprint_no, cell_no)
        where st_distance(cells.geom, st_centroid(footprints.geom)) > 0.001
            and st_intersects(
                st_centroid(footprints.geom),
                st_tileenvelope(13, chip_key / 8192, chip_key % 8192)
            )
        """
    ).fetchone()
    assert outside == (0,)


def test_layers_are_all_that_the_command_lists(built: str) -> None:
    assert list_layers() == sorted(LAYERS)
