"""Quantiles of past errors, by hand."""

import numpy as np
import pytest

from ml.model.grid import QUANTILES
from ml.model.spread import LEAST_ERRORS, ErrorQuantiles


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_unit_in_which_errors_are_alike_is_found(power: float) -> None:
    random = np.random.default_rng(2)
    counts = random.uniform(10, 10_000, 2000)
    error = random.normal(0, 3, 2000) * (1 + counts) ** power
    horizon = np.full(2000, 6)
    errors = ErrorQuantiles.fit(counts, horizon, error)
    assert errors.power == power
    assert errors.by_horizon[6] == pytest.approx(np.array([-1.28, 0, 1.28]) * 3, abs=0.35)


def test_quantiles_are_those_of_the_same_horizon() -> None:
    error = np.concatenate([np.arange(LEAST_ERRORS), 10 * np.arange(LEAST_ERRORS)]).astype(float)
    horizon = np.repeat([1, 6], LEAST_ERRORS)
    errors = ErrorQuantiles.fit(np.zeros(2 * LEAST_ERRORS), horizon, error)
    expected = [np.quantile(error[LEAST_ERRORS:], QUANTILES)]
    assert errors.at(np.zeros(1), np.array([6])) == pytest.approx(np.array(expected))


def test_a_horizon_that_was_not_seen_is_in_proportion_to_the_longest() -> None:
    errors = ErrorQuantiles(power=0.0, by_horizon={1: (-9.0, 9.0, 9.0), 3: (-1.0, 0.0, 2.0)})
    assert errors.at(np.ones(1), np.array([12])).tolist() == [[-4.0, 0.0, 8.0]]


def test_too_few_errors_at_a_horizon_tell_nothing_of_it() -> None:
    error = np.concatenate([np.arange(LEAST_ERRORS), [1e6] * (LEAST_ERRORS - 1)])
    horizon = np.repeat([3, 12], [LEAST_ERRORS, LEAST_ERRORS - 1])
    errors = ErrorQuantiles.fit(np.zeros(len(error)), horizon, error)
    assert list(errors.by_horizon) == [3]
    few = ErrorQuantiles.fit(np.zeros(2), np.array([1, 1]), np.array([0.0, 1.0]))
    assert list(few.by_horizon) == [1]
