"""What happened in cells after a month, by hand."""

import numpy as np

from ml.data.cells import CellMonths


def cells_of(rows: list[tuple[int, int, int, int]]) -> CellMonths:
    """Make rows of chip, as-of month, cell and what appeared in it so far."""
    chip, as_of, cell, appeared = np.array(rows).T
    return CellMonths(chip, chip, as_of, cell, ("appeared",), appeared[:, None].astype(np.float32))


def test_growth_is_told_where_the_month_ahead_was_observed() -> None:
    cells = cells_of(
        [
            *((1, 201811, 5, 0), (1, 201811, 6, 2)),
            *((1, 201902, 5, 1), (1, 201902, 6, 2), (1, 201902, 7, 1)),
            *((1, 201903, 5, 1), (1, 201903, 6, 3), (1, 201903, 7, 1)),
            *((2, 201902, 5, 0), (2, 201905, 5, 4)),
        ]
    )
    growth = cells.growth(3)
    assert growth.rows.tolist() == [0, 1, 8]
    assert growth.has_grown.tolist() == [True, False, True]


def test_growth_among_some_rows_leaves_out_the_others() -> None:
    cells = cells_of([(1, 201801, 5, 0), (1, 201801, 6, 0), (1, 201804, 5, 0), (1, 201804, 6, 1)])
    kept = cells.growth(3).among(cells.cell_no == 6)
    assert (kept.rows.tolist(), kept.has_grown.tolist()) == ([1], [True])


def test_no_cells_have_no_growth() -> None:
    empty = CellMonths(*(np.zeros(0, dtype=np.int64),) * 4, ("appeared",), np.zeros((0, 1), "f4"))
    assert len(empty.growth(6).rows) == 0
