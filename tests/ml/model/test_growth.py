"""The pooled growth rate, by hand."""

import numpy as np
import pytest

from ml.model.baselines import NEEDED_FEATURES
from ml.model.growth import PooledGrowth, change_unit
from ml.model.matrix import FeatureMatrix


def chip(count: float, change_12: float | None) -> FeatureMatrix:
    row = dict.fromkeys(NEEDED_FEATURES, None) | {"known_count": count, "net_change_12": change_12}
    return FeatureMatrix.from_rows([row], NEEDED_FEATURES)


def test_without_a_past_the_common_rate_holds() -> None:
    growth = PooledGrowth(rate=0.01, weight=200)
    assert growth.expected_change(chip(50, None), np.array([6])) == pytest.approx(50 * 6 * 0.01)


def test_without_weight_the_own_rate_holds() -> None:
    growth = PooledGrowth(rate=0.01, weight=0)
    assert growth.expected_change(chip(50, 24), np.array([6])) == pytest.approx(12)


def test_a_short_past_is_drawn_to_the_common_rate() -> None:
    growth = PooledGrowth(rate=0.01, weight=600)
    expected = growth.expected_change(chip(50, 24), np.array([6]))
    assert expected == pytest.approx(50 * 6 * (0.01 * 600 + 24) / (600 + 50 * 12))


def test_chips_of_their_own_rates_get_little_weight_and_noise_gets_much() -> None:
    random = np.random.default_rng(1)
    rates = np.repeat(random.gamma(2, 0.01, 200), 2)
    months = np.full(400, 12)
    own = _fitted_weight(np.round(1000 * 12 * rates), np.round(1000 * 12 * rates), months)
    past, future = random.poisson(2, 400), random.poisson(2, 400)
    assert own < _fitted_weight(past, future, months)


def _fitted_weight(past: np.ndarray, future: np.ndarray, months: np.ndarray) -> float:
    values = np.full((len(past), len(NEEDED_FEATURES)), np.nan)
    values[:, 0], values[:, NEEDED_FEATURES.index("net_change_12")] = 1000, past
    features = FeatureMatrix(NEEDED_FEATURES, values)
    return PooledGrowth.fit(features, months, future.astype(float)).weight


def test_an_empty_chip_has_a_unit_and_no_growth() -> None:
    empty, horizon = chip(0, None), np.array([12])
    assert change_unit(empty, horizon) == pytest.approx(12)
    assert np.isfinite(PooledGrowth(0.01, 0).inputs(empty, horizon)).all()
