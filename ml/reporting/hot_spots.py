"""Chips of most expected growth as grids of their cells' probabilities, for pictures."""

from collections.abc import Mapping

import numpy as np

from ml.data.cells import CellMonths
from ml.model.cell_model import CellModel
from ml.model.grid import CELL_HORIZONS
from ml.reporting.cell_plots import grid_of


def hot_spot_grids(
    model: CellModel, cells: CellMonths, names: Mapping[int, str], *, most: int = 3
) -> dict[str, np.ndarray]:
    """Return by chip's name the grid of the longest horizon, from the chip's last as-of month.

    Args:
        model: Forecasts.
        cells: All cells.
        names: Chips' names by key.
        most: Chips, those of most expected growth.
    """
    latest = cells.latest()
    probability = model.at(latest.values, CELL_HORIZONS[-1])
    chips, row = np.unique(latest.chip_key, return_inverse=True)
    expected = np.bincount(row, weights=probability)
    grids = {}
    for place in np.argsort(-expected, kind="stable")[:most]:
        own = row == place
        name = names.get(int(chips[place]), str(chips[place]))
        grids[name] = grid_of(latest.cell_no[own], probability[own])
    return grids
