"""What a forecast knows of a chip: its level and how it came to it, in buildings.

Built area is counted in buildings of the chip's mean size, so that one model of growth serves both
amounts: new area comes with new buildings.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from ml.model.grid import Target
from ml.model.matrix import FeatureMatrix, FloatArray

WINDOWS: Final = (1, 2, 3, 6, 12)
"""Months over which a change is looked at."""

SMOOTHING: Final = 0.3
"""Weight of the newest month in the smoothed change; each earlier one weighs 0.7 of the next."""

_SHARED: Final = ("known_count", "months_since_first", "months_since_peak")
_CHANGES: Final = {
    Target.COUNT: ("net_change", "smoothed_change"),
    Target.AREA: ("net_area_change", "smoothed_area_change"),
}
PLACE_FEATURES: Final = ("month", "lat", "aoi_net_change", "aoi_building_months")
"""What the warehouse knows of a chip beside its own history."""


def history_features(target: Target) -> tuple[str, ...]:
    """Return the columns that a history alone gives, in order."""
    change, smoothed = _CHANGES[target]
    spans = tuple(f"{change}_{window}" for window in WINDOWS)
    unit = ("mean_area_m2",) if target is Target.AREA else ()
    return (*_SHARED, *spans, f"{change}_since_first", smoothed, *unit)


def chip_features() -> tuple[str, ...]:
    """Return the columns that forecasts of all targets need of a chip, in order."""
    names = [name for target in Target for name in history_features(target)]
    return tuple(dict.fromkeys([*names, *PLACE_FEATURES]))


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of some chips at their as-of months; arrays of shape (rows,), in buildings.

    Attributes:
        level: How many there are.
        months: Since the first observed month.
        change: Net change since then.
        smoothed: Net change per month, recent months weighing more; 0 where there is no past.
        spans: Net change over each of ``WINDOWS``; NaN where not known.
        since_peak: Months since the month of most change; NaN without a past.
        season: Angle of the as-of month in the building year, and how much there is of a season
            (0 at the equator and where the place is not known); shape (rows, 2).
        aoi_change: Net change of the AOI's other chips since their first months.
        aoi_exposure: Their building-months.
        unit: Of the target in one building, e.g. m2.
    """

    level: FloatArray
    months: FloatArray
    change: FloatArray
    smoothed: FloatArray
    spans: dict[int, FloatArray]
    since_peak: FloatArray
    season: FloatArray
    aoi_change: FloatArray
    aoi_exposure: FloatArray
    unit: FloatArray

    def __len__(self) -> int:
        return len(self.level)

    @property
    def exposure(self) -> FloatArray:
        """Building-months that were watched: a straight line from the first level to the last."""
        exposure: FloatArray = self.months * np.maximum(self.level - self.change / 2, 0)
        return exposure

    def monthly(self, *windows: int) -> FloatArray:
        """Return the change per month over the first of ``windows`` that is known.

        All of the past where none is, 0 where there is no past; in buildings, shape (rows,).
        """
        found = self.change / np.maximum(self.months, 1)
        for window in reversed(windows):
            known = ~np.isnan(self.spans[window])
            found = np.where(known, self.spans[window] / window, found)
        return found

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the rows of a mask or of an array of row numbers."""
        return type(self)(
            level=self.level[rows],
            months=self.months[rows],
            change=self.change[rows],
            smoothed=self.smoothed[rows],
            spans={window: span[rows] for window, span in self.spans.items()},
            since_peak=self.since_peak[rows],
            season=self.season[rows],
            aoi_change=self.aoi_change[rows],
            aoi_exposure=self.aoi_exposure[rows],
            unit=self.unit[rows],
        )

    @classmethod
    def of(cls, features: FeatureMatrix, target: Target = Target.COUNT) -> Self:
        """Read the past of ``target`` from features.

        Args:
            features: At least ``history_features(target)``; ``PLACE_FEATURES`` where known.
            target: Which amount.
        """
        change, smoothed = _CHANGES[target]
        unit = np.ones(len(features))
        if target is Target.AREA:
            unit = np.maximum(features.column("mean_area_m2"), 1e-6)
        has_place = set(PLACE_FEATURES) <= set(features.names)
        nothing = np.zeros(len(features))
        return cls(
            level=features.column("known_count"),
            months=features.column("months_since_first"),
            change=features.column(f"{change}_since_first") / unit,
            smoothed=np.nan_to_num(features.column(smoothed)) / unit,
            spans={window: features.column(f"{change}_{window}") / unit for window in WINDOWS},
            since_peak=features.column("months_since_peak"),
            season=_season(features) if has_place else np.zeros((len(features), 2)),
            aoi_change=features.column("aoi_net_change") if has_place else nothing,
            aoi_exposure=(
                np.maximum(features.column("aoi_building_months"), 0) if has_place else nothing
            ),
            unit=unit,
        )


def _season(features: FeatureMatrix) -> FloatArray:
    """Return angle and strength of the season: July is the middle of the north's building year."""
    south = features.column("lat") < 0
    angle = 2 * np.pi / 12 * (features.column("month") - 7 + 6 * south)
    strength = np.minimum(np.abs(features.column("lat")) / 20, 1)
    return np.column_stack([angle, strength])
