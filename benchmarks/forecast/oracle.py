"""What a forecaster would do that knew the state of the generator: the most that can be gained."""

from typing import Final

import numpy as np

from benchmarks.forecast.panel import Panel
from ml.model.grid import HORIZONS, QUANTILES
from ml.model.matrix import FloatArray
from synthetic.planning.futures import futures, state
from synthetic.planning.params import params
from synthetic.planning.plan import Plan

PATHS: Final = 200
"""Futures that are drawn from each state."""


def oracle_quantiles(plan: Plan, panel: Panel, *, seed: int) -> FloatArray:
    """Return the quantiles of the futures of every example, shape (examples, quantiles)."""
    random = np.random.default_rng(seed)
    quantiles = np.empty((len(panel.position), len(QUANTILES)))
    chips = panel.examples.chip_key
    for chip, position in np.unique(np.column_stack([chips, panel.position]), axis=0):
        known = state(plan.chips[chip], int(position))
        drawn = futures(known, max(HORIZONS), PATHS, random, params().growth)
        for row in np.flatnonzero((chips == chip) & (panel.position == position)):
            ahead = drawn[:, panel.examples.horizon[row] - 1]
            quantiles[row] = np.quantile(ahead, QUANTILES)
    return quantiles
