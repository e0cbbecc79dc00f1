"""Cells to learn from and to judge by, read from ``features.cell_month``.

Rows stand chip by chip, month by month and cell by cell. A cell that has a row in a month has one
in every later month of its chip, so that what happened later is a look at another row.
"""

import io
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from ml.data.examples import month_number
from ml.errors import FeatureTableError
from ml.model.cell_model import CellFeatures
from ml.model.matrix import IntArray

CELLS: Final = 1024
"""Cells of a chip."""

_GROWTH: Final = "appeared"
"""Buildings that appeared in the cell so far: more of them later is growth."""

_KEYS: Final = ("chip_key", "aoi_key", "as_of", "cell_no")

_LATEST: Final = "(chip_key, as_of) in (select chip_key, max(as_of) from {table} group by chip_key)"

Rows = NDArray[np.int64]
"""Numbers of rows, ascending."""


@dataclass(frozen=True, slots=True)
class CellMonths:
    """What was known of cells, one row per chip, as-of month and cell, ordered by the three.

    Attributes:
        chip_key: Shape (rows,).
        aoi_key: Of the chip, shape (rows,).
        as_of: Time keys (year * 100 + month), shape (rows,).
        cell_no: Shape (rows,).
        names: The features, in order.
        values: Shape (rows, features); NaN where a value is not known.
    """

    chip_key: IntArray
    aoi_key: IntArray
    as_of: IntArray
    cell_no: IntArray
    names: tuple[str, ...]
    values: CellFeatures

    def __len__(self) -> int:
        return len(self.chip_key)

    @property
    def as_of_month(self) -> IntArray:
        """As-of months counted from year 0, so that they can be added to."""
        return month_number(self.as_of)

    @property
    def chip_month(self) -> IntArray:
        """One number for chip and as-of month, shape (rows,)."""
        return self.chip_key * 100_000 + self.as_of_month

    def feature(self, name: str) -> NDArray[np.float32]:
        """Return one feature, shape (rows,)."""
        column: NDArray[np.float32] = self.values[:, self.names.index(name)]
        return column

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows of a mask or of an array of row numbers."""
        return type(self)(
            self.chip_key[rows],
            self.aoi_key[rows],
            self.as_of[rows],
            self.cell_no[rows],
            self.names,
            self.values[rows],
        )

    def latest(self) -> Self:
        """Return the cells of the last as-of month of every chip."""
        chips, row = np.unique(self.chip_key, return_inverse=True)
        last = np.zeros(len(chips), dtype=np.int64)
        np.maximum.at(last, row, self.as_of)
        return self.take(self.as_of == last[row])

    def growth(self, horizon: int) -> "Growth":
        """Return which cells had at least one new building within ``horizon`` months."""
        key = self.chip_month * CELLS + self.cell_no
        wanted = key + horizon * CELLS
        later = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
        rows = np.flatnonzero(key[later] == wanted)
        so_far = self.feature(_GROWTH)
        return Growth(rows, so_far[later[rows]] > so_far[rows])


@dataclass(frozen=True, slots=True)
class Growth:
    """What happened within a horizon, where the month at its end was observed.

    Attributes:
        rows: Rows of which it is known.
        has_grown: Shape (those rows,).
    """

    rows: Rows
    has_grown: NDArray[np.bool_]

    def among(self, chosen: NDArray[np.bool_]) -> Self:
        """Return that of the rows in a mask over all of them."""
        kept = chosen[self.rows]
        return type(self)(self.rows[kept], self.has_grown[kept])


def read_cell_months(
    connection: psycopg.Connection, names: tuple[str, ...], *, latest: bool = False
) -> CellMonths:
    """Read ``features.cell_month``; with ``latest`` the last as-of month of every chip alone.

    Raises:
        FeatureTableError: The table is not there or lacks a column.
    """
    table = sql.Identifier("features", "cell_month")
    chosen = sql.SQL(_LATEST).format(table=table) if latest else sql.SQL("true")
    query = sql.SQL(
        "copy (select {columns} from {table} inner join marts.dim_chip using (chip_key) "
        "where {chosen} order by chip_key, as_of, cell_no) to stdout (format csv)"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, (*_KEYS, *names))),
        table=table,
        chosen=chosen,
    )
    frame = _frame(_csv(connection, query), names)
    chip_key, aoi_key, as_of, cell_no = (frame[name].to_numpy() for name in _KEYS)
    values = np.ascontiguousarray(frame.select(names).to_numpy())
    return CellMonths(chip_key, aoi_key, as_of, cell_no, names, values)


def _csv(connection: psycopg.Connection, query: sql.Composed) -> io.BytesIO:
    buffer = io.BytesIO()
    try:
        with connection.cursor() as cursor, cursor.copy(query) as copy:
            for block in copy:
                buffer.write(block)
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        message = f"{error.diag.message_primary}; run `dbt build` before training"
        raise FeatureTableError(message) from error
    buffer.seek(0)
    return buffer


def _frame(csv: io.BytesIO, names: tuple[str, ...]) -> pl.DataFrame:
    schema: dict[str, pl.DataType] = {
        **dict.fromkeys(_KEYS, pl.Int64()),
        **dict.fromkeys(names, pl.Float32()),
    }
    if not csv.getbuffer().nbytes:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(csv, has_header=False, schema=schema)
