"""The assignment of one month, as the reference finds it, from overlaps alone.

The reference lays a month out as a dense matrix of rewards, 100 + IoU for an overlap and 0 else,
and hands it to ``scipy.optimize.linear_sum_assignment``: the shortest augmenting paths of Crouse
(2016, "On implementing 2D rectangular assignment algorithms"). What that makes of equal sums
depends on rows that overlap nothing as well, since they take the lowest column that is free. The
same steps are taken here, in the same order and with the same sums, but only where something
happens: columns that a row has no overlap with all cost the same, and a pair that overlaps nobody
else can wait until somebody takes its column.
"""

import heapq
from typing import Final

import numpy as np

from scoring.metric.rows import Floats, Ints

_MATCH: Final = 100.0
"""Reward of a match beside its IoU."""

Costs = dict[int, float]
"""Cost by column."""


def solve(overlaps: tuple[Ints, Ints, Floats], shape: tuple[int, int]) -> Ints:
    """Choose the matches of a month.

    Args:
        overlaps: True row, predicted row, IoU, one element each.
        shape: How many true and how many predicted rows the month has.

    Returns:
        Positions of the chosen overlaps, ascending.
    """
    rows, columns, iou = overlaps
    row_count, column_count = shape
    if column_count < row_count:
        rows, columns, row_count, column_count = columns, rows, column_count, row_count
    costs: list[Costs] = [{} for _ in range(row_count)]
    for row, column, cost in zip(
        rows.tolist(), columns.tolist(), (-(_MATCH + iou)).tolist(), strict=True
    ):
        costs[row][column] = cost
    waits = (np.bincount(rows)[rows] == 1) & (np.bincount(columns)[columns] == 1)
    owners = np.full(column_count, row_count)
    owners[columns[waits]] = rows[waits]
    month = _Month(costs, owners.tolist())
    month.run(np.delete(np.arange(row_count), rows[waits]).tolist())
    column_of = month.column_of
    return np.flatnonzero(
        waits
        | [
            column_of.get(row) == column
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
    )


class _Month:
    """Rows and columns of a month, as far as they are assigned.

    Attributes:
        column_count: How many columns there are.
        column_of, row_of: Assignments, but for pairs whose turn passed while they waited.
    """

    def __init__(self, costs: list[Costs], owners: list[int]) -> None:
        """Start with nothing assigned.

        Args:
            costs: Of each row, negative.
            owners: Of each column the row that waits for it, or the number of rows.
        """
        self.column_count = len(owners)
        self.column_of: dict[int, int] = {}
        self.row_of: dict[int, int] = {}
        self._costs = costs
        self._owners = owners
        self._row_dual: dict[int, float] = {}
        self._column_dual: dict[int, float] = {}
        self._turns: list[int] = []
        self._lowest_free = 0

    def run(self, rows: list[int]) -> None:
        """Give each of these rows, ascending, its turn, and waiting ones where it matters."""
        self._turns = rows
        while self._turns:
            row = heapq.heappop(self._turns)
            if self._costs[row]:
                _Path(self, row).augment()
            else:
                self.settle(row, self.free_column(row, set()), row)

    def settle(self, row: int, column: int, now: int) -> None:
        """Assign, and wake the row that waits for the column if its turn is still to come."""
        if now < self._owners[column] < len(self._costs) and column not in self.row_of:
            heapq.heappush(self._turns, self._owners[column])
        self.row_of[column] = row
        self.column_of[row] = column

    def is_free(self, column: int, now: int) -> bool:
        """Tell whether a column has no row yet, at a row's turn."""
        return column not in self.row_of and self._owners[column] >= now

    def free_column(self, now: int, but: set[int]) -> int:
        """Return the lowest free column outside of a set, or one behind the last."""
        while self._lowest_free < self.column_count and not self.is_free(self._lowest_free, now):
            self._lowest_free += 1
        column = self._lowest_free
        while column < self.column_count and (column in but or not self.is_free(column, now)):
            column += 1
        return column

    def cost(self, row: int, column: int, so_far: float) -> float:
        """Return the reduced cost of going on from a row to a column; the order of sums matters."""
        cost = so_far + self._costs[row].get(column, 0.0) - self._row_dual.get(row, 0.0)
        return cost - self._column_dual.get(column, 0.0)

    def plain_cost(self, row: int, so_far: float) -> float:
        """Return it for any column that no row on the path overlaps."""
        return so_far - self._row_dual.get(row, 0.0)

    def columns_of(self, row: int) -> Costs:
        """Return the columns that a row overlaps."""
        return self._costs[row]

    def raise_duals(self, row: int, rows: dict[int, float], columns: Costs, end: float) -> None:
        """Move the duals after a path that ended at a cost.

        Args:
            row: Where the path began.
            rows: Other rows on it, with the cost of the column that led to each.
            columns: Columns that were left behind, with their costs.
            end: Cost of the last column.
        """
        self._row_dual[row] = self._row_dual.get(row, 0.0) + end
        for other, cost in rows.items():
            self._row_dual[other] = self._row_dual.get(other, 0.0) + (end - cost)
        for column, cost in columns.items():
            self._column_dual[column] = self._column_dual.get(column, 0.0) - (end - cost)


class _Path:
    """A shortest augmenting path from one row to a column that is free."""

    def __init__(self, month: _Month, row: int) -> None:
        """Start at a row."""
        self._month = month
        self._row = row
        self._costs: Costs = {}
        self._left: Costs = {}
        self._before: dict[int, int] = {}
        self._scanned: list[tuple[int, float]] = []
        self._plain = (np.inf, row)
        self._places = _Places(month.column_count)

    def augment(self) -> None:
        """Find the path, move the duals, assign along it."""
        row, so_far = self._row, 0.0
        reached: dict[int, float] = {}
        while True:
            self._scan(row, so_far)
            column, so_far = self._next()
            if self._month.is_free(column, self._row):
                break
            self._left[column] = self._costs.pop(column)
            self._places.remove(column)
            row = self._month.row_of[column]
            reached[row] = so_far
        self._month.raise_duals(self._row, reached, self._left, so_far)
        self._assign(column)

    def _scan(self, row: int, so_far: float) -> None:
        """Look from a row at the columns that it or an earlier one overlaps."""
        for column in self._month.columns_of(row).keys() - self._costs.keys() - self._left.keys():
            self._costs[column] = np.inf
            for earlier in self._scanned:
                self._improve(column, *earlier)
        for column in self._costs:
            self._improve(column, row, so_far)
        self._scanned.append((row, so_far))
        plain = self._month.plain_cost(row, so_far)
        if plain < self._plain[0]:
            self._plain = plain, row

    def _improve(self, column: int, row: int, so_far: float) -> None:
        cost = self._month.cost(row, column, so_far)
        if cost < self._costs[column]:
            self._costs[column] = cost
            self._before[column] = row

    def _next(self) -> tuple[int, float]:
        """Return the nearest column and its cost: of equal ones the last free one, else the first.

        A column that is free costs no more than the plain ones, so no plain one that is taken can
        be nearest.
        """
        nearest = min([self._plain[0], *self._costs.values()])
        equal = [column for column, cost in self._costs.items() if cost == nearest]
        free = [column for column in equal if self._month.is_free(column, self._row)]
        if self._plain[0] == nearest:
            free += self._plain_columns()
        place = self._places.of
        return (max(free, key=place) if free else min(equal, key=place)), nearest

    def _plain_columns(self) -> list[int]:
        """Return the free plain columns that may stand last: the lowest, and those moved."""
        known = self._costs.keys() | self._left.keys()
        moved = [
            column
            for column in self._places.moved() - known
            if self._month.is_free(column, self._row)
        ]
        lowest = self._month.free_column(self._row, known | self._places.moved())
        return [*moved, lowest] if lowest < self._month.column_count else moved

    def _assign(self, column: int) -> None:
        row = -1
        while row != self._row:
            row = self._before.get(column, self._plain[1])
            next_column = self._month.column_of.get(row, -1)
            self._month.settle(row, column, self._row)
            column = next_column


class _Places:
    """Where the columns that are left stand: the highest first, a removed one's place filled.

    The last column takes the place of one that is removed, which is what decides among equals.
    """

    def __init__(self, count: int) -> None:
        """Start with all columns."""
        self._count = count
        self._length = count
        self._place_of: dict[int, int] = {}
        self._column_at: dict[int, int] = {}

    def of(self, column: int) -> int:
        """Return the place of a column."""
        return self._place_of.get(column, self._count - 1 - column)

    def moved(self) -> set[int]:
        """Return the columns that do not stand where they began."""
        return set(self._place_of)

    def remove(self, column: int) -> None:
        """Take a column out."""
        place = self.of(column)
        self._length -= 1
        last = self._column_at.get(self._length, self._count - 1 - self._length)
        self._column_at[place] = last
        self._place_of[last] = place
