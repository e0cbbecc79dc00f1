"""The forecast model: features in, ordered and calibrated quantiles out. No database, no MLflow.

A bundle is a folder of LightGBM text models, one per quantile, and ``model.json`` with all that is
needed to use them: the features in order, the pooled growth rate, the conformal offsets.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ml.baselines import Baseline, baseline_forecast
from ml.boosting import Booster, read_booster
from ml.errors import BundleError, FeatureError
from ml.features import FeatureMatrix, FloatArray, IntArray
from ml.grid import HORIZONS, MEDIAN, QUANTILES
from ml.growth import PooledGrowth, change_unit
from ml.spread import ErrorQuantiles

_FORMAT: Final = 1
_CARD_FILE: Final = "model.json"


class ModelCard(BaseModel):
    """What a bundle says about itself; ``model.json``.

    Attributes:
        format: Version of this form.
        version: Version in the registry; none before it is registered.
        features: Columns that the model needs, in order.
        nullable: Those of them that had unknown values in training, and may have them in use.
        categories: The codes seen in training, of each categorical feature.
        growth_rate: See ``PooledGrowth.rate``.
        growth_weight: See ``PooledGrowth.weight``.
        spread_power: See ``ErrorQuantiles.power``.
        spread_quantiles: See ``ErrorQuantiles.by_horizon``: of the changes of all chips.
        spread_share: How much of the forecast those are; the boosters are the rest.
        lower_offsets: By horizon, what the lower quantile moves down, in change units.
        upper_offsets: By horizon, what the upper quantile moves up, in change units.
        best_baseline: The plain forecast that did best in the backtest.
        damping: Constant of the damped trend.
        first_as_of: Time key of the first as-of month of the training rows.
        last_as_of: Time key of the last one.
        training_rows: Targets.
        training_chips: Chips.
        fingerprint: Hash of the training rows and of the tunables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = _FORMAT
    version: int | None = None
    features: tuple[str, ...]
    nullable: tuple[str, ...]
    categories: dict[str, tuple[float, ...]]
    growth_rate: float
    growth_weight: float
    spread_power: float
    spread_quantiles: dict[int, tuple[float, ...]]
    spread_share: float
    lower_offsets: dict[int, float]
    upper_offsets: dict[int, float]
    best_baseline: Baseline
    damping: float
    first_as_of: int
    last_as_of: int
    training_rows: int
    training_chips: int
    fingerprint: str


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
        card: What the bundle says about itself.
        boosters: One per quantile.
    """

    card: ModelCard
    boosters: tuple[Booster, ...]

    def predict(self, features: FeatureMatrix) -> Forecasts:
        """Forecast at every horizon.

        Args:
            features: One row per chip-month, the columns of ``card.features`` in their order.

        Raises:
            FeatureError: The columns or values are not such as the model was trained on.
        """
        self.check(features)
        rows, horizons = len(features), len(HORIZONS)
        repeated = features.take(np.repeat(np.arange(rows), horizons))
        horizon = np.tile(np.array(HORIZONS, dtype=np.int64), rows)
        quantiles = self.quantiles(repeated, horizon)
        baseline = baseline_forecast(
            self.card.best_baseline, repeated, horizon, damping=self.card.damping
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
        lower = np.array([self.card.lower_offsets[months] for months in HORIZONS])[place]
        upper = np.array([self.card.upper_offsets[months] for months in HORIZONS])[place]
        return ordered(
            raw[:, 0] - lower * unit,
            raw[:, MEDIAN],
            raw[:, 2] + upper * unit,
            count=features.column("known_count"),
        )

    @property
    def core(self) -> "QuantileCore":
        """The model without its calibration."""
        card = self.card
        return QuantileCore(
            boosters=self.boosters,
            growth=PooledGrowth(rate=card.growth_rate, weight=card.growth_weight),
            spread=ErrorQuantiles(power=card.spread_power, by_horizon=card.spread_quantiles),
            spread_share=card.spread_share,
        )

    def check(self, features: FeatureMatrix) -> None:
        """Refuse features such as the model has not been trained on.

        Raises:
            FeatureError: The first column or value that does not fit.
        """
        if features.names != self.card.features:
            expected, found = ", ".join(self.card.features), ", ".join(features.names)
            raise FeatureError(f"the model expects the features {expected}; found {found}")
        for name in self.card.features:
            self._check_column(name, features.column(name))

    def _check_column(self, name: str, column: FloatArray) -> None:
        unknown = np.isnan(column)
        if name not in self.card.nullable and unknown.any():
            row = int(np.flatnonzero(unknown)[0])
            raise FeatureError(f"row {row}: {name} is null; it was always known in training")
        if np.isinf(column).any():
            row = int(np.flatnonzero(np.isinf(column))[0])
            raise FeatureError(f"row {row}: {name} is infinite; expected a finite number or null")
        if name == "known_count" and (column < 0).any():
            row = int(np.flatnonzero(column < 0)[0])
            raise FeatureError(f"row {row}: known_count is {column[row]:g}; expected 0 or more")
        if name in self.card.categories:
            strange = ~(np.isin(column, self.card.categories[name]) | unknown)
            if strange.any():
                row = int(np.flatnonzero(strange)[0])
                seen = ", ".join(f"{code:g}" for code in self.card.categories[name])
                raise FeatureError(
                    f"row {row}: {name} is {column[row]:g}, a code that training never saw; "
                    f"known codes: {seen}"
                )

    def with_version(self, version: int) -> Self:
        """Return the same model under its version in the registry."""
        return dataclasses.replace(self, card=self.card.model_copy(update={"version": version}))

    def save(self, folder: Path) -> None:
        """Write the bundle into ``folder``, made if it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        for quantile, booster in zip(QUANTILES, self.boosters, strict=True):
            text = booster.model_to_string()
            (folder / _booster_file(quantile)).write_text(text, encoding="utf-8")
        card = self.card.model_dump_json(indent=2)
        (folder / _CARD_FILE).write_text(card + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a bundle.

        Raises:
            BundleError: A file is missing or is not what it should be.
        """
        try:
            card = ModelCard.model_validate_json((folder / _CARD_FILE).read_bytes())
            texts = [
                (folder / _booster_file(quantile)).read_text("utf-8") for quantile in QUANTILES
            ]
            boosters = tuple(read_booster(text) for text in texts)
        except OSError as error:
            raise BundleError(
                f"the model bundle {folder} is incomplete ({error}); train again"
            ) from error
        except (ValidationError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise BundleError(f"the model bundle {folder} cannot be read: {reason}") from error
        if card.format != _FORMAT:
            raise BundleError(
                f"the model bundle {folder} has format {card.format}, expected {_FORMAT}; "
                "train again"
            )
        return cls(card=card, boosters=boosters)


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


def _booster_file(quantile: float) -> str:
    return f"q{round(quantile * 100):02d}.txt"
