"""What is forecast: at which horizons, which quantiles."""

from typing import Final

HORIZONS: Final = (1, 3, 6, 12)
"""Months ahead."""

QUANTILES: Final = (0.1, 0.5, 0.9)

MEDIAN: Final = 1
"""Position of the median among the quantiles."""
