"""Training on next to nothing: a clear answer each, and no model that should not be."""

import dataclasses

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.judging.backtest import FORECASTERS, Protocol, run_backtest
from ml.judging.verdict import judge
from ml.lifecycle.forecasting import NO_MODEL, forecast_chips
from ml.lifecycle.run import shortage, train
from ml.model.baselines import Baseline
from ml.model.grid import Target
from ml.model.matrix import FeatureMatrix
from ml.training.fitting import fit
from ml.training.params import Params
from tests.fixtures import frames
from tests.fixtures.tables import write_world
from tests.fixtures.worlds import World, grow
from warehouse.access import connect


def still(examples: Examples) -> Examples:
    """The same chips, of which none ever changed."""
    values = examples.features.values.copy()
    for place, name in enumerate(examples.features.names):
        if "change" in name:
            values[:, place] = np.where(np.isnan(values[:, place]), np.nan, 0.0)
    nothing = np.zeros(len(examples))
    return dataclasses.replace(
        examples,
        net_change=nothing,
        net_area_change=nothing,
        features=FeatureMatrix(examples.features.names, values),
    )


def test_an_empty_warehouse_says_what_is_lacking(database: str) -> None:
    world = grow(chips=1, months=2)
    with connect() as connection:
        write_world(connection, world)
        connection.execute("truncate features.chip_month, features.chip_target")
    report = train()
    assert not report.trained
    assert report.reason.startswith("too little data to train: 0 chips with a later month")
    assert forecast_chips().reason == NO_MODEL


def test_a_single_month_of_many_chips_says_what_is_lacking(database: str) -> None:
    world = grow(chips=12, months=1)
    assert {row["as_of"] for row in world.features} == {201707}
    with connect() as connection:
        write_world(connection, World(features=world.features, targets=[]))
    assert "0 as-of months (at least 6)" in train().reason


def test_a_single_aoi_says_that_one_must_be_held_out(examples: Examples, params: Params) -> None:
    alone = dataclasses.replace(examples, aoi_key=np.ones(len(examples), dtype=np.int64))
    assert shortage(examples, params) is None
    assert shortage(alone, params) == (
        "too little data to train: 1 AOI with such chips (at least 2, as one is held out)"
    )


@pytest.mark.parametrize("target", list(Target))
def test_chips_that_never_change_are_forecast_to_stay_and_give_no_champion(
    examples: Examples, params: Params, target: Target
) -> None:
    """No forecaster can be better than no change there."""
    rows = still(examples)
    model = fit(rows, params, best_baselines=dict.fromkeys(Target, Baseline.NO_CHANGE))
    quantiles = model.predict(rows.features, target).quantiles
    assert np.isfinite(quantiles).all()
    assert np.abs(quantiles).max() < (1 if target is Target.COUNT else 120)
    backtest = run_backtest(rows, params, name=target)
    assert not judge(backtest).beats
    assert backtest.scores(Protocol.UNSEEN_AOIS, Baseline.NO_CHANGE)[1].pinball == 0


def test_histories_full_of_gaps_are_trained_on_and_judged(params: Params) -> None:
    """Every third month at most: no window of 1 or 2 months is ever known."""
    world = grow(seed=3, months=25)
    every_third = {
        (row["chip_key"], row["as_of"])
        for row in world.features
        if int(row["months_since_first"] or 0) % 3 == 0
    }
    gaps = World(
        features=[row for row in world.features if (row["chip_key"], row["as_of"]) in every_third],
        targets=[row for row in world.targets if (row["chip_key"], row["as_of"]) in every_third],
    )
    for row in gaps.features:
        row["net_change_1"] = row["net_change_2"] = None
        row["net_area_change_1"] = row["net_area_change_2"] = None
    rows = frames.examples(gaps, params.features)
    backtest = run_backtest(rows, params)
    for forecaster in FORECASTERS:
        scores = backtest.scores(Protocol.ROLLING_ORIGIN, forecaster).values()
        assert all(np.isfinite(score.pinball) for score in scores)
