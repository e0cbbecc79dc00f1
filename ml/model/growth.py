"""The rate at which a chip grows, drawn towards its AOI's and all chips': mean, spread and unit.

A chip's own past is short and noisy. Births are counts, so its rate per building and month is
drawn towards the common one as the Gamma-Poisson model does it: with ``n`` buildings seen for ``w``
months and a net change ``d``, the rate is ``(rate * weight + d) / (weight + n * w)`` (Gelman et
al., Bayesian Data Analysis, 3rd ed., section 2.6). Once for all of the past and, from there, once
for the recent months, whose part fades as the months ahead go by. The spread is that of the births,
which come in batches, of the rate, which is not known, and of what will change it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from ml.model.matrix import FloatArray, IntArray
from ml.model.past import SMOOTHING, Past

_LEAST_RATE: Final = 0.02
"""Share of the common rate below which no chip's is taken to be."""
_LEAST_VARIANCE: Final = 0.3
"""Buildings squared: no forecast of whole buildings is narrower."""
_MONTH: Final = 2 * np.pi / 12
_FADED: Final = 1 - SMOOTHING


class GrowthRates(BaseModel):
    """How chips grow; fitted in training.

    Attributes:
        rate: New buildings per building and month of all chips.
        weight: Building-months that the AOI's rate counts for.
        weight_months: Months of the chip itself that it counts for beside them.
        aoi_weight: Building-months that the rate of all counts for in the AOI's.
        recent_months: Months that the lasting rate counts for in the recent one.
        memory: How much of a month's departure from the lasting rate stays in the next, 0 to 1.
        batch: Variance by mean of the births of a month.
        drift: Standard deviation of the rate's change within half a year, as share of it.
        season: Swing of the rate within the year, as share of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate: float
    weight: float
    weight_months: float
    aoi_weight: float
    recent_months: float
    memory: float
    batch: float
    drift: float
    season: float

    def expect(self, past: Past, horizon: IntArray) -> "Expected":
        """Return what to expect of each row over the months of its horizon."""
        held = self.weight + self.weight_months * past.level
        common = (self.rate * self.aoi_weight + np.maximum(past.aoi_change, 0)) / (
            self.aoi_weight + past.aoi_exposure
        )
        least = _LEAST_RATE * self.rate
        evidence = held + past.exposure
        lasting = np.maximum((common * held + past.change) / evidence, least)
        recent = self._recent(past, lasting)
        kept = self.memory * (1 - self.memory**horizon) / (1 - self.memory)
        swing = 1 + self.season * seasonal_lead(past, horizon)
        mean = past.level * (lasting * horizon + (recent - lasting) * kept) * swing
        rate = np.maximum(mean / np.maximum(past.level, 1) / horizon, 2.5 * least)
        stock = past.level * horizon
        variance = (
            _LEAST_VARIANCE
            + self.batch * stock * rate
            + stock**2 * self.batch * rate / evidence
            + (self.drift * stock * rate) ** 2 * np.sqrt(horizon / 6)
        )
        noise = np.sqrt(_LEAST_VARIANCE + self.batch * past.level * rate)
        return Expected(mean, np.sqrt(variance), rate, common, noise)

    def _recent(self, past: Past, lasting: FloatArray) -> FloatArray:
        watched = (1 - _FADED**past.months) / SMOOTHING
        drawn = self.recent_months * past.level + self.weight
        seen = past.smoothed * watched
        recent: FloatArray = (lasting * drawn + seen) / (drawn + watched * past.level)
        return np.maximum(recent, 0)


@dataclass(frozen=True, slots=True)
class Expected:
    """What to expect of each row, in buildings, shape (rows,).

    Attributes:
        mean: Net change over the horizon.
        spread: Its standard deviation: the unit in which the changes of all chips are alike.
        rate: Per building and month.
        common: The rate of its AOI, drawn towards that of all.
        noise: Standard deviation of a single month's change.
    """

    mean: FloatArray
    spread: FloatArray
    rate: FloatArray
    common: FloatArray
    noise: FloatArray


def seasonal_lead(past: Past, horizon: IntArray) -> FloatArray:
    """Return how much more season lies ahead than in the smoothed past, -2 to 2, shape (rows,)."""
    angle, strength = past.season.T
    ahead = np.zeros(len(past))
    for month in range(1, int(horizon.max(initial=0)) + 1):
        ahead += np.where(month <= horizon, np.cos(angle + month * _MONTH), 0)
    behind = np.real(np.exp(1j * angle) * SMOOTHING / (1 - _FADED * np.exp(-1j * _MONTH)))
    lead: FloatArray = strength * (ahead / horizon - np.where(past.months > 0, behind, 0) / 2)
    return lead
