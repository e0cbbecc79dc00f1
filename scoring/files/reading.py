"""Lines of one chip as rows of the metric, and lines that are none, with the loader's words.

Two things are taken here that a load refuses: ``POLYGON EMPTY``, which says that a month has
nothing, and invalid polygons (bow-ties), which the metric knows how to treat.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
import shapely
from shapely.geometry import Polygon

from loaders.by_chip import Lines
from loaders.forms.csv_rows import read_line
from loaders.forms.parts import ROW_SCHEMA
from loaders.terms.hashes import hashes_of
from loaders.terms.names import NameRejectedError, parse_filename
from loaders.terms.polygons import HIGHEST, LOWEST, reason_of
from loaders.terms.reasons import Reason
from scoring.metric.rows import Bools, Ints, Polygons, Rows, no_rows


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no row.

    Attributes:
        line: Its number in the file, the header being line 1.
        reason: A phrase of ``loaders.terms.reasons`` and what was found.
    """

    line: int
    reason: str


def read_chip(spans: Iterable[Lines]) -> tuple[Rows, list[Refused]]:
    """Read the lines of one chip.

    Of rows with the same month and id the first is kept.
    """
    refused: list[Refused] = []
    frames = [_frame(lines, refused) for lines in spans]
    if not frames:
        return no_rows(), refused
    frame = _with_months(pl.concat(frames), refused)
    texts, footprints = _distinct(frame["geometry"])
    polygons, reasons = _polygons(texts)
    lines = frame["line"].to_numpy()
    bad = np.isin(footprints, np.fromiter(reasons, dtype=np.int64, count=len(reasons)))
    refused.extend(
        Refused(int(lines[at]), reasons[int(footprints[at])]) for at in np.flatnonzero(bad).tolist()
    )
    keep = np.flatnonzero(~bad & ~shapely.is_empty(polygons)[footprints])
    rows = Rows(
        frame["time_key"].to_numpy().astype(np.int64)[keep],
        frame["id"].to_numpy().astype(np.int64)[keep],
        footprints[keep],
        polygons,
    )
    first = _first_of_key(rows)
    same = Reason.DUPLICATE.value
    refused.extend(Refused(int(line), same) for line in lines[keep[~first]].tolist())
    return rows.take(first), refused


def _frame(lines: Lines, refused: list[Refused]) -> pl.DataFrame:
    """Return ``filename``, ``id``, ``geometry``, ``line`` of lines that have the form of a row."""
    try:
        frame = pl.read_csv(lines.text, has_header=False, schema=ROW_SCHEMA)
    except pl.exceptions.PolarsError:
        frame = pl.DataFrame(schema=ROW_SCHEMA)
    if (
        frame.height == lines.line_count
        and not any(frame.null_count().row(0))
        and frame.select((pl.col("id") >= 0).all()).item()
    ):
        return frame.with_row_index("line", lines.first_line)
    found = []
    for number, line in enumerate(lines.text[:-1].split(b"\n"), start=lines.first_line):
        value = read_line(line.removesuffix(b"\r"))
        if isinstance(value, str):
            refused.append(Refused(number, value))
        else:
            found.append((number, *value.row))
    return pl.DataFrame(found, schema={"line": pl.UInt32(), **ROW_SCHEMA}, orient="row")


def _with_months(frame: pl.DataFrame, refused: list[Refused]) -> pl.DataFrame:
    """Add ``time_key``; leave out rows of names that name no month of a chip."""
    months: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for name in frame["filename"].unique().to_list():
        try:
            months[name] = parse_filename(name).time_key
        except NameRejectedError as error:
            reasons[name] = str(error)
    if reasons:
        unnamed = frame.filter(pl.col("filename").is_in(list(reasons)))
        for line, name in unnamed.select("line", "filename").iter_rows():
            refused.append(Refused(line, reasons[name]))
        frame = frame.filter(~pl.col("filename").is_in(list(reasons)))
    time_key = pl.col("filename").replace_strict(months, return_dtype=pl.Int32())
    return frame.with_columns(time_key=time_key)


def _distinct(texts: pl.Series) -> tuple[pl.Series, Ints]:
    """Return each distinct text once, and the position of each row's text among them."""
    _, first, position = np.unique(hashes_of(texts), return_index=True, return_inverse=True)
    return texts.gather(first), position.astype(np.int64)


def _polygons(texts: pl.Series) -> tuple[Polygons, dict[int, str]]:
    """Parse polygon texts; those that are none are empty, with the reason by position."""
    with np.errstate(over="ignore", invalid="ignore"):
        polygons = np.asarray(shapely.from_wkt(texts.to_numpy(), on_invalid="ignore"))
    reasons: dict[int, str] = {}
    for at in np.flatnonzero(~_are_sound(polygons)).tolist():
        reason = reason_of(texts[at])
        if reason is not None and reason != Reason.POLYGON_EMPTY.value:
            reasons[at] = reason
        polygons[at] = Polygon()
    return polygons, reasons


def _are_sound(polygons: Polygons) -> Bools:
    bounds = shapely.bounds(polygons).reshape(-1, 4)
    return np.asarray(
        (shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON)
        & ~shapely.has_z(polygons)
        & np.isfinite(shapely.area(polygons))
        & (bounds >= LOWEST).all(axis=1)
        & (bounds <= HIGHEST).all(axis=1)
    )


def _first_of_key(rows: Rows) -> Bools:
    keys = rows.time_keys << 32 | rows.building_ids
    _, first = np.unique(keys, return_index=True)
    found = np.zeros(len(rows), dtype=np.bool_)
    found[first] = True
    return found
