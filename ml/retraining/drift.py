"""Drift of a feature: two samples of it, old and new, held against each other.

The population stability index says how much of a drift it is, the Kolmogorov-Smirnov distance how
sure (Smirnov 1948; the bound of Dvoretzky, Kiefer and Wolfowitz with Massart's constant). With
sixty chips a month either alone would cry wolf.
"""

import math
from dataclasses import dataclass

import numpy as np

from ml.model.matrix import FloatArray
from ml.retraining.rules import DriftRules


@dataclass(frozen=True, slots=True)
class Drift:
    """How a feature's values differ from those learned from.

    Attributes:
        column: The feature.
        psi: Population stability index; 0 where nothing differs.
        distance: Kolmogorov-Smirnov: the widest gap of the two distributions (0..1).
        limit: The distance that chance alone does not make.
        is_drift: Both are beyond their limits.
    """

    column: str
    psi: float
    distance: float
    limit: float
    is_drift: bool

    def __str__(self) -> str:
        return f"{self.column} (PSI {self.psi:.2f}, distance {self.distance:.2f})"


def drift_of(column: str, old: FloatArray, new: FloatArray, rules: DriftRules) -> Drift | None:
    """Compare two samples of a feature; None where either is too small to tell.

    Args:
        column: Its name.
        old: Values that a model learned from; not a number where there was none.
        new: Values since.
        rules: The tunables.
    """
    old, new = old[np.isfinite(old)], new[np.isfinite(new)]
    if min(len(old), len(new)) < rules.least_rows:
        return None
    effective = len(old) * len(new) / (len(old) + len(new)) / rules.design_effect
    limit = math.sqrt(math.log(2 / rules.chance) / 2 / effective)
    psi, distance = stability_index(old, new, rules.bins), ks_distance(old, new)
    return Drift(column, psi, distance, limit, psi > rules.least_psi and distance > limit)


def stability_index(old: FloatArray, new: FloatArray, bins: int) -> float:
    """Return the population stability index over bins that hold as many old values each.

    An empty bin counts as half a value.
    """
    edges = np.unique(np.quantile(old, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for values in (old, new):
        counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
        shares.append(np.maximum(counts, 0.5) / len(values))
    expected, found = shares
    return float(np.sum((found - expected) * np.log(found / expected)))


def ks_distance(old: FloatArray, new: FloatArray) -> float:
    """Return the widest gap between the two empirical distributions."""
    values = np.concatenate([old, new])
    old, new = np.sort(old), np.sort(new)
    below = [np.searchsorted(one, values, side="right") / len(one) for one in (old, new)]
    return float(np.abs(below[0] - below[1]).max())
