"""Map layers of the warehouse as files that GIS and data-frame tools open."""

import secrets
import shutil
from pathlib import Path
from typing import Final

import geopandas
import psycopg
import sqlalchemy
from pyogrio.errors import DataLayerError, DataSourceError

from serving.files.errors import ExportError
from serving.files.formats import ExportFormat
from warehouse.access import connect, sqlalchemy_url
from warehouse.connection.roles import Role

LAYER_SCHEMA: Final = "layers"
GEOMETRY_COLUMN: Final = "geom"
WGS84: Final = 4326


def list_layers() -> list[str]:
    """Return the names of the layers, in alphabetical order."""
    with connect(role=Role.ANALYST) as connection:
        rows = connection.execute(
            "select f_table_name from geometry_columns where f_table_schema = %s order by 1",
            (LAYER_SCHEMA,),
        ).fetchall()
    return [name for (name,) in rows]


def export_layer(layer: str, path: Path, export_format: ExportFormat) -> int:
    """Write one layer to a file, whole or not at all.

    Args:
        layer: Name of a view of the schema ``layers``.
        path: The file to write; an older one is replaced.
        export_format: GeoPackage and GeoParquet keep EPSG:3857; GeoJSON is in longitude and
            latitude on WGS 84, as RFC 7946 demands.

    Returns:
        The number of features.

    Raises:
        ExportError: There is no such layer, the file's name ends otherwise than its form, or it
            cannot be written.
    """
    if ExportFormat.of(path) is not export_format:
        raise ExportError(
            f"{path.name} is no name for a {export_format} file; let it end in .{export_format}, "
            "or choose the form that its name has"
        )
    layers = list_layers()
    if layer not in layers:
        known = ", ".join(layers) or "none yet; build them with `make run`"
        raise ExportError(f"there is no layer {layer!r}; the layers are: {known}")
    frame = _read(layer)
    # A folder for the draft alone: GDAL names a layer by its file, and puts journals beside it.
    # Named before it is made, so that no interruption finds it without a name to remove.
    folder = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        draft = folder / path.name
        _write(frame, draft, layer, export_format)
        draft.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    except (DataSourceError, DataLayerError) as error:
        raise ExportError(f"cannot write {path}: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return len(frame)


def _read(layer: str) -> geopandas.GeoDataFrame:
    engine = sqlalchemy.create_engine(sqlalchemy_url(schema=LAYER_SCHEMA, role=Role.ANALYST))
    query = psycopg.sql.SQL("select * from {}").format(psycopg.sql.Identifier(LAYER_SCHEMA, layer))
    try:
        with engine.connect() as connection:
            return geopandas.read_postgis(
                sqlalchemy.text(query.as_string()), connection, geom_col=GEOMETRY_COLUMN
            )
    finally:
        engine.dispose()


def _write(
    frame: geopandas.GeoDataFrame, path: Path, layer: str, export_format: ExportFormat
) -> None:
    match export_format:
        case ExportFormat.GPKG:
            # By way of Arrow, else dates would become text.
            frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", use_arrow=True)
        case ExportFormat.GEOJSON:
            frame.to_crs(WGS84).to_file(
                path, layer=layer, driver="GeoJSON", engine="pyogrio", RFC7946="YES"
            )
        case ExportFormat.PARQUET:
            frame.to_parquet(path)
