"""Quantiles of past errors, by hand."""

import numpy as np
import pytest

from ml.model.baselines import NEEDED_FEATURES
from ml.model.grid import QUANTILES
from ml.model.matrix import FeatureMatrix
from ml.model.spread import ErrorQuantiles


def chips(counts: np.ndarray) -> FeatureMatrix:
    values = np.zeros((len(counts), len(NEEDED_FEATURES)))
    values[:, 0] = counts
    return FeatureMatrix(NEEDED_FEATURES, values)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_unit_in_which_errors_are_alike_is_found(power: float) -> None:
    random = np.random.default_rng(2)
    counts = random.uniform(10, 10_000, 2000)
    error = random.normal(0, 3, 2000) * (1 + counts) ** power
    horizon = np.full(2000, 6)
    errors = ErrorQuantiles.fit(chips(counts), horizon, error)
    assert errors.power == power
    assert errors.by_horizon[6] == pytest.approx(np.array([-1.28, 0, 1.28]) * 3, abs=0.35)


def test_quantiles_are_those_of_the_same_horizon() -> None:
    error = np.array([1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
    horizon = np.array([1, 1, 1, 6, 6, 6])
    errors = ErrorQuantiles.fit(chips(np.zeros(6)), horizon, error)
    expected = [np.quantile(error[3:], QUANTILES)]
    assert errors.at(chips(np.zeros(1)), np.array([6])) == pytest.approx(np.array(expected))


def test_a_horizon_that_was_not_seen_is_in_proportion_to_the_longest() -> None:
    errors = ErrorQuantiles(power=0.0, by_horizon={1: (-9.0, 9.0, 9.0), 3: (-1.0, 0.0, 2.0)})
    assert errors.at(chips(np.ones(1)), np.array([12])).tolist() == [[-4.0, 0.0, 8.0]]
