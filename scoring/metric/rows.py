"""Rows of one chip: who stands when, and with which polygon."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from scoring.errors import RepeatedRowError

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Polygons: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Truth or predictions of one chip; element i of each array belongs to row i.

    Attributes:
        time_keys: ``year * 100 + month``; int64.
        building_ids: The building, or the tracker's id; int64.
        footprints: Position of the row's polygon in ``polygons``; int64.
        polygons: Each distinct polygon once, in pixels of the chip; shapely, none of them empty.
        clouded: Whether the row lies under cloud, or None where that is not known.
    """

    time_keys: Ints
    building_ids: Ints
    footprints: Ints
    polygons: Polygons
    clouded: Bools | None = None

    def __len__(self) -> int:
        """Return how many rows."""
        return len(self.time_keys)

    def take(self, rows: Ints | Bools) -> "Rows":
        """Return these rows alone; the polygons stay as they are."""
        return Rows(
            self.time_keys[rows],
            self.building_ids[rows],
            self.footprints[rows],
            self.polygons,
            None if self.clouded is None else self.clouded[rows],
        )

    def in_order(self) -> "Rows":
        """Return the rows by month, then by id.

        Raises:
            RepeatedRowError: A building stands twice in one month.
        """
        ordered = self.take(np.lexsort((self.building_ids, self.time_keys)))
        same = (np.diff(ordered.time_keys) == 0) & (np.diff(ordered.building_ids) == 0)
        if same.any():
            at = int(np.flatnonzero(same)[0])
            raise RepeatedRowError(
                f"id {ordered.building_ids[at]} stands twice in month {ordered.time_keys[at]}; "
                "expected each id once in a month of a chip"
            )
        return ordered

    def areas(self) -> Floats:
        """Return the area of each row's polygon in square pixels."""
        found: Floats = shapely.area(self.polygons)[self.footprints]
        return found


def no_rows() -> Rows:
    """Return no row at all."""
    none = np.zeros(0, dtype=np.int64)
    return Rows(none, none, none, np.zeros(0, dtype=np.object_))
