"""The styles of trackers, as ``styles.toml`` says them."""

import tomllib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).with_name("styles.toml")


class Style(StrEnum):
    """A tracker that errs seldom, and one that errs often."""

    CAREFUL = "careful"
    SLOPPY = "sloppy"


class Errors(BaseModel):
    """How often and how far a tracker errs; units in ``styles.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moved: float = Field(ge=0)
    scaled: float = Field(ge=0, lt=0.2)
    missed: float = Field(ge=0, le=1)
    overlooked: float = Field(ge=0, le=1)
    late: float = Field(ge=0, le=1)
    most_late: int = Field(ge=1)
    split: float = Field(ge=0, le=1)
    switched: float = Field(ge=0, le=1)
    invented: float = Field(ge=0, le=1)
    blank_months: float = Field(ge=0, le=1)


def errors_of(style: Style) -> Errors:
    """Return how a tracker of this style errs."""
    return Errors.model_validate(tomllib.loads(_FILE.read_text("utf-8"))[style.value])
