"""Holt's method with a damped trend, fitted to each chip anew at each as-of month.

The constants are those of a small grid that erred least, one month ahead, on what was known by then
(Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 8.2).
"""

import itertools
from typing import Final

import numpy as np

from ml.data.examples import Examples
from ml.model.baselines import faded_months
from ml.model.grid import Target
from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past

GRID: Final = tuple(itertools.product((0.5, 0.8, 1.0), (0.05, 0.1, 0.2, 0.4), (0.8, 0.9, 0.98)))
"""Smoothing of level and of trend, and damping of the trend."""


def holt_damped(examples: Examples, target: Target = Target.COUNT) -> FloatArray:
    """Forecast the net change of every example, buildings, shape (rows,).

    A chip's history is its change since the first month, as it was known month by month; between
    observed months it is a straight line.
    """
    if not len(examples):
        return np.zeros(0)
    past = Past.of(examples.features, target)
    chips, places = np.unique(examples.chip_key, return_inverse=True)
    row: IntArray = places.astype(np.int64)
    as_of = examples.as_of_month
    first = np.full(len(chips), as_of.max())
    np.minimum.at(first, row, as_of)
    month = as_of - first[row]
    series = _series(row, month, past.change * past.unit, chips=len(chips))
    least = np.full(series.shape, np.inf)
    forecast = np.zeros(len(examples))
    for smoothing, trending, damping in GRID:
        level, trend, error = smooth(series, smoothing, trending, damping)
        better = error < least - 1e-9
        least = np.where(better, error, least)
        ahead = faded_months(examples.horizon, damping) * trend[row, month]
        own = better[row, month]
        reached = level[row, month] - series[row, month] + ahead
        forecast = np.where(own, reached / past.unit, forecast)
    return forecast


def smooth(
    series: FloatArray, smoothing: float, trending: float, damping: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Run Holt's damped recursion, all series side by side.

    Args:
        series: Shape (series, months); NaN after a series' last month.
        smoothing: Weight of the newest level, 0 to 1.
        trending: Weight of the newest trend, 0 to 1.
        damping: Of the trend from month to month.

    Returns:
        Level, trend and the sum of squared errors one month ahead up to each month, each of the
        shape of ``series``. They start at the first month with its level and no trend.
    """
    level, trend, error = series.copy(), np.zeros(series.shape), np.zeros(series.shape)
    for month in range(1, series.shape[1]):
        expected = level[:, month - 1] + damping * trend[:, month - 1]
        off = series[:, month] - expected
        level[:, month] = expected + smoothing * off
        trend[:, month] = damping * trend[:, month - 1] + smoothing * trending * off
        error[:, month] = error[:, month - 1] + off**2
    return level, trend, error


def _series(row: IntArray, month: IntArray, change: FloatArray, *, chips: int) -> FloatArray:
    series = np.full((chips, int(month.max()) + 1), np.nan)
    series[row, month] = change
    for one in series:
        known = np.flatnonzero(~np.isnan(one))
        one[: known[-1] + 1] = np.interp(np.arange(known[-1] + 1), known, one[known])
    return series
