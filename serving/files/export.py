"""Map layers of the warehouse as files that GIS and data-frame tools open.

A layer passes through as a stream: its size is bounded by the disk and not by the memory.
"""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from serving.files.errors import ExportError
from serving.files.formats import ExportFormat
from serving.files.geoparquet import write_geoparquet
from serving.files.layers import (
    GEOMETRY,
    Layer,
    batches,
    describe,
    list_layers,
    reader,
    schema_of,
)

WGS84: Final = 4326


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
        ExportError: There is no such layer, it cannot be read to its end, the file's name ends
            otherwise than its form, or it cannot be written.
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
    # A folder for the draft alone: GDAL names a layer by its file, and puts journals beside it.
    # Named before it is made, so that no interruption finds it without a name to remove.
    folder = path.parent / f".{path.name}.{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        draft = folder / path.name
        with reader() as connection:
            count = _write(connection, describe(connection, layer), draft, export_format)
        draft.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    except (DataSourceError, DataLayerError) as error:
        raise ExportError(f"cannot write {path}: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count


def export_all(folder: Path, export_format: ExportFormat) -> Iterator[tuple[Path, int]]:
    """Write every layer into a folder; yield each file and its number of features.

    Raises:
        ExportError: As ``export_layer`` does, or there is no layer yet.
    """
    layers = list_layers()
    if not layers:
        raise ExportError("there are no layers yet; build them with `make run`")
    for layer in layers:
        path = folder / f"{layer}.{export_format}"
        yield path, export_layer(layer, path, export_format)


def _write(
    connection: psycopg.Connection, layer: Layer, path: Path, export_format: ExportFormat
) -> int:
    match export_format:
        case ExportFormat.PARQUET:
            found = batches(connection, layer, srid=layer.srid, bounds=True)
            return write_geoparquet(found, path, layer)
        case ExportFormat.GPKG:
            options = {"DESCRIPTION": layer.description} if layer.description else {}
            return _write_with_gdal(connection, layer, path, "GPKG", layer.srid, options)
        case ExportFormat.GEOJSON:
            return _write_with_gdal(connection, layer, path, "GeoJSON", WGS84, {"RFC7946": "YES"})


def _write_with_gdal(
    connection: psycopg.Connection,
    layer: Layer,
    path: Path,
    driver: str,
    srid: int,
    options: dict[str, str],
) -> int:
    stream = _Stream(batches(connection, layer, srid=srid))
    try:
        pyogrio.write_arrow(
            pa.RecordBatchReader.from_batches(schema_of(layer), stream),
            path,
            layer=layer.name,
            driver=driver,
            geometry_name=GEOMETRY,
            geometry_type=layer.geometry_type or "Unknown",
            crs=f"EPSG:{srid}",
            layer_options=options,
        )
    except (DataSourceError, DataLayerError, RuntimeError):
        if stream.broken_by is not None:
            raise stream.broken_by from None
        raise
    return stream.count


class _Stream:
    """Batches on their way through C, which forgets what an exception was."""

    def __init__(self, found: Iterator[pa.RecordBatch]) -> None:
        self._found = found
        self.count = 0
        self.broken_by: BaseException | None = None

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> Any:
        try:
            batch = next(self._found)
        except StopIteration:
            raise
        except BaseException as error:
            self.broken_by = error
            raise
        self.count += batch.num_rows
        return batch
