"""Examples → model: how chips grow, one booster per quantile, calibration."""

import hashlib
import json
from typing import Final

import numpy as np

from ml.data.examples import Examples
from ml.model.baselines import Baseline
from ml.model.chip_model import HISTORY, BundleManifest, ForecastModel
from ml.model.grid import Target
from ml.model.matrix import FloatArray
from ml.model.past import PLACE_FEATURES, history_features
from ml.model.quantiles import QuantileModel
from ml.training.calibration import calibrated
from ml.training.params import Params

MODELS: Final = (*(target.value for target in Target), HISTORY)
"""Names of the models of a bundle."""


def fit(
    examples: Examples, params: Params, *, best_baselines: dict[Target, Baseline]
) -> ForecastModel:
    """Train the models of all targets, and the one of bare histories, on all examples.

    Args:
        examples: At least one row.
        params: The tunables.
        best_baselines: Written into the manifest; the fit does not use them.
    """
    models = {name: fit_model(examples, params, name) for name in MODELS}
    features = examples.features
    manifest = BundleManifest(
        features=features.names,
        nullable=tuple(name for name in features.names if np.isnan(features.column(name)).any()),
        ranges={name: _range(features.column(name)) for name in features.names},
        categories={name: _codes(features.column(name)) for name in params.categorical},
        models={name: model.manifest for name, model in models.items()},
        best_baselines=best_baselines,
        damping=params.baselines.damping,
        first_as_of=int(examples.as_of.min()),
        last_as_of=int(examples.as_of.max()),
        training_rows=len(examples),
        training_chips=len(np.unique(examples.chip_key)),
        fingerprint=fingerprint(examples, params),
    )
    return ForecastModel(manifest=manifest, models=models)


def fit_model(examples: Examples, params: Params, name: str) -> QuantileModel:
    """Train one model.

    Args:
        examples: At least one row.
        params: The tunables.
        name: A target; or ``HISTORY``, the count of a place that is known by its history alone.
    """
    if name == HISTORY:
        names = history_features(Target.COUNT)
        return calibrated(examples.select(names), params, Target.COUNT, extras=())
    target = Target(name)
    names = (*history_features(target), *PLACE_FEATURES, *params.extra_features)
    return calibrated(examples.select(names), params, target, extras=params.extra_features)


def fingerprint(examples: Examples, params: Params) -> str:
    """Return a hash that is equal where training would give the same model."""
    digest = hashlib.sha256()
    digest.update(json.dumps(params.model_dump(mode="json"), sort_keys=True).encode())
    for array in (
        examples.chip_key,
        examples.aoi_key,
        examples.as_of,
        examples.horizon,
        examples.net_change,
        examples.net_area_change,
        examples.features.values,
    ):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _range(column: FloatArray) -> tuple[float, float]:
    known = column[~np.isnan(column)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)


def _codes(column: FloatArray) -> tuple[float, ...]:
    return tuple(float(code) for code in np.unique(column[~np.isnan(column)]))
