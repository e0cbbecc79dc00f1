"""The plain forecasts, by hand."""

import numpy as np
import pytest

from ml.model.baselines import Baseline, baseline_forecast
from ml.model.grid import Target
from ml.model.history import History, features_of
from ml.model.matrix import FeatureMatrix
from ml.model.past import Past, history_features

HALVES = 0.5 + 0.25 + 0.125
"""What three months are worth to a trend that keeps one half."""


def past(counts: dict[int, float]) -> Past:
    history = History(np.array(list(counts)), np.array(list(counts.values())))
    return Past.of(features_of([history]))


LONG = {month: 100.0 + 2 * month for month in range(13)} | {13: 130.0}
"""13 months, 2 more buildings in each and 6 in the last."""


@pytest.mark.parametrize(
    ("baseline", "expected"),
    [
        (Baseline.NO_CHANGE, 0),
        (Baseline.MEAN_PAST_CHANGE, 30 / 13 * 3),
        (Baseline.LAST_SIX_MONTHS, 16 / 6 * 3),
        (Baseline.LAST_TWELVE_MONTHS, 28 / 12 * 3),
        (Baseline.DAMPED_LAST_MONTH, 6 * HALVES),
        (Baseline.DAMPED_THREE_MONTHS, 10 / 3 * HALVES),
        (Baseline.DAMPED_SIX_MONTHS, 16 / 6 * HALVES),
    ],
)
def test_plain_forecasts_go_on_from_the_past_that_is_known(
    baseline: Baseline, expected: float
) -> None:
    found = baseline_forecast(baseline, past(LONG), np.array([3]), damping=0.5)
    assert found.tolist() == pytest.approx([expected])


def test_the_smoothed_change_weighs_each_month_seven_tenths_of_the_next() -> None:
    weights = 0.7 ** np.arange(13)
    smoothed = np.sum(weights * np.array([6] + [2] * 12)) / np.sum(weights)
    known, horizon = past(LONG), np.array([3])
    straight = baseline_forecast(Baseline.SMOOTHED_CHANGE, known, horizon, damping=0.5)
    damped = baseline_forecast(Baseline.DAMPED_SMOOTHED_CHANGE, known, horizon, damping=0.5)
    assert straight == pytest.approx(3 * smoothed)
    assert damped == pytest.approx(HALVES * smoothed)


@pytest.mark.parametrize("baseline", list(Baseline))
def test_a_single_month_tells_no_change(baseline: Baseline) -> None:
    assert baseline_forecast(baseline, past({5: 90.0}), np.array([12]), damping=0.9) == [0.0]


@pytest.mark.parametrize("baseline", [one for one in Baseline if one is not Baseline.NO_CHANGE])
def test_where_a_window_is_not_known_another_serves(baseline: Baseline) -> None:
    """Months 0 and 4 alone: no window of 1, 2, 3, 6 or 12 months."""
    found = baseline_forecast(baseline, past({0: 50.0, 4: 58.0}), np.array([1]), damping=1.0)
    assert found.tolist() == pytest.approx([2.0])


def test_area_is_counted_in_buildings_of_the_mean_size() -> None:
    names = history_features(Target.AREA)
    row = dict.fromkeys(names) | {
        "known_count": 100, "months_since_first": 4, "net_area_change_since_first": 800.0,
        "smoothed_area_change": 240.0, "mean_area_m2": 80.0,
    }  # fmt: skip
    known = Past.of(FeatureMatrix.from_rows([row], names), Target.AREA)
    assert (known.change.tolist(), known.smoothed.tolist()) == ([10.0], [3.0])
    assert known.exposure.tolist() == [4 * 95.0]


def test_labels_are_words() -> None:
    assert Baseline.DAMPED_LAST_MONTH.label == "damped last month"
