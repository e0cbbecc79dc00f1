"""Judging a way to train before it is used: rolling origins, and AOIs never seen.

Every split trains anew on what its training side holds, the baselines' quantiles included, so the
model and the plain forecasts know the same. Every horizon is judged at every origin: where no
target of it is known yet, all forecasters scale from the horizons that are. Training targets are
those of hindsight: a count that a later month corrected is used as corrected.
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
from ml.judging.holt import holt_damped
from ml.judging.metrics import Score, score
from ml.model.baselines import Baseline, baseline_forecast
from ml.model.chip_model import HISTORY
from ml.model.grid import HORIZONS, MEDIAN, Target
from ml.model.matrix import FloatArray
from ml.model.past import Past
from ml.model.spread import ErrorQuantiles
from ml.training.calibration import aoi_groups
from ml.training.fitting import fit_model
from ml.training.params import Params

logger = logging.getLogger(__name__)

MODEL: Final = "model"
HOLT: Final = "holt_damped"
PLAIN: Final = (*(baseline.value for baseline in Baseline), HOLT)
"""The plain forecasts that a model has to beat."""
FORECASTERS: Final = (MODEL, *PLAIN)

Mask = NDArray[np.bool_]


class Protocol(StrEnum):
    """How training and test rows are parted."""

    ROLLING_ORIGIN = "rolling_origin"
    """Trained on what was known at the origin, judged on the months after it."""

    UNSEEN_AOIS = "unseen_aois"
    """Trained on some AOIs, judged on the others, over all months."""

    @property
    def label(self) -> str:
        """The name as people write it."""
        return self.value.replace("_", " ").replace("aois", "AOIs")


@dataclass(frozen=True, slots=True)
class Split:
    """One training and one test side."""

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
        forecasts that were judged there. NaN where nothing was judged.
        """
        mine, theirs = self.scores(protocol, forecaster), self.scores(protocol, to)
        if not mine:
            return float("nan")
        smallest = np.finfo(np.float64).tiny
        ratios = [max(mine[h].pinball, smallest) / max(theirs[h].pinball, smallest) for h in mine]
        weights = [mine[h].rows for h in mine]
        return float(np.exp(np.average(np.log(ratios), weights=weights)))

    def best_baseline(self) -> Baseline:
        """Return the plain forecast with the least loss at the rolling origins.

        Of those that features tell: Holt's needs the whole history, which a request may not give.
        """
        return min(
            Baseline,
            key=lambda baseline: self.relative_loss(
                Protocol.ROLLING_ORIGIN, baseline, Baseline.NO_CHANGE
            ),
        )


def run_backtest(
    examples: Examples,
    params: Params,
    *,
    name: str = Target.COUNT,
    on_split: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Judge a model and the plain forecasts under both protocols.

    Args:
        examples: All examples.
        params: The tunables.
        name: Which model, as of ``fit_model``.
        on_split: Called after each split with those done and those to do, of both protocols.
    """
    rows: list[BacktestRow] = []
    predictions: list[Prediction] = []
    target = Target.COUNT if name == HISTORY else Target(name)
    plain = {plain: _plain_point(plain, examples, params, target) for plain in PLAIN}
    subject = _Subject(examples, params, name, target, plain)
    protocols = {
        Protocol.ROLLING_ORIGIN: list(rolling_origins(examples, params)),
        Protocol.UNSEEN_AOIS: list(aoi_folds(examples, params)),
    }
    done, total = itertools.count(1), sum(map(len, protocols.values()))
    for protocol, splits in protocols.items():
        judged = _predict_all(
            protocol,
            subject,
            splits,
            on_split=lambda: on_split(next(done), total) if on_split else None,
        )
        predictions += judged
        rows += [row for prediction in judged for row in _scores(subject, prediction)]
    rows.sort(key=lambda row: (row.protocol, row.horizon, FORECASTERS.index(row.forecaster)))
    return Backtest(rows=tuple(rows), predictions=tuple(predictions))


def rolling_origins(examples: Examples, params: Params) -> Iterator[Split]:
    """Yield the splits of the origins, earliest first.

    At an origin a target may be trained on if its month is not after the origin, and is judged if
    its as-of month is the origin or lies before the next one.
    """
    if not len(examples):
        return
    as_of, step = examples.as_of_month, params.backtest.origin_step_months
    first = int(as_of.min()) + params.backtest.first_origin_months
    for origin in range(first, int(as_of.max()) + 1, step):
        train = examples.known_from <= origin
        test = (as_of >= origin) & (as_of < origin + step)
        if train.sum() >= params.minimum.rows_per_horizon and test.any():
            yield Split(train, test)


def aoi_folds(examples: Examples, params: Params) -> Iterator[Split]:
    """Yield one split for each group of whole AOIs that is held out."""
    groups = aoi_groups(examples.aoi_key, params.backtest.folds, seed=params.seed)
    if groups is None:
        return
    for fold in np.unique(groups):
        test = groups == fold
        if (~test).sum() >= params.minimum.rows_per_horizon:
            yield Split(~test, test)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is judged; ``plain`` are the plain forecasts of all examples, in buildings."""

    examples: Examples
    params: Params
    name: str
    target: Target
    plain: dict[str, FloatArray]


def _predict_all(
    protocol: Protocol, subject: _Subject, splits: list[Split], *, on_split: Callable[[], None]
) -> list[Prediction]:
    parts: dict[str, list[tuple[FloatArray, FloatArray]]] = {name: [] for name in FORECASTERS}
    for number, split in enumerate(splits, start=1):
        logger.info("backtest, %s: split %d of %d", protocol, number, len(splits))
        train, test = subject.examples.take(split.train), subject.examples.take(split.test)
        model = fit_model(train, subject.params, subject.name)
        quantiles = model.quantiles(test.features, test.horizon)
        parts[MODEL].append((quantiles[:, MEDIAN], quantiles))
        for name in PLAIN:
            fitted, point = subject.plain[name][split.train], subject.plain[name][split.test]
            parts[name].append(_with_errors(train, test, fitted, point, subject.target))
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


def plain_quantiles(
    name: str, train: Examples, test: Examples, params: Params, target: Target = Target.COUNT
) -> FloatArray:
    """Return a plain forecast with the quantiles of its own errors in training.

    The errors are counted in buildings, by the square root of the chip's size or by its size,
    whichever fits the training rows best, so that it is never judged at a disadvantage.

    Args:
        name: One of ``PLAIN``.
        train: What its errors are taken from.
        test: What is forecast.
        params: The tunables.
        target: What is forecast of it.

    Returns:
        In the target's unit, shape (test rows, quantiles).
    """
    points = [_plain_point(name, one, params, target) for one in (train, test)]
    return _with_errors(train, test, points[0], points[1], target)[1]


def _plain_point(name: str, examples: Examples, params: Params, target: Target) -> FloatArray:
    if name == HOLT:
        return holt_damped(examples, target)
    past = Past.of(examples.features, target)
    damping = params.baselines.damping
    return baseline_forecast(Baseline(name), past, examples.horizon, damping=damping)


def _with_errors(
    train: Examples, test: Examples, fitted: FloatArray, point: FloatArray, target: Target
) -> tuple[FloatArray, FloatArray]:
    """Return point forecasts in buildings as forecasts in the target's unit, with quantiles."""
    known, past = Past.of(train.features, target), Past.of(test.features, target)
    errors = train.outcome(target) / known.unit - fitted
    spread = ErrorQuantiles.fit(known.level, train.horizon, errors)
    quantiles = point[:, None] + spread.at(past.level, test.horizon)
    return point * past.unit, quantiles * past.unit[:, None]


def _scores(subject: _Subject, prediction: Prediction) -> Iterator[BacktestRow]:
    actual = subject.examples.outcome(subject.target)[prediction.rows]
    horizons = subject.examples.horizon[prediction.rows]
    for horizon in HORIZONS:
        rows = horizons == horizon
        if rows.any():
            yield BacktestRow(
                protocol=prediction.protocol,
                horizon=horizon,
                forecaster=prediction.forecaster,
                score=score(actual[rows], prediction.quantiles[rows], point=prediction.point[rows]),
            )
