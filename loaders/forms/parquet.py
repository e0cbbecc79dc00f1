"""A Parquet file with the columns of the CSV into rows like its."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import polars as pl
import shapely

from loaders.errors import SourceDamagedError, SourceFormError
from loaders.forms.csv_rows import read_id
from loaders.forms.parts import Batch, FileLines, Rejection, Rejections, row_text
from loaders.forms.streams import COLUMNS
from loaders.forms.wkt import Polygons, polygon_text, polygons_of
from loaders.terms.other_forms import OtherForm, canonical_filename
from loaders.terms.reasons import Reason, printable, shorten

ROWS_AT_ONCE: Final = 50_000


def read_parquet(path: Path, *, source_file: str) -> Iterator[Batch | Rejections]:
    """Read a Parquet file: rows that have the form of a row, and rows that have not.

    Args:
        path: A file with ``filename`` (text), ``id`` (whole numbers, or text) and ``geometry``
            (WKT, or WKB as GeoParquet has it).
        source_file: What to call it.

    Raises:
        SourceFormError: It has other columns, or columns of other types.
        SourceDamagedError: It cannot be read to its end.
    """
    # pyarrow takes long to import, for this form alone.
    from pyarrow.lib import ArrowException, Table  # noqa: PLC0415
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    first = 1
    try:
        with ParquetFile(path) as file:
            _check_columns(file.schema_arrow.names, source_file)
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(COLUMNS)):
                frame = pl.DataFrame(pl.from_arrow(Table.from_batches([batch])))
                yield from _read_rows(frame, FileLines((source_file,), (first,)))
                first += frame.height
    except (ArrowException, OSError) as error:
        reason = shorten(printable(str(error)))
        message = f"{source_file} is damaged or cut off ({reason}); fetch or write it again"
        raise SourceDamagedError(message) from error


def _check_columns(names: list[str], source_file: str) -> None:
    if not set(COLUMNS) <= set(names):
        found = shorten(printable(", ".join(names)))
        raise SourceFormError(
            f"{source_file} has the columns {found}; expected {', '.join(COLUMNS)}"
        )


def _read_rows(frame: pl.DataFrame, files: FileLines) -> Iterator[Batch | Rejections]:
    _check_types(frame, files.names[0])
    rows = frame.with_row_index("line").with_columns(
        pl.col("line").cast(pl.Int64), pl.col("filename").cast(pl.String).fill_null("")
    )
    rows = pl.concat([rows, _ids(frame["id"]), _geometries(frame["geometry"])], how="horizontal")
    rows = rows.with_columns(reason=pl.coalesce("id_reason", "text_reason"))
    bad = rows.filter(pl.col("reason").is_not_null())
    if bad.height:
        yield Rejections([_rejection(row, files) for row in bad.iter_rows(named=True)])
    good = rows.filter(pl.col("reason").is_null())
    if good.height:
        forms = {
            kind: good["forms"].list.contains(kind.value).to_numpy()
            for kind in OtherForm
            if kind.value in good["forms"].explode().unique()
        }
        if good["id_is_other"].any():
            forms[OtherForm.ID_SPELLING] = good["id_is_other"].to_numpy()
        taken = good.select("filename", id=pl.col("number").cast(pl.Int32), geometry="text")
        yield Batch(taken, good["line"].to_numpy(), files, forms)


def _check_types(frame: pl.DataFrame, source_file: str) -> None:
    id_type = frame["id"].dtype
    for name, is_right, expected in (
        ("filename", frame["filename"].dtype in (pl.String, pl.Categorical, pl.Enum), "text"),
        ("id", id_type.is_integer() or id_type.is_float() or id_type == pl.String, "integers"),
        ("geometry", frame["geometry"].dtype in (pl.String, pl.Binary), "WKT or WKB"),
    ):
        if not is_right:
            found = frame[name].dtype
            raise SourceFormError(
                f"{source_file}: its column {name} is of type {found}; expected {expected}"
            )


def _ids(column: pl.Series) -> pl.DataFrame:
    """Return ``number``, ``id_reason`` and ``id_is_other`` of each id."""
    distinct = column.unique()
    read = [_read_id(value) for value in distinct.to_list()]
    table = pl.DataFrame(
        {
            "id": distinct,
            "number": [None if isinstance(number, str) else number for number in read],
            "id_reason": [number if isinstance(number, str) else None for number in read],
        },
        schema_overrides={"number": pl.Int64(), "id_reason": pl.String()},
    )
    is_other = pl.lit(not column.dtype.is_integer())
    found = pl.DataFrame({"id": column}).join(
        table, on="id", how="left", nulls_equal=True, maintain_order="left"
    )
    return found.select("number", "id_reason", id_is_other=is_other)


def _read_id(value: Any) -> int | str:
    if isinstance(value, float) and value.is_integer():
        return read_id(str(int(value)))
    return read_id("" if value is None else str(value))


def _geometries(column: pl.Series) -> pl.DataFrame:
    """Return ``text``, ``text_reason`` and ``forms`` of each geometry."""
    if column.dtype == pl.String:
        return pl.DataFrame({"text": column.fill_null("")}).with_columns(
            text_reason=pl.lit(None, pl.String()), forms=pl.lit([], pl.List(pl.String()))
        )
    distinct = column.unique()
    read = [_read_wkb(value) for value in distinct.to_list()]
    table = pl.DataFrame(
        {
            "geometry": distinct,
            "text": [polygon_text(found.polygons[0]) if found.polygons else "" for found in read],
            "text_reason": [found.reason for found in read],
            "forms": [[form.value for form in found.forms] for found in read],
        },
        schema_overrides={"text_reason": pl.String(), "forms": pl.List(pl.String())},
    )
    found = pl.DataFrame({"geometry": column}).join(
        table, on="geometry", how="left", nulls_equal=True, maintain_order="left"
    )
    return found.drop("geometry")


def _read_wkb(value: bytes | None) -> Polygons:
    shape = None if value is None else shapely.from_wkb(value, on_invalid="ignore")
    if shape is None:
        reason = Reason.POLYGON_MISSING.value
        return Polygons([], reason=reason if value is None else Reason.POLYGON_FORM.found("WKB"))
    return polygons_of(orjson.loads(shapely.to_geojson(shape)), split=False)


def _rejection(row: dict[str, Any], files: FileLines) -> Rejection:
    file, line = files.place(row["line"])
    geometry = row["geometry"]
    name = canonical_filename(row["filename"])[0]
    text = geometry.hex() if isinstance(geometry, bytes) else str(geometry or "")
    return Rejection(file, line, row_text(row["filename"], row["id"], text), row["reason"], name)
