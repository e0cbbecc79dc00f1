"""A matrix of features with its column names, and its checks. No database, no model."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.model.errors import FeatureError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FeatureMatrix:
    """Features of some chip-months.

    Attributes:
        names: The columns, in order.
        values: float64 of shape (rows, columns); NaN where a value is not known.
    """

    names: tuple[str, ...]
    values: FloatArray

    def __len__(self) -> int:
        return int(self.values.shape[0])

    def column(self, name: str) -> FloatArray:
        """Return one column, shape (rows,)."""
        column: FloatArray = self.values[:, self.names.index(name)]
        return column

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows of a mask or of an array of row numbers."""
        return type(self)(names=self.names, values=self.values[rows])

    @classmethod
    def from_rows(cls, rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> Self:
        """Make a matrix of mappings that must have exactly the columns ``names``.

        Raises:
            FeatureError: No rows, or one that lacks a column, has an unknown one, or holds
                something that is no number.
        """
        if not rows:
            raise FeatureError("no rows of features were given; give at least one")
        values = np.empty((len(rows), len(names)), dtype=np.float64)
        for number, row in enumerate(rows):
            _check_names(row, names, number)
            for position, name in enumerate(names):
                values[number, position] = _as_float(row[name], name, number)
        return cls(names=tuple(names), values=values)


def _check_names(row: Mapping[str, object], names: Sequence[str], number: int) -> None:
    missing = [name for name in names if name not in row]
    unknown = [name for name in row if name not in names]
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has unknown {', '.join(map(str, unknown))}"] if unknown else []
        expected = ", ".join(names)
        raise FeatureError(f"row {number} {' and '.join(parts)}; the features are: {expected}")


def _as_float(value: object, name: str, number: int) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        kind = type(value).__name__
        raise FeatureError(f"row {number}: {name} is of type {kind}; expected a number or null")
    return float(value)
