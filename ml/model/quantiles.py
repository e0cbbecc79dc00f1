"""A model of one target: expected growth, boosters that learn what is left, calibration."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from ml.model.boosting import Booster
from ml.model.grid import HORIZONS, MEDIAN, Target
from ml.model.growth import Expected, GrowthRates
from ml.model.inputs import INPUTS, booster_inputs
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.past import Past

Offsets = dict[int, tuple[float, float]]
"""By horizon, how far both ends of the interval move out, in spreads."""

UNMOVED: Final[Offsets] = dict.fromkeys(HORIZONS, (0.0, 0.0))


class QuantileManifest(BaseModel):
    """What a model of one target holds beside its boosters.

    Attributes:
        target: What it forecasts.
        features: Columns that it needs, in order.
        extras: Those of them that the boosters see as they are.
        growth: How chips grow.
        departures: By horizon, quantiles of what happened less what was expected, in spreads.
        departures_share: How much of the forecast those are; the boosters are the rest.
        offsets: See ``Offsets``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target
    features: tuple[str, ...]
    extras: tuple[str, ...]
    growth: GrowthRates
    departures: dict[int, tuple[float, ...]]
    departures_share: float
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class QuantileModel:
    """A trained model of one target.

    Attributes:
        manifest: All that is no booster.
        boosters: One per quantile; they answer in spreads off the expected change.
    """

    manifest: QuantileManifest
    boosters: tuple[Booster, ...]

    def quantiles(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the calibrated quantiles of each row at its horizon.

        Args:
            features: At least ``manifest.features``.
            horizon: Months ahead, one of ``HORIZONS``, shape (rows,).

        Returns:
            Net change in the target's unit, shape (rows, quantiles), never crossing and never
            below what stands.
        """
        past = Past.of(features, self.manifest.target)
        expected = self.manifest.growth.expect(past, horizon)
        raw = self.departures(features, past, expected, horizon)
        place = np.searchsorted(HORIZONS, horizon)
        lower, upper = np.array([self.manifest.offsets[months] for months in HORIZONS])[place].T
        low = np.minimum(raw[:, 0] - lower, raw[:, MEDIAN])
        high = np.maximum(raw[:, -1] + upper, raw[:, MEDIAN])
        departures = np.column_stack([low, raw[:, MEDIAN], high])
        buildings = expected.mean[:, None] + departures * expected.spread[:, None]
        bounded: FloatArray = np.maximum(buildings, -past.level[:, None]) * past.unit[:, None]
        return bounded

    def departures(
        self, features: FeatureMatrix, past: Past, expected: Expected, horizon: IntArray
    ) -> FloatArray:
        """Return the quantiles before calibration, sorted, in spreads off the expected change.

        The mean of two forecasts' quantiles loses at most the mean of their losses, and less where
        they err apart: boosters, and what all chips departed from their expected change. One
        thread: for single rows LightGBM's threads cost ten times what they save.
        """
        inputs = all_inputs(features, self.manifest.extras, past, expected, horizon)
        answers = [booster.predict(inputs, num_threads=1) for booster in self.boosters]
        place = np.searchsorted(HORIZONS, horizon)
        pooled = np.array([self.manifest.departures[months] for months in HORIZONS])[place]
        share = self.manifest.departures_share
        return np.sort((1 - share) * np.column_stack(answers) + share * pooled, axis=1)

    def effects(self, features: FeatureMatrix, horizon: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what the median's inputs are and what each adds to the expected change.

        LightGBM's own SHAP values (Lundberg et al. 2020).

        Returns:
            Two arrays of shape (rows, inputs), in the order of ``input_names``: the inputs, and
            their effects in the target's unit.
        """
        past = Past.of(features, self.manifest.target)
        expected = self.manifest.growth.expect(past, horizon)
        inputs = all_inputs(features, self.manifest.extras, past, expected, horizon)
        shares = self.boosters[MEDIAN].predict(inputs, pred_contrib=True, num_threads=1)
        scale = (1 - self.manifest.departures_share) * expected.spread * past.unit
        return inputs, np.asarray(shares)[:, :-1] * scale[:, None]

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of what the boosters see, in order."""
        return (*INPUTS, *self.manifest.extras)


def all_inputs(
    features: FeatureMatrix,
    extras: tuple[str, ...],
    past: Past,
    expected: Expected,
    horizon: IntArray,
) -> FloatArray:
    """Return what the boosters see: their inputs, then the extra features as they are."""
    columns = [features.column(name) for name in extras]
    return np.column_stack([booster_inputs(past, expected, horizon), *columns])
