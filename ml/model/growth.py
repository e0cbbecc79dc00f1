"""The pooled growth rate, an input of the model, and the unit that the model counts in.

A chip's own past is short and noisy. Births are counts, so each chip's rate per building and month
is drawn towards the rate of all chips as the Gamma-Poisson model does it: with ``n`` buildings seen
for ``w`` months and a net change ``d``, the rate is ``(rate * weight + d) / (weight + n * w)``
(Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6).
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ml.model.baselines import past_change
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray

WEIGHTS: Final = (0.0, 5.0, 20.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 6400.0, 25600.0)


def change_unit(features: FeatureMatrix, horizon: IntArray) -> FloatArray:
    """Return the unit in which the changes of all chips and horizons are alike, shape (rows,).

    Growth adds up over the months; between chips it spreads with the square root of their size.
    """
    unit: FloatArray = np.sqrt(1 + features.column("known_count")) * horizon
    return unit


@dataclass(frozen=True, slots=True)
class PooledGrowth:
    """Net growth per building and month of all chips, and how strongly it draws a chip's own.

    Attributes:
        rate: Buildings per building and month.
        weight: Building-months that the common rate counts for.
    """

    rate: float
    weight: float

    @classmethod
    def fit(cls, features: FeatureMatrix, horizon: IntArray, net_change: FloatArray) -> Self:
        """Estimate the rate as a ratio of sums, and the weight by the least absolute error.

        Args:
            features: At least the columns of the baselines.
            horizon: Months ahead, shape (rows,).
            net_change: What happened, buildings, shape (rows,).
        """
        exposure = float(np.sum(features.column("known_count") * horizon))
        rate = float(np.sum(net_change)) / max(exposure, 1.0)
        spread = _poisson_spread(features, horizon)
        candidates = [cls(rate=rate, weight=weight) for weight in WEIGHTS]
        losses = [
            float(np.mean(np.abs(net_change - growth.expected_change(features, horizon)) / spread))
            for growth in candidates
        ]
        return candidates[int(np.argmin(losses))]

    def expected_change(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the expected net change of each row, buildings, shape (rows,)."""
        count = features.column("known_count")
        change, months = past_change(features)
        exposure = np.maximum(self.weight + count * months, 1.0)
        expected: FloatArray = count * horizon * (self.rate * self.weight + change) / exposure
        return expected

    def inputs(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the expected growth by building and by spread, shape (rows, 2)."""
        expected = self.expected_change(features, horizon)
        by_building = expected / horizon / np.maximum(features.column("known_count"), 1)
        return np.column_stack([by_building, expected / _poisson_spread(features, horizon)])


def _poisson_spread(features: FeatureMatrix, horizon: IntArray) -> FloatArray:
    spread: FloatArray = np.sqrt((1 + features.column("known_count")) * horizon)
    return spread
