"""How chips grow is found again where it is known."""

import numpy as np
import pytest

from ml.model.growth import GrowthRates
from ml.model.history import History, features_of
from ml.model.matrix import IntArray
from ml.model.past import Past
from ml.training.params import Params
from ml.training.rates import fit_rates


def world(spread: float, batch: float, chips: int = 300) -> tuple[Past, IntArray, np.ndarray]:
    """Chips of 1,000 buildings, lasting rates around 1 %, births in batches; 12 months known."""
    random = np.random.default_rng(4)
    rates = 0.01 * random.lognormal(-(spread**2) / 2, spread, chips)
    births = batch * random.poisson(1000 * rates[:, None] / batch, (chips, 24))
    counts = 1000 + np.cumsum(np.hstack([np.zeros((chips, 1)), births]), axis=1)
    histories = [History(np.arange(13), one[:13]) for one in counts]
    past = Past.of(features_of(histories))
    horizon = np.tile([1, 3, 6, 12], chips // 4)
    later = counts[np.arange(chips), 12 + horizon]
    return past, horizon, later - counts[:, 12]


def fitted(params: Params, past: Past, horizon: IntArray, change: np.ndarray) -> GrowthRates:
    growth = params.growth.model_copy(update={"pull": 0.0005, "steps": 600})
    return fit_rates(past, horizon, change, growth)


def held(rates: GrowthRates) -> float:
    return rates.weight + 1000 * rates.weight_months


def test_chips_of_their_own_rates_count_more_than_chips_alike(params: Params) -> None:
    own, alike = (fitted(params, *world(spread, 5)) for spread in (1.0, 0.0))
    assert held(own) < held(alike) / 2


def test_larger_batches_are_seen(params: Params) -> None:
    small, large = (fitted(params, *world(0.3, batch)) for batch in (2, 20))
    assert small.batch < large.batch / 2


def test_the_common_rate_weighs_a_chip_by_the_root_of_its_size(params: Params) -> None:
    past = Past.of(features_of([History(np.array([0]), np.array([one])) for one in (99.0, 9999.0)]))
    horizon, change = np.array([2, 2]), np.array([2.0, 1000.0])
    weight = np.array([1 / 10, 1 / 100])
    expected = np.sum(change * weight) / np.sum(np.array([99, 9999]) * 2 * weight)
    assert fit_rates(past, horizon, change, params.growth).rate == pytest.approx(expected)


def test_no_growth_at_all_still_gives_rates(params: Params) -> None:
    past = Past.of(features_of([History(np.arange(5), np.full(5, 40.0))] * 8))
    horizon = np.tile([1, 3], 4)
    rates = fit_rates(past, horizon, np.zeros(8), params.growth)
    expected = rates.expect(past, horizon)
    assert np.isfinite(expected.spread).all()
    assert (np.abs(expected.mean) < 0.5).all()
