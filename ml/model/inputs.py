"""What the boosters see of a chip: its past, in units in which chips of all sizes are alike."""

from typing import Final

import numpy as np

from ml.model.growth import Expected, seasonal_lead
from ml.model.matrix import FloatArray, IntArray
from ml.model.past import Past

INPUTS: Final = (
    "level",
    "months since first",
    "horizon",
    "expected rate",
    "expected change by spread",
    "spread by level",
    "months since peak",
    "last month",
    "month before last",
    "third last month",
    "months 4 to 6",
    "months 7 to 12",
    "lasting less recent rate",
    "AOI's rate by own",
    "season ahead",
)
"""Names of the inputs, in order."""


def booster_inputs(past: Past, expected: Expected, horizon: IntArray) -> FloatArray:
    """Return one row of ``INPUTS`` per row of ``past``; NaN where not known."""
    level = np.maximum(past.level, 1)
    spans = past.spans
    mean_past = past.change / np.maximum(past.months, 1)

    def departure(change: FloatArray, months: int) -> FloatArray:
        """Return how far a change is off the expected rate, in months' noise."""
        off = change / months - level * expected.rate
        scaled: FloatArray = off / expected.noise * np.sqrt(months)
        return scaled

    return np.column_stack(
        [
            np.log1p(past.level),
            past.months,
            horizon,
            np.log(expected.rate),
            expected.mean / expected.spread,
            expected.spread / level / horizon,
            past.since_peak,
            departure(spans[1], 1),
            departure(spans[2] - spans[1], 1),
            departure(spans[3] - spans[2], 1),
            departure(spans[6] - spans[3], 3),
            departure(spans[12] - spans[6], 6),
            (mean_past - past.smoothed) / expected.noise,
            np.log(expected.common / expected.rate),
            seasonal_lead(past, horizon),
        ]
    )
