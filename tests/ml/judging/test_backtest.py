"""The backtest: what each side may know, and fair baselines."""

import dataclasses

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.judging.backtest import (
    MODEL,
    Backtest,
    BacktestRow,
    Prediction,
    Protocol,
    chip_folds,
    rolling_origins,
    run_backtest,
)
from ml.judging.metrics import Score, score
from ml.judging.verdict import judge
from ml.model.baselines import Baseline
from ml.model.pinball import pinball_loss
from ml.training.params import Params


@pytest.fixture(scope="module")
def backtest(examples: Examples, params: Params) -> Backtest:
    return run_backtest(examples, params)


def predictions(backtest: Backtest, protocol: Protocol, forecaster: str) -> Prediction:
    return next(
        one
        for one in backtest.predictions
        if one.protocol is protocol and one.forecaster == forecaster
    )


def test_no_target_is_trained_on_before_it_is_known(examples: Examples, params: Params) -> None:
    splits = list(rolling_origins(examples, params))
    assert len(splits) >= 3
    for split in splits:
        origin = examples.as_of_month[split.test].min()
        assert examples.known_from[split.train].max() <= origin


def test_every_chip_is_held_out_once_and_never_trained_on_then(
    examples: Examples, params: Params
) -> None:
    held_out = []
    for split in chip_folds(examples, params):
        unseen = set(examples.chip_key[split.test].tolist())
        assert unseen.isdisjoint(examples.chip_key[split.train].tolist())
        held_out += sorted(unseen)
    assert sorted(held_out) == sorted(set(examples.chip_key.tolist()))


def test_what_happens_after_an_origin_does_not_change_its_forecasts(
    examples: Examples, params: Params, backtest: Backtest
) -> None:
    """Leakage: rewrite the future, forecasts as of the origin stay the same to the last bit."""
    splits = list(rolling_origins(examples, params))
    origin = int(examples.as_of_month[splits[1].test].min())
    random = np.random.default_rng(11)
    later = examples.known_from > origin
    values = examples.features.values.copy()
    after = examples.as_of_month > origin
    values[after] = random.permutation(values[after])
    rewritten = dataclasses.replace(
        examples,
        net_change=np.where(later, random.normal(0, 500, len(examples)), examples.net_change),
        features=dataclasses.replace(examples.features, values=values),
    )
    changed = run_backtest(rewritten, params)
    for forecaster in (MODEL, *Baseline):
        before = predictions(backtest, Protocol.ROLLING_ORIGIN, forecaster)
        now = predictions(changed, Protocol.ROLLING_ORIGIN, forecaster)
        assert (before.rows == now.rows).all()
        known = examples.as_of_month[before.rows] <= origin
        assert known.sum() > 100
        assert (before.quantiles[known] == now.quantiles[known]).all()
        assert (before.quantiles[~known] != now.quantiles[~known]).any()


def test_model_and_baselines_are_judged_on_the_same_rows(backtest: Backtest) -> None:
    for protocol in Protocol:
        rows: dict[int, set[int]] = {
            row.horizon: set() for row in backtest.rows if row.protocol is protocol
        }
        for row in backtest.rows:
            if row.protocol is protocol:
                rows[row.horizon].add(row.score.rows)
        assert rows
        assert all(len(counts) == 1 for counts in rows.values())


def test_baseline_quantiles_cover_what_they_promise_on_chips_never_seen(
    backtest: Backtest,
) -> None:
    for row in backtest.rows:
        if row.protocol is Protocol.UNSEEN_CHIPS and row.forecaster != MODEL:
            assert 0.7 <= row.score.coverage <= 0.95


def test_in_a_world_with_rates_of_its_own_the_model_beats_every_baseline(
    backtest: Backtest,
) -> None:
    verdict = judge(backtest)
    assert verdict.beats, verdict.sentence
    assert verdict.sentence.startswith("registered: beats every baseline by pinball loss")


def test_the_best_baseline_has_the_least_loss_at_the_origins(backtest: Backtest) -> None:
    best = backtest.best_baseline()
    losses = {
        baseline: backtest.relative_loss(Protocol.ROLLING_ORIGIN, baseline, best)
        for baseline in Baseline
    }
    assert min(losses.values()) == losses[best] == 1.0


def test_horizons_count_by_the_forecasts_that_were_judged() -> None:
    def rows(horizon: int, judged: int, model: float) -> list[BacktestRow]:
        return [
            BacktestRow(Protocol.UNSEEN_CHIPS, horizon, name, Score(judged, 0.0, pinball, 0.8))
            for name, pinball in ((MODEL, model), (Baseline.NO_CHANGE.value, 1.0))
        ]

    backtest = Backtest(rows=(*rows(1, 300, 0.5), *rows(12, 100, 4.0)), predictions=())
    relative = backtest.relative_loss(Protocol.UNSEEN_CHIPS, MODEL, Baseline.NO_CHANGE)
    assert relative == pytest.approx(0.5**0.75 * 4.0**0.25)


def test_scores_by_hand() -> None:
    actual = np.array([0.0, 10.0])
    quantiles = np.array([[-1.0, 1.0, 2.0], [0.0, 4.0, 8.0]])
    assert pinball_loss(actual, quantiles).tolist() == pytest.approx(
        [(0.1 * 1 + 0.5 * 1 + 0.1 * 2) / 3, (0.1 * 10 + 0.5 * 6 + 0.9 * 2) / 3]
    )
    judged = score(actual, quantiles, point=np.array([1.0, 4.0]))
    assert (judged.mae, judged.coverage, judged.rows) == (3.5, 0.5, 2)
