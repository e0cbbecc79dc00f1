"""Rows to learn from and to judge by, read from the feature tables of the warehouse."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from ml.errors import FeatureTableError
from ml.model.grid import Target
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray

MISSING_TABLE_ADVICE = "run `dbt build` before training"


@dataclass(frozen=True, slots=True)
class ChipMonths:
    """Point-in-time features, one row per chip and as-of month, ordered by both.

    Attributes:
        chip_key: Shape (rows,).
        aoi_key: Of the chip's AOI, shape (rows,).
        as_of: Time keys (year * 100 + month), shape (rows,).
        features: What was known at the as-of month.
    """

    chip_key: IntArray
    aoi_key: IntArray
    as_of: IntArray
    features: FeatureMatrix

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows of a mask or of an array of row numbers."""
        return type(self)(
            self.chip_key[rows], self.aoi_key[rows], self.as_of[rows], self.features.take(rows)
        )

    def latest(self) -> Self:
        """Return the last as-of month of every chip."""
        is_last = np.append(self.chip_key[1:] != self.chip_key[:-1], True)[: len(self.chip_key)]
        return self.take(np.flatnonzero(is_last))


@dataclass(frozen=True, slots=True)
class Examples:
    """Features and what happened after them, one row per chip, as-of month and horizon.

    Attributes:
        chip_key: Shape (rows,).
        aoi_key: Of the chip's AOI, shape (rows,).
        as_of: Time keys, shape (rows,).
        horizon: Months ahead, shape (rows,).
        net_change: Buildings, shape (rows,).
        net_area_change: Square metres, shape (rows,).
        features: What was known at the as-of month.
    """

    chip_key: IntArray
    aoi_key: IntArray
    as_of: IntArray
    horizon: IntArray
    net_change: FloatArray
    net_area_change: FloatArray
    features: FeatureMatrix

    def __len__(self) -> int:
        return len(self.chip_key)

    @property
    def as_of_month(self) -> IntArray:
        """As-of months counted from year 0, so that they can be added to."""
        return month_number(self.as_of)

    @property
    def known_from(self) -> IntArray:
        """The month in which the target is first known, counted like ``as_of_month``."""
        return self.as_of_month + self.horizon

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows of a mask or of an array of row numbers."""
        return type(self)(
            self.chip_key[rows],
            self.aoi_key[rows],
            self.as_of[rows],
            self.horizon[rows],
            self.net_change[rows],
            self.net_area_change[rows],
            self.features.take(rows),
        )

    def select(self, names: tuple[str, ...]) -> Self:
        """Return the same rows with the features ``names`` alone."""
        places = [self.features.names.index(name) for name in names]
        features = FeatureMatrix(names, self.features.values[:, places])
        return dataclasses.replace(self, features=features)

    def outcome(self, target: Target) -> FloatArray:
        """Return what happened to ``target``, in its unit, shape (rows,)."""
        return self.net_change if target is Target.COUNT else self.net_area_change


def month_number(time_key: IntArray) -> IntArray:
    """Return time keys (year * 100 + month) as months counted from year 0."""
    number: IntArray = time_key // 100 * 12 + time_key % 100 - 1
    return number


def read_chip_months(connection: psycopg.Connection, names: tuple[str, ...]) -> ChipMonths:
    """Read ``features.chip_month``, ordered by chip and as-of month.

    Raises:
        FeatureTableError: The table is not there or lacks a column.
    """
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in names)
    query = sql.SQL(
        "select chip_key, aoi_key, as_of, {} from features.chip_month order by chip_key, as_of"
    ).format(columns)
    rows = _read(connection, query)
    keys = _integers(rows, columns=3)
    values = np.array([row[3:] for row in rows], dtype=np.float64).reshape(len(rows), len(names))
    return ChipMonths(keys[:, 0], keys[:, 1], keys[:, 2], FeatureMatrix(names, values))


def read_examples(connection: psycopg.Connection, chip_months: ChipMonths) -> Examples:
    """Read ``features.chip_target`` and join it to the features of the same chip and month.

    Raises:
        FeatureTableError: The table is not there, or a target has no features.
    """
    query = sql.SQL(
        "select chip_key, as_of, horizon, net_change, net_area_change from features.chip_target "
        "order by chip_key, as_of, horizon"
    )
    rows = _read(connection, query)
    keys = _integers(rows, columns=3)
    changes = np.array([row[3:] for row in rows], dtype=np.float64).reshape(len(rows), 2)
    places = {
        (int(chip), int(month)): place
        for place, (chip, month) in enumerate(
            zip(chip_months.chip_key, chip_months.as_of, strict=True)
        )
    }
    try:
        place = np.array([places[chip, as_of] for chip, as_of, _ in keys.tolist()], dtype=np.int64)
    except KeyError as error:
        raise FeatureTableError(
            f"features.chip_target has {error} that features.chip_month lacks; run `dbt build`"
        ) from error
    return examples_of(chip_months, place, keys[:, 2], changes)


def examples_of(
    chip_months: ChipMonths, place: IntArray, horizon: IntArray, changes: FloatArray
) -> Examples:
    """Join what happened to the features of the same chip and month.

    Args:
        chip_months: The features.
        place: The row of ``chip_months`` of each example, shape (rows,).
        horizon: Months ahead, shape (rows,).
        changes: Net change of count and area, shape (rows, 2).
    """
    known = chip_months.take(place)
    return Examples(
        known.chip_key,
        known.aoi_key,
        known.as_of,
        horizon,
        changes[:, 0],
        changes[:, 1],
        known.features,
    )


def _read(connection: psycopg.Connection, query: sql.SQL | sql.Composed) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(query).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        message = f"{error.diag.message_primary}; {MISSING_TABLE_ADVICE}"
        raise FeatureTableError(message) from error


def _integers(rows: list[tuple[Any, ...]], *, columns: int) -> IntArray:
    keys = [row[:columns] for row in rows]
    return np.array(keys, dtype=np.int64).reshape(len(rows), columns)
