"""What a score depends on beside the rows; the defaults are those of the SpaceNet 7 challenge."""

import math
from dataclasses import dataclass

from scoring.errors import OptionsError


@dataclass(frozen=True, slots=True)
class Options:
    """Tunables of the metric.

    Attributes:
        threshold: A prediction matches above this IoU, not at it; 0 up to, not including, 1.
        beta: Weight of tracking against change in the F-measure of the two; above 0.
        least_area: Truth below this many square pixels is left out; 0 or more.

    Raises:
        OptionsError: One is out of range.
    """

    threshold: float = 0.25
    beta: float = 2.0
    least_area: float = 4.0

    def __post_init__(self) -> None:
        """Refuse what gives no score."""
        if not 0 <= self.threshold < 1:
            raise OptionsError(f"the threshold {self.threshold:g} is no IoU; choose 0 to below 1")
        if not (self.beta > 0 and math.isfinite(self.beta)):
            raise OptionsError(f"a beta of {self.beta:g} gives no F-measure; choose one above 0")
        if not (self.least_area >= 0 and math.isfinite(self.least_area)):
            raise OptionsError(
                f"a least area of {self.least_area:g} is none; choose 0 or more square pixels"
            )
