"""Bare histories: features by hand, gaps, what is no history, forecasts from them."""

import numpy as np
import pytest

from ml.model.chip_model import ForecastModel
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS
from ml.model.history import HISTORY_FEATURES, History, features_of


def history(counts: dict[int, float]) -> History:
    return History(np.array(list(counts)), np.array(list(counts.values())))


def features(counts: dict[int, float]) -> dict[str, float]:
    (row,) = features_of([history(counts)]).values.tolist()
    return {
        name: value
        for name, value in zip(HISTORY_FEATURES, row, strict=True)
        if not np.isnan(value)
    }


def test_features_look_back_over_months_that_were_observed() -> None:
    weights = np.array([0.7**5, 0.7**4 + 0.7**3, 0.7**2 + 0.7 + 1])
    smoothed = np.sum(weights * np.array([2, 1.5, 1])) / np.sum(weights)
    assert features({24: 10.0, 25: 12.0, 27: 15.0, 30: 18.0}) == pytest.approx(
        {
            "known_count": 18, "months_since_first": 6, "months_since_peak": 5,
            "net_change_3": 3, "net_change_6": 8, "net_change_since_first": 8,
            "smoothed_change": smoothed,
        }
    )  # fmt: skip


def test_a_single_month_has_a_count_and_no_past() -> None:
    assert features({7: 4.0}) == {
        "known_count": 4, "months_since_first": 0, "net_change_since_first": 0,
    }  # fmt: skip


def test_the_last_of_equal_peaks_counts() -> None:
    assert features({0: 1.0, 1: 4.0, 2: 7.0, 3: 8.0})["months_since_peak"] == 1
    assert features({0: 5.0, 1: 5.0, 2: 5.0})["months_since_peak"] == 0


def test_what_leaps_came_into_sight_and_is_no_growth() -> None:
    leapt = features({0: 1000.0, 1: 1300.0, 2: 1310.0, 3: 1150.0, 4: 1160.0})
    assert leapt["known_count"] == 1160
    assert leapt["net_change_since_first"] == 20  # 300 came into sight, 160 went out of it
    assert (leapt["net_change_1"], leapt["net_change_3"]) == (10, 20)
    # Twice the months, twice the growth; and fifty buildings may be built anywhere.
    assert features({0: 1000.0, 2: 1199.0})["net_change_since_first"] == 199
    assert features({0: 1000.0, 1: 1101.0})["net_change_since_first"] == 0
    assert features({0: 20.0, 1: 70.0})["net_change_since_first"] == 50
    assert features({0: 20.0, 1: 71.0})["net_change_since_first"] == 0


@pytest.mark.parametrize(
    ("months", "counts", "words"),
    [
        ([], [], "0 months and 0 counts"),
        ([1, 2], [3.0], "2 months and 1 counts"),
        ([2, 1], [3.0, 4.0], "not ascending"),
        ([1, 1], [3.0, 4.0], "not ascending"),
        ([1], [-1.0], "a count that is not 0 or more"),
        ([1], [np.nan], "a count that is not 0 or more"),
    ],
)
def test_what_is_no_history_is_refused(months: list[int], counts: list[float], words: str) -> None:
    with pytest.raises(FeatureError, match=words):
        History(np.array(months, dtype=np.int64), np.array(counts))


def test_what_came_later_is_not_known() -> None:
    long = history({0: 5.0, 3: 6.0, 8: 9.0})
    known = long.until(7)
    assert known is not None
    assert (known.months.tolist(), known.counts.tolist()) == ([0, 3], [5.0, 6.0])
    assert long.until(-1) is None


def test_places_are_forecast_from_their_histories_alone(model: ForecastModel) -> None:
    """One month, gaps, a level line, growth, nothing: ordered, and more where there was more."""
    places = [
        history({0: 40.0}),
        history({0: 40.0, 5: 41.0, 17: 44.0}),
        history(dict.fromkeys(range(20), 40.0)),
        history({month: 40.0 + month for month in range(20)}),
        history({0: 0.0, 1: 0.0}),
    ]
    found = model.predict_histories(places)
    assert found.quantiles.shape == (5, len(HORIZONS), 3)
    assert np.isfinite(found.quantiles).all()
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert (found.quantiles[3, :, 1] > found.quantiles[2, :, 1]).all()
    assert (found.quantiles[4] >= 0).all()
    alone = model.predict_histories([places[3]])
    assert (alone.quantiles[0] == found.quantiles[3]).all()
    assert model.predict_histories([]).quantiles.shape == (0, len(HORIZONS), 3)
