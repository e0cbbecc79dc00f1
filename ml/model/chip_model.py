"""The forecast model: features in, ordered and calibrated quantiles out. No database, no MLflow.

Its bundle holds one LightGBM model per model and quantile.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np

from ml.model.baselines import Baseline, baseline_forecast
from ml.model.bundle import Manifest, read_bundle, write_bundle
from ml.model.errors import FeatureError
from ml.model.grid import HORIZONS, QUANTILE_NAMES, QUANTILES, Target
from ml.model.history import History, features_of
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.past import Past
from ml.model.quantiles import QuantileManifest, QuantileModel

FORMAT: Final = 2
"""Version of the bundle's form."""

HISTORY: Final = "history"
"""Name of the model that needs a history alone; the others are named by their target."""


class BundleManifest(Manifest):
    """What a bundle of chips' models says about itself.

    Attributes:
        features: Columns of ``features.chip_month`` that the model needs, in order.
        nullable: Those of them that had unknown values in training, and may have them in use.
        ranges: Least and greatest value of each feature in training.
        categories: The codes seen in training, of each categorical feature.
        models: By name: one for each target, and ``HISTORY``.
        best_baselines: The plain forecast of each target that did best in the backtest.
        damping: Constant of the damped trends.
        training_chips: Chips.
    """

    format: int = FORMAT
    features: tuple[str, ...]
    nullable: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]
    categories: dict[str, tuple[float, ...]]
    models: dict[str, QuantileManifest]
    best_baselines: dict[Target, Baseline]
    damping: float
    training_chips: int

    @property
    def best_baseline(self) -> Baseline:
        """The best plain forecast of the count."""
        return self.best_baselines[Target.COUNT]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of one target at all horizons.

    Attributes:
        quantiles: Net change in the target's unit, shape (rows, horizons, quantiles), never
            crossing.
        baseline: The best plain forecast, shape (rows, horizons).
    """

    quantiles: FloatArray
    baseline: FloatArray


@dataclass(frozen=True, slots=True)
class Drivers:
    """What moves the median of some forecasts.

    Attributes:
        names: Of the inputs.
        values: Of the inputs; NaN where not known, shape (rows, horizons, inputs).
        effects: What each adds to ``expected``, in the target's unit, of the same shape.
        expected: Net change that the growth rate alone lets expect, shape (rows, horizons).
    """

    names: tuple[str, ...]
    values: FloatArray
    effects: FloatArray
    expected: FloatArray


@dataclass(frozen=True, slots=True)
class ForecastModel:
    """A trained model.

    Attributes:
        manifest: What the bundle says about itself.
        models: One for each target by its name, and ``HISTORY`` for bare histories.
    """

    manifest: BundleManifest
    models: dict[str, QuantileModel]

    def predict(self, features: FeatureMatrix, target: Target = Target.COUNT) -> Forecasts:
        """Forecast at every horizon.

        Args:
            features: One row per chip-month, the columns of ``manifest.features`` in their order.
            target: The amount to forecast.

        Raises:
            FeatureError: The columns or values are not such as the model was trained on.
        """
        self.check(features)
        return self._forecast(self.models[target], features)

    def drivers(self, features: FeatureMatrix, target: Target = Target.COUNT) -> Drivers:
        """Tell what moves the median at every horizon; arguments and errors as of ``predict``."""
        self.check(features)
        model, rows = self.models[target], len(features)
        repeated, horizon = _at_horizons(features)
        past = Past.of(repeated, target)
        expected = model.manifest.growth.expect(past, horizon).mean * past.unit
        shape = (rows, len(HORIZONS), len(model.input_names))
        values, effects = (part.reshape(shape) for part in model.effects(repeated, horizon))
        return Drivers(model.input_names, values, effects, expected.reshape(shape[:2]))

    def predict_histories(self, histories: Sequence[History]) -> Forecasts:
        """Forecast the count of places that are known by their histories alone.

        Args:
            histories: One per place, each with what was known at its as-of month, the last one.

        Returns:
            One row per history; none for no histories.
        """
        return self._forecast(self.models[HISTORY], features_of(histories))

    def _forecast(self, model: QuantileModel, features: FeatureMatrix) -> Forecasts:
        rows, horizons = len(features), len(HORIZONS)
        repeated, horizon = _at_horizons(features)
        past = Past.of(repeated, model.manifest.target)
        best = self.manifest.best_baselines[model.manifest.target]
        plain = baseline_forecast(best, past, horizon, damping=self.manifest.damping)
        quantiles = model.quantiles(repeated, horizon)
        return Forecasts(
            quantiles=quantiles.reshape(rows, horizons, len(QUANTILES)),
            baseline=(plain * past.unit).reshape(rows, horizons),
        )

    def check(self, features: FeatureMatrix) -> None:
        """Refuse features such as the model has not been trained on.

        Raises:
            FeatureError: The first column or value that does not fit.
        """
        if features.names != self.manifest.features:
            expected, found = ", ".join(self.manifest.features), ", ".join(features.names)
            raise FeatureError(f"the model expects the features {expected}; found {found}")
        for name in self.manifest.features:
            self._check_column(name, features.column(name))

    def _check_column(self, name: str, column: FloatArray) -> None:
        unknown = np.isnan(column)
        if name not in self.manifest.nullable and unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            raise FeatureError(f"row {row}: {name} is null; it was always known in training")
        if np.isinf(column).any():
            row = int(np.flatnonzero(np.isinf(column))[0])
            raise FeatureError(f"row {row}: {name} is infinite; expected a finite number or null")
        if name in _NEVER_NEGATIVE and (column < 0).any():
            row = int(np.flatnonzero(column < 0)[0])
            raise FeatureError(f"row {row}: {name} is {column[row]:g}; expected 0 or more")
        if name in self.manifest.categories:
            strange = ~(np.isin(column, self.manifest.categories[name]) | unknown)
            if strange.any():
                row = int(np.flatnonzero(strange)[0])
                seen = ", ".join(f"{code:g}" for code in self.manifest.categories[name])
                raise FeatureError(
                    f"row {row}: {name} is {column[row]:g}, a code that training never saw; "
                    f"known codes: {seen}"
                )

    def with_version(self, version: int) -> Self:
        """Return the same model under its version in the registry."""
        return dataclasses.replace(
            self, manifest=self.manifest.model_copy(update={"version": version})
        )

    def save(self, folder: Path) -> None:
        """Write the bundle into ``folder``, made if it is not there."""
        boosters = [booster for model in self.models.values() for booster in model.boosters]
        names = _booster_names(self.manifest)
        write_bundle(folder, self.manifest, dict(zip(names, boosters, strict=True)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle.

        Raises:
            BundleError: A file is missing or is not what it should be.
        """
        manifest, boosters = read_bundle(folder, BundleManifest, _booster_names)
        models = {
            name: QuantileModel(
                described,
                tuple(boosters[f"{name}-{quantile}"] for quantile in QUANTILE_NAMES),
            )
            for name, described in manifest.models.items()
        }
        return cls(manifest=manifest, models=models)


def _booster_names(manifest: BundleManifest) -> list[str]:
    return [f"{name}-{quantile}" for name in manifest.models for quantile in QUANTILE_NAMES]


def _at_horizons(features: FeatureMatrix) -> tuple[FeatureMatrix, IntArray]:
    """Return every row once for each horizon, and the horizons."""
    repeated = features.take(np.repeat(np.arange(len(features)), len(HORIZONS)))
    return repeated, np.tile(np.array(HORIZONS, dtype=np.int64), len(features))


_NEVER_NEGATIVE: Final = {"known_count", "months_since_first", "mean_area_m2"}
