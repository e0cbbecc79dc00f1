"""Bare histories: counts by month, possibly with gaps, made into the features of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.model.errors import FeatureError
from ml.model.grid import Target
from ml.model.matrix import FeatureMatrix, FloatArray, IntArray
from ml.model.past import SMOOTHING, WINDOWS, history_features

HISTORY_FEATURES = history_features(Target.COUNT)
"""What a history alone gives, in order."""

LEAP_COUNT: Final = 50
"""Buildings; a change of no more in a month is growth."""

LEAP_SHARE: Final = 0.1
"""Share of the count; more than both is not built in a month, but came into sight."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a place.

    Attributes:
        months: Observed months, counted from any one, ascending, each once.
        counts: Buildings in each of them, shape (months,).
    """

    months: IntArray
    counts: FloatArray

    def __post_init__(self) -> None:
        """Refuse what is no history.

        Raises:
            FeatureError: No month, months out of order, or a count that is no amount.
        """
        if len(self.months) == 0 or len(self.months) != len(self.counts):
            raise FeatureError(
                f"a history has {len(self.months)} months and {len(self.counts)} counts; "
                "expected one count for each of at least one month"
            )
        if (np.diff(self.months) <= 0).any():
            raise FeatureError("the months of a history are not ascending; give each once")
        if not np.isfinite(self.counts).all() or (self.counts < 0).any():
            raise FeatureError("a history holds a count that is not 0 or more; leave such out")

    def until(self, month: int) -> "History | None":
        """Return what was known at the end of ``month``; none if nothing was."""
        known = self.months <= month
        return History(self.months[known], self.counts[known]) if known.any() else None


def features_of(histories: Sequence[History]) -> FeatureMatrix:
    """Return the features of each history at its last month, one row each.

    The columns are ``HISTORY_FEATURES``; they are what ``features.chip_month`` holds of a chip.
    """
    rows = [_row(history) for history in histories]
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(HISTORY_FEATURES))
    return FeatureMatrix(HISTORY_FEATURES, values)


def _row(history: History) -> list[float]:
    counts, since_first = _grown(history), history.months - history.months[0]
    age = since_first[-1] - since_first
    steps, gaps = np.diff(counts), np.diff(history.months)
    monthly = steps / gaps
    spans = [_change(history.months, counts, window) for window in WINDOWS]
    smoothed = since_peak = np.nan
    if len(steps):
        kept = (1 - SMOOTHING) ** age[1:] * (1 - (1 - SMOOTHING) ** gaps)
        smoothed = float(np.sum(monthly * kept) / np.sum(kept))
        peak = len(monthly) - 1 - int(np.argmax(monthly[::-1]))
        since_peak = float(age[1:][peak])
    now, change = float(history.counts[-1]), float(counts[-1] - counts[0])
    return [now, float(since_first[-1]), since_peak, *spans, change, smoothed]


def _grown(history: History) -> FloatArray:
    """Return the counts without what leapt before: that came into sight, or went out of it."""
    changes, gaps = np.diff(history.counts), np.diff(history.months)
    is_leap = np.abs(changes) > np.maximum(LEAP_COUNT, LEAP_SHARE * history.counts[:-1] * gaps)
    leapt = np.cumsum(np.where(is_leap, changes, 0.0))
    grown: FloatArray = history.counts - np.concatenate([[0.0], leapt])
    return grown


def _change(months: IntArray, counts: FloatArray, window: int) -> float:
    ago = np.flatnonzero(months == months[-1] - window)
    return float(counts[-1] - counts[ago[0]]) if len(ago) else float("nan")
