"""Map layers read from the warehouse as a stream of Arrow batches, each column of the view's type.

How a file is written belongs to ``export``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pyarrow as pa
from psycopg import sql

from serving.files.errors import ExportError
from warehouse.access import connect
from warehouse.connection.roles import Role

LAYER_SCHEMA: Final = "layers"
GEOMETRY: Final = "geom"
ROWS_PER_BATCH: Final = 10_000

_ARROW_TYPES: Final[dict[str, pa.DataType]] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "text": pa.string(),
    "varchar": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
}

_GEOMETRY_TYPES: Final = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
}

_COLUMNS: Final = """
    select attname, typname
    from pg_attribute
    inner join pg_type on atttypid = pg_type.oid
    where attrelid = %s::regclass and attnum > 0 and not attisdropped and attname <> %s
    order by attnum
"""

_ABOUT: Final = """
    select type, srid, coalesce(obj_description(%s::regclass, 'pg_class'), '')
    from geometry_columns
    where (f_table_schema, f_table_name, f_geometry_column) = (%s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """A view of the schema ``layers``.

    Attributes:
        name: Of the view.
        columns: Name and Arrow type of each column but the geometry, in the view's order.
        geometry_type: Such as ``Polygon``; None where the view's column may hold any.
        srid: EPSG code of its coordinates.
        description: The view's comment.
    """

    name: str
    columns: tuple[tuple[str, pa.DataType], ...]
    geometry_type: str | None
    srid: int
    description: str


def list_layers() -> list[str]:
    """Return the names of the layers, in alphabetical order."""
    with connect(role=Role.ANALYST) as connection:
        rows = connection.execute(
            "select f_table_name from geometry_columns where f_table_schema = %s order by 1",
            (LAYER_SCHEMA,),
        ).fetchall()
    return [name for (name,) in rows]


def describe(connection: psycopg.Connection, name: str) -> Layer:
    """Look a layer up in the catalogue.

    Raises:
        ExportError: A column is of a type that has no counterpart in the files.
    """
    view = sql.Identifier(LAYER_SCHEMA, name).as_string(connection)
    about = (view, LAYER_SCHEMA, name, GEOMETRY)
    geometry_type, srid, description = connection.execute(_ABOUT, about).fetchone() or ("", 0, "")
    columns = connection.execute(_COLUMNS, (view, GEOMETRY)).fetchall()
    for column, kind in columns:
        if kind not in _ARROW_TYPES:
            raise ExportError(
                f"column {column} of layer {name} is of type {kind}, which no file form here "
                f"holds; cast it in the view to one of {', '.join(_ARROW_TYPES)}"
            )
    return Layer(
        name,
        tuple((column, _ARROW_TYPES[kind]) for column, kind in columns),
        _GEOMETRY_TYPES.get(geometry_type),
        srid,
        description,
    )


@contextmanager
def reader() -> Iterator[psycopg.Connection]:
    """Connect as who reads layers.

    Raises:
        ExportError: The server is lost, or refuses, while a layer is read.
    """
    try:
        with connect(role=Role.ANALYST) as connection:
            yield connection
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise ExportError(f"the layer cannot be read to its end ({reason}); try again") from error


def batches(
    connection: psycopg.Connection, layer: Layer, *, srid: int, bounds: bool = False
) -> Iterator[pa.RecordBatch]:
    """Read a layer along a Hilbert curve, so that neighbours lie beside each other in the file.

    Args:
        connection: From ``reader``.
        layer: What to read.
        srid: EPSG code of the coordinates to write.
        bounds: Whether a column ``bbox`` follows, with ``CORNERS`` as doubles.

    Yields:
        Batches of ``ROWS_PER_BATCH`` rows of ``schema_of(layer, bounds=bounds)``.
    """
    schema = schema_of(layer, bounds=bounds)
    geometry = sql.SQL("st_transform({}, {})").format(sql.Identifier(GEOMETRY), srid)
    if srid == layer.srid:
        geometry = sql.SQL("{}").format(sql.Identifier(GEOMETRY))
    query = sql.SQL(
        """
        select {columns}
        from (select *, {geometry} as written from {view}) as layer
        order by layer.{sorted}
        """
    ).format(
        columns=sql.SQL(", ").join(_selected(layer, bounds=bounds)),
        geometry=geometry,
        view=sql.Identifier(LAYER_SCHEMA, layer.name),
        sorted=sql.Identifier(GEOMETRY),
    )
    with connection.cursor("layer", binary=True) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS_PER_BATCH):
            yield _batch(rows, schema)


def schema_of(layer: Layer, *, bounds: bool = False) -> pa.Schema:
    """Return the Arrow schema of a layer's batches: its columns, then geometry as WKB."""
    fields = [pa.field(name, kind) for name, kind in layer.columns]
    fields.append(pa.field(GEOMETRY, pa.binary()))
    if bounds:
        corners = [pa.field(corner, pa.float64(), nullable=False) for corner in CORNERS]
        fields.append(pa.field("bbox", pa.struct(corners)))
    return pa.schema(fields)


CORNERS: Final = ("xmin", "ymin", "xmax", "ymax")


def _selected(layer: Layer, *, bounds: bool) -> Iterator[sql.Composable]:
    for name, _kind in layer.columns:
        yield sql.Identifier("layer", name)
    yield sql.SQL("st_asbinary(layer.written)")
    if bounds:
        for corner in CORNERS:
            yield sql.SQL("{}(layer.written)").format(sql.Identifier(f"st_{corner}"))


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True))
    arrays = []
    for place, field in enumerate(schema):
        if not pa.types.is_struct(field.type):
            arrays.append(pa.array(columns[place], field.type))
            continue
        corners = [pa.array(column, pa.float64()) for column in columns[place:]]
        nothing = pa.array([corner is None for corner in columns[place]])
        filled = [corner.fill_null(0.0) for corner in corners]
        arrays.append(pa.StructArray.from_arrays(filled, fields=list(field.type), mask=nothing))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
