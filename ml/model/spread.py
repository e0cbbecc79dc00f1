"""Quantiles of past errors: how far from a forecast things came out, over all chips.

They give each baseline an interval of its own, and steady the model where chips are small.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from ml.model.grid import HORIZONS, QUANTILES
from ml.model.matrix import FloatArray, IntArray
from ml.model.pinball import pinball_loss

POWERS: Final = (0.0, 0.5, 1.0)
"""Errors are counted in buildings, by the root of a chip's size, or by its size."""

LEAST_ERRORS: Final = 40
"""Errors at a horizon that tell its quantiles; with fewer, those of a shorter one are scaled."""


@dataclass(frozen=True, slots=True)
class ErrorQuantiles:
    """Quantiles of errors by horizon, in units of a power of the chip's size.

    Attributes:
        power: One of ``POWERS``.
        by_horizon: The quantiles of each horizon that was seen often enough.
    """

    power: float
    by_horizon: dict[int, tuple[float, ...]]

    @classmethod
    def fit(cls, level: FloatArray, horizon: IntArray, error: FloatArray) -> Self:
        """Take the quantiles of ``error`` in the unit that loses least on these same rows.

        Args:
            level: Buildings at the as-of month, shape (rows,).
            horizon: Months ahead, shape (rows,).
            error: What happened less what was forecast, buildings, shape (rows,).
        """
        candidates = [
            cls(power, _quantiles(error / _size(level, power), horizon)) for power in POWERS
        ]
        losses = [
            float(pinball_loss(error, candidate.at(level, horizon)).sum())
            for candidate in candidates
        ]
        return candidates[int(np.argmin(losses))]

    def at(self, level: FloatArray, horizon: IntArray) -> FloatArray:
        """Return the quantiles of each row, buildings, shape (rows, quantiles).

        A horizon that was not seen gets those of the longest one that was, in proportion.
        """
        longest = max(self.by_horizon)
        quantiles = np.zeros((len(level), len(QUANTILES)))
        for months in (int(value) for value in np.unique(horizon)):
            seen = months if months in self.by_horizon else longest
            quantiles[horizon == months] = np.array(self.by_horizon[seen]) * (months / seen)
        scaled: FloatArray = quantiles * _size(level, self.power)[:, None]
        return scaled


def _quantiles(scaled: FloatArray, horizon: IntArray) -> dict[int, tuple[float, ...]]:
    rows = {months: horizon == months for months in HORIZONS}
    seen = [months for months in HORIZONS if rows[months].sum() >= LEAST_ERRORS]
    most = max(HORIZONS, key=lambda months: int(rows[months].sum()))
    return {
        months: tuple(np.quantile(scaled[rows[months]], QUANTILES).tolist())
        for months in seen or [most]
    }


def _size(level: FloatArray, power: float) -> FloatArray:
    size: FloatArray = (1 + level) ** power
    return size
