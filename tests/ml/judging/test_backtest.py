"""The backtest: what each side may know, and fair baselines."""

import dataclasses

import numpy as np
import pytest

from ml.data.examples import Examples
from ml.judging.backtest import (
    FORECASTERS,
    MODEL,
    PLAIN,
    Backtest,
    BacktestRow,
    Prediction,
    Protocol,
    aoi_folds,
    rolling_origins,
    run_backtest,
)
from ml.judging.metrics import Score, score
from ml.judging.verdict import judge
from ml.model.baselines import Baseline
from ml.model.chip_model import HISTORY
from ml.model.grid import HORIZONS, Target
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


def test_every_aoi_is_held_out_once_as_a_whole_and_never_trained_on_then(
    examples: Examples, params: Params
) -> None:
    held_out: list[int] = []
    for split in aoi_folds(examples, params):
        unseen = set(examples.aoi_key[split.test].tolist())
        assert unseen.isdisjoint(examples.aoi_key[split.train].tolist())
        held_out += sorted(unseen)
    assert sorted(held_out) == sorted(set(examples.aoi_key.tolist()))
    assert len(held_out) < len(set(examples.chip_key.tolist()))


def test_another_seed_holds_out_other_aois_together(examples: Examples, params: Params) -> None:
    folds = [
        [split.test.tolist() for split in aoi_folds(examples, one)]
        for one in (params, params.model_copy(update={"seed": 8}))
    ]
    assert folds[0] != folds[1]


def test_every_horizon_is_judged_at_every_origin(
    examples: Examples, params: Params, backtest: Backtest
) -> None:
    """Also where no target of it is known yet, and no month is left out."""
    judged = predictions(backtest, Protocol.ROLLING_ORIGIN, MODEL).rows
    first = min(
        int(examples.as_of_month[split.test].min()) for split in rolling_origins(examples, params)
    )
    assert sorted(judged.tolist()) == np.flatnonzero(examples.as_of_month >= first).tolist()
    early = judged[examples.as_of_month[judged] < examples.as_of_month.min() + 12]
    assert (examples.horizon[early] == HORIZONS[-1]).sum() > 50
    for forecaster in (MODEL, *PLAIN):
        one = predictions(backtest, Protocol.ROLLING_ORIGIN, forecaster)
        assert np.isfinite(one.quantiles).all()
        assert (np.diff(one.quantiles, axis=1) >= 0).all()


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
        net_area_change=np.where(later, 0.0, examples.net_area_change),
        features=dataclasses.replace(examples.features, values=values),
    )
    changed = run_backtest(rewritten, params)
    for forecaster in FORECASTERS:
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
        if row.protocol is Protocol.UNSEEN_AOIS and row.forecaster != MODEL:
            assert 0.7 <= row.score.coverage <= 0.95


def test_in_a_world_with_rates_of_its_own_the_model_beats_every_baseline(
    backtest: Backtest,
) -> None:
    verdict = judge(backtest)
    assert verdict.beats, verdict.sentence
    assert verdict.sentence.startswith("beats every plain forecast by pinball loss")


def test_the_best_baseline_has_the_least_loss_at_the_origins(backtest: Backtest) -> None:
    best = backtest.best_baseline()
    losses = {
        baseline: backtest.relative_loss(Protocol.ROLLING_ORIGIN, baseline, best)
        for baseline in Baseline
    }
    assert min(losses.values()) == losses[best] == 1.0


@pytest.mark.parametrize("name", [Target.AREA, HISTORY])
def test_area_and_bare_histories_are_judged_alike(
    examples: Examples, params: Params, name: str
) -> None:
    one = params.model_copy(
        update={"backtest": params.backtest.model_copy(update={"origin_step_months": 20})}
    )
    backtest = run_backtest(examples, one, name=name)
    for protocol in Protocol:
        assert backtest.relative_loss(protocol, MODEL, Baseline.NO_CHANGE) < 1
        assert sorted(backtest.scores(protocol, MODEL)) == list(HORIZONS)


def test_nothing_to_judge_gives_no_scores(examples: Examples, params: Params) -> None:
    nothing = run_backtest(examples.take(np.zeros(0, dtype=np.int64)), params)
    assert nothing.rows == ()
    assert not judge(nothing).beats


def test_horizons_count_by_the_forecasts_that_were_judged() -> None:
    def rows(horizon: int, judged: int, model: float) -> list[BacktestRow]:
        return [
            BacktestRow(Protocol.UNSEEN_AOIS, horizon, name, Score(judged, 0.0, pinball, 0.8))
            for name, pinball in ((MODEL, model), (Baseline.NO_CHANGE.value, 1.0))
        ]

    backtest = Backtest(rows=(*rows(1, 300, 0.5), *rows(12, 100, 4.0)), predictions=())
    relative = backtest.relative_loss(Protocol.UNSEEN_AOIS, MODEL, Baseline.NO_CHANGE)
    assert relative == pytest.approx(0.5**0.75 * 4.0**0.25)


def test_scores_by_hand() -> None:
    actual = np.array([0.0, 10.0])
    quantiles = np.array([[-1.0, 1.0, 2.0], [0.0, 4.0, 8.0]])
    assert pinball_loss(actual, quantiles).tolist() == pytest.approx(
        [(0.1 * 1 + 0.5 * 1 + 0.1 * 2) / 3, (0.1 * 10 + 0.5 * 6 + 0.9 * 2) / 3]
    )
    judged = score(actual, quantiles, point=np.array([1.0, 4.0]))
    assert (judged.mae, judged.coverage, judged.rows) == (3.5, 0.5, 2)
