"""Layers leave the warehouse as files that other tools open."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas
import pyogrio
import pytest
from shapely.geometry import LinearRing

from serving.files.errors import ExportError
from serving.files.export import export_layer
from serving.files.formats import ExportFormat
from serving.files.layers import list_layers
from warehouse.access import connect
from warehouse.connection.roles import Role

COMMAND = [sys.executable, "-m", "warehouse", "export"]


@pytest.fixture
def layer(database: str) -> str:
    """A layer of two squares of 100 m, in EPSG:3857."""
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("""
            create view layers.squares as
            select
                number as square_no,
                date '2019-12-01' + number as seen_on,
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
    assert pyogrio.list_layers(path).tolist() == [["squares", "Polygon"]]
    assert dict(zip(info["fields"], info["ogr_types"], strict=True))["seen_on"] == "OFTDate"


def test_geoparquet_keeps_columns_crs_and_area(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "squares.parquet"
    export_layer(layer, path, ExportFormat.PARQUET)
    frame = geopandas.read_parquet(path)
    assert list(frame.columns) == ["square_no", "seen_on", "geom"]
    assert frame.crs.to_epsg() == 3857
    assert frame.area.tolist() == [10_000.0, 10_000.0]


def test_geojson_is_as_rfc_7946_wants_it(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "squares.geojson"
    export_layer(layer, path, ExportFormat.GEOJSON)
    collection = json.loads(path.read_text())
    assert "crs" not in collection  # section 4: there is but one
    ring = collection["features"][0]["geometry"]["coordinates"][0]
    assert LinearRing(ring).is_ccw  # section 3.1.6
    assert all(number == round(number, 7) for point in ring for number in point)  # section 11.2


def _grow(layer: str) -> None:
    """Give the layer 100,000 squares."""
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(f"""
            create or replace view layers.{layer} as
            select
                number as square_no,
                date '2019-12-01' as seen_on,
                st_makeenvelope(number, 0, number + 1, 1, 3857)::geometry(polygon, 3857) as geom
            from generate_series(1, 100000) as numbers (number)
        """)


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_export_replaces_the_older_one_and_leaves_no_draft(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "out" / "squares.gpkg"
    export_layer(layer, path, ExportFormat.GPKG)
    export_layer(layer, path, ExportFormat.GPKG)
    assert pyogrio.read_info(path)["features"] == 2
    assert _names(path.parent) == ["squares.gpkg"]


def test_an_interrupted_export_leaves_the_older_file(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "out" / "squares.gpkg"
    export_layer(layer, path, ExportFormat.GPKG)
    _grow(layer)
    exporting = subprocess.Popen([*COMMAND, layer, "--out", str(path)], stderr=subprocess.PIPE)
    while len(_names(path.parent)) == 1:
        assert exporting.poll() is None
        time.sleep(0.001)
    exporting.send_signal(signal.SIGINT)
    assert b"interrupted" in exporting.communicate()[1]
    assert exporting.returncode == 130
    assert _names(path.parent) == ["squares.gpkg"]
    assert pyogrio.read_info(path)["features"] == 2


@pytest.mark.parametrize("export_format", list(ExportFormat))
@pytest.mark.parametrize("folder", ["/proc", __file__])
def test_a_place_that_cannot_be_written_is_said(
    layer: str, export_format: ExportFormat, folder: str
) -> None:
    with pytest.raises(ExportError, match=f"^cannot write {folder}/squares"):
        export_layer(layer, Path(folder) / f"squares.{export_format}", export_format)


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_an_export_that_breaks_off_is_said_and_leaves_the_older_file(
    layer: str, tmp_path: Path, export_format: ExportFormat
) -> None:
    path = tmp_path / "out" / f"squares.{export_format}"
    export_layer(layer, path, export_format)
    older = path.read_bytes()
    _grow(layer)
    no_file_beyond_200_kb = ["bash", "-c", 'ulimit -f 200 && exec "$@"', "bash"]
    said = subprocess.run(
        [*no_file_beyond_200_kb, *COMMAND, layer, "--out", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith(f"error: cannot write {path}: ")
    assert len(said.stderr.splitlines()) == 1
    assert _names(path.parent) == [path.name]
    assert path.read_bytes() == older


def test_a_name_of_another_form_is_refused(layer: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"let it end in \.geojson"):
        export_layer(layer, tmp_path / "squares.gpkg", ExportFormat.GEOJSON)
    with pytest.raises(ExportError, match=r"ends in one of \.gpkg, \.geojson, \.parquet"):
        ExportFormat.of(tmp_path)
    assert _names(tmp_path) == []


def test_the_file_name_says_the_form(layer: str, tmp_path: Path) -> None:
    path = tmp_path / "squares.parquet"
    subprocess.run([*COMMAND, layer, "--out", str(path)], check=True)
    assert len(geopandas.read_parquet(path)) == 2


def test_a_warehouse_without_layers_says_how_to_build_them(database: str) -> None:
    said = subprocess.run(COMMAND, capture_output=True, text=True, check=True).stdout
    assert said == "no layers yet; build them with `make run`\n"


def test_an_unknown_layer_is_refused_with_those_there_are(layer: str, tmp_path: Path) -> None:
    assert list_layers() == ["squares"]
    with pytest.raises(ExportError, match="the layers are: squares"):
        export_layer("circles", tmp_path / "circles.gpkg", ExportFormat.GPKG)
