"""Judging a way to train before it is used: rolling origins, and chips never seen.

Every split trains anew on what its training side holds, the baselines' quantiles included, so the
model and the plain forecasts know the same. Training targets are those of hindsight: a count that
a later month corrected is used as corrected.
"""

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.data.examples import Examples
from ml.judging.metrics import Score, score
from ml.model.baselines import Baseline, baseline_forecast
from ml.model.grid import HORIZONS
from ml.model.matrix import FloatArray
from ml.model.spread import ErrorQuantiles
from ml.training.fitting import fit
from ml.training.params import Params

logger = logging.getLogger(__name__)

MODEL: Final = "model"
FORECASTERS: Final = (MODEL, *(baseline.value for baseline in Baseline))

Mask = NDArray[np.bool_]


class Protocol(StrEnum):
    """How training and test rows are parted."""

    ROLLING_ORIGIN = "rolling_origin"
    """Trained on what was known at the origin, judged on the months after it."""

    UNSEEN_CHIPS = "unseen_chips"
    """Trained on some chips, judged on the others, over all months."""


@dataclass(frozen=True, slots=True)
class Split:
    """One training and one test side; a test row's horizon has training rows."""

    train: Mask
    test: Mask


@dataclass(frozen=True, slots=True)
class Prediction:
    """One judged forecast: for the artefact that lists them all."""

    protocol: Protocol
    forecaster: str
    rows: NDArray[np.int64]
    point: FloatArray
    quantiles: FloatArray


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """Scores of one forecaster at one horizon under one protocol."""

    protocol: Protocol
    horizon: int
    forecaster: str
    score: Score


@dataclass(frozen=True, slots=True)
class Backtest:
    """All scores, ordered by protocol, horizon and forecaster, and the forecasts behind them."""

    rows: tuple[BacktestRow, ...]
    predictions: tuple[Prediction, ...]

    def scores(self, protocol: Protocol, forecaster: str) -> dict[int, Score]:
        """Return the scores by horizon."""
        return {
            row.horizon: row.score
            for row in self.rows
            if row.protocol is protocol and row.forecaster == forecaster
        }

    def relative_loss(self, protocol: Protocol, forecaster: str, to: str) -> float:
        """Return the pinball loss relative to another forecaster's, below 1 if better.

        The geometric mean over the horizons of the ratio of losses, each with the weight of the
        forecasts that were judged there: two years of months hold few 12-month forecasts whose
        training targets were known at the origin. NaN where nothing was judged.
        """
        mine, theirs = self.scores(protocol, forecaster), self.scores(protocol, to)
        if not mine:
            return float("nan")
        smallest = np.finfo(np.float64).tiny
        ratios = [max(mine[h].pinball, smallest) / max(theirs[h].pinball, smallest) for h in mine]
        weights = [mine[h].rows for h in mine]
        return float(np.exp(np.average(np.log(ratios), weights=weights)))

    def best_baseline(self) -> Baseline:
        """Return the plain forecast with the least loss at the rolling origins."""
        return min(
            Baseline,
            key=lambda baseline: self.relative_loss(
                Protocol.ROLLING_ORIGIN, baseline, Baseline.NO_CHANGE
            ),
        )


def run_backtest(
    examples: Examples, params: Params, *, on_split: Callable[[int, int], None] | None = None
) -> Backtest:
    """Judge the model and the baselines under both protocols.

    Args:
        examples: All examples.
        params: The tunables.
        on_split: Called after each split with those done and those to do, of both protocols.
    """
    rows: list[BacktestRow] = []
    predictions: list[Prediction] = []
    protocols = {
        Protocol.ROLLING_ORIGIN: list(rolling_origins(examples, params)),
        Protocol.UNSEEN_CHIPS: list(chip_folds(examples, params)),
    }
    done, total = itertools.count(1), sum(map(len, protocols.values()))
    for protocol, splits in protocols.items():
        judged = _predict_all(
            protocol,
            examples,
            splits,
            params,
            on_split=lambda: on_split(next(done), total) if on_split else None,
        )
        predictions += judged
        rows += [row for prediction in judged for row in _scores(examples, prediction)]
    rows.sort(key=lambda row: (row.protocol, row.horizon, FORECASTERS.index(row.forecaster)))
    return Backtest(rows=tuple(rows), predictions=tuple(predictions))


def rolling_origins(examples: Examples, params: Params) -> Iterator[Split]:
    """Yield the splits of the origins, earliest first.

    At an origin a target may be trained on if its month is not after the origin, and is judged if
    its as-of month is the origin or lies before the next one.
    """
    as_of, step = examples.as_of_month, params.backtest.origin_step_months
    first = int(as_of.min()) + params.backtest.first_origin_months
    for origin in range(first, int(as_of.max()) + 1, step):
        train = examples.known_from <= origin
        test = (as_of >= origin) & (as_of < origin + step)
        yield from _where_trained(examples, train, test, params)


def chip_folds(examples: Examples, params: Params) -> Iterator[Split]:
    """Yield one split for each group of chips that is held out."""
    chips = np.random.default_rng(params.seed).permutation(np.unique(examples.chip_key))
    for fold in range(params.backtest.folds):
        test = np.isin(examples.chip_key, chips[fold :: params.backtest.folds])
        yield from _where_trained(examples, ~test, test, params)


def _where_trained(examples: Examples, train: Mask, test: Mask, params: Params) -> Iterator[Split]:
    trained = [
        horizon
        for horizon in HORIZONS
        if (train & (examples.horizon == horizon)).sum() >= params.minimum.rows_per_horizon
    ]
    test = test & np.isin(examples.horizon, trained)
    if test.any():
        yield Split(train=train, test=test)


def _predict_all(
    protocol: Protocol,
    examples: Examples,
    splits: list[Split],
    params: Params,
    *,
    on_split: Callable[[], None],
) -> list[Prediction]:
    parts: dict[str, list[tuple[FloatArray, FloatArray]]] = {name: [] for name in FORECASTERS}
    for number, split in enumerate(splits, start=1):
        logger.info("backtest, %s: split %d of %d", protocol, number, len(splits))
        train, test = examples.take(split.train), examples.take(split.test)
        model = fit(train, params, best_baseline=Baseline.NO_CHANGE)
        quantiles = model.quantiles(test.features, test.horizon)
        parts[MODEL].append((quantiles[:, 1], quantiles))
        for baseline in Baseline:
            parts[baseline].append(_baseline_prediction(baseline, train, test, params))
        on_split()
    rows = [np.flatnonzero(split.test) for split in splits]
    if not rows:
        return []
    return [
        Prediction(
            protocol=protocol,
            forecaster=forecaster,
            rows=np.concatenate(rows),
            point=np.concatenate([point for point, _ in parts[forecaster]]),
            quantiles=np.concatenate([quantiles for _, quantiles in parts[forecaster]]),
        )
        for forecaster in FORECASTERS
    ]


def _baseline_prediction(
    baseline: Baseline, train: Examples, test: Examples, params: Params
) -> tuple[FloatArray, FloatArray]:
    """Return a baseline's forecast and its quantiles: those of its own past errors by horizon.

    The errors are counted in buildings, by the square root of the chip's size or by its size,
    whichever fits the training rows best, so that a baseline is never judged at a disadvantage.
    """
    damping = params.baselines.damping
    fitted = baseline_forecast(baseline, train.features, train.horizon, damping=damping)
    errors = ErrorQuantiles.fit(train.features, train.horizon, train.net_change - fitted)
    point = baseline_forecast(baseline, test.features, test.horizon, damping=damping)
    return point, point[:, None] + errors.at(test.features, test.horizon)


def _scores(examples: Examples, prediction: Prediction) -> Iterator[BacktestRow]:
    judged = examples.take(prediction.rows)
    for horizon in HORIZONS:
        rows = judged.horizon == horizon
        if rows.any():
            yield BacktestRow(
                protocol=prediction.protocol,
                horizon=horizon,
                forecaster=prediction.forecaster,
                score=score(
                    judged.net_change[rows],
                    prediction.quantiles[rows],
                    point=prediction.point[rows],
                ),
            )
