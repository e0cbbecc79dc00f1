"""A model before its calibration: growth rates, pooled departures, boosters."""

from typing import Final

import numpy as np

from ml.data.examples import Examples
from ml.model.boosting import fit_quantile
from ml.model.grid import HORIZONS, QUANTILES, Target
from ml.model.growth import GrowthRates
from ml.model.inputs import INPUTS
from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past
from ml.model.quantiles import UNMOVED, QuantileManifest, QuantileModel, all_inputs
from ml.training.params import Params
from ml.training.rates import fit_rates

_POOLED_ROWS: Final = 200
"""Rows that the departures of all horizons count for at each of them."""


def fit_core(
    examples: Examples,
    params: Params,
    target: Target,
    *,
    extras: tuple[str, ...],
    growth: GrowthRates | None = None,
) -> QuantileModel:
    """Train a model whose interval is not calibrated yet.

    Args:
        examples: At least one row, with the features that the model is to see.
        params: The tunables.
        target: What it forecasts.
        extras: Features that the boosters see as they are.
        growth: How chips grow; fitted unless given.
    """
    horizon, past = examples.horizon, Past.of(examples.features, target)
    change = examples.outcome(target) / past.unit
    growth = growth or fit_rates(past, horizon, change, params.growth)
    expected = growth.expect(past, horizon)
    departure = (change - expected.mean) / expected.spread
    inputs = all_inputs(examples.features, extras, past, expected, horizon)
    boosters = tuple(
        fit_quantile(
            inputs,
            departure,
            weight=_weight(expected.spread, horizon),
            quantile=quantile,
            rounds=params.boosting.rounds,
            categorical=tuple(len(INPUTS) + extras.index(name) for name in params.categorical)
            if extras
            else (),
            settings=params.boosting.model_dump(exclude={"rounds"}) | {"seed": params.seed},
        )
        for quantile in QUANTILES
    )
    manifest = QuantileManifest(
        target=target,
        features=examples.features.names,
        extras=extras,
        growth=growth,
        departures=_pooled_quantiles(departure, horizon),
        departures_share=params.departures_share,
        offsets=UNMOVED,
    )
    return QuantileModel(manifest, boosters)


def _weight(spread: FloatArray, horizon: IntArray) -> FloatArray:
    """Return what a row counts for: by the root of its spread, every horizon's rows alike."""
    weight = np.sqrt(spread)
    for months in np.unique(horizon):
        rows = horizon == months
        weight[rows] /= weight[rows].mean()
    return weight


def _pooled_quantiles(departure: FloatArray, horizon: IntArray) -> dict[int, tuple[float, ...]]:
    """Return the quantiles at each horizon, drawn to the mean of all that were seen."""
    own = {
        months: np.quantile(departure[horizon == months], QUANTILES)
        for months in HORIZONS
        if (horizon == months).any()
    }
    counts = {months: int((horizon == months).sum()) for months in HORIZONS}
    pooled = np.average(list(own.values()), axis=0, weights=[counts[months] for months in own])
    return {
        months: tuple(
            (
                (counts[months] * own.get(months, pooled) + _POOLED_ROWS * pooled)
                / (counts[months] + _POOLED_ROWS)
            ).tolist()
        )
        for months in HORIZONS
    }
