"""Layers leave the warehouse as files that other tools open."""

from pathlib import Path

import geopandas
import pyogrio
import pytest

from warehouse.connection import connect
from warehouse.errors import ExportError
from warehouse.export import export_layer, list_layers
from warehouse.formats import ExportFormat
from warehouse.roles import Role


@pytest.fixture
def layer(database: str) -> str:
    """A layer of two squares of 100 m, in EPSG:3857."""
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("""
            create view layers.squares as
            select
                number as square_no,
                st_makeenvelope(x, 0, x + 100, 100, 3857)::geometry(polygon, 3857) as geom
            from (values (1, 0), (2, 500)) as squares (number, x)
        """)
    return "squares"


@pytest.mark.parametrize("export_format", [ExportFormat.GPKG, ExportFormat.GEOJSON])
def test_pyogrio_opens_an_export_with_its_crs(
    layer: str, tmp_path: Path, export_format: ExportFormat
) -> None:
    path = tmp_path / f"squares.{export_format}"
    assert export_layer(layer, path, export_format) == 2
    info = pyogrio.read_info(path)
    expected_crs = "EPSG:4326" if export_format is ExportFormat.GEOJSON else "EPSG:3857"
    assert (info["crs"], info["features"], info["geometry_type"]) == (expected_crs, 2, "Polygon")


def test_geoparquet_keeps_columns_crs_and_area(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "squares.parquet"
    export_layer(layer, path, ExportFormat.PARQUET)
    frame = geopandas.read_parquet(path)
    assert list(frame.columns) == ["square_no", "geom"]
    assert frame.crs.to_epsg() == 3857
    assert frame.area.tolist() == [10_000.0, 10_000.0]


def test_an_export_replaces_the_older_one_and_leaves_no_draft(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "squares.gpkg"
    export_layer(layer, path, ExportFormat.GPKG)
    export_layer(layer, path, ExportFormat.GPKG)
    assert pyogrio.read_info(path)["features"] == 2
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["squares.gpkg"]


def test_an_unknown_layer_is_refused_with_those_there_are(layer: str, tmp_path: Path) -> None:
    assert list_layers() == ["squares"]
    with pytest.raises(ExportError, match="the layers are: squares"):
        export_layer("circles", tmp_path / "circles.gpkg", ExportFormat.GPKG)
