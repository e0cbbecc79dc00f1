"""What the service is asked, as JSON. Nothing is converted and no key is left unread."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from serving.api.fields import EXAMPLE_CHIP, MAX_BATCH, AsOf, ChipId, Drivers

LEAST: Final[dict[str, float]] = {
    "known_count": 0,
    "months_since_first": 0,
    "growth_rate_6": -1,
    "growth_rate_12": -1,
}
"""Bounds of features by their meaning: nothing below them can be, whatever the model knows."""

EXAMPLE_FEATURES: Final[dict[str, float | None]] = {
    "known_count": 1940,
    "net_change_1": 12,
    "net_change_3": 41,
    "net_change_6": 77,
    "net_change_12": None,
    "growth_rate_6": 0.0413,
    "growth_rate_12": None,
    "months_since_first": 8,
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
        fields[name] = (kind, Field(ge=LEAST.get(name), description=_described(name)))
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
        drivers=(Drivers, 0),
    )


def _described(name: str) -> str:
    return f"Column {name} of features.chip_month."
