"""The loss by which quantiles are judged, here and in training."""

import numpy as np

from ml.model.grid import QUANTILES
from ml.model.matrix import FloatArray


def pinball_loss(actual: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return the pinball loss of each row, mean over the quantiles (Koenker and Bassett 1978).

    Args:
        actual: Shape (rows,).
        quantiles: Shape (rows, quantiles).
    """
    levels = np.array(QUANTILES)
    miss = actual[:, None] - quantiles
    loss: FloatArray = np.maximum(levels * miss, (levels - 1) * miss).mean(axis=1)
    return loss
