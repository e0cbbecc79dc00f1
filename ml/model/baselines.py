"""The plain forecasts that a model has to beat: no change, mean past change, damped trend.

They use the same point-in-time features as the model and nothing else.
"""

from enum import StrEnum
from typing import Final

import numpy as np

from ml.model.matrix import FeatureMatrix, FloatArray, IntArray

WINDOWS: Final = (1, 3, 6, 12)
NEEDED_FEATURES: Final = ("known_count", *(f"net_change_{window}" for window in WINDOWS))


class Baseline(StrEnum):
    """A plain forecast."""

    NO_CHANGE = "no_change"
    MEAN_PAST_CHANGE = "mean_past_change"
    DAMPED_TREND = "damped_trend"

    @property
    def label(self) -> str:
        """The name as people write it."""
        return self.value.replace("_", " ")


def past_change(
    features: FeatureMatrix, *, windows: tuple[int, ...] = (12, 6, 3, 1)
) -> tuple[FloatArray, FloatArray]:
    """Return the net change over the first of ``windows`` that is known, and its length.

    Args:
        features: At least the columns ``NEEDED_FEATURES``.
        windows: Months, most wanted first.

    Returns:
        Two arrays of shape (rows,): buildings, and months; both 0 where no window is known.
    """
    change = np.zeros(len(features))
    months = np.zeros(len(features))
    for window in reversed(windows):
        column = features.column(f"net_change_{window}")
        known = ~np.isnan(column)
        change[known] = column[known]
        months[known] = window
    return change, months


def baseline_forecast(
    baseline: Baseline, features: FeatureMatrix, horizon: IntArray, *, damping: float
) -> FloatArray:
    """Forecast the net change of each row.

    Args:
        baseline: Which of the plain forecasts.
        features: At least the columns ``NEEDED_FEATURES``.
        horizon: Months ahead, shape (rows,).
        damping: Share of the trend kept from month to month, for the damped trend: the sum of
            ``damping ** k`` for k = 1 .. horizon (Gardner and McKenzie 1985).

    Returns:
        Buildings, shape (rows,).
    """
    match baseline:
        case Baseline.NO_CHANGE:
            return np.zeros(len(features))
        case Baseline.MEAN_PAST_CHANGE:
            change, months = past_change(features)
            return change / np.maximum(months, 1) * horizon
        case Baseline.DAMPED_TREND:
            change, months = past_change(features, windows=(3, 1, 6, 12))
            steps = np.arange(1, int(horizon.max(initial=1)) + 1)
            kept = np.cumsum(damping**steps)
            damped: FloatArray = change / np.maximum(months, 1) * kept[horizon - 1]
            return damped
