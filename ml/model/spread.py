"""Quantiles of past errors: how far from a plain forecast things came out, over all chips.

They give each baseline an interval of its own, and steady the model where chips are small.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ml.model.grid import QUANTILES
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.pinball import pinball_loss

POWERS: Final = (0.0, 0.5, 1.0)
"""Errors are counted in buildings, by the root of a chip's size, or by its size."""


@dataclass(frozen=True, slots=True)
class ErrorQuantiles:
    """Quantiles of errors by horizon, in units of a power of the chip's size.

    Attributes:
        power: One of ``POWERS``.
        by_horizon: The quantiles of each horizon that was seen.
    """

    power: float
    by_horizon: dict[int, tuple[float, ...]]

    @classmethod
    def fit(cls, features: FeatureMatrix, horizon: IntArray, error: FloatArray) -> Self:
        """Take the quantiles of ``error`` in the unit that loses least on these same rows.

        Args:
            features: At least ``known_count``.
            horizon: Months ahead, shape (rows,).
            error: What happened less what was forecast, buildings, shape (rows,).
        """
        candidates = [cls._with_power(power, features, horizon, error) for power in POWERS]
        losses = [
            float(pinball_loss(error, candidate.at(features, horizon)).sum())
            for candidate in candidates
        ]
        return candidates[int(np.argmin(losses))]

    @classmethod
    def _with_power(
        cls, power: float, features: FeatureMatrix, horizon: IntArray, error: FloatArray
    ) -> Self:
        scaled = error / _size(features, power)
        months_seen = [int(months) for months in np.unique(horizon)]
        quantiles = {
            months: tuple(np.quantile(scaled[horizon == months], QUANTILES).tolist())
            for months in months_seen
        }
        return cls(power=power, by_horizon=quantiles)

    def at(self, features: FeatureMatrix, horizon: IntArray) -> FloatArray:
        """Return the quantiles of each row, buildings, shape (rows, quantiles).

        A horizon that was not seen gets those of the longest one that was, in proportion.
        """
        longest = max(self.by_horizon)
        quantiles = np.zeros((len(features), len(QUANTILES)))
        for months in (int(value) for value in np.unique(horizon)):
            seen = months if months in self.by_horizon else longest
            quantiles[horizon == months] = np.array(self.by_horizon[seen]) * (months / seen)
        scaled: FloatArray = quantiles * _size(features, self.power)[:, None]
        return scaled


def _size(features: FeatureMatrix, power: float) -> FloatArray:
    size: FloatArray = (1 + features.column("known_count")) ** power
    return size
