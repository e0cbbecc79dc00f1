"""The plain forecasts, by hand."""

import numpy as np
import pytest

from ml.model.baselines import NEEDED_FEATURES, Baseline, baseline_forecast
from ml.model.matrix import FeatureMatrix


def one_row(*changes: float | None) -> FeatureMatrix:
    return FeatureMatrix.from_rows(
        [dict(zip(NEEDED_FEATURES, (100, *changes), strict=True))], NEEDED_FEATURES
    )


@pytest.mark.parametrize(
    ("changes", "monthly"),
    [
        ((1, 9, 12, 36), 3.0),  # the longest window that is known: 36 in 12 months
        ((1, 9, 12, None), 2.0),  # 12 in 6
        ((1, None, None, None), 1.0),
        ((None, None, None, None), 0.0),
    ],
)
def test_mean_past_change_takes_the_longest_known_window(
    changes: tuple[float | None, ...], monthly: float
) -> None:
    forecast = baseline_forecast(
        Baseline.MEAN_PAST_CHANGE, one_row(*changes), np.array([6]), damping=0.9
    )
    assert forecast.tolist() == [6 * monthly]


def test_damped_trend_keeps_less_of_the_recent_trend_each_month() -> None:
    features = one_row(1, 6, 100, 100)
    forecast = baseline_forecast(Baseline.DAMPED_TREND, features, np.array([3]), damping=0.5)
    assert forecast.tolist() == [2 * (0.5 + 0.25 + 0.125)]


def test_no_change_is_zero() -> None:
    forecast = baseline_forecast(Baseline.NO_CHANGE, one_row(1, 2, 3, 4), np.array([12]), damping=1)
    assert forecast.tolist() == [0.0]
