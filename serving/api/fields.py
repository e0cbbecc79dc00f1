"""The kinds of values that requests are made of, each with what it must be. No logic of answers."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from serving.edge.strict import whole

MAX_BATCH: Final = 10_000
"""Chips, rows of features or histories in one request."""

MOST_MONTHS: Final = 480
"""In one history."""

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2039
"""Of months that are taken as such; which of them a chip has is another question."""

EXAMPLE_CHIP: Final = "L15-0331E-1257N_1327_3160_13"
CHIP_PATTERN: Final = r"^[A-Za-z0-9_.-]+$"
LONGEST_CHIP: Final = 100

MONTH_FORMAT: Final = "time-key"
"""By which ``serving.api.contract`` finds months in the schema, to say which numbers are such."""

_KEY_LIMIT: Final = 2**31
_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")


def end_month(as_of: int, horizon: int) -> int:
    """Return the time key of the month that lies ``horizon`` months after another."""
    year, month = divmod(as_of // 100 * 12 + as_of % 100 - 1 + horizon, 12)
    return year * 100 + month + 1


def _month(value: int) -> int:
    year, month = divmod(value, 100)
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        raise ValueError(
            f"{value} is no month; expected year * 100 + month, from {FIRST_YEAR}01 to "
            f"{LAST_YEAR}12, such as 201912"
        )
    return value


def _digits(value: object) -> object:
    if isinstance(value, str) and not _SIX_DIGITS.fullmatch(value):
        raise ValueError("expected six digits, year and month, such as 201912")
    return value


def _number(value: object) -> object:
    """To JSON 9 and 9.0 are one number, and its schema takes both as an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_MONTH_SCHEMA: Final[Mapping[str, Any]] = {"type": "integer", "format": MONTH_FORMAT}

ChipId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_CHIP,
        pattern=CHIP_PATTERN,
        description="Name of a chip, as in marts.dim_chip.",
        examples=[EXAMPLE_CHIP],
    ),
]
Month = Annotated[
    int, BeforeValidator(_number), AfterValidator(_month), WithJsonSchema(dict(_MONTH_SCHEMA))
]
Key = Annotated[int, Field(ge=-_KEY_LIMIT, lt=_KEY_LIMIT), BeforeValidator(whole)]
AsOf = Annotated[
    Month | None,
    Field(
        description="Month to forecast from, year * 100 + month; without it the last observed one.",
        examples=[201912],
    ),
]
MonthName = Annotated[
    str,
    Field(
        pattern=rf"^20[0-{LAST_YEAR // 10 % 10}][0-9](0[1-9]|1[0-2])$",
        description="A month as the key of an object: 201912.",
    ),
]


class Amount(StrEnum):
    """What is forecast: the count of buildings, or their ground area."""

    BUILDING_COUNT = "building_count"
    BUILT_AREA_M2 = "built_area_m2"


# Strict reading would take a name for no amount.
Target = Annotated[Amount, Field(strict=False)]
Drivers = Annotated[
    int,
    Field(
        ge=0,
        le=20,
        description="How many of the inputs that moved the median most are told, by horizon.",
        examples=[3],
    ),
    BeforeValidator(_number),
]

ChipIdInPath = Annotated[
    str,
    Path(min_length=1, max_length=LONGEST_CHIP, pattern=CHIP_PATTERN, description="Name of a chip.",
         examples=[EXAMPLE_CHIP]),
]  # fmt: skip
AoiKeyInPath = Annotated[Key, Path(description="Key of an AOI, as in marts.dim_aoi.")]
AoiKeyAsked = Annotated[Key | None, Query(description="Only the chips of this AOI.")]
AfterAoi = Annotated[
    Key | None,
    Query(description="Only AOIs whose key is greater: the last one of the page before."),
]
AfterChip = Annotated[
    Annotated[str, Field(min_length=1, max_length=LONGEST_CHIP, pattern=CHIP_PATTERN)] | None,
    Query(description="Only chips that come after this name: the last one of the page before."),
]
AsOfAsked = Annotated[
    Annotated[
        int,
        BeforeValidator(_digits),
        AfterValidator(_month),
        WithJsonSchema(dict(_MONTH_SCHEMA)),
    ]
    | None,
    Query(description="Month to forecast from; without it the last observed one."),
]
DriversAsked = Annotated[
    Annotated[int, Field(ge=0, le=20), BeforeValidator(whole)],
    Query(description="How many drivers are told, by horizon."),
]
TargetAsked = Annotated[Amount, Query()]
PageLimit = Annotated[
    Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)],
    Query(description="Most of them in one answer."),
]
