"""Fitting how chips grow: the nine numbers of ``GrowthRates``, drawn to where they usually lie."""

from typing import Final

import numpy as np
from scipy.optimize import minimize

from ml.model.growth import GrowthRates
from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past
from ml.training.params import GrowthParams

_BY_LOG: Final = ("weight", "weight_months", "aoi_weight", "recent_months", "batch", "drift")
_SEASON_SCALE: Final = 0.3
"""How far the swing of a year is off 0 when another number is off by a factor of e."""


def fit_rates(
    past: Past, horizon: IntArray, change: FloatArray, params: GrowthParams
) -> GrowthRates:
    """Find the growth that makes what happened most likely.

    Departures are taken as Laplace distributed, so that few bursts do not decide. The simplex
    search (Nelder and Mead 1965) starts at the usual values and is drawn to them.

    Args:
        past: What was known of each row.
        horizon: Months ahead, shape (rows,).
        change: What happened, buildings, shape (rows,).
        params: Usual values, how strongly they draw, and how long to search.
    """
    rate = _common_rate(past, horizon, change)
    start = np.zeros(len(_BY_LOG) + 2)

    def unlikeliness(point: FloatArray) -> float:
        expected = _rates(point, rate, params).expect(past, horizon)
        departure = np.abs(change - expected.mean) / expected.spread
        likely = np.mean(np.log(expected.spread) + np.sqrt(2) * departure)
        return float(likely + params.pull * np.sum(point**2))

    found = minimize(
        unlikeliness,
        start,
        method="Nelder-Mead",
        options={
            "maxfev": params.steps,
            "initial_simplex": np.vstack([start, 0.3 * np.eye(len(start))]),
        },
    )
    return _rates(found.x, rate, params)


def _common_rate(past: Past, horizon: IntArray, change: FloatArray) -> float:
    """Return the growth per building and month of all; large chips count by their root alone."""
    weight = 1 / np.sqrt(1 + past.level)
    exposure = float(np.sum(past.level * horizon * weight))
    return max(float(np.sum(change * weight)) / max(exposure, 1.0), 1e-5)


def _rates(point: FloatArray, rate: float, params: GrowthParams) -> GrowthRates:
    usual = params.usual
    logs = dict(zip(_BY_LOG, np.exp(np.clip(point[:6], -9, 9)).tolist(), strict=True))
    odds = usual.memory / (1 - usual.memory) * np.exp(np.clip(point[6], -9, 5))
    return GrowthRates(
        rate=rate,
        memory=float(odds / (1 + odds)),
        season=usual.season + _SEASON_SCALE * float(point[7]),
        **{name: getattr(usual, name) * factor for name, factor in logs.items()},
    )
