"""The plain forecasts that a model has to beat, from the same past that the model knows."""

from enum import StrEnum
from typing import Final

import numpy as np

from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past


class Baseline(StrEnum):
    """A plain forecast."""

    NO_CHANGE = "no_change"
    MEAN_PAST_CHANGE = "mean_past_change"
    """The mean change per month since the first month goes on."""
    LAST_SIX_MONTHS = "last_six_months"
    LAST_TWELVE_MONTHS = "last_twelve_months"
    DAMPED_LAST_MONTH = "damped_last_month"
    """The change of the last month goes on and fades; so do those of the last three and six."""
    DAMPED_THREE_MONTHS = "damped_three_months"
    DAMPED_SIX_MONTHS = "damped_six_months"
    SMOOTHED_CHANGE = "smoothed_change"
    """Simple exponential smoothing of the monthly changes."""
    DAMPED_SMOOTHED_CHANGE = "damped_smoothed_change"

    @property
    def label(self) -> str:
        """The name as people write it."""
        return self.value.replace("_", " ")


_WINDOWS: Final = {
    Baseline.LAST_SIX_MONTHS: (6, 3),
    Baseline.LAST_TWELVE_MONTHS: (12,),
    Baseline.DAMPED_LAST_MONTH: (1, 2, 3),
    Baseline.DAMPED_THREE_MONTHS: (3, 2, 1),
    Baseline.DAMPED_SIX_MONTHS: (6, 3),
}
"""Windows that are looked at, most wanted first; where none is known, all of the past."""


def baseline_forecast(
    baseline: Baseline, past: Past, horizon: IntArray, *, damping: float
) -> FloatArray:
    """Forecast the net change of each row.

    Args:
        baseline: Which of the plain forecasts.
        past: What is known of each row.
        horizon: Months ahead, shape (rows,).
        damping: Share of a trend kept from month to month: a damped one goes on by the sum of
            ``damping ** k`` for k = 1 .. horizon (Gardner and McKenzie 1985).

    Returns:
        Buildings, shape (rows,).
    """
    if baseline is Baseline.NO_CHANGE:
        return np.zeros(len(past))
    if baseline in (Baseline.SMOOTHED_CHANGE, Baseline.DAMPED_SMOOTHED_CHANGE):
        monthly = past.smoothed
    else:
        monthly = past.monthly(*_WINDOWS.get(baseline, ()))
    is_damped = baseline.startswith("damped")
    return monthly * (faded_months(horizon, damping) if is_damped else horizon)


def faded_months(horizon: IntArray, damping: float) -> FloatArray:
    """Return for how many months' worth a fading trend goes on, shape (rows,)."""
    kept = np.cumsum(damping ** np.arange(1, int(horizon.max(initial=1)) + 1))
    months: FloatArray = kept[horizon - 1]
    return months
