"""What is forecast: at which horizons, which quantiles. Nowhere else are they written down."""

from typing import Final

HORIZONS: Final = (1, 3, 6, 12)
"""Months ahead."""

QUANTILES: Final = (0.1, 0.5, 0.9)

QUANTILE_NAMES: Final = tuple(f"q{round(quantile * 100):02d}" for quantile in QUANTILES)
"""Of columns, answers and files: q10, q50, q90."""

MEDIAN: Final = 1
"""Position of the median among the quantiles."""

COUNT: Final = "building_count"
"""Target: net change of the corrected building count, buildings."""

TARGETS: Final = {COUNT: "buildings"}
"""What is forecast, by the name of the column whose change it is, with its unit."""
