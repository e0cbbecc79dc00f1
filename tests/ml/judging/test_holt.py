"""Holt's damped trend, beside statsmodels and by hand."""

import dataclasses
import warnings

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.judging.holt import holt_damped, smooth
from ml.model.baselines import faded_months
from ml.model.past import Past


@pytest.mark.parametrize(("smoothing", "trending", "damping"), [(0.5, 0.2, 0.9), (1.0, 0.4, 0.98)])
def test_the_recursion_is_that_of_statsmodels(
    smoothing: float, trending: float, damping: float
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsmodels.tsa.holtwinters import (  # type: ignore[import-untyped]  # noqa: PLC0415
            Holt,
        )
    series = np.cumsum(np.random.default_rng(1).poisson(5, 20)).astype(float)
    level, trend, error = smooth(series[None, :], smoothing, trending, damping)
    theirs = Holt(
        series[1:], damped_trend=True, initialization_method="known",
        initial_level=series[0], initial_trend=0.0,
    ).fit(
        smoothing_level=smoothing, smoothing_trend=trending, damping_trend=damping, optimized=False
    )  # fmt: skip
    horizon = np.array([1, 3, 6, 12])
    ours = level[0, -1] + trend[0, -1] * faded_months(horizon, damping)
    assert ours == pytest.approx(theirs.forecast(12)[horizon - 1])
    assert error[0, -1] == pytest.approx(theirs.sse)


def test_a_steady_line_goes_on_and_a_level_one_stays(examples: Examples) -> None:
    months = examples.features.column("months_since_first")
    values = examples.features.values.copy()
    values[:, examples.features.names.index("net_change_since_first")] = 5 * months
    line = dataclasses.replace(
        examples, features=dataclasses.replace(examples.features, values=values)
    )
    late = months >= 12
    found = holt_damped(line)
    expected = 5 * faded_months(examples.horizon, 0.98)
    assert found[late] == pytest.approx(expected[late], rel=0.1)
    values[:, examples.features.names.index("net_change_since_first")] = 0
    assert (holt_damped(line) == 0).all()


def test_a_forecast_knows_nothing_of_later_months(examples: Examples) -> None:
    month = examples.as_of_month
    cut = int(np.median(month))
    known = holt_damped(examples.take(month <= cut))
    assert (holt_damped(examples)[month <= cut] == known).all()
    assert (known != 0).mean() > 0.3
    assert np.isfinite(Past.of(examples.features).change).all()
