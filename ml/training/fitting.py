"""Examples → model: pooled growth rate, one booster per quantile, conformal offsets."""

import hashlib
import json
import math

import numpy as np

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.boosting import fit_quantile
from ml.model.chip_model import ForecastModel, QuantileCore, model_inputs
from ml.model.grid import HORIZONS, QUANTILES
from ml.model.growth import PooledGrowth, change_unit
from ml.model.manifest import BundleManifest
from ml.model.matrix import FloatArray
from ml.model.spread import ErrorQuantiles
from ml.training.params import Params

MISS = QUANTILES[0]
"""Share of the targets that may lie below the interval, and above it."""


def fit(examples: Examples, params: Params, *, best_baseline: Baseline) -> ForecastModel:
    """Train on all examples; offsets come from a model that did not see the last months.

    Args:
        examples: At least one row.
        params: The tunables.
        best_baseline: Written into the manifest; the fit does not use it.
    """
    offsets = conformal_offsets(examples, params)
    core = _fit_core(examples, params)
    features = examples.features
    nullable = tuple(name for name in features.names if np.isnan(features.column(name)).any())
    manifest = BundleManifest(
        features=features.names,
        nullable=nullable,
        categories={name: _codes(features.column(name)) for name in params.categorical},
        growth_rate=core.growth.rate,
        growth_weight=core.growth.weight,
        spread_power=core.spread.power,
        spread_quantiles=core.spread.by_horizon,
        spread_share=core.spread_share,
        lower_offsets={horizon: lower for horizon, (lower, _) in offsets.items()},
        upper_offsets={horizon: upper for horizon, (_, upper) in offsets.items()},
        best_baseline=best_baseline,
        damping=params.baselines.damping,
        first_as_of=int(examples.as_of.min()),
        last_as_of=int(examples.as_of.max()),
        training_rows=len(examples),
        training_chips=len(np.unique(examples.chip_key)),
        fingerprint=fingerprint(examples, params),
    )
    return ForecastModel(manifest=manifest, boosters=core.boosters)


def conformal_offsets(examples: Examples, params: Params) -> dict[int, tuple[float, float]]:
    """Return by horizon how far the interval has to move out, at both ends, in change units.

    Conformalized quantile regression (Romano, Patterson and Candès 2019, arXiv 1905.03222), each
    end for itself. The calibration rows are those of the last as-of months; the model that they
    judge was trained on what was known before them; as the final model knows more, the offsets
    count by ``calibration.strength`` only. A negative offset narrows the interval.
    """
    months = np.unique(examples.as_of_month)
    held_out = max(int(len(months) * params.calibration.share), 1)
    first = months[-held_out]
    proper = examples.take(examples.known_from <= first)
    judged = examples.take(examples.as_of_month >= first)
    if len(proper) < params.minimum.rows_per_horizon or not len(judged):
        return dict.fromkeys(HORIZONS, (0.0, 0.0))
    raw = _fit_core(proper, params).quantiles(judged.features, judged.horizon)
    unit = change_unit(judged.features, judged.horizon)
    too_low = (raw[:, 0] - judged.net_change) / unit
    too_high = (judged.net_change - raw[:, -1]) / unit
    offsets = {}
    for horizon in HORIZONS:
        rows = judged.horizon == horizon
        if rows.sum() < params.calibration.min_rows:
            rows = np.ones(len(judged), dtype=bool)
        ends = (_conformal_quantile(too_low[rows]), _conformal_quantile(too_high[rows]))
        offsets[horizon] = (
            ends[0] * params.calibration.strength,
            ends[1] * params.calibration.strength,
        )
    return offsets


def fingerprint(examples: Examples, params: Params) -> str:
    """Return a hash that is equal where training would give the same model."""
    digest = hashlib.sha256()
    digest.update(json.dumps(params.model_dump(mode="json"), sort_keys=True).encode())
    for array in (examples.chip_key, examples.as_of, examples.horizon, examples.net_change):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(np.ascontiguousarray(examples.features.values).tobytes())
    return digest.hexdigest()


def _fit_core(examples: Examples, params: Params) -> QuantileCore:
    growth = PooledGrowth.fit(examples.features, examples.horizon, examples.net_change)
    inputs = model_inputs(growth, examples.features, examples.horizon)
    target = examples.net_change / change_unit(examples.features, examples.horizon)
    settings = params.boosting.model_dump(exclude={"rounds"}) | {"seed": params.seed}
    names = examples.features.names
    boosters = tuple(
        fit_quantile(
            inputs,
            target,
            quantile=quantile,
            rounds=params.boosting.rounds,
            categorical=tuple(names.index(name) for name in params.categorical),
            settings=settings,
        )
        for quantile in QUANTILES
    )
    spread = ErrorQuantiles.fit(examples.features, examples.horizon, examples.net_change)
    return QuantileCore(boosters, growth, spread, params.spread_share)


def _conformal_quantile(scores: FloatArray) -> float:
    rank = math.ceil((len(scores) + 1) * (1 - MISS))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def _codes(column: FloatArray) -> tuple[float, ...]:
    return tuple(float(code) for code in np.unique(column[~np.isnan(column)]))
