"""How good a forecast was: mean absolute error, pinball loss, coverage."""

from dataclasses import dataclass

import numpy as np

from ml.model.matrix import FloatArray
from ml.model.pinball import pinball_loss


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of one forecaster over some rows.

    Attributes:
        rows: How many forecasts were judged.
        mae: Mean absolute error of the point forecast, buildings.
        pinball: Pinball loss, mean over quantiles and rows, buildings.
        coverage: Share of the targets within q10 .. q90; 0.8 is meant.
    """

    rows: int
    mae: float
    pinball: float
    coverage: float


def score(actual: FloatArray, quantiles: FloatArray, *, point: FloatArray) -> Score:
    """Judge forecasts by what happened.

    Args:
        actual: Shape (rows,).
        quantiles: Shape (rows, quantiles).
        point: The forecast as one number, shape (rows,); the model's is its median.
    """
    within = (actual >= quantiles[:, 0]) & (actual <= quantiles[:, -1])
    return Score(
        rows=len(actual),
        mae=float(np.abs(actual - point).mean()),
        pinball=float(pinball_loss(actual, quantiles).mean()),
        coverage=float(within.mean()),
    )
