"""Training: repeatable to the byte, intervals that hold what they promise."""

import dataclasses

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.chip_model import ForecastModel
from ml.model.grid import HORIZONS
from ml.model.growth import change_unit
from ml.training.fitting import conformal_offsets, fingerprint, fit
from ml.training.params import Params
from tests.fixtures import frames
from tests.fixtures.worlds import grow


def texts(model: ForecastModel) -> list[str]:
    return [booster.model_to_string() for booster in model.boosters]


def test_the_same_data_give_the_same_model_to_the_byte(
    model: ForecastModel, examples: Examples, params: Params
) -> None:
    again = fit(examples, params, best_baseline=Baseline.MEAN_PAST_CHANGE)
    assert texts(again) == texts(model)
    assert again.manifest == model.manifest


def test_other_data_or_tunables_change_the_fingerprint(examples: Examples, params: Params) -> None:
    known = fingerprint(examples, params)
    assert fingerprint(examples, params.model_copy(update={"seed": 8})) != known
    net_change = examples.net_change.copy()
    net_change[0] += 1
    assert fingerprint(dataclasses.replace(examples, net_change=net_change), params) != known


def test_calibrated_intervals_cover_later_months_of_a_made_up_world(params: Params) -> None:
    """80 % are promised; ties at whole buildings add, and what changes takes away."""
    late = frames.examples(grow(seed=21, chips=120, mean_count=300), params.features)
    months = late.as_of_month
    origin = int(np.quantile(months, 0.6))
    model = fit(late.take(late.known_from <= origin), params, best_baseline=Baseline.NO_CHANGE)
    test = late.take((months >= origin) & (late.horizon <= 6))
    quantiles = model.quantiles(test.features, test.horizon)
    inside = (test.net_change >= quantiles[:, 0]) & (test.net_change <= quantiles[:, 2])
    assert 0.74 <= inside.mean() <= 0.9


def test_offsets_widen_an_interval_that_the_last_months_burst(params: Params) -> None:
    quiet = frames.examples(grow(seed=5), params.features)
    spread = np.random.default_rng(5).normal(0, 1, len(quiet))
    months = np.unique(quiet.as_of_month)
    last = quiet.as_of_month >= months[-int(len(months) * params.calibration.share)]
    unit = change_unit(quiet.features, quiet.horizon)
    burst = Examples(
        quiet.chip_key,
        quiet.as_of,
        quiet.horizon,
        np.where(last, quiet.net_change + 5 * spread * unit, quiet.net_change),
        quiet.features,
    )
    before, after = conformal_offsets(quiet, params), conformal_offsets(burst, params)
    for horizon in (1, 3):
        assert after[horizon][0] > before[horizon][0] + params.calibration.strength
        assert after[horizon][1] > before[horizon][1] + params.calibration.strength


def test_too_few_months_to_calibrate_leave_the_interval_as_it_is(params: Params) -> None:
    short = frames.examples(grow(seed=5, chips=8, months=4), params.features)
    assert conformal_offsets(short, params) == dict.fromkeys(HORIZONS, (0.0, 0.0))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_nothing(
    model: ForecastModel, examples: Examples, params: Params, threads: int
) -> None:
    boosting = params.boosting.model_copy(update={"num_threads": threads, "rounds": 5})
    few = params.model_copy(update={"boosting": boosting})
    one = boosting.model_copy(update={"num_threads": 1})
    expected = fit(
        examples, params.model_copy(update={"boosting": one}), best_baseline=Baseline.NO_CHANGE
    )
    found = fit(examples, few, best_baseline=Baseline.NO_CHANGE)
    same = (
        found.predict(examples.features).quantiles == expected.predict(examples.features).quantiles
    )
    assert same.all()
