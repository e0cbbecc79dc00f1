"""What the service is asked and what it answers, as JSON. No logic."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

MAX_BATCH: Final = 1000
"""Chips or rows of features in one request."""

EXAMPLE_CHIP: Final = "L15-0331E-1257N_1327_3160_13"
EXAMPLE_FEATURES: Final[dict[str, float | None]] = {
    "known_count": 1940,
    "months_since_first": 8,
    "months_since_peak": 2,
    "net_change_1": 12,
    "net_change_2": 30,
    "net_change_3": 41,
    "net_change_6": 77,
    "net_change_12": None,
    "net_change_since_first": 96,
    "smoothed_change": 13.2,
    "net_area_change_1": 1450,
    "net_area_change_2": 3700,
    "net_area_change_3": 4980,
    "net_area_change_6": 9420,
    "net_area_change_12": None,
    "net_area_change_since_first": 11800,
    "smoothed_area_change": 1610.5,
    "mean_area_m2": 124.6,
    "month": 9,
    "lat": 33.1,
    "aoi_net_change": 210,
    "aoi_building_months": 41500,
}

ChipId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        description="Name of a chip, as in marts.dim_chip.",
        examples=[EXAMPLE_CHIP],
    ),
]
ChipIds = Annotated[
    list[ChipId],
    Field(
        min_length=1,
        max_length=MAX_BATCH,
        description=f"1 to {MAX_BATCH} chips.",
        examples=[[EXAMPLE_CHIP]],
    ),
]
AsOf = Annotated[
    int | None,
    Field(
        ge=190001,
        le=299912,
        description="Month to forecast from, year * 100 + month; without it the last observed one.",
        examples=[201912],
    ),
]
FeatureRows = Annotated[
    list[dict[str, float | None]],
    Field(
        min_length=1,
        max_length=MAX_BATCH,
        description=f"1 to {MAX_BATCH} rows of the model's features; null where not known.",
        examples=[[EXAMPLE_FEATURES]],
    ),
]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class HorizonForecast(_Message):
    """Net change of a chip's building count over the months ahead."""

    horizon: int = Field(description="Months after the as-of month.", examples=[12])
    q10: float = Field(description="Lower end of the 80 % interval.", examples=[3.1])
    q50: float = Field(description="Median.", examples=[7.4])
    q90: float = Field(description="Upper end of the 80 % interval.", examples=[13.0])
    baseline: float = Field(description="The best plain forecast.", examples=[6.0])


class ChipForecast(_Message):
    """Forecasts of one chip, or of one row of features."""

    chip_id: str | None = Field(description="None for features given in the request.")
    as_of: int | None = Field(description="Month of the features; None if given in the request.")
    known_count: float = Field(description="Buildings at the as-of month.", examples=[1940])
    horizons: list[HorizonForecast]


class ForecastAnswer(_Message):
    """Every answer of the service: in the order of the request."""

    model_version: int | None = Field(description="Version in the registry.", examples=[3])
    baseline: str = Field(description="Which plain forecast.", examples=["mean_past_change"])
    forecasts: list[ChipForecast]
