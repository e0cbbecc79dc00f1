"""What is forecast: which amounts, at which horizons, which quantiles. Nowhere else is it written.

The horizons stand once more in ``dbt_project.yml``, for the targets; a test holds both together.
"""

from enum import StrEnum
from typing import Final

HORIZONS: Final = (1, 3, 6, 12)
"""Months ahead."""

QUANTILES: Final = (0.1, 0.5, 0.9)

QUANTILE_NAMES: Final = tuple(f"q{round(quantile * 100):02d}" for quantile in QUANTILES)
"""Of columns, answers and files: q10, q50, q90."""

MEDIAN: Final = QUANTILES.index(0.5)
"""Position of the median among the quantiles."""

CELL_HORIZONS: Final = (6, 12)
"""Months ahead for which a cell's probability of growth is forecast."""

CELL_TARGET: Final = "growth"
"""What is forecast of a cell: at least one building appears, revealed ones apart."""

LEARNT_HORIZONS: Final = (3, *CELL_HORIZONS)
"""Those that the model of cells learns from: the shortest is known for the latest months."""


class Target(StrEnum):
    """The amount whose net change is forecast."""

    COUNT = "building_count"
    """The corrected count: buildings."""

    AREA = "built_area_m2"
    """The corrected built area: square metres on the ground."""


UNITS: Final = {Target.COUNT: "buildings", Target.AREA: "m²"}
"""Of each target's amounts."""
