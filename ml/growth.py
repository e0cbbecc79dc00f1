"""The pooled growth rate: what the boosters start from, and the unit they count in.

A chip's own past is short and noisy. Births are counts, so each chip's rate per building and month
is drawn towards the rate of all chips as the Gamma-Poisson model does it: with ``n`` buildings seen
for ``w`` months and a net change ``d``, the rate is ``(rate * weight + d) / (weight + n * w)``
(Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6). The boosters learn what is left.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ml.baselines import past_change
from ml.features import FeatureMatrix, FloatArray, IntArray

WEIGHTS: Final = (0.0, 5.0, 20.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0, 6400.0, 25600.0)


def spread_unit(features: FeatureMatrix, horizon: IntArray) -> FloatArray:
    """Return the unit in which errors of all chips and horizons are alike, shape (rows,).

    Counts of events spread with the square root of buildings times months.
    """
    unit: FloatArray = np.sqrt((1 + features.column("known_count")) * horizon)
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
        unit = spread_unit(features, horizon)
        candidates = [cls(rate=rate, weight=weight) for weight in WEIGHTS]
        losses = [
            float(np.mean(np.abs(net_change - growth.expected_change(features, horizon)) / unit))
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
