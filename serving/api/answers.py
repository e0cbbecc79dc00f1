"""What the service answers, as JSON: the contract.

The answers themselves are put together as plain dictionaries, which costs less than models do;
tests hold them against these models.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Driver(Answer):
    """An input of the model and what it did to the median."""

    input: str = Field(
        description="What the model makes of the features; `expected change` is what the past "
        "alone lets expect.",
        examples=["expected change"],
    )
    value: float | None = Field(description="What it was; null where unknown.", examples=[41.0])
    effect: float = Field(
        description="How far it moved the median, in the unit of the answer.",
        examples=[3.2],
    )


class Outside(Answer):
    """An input of the model that lies outside what it was trained on."""

    input: str = Field(description="What the model makes of the features.", examples=["last month"])
    value: float = Field(description="What it is here.", examples=[412.7])
    lowest: float = Field(description="Least value in training.", examples=[-6.1])
    highest: float = Field(description="Greatest value in training.", examples=[9.8])


class HorizonForecast(Answer):
    """Net change over the months up to one horizon."""

    horizon: int = Field(description="Months after the as-of month.", examples=[12])
    month: int | None = Field(
        description="The month that it ends in, year * 100 + month; null without an as-of month.",
        examples=[202012],
    )
    q10: float = Field(description="Lower end of the interval.", examples=[3.1])
    q50: float = Field(description="Median.", examples=[7.4])
    q90: float = Field(description="Upper end of the interval.", examples=[13.0])
    baseline: float = Field(description="The best plain forecast.", examples=[6.0])
    drivers: list[Driver] = Field(description="The main ones first; as many as were asked for.")


class ChipForecast(Answer):
    """Forecasts of one chip, or of one row of the request."""

    chip_id: str | None = Field(description="Null for features given in the request.")
    as_of: int | None = Field(description="Last month that the forecast knows of.")
    known_count: float = Field(description="Buildings at the as-of month.", examples=[1940.0])
    outside: list[Outside] = Field(
        description="What lies outside the model's experience; with any, trust the forecast less."
    )
    horizons: list[HorizonForecast]


class ForecastAnswer(Answer):
    """Forecasts in the order of the request."""

    model_version: int | None = Field(description="Version in the registry.", examples=[3])
    target: str = Field(description="What is forecast.", examples=["building_count"])
    unit: str = Field(description="Of all amounts.", examples=["buildings"])
    interval: float = Field(description="Level of the interval from q10 to q90.", examples=[0.8])
    baseline: str = Field(description="Which plain forecast.", examples=["mean_past_change"])
    forecasts: list[ChipForecast]


class Chip(Answer):
    """A chip: one tile of zoom 13."""

    chip_key: int
    chip_id: str
    aoi_key: int
    aoi_name: str
    lon: float = Field(description="Of its centre, degrees.")
    lat: float = Field(description="Of its centre, degrees.")
    zoom: int
    tile_x: int
    tile_y: int
    metres_per_pixel: float = Field(description="On the ground.")
    first_month: int | None = Field(description="First observed month; null without one.")
    last_month: int | None = Field(description="Last observed month; null without one.")
    month_count: int = Field(description="Observed months.")


class ChipPage(Answer):
    """Some chips by name."""

    chips: list[Chip]
    next_after: str | None = Field(description="`after` of the next page; null on the last one.")


class Aoi(Answer):
    """An area of interest."""

    aoi_key: int
    name: str
    chip_count: int
    lon: float = Field(description="Of its centre, degrees.")
    lat: float = Field(description="Of its centre, degrees.")


class AoiPage(Answer):
    """Some AOIs by key."""

    aois: list[Aoi]
    next_after: int | None = Field(description="`after` of the next page; null on the last one.")


class Month(Answer):
    """A calendar month."""

    month: int = Field(description="year * 100 + month.")
    chip_count: int = Field(description="Chips observed in it.")


class Months(Answer):
    """All months of the warehouse, without holes."""

    months: list[Month]


class ObservedMonth(Answer):
    """What was seen of a chip in one month."""

    month: int
    building_count: int = Field(description="Buildings seen.")
    corrected_count: int = Field(description="Buildings that stand, as far as one can tell.")
    built_area_m2: float
    appeared: int
    revealed: int
    reappeared: int
    demolished: int
    occluded: int
    open: int
    usable_share: float = Field(description="Share of the chip that the image shows.")


class History(Answer):
    """A chip's observed months; a month that is not there was not observed."""

    chip_id: str
    months: list[ObservedMonth]


class Health(Answer):
    """The process runs, or can answer."""

    status: Literal["alive", "ready"]
