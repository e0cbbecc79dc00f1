"""GeoParquet 1.1 with a bounding box for each row, so that a reader skips what is far away.

See https://geoparquet.org/releases/v1.1.0/: "Bounding box covering".
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyproj
from pyarrow import compute, parquet

from serving.files.layers import CORNERS, GEOMETRY, Layer, schema_of

COMPRESSION: Final = "zstd"


def write_geoparquet(batches: Iterator[pa.RecordBatch], path: Path, layer: Layer) -> int:
    """Write batches with a column ``bbox``, each as a row group; return the number of rows."""
    count, extent = 0, [math.inf, math.inf, -math.inf, -math.inf]
    with parquet.ParquetWriter(
        path, schema_of(layer, bounds=True), compression=COMPRESSION
    ) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=batch.num_rows)
            count += batch.num_rows
            extent = _grown(extent, batch.column("bbox"))
        writer.add_key_value_metadata({"geo": json.dumps(_metadata(layer, extent))})
    return count


def _grown(extent: list[float], boxes: pa.StructArray) -> list[float]:
    known = boxes.drop_null()
    if len(known) == 0:
        return extent
    low = [compute.min(known.field(corner)).as_py() for corner in CORNERS[:2]]
    high = [compute.max(known.field(corner)).as_py() for corner in CORNERS[2:]]
    return [*map(min, extent[:2], low), *map(max, extent[2:], high)]


def _metadata(layer: Layer, extent: list[float]) -> dict[str, Any]:
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [layer.geometry_type] if layer.geometry_type else [],
        "crs": pyproj.CRS.from_epsg(layer.srid).to_json_dict(),
        "covering": {"bbox": {corner: ["bbox", corner] for corner in CORNERS}},
    }
    if math.isfinite(extent[0]):
        column["bbox"] = extent
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
