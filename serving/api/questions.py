"""What the service is asked, as JSON. Nothing is converted and no key is left unread."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from serving.api.fields import (
    EXAMPLE_CHIP,
    MAX_BATCH,
    MOST_MONTHS,
    Amount,
    AsOf,
    ChipId,
    Drivers,
    MonthName,
    Target,
)

BOUNDS: Final[dict[str, tuple[float | None, float | None]]] = {
    "known_count": (0, None),
    "months_since_first": (0, None),
    "months_since_peak": (0, None),
    "mean_area_m2": (0, None),
    "aoi_building_months": (0, None),
    "month": (1, 12),
    "lat": (-90, 90),
}
"""Of features, by their meaning: nothing beyond them can be, whatever the model knows."""

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


class Question(BaseModel):
    """Base of the bodies of requests."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class ChipQuestion(Question):
    """Ask for the forecast of one chip."""

    chip_id: ChipId
    as_of: AsOf = None
    target: Target = Amount.BUILDING_COUNT
    drivers: Drivers = 3


class ChipsQuestion(Question):
    """Ask for the forecasts of many chips."""

    chip_ids: Annotated[
        list[ChipId],
        FailFast(),
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            description=f"1 to {MAX_BATCH} chips, answered in this order.",
            examples=[[EXAMPLE_CHIP]],
        ),
    ]
    as_of: AsOf = None
    target: Target = Amount.BUILDING_COUNT
    drivers: Drivers = 0


def only_named_properties(schema: dict[str, Any]) -> None:
    """Say of an object that no other keys than those of the pattern may stand in it."""
    ((pattern, value),) = schema.pop("patternProperties").items()
    schema["propertyNames"] = {"pattern": pattern}
    schema["additionalProperties"] = value


class HistoriesQuestion(Question):
    """Ask for forecasts of places that are known by their histories alone."""

    histories: Annotated[
        list[
            Annotated[
                dict[MonthName, Annotated[float, Field(ge=0)]],
                Field(
                    min_length=1, max_length=MOST_MONTHS, json_schema_extra=only_named_properties
                ),
            ]
        ],
        FailFast(),
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            description=f"1 to {MAX_BATCH} histories: buildings by observed month. The forecast "
            "begins at the last one; a month that was not observed is left out.",
            examples=[[{"201901": 120, "201902": 124, "201904": 131}]],
        ),
    ]
    drivers: Drivers = 0


def features_question(
    features: Sequence[str],
    *,
    nullable: Sequence[str],
    categories: dict[str, tuple[float, ...]],
) -> type[Question]:
    """Make the body of a request that brings its own features.

    Args:
        features: The columns of the model.
        nullable: Those that may be null.
        categories: The codes that are known, of columns that are codes.

    Returns:
        A model with the fields ``rows``, ``as_of`` and ``drivers``.
    """
    fields: dict[str, Any] = {}
    for name in features:
        kind: Any = float
        if name in categories:
            kind = Literal[tuple(int(code) for code in categories[name])]
        if name in nullable:
            kind = kind | None
        least, most = BOUNDS.get(name, (None, None))
        fields[name] = (kind, Field(ge=least, le=most, description=_described(name)))
    row = create_model(
        "FeatureRow",
        __base__=Question,
        __doc__="Features of one chip-month, as in features.chip_month.",
        **fields,
    )
    rows = Annotated[
        list[row],  # type: ignore[valid-type]
        FailFast(),
        Field(min_length=1, max_length=MAX_BATCH, description=f"1 to {MAX_BATCH} rows."),
    ]
    return create_model(
        "FeaturesQuestion",
        __base__=Question,
        __doc__="Ask for forecasts from features in the request.",
        rows=(rows, ...),
        as_of=(AsOf, None),
        target=(Target, Amount.BUILDING_COUNT),
        drivers=(Drivers, 0),
    )


def _described(name: str) -> str:
    return f"Column {name} of features.chip_month."
