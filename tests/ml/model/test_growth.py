"""How chips grow, by hand."""

import math

import numpy as np
import pytest

from ml.model.growth import GrowthRates, seasonal_lead
from ml.model.history import History, features_of
from ml.model.matrix import FeatureMatrix
from ml.model.past import PLACE_FEATURES, Past

RATES = GrowthRates(
    rate=0.01, weight=600, weight_months=2.0, aoi_weight=1000, recent_months=3.0, memory=0.5,
    batch=9.0, drift=0.4, season=0.0,
)  # fmt: skip


def past(counts: dict[int, float], **place: float) -> Past:
    own = features_of([History(np.array(list(counts)), np.array(list(counts.values())))])
    where = {"month": 1, "lat": 0, "aoi_net_change": 0, "aoi_building_months": 0} | place
    row = np.array([[where[name] for name in PLACE_FEATURES]], dtype=float)
    names = (*own.names, *PLACE_FEATURES)
    return Past.of(FeatureMatrix(names, np.hstack([own.values, row])))


def test_without_a_past_the_common_rate_holds() -> None:
    expected = RATES.expect(past({0: 50.0}), np.array([6]))
    assert expected.mean == pytest.approx(50 * 6 * 0.01)


def test_the_aois_rate_stands_between_a_chip_and_all_chips() -> None:
    """1,000 building-months of all chips' 0.01 and 3,000 of the AOI's 0.03 make 0.025."""
    known = past({0: 50.0}, aoi_net_change=90, aoi_building_months=3000)
    assert RATES.expect(known, np.array([1])).common == pytest.approx(0.025)
    assert RATES.expect(known, np.array([6])).mean == pytest.approx(50 * 6 * 0.025)


def test_a_short_past_is_drawn_to_the_common_rate_and_its_recent_part_fades() -> None:
    known, horizon = past({0: 80.0, 1: 80.0, 2: 100.0}), np.array([3])
    held = 600 + 2.0 * 100
    lasting = (0.01 * held + 20) / (held + 2 * 90)
    watched = 1 + 0.7
    smoothed = (20 * 1 + 0 * 0.7) / watched
    drawn = 3.0 * 100 + 600
    recent = (lasting * drawn + smoothed * watched) / (drawn + watched * 100)
    mean = 100 * (3 * lasting + (recent - lasting) * (0.5 + 0.25 + 0.125))
    assert RATES.expect(known, horizon).mean == pytest.approx(mean)


def test_the_spread_adds_births_the_rates_doubt_and_its_drift() -> None:
    known = past({0: 50.0})
    expected = RATES.expect(known, np.array([6]))
    stock, rate, evidence = 50 * 6, 0.01, 600 + 2.0 * 50
    births, doubt = 9 * stock * rate, stock**2 * 9 * rate / evidence
    drift = (0.4 * stock * rate) ** 2
    assert expected.spread == pytest.approx(math.sqrt(0.3 + births + doubt + drift))
    assert expected.noise == pytest.approx(math.sqrt(0.3 + 9 * 50 * rate))


@pytest.mark.parametrize("counts", [{0: 0.0}, {0: 30.0, 9: 0.0}, {0: 400.0, 5: 10.0}])
def test_chips_that_are_or_go_empty_have_a_spread_and_no_growth_below_none(
    counts: dict[int, float],
) -> None:
    expected = RATES.expect(past(counts), np.array([12]))
    assert np.isfinite(expected.mean).all()
    assert (expected.mean >= 0).all()
    assert (expected.spread > 0.5).all()


def test_more_growth_is_expected_before_summer_on_either_half_of_the_globe() -> None:
    history = {month: 100.0 + month for month in range(14)}
    one = np.array([3])
    north_spring, north_autumn = past(history, month=4, lat=50), past(history, month=10, lat=50)
    south_spring, equator = past(history, month=10, lat=-50), past(history, month=4, lat=0)
    assert seasonal_lead(north_spring, one) > 0.5
    assert seasonal_lead(north_autumn, one) < -0.5
    assert seasonal_lead(south_spring, one) == pytest.approx(seasonal_lead(north_spring, one))
    assert seasonal_lead(equator, one) == pytest.approx(0)
    swinging = RATES.model_copy(update={"season": 0.2})
    plain, more = (rates.expect(north_spring, one).mean for rates in (RATES, swinging))
    assert more == pytest.approx(plain * (1 + 0.2 * seasonal_lead(north_spring, one)))
