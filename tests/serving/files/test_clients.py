"""What clients find in an export: the view's types, and places they can skip by their bounds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
from pyarrow import parquet

from serving.files.errors import ExportError
from serving.files.export import export_layer
from serving.files.formats import ExportFormat
from serving.files.layers import ROWS_PER_BATCH
from warehouse.access import connect
from warehouse.connection.roles import Role

COMMAND = [sys.executable, "-m", "serving", "export"]
TYPES = {
    "small": pa.int16(),
    "whole": pa.int32(),
    "net_change": pa.int32(),
    "big": pa.int64(),
    "share": pa.float32(),
    "area": pa.float64(),
    "is_open": pa.bool_(),
    "name": pa.string(),
    "demolished_on": pa.date32(),
    "loaded_at": pa.timestamp("us", tz="UTC"),
}


def _view(name: str, query: str) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute(f"create view layers.{name} as {query}".encode())


@pytest.fixture
def typed(database: str) -> str:
    """A layer of two points with a column of each type; the dates are all null."""
    _view(
        "typed",
        """
        select
            number::smallint as small,
            number as whole,
            nullif(number, 1) as net_change,
            number::bigint as big,
            0.5::real as share,
            0.25::double precision as area,
            number = 1 as is_open,
            'Pūķis ' || number as name,
            null::date as demolished_on,
            timestamptz '2019-12-01 12:00:00+00' as loaded_at,
            st_setsrid(st_makepoint(number, 0), 3857)::geometry(point, 3857) as geom
        from generate_series(1, 2) as numbers (number)
        """,
    )
    return "typed"


@pytest.fixture
def scattered(database: str) -> str:
    """A layer of 50,000 points in a square of 1,000 km, in no order; one has no place."""
    _view(
        "scattered",
        """
        select
            number as point_no,
            case when number > 1 then
                st_setsrid(
                    st_makepoint(number * 7919 % 10007 * 100, number * 6007 % 10009 * 100), 3857
                )
            end::geometry(point, 3857) as geom
        from generate_series(1, 50000) as numbers (number)
        """,
    )
    return "scattered"


def test_geoparquet_keeps_the_types_of_the_view(typed: str, tmp_path: Path) -> None:
    path = tmp_path / "typed.parquet"
    export_layer(typed, path, ExportFormat.PARQUET)
    schema = parquet.read_schema(path)
    assert {name: schema.field(name).type for name in TYPES} == TYPES
    rows = parquet.read_table(path, columns=["whole", "net_change", "name"]).to_pylist()
    assert sorted(rows, key=lambda row: row["whole"]) == [
        {"whole": 1, "net_change": None, "name": "Pūķis 1"},
        {"whole": 2, "net_change": 2, "name": "Pūķis 2"},
    ]


def test_geopackage_keeps_the_types_of_the_view(typed: str, tmp_path: Path) -> None:
    path = tmp_path / "typed.gpkg"
    export_layer(typed, path, ExportFormat.GPKG)
    info = pyogrio.read_info(path)
    kinds = zip(info["ogr_types"], info["ogr_subtypes"], strict=True)
    found = dict(zip(info["fields"], kinds, strict=True))
    assert found == {
        "small": ("OFTInteger", "OFSTInt16"),
        "whole": ("OFTInteger", "OFSTNone"),
        "net_change": ("OFTInteger", "OFSTNone"),
        "big": ("OFTInteger64", "OFSTNone"),
        "share": ("OFTReal", "OFSTFloat32"),
        "area": ("OFTReal", "OFSTNone"),
        "is_open": ("OFTInteger", "OFSTBoolean"),
        "name": ("OFTString", "OFSTNone"),
        "demolished_on": ("OFTDate", "OFSTNone"),
        "loaded_at": ("OFTDateTime", "OFSTNone"),
    }


def test_geojson_has_whole_numbers_and_nulls(typed: str, tmp_path: Path) -> None:
    path = tmp_path / "typed.geojson"
    export_layer(typed, path, ExportFormat.GEOJSON)
    features = json.loads(path.read_text("utf-8"))["features"]
    rows = sorted((each["properties"] for each in features), key=lambda row: row["whole"])
    assert [row["net_change"] for row in rows] == [None, 2]
    assert [row["demolished_on"] for row in rows] == [None, None]
    assert [type(row["whole"]) for row in rows] == [int, int]


def test_a_geopackage_says_what_its_layer_is(typed: str, tmp_path: Path) -> None:
    with connect(role=Role.TRANSFORMER) as connection:
        connection.execute("comment on view layers.typed is 'Points of every type.'")
    path = tmp_path / "typed.gpkg"
    export_layer(typed, path, ExportFormat.GPKG)
    contents = pyogrio.read_dataframe(
        path, sql="select description from gpkg_contents", sql_dialect="SQLITE"
    )
    assert contents["description"].tolist() == ["Points of every type."]


def test_geoparquet_tells_readers_what_lies_where(scattered: str, tmp_path: Path) -> None:
    path = tmp_path / "scattered.parquet"
    assert export_layer(scattered, path, ExportFormat.PARQUET) == 50_000
    file = parquet.ParquetFile(path)
    geo = json.loads(file.metadata.metadata[b"geo"])
    column = geo["columns"]["geom"]
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geom")
    assert column["geometry_types"] == ["Point"]
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [ROWS_PER_BATCH] * 5
    # Sorted along a curve, the five groups share little ground: in no order each covers it all.
    names = [groups[0].column(number).path_in_schema for number in range(groups[0].num_columns)]
    corners = [names.index(f"bbox.{corner}") for corner in ("xmin", "ymin", "xmax", "ymax")]
    boxes = np.array(
        [
            [group.column(corners[0]).statistics.min, group.column(corners[1]).statistics.min,
             group.column(corners[2]).statistics.max, group.column(corners[3]).statistics.max]
            for group in groups
        ]
    )  # fmt: skip
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert areas.sum() < 2 * 1e12
    everything = geopandas.read_parquet(path)
    assert column["bbox"] == everything.total_bounds.tolist()
    assert everything.geometry.isna().sum() == 1


def test_a_reader_with_a_box_gets_the_rows_within(scattered: str, tmp_path: Path) -> None:
    path = tmp_path / "scattered.parquet"
    export_layer(scattered, path, ExportFormat.PARQUET)
    box = (0, 0, 100_000, 100_000)
    near = geopandas.read_parquet(path, bbox=box)
    everything = geopandas.read_parquet(path)
    assert sorted(near["point_no"]) == sorted(everything.cx[0:100_000, 0:100_000]["point_no"])
    assert len(near) > 100


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_an_empty_layer_is_an_empty_file(
    database: str, tmp_path: Path, export_format: ExportFormat
) -> None:
    _view("nothing", "select 1 as n, null::geometry(polygon, 3857) as geom where false")
    path = tmp_path / f"nothing.{export_format}"
    assert export_layer("nothing", path, export_format) == 0
    read = geopandas.read_parquet if path.suffix == ".parquet" else geopandas.read_file
    assert len(read(path)) == 0


def test_a_type_without_a_counterpart_is_named(database: str, tmp_path: Path) -> None:
    _view("odd", "select int4range(1, 2) as months, null::geometry(point, 3857) as geom")
    with pytest.raises(ExportError, match="column months of layer odd is of type int4range"):
        export_layer("odd", tmp_path / "odd.gpkg", ExportFormat.GPKG)


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_a_server_that_is_lost_ends_the_export_in_a_sentence(
    scattered: str, tmp_path: Path, export_format: ExportFormat
) -> None:
    _view(
        "endless",
        """
        select
            number as n,
            -- The sixth batch ends the session that reads it, as a lost server would.
            case when number = 55000 then pg_terminate_backend(pg_backend_pid()) end as ended,
            st_setsrid(st_makepoint(1, 1), 3857)::geometry(point, 3857) as geom
        from generate_series(1, 100000) as numbers (number)
        """,
    )
    path = tmp_path / f"endless.{export_format}"
    with pytest.raises(ExportError, match=r"cannot be read to its end .*try again"):
        export_layer("endless", path, export_format)
    assert list(tmp_path.glob("*.*")) == []


@pytest.mark.parametrize("export_format", list(ExportFormat))
def test_memory_does_not_grow_with_the_layer(
    database: str, tmp_path: Path, export_format: ExportFormat
) -> None:
    _view(
        "many",
        """
        select
            number as n,
            repeat('x', 2000) as text,
            st_setsrid(st_makepoint(number, 1), 3857)::geometry(point, 3857) as geom
        from generate_series(1, 60000) as numbers (number)
        """,
    )
    small = _peak(tmp_path / f"few.{export_format}", "few")
    large = _peak(tmp_path / f"many.{export_format}", "many")
    assert large - small < 100_000  # kB; the rows are 120 MB, as a frame three times that


def _peak(path: Path, layer: str) -> int:
    if layer == "few":
        _view("few", "select * from layers.many limit 10")
    code = (
        "import resource, sys; from pathlib import Path;"
        "from serving.files.export import export_layer;"
        "from serving.files.formats import ExportFormat;"
        f"path = Path({str(path)!r}); export_layer({layer!r}, path, ExportFormat.of(path));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_every_layer_is_written_into_a_folder(typed: str, scattered: str, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    done = subprocess.run(
        [*COMMAND, "--all", "--format", "parquet", "--out", str(folder)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == ["scattered.parquet", "typed.parquet"]
    assert (
        done.stdout.splitlines()[-1] == f"2 features of layer typed are in {folder}/typed.parquet"
    )
    default = Path(os.environ["SN7_HOME"]) / "artifacts" / "layers"
    subprocess.run([*COMMAND, "--all"], check=True, capture_output=True)
    assert sorted(path.name for path in default.iterdir()) == ["scattered.gpkg", "typed.gpkg"]
