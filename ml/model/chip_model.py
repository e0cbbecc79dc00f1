"""The forecast model: features in, ordered and calibrated quantiles out. No database, no MLflow.

A bundle is a folder of LightGBM text models, one per quantile, and ``model.json`` with all that is
needed to use them: the features in order, the pooled growth rate, the conformal offsets.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from pydantic import ValidationError

from ml.model.baselines import baseline_forecast
from ml.model.boosting import Booster, read_booster
from ml.model.errors import BundleError, FeatureError
from ml.model.grid import HORIZONS, MEDIAN, QUANTILE_NAMES, QUANTILES
from ml.model.growth import PooledGrowth, change_unit
from ml.model.manifest import FORMAT, BundleManifest
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.spread import ErrorQuantiles

_MANIFEST_FILE: Final = "model.json"


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts of some chip-months at all horizons.

    Attributes:
        quantiles: Net change in buildings, shape (rows, horizons, quantiles), never crossing.
        baseline: The best plain forecast, shape (rows, horizons).
    """

    quantiles: FloatArray
    baseline: FloatArray


@dataclass(frozen=True, slots=True)
class ForecastModel:
    """A trained model.

    Attributes:
        manifest: What the bundle says about itself.
        boosters: One per quantile.
    """

    manifest: BundleManifest
    boosters: tuple[Booster, ...]

    def predict(self, features: FeatureMatrix) -> Forecasts:
        """Forecast at every horizon.

        Args:
            features: One row per chip-month, the columns of ``manifest.features`` in their order.

        Raises:
            FeatureError: The columns or values are not such as the model was trained on.
        """
        self.check(features)
        rows, horizons = len(features), len(HORIZONS)
        repeated = features.take(np.repeat(np.arange(rows), horizons))
        horizon = np.tile(np.array(HORIZONS, dtype=np.int64), rows)
        quantiles = self.quantiles(repeated, horizon)
        baseline = baseline_forecast(
            self.manifest.best_baseline, repeated, horizon, damping=self.manifest.damping
        )
        return Forecasts(
            quantiles=quantiles.reshape(rows, horizons, len(QUANTILES)),
            baseline=baseline.reshape(rows, horizons),
        )

    def quantiles(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the calibrated quantiles of each row at its horizon, shape (rows, quantiles)."""
        raw = self.core.quantiles(features, horizon)
        unit = change_unit(features, horizon)
        place = np.searchsorted(HORIZONS, horizon)
        lower = np.array([self.manifest.lower_offsets[months] for months in HORIZONS])[place]
        upper = np.array([self.manifest.upper_offsets[months] for months in HORIZONS])[place]
        return ordered(
            raw[:, 0] - lower * unit,
            raw[:, MEDIAN],
            raw[:, 2] + upper * unit,
            count=features.column("known_count"),
        )

    @property
    def core(self) -> "QuantileCore":
        """The model without its calibration."""
        manifest = self.manifest
        return QuantileCore(
            boosters=self.boosters,
            growth=PooledGrowth(rate=manifest.growth_rate, weight=manifest.growth_weight),
            spread=ErrorQuantiles(
                power=manifest.spread_power, by_horizon=manifest.spread_quantiles
            ),
            spread_share=manifest.spread_share,
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
        if name == "known_count" and (column < 0).any():
            row = int(np.flatnonzero(column < 0)[0])
            raise FeatureError(f"row {row}: known_count is {column[row]:g}; expected 0 or more")
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
        folder.mkdir(parents=True, exist_ok=True)
        for name, booster in zip(QUANTILE_NAMES, self.boosters, strict=True):
            text = booster.model_to_string()
            (folder / f"{name}.txt").write_text(text, encoding="utf-8")
        manifest = self.manifest.model_dump_json(indent=2)
        (folder / _MANIFEST_FILE).write_text(manifest + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle.

        Raises:
            BundleError: A file is missing or is not what it should be.
        """
        try:
            manifest = BundleManifest.model_validate_json((folder / _MANIFEST_FILE).read_bytes())
            texts = [(folder / f"{name}.txt").read_text("utf-8") for name in QUANTILE_NAMES]
            boosters = tuple(read_booster(text) for text in texts)
        except OSError as error:
            raise BundleError(
                f"the model bundle {folder} is incomplete ({error}); train again"
            ) from error
        except (ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BundleError(f"the model bundle {folder} cannot be read: {reason}") from error
        if manifest.format != FORMAT:
            raise BundleError(
                f"the model bundle {folder} has format {manifest.format}, expected {FORMAT}; "
                "train again"
            )
        return cls(manifest=manifest, boosters=boosters)


def model_inputs(growth: PooledGrowth, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
    """Return what the boosters see: the features, the horizon, the pooled growth in two forms."""
    return np.column_stack([features.values, horizon, growth.inputs(features, horizon)])


@dataclass(frozen=True, slots=True)
class QuantileCore:
    """What is trained: boosters steadied by the quantiles of all chips' changes.

    Attributes:
        boosters: One per quantile; they answer in change units.
        growth: The pooled growth rate, one of their inputs.
        spread: Quantiles of the changes of all chips: the baseline "no change" and its errors.
        spread_share: Weight of ``spread`` in the mean of both, 0 to 1. The mean of two forecasts'
            quantiles loses at most the mean of their losses, and less where they err apart.
    """

    boosters: tuple[Booster, ...]
    growth: PooledGrowth
    spread: ErrorQuantiles
    spread_share: float

    def quantiles(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the quantiles before calibration, sorted, buildings, shape (rows, quantiles).

        One thread: for single rows LightGBM's threads cost ten times what they save.
        """
        inputs = model_inputs(self.growth, features, horizon)
        answers = [booster.predict(inputs, num_threads=1) for booster in self.boosters]
        boosted = np.column_stack(answers) * change_unit(features, horizon)[:, None]
        pooled = self.spread.at(features, horizon)
        mean = (1 - self.spread_share) * boosted + self.spread_share * pooled
        return np.sort(mean, axis=1)


def ordered(
    lower: FloatArray, median: FloatArray, upper: FloatArray, *, count: FloatArray
) -> FloatArray:
    """Return quantiles that do not cross and remove no more buildings than there are."""
    stacked = np.column_stack([np.minimum(lower, median), median, np.maximum(upper, median)])
    bounded: FloatArray = np.maximum(stacked, -count[:, None])
    return bounded
